package host

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/acqsim/acqsim/scenarios/world"
	"github.com/acqsim/acqsim/simulator/dialect"
	"github.com/acqsim/acqsim/simulator/ledger"
)

// shadow is what an observer at the terminal knows of a transaction: nothing
// but requests and answers.
type shadow struct {
	req      *dialect.Request
	approval string
	approved bool
	undone   bool
	about    *shadow     // of what names another
	hold     *shadowHold // of what concerns a pre-authorisation
	changed  int64       // by what tips have changed it; of a tip, by what it changed the other
	refunded int64
}

// shadowHold is what a pre-authorisation promised.
type shadowHold struct {
	amount  int64
	expires time.Time
	state   ledger.HoldState
}

func (h *shadowHold) revive(now time.Time) {
	h.state = ledger.HoldExpired
	if now.Before(h.expires) {
		h.state = ledger.HoldLive
	}
}

// worth is what a transaction that stands has taken from the card.
func (s *shadow) worth() int64 {
	switch {
	case !s.approved || s.undone:
		return 0
	case s.req.Type == world.Refund:
		return -s.req.Amount
	case ledger.IsPurchase(s.req.Type):
		return s.req.Amount + s.changed
	}
	return 0
}

// observer plays transactions and notes what the answers promise.
type observer struct {
	*bench
	rt   *rapid.T
	all  []*shadow
	late []*dialect.Request // reversed before they arrived
}

var everyKind = []world.TransactionType{
	world.Sale, world.Cash, world.CashBack, world.OfflineSale, world.Void, world.Refund,
	world.PreAuth, world.PreAuthVoid, world.Completion, world.CompletionAdvice, world.CompletionVoid,
	world.Adjustment, world.Tip,
}

// post decides a request and notes what follows if it is approved.
func (o *observer) post(r *dialect.Request, about *shadow) {
	s := &shadow{req: r, about: about}
	d := o.decide(r)
	s.approval, s.approved = d.Approval, d.Outcome == world.Approved
	o.all = append(o.all, s)
	if !s.approved {
		return
	}
	switch r.Type {
	case world.PreAuth:
		s.hold = &shadowHold{amount: r.Amount, expires: o.now.AddDate(0, 0, world.DefaultHoldDays)}
	case world.PreAuthVoid:
		if s.hold = about.hold; s.hold == nil || s.hold.state != ledger.HoldLive {
			s.undone = true // it voided nothing, whatever was answered
			return
		}
		s.hold.state = ledger.HoldVoided
	case world.Completion, world.CompletionAdvice:
		s.hold = about.hold
		s.hold.state = ledger.HoldCompleted
	case world.Void, world.CompletionVoid:
		if about.undone || !about.approved || about.refunded > 0 {
			s.undone = true
			return
		}
		about.undone = true
		if s.hold = about.hold; s.hold != nil {
			s.hold.revive(o.now)
		}
	case world.Adjustment, world.Tip:
		s.changed = r.Amount - about.worth()
		about.changed += s.changed
	case world.Refund:
		about.refunded += r.Amount
	}
}

// reversed notes what the approved reversal of a transaction undoes.
func (o *observer) reversed(s *shadow) {
	if s.refunded > 0 {
		return
	}
	usable := s.hold != nil && (s.hold.state == ledger.HoldLive || s.hold.state == ledger.HoldExpired)
	switch s.req.Type {
	case world.PreAuth:
		if !usable {
			return
		}
		s.hold.state = ledger.HoldReversed
	case world.PreAuthVoid:
		if s.hold.state != ledger.HoldVoided {
			return
		}
		s.hold.revive(o.now)
	case world.Completion, world.CompletionAdvice:
		s.hold.revive(o.now)
	case world.CompletionVoid:
		if !usable {
			return
		}
		s.about.undone = false
		s.hold.state = ledger.HoldCompleted
	case world.Void:
		s.about.undone = false
	case world.Adjustment, world.Tip:
		if s.about.worth() != s.req.Amount || s.about.refunded > s.about.worth()-s.changed {
			return // voided, refunded or adjusted again
		}
		s.about.changed -= s.changed
	case world.Refund:
		s.about.refunded -= s.req.Amount
	}
	s.undone = true
}

