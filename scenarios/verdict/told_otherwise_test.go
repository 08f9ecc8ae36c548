package verdict_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/acqsim/acqsim/scenarios"
	"github.com/acqsim/acqsim/scenarios/display"
	"github.com/acqsim/acqsim/scenarios/transcript"
	"github.com/acqsim/acqsim/scenarios/verdict"
	"github.com/acqsim/acqsim/scenarios/world"
)

// TestNobodyIsConvictedOfWhatItCouldNotKnow has replies say something else than
// the host decided, mean different things to terminals, or never come: a
// terminal that goes by what it was told is not to blame.
func TestNobodyIsConvictedOfWhatItCouldNotKnow(t *testing.T) {
	sale := func(decided world.Outcome, code string, shown display.Outcome, readings ...transcript.Reading) func(*tape) transcript.Event {
		return func(tp *tape) transcript.Event {
			tp.act(1, "sale", world.Sale, 1000)
			r := tp.request(world.Sale, 1, 1000)
			tp.decide(r, decided)
			tp.reply(r, code, readings...)
			tp.show(1, shown)
			return r
		}
	}
	only := func(f func(*tape) transcript.Event) func(*tape) { return func(tp *tape) { f(tp) } }
	settled := func(before func(*tape)) func(*tape) {
		return func(tp *tape) {
			before(tp)
			settles(world.OutOfBalance, "95")(tp)
			tp.approve(tp.request(world.BatchUpload, 3, 0))
		}
	}
	refund := func(mti uint16) func(tp *tape) {
		return func(tp *tape) {
			tp.act(1, "refund", world.Refund, 1000)
			r := tp.request(world.Refund, 1, 1000, func(e *transcript.Event) { e.MTI = mti })
			tp.decide(r, world.Approved)
			tp.lose(r)
			tp.show(1, display.NoAnswer)
		}
	}
	stranger := []transcript.Reading{{Code: "00", MAC: transcript.MACOK, Differs: []int{11}}, {Code: "00", MAC: transcript.MACOK}}
	type verdicts map[string]scenarios.Verdict
	for name, test := range map[string]struct {
		record func(*tape)
		want   verdicts
		by     verdict.By // of the money at risk; "": none is
	}{
		"posted, and told 96": {only(sale(world.Approved, "96", display.Declined)),
			verdicts{"money-is-safe": scenarios.Pass, "no-reversal-after-decline": scenarios.Pass, "approved-is-honoured": scenarios.NotApplicable}, verdict.ByHost},
		"posted, told 96, and settled": {settled(only(sale(world.Approved, "96", display.Declined))),
			verdicts{"money-is-safe": scenarios.Pass, "totals-agree": scenarios.Pass}, verdict.ByHost},
		"posted, told 96, and reversed all the same": {func(tp *tape) {
			tp.approve(tp.reversal(sale(world.Approved, "96", display.Declined)(tp), "98"))
		}, verdicts{"no-reversal-after-decline": scenarios.Fail}, ""},
		"refused, and told 00": {only(sale(world.InsufficientFunds, "00", display.Approved)),
			verdicts{"money-is-safe": scenarios.Pass, "no-approval-without-reply": scenarios.Pass}, verdict.ByHost},
		"success with a remark": {only(sale(world.Approved, "A2", display.Approved)),
			verdicts{"no-approval-without-reply": scenarios.Pass, "approved-is-honoured": scenarios.Pass}, ""},
		"success with a remark, refused": {only(sale(world.Approved, "A2", display.Declined)),
			verdicts{"approved-is-honoured": scenarios.Fail, "money-is-safe": scenarios.Fail}, verdict.ByTerminal},
		"a condition, taken": {only(sale(world.Approved, "10", display.Approved)),
			verdicts{"no-approval-without-reply": scenarios.NotApplicable, "approved-is-honoured": scenarios.NotApplicable}, ""},
		"a condition, not taken": {only(sale(world.Approved, "10", display.Declined)),
			verdicts{"approved-is-honoured": scenarios.NotApplicable, "connection-errors-are-not-declines": scenarios.NotApplicable}, verdict.ByLine},
		"an upload ended out of balance by 501": {func(tp *tape) {
			settles(world.OutOfBalance, "501")(tp)
			end := tp.request(world.SettlementEnd, 3, 0)
			tp.decide(end, world.OutOfBalance)
			tp.reply(end, "501")
		}, verdicts{"no-approval-without-reply": scenarios.Pass}, ""},
		"a refund without an answer":           {settled(refund(200)), verdicts{"totals-agree": scenarios.Pass}, ""},
		"a refund by advice without an answer": {settled(refund(220)), verdicts{"totals-agree": scenarios.Pass}, ""},
		"another's reply first, and nobody told what was shown": {func(tp *tape) {
			r := tp.request(world.Sale, 1, 1000)
			tp.decide(r, world.Approved)
			tp.reply(r, "00", stranger...)
			tp.approve(tp.reversal(r, "06"))
		}, verdicts{"approved-is-honoured": scenarios.NotApplicable, "reversal-names-its-original": scenarios.Pass}, ""},
		"another's reply first, and given up": {func(tp *tape) {
			tp.approve(tp.reversal(sale(world.Approved, "00", display.Mismatch, stranger...)(tp), "06"))
		}, verdicts{"approved-is-honoured": scenarios.NotApplicable, "reversal-names-its-original": scenarios.Pass}, ""},
		"another's reply first, and skipped": {only(sale(world.Approved, "00", display.Approved, stranger...)),
			verdicts{"approved-is-honoured": scenarios.Pass, "no-approval-without-reply": scenarios.Pass}, ""},
		"another's reply first, and shown as a decline": {only(sale(world.Approved, "00", display.Declined, stranger...)),
			verdicts{"approved-is-honoured": scenarios.Fail}, verdict.ByTerminal},
	} {
		t.Run(name, func(t *testing.T) {
			tp := newTape()
			test.record(tp)
			r, err := verdict.Judge(verdict.Input{Events: tp.events, Terminal: till})
			require.NoError(t, err)
			for _, x := range r.Rules {
				if want, ok := test.want[x.Rule]; ok {
					assert.Equal(t, want, x.Verdict, "%s: %s", x.Rule, x.Why)
					bilingual(t, x.Why)
				}
			}
			if test.by == "" {
				assert.Empty(t, r.Money)
				return
			}
			require.Len(t, r.Money, 1)
			assert.Equal(t, test.by, r.Money[0].By, r.Money[0].Why)
			bilingual(t, r.Money[0].Why)
		})
	}
}

