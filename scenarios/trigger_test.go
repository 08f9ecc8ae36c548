package scenarios_test

import (
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/acqsim/acqsim/faults"
	"github.com/acqsim/acqsim/scenarios"
	"github.com/acqsim/acqsim/scenarios/world"
)

func triggered(t *testing.T, byCard map[string]*scenarios.Scenario, bodies ...string) *scenarios.Planner {
	t.Helper()
	var causes []*scenarios.Scenario
	for _, body := range bodies {
		s := load(t, body)
		s.Name = "cause-" + string(s.Trigger.Amount)
		causes = append(causes, s)
	}
	table, err := scenarios.NewTriggers(causes, byCard)
	require.NoError(t, err)
	p := scenarios.NewPlanner(scenarios.PlannerOptions{Seed: 1})
	p.Trigger(table)
	return p
}

func TestTriggerAmounts(t *testing.T) {
	p := triggered(t, nil,
		"trigger: {amount: \"12\"}\nrules: [{match: {type: sale, terminal: \"9*\", amount: \"1.00\"}, when: {nth: 1}, fault: reply.drop}]\n",
		"trigger: {amount: \"51\", outcome: insufficient-funds}\n")
	lost := func(kind string, amount int64) bool {
		_, d := exchange(p, request("T1", kind, amount))
		return d.Lost
	}
	assert.False(t, lost("sale", 1000), "x.00 is honest")
	assert.False(t, lost("sale", 1077), "no cause has this amount")
	assert.True(t, lost("sale", 1012), "whatever the rule says about terminals and amounts")
	assert.True(t, lost("sale", 112), "each episode counts anew")
	for _, kind := range []string{"reversal", "refund", "void", "batch-upload", "settlement"} {
		assert.False(t, lost(kind, 1012), "%s does not trigger", kind)
	}
	repeat := request("T1", "sale", 1012)
	repeat.MTI = 201
	_, d := exchange(p, repeat)
	assert.False(t, d.Lost, "a repeat does not trigger")

	plan, _ := exchange(p, request("T1", "sale", 1051))
	assert.Equal(t, world.InsufficientFunds, plan.Outcome)
	assert.Equal(t, "cause-51", plan.Fired[0].Scenario)
	plan, _ = exchange(p, request("T1", "reversal", 1051))
	assert.Equal(t, world.Undecided, plan.Outcome)

	p.Trigger(nil)
	assert.False(t, lost("sale", 1012))
	assert.False(t, p.Watches(faults.Requesting))
}

// What the terminal sends because of a triggered cause belongs to it: the
// reversal, until the next first-time request.
func TestAnEpisode(t *testing.T) {
	p := triggered(t, nil, `
trigger: {amount: "21"}
rules:
  - {match: {type: sale}, when: {nth: 1}, fault: reply.drop}
  - {match: {type: reversal}, when: {nth: 1}, fault: reply.drop}
`)
	lost := func(terminal, kind string, amount int64) bool {
		_, d := exchange(p, request(terminal, kind, amount))
		return d.Lost
	}
	assert.False(t, lost("T1", "reversal", 1021), "there is no episode yet")
	assert.True(t, lost("T1", "sale", 1021))
	assert.False(t, lost("T2", "reversal", 1021), "another terminal has none")
	assert.True(t, lost("T1", "reversal", 1021))
	assert.False(t, lost("T1", "reversal", 1021), "only the first one")
	assert.True(t, lost("T1", "sale", 1021))
	assert.False(t, lost("T1", "sale", 1000), "this ends it")
	assert.False(t, lost("T1", "reversal", 1021))
}

func TestATriggeredConnection(t *testing.T) {
	p := triggered(t, nil, "trigger: {amount: \"31\"}\nrules: [{match: {connection: \"5..\"}, fault: accept.close}, {fault: {line.idle-cut: 3s}}]\n")
	accept := func(source string, nth uint64) bool {
		_, fired := p.OnAccept(&faults.Conn{Listener: "main", Source: netip.MustParseAddr(source), Nth: nth, Now: noon})
		return len(fired) > 0
	}
	idle := func(nth uint64) bool {
		_, fired := p.OnIdle(&faults.Conn{Listener: "main", Source: client, Nth: nth, Now: noon})
		return len(fired) > 0
	}
	assert.False(t, accept("10.1.2.3", 1))
	_, d := exchange(p, request("T1", "sale", 1031))
	assert.False(t, d.Lost, "the request itself is answered")
	assert.False(t, idle(1), "its connection lives on")
	assert.False(t, accept("10.9.9.9", 1), "another address is not concerned")
	assert.True(t, accept("10.1.2.3", 2))
	assert.True(t, idle(2))
	assert.False(t, accept("10.1.2.3", 3), "once")
	assert.False(t, idle(3))
}

func TestATriggerCard(t *testing.T) {
	cause := load(t, "rules: [{match: {type: sale}, fault: reply.drop}]\n")
	p := triggered(t, map[string]*scenarios.Scenario{"good": cause})
	_, d := exchange(p, request("T1", "sale", 1000))
	assert.True(t, d.Lost)
	x := request("T1", "sale", 1000)
	x.Request = message{card: "visa"}
	_, d = exchange(p, x)
	assert.False(t, d.Lost)
}

// What is armed goes before what a terminal chooses.
func TestArmedBeforeTriggered(t *testing.T) {
	p := triggered(t, nil, "trigger: {amount: \"12\"}\nrules: [{match: {type: sale}, fault: reply.drop}]\n")
	require.NoError(t, p.Arm(scenarios.Arming{Scenario: load(t, "rules: [{match: {type: sale, terminal: \"T1\"}, fault: {reply.delay: 1s}}]\n")}))
	plan, d := exchange(p, request("T1", "sale", 1012))
	assert.False(t, d.Lost)
	assert.Equal(t, time.Second, d.Delay)
	assert.Len(t, plan.Fired, 1)
	_, d = exchange(p, request("T2", "sale", 1012))
	assert.True(t, d.Lost)
}

