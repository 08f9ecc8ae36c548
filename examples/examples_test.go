// Package examples_test runs the examples.
package examples_test

import (
	"os"
	"os/exec"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/acqsim/acqsim/scenarios/profile"
	"github.com/acqsim/acqsim/simulator/dialect"
	"github.com/acqsim/acqsim/simulator/suite"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		for _, f := range atTheEnd {
			f()
		}
		os.Exit(code)
	}))
}

// atTheEnd is what is to be done when all tests are over.
var atTheEnd []func()

// TestPythonTerminal has the whole library judge the terminal in Python, in each
// profile that it knows: the rules judge behaviour, and not how acqsim's own
// terminal is made.
func TestPythonTerminal(t *testing.T) {
	needPython(t)
	d, err := dialect.Load("iso87-ascii")
	require.NoError(t, err)
	cases, err := suite.Cases(nil)
	require.NoError(t, err)
	for _, name := range profile.Names() {
		t.Run(name, func(t *testing.T) {
			p, err := profile.Open(name)
			require.NoError(t, err)
			r, err := suite.Run(t.Context(), suite.Options{Cases: cases, Driver: pythonTerminal(), Dialect: d, Profile: p, Pace: suite.Quick()})
			require.NoError(t, err)
			for _, x := range r.Results {
				assert.Contains(t, []suite.Status{suite.Passed, suite.Skipped}, x.Status, "%s: %s\n%s", x.Scenario, x.Why, x.Output)
			}
			assert.GreaterOrEqual(t, r.Count(suite.Passed), 60, "most scenarios apply to it")
		})
	}
}

// TestPythonTerminalAtOneAddress holds that it keeps its state in the file that
// it is told, and can be cleaned up.
func TestPythonTerminalAtOneAddress(t *testing.T) {
	needPython(t)
	d, err := dialect.Load("iso87-ascii")
	require.NoError(t, err)
	cases, err := suite.Cases(nil, "reply-lost", "reversal-reply-lost", "merchant-suspended", "no-power", "batch-out-of-balance", "insufficient-funds")
	require.NoError(t, err)
	r, err := suite.Run(t.Context(), suite.Options{Cases: cases, Driver: pythonTerminal(), Dialect: d, Pace: suite.Quick(), Listen: "127.0.0.1:0"})
	require.NoError(t, err)
	for _, x := range r.Results {
		assert.Equal(t, suite.Passed, x.Status, "%s: %s\n%s", x.Scenario, x.Why, x.Output)
	}
}

func needPython(t *testing.T) {
	t.Helper()
	if _, err := exec.LookPath("python3"); err != nil {
		t.Skip("python3 is not installed, so the terminal in Python is not tried")
	}
}

func pythonTerminal() suite.Driver {
	return &suite.Exec{Command: "python3 terminal.py", Dir: "python-terminal"}
}