// TestWhoRefusesEverythingIsNotExcused has a terminal do nothing where the line
// is in order.
func TestWhoRefusesEverythingIsNotExcused(t *testing.T) {
	for _, is := range []string{"approved", "declined", "[declined, approved]"} {
		s, err := scenarios.Load("under-test.yaml", []byte(expecting+"  - outcome: {action: 1, is: "+is+"}\n"), nil)
		require.NoError(t, err)
		tp := newTape()
		tp.act(1, "sale", world.Sale, 1000)
		tp.show(1, display.NotPossible)
		r, err := verdict.Judge(verdict.Input{Events: tp.events, Scenario: s, Terminal: till})
		require.NoError(t, err)
		assert.Equal(t, scenarios.Fail, r.Expect[0].Verdict, is)
	}
}

// TestASignOnThatFails holds that a terminal which has to sign on first is not
// judged by what would have become of a sale that it never made.
func TestASignOnThatFails(t *testing.T) {
	s, err := scenarios.Load("under-test.yaml", []byte(expecting+"  - outcome: {action: 1, is: no-answer}\n"), nil)
	require.NoError(t, err)
	signOn := func(then func(*tape, transcript.Event)) func(*tape) {
		return func(tp *tape) {
			tp.act(1, "sale", world.Sale, 1000)
			then(tp, tp.request(world.SignOn, 1, 0))
		}
	}
	for name, test := range map[string]struct {
		record func(*tape)
		want   scenarios.Verdict
	}{
		"no answer": {signOn(func(tp *tape, r transcript.Event) { tp.lose(r); tp.show(1, display.NotPossible) }), scenarios.NotApplicable},
		"refused": {signOn(func(tp *tape, r transcript.Event) {
			tp.decide(r, world.MerchantFrozen)
			tp.reply(r, "03")
			tp.show(1, display.NotPossible)
		}), scenarios.NotApplicable},
		"granted": {signOn(func(tp *tape, r transcript.Event) { tp.approve(r); tp.show(1, display.NotPossible) }), scenarios.Fail},
		"not even sent": {func(tp *tape) {
			tp.act(1, "sale", world.Sale, 1000)
			tp.show(1, display.NotPossible)
		}, scenarios.NotApplicable},
		"the sale was made": {func(tp *tape) { tp.lost(1, 1); tp.events[len(tp.events)-1].Shown = display.NotPossible }, scenarios.Fail},
		"declined":          {signOn(func(tp *tape, r transcript.Event) { tp.lose(r); tp.show(1, display.Declined) }), scenarios.Fail},
	} {
		t.Run(name, func(t *testing.T) {
			tp := newTape()
			test.record(tp)
			r, err := verdict.Judge(verdict.Input{Events: tp.events, Scenario: s, Terminal: till})
			require.NoError(t, err)
			require.Len(t, r.Expect, 1)
			assert.Equal(t, test.want, r.Expect[0].Verdict, r.Expect[0].Why)
			bilingual(t, r.Expect[0].Why)
		})
	}
}
