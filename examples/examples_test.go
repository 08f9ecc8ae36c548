// Package examples_test runs the examples.
package examples_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/acqsim/acqsim/scenarios"
	"github.com/acqsim/acqsim/scenarios/library"
	"github.com/acqsim/acqsim/scenarios/transcript"
	"github.com/acqsim/acqsim/scenarios/world"
	"github.com/acqsim/acqsim/simulator"
	"github.com/acqsim/acqsim/simulator/dialect"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// TestPythonTerminal has the terminal in Python trade, lose a reply, reverse,
// and settle.
func TestPythonTerminal(t *testing.T) {
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("python3 is not installed, so the terminal in Python is not tried")
	}
	d, err := dialect.Load("iso87-ascii")
	require.NoError(t, err)
	cause, err := library.Load("reply-lost", nil)
	require.NoError(t, err)
	planner := scenarios.NewPlanner(scenarios.PlannerOptions{})
	require.NoError(t, planner.Arm(scenarios.Arming{Scenario: cause, At: time.Now()}))
	s, err := simulator.Start(t.Context(), simulator.Options{
		Listeners: []simulator.Listener{{Address: "127.0.0.1:0", Dialect: d}}, Planner: planner,
	})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })

	w := world.Default()
	good, facts := w.Cards["good"], w.Terminals["10000001"]
	talk := fmt.Sprintf(`{"hello": {"protocol": 1, "host": %q, "terminal": %q, "merchant": %q, "response_timeout_ms": 500, "state": %q, "cards": {"good": {"pan": %q, "expiry": %q}}}}
{"action": {"id": 1, "do": "sign_on"}}
{"action": {"id": 2, "do": "sale", "amount": 1000}}
{"action": {"id": 3, "do": "sale", "amount": 2000}}
{"action": {"id": 4, "do": "void", "amount": 2000, "original": 3}}
{"action": {"id": 5, "do": "sale", "amount": 3000}}
{"action": {"id": 6, "do": "settle"}}
`, s.Addr(0), facts.ID, facts.Merchant, filepath.Join(t.TempDir(), "state.json"), good.PAN, good.Expiry)
	c := exec.CommandContext(t.Context(), python, "terminal.py")
	c.Dir, c.Stdin = "python-terminal", strings.NewReader(talk)
	var complaints bytes.Buffer
	c.Stderr = &complaints
	out, err := c.Output()
	require.NoError(t, err, complaints.String())

	var got []string
	for line := range strings.Lines(string(out)) {
		var answer struct {
			Outcome *struct{ Is string }
		}
		require.NoError(t, json.Unmarshal([]byte(line), &answer), line)
		if answer.Outcome != nil {
			got = append(got, answer.Outcome.Is)
		}
	}
	assert.Equal(t, []string{"approved", "no-answer", "approved", "approved", "approved", "approved"}, got)

	all, _ := s.Journal().Since(0, 1<<16)
	var decided []string
	for _, e := range all {
		if e.Kind == transcript.Decided {
			decided = append(decided, e.Type.String())
		}
	}
	assert.Equal(t, []string{"sign-on", "sale", "reversal", "sale", "void", "sale", "settlement"}, decided,
		"the lost sale is reversed before anything else")
}