// pick draws a transaction of one of the kinds; nil if there is none.
func (o *observer) pick(kinds ...world.TransactionType) *shadow {
	var fitting []*shadow
	for _, s := range o.all {
		for _, k := range kinds {
			if s.req.Type == k {
				fitting = append(fitting, s)
			}
		}
	}
	if len(fitting) == 0 {
		return nil
	}
	if recent := len(fitting) - 3; recent > 0 && rapid.Bool().Draw(o.rt, "recent") {
		fitting = fitting[recent:]
	}
	return rapid.SampledFrom(fitting).Draw(o.rt, "which")
}

// pickOpen picks from the open batch.
func (o *observer) pickOpen(kinds ...world.TransactionType) *shadow {
	if s := o.pick(kinds...); s != nil && s.req.Batch == o.batch {
		return s
	}
	return nil
}

func (o *observer) amount() int64 { return rapid.Int64Range(1, 5000).Draw(o.rt, "amount") }

// purchase asks for something that needs no original.
func (o *observer) purchase() {
	kind := rapid.SampledFrom([]world.TransactionType{world.Sale, world.Sale, world.Cash, world.CashBack, world.OfflineSale}).Draw(o.rt, "kind")
	r := o.request(kind, o.amount())
	if kind == world.CashBack {
		r.Cash, r.HasCash = rapid.Int64Range(0, 6000).Draw(o.rt, "cash"), true
	}
	o.post(r, nil)
}

// concern asks for something about an earlier transaction, with an amount that
// is the same or another.
func (o *observer) concern(kind world.TransactionType, about *shadow, same bool) {
	if about == nil {
		return
	}
	r := o.about(kind, about.req)
	if w := about.worth(); w > 0 {
		r.Amount = w
	}
	if !same {
		r.Amount = o.amount()
	}
	if about.hold != nil && about.req.Type == world.PreAuth && rapid.Bool().Draw(o.rt, "by approval code") {
		r.Original.Approval = dialect.MakeID(about.approval)
	}
	o.post(r, about)
}

// reverse sends a reversal, and maybe its repeats.
func (o *observer) reverse() {
	s := o.pickOpen(everyKind...)
	if s == nil {
		return
	}
	r := o.about(world.Reversal, s.req)
	r.Amount += s.changedBy()
	first := o.decide(r)
	for range rapid.IntRange(0, 2).Draw(o.rt, "repeats") {
		again := o.about(world.Reversal, s.req)
		again.Amount = r.Amount
		d := o.decide(again)
		require.Equal(o.rt, first.Outcome, d.Outcome)
		require.Empty(o.rt, d.From, "a repeat posts nothing")
	}
	if first.Outcome == world.Approved && s.approved && !s.undone {
		o.reversed(s)
	}
}

// changedBy is how much more than its DE 4 a purchase comes to.
func (s *shadow) changedBy() int64 {
	if ledger.IsPurchase(s.req.Type) {
		return s.changed
	}
	return 0
}

func (o *observer) repeat() {
	s := o.pickOpen(everyKind...)
	if s == nil {
		return
	}
	r := *s.req
	require.Equal(o.rt, world.Duplicate, o.decide(&r).Outcome)
	r.MTI, r.Repeat = r.MTI+1, true
	d := o.decide(&r)
	require.Equal(o.rt, s.approved, d.Outcome == world.Approved)
	require.Equal(o.rt, s.approval, d.Approval)
	require.Empty(o.rt, d.From)
}

func (o *observer) pass() {
	o.now = o.now.Add(time.Duration(rapid.IntRange(1, 20*24).Draw(o.rt, "hours")) * time.Hour)
}

