package scenarios_test

import (
	"net/netip"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/acqsim/acqsim/scenarios"
)

// Rules that go by the address of a terminal strike nothing any more when another
// one comes from there: that is told once.
func TestASharedAddressIsToldOnce(t *testing.T) {
	shared := map[string]bool{}
	p := scenarios.NewPlanner(scenarios.PlannerOptions{SourceOf: func(terminal string) (netip.Addr, bool) {
		return client, shared[terminal]
	}})
	assert.Empty(t, p.OnMove())
	named := func(name, body string) *scenarios.Scenario {
		s := load(t, body)
		s.Name = name
		return s
	}
	require.NoError(t, p.Arm(
		scenarios.Arming{Scenario: named("by-terminal", "rules: [{match: {connection: 3}, fault: accept.close}, {fault: {line.idle-cut: 3s}}]\n"), Terminals: "T1"},
		scenarios.Arming{Scenario: named("by-source", "rules: [{match: {source_of: \"T2\", type: sale}, fault: reply.drop}]\n")},
		scenarios.Arming{Scenario: named("by-request", "rules: [{match: {type: void}, fault: reply.drop}]\n"), Terminals: "T3"},
	))
	assert.Empty(t, p.OnMove())
	shared["T1"], shared["T3"] = true, true
	told := p.OnMove()
	assert.Equal(t, []scenarios.Shared{{Scenario: "by-terminal", Terminal: "T1", Address: client}}, told)
	assert.Equal(t, "by-terminal strikes nothing by the address of T1 any more: another terminal comes from 10.1.2.3, the address of T1, too: behind one router they can't be told apart", told[0].String())
	assert.Empty(t, p.OnMove())
	shared["T2"] = true
	assert.Equal(t, []scenarios.Shared{{Scenario: "by-source", Terminal: "T2", Address: client}}, p.OnMove())
	assert.Empty(t, p.OnMove())
}
