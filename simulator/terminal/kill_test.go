package terminal_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/acqsim/acqsim/scenarios"
	"github.com/acqsim/acqsim/scenarios/library"
	"github.com/acqsim/acqsim/scenarios/profile"
	"github.com/acqsim/acqsim/scenarios/world"
	"github.com/acqsim/acqsim/simulator"
	"github.com/acqsim/acqsim/simulator/dialect"
	"github.com/acqsim/acqsim/simulator/terminal"
)

// victimEnv gives a test binary that is to be killed the dialect, the profile, the
// host and the state file of its terminal.
const victimEnv = "ACQSIM_TERMINAL_VICTIM"

// victimFailed is the exit code of one that ends by itself.
const victimFailed = 7

func TestMain(m *testing.M) {
	if what := os.Getenv(victimEnv); what != "" {
		if err := victim(strings.SplitN(what, " ", 4)); err != nil {
			_, _ = fmt.Fprintln(os.Stderr, "error:", err)
			os.Exit(victimFailed)
		}
		return
	}
	goleak.VerifyTestMain(m)
}

// victim sells until it is killed, and says a letter at each point that it
// comes to. What are dialect, profile, host and state file.
func victim(what []string) error {
	d, err := dialect.Load(what[0])
	if err != nil {
		return err
	}
	m, err := terminal.MessagesFor(d)
	if err != nil {
		return err
	}
	p, err := profile.Open(what[1])
	if err != nil {
		return err
	}
	p.Timeouts.Response = 100 * time.Millisecond
	store, err := terminal.OpenFile(what[3])
	if err != nil {
		return err
	}
	x, err := terminal.New(terminal.Config{
		Messages: m, Profile: p, Hosts: []string{what[2]}, Terminal: pos, Merchant: merchant, Store: store,
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

// TestAKilledTerminalLosesNothing kills a process that sells, at 100 seeded
// instants, again and again on one state, while the host's first reply of each
// round is lost.
func TestAKilledTerminalLosesNothing(t *testing.T) {
	const rounds = 25
	var owed atomic.Int32
	t.Run("sites", func(t *testing.T) {
		for i, x := range []struct{ dialect, profile string }{
			{"unionpay-pos", "unionpay-bctc"}, {"iso87-bcd", "nac"}, {"iso87-ebcdic", "strict"}, {"iso93-ascii", "strict"},
		} {
			t.Run(x.dialect+"/"+x.profile, func(t *testing.T) {
				t.Parallel()
				k := newKiller(t, x.dialect, x.profile, uint64(i))
				for round := range rounds {
					if k.round(round) {
						owed.Add(1)
					}
				}
			})
		}
	})
	assert.Greater(t, owed.Load(), int32(rounds), "of 100 kills, many have to leave something to be reversed")
}

// killer is a shop where somebody pulls the plug.
type killer struct {
	*site
	planner     *scenarios.Planner
	cause       *scenarios.Scenario
	draw        *rand.Rand
	self, state string
	env         string
}

func newKiller(t *testing.T, name, prof string, seed uint64) *killer {
	t.Helper()
	k := &killer{
		planner: scenarios.NewPlanner(scenarios.PlannerOptions{Seed: seed}), draw: rand.New(rand.NewPCG(seed, 8583)),
		state: filepath.Join(t.TempDir(), "state.json"),
	}
	var err error
	k.self, err = os.Executable()
	require.NoError(t, err)
	k.cause, err = library.Load("reply-lost", world.Default())
	require.NoError(t, err)
	k.site = newSite(t, name, prof, nil, func(o *simulator.Options) { o.Planner = k.planner })
	k.env = strings.Join([]string{victimEnv + "=" + name, prof, k.c.Hosts[0], k.state}, " ")
	return k
}

// round kills the terminal once, starts it again, and settles. It reports
// whether there was something to be reversed.
func (k *killer) round(n int) (owed bool) {
	t := k.t
	require.NoError(t, k.planner.Arm(scenarios.Arming{Scenario: k.cause, At: time.Now()}))
	k.kill()
	require.Equal(t, []string{"reply-lost"}, k.planner.Disarm("reply-lost"))

	f, err := terminal.OpenFile(k.state)
	require.NoError(t, err)
	k.c.Store = f
	k.restart()
	pending := k.State().Pending
	r := k.must(terminal.Transaction{Type: world.Sale, Amount: 100})
	assert.Empty(t, k.State().Pending, "round %d", n)
	if len(pending) > 0 {
		require.Contains(t, types(r), "reversal", "round %d", n)
		assert.Less(t, slices.Index(types(r), "reversal"), slices.Index(types(r), "sale"), "round %d", n)
	}
	// The host says whether the totals agree: its books may be at work.
	settled := k.must(terminal.Transaction{Type: world.Settlement})
	assert.Contains(t, settled.Why.EN, "balanced: ", "round %d", n)
	assert.NotContains(t, settled.Why.EN, "out of", "round %d", n)
	require.NoError(t, k.Close())
	require.NoError(t, f.Close())
	return len(pending) > 0
}

// kill starts a terminal and kills it at an instant that is drawn: a while after
// one of the points that it comes to.
func (k *killer) kill() {
	t := k.t
	cmd := exec.CommandContext(t.Context(), k.self, "-test.run=^$")
	cmd.Env = append(os.Environ(), k.env)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	b := make([]byte, 1)
	for n := k.draw.IntN(24) + 1; n > 0; n-- {
		if _, err := out.Read(b); err != nil {
			break // it ended by itself, which the next lines find out
		}
	}
	<-time.After(time.Duration(k.draw.IntN(5000)) * time.Microsecond)
	require.NoError(t, cmd.Process.Kill())
	var ended *exec.ExitError
	require.ErrorAs(t, cmd.Wait(), &ended)
	require.NotEqual(t, victimFailed, ended.ExitCode(), "it ended by itself")
}
