package host

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/acqsim/acqsim/scenarios/world"
	"github.com/acqsim/acqsim/simulator/dialect"
	"github.com/acqsim/acqsim/simulator/ledger"
)

// shadow is what an observer at the terminal knows of a sale, a void or a
// refund: nothing but requests and answers.
type shadow struct {
	req      *dialect.Request
	approved bool
	undone   bool
	about    *shadow // of a void
	refunded int64   // of a sale
}

// worth is what a transaction that stands has taken from the card.
func (s *shadow) worth() int64 {
	switch {
	case !s.approved || s.undone || s.req.Type == world.Void:
		return 0
	case s.req.Type == world.Refund:
		return -s.req.Amount
	}
	return s.req.Amount
}

// TestMoneyFollowsTheAnswers plays any sequence of sales, voids, refunds,
// reversals, repeats, duplicates and late originals, and compares the books
// with what the answers promised.
func TestMoneyFollowsTheAnswers(t *testing.T) {
	d, err := dialect.Load("unionpay-pos")
	require.NoError(t, err)
	rapid.Check(t, func(rt *rapid.T) {
		book := ledger.New(ledger.Options{})
		h, err := New(Options{World: emptyWorld(), Book: book})
		require.NoError(rt, err)
		b := &bench{t: t, h: h, book: book, d: d, now: monday}
		opening := b.balance()
		var all []*shadow
		var late []*dialect.Request // reversed before they arrived

		post := func(r *dialect.Request, about *shadow) *shadow {
			s := &shadow{req: r, about: about}
			s.approved = b.decide(r).Outcome == world.Approved
			all = append(all, s)
			if s.approved && r.Type == world.Void {
				about.undone = true
			}
			if s.approved && r.Type == world.Refund && about != nil {
				about.refunded += r.Amount
			}
			return s
		}
		pick := func(kinds ...world.TransactionType) *shadow {
			var fitting []*shadow
			for _, s := range all {
				for _, k := range kinds {
					if s.req.Type == k {
						fitting = append(fitting, s)
					}
				}
			}
			if len(fitting) == 0 {
				return nil
			}
			return rapid.SampledFrom(fitting).Draw(rt, "which")
		}
		amount := func() int64 { return rapid.Int64Range(1, 5000).Draw(rt, "amount") }

		rt.Repeat(map[string]func(*rapid.T){
			"sale": func(*rapid.T) { post(b.request(world.Sale, amount()), nil) },
			"void": func(*rapid.T) {
				if s := pick(world.Sale); s != nil {
					post(b.about(world.Void, s.req), s)
				}
			},
			"refund": func(*rapid.T) {
				if s := pick(world.Sale); s != nil {
					r := b.about(world.Refund, s.req)
					r.Amount = amount()
					post(r, s)
				}
			},
			"reversal, and its repeats": func(*rapid.T) {
				s := pick(world.Sale, world.Void, world.Refund)
				if s == nil {
					return
				}
				first := b.decide(b.about(world.Reversal, s.req))
				for range rapid.IntRange(0, 2).Draw(rt, "repeats") {
					again := b.decide(b.about(world.Reversal, s.req))
					require.Equal(rt, first.Outcome, again.Outcome)
					require.Empty(rt, again.From, "a repeat posts nothing")
				}
				if first.From == "" || s.undone {
					return // it undid nothing, or had been undone before
				}
				s.undone = true
				if s.req.Type == world.Void {
					s.about.undone = false
				}
				if s.req.Type == world.Refund && s.about != nil {
					s.about.refunded -= s.req.Amount
				}
			},
			"repeat": func(*rapid.T) {
				if s := pick(world.Sale, world.Void, world.Refund); s != nil {
					r := *s.req
					r.MTI, r.Repeat = 201, true
					d := b.decide(&r)
					require.Equal(rt, s.approved, d.Outcome == world.Approved)
					require.Empty(rt, d.From)
				}
			},
			"duplicate": func(*rapid.T) {
				if s := pick(world.Sale, world.Void, world.Refund); s != nil {
					require.Equal(rt, world.Duplicate, b.decide(s.req).Outcome)
				}
			},
			"reversal before its original": func(*rapid.T) {
				r := b.request(world.Sale, amount())
				require.Equal(rt, world.OriginalNotFound, b.decide(b.about(world.Reversal, r)).Outcome)
				late = append(late, r)
			},
			"late original": func(*rapid.T) {
				if n := len(late); n > 0 {
					require.Equal(rt, world.ReversedBeforeArrival, b.decide(late[n-1]).Outcome)
					late = late[:n-1]
				}
			},
			"": func(*rapid.T) {
				var spent, debit, credit int64
				for _, s := range all {
					spent += s.worth()
					if w := s.worth(); w > 0 {
						debit += w
					} else {
						credit -= w
					}
				}
				var sum, opened int64
				book.Accounts(func(a *ledger.Account) bool {
					sum += a.Booked
					opened += a.Opening
					return true
				})
				require.Equal(rt, opened, sum, "money is conserved")
				require.Equal(rt, opening-spent, b.balance(), "the card has paid what was approved and not undone")
				totals := book.Terminal("10000001").Totals
				require.Equal(rt, fmt.Sprint(debit, credit), fmt.Sprint(totals.DebitAmount, totals.CreditAmount), "so do the batch totals")
			},
		})
	})
}
