package terminal_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/acqsim/acqsim/scenarios/world"
	"github.com/acqsim/acqsim/simulator/dialect"
	"github.com/acqsim/acqsim/simulator/terminal"
)

// victimEnv gives a test binary that is to be killed the dialect, the host and
// the state file of its terminal.
const victimEnv = "ACQSIM_TERMINAL_VICTIM"

func TestMain(m *testing.M) {
	if what := os.Getenv(victimEnv); what != "" {
		if err := victim(strings.Split(what, " ")); err != nil {
			_, _ = fmt.Fprintln(os.Stderr, "error:", err)
			os.Exit(1)
		}
		return
	}
	goleak.VerifyTestMain(m)
}

// victim sells until it is killed, and says a letter at each point that it
// comes to.
func victim(what []string) error {
	d, err := dialect.Load(what[0])
	if err != nil {
		return err
	}
	m, err := terminal.MessagesFor(d)
	if err != nil {
		return err
	}
	store, err := terminal.OpenFile(what[2])
	if err != nil {
		return err
	}
	x, err := terminal.New(terminal.Config{
		Messages: m, Hosts: []string{what[1]}, Terminal: pos, Merchant: merchant, Store: store,
		At: func(terminal.Point) error {
			_, err := os.Stdout.WriteString(".")
			return err
		},
	})
	if err != nil {
		return err
	}
	for {
		if _, err := x.Do(context.Background(), terminal.Transaction{Type: world.Sale, Amount: 1000, Card: terminal.Card{PAN: pan}}); err != nil {
			return err
		}
	}
}

// TestAKilledTerminalLosesNothing kills a process that sells, at seeded
// instants, again and again on one state.
func TestAKilledTerminalLosesNothing(t *testing.T) {
	self, err := os.Executable()
	require.NoError(t, err)
	for i, name := range []string{"unionpay-pos", "iso87-ascii"} {
		s := newSite(t, name, "strict", nil)
		path := filepath.Join(t.TempDir(), "state.json")
		draw := rand.New(rand.NewPCG(uint64(i), 8583))
		for round := range 12 {
			cmd := exec.CommandContext(t.Context(), self, "-test.run=^$")
			cmd.Env = append(os.Environ(), victimEnv+"="+name+" "+s.c.Hosts[0]+" "+path)
			cmd.Stderr = os.Stderr
			out, err := cmd.StdoutPipe()
			require.NoError(t, err)
			require.NoError(t, cmd.Start())
			b := make([]byte, 1)
			for n := draw.IntN(40) + 1; n > 0; n-- {
				if _, err := out.Read(b); err != nil {
					break
				}
			}
			require.NoError(t, cmd.Process.Kill())
			require.Error(t, cmd.Wait(), "it was killed")

			f, err := terminal.OpenFile(path)
			require.NoError(t, err)
			s.c.Store = f
			s.restart()
			s.must(terminal.Transaction{Type: world.Sale, Amount: 100})
			assert.Empty(t, s.State().Pending, "round %d", round)
			// The host says whether the totals agree: its books may be at work.
			settled := s.must(terminal.Transaction{Type: world.Settlement})
			assert.Contains(t, settled.Why, "balanced: ", "round %d", round)
			require.NoError(t, f.Close())
		}
	}
}