// check compares the books with what the answers promised.
func (o *observer) check(opening int64) {
	balance := o.balance()
	var spent, debit, credit, held int64
	for _, s := range o.all {
		w := s.worth()
		spent += w
		if s.req.Type == world.PreAuth && s.hold != nil && s.hold.state == ledger.HoldLive {
			if o.now.Before(s.hold.expires) {
				held += s.hold.amount
			} else {
				s.hold.state = ledger.HoldExpired
			}
		}
		if s.req.Batch != o.batch {
			continue
		}
		if w > 0 {
			debit += w
		} else {
			credit -= w
		}
	}
	var sum, opened, reserved int64
	o.book.Accounts(func(a *ledger.Account) bool {
		sum += a.Booked
		opened += a.Opening
		reserved += a.Held
		return true
	})
	require.Equal(o.rt, opened, sum, "money is conserved")
	require.Equal(o.rt, held, reserved, "what is held is what live holds promise")
	require.Equal(o.rt, opening-spent-held, balance, "the card has paid what was approved and not undone")
	totals := o.book.Terminal("10000001").Totals
	require.Equal(o.rt, fmt.Sprint(debit, credit), fmt.Sprint(totals.DebitAmount, totals.CreditAmount), "so do the batch totals")
}

// TestMoneyFollowsTheAnswers plays any sequence of all transactions, reversals,
// repeats, duplicates, late originals, closed batches and passing days, and
// compares the books with what the answers promised.
func TestMoneyFollowsTheAnswers(t *testing.T) {
	dialects := map[string]*dialect.Dialect{"lenient": lenient(t)}
	for _, name := range everyDialect {
		d, err := dialect.Load(name)
		require.NoError(t, err)
		dialects[name] = d
	}
	rapid.Check(t, func(rt *rapid.T) {
		book := ledger.New(ledger.Options{})
		h, err := New(Options{World: emptyWorld(), Book: book})
		require.NoError(rt, err)
		d := dialects[rapid.SampledFrom(append([]string{"lenient"}, everyDialect...)).Draw(rt, "dialect")]
		o := &observer{bench: &bench{t: t, h: h, book: book, d: d, now: monday, batch: 1}, rt: rt}
		opening := o.balance()
		purchases := []world.TransactionType{world.Sale, world.Cash, world.CashBack, world.OfflineSale}
		completions := []world.TransactionType{world.Completion, world.CompletionAdvice}
		same := func() bool { return rapid.IntRange(0, 3).Draw(rt, "same amount") > 0 }
		rt.Repeat(map[string]func(*rapid.T){
			"purchase":         func(*rapid.T) { o.purchase() },
			"void":             func(*rapid.T) { o.concern(world.Void, o.pickOpen(purchases...), same()) },
			"refund":           func(*rapid.T) { o.concern(world.Refund, o.pickOpen(world.Sale, world.Completion), false) },
			"pre-auth":         func(*rapid.T) { o.post(o.request(world.PreAuth, o.amount()), nil) },
			"pre-auth void":    func(*rapid.T) { o.concern(world.PreAuthVoid, o.pick(world.PreAuth), same()) },
			"completion":       func(*rapid.T) { o.concern(completions[len(o.all)%2], o.pick(world.PreAuth), same()) },
			"completion void":  func(*rapid.T) { o.concern(world.CompletionVoid, o.pickOpen(completions...), same()) },
			"tip":              func(*rapid.T) { o.concern(world.Tip, o.pickOpen(world.Sale, world.Completion), false) },
			"adjustment":       func(*rapid.T) { o.concern(world.Adjustment, o.pickOpen(world.Sale, world.OfflineSale), false) },
			"reversal":         func(*rapid.T) { o.reverse() },
			"another reversal": func(*rapid.T) { o.reverse() },
			"repeat":           func(*rapid.T) { o.repeat() },
			"time":             func(*rapid.T) { o.pass() },
			"batch": func(*rapid.T) {
				if rapid.IntRange(0, 4).Draw(rt, "now and then") == 0 {
					o.closeBatch()
					o.late = nil
				}
			},
			"reversal before its original": func(*rapid.T) {
				r := o.request(rapid.SampledFrom([]world.TransactionType{world.Sale, world.PreAuth}).Draw(rt, "kind"), o.amount())
				require.Equal(rt, d.Edges().ReversalUnmatched, o.decide(o.about(world.Reversal, r)).Outcome)
				o.late = append(o.late, r)
			},
			"late original": func(*rapid.T) {
				if n := len(o.late); n > 0 {
					require.Equal(rt, world.ReversedBeforeArrival, o.decide(o.late[n-1]).Outcome)
					o.late = o.late[:n-1]
				}
			},
			"": func(*rapid.T) { o.check(opening) },
		})
	})
}
