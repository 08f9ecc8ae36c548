package pos

import (
	"testing"
	"time"

	"github.com/acqsim/acqsim/scenarios/display"
	"github.com/acqsim/acqsim/scenarios/transcript"
	"github.com/acqsim/acqsim/scenarios/world"
	"github.com/acqsim/acqsim/simulator/simtest"
)

// shows says what the till's display means in the words that acqsim has for it.
var shows = map[Result]display.Outcome{
	Approved: display.Approved, Declined: display.Declined, NoAnswer: display.NoAnswer, CannotConnect: display.CannotConnect,
	Unusable: display.Mismatch, Garbled: display.Garbled, Pending: display.ReversalPending,
}

// newTill is a till at an acquirer.
func newTill(s *simtest.Server) *Till {
	return &Till{
		Host: s.Addr, Terminal: s.Terminal, Merchant: s.Merchant, Timeout: s.Timeout,
		Backoff: time.Duration(s.Hello().BackoffMS) * time.Millisecond,
	}
}

// sell makes a sale, and tells acqsim what was sold and what the till showed.
func sell(t *testing.T, s *simtest.Server, till *Till, n int, amount int64) Result {
	t.Helper()
	card := s.Hello().Cards["good"]
	s.Act(n, "sale", amount)
	shown, code := till.Sell(Card{PAN: card.PAN, Expiry: card.Expiry}, amount)
	s.Report(n, shows[shown], code)
	return shown
}

// TestTill sells twice under each cause. What the till shows is checked here;
// whether it did right by the money is checked by acqsim's rules.
func TestTill(t *testing.T) {
	for cause, want := range map[string][2]Result{
		"reply-lost":          {NoAnswer, Approved},
		"reply-late":          {NoAnswer, Approved},
		"request-lost":        {NoAnswer, Approved},
		"closed-before-reply": {NoAnswer, Approved},
		"reversal-reply-lost": {NoAnswer, Approved},
		"wrong-stan":          {Unusable, Approved},
		"wrong-amount":        {Unusable, Approved},
		"reply-duplicated":    {Approved, Approved},
		"insufficient-funds":  {Declined, Declined},
		"merchant-suspended":  {Declined, Declined},
	} {
		t.Run(cause, func(t *testing.T) {
			t.Parallel()
			s := simtest.Start(t, simtest.Dialect("iso87-ascii"), simtest.Cause(cause))
			till := newTill(s)
			for i := range want {
				if shown := sell(t, s, till, i+1, 1000); shown != want[i] {
					t.Errorf("sale %d: the till shows %q, want %q", i+1, shown, want[i])
				}
			}
			s.RequireVerdict(t)
		})
	}
}

// TestHonestHost sells where nothing goes wrong, and looks at what the host got.
func TestHonestHost(t *testing.T) {
	s := simtest.Start(t, simtest.Dialect("iso87-ascii"))
	if shown := sell(t, s, newTill(s), 1, 1000); shown != Approved {
		t.Errorf("the till shows %q", shown)
	}
	sale := s.Await("decision on the sale", func(e *transcript.Event) bool { return e.Kind == transcript.Decided && e.Type == world.Sale })
	if sale.Outcome != world.Approved || sale.Amount != 1000 {
		t.Errorf("the host has %s %d", sale.Outcome, sale.Amount)
	}
	s.RequireVerdict(t)
}

// TestForgetfulTill holds that this test would notice: a till that forgets what
// is pending is found guilty.
func TestForgetfulTill(t *testing.T) {
	s := simtest.Start(t, simtest.Dialect("iso87-ascii"), simtest.Cause("reply-lost"))
	till := newTill(s)
	sell(t, s, till, 1, 1000)
	till.pending = nil
	sell(t, s, till, 2, 1000)
	if s.Verdict().Passed() {
		t.Error("a till that charged the customer twice was acquitted")
	}
}