// Whichever struck the request first has the exchange to itself: composed at
// random, faults of the two could exclude each other.
func TestArmedAndTriggeredDoNotMix(t *testing.T) {
	held := load(t, "rules: [{match: {type: sale}, fault: {request.hold: 1s}}]\n")
	p := triggered(t, nil, "trigger: {amount: \"12\"}\nrules: [{match: {type: sale}, fault: request.drop}]\n")
	require.NoError(t, p.Arm(scenarios.Arming{Scenario: held}))
	plan, _ := exchange(p, request("T1", "sale", 1012))
	assert.False(t, plan.Request.Drop)
	assert.Equal(t, time.Second, plan.Request.Hold)

	late := load(t, "rules: [{match: {type: sale}, fault: {reply.delay: 1s}}]\n")
	p = triggered(t, nil, "trigger: {amount: \"51\", outcome: insufficient-funds}\nrules: [{match: {type: sale}, fault: reply.duplicate}]\n")
	require.NoError(t, p.Arm(scenarios.Arming{Scenario: late}))
	plan, d := exchange(p, request("T1", "sale", 1051))
	assert.Zero(t, d.Delay)
	require.Len(t, plan.Fired, 2)
	assert.Equal(t, []string{"reply.duplicate"}, plan.Fired[1].Faults)
}

func TestTriggersOfTheSameAmount(t *testing.T) {
	s := load(t, "trigger: {amount: \"12\"}\nrules: [{fault: reply.drop}]\n")
	_, err := scenarios.NewTriggers([]*scenarios.Scenario{s, s}, nil)
	require.ErrorContains(t, err, "amounts that end in 12 trigger x already (free are 01, 02, 03)")
}

// A request that is sent again as it was is none that a person has just begun,
// though it is not marked as a repeat.
func TestARequestSentAgainTriggersNothing(t *testing.T) {
	p := triggered(t, nil, `
trigger: {amount: "21"}
rules:
  - {match: {type: sale}, when: {nth: 1}, fault: reply.drop}
  - {match: {type: reversal}, when: {nth: 1}, fault: reply.drop}
`)
	lost := func(terminal string, stan uint32, key uint64) bool {
		x := request(terminal, "sale", 1021)
		x.STAN, x.Request = stan, message{key: key}
		_, d := exchange(p, x)
		return d.Lost
	}
	reversed := func() bool {
		_, d := exchange(p, request("T1", "reversal", 1021))
		return d.Lost
	}
	assert.True(t, lost("T1", 7, 70))
	assert.False(t, lost("T1", 7, 70), "the same one")
	assert.True(t, reversed(), "it belongs to what the first one has begun")
	assert.True(t, lost("T1", 8, 70), "another STAN")
	assert.True(t, lost("T1", 8, 71), "another request")
	assert.False(t, lost("T1", 7, 70), "not the latest, either")
	assert.True(t, lost("T2", 7, 70), "another terminal's")
	for stan := range uint32(40) {
		assert.True(t, lost("T1", 100+stan, 70))
	}
	assert.True(t, lost("T1", 7, 70), "so long ago that it is forgotten")
	assert.True(t, lost("T1", 9, 0))
	assert.True(t, lost("T1", 9, 0), "where it can't be told, all are new")
}

// What is under way goes on when another table chooses what comes next.
func TestAnEpisodeOutlivesItsTable(t *testing.T) {
	p := triggered(t, nil, "trigger: {amount: \"21\"}\nrules: [{match: {type: reversal}, fault: reply.drop}]\n")
	exchange(p, request("T1", "sale", 1021))
	other, err := scenarios.NewTriggers(nil, nil)
	require.NoError(t, err)
	p.Trigger(other)
	_, d := exchange(p, request("T1", "reversal", 1021))
	assert.True(t, d.Lost)
	exchange(p, request("T1", "sale", 1021))
	_, d = exchange(p, request("T1", "reversal", 1021))
	assert.False(t, d.Lost, "nothing is chosen any more")
}

func TestGivenWorlds(t *testing.T) {
	named := func(name, body string) *scenarios.Scenario {
		s := load(t, body)
		s.Name = name
		return s
	}
	poor := named("poor", "given: {accounts: {good: {balance: \"5.00\"}}, clock: \"2026-11-23T23:30:00+08:00\"}\n")
	shut := named("shut", "given: {merchants: {\"999000000000001\": {status: frozen}}}\n")
	rich := named("rich", "given: {accounts: {good: {balance: \"6.00\"}}, clock: \"2026-11-24T23:30:00+08:00\"}\n")
	base := world.Default()
	w, err := scenarios.Apply(base, poor, shut)
	require.NoError(t, err)
	assert.Equal(t, int64(500), w.Accounts["good"].Balance)
	assert.Equal(t, world.Frozen, w.Merchants["999000000000001"].Status)
	assert.NotEqual(t, int64(500), base.Accounts["good"].Balance, "the world itself stays")

	_, err = scenarios.Apply(base, poor, rich)
	require.ErrorContains(t, err, "rich sets accounts.good.balance, which poor sets otherwise")
	_, err = scenarios.Apply(base, poor, poor)
	require.NoError(t, err)

	at, err := scenarios.Clock(shut, poor)
	require.NoError(t, err)
	assert.Equal(t, poor.Given.Clock, at)
	_, err = scenarios.Clock(poor, rich)
	require.ErrorContains(t, err, "arm one of them")
	at, err = scenarios.Clock(shut)
	require.NoError(t, err)
	assert.True(t, at.IsZero())
}
