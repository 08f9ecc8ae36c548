package ledger

import (
	"bufio"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/acqsim/acqsim/scenarios/world"
)

// victimEnv names the state directory to a test binary that is to be killed.
const victimEnv = "ACQSIM_LEDGER_VICTIM"

func TestMain(m *testing.M) {
	if dir := os.Getenv(victimEnv); dir != "" {
		if err := victim(dir); err != nil {
			fmt.Println("error:", err)
			os.Exit(1)
		}
		return
	}
	goleak.VerifyTestMain(m)
}

// victim sells until it is killed, and says which sales were answered: STAN
// and serial number. With every sale another terminal makes a hold, and
// completes every third. All the while the log is synced and compacted.
func victim(dir string) error {
	s, b, err := OpenState(dir, Options{})
	if err != nil {
		return err
	}
	s.leastLog = 16 << 10
	failed := make(chan error, 1)
	go func() {
		for {
			if err := s.Sync(); err != nil {
				failed <- err
				return
			}
		}
	}()
	k := &till{State: s, book: b, terminal: b.Terminal("T0000001")}
	k.card, k.merchant = b.EnsureAccount("card", 156, 1_000_000, 0), b.EnsureAccount("merchant", 156, 0, 0)
	b.EnsureAccount("hotel", 156, 0, 0)
	hotel := b.Terminal("T0000002")
	for {
		k.sell(1)
		n := k.terminal.Serial
		h := b.PostHold(Txn{Terminal: hotel, State: Posted, STAN: n, Amount: 10, From: k.card, Approval: approvalOf(n)}, "M1", time.Unix(1<<40, 0)).Hold
		if h == nil {
			return errors.New("no room for a hold")
		}
		if n%3 == 0 {
			b.Post(Txn{Terminal: hotel, Type: world.Completion, State: Posted, STAN: n, Amount: 1, From: k.card, To: b.Account("hotel"), Hold: h})
		}
		serial := b.NextSerial(1)
		if err := s.Flush(); err != nil {
			return err
		}
		select {
		case err := <-failed:
			return err
		default:
			fmt.Println(k.terminal.Serial, serial)
		}
	}
}

// approvalOf is a number as an approval code.
func approvalOf(n uint32) (code [6]byte) {
	copy(code[:], fmt.Sprintf("%06d", n))
	return code
}

// TestAKillLosesNoAnsweredTransaction kills a process that sells, at random
// instants, again and again on one state.
func TestAKillLosesNoAnsweredTransaction(t *testing.T) {
	self, err := os.Executable()
	require.NoError(t, err)
	dir := t.TempDir()
	answered, serials := 0, map[string]bool{}
	var held []int // what was answered with a hold; a kill may leave a sale without one
	draw := rand.New(rand.NewPCG(1, 8583))
	for round := range 6 {
		cmd := exec.CommandContext(t.Context(), self, "-test.run=^$")
		cmd.Env = append(os.Environ(), victimEnv+"="+dir)
		out, err := cmd.StdoutPipe()
		require.NoError(t, err)
		require.NoError(t, cmd.Start())
		lines := bufio.NewScanner(out)
		for n := draw.IntN(1500) + 1; lines.Scan(); n-- {
			stan, serial, ok := strings.Cut(lines.Text(), " ")
			require.True(t, ok, "the victim says %q", lines.Text())
			require.False(t, serials[serial], "serial number %s is given twice", serial)
			serials[serial] = true
			answered, err = strconv.Atoi(stan)
			require.NoError(t, err)
			held = append(held, answered)
			if n == 0 {
				require.NoError(t, cmd.Process.Kill())
			}
		}
		require.Error(t, cmd.Wait(), "it was killed")

		s, b, err := OpenState(dir, Options{})
		require.NoError(t, err, "round %d", round)
		terminal := b.Terminal("T0000001")
		for stan := 1; stan <= answered; stan++ {
			require.NotNil(t, b.BySTAN(terminal, uint32(stan), nil), "round %d: answered sale %d of %d is lost", round, stan, answered)
		}
		assert.Equal(t, int(terminal.Serial), terminal.Totals.DebitCount)
		assert.Equal(t, int64(terminal.Serial), b.Account("merchant").Booked)
		for _, n := range held {
			h := b.FindHold("M1", 0, approvalOf(uint32(n)), nil)
			require.NotNil(t, h, "round %d: answered hold %d of %d is lost", round, n, answered)
			want := HoldLive
			if n%3 == 0 {
				want = HoldCompleted
			}
			require.Equal(t, want.String(), h.State.String(), "round %d: hold %d of %d", round, n, answered)
		}
		assert.Equal(t, 10*int64(b.LiveHolds()), b.Account("card").Held)
		assert.Equal(t, int64(1_000_000), b.Account("merchant").Booked+b.Account("card").Booked+b.Account("hotel").Booked)
		if round%2 == 0 {
			require.NoError(t, s.Close())
			continue
		}
		// As a kill would: nothing is written on the way out.
		require.NoError(t, s.file.Close())
		require.NoError(t, s.lock.Close())
	}
}
