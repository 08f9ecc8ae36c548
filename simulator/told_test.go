package simulator_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/acqsim/acqsim/scenarios/transcript"
	"github.com/acqsim/acqsim/scenarios/world"
	"github.com/acqsim/acqsim/simulator"
	"github.com/acqsim/acqsim/simulator/host"
	"github.com/acqsim/acqsim/simulator/ledger"
)

// The end of a request that was taken for another terminal's says so, wherever
// its reply goes, and if there is none.
func TestAMisroutedRequestIsToldOf(t *testing.T) {
	const head = "  - match: {terminal: \"10000001\", type: sale}\n    fault: {request.misroute: {terminal: \"20000002\", reply: "
	const taken = "request.misroute (under-test): from 10000001, taken for 20000002"
	for name, c := range map[string]struct {
		rules string
		end   transcript.Kind
		why   string
	}{
		"here":    {head + "here}}\n", transcript.Sent, taken + "; the account has the funds"},
		"there":   {head + "there}}\n", transcript.Sent, taken + "; it went to connection "},
		"dropped": {head + "here}}\n  - match: {type: sale}\n    also: true\n    fault: reply.drop\n", transcript.NotSent, "request.misroute (under-test); reply.drop (under-test): from 10000001, taken for 20000002"},
		"silent":  {head + "here}}\n", transcript.Discarded, taken + "; "},
	} {
		t.Run(name, func(t *testing.T) {
			s := start(t, "iso87-ascii", withRules(t, c.rules), func(o *simulator.Options) {
				if name == "silent" {
					w := world.Default()
					w.Merchants[merchant] = &world.Merchant{ID: merchant, Status: world.Frozen, WhenRefused: world.RefuseSilently}
					h, err := host.New(host.Options{World: w, Book: ledger.New(ledger.Options{})})
					require.NoError(t, err)
					o.Host = h
				}
			})
			other := dial(t, s, "iso87-ascii")
			other.do("echo", 0, fields{41: "20000002"})
			dial(t, s, "iso87-ascii").ask("sale")
			all := events(t, s, func(e transcript.Event) bool { return e.Kind == c.end && e.Type == world.Sale })
			end := one(t, all, c.end)
			assert.Contains(t, end.Why, c.why)
			require.NotNil(t, end.Strike)
			assert.Equal(t, "under-test", end.Strike.Scenario)
		})
	}
}

// A request that wakes a line which is dead is told of by what it says.
func TestARequestThatWakesADeadLineIsToldOf(t *testing.T) {
	for _, name := range []string{"iso87-ascii", "unionpay-pos"} {
		t.Run(name, func(t *testing.T) {
			s := start(t, name, withRules(t, "  - match: {terminal: \"10000001\"}\n    fault: {line.idle-cut: {idle: 0s, then: reset}}\n"))
			p := dial(t, s, name)
			p.do("sale", 0, nil)
			p.ask("sale")
			e := one(t, events(t, s, ofKind(transcript.Discarded)), transcript.Discarded)
			assert.Equal(t, terminal, e.Terminal)
			assert.Equal(t, world.Sale, e.Type)
			assert.Equal(t, uint16(200), e.MTI)
			assert.Equal(t, uint32(p.stan), e.STAN) //nolint:gosec // counted by the test
			assert.Equal(t, int64(saleAmount), e.Amount)
			assert.Equal(t, "line.idle-cut (under-test): the line was dead when it came", e.Why)
			_, err := p.d.Unpack(e.Raw[p.d.Format().Overhead():])
			require.NoError(t, err, "masked in place")
		})
	}
}
