package verdict_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/acqsim/acqsim/scenarios"
	"github.com/acqsim/acqsim/scenarios/display"
	"github.com/acqsim/acqsim/scenarios/profile"
	"github.com/acqsim/acqsim/scenarios/transcript"
	"github.com/acqsim/acqsim/scenarios/verdict"
	"github.com/acqsim/acqsim/scenarios/world"
)

// TestReversedAtOnceThoughNeverArrived has two sales vanish on the way, each of
// which is reversed before its outcome is shown: the second reversal is about
// the second sale, whatever the first was worth.
func TestReversedAtOnceThoughNeverArrived(t *testing.T) {
	p, err := profile.Open("nac")
	require.NoError(t, err)
	for second, want := range map[int64]scenarios.Verdict{2000: scenarios.Pass, 2100: scenarios.Fail} {
		tp := newTape()
		for n, amount := range []int64{1000, 2000} {
			number := uint32(n) + 1
			tp.act(number, "sale", world.Sale, amount)
			lost := transcript.Event{Type: world.Sale, MTI: 200, STAN: number, HasSTAN: true, Terminal: till, Amount: amount}
			tp.wait(31 * time.Second)
			tp.connect()
			tp.approve(tp.reversal(lost, "", func(e *transcript.Event) {
				if n == 1 {
					e.Amount = second
				}
			}))
			tp.show(number, display.NoAnswer)
		}
		report, err := verdict.Judge(verdict.Input{Events: tp.events, Profile: p, Terminal: till})
		require.NoError(t, err)
		for _, r := range report.Rules {
			if r.Rule == "reversal-names-its-original" {
				assert.Equal(t, want, r.Verdict, r.Why)
			}
		}
	}
}
