package scenarios_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/acqsim/acqsim/faults"
	"github.com/acqsim/acqsim/scenarios"
	"github.com/acqsim/acqsim/scenarios/library"
	"github.com/acqsim/acqsim/scenarios/world"
)

// A suspended shop, for one of its tills alone: the host decides so about this
// till, and the merchant of the other one is in order.
func TestAWorldForOneTerminal(t *testing.T) {
	suspended, err := library.Load("merchant-suspended", nil)
	require.NoError(t, err)
	one, err := suspended.For("10000013")
	require.NoError(t, err)
	assert.NotEmpty(t, suspended.Given.World, "the scenario itself stays as it was")
	w, err := scenarios.Apply(world.Default(), one)
	require.NoError(t, err)
	assert.Equal(t, world.Default().Merchants["999000000000001"].Status, w.Merchants["999000000000001"].Status)

	p := scenarios.NewPlanner(scenarios.PlannerOptions{})
	require.NoError(t, p.Arm(scenarios.Arming{Scenario: one, Terminals: "10000013", At: noon}))
	for range 2 { // each, not just the first
		plan, _ := exchange(p, request("10000013", "sale", 1000))
		assert.Equal(t, world.MerchantSuspended, plan.Outcome)
	}
	plan, _ := exchange(p, request("10000013", "reversal", 1000))
	assert.Equal(t, world.Undecided, plan.Outcome, "a reversal stays answerable")
	plan, _ = exchange(p, request("10000001", "sale", 1000))
	assert.Equal(t, world.Undecided, plan.Outcome)
}

func TestWhatAScenarioOfATerminalKeeps(t *testing.T) {
	for name, c := range map[string]struct {
		body, terminals string
		same            bool
		err             string
	}{
		"no world":            {"rules: [{fault: reply.drop}]\n", "T1", true, ""},
		"the clock alone":     {"given: {clock: \"2026-11-23T10:00:00+08:00\", outcome: cut-over}\n", "T1", true, ""},
		"the terminal itself": {"given: {terminals: {\"10000001\": {master_key: \"FEDCBA98765432100123456789ABCDEF\"}}}\n", "1*", true, ""},
		"another terminal":    {"given: {terminals: {\"10000001\": {master_key: \"FEDCBA98765432100123456789ABCDEF\"}}}\n", "20000001", false, "x can't be armed: what it changes in the world concerns others than terminal 20000001, too: arm it for all"},
		"an account":          {"given: {accounts: {good: {balance: \"1.00\"}}}\n", "T1", false, "concerns others than terminal T1"},
		"an outcome":          {"trigger: {amount: \"51\", outcome: insufficient-funds}\ngiven: {accounts: {good: {balance: \"1.00\"}}}\n", "T1", false, ""},
	} {
		t.Run(name, func(t *testing.T) {
			s := load(t, c.body)
			one, err := s.For(c.terminals)
			if c.err != "" {
				var no *scenarios.ArmError
				require.ErrorAs(t, err, &no)
				require.ErrorContains(t, err, c.err)
				return
			}
			require.NoError(t, err)
			assert.Equal(t, c.same, one == s)
			assert.True(t, c.same || len(one.Given.World) == 0)
		})
	}
}

// What strikes everybody, no card can choose.
func TestWhatNoCardTriggers(t *testing.T) {
	for name, why := range map[string]string{
		"port-closed":               "rule 1 (connect.refuse) strikes all terminals alike, so no card triggers it",
		"line-blackholed":           "strikes all terminals alike",
		"merchant-off-hours-silent": "what it changes is the world, which concerns everybody, so no card triggers it",
		"cable-loose":               "a person brings it about",
	} {
		s, err := library.Load(name, nil)
		require.NoError(t, err)
		_, err = scenarios.NewTriggers(nil, map[string]*scenarios.Scenario{"trap": s})
		require.ErrorContains(t, err, why, name)
		require.ErrorContains(t, err, "card trap has a cause: ")
	}
}

// A connection is struck by what is armed, or by what its terminal has chosen:
// a FIN and an RST of the same connection would exclude each other.
func TestArmedBeforeATriggeredConnection(t *testing.T) {
	p := triggered(t, nil, "trigger: {amount: \"23\"}\nrules: [{fault: accept.reset}]\n")
	armed := load(t, "rules: [{when: {nth: 1}, fault: accept.close}]\n")
	armed.Name = "armed"
	require.NoError(t, p.Arm(scenarios.Arming{Scenario: armed, At: noon}))
	exchange(p, request("T1", "sale", 1023))
	plan, fired := p.OnAccept(&faults.Conn{Listener: "main", Source: client, Nth: 2, Now: noon})
	require.Len(t, fired, 1)
	assert.Equal(t, "armed", fired[0].Scenario)
	require.Len(t, plan.Steps, 1)
	assert.Equal(t, faults.FIN, plan.Steps[0].Op)
}
