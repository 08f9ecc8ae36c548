package terminal

import (
	"context"
	"slices"

	"github.com/acqsim/acqsim/scenarios/profile"
	"github.com/acqsim/acqsim/scenarios/world"
)

// conclude makes of an exchange what the terminal keeps of it.
func (t *Terminal) conclude(ctx context.Context, x Transaction, rec Record, ex *Exchange, r *Result) error {
	reasons := &t.p.Reversal.Reasons
	switch ex.Outcome {
	case Approved:
		if err := t.approved(x, rec, ex, r); err != nil || r.Outcome == Approved {
			return err
		}
	case Declined:
		if !t.bugs[BugReversesDecline] {
			t.forget(rec.STAN)
		}
	case CardDeclined:
		t.because(rec, reasons.CardDeclined)
	case MACError:
		t.because(rec, reasons.MAC)
	case Mismatch:
		t.unlike(rec, t.p.Replies.Mismatch, reasons.Other)
	case Garbled:
		if ex.Reply != nil && ex.Reply.MTI != 0 { // it could be read, and has no DE 39
			t.unlike(rec, t.p.Replies.Mismatch, reasons.Other)
			break
		}
		t.unlike(rec, t.p.Replies.Unreadable, reasons.NoAnswer)
	default:
		t.unanswered(rec)
	}
	if err := t.save(); err != nil {
		return err
	}
	if t.p.Reversal.Sent == profile.AtOnce && len(t.s.Pending) > 0 && !t.bugs[BugNextSaleFirst] {
		_, err := t.reverse(ctx, r)
		return err
	}
	return nil
}

// unanswered keeps the reversal of a transaction without an answer; bugs don't.
func (t *Terminal) unanswered(rec Record) {
	if t.bugs[BugForgetsReversal] {
		t.forget(rec.STAN)
	}
	if t.bugs[BugCountsUnanswered] {
		t.s.apply(rec)
	}
}

// approved enters an approved transaction, and then does what can still go
// wrong: card and printer.
func (t *Terminal) approved(x Transaction, rec Record, ex *Exchange, r *Result) error {
	rec.RRN = orElse(ex.Reply.RRN, rec.RRN)
	rec.Approval = orElse(ex.Reply.Approval, rec.Approval)
	r.Record = rec
	reasons := &t.p.Reversal.Reasons
	if x.After == CardDeclines {
		t.because(rec, reasons.CardDeclined)
		r.end(CardDeclined, world.Say("the card refused after the host's approval", "主机批准后卡片拒绝")).hint("Will be reversed", "交易将被冲正")
		return nil
	}
	if x.After == CardRemoved {
		t.because(rec, reasons.TerminalFailure)
		r.end(Cancelled, world.Say("the card was removed too early", "卡片过早拔出")).hint("Card removed: will be reversed", "卡片已拔出，交易将被冲正")
		return nil
	}
	undo := t.s.clone()
	t.forget(rec.STAN)
	if rec.Type == world.Inquiry {
		r.Balance = balanceOf(ex.Reply)
	} else {
		t.s.apply(rec)
	}
	if err := t.save(); err != nil {
		return err
	}
	var failed error
	if x.After == PrinterFails {
		failed = errPaper
	} else {
		failed = t.print(t.receipt(r))
	}
	if failed == nil {
		return nil
	}
	t.s.Transactions = undo.Transactions
	t.s.total()
	t.because(rec, reasons.TerminalFailure)
	r.end(NotPossible, world.Say("the printer failed (%s): the transaction is reversed", "打印机故障（%s）：交易将被冲正", world.TextOf(failed))).hint("Printer failed: will be reversed", "打印机故障，交易将被冲正")
	return nil
}

// errPaper is a printer without paper.
var errPaper = spoken{world.Bilingual{EN: "out of paper", ZH: "缺纸"}}

// because keeps the reversal of a transaction with its reason; a type that is
// not reversed has none.
func (t *Terminal) because(rec Record, reason string) {
	if !t.p.Reverses(rec.Type) {
		return
	}
	for i := range t.s.Pending {
		if p := &t.s.Pending[i]; p.STAN == rec.STAN {
			p.Record, p.Reason = rec, reason
			return
		}
	}
	t.s.Pending = append(t.s.Pending, Pending{Record: rec, Reason: reason})
}

// unlike does what the profile does about a reply that is not in order.
func (t *Terminal) unlike(rec Record, does profile.Pending, reason string) {
	if does == profile.Delete || t.bugs[BugForgetsReversal] {
		t.forget(rec.STAN)
		return
	}
	t.because(rec, reason)
}

// forget deletes the pending reversal of a transaction.
func (t *Terminal) forget(stan uint32) {
	t.s.Pending = slices.DeleteFunc(t.s.Pending, func(p Pending) bool { return p.STAN == stan })
}
