package scenarios_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/acqsim/acqsim/faults"
	"github.com/acqsim/acqsim/scenarios"
)

func TestConflicts(t *testing.T) {
	named := func(name, body string) *scenarios.Scenario {
		s := load(t, body)
		s.Name = name
		return s
	}
	lost := named("lost", "rules: [{match: {type: sale}, fault: reply.drop}]\n")
	late := named("late", "rules: [{match: {type: [void, sale]}, fault: {reply.delay: 2s}}]\n")
	p := scenarios.NewPlanner(scenarios.PlannerOptions{})
	require.NoError(t, p.Arm(scenarios.Arming{Scenario: lost}))
	var conflict *scenarios.ConflictError
	require.ErrorAs(t, p.Arm(scenarios.Arming{Scenario: late}), &conflict)
	assert.Equal(t, scenarios.ConflictError{First: "lost", Second: "late", FirstRule: 1, SecondRule: 1}, *conflict)
	require.Len(t, p.Armed(), 1, "all or none")

	require.NoError(t, p.Set(scenarios.Arming{Scenario: lost, Terminals: "1*"}, scenarios.Arming{Scenario: late, Terminals: "2*"}))
	_, d := exchange(p, request("10", "sale", 1000))
	assert.True(t, d.Lost)
	_, d = exchange(p, request("20", "sale", 1000))
	assert.Equal(t, 2*time.Second, d.Delay)
	_, d = exchange(p, request("30", "sale", 1000))
	assert.Equal(t, faults.Delivery{}, d)

	for body, meets := range map[string]bool{
		"rules: [{match: {type: void}, fault: reply.drop}]\n":                     false,
		"rules: [{match: {type: sale, terminal: \"A*\"}, fault: request.drop}]\n": true,
		"rules: [{fault: accept.close}]\n":                                        false,
		"rules: [{fault: {line.idle-cut: 5s}}]\n":                                 false,
		"rules: [{match: {mti: \"0400\"}, fault: reply.drop}]\n":                  true,
		"given: {outcome: cut-over}\n":                                            false,
		"given: {accounts: {good: {balance: \"1.00\"}}}\n":                        false,
	} {
		require.NoError(t, p.Set(scenarios.Arming{Scenario: lost}))
		err := p.Arm(scenarios.Arming{Scenario: named("other", body)})
		assert.Equal(t, meets, err != nil, "%s: %v", body, err)
	}
	require.NoError(t, p.Set(scenarios.Arming{Scenario: lost}))
	require.ErrorContains(t, p.Arm(scenarios.Arming{Scenario: lost}), "armed already")
}

func TestArmingKeepsCountsOfWhatStays(t *testing.T) {
	p := armed(t, "rules: [{match: {type: sale}, when: {nth: 2}, fault: reply.drop}]\n")
	stays := p.Armed()
	assert.Equal(t, ".", struck(p, "T1", 1))
	more := load(t, "rules: [{match: {type: void}, fault: reply.drop}]\n")
	more.Name = "more"
	require.NoError(t, p.Set(append(stays, scenarios.Arming{Scenario: more})...))
	assert.Equal(t, "x", struck(p, "T1", 1))

	again := load(t, "rules: [{match: {type: sale}, when: {nth: 2}, fault: reply.drop}]\n")
	again.Name = "x0"
	there, err := p.Replace(again, noon)
	require.NoError(t, err)
	assert.True(t, there)
	assert.Equal(t, ".x", struck(p, "T1", 2), "a scenario that was loaded anew counts anew")
	nobody := *again
	nobody.Name = "nobody"
	there, err = p.Replace(&nobody, noon)
	require.NoError(t, err)
	assert.False(t, there)

	p.Disarm("x0", "more")
	assert.False(t, p.Watches(faults.Replying))
	assert.Equal(t, "..", struck(p, "T1", 2))
}

// An exchange is planned to its end by what was armed when its request came.
func TestArmingTakesEffectBetweenMessages(t *testing.T) {
	p := armed(t, "rules: [{fault: reply.drop}]\n")
	var plan scenarios.Plan
	var d faults.Delivery
	x := request("T1", "sale", 1000)
	p.OnRequest(x, &plan)
	p.Disarm("x0")
	assert.True(t, p.OnReply(x, &plan, &d))
	assert.True(t, d.Lost)
}
