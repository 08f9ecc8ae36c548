package scenarios_test

import (
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/acqsim/acqsim/faults"
	"github.com/acqsim/acqsim/scenarios"
)

func TestConnections(t *testing.T) {
	p := armed(t, "rules: [{when: {nth: 1}, fault: {accept.close: 20ms}}]\n",
		"rules: [{match: {terminal: \"T*\"}, fault: {line.idle-cut: 30s}}]\n")
	c := &faults.Conn{Listener: "main", Source: client, Nth: 1, Open: 1, Now: noon, Business: noon}
	plan, fired := p.OnAccept(c)
	assert.NotEmpty(t, plan.Steps)
	assert.Equal(t, []scenarios.Strike{{Scenario: "x0", Rule: 1, Faults: []string{"accept.close"}}}, fired)
	_, fired = p.OnAccept(c)
	assert.Empty(t, fired)
	other := *c
	other.Source = netip.MustParseAddr("10.9.9.9")
	_, fired = p.OnAccept(&other)
	assert.Len(t, fired, 1, "connections are counted per source")

	_, fired = p.OnIdle(c)
	assert.Empty(t, fired, "no terminal has been seen on it")
	c.Terminal = "T1"
	idle, fired := p.OnIdle(c)
	assert.Len(t, fired, 1)
	assert.Equal(t, 30*time.Second, idle.After)
	_, fired = p.OnHello(c)
	assert.Empty(t, fired)
}

// Below its number, a limit has done nothing, and nothing has struck.
func TestALimitStrikesAboveItsNumber(t *testing.T) {
	p := armed(t, "rules: [{fault: {accept.limit: {max: 2, then: reset}}}]\n")
	for open, strikes := range map[int]bool{1: false, 2: false, 3: true} {
		plan, fired := p.OnAccept(&faults.Conn{Listener: "main", Source: client, Nth: 1, Open: open, Now: noon})
		assert.Equal(t, strikes, len(fired) > 0, open)
		assert.Equal(t, strikes, len(plan.Steps) > 0, open)
	}
}

func TestListening(t *testing.T) {
	p := scenarios.NewPlanner(scenarios.PlannerOptions{SourceOf: func(terminal string) (netip.Addr, bool) {
		switch terminal {
		case "T1":
			return client, false
		case "SHARED":
			return client, true
		}
		return netip.Addr{}, false
	}})
	c := &faults.Conn{Listener: "main", Now: noon, Business: noon}
	plan, _, fired := p.OnListen(c)
	assert.Empty(t, fired)
	assert.Equal(t, faults.ListenPlan{}, plan)

	dark := load(t, "rules: [{when: {armed_for: 1m}, fault: connect.blackhole}]\n")
	require.NoError(t, p.Arm(scenarios.Arming{Scenario: dark, Terminals: "T1", At: noon}))
	plan, until, fired := p.OnListen(c)
	assert.Len(t, fired, 1)
	assert.True(t, plan.Blackhole)
	assert.Equal(t, []netip.Prefix{netip.PrefixFrom(client, 32)}, plan.Sources)
	assert.Equal(t, noon.Add(time.Minute), until)
	c.Now = noon.Add(time.Minute)
	plan, until, _ = p.OnListen(c)
	assert.False(t, plan.Blackhole)
	assert.True(t, until.IsZero())

	assert.Equal(t, []string{"x"}, p.Disarm("x", "y"))
	require.NoError(t, p.Arm(scenarios.Arming{Scenario: dark, At: noon.Add(time.Minute)}))
	plan, _, _ = p.OnListen(c)
	assert.True(t, plan.Blackhole)
	assert.Empty(t, plan.Sources, "everybody")

	var refused *scenarios.ArmError
	p.Disarm("x")
	require.ErrorAs(t, p.Arm(scenarios.Arming{Scenario: dark, Terminals: "SHARED"}), &refused)
	assert.Contains(t, refused.Error(), "another terminal comes from 10.1.2.3")
	require.ErrorAs(t, p.Arm(scenarios.Arming{Scenario: dark, Terminals: "T*"}), &refused)
	closed := load(t, "rules: [{fault: connect.refuse}]\n")
	require.ErrorAs(t, p.Arm(scenarios.Arming{Scenario: closed, Terminals: "T1"}), &refused)
	assert.Contains(t, refused.Error(), "strikes all terminals alike")
	require.NoError(t, p.Arm(scenarios.Arming{Scenario: closed}))
	plan, _, _ = p.OnListen(c)
	assert.True(t, plan.Refuse)
	from := load(t, "rules: [{match: {source_of: \"SHARED\"}, fault: accept.close}]\n")
	require.ErrorAs(t, p.Arm(scenarios.Arming{Scenario: from}), &refused)
}

func TestSourceOf(t *testing.T) {
	seen := false
	p := scenarios.NewPlanner(scenarios.PlannerOptions{SourceOf: func(string) (netip.Addr, bool) {
		if seen {
			return client, false
		}
		return netip.Addr{}, false
	}})
	require.NoError(t, p.Arm(scenarios.Arming{Scenario: load(t, "rules: [{match: {source_of: \"T1\"}, fault: accept.reset}]\n")}))
	c := &faults.Conn{Listener: "main", Source: client, Nth: 1}
	_, fired := p.OnAccept(c)
	assert.Empty(t, fired)
	seen = true
	_, fired = p.OnAccept(c)
	assert.Len(t, fired, 1)
	c.Source = netip.MustParseAddr("::ffff:10.1.2.3")
	_, fired = p.OnAccept(c)
	assert.Len(t, fired, 1, "the same address on a dual-stack listener")
}
