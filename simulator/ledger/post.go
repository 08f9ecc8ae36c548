package ledger

import (
	"time"

	"github.com/acqsim/acqsim/scenarios/world"
)

// Post records a decided transaction in the open batch of x.Terminal and
// returns the book's own record of it. If x.State is Posted, it takes effect:
//
//   - money: Amount moves from x.From to x.To, and the totals count it
//     (purchases as debits, a refund as credit);
//   - a refund raises what has been refunded of its Original;
//   - a completion uses its Hold, and the void of a pre-authorisation releases
//     it: all of what it holds is free again;
//   - an adjustment or tip changes what its Original is worth to Amount, and the
//     difference moves, in the original's direction or against it.
//
// The accounts must have one currency, and the amount must not be negative:
// the host has checked. What can't take effect is recorded as Declined: a
// negative amount, a hold that is not live, an adjustment of what does not
// stand, and a void, reversal or pre-authorisation, which have functions of
// their own.
func (b *Book) Post(x Txn) *Txn {
	if x.State == Posted && !b.postable(&x) {
		x.State = Declined
	}
	if x.State != Posted || x.Type != world.PreAuthVoid && !IsCompletion(x.Type) {
		x.Hold = nil
	}
	return b.commit(recordPost, &x, effects{})
}

func (b *Book) postable(x *Txn) bool {
	switch {
	case x.Amount < 0:
		return false
	case IsCompletion(x.Type), x.Type == world.PreAuthVoid:
		return x.Hold != nil && x.Hold.State == HoldLive
	case IsAdjustment(x.Type):
		return b.stands(x.Original, x.Terminal) && IsPurchase(x.Original.Type)
	}
	switch x.Type {
	case world.Void, world.CompletionVoid, world.Reversal, world.PreAuth:
		return false
	}
	return true
}

// PostVoid records the void x of a purchase: of a completion if x.Type is
// CompletionVoid, else of a sale or the like. If x.State is Posted, the
// purchase becomes Voided, its money moves back, the totals drop it, and the
// hold of a completion comes back, unless it has expired at x.At; Amount, From
// and To of the record say what moved. A purchase that does not stand in the
// open batch of x.Terminal can't be voided: then the record says Declined.
func (b *Book) PostVoid(x Txn, purchase *Txn) *Txn {
	if x.Type != world.CompletionVoid {
		x.Type = world.Void
	}
	x.Original, x.Hold = purchase, nil
	if x.State == Posted {
		if b.stands(purchase, x.Terminal) && Voids(x.Type, purchase.Type) {
			x.mirror(purchase)
		} else {
			x.State = Declined
		}
	}
	return b.commit(recordVoid, &x, effects{})
}

// PostReversal records the reversal x of an original transaction. If undo is
// set and [Book.Undoable] says yes, the original becomes Reversed, and all that
// it did is undone: its money moves back, what it voided stands again, what it
// refunded or adjusted is as before, and its hold is released or comes back.
// The record is Posted then, and says in Amount, From and To what moved. A
// reversal that undoes nothing is NoMoney if the host approved it as Posted; so
// a second reversal of one original changes nothing.
//
// Where original is nil, the reversal is remembered as unmatched, unless it
// says that its original is in another batch than the open one; see
// [Book.UnmatchedReversal].
func (b *Book) PostReversal(x Txn, original *Txn, undo bool) *Txn {
	x.Type, x.Original, x.Hold = world.Reversal, original, nil
	e := effects{
		undo:     undo && b.Undoable(original, x.Terminal),
		remember: original == nil && (x.OriginalBatch == 0 || x.OriginalBatch == x.Terminal.Batch),
	}
	switch {
	case e.undo:
		x.State = Posted
		x.mirror(original)
	case x.State == Posted:
		x.State = NoMoney
	}
	return b.commit(recordReversal, &x, e)
}

// Consume forgets a remembered reversal, because it has met its late original:
// it is used once. One that is not remembered is left alone.
func (b *Book) Consume(rev *Txn) {
	if rev == nil || rev.marks&unmatched == 0 || b.hasLeft(rev) {
		return
	}
	rev.Terminal.forget(rev)
	b.logConsume(rev)
}

// stands reports whether a transaction is in the open batch of t and its money
// stands.
func (b *Book) stands(x *Txn, t *Terminal) bool {
	return x != nil && x.Terminal == t && x.State == Posted && !b.hasLeft(x)
}

// Undoable reports whether a reversal at terminal t can undo the transaction:
// it stands in t's open batch, and nothing that came later rests on it. A hold
// that was completed, or a sale that was voided, is undone from its end.
func (b *Book) Undoable(x *Txn, t *Terminal) bool {
	if !b.stands(x, t) {
		return false
	}
	about, h := x.Original, x.Hold
	switch {
	case IsCompletion(x.Type):
		return h != nil && h.State == HoldCompleted
	case IsPurchase(x.Type), x.Type == world.Refund, x.Type == world.Void:
		return true
	case IsAdjustment(x.Type):
		// The sale is worth what this one made of it.
		return b.stands(about, t) && about.Worth() == x.Amount && about.Refunded <= about.Worth()-x.Adjusted
	}
	switch x.Type {
	case world.PreAuth:
		return h != nil && (h.State == HoldLive || h.State == HoldExpired)
	case world.PreAuthVoid:
		return h != nil && h.State == HoldVoided
	case world.CompletionVoid:
		// Another completion may have used what came back.
		return h != nil && (h.State == HoldLive || h.State == HoldExpired)
	}
	return false
}

// mirror makes x move back what y moved.
func (x *Txn) mirror(y *Txn) {
	x.Amount, x.Currency, x.From, x.To = y.Moves(), y.Currency, y.To, y.From
}

// effects are what a record does beyond moving its money.
type effects struct {
	undo     bool // its original becomes Reversed
	remember bool // it waits for its original
}

// commit carries out what has been settled, and logs it.
func (b *Book) commit(kind recordKind, x *Txn, e effects) *Txn {
	if x.Original != nil && b.hasLeft(x.Original) {
		x.Original = nil
	}
	p := b.apply(kind, x, e)
	n := b.excess()
	b.logTxn(kind, p, e, n)
	if n > 0 {
		b.evict(n, b.o.Evicted)
	}
	return p
}

// apply is the one place where money moves, when a decision is posted and when
// the log is replayed.
func (b *Book) apply(kind recordKind, x *Txn, e effects) *Txn {
	t := x.Terminal
	p := t.open.next(&b.shelf)
	*p = *x
	p.Batch, p.serial, p.Refunded, p.Adjusted, p.marks = t.Batch, t.Serial, 0, 0, 0
	t.Serial++

	original := p.Original
	if original != nil && original.Terminal != t {
		original.Terminal.shared = true
	}
	if kind != recordPost && kind != recordHold && original != nil {
		p.Hold = original.Hold
	}
	if p.State == Posted {
		t.moved = true
		switch {
		case kind == recordVoid:
			original.State = Voided
			t.Totals.count(original.Type, original.Worth(), -1)
			if p.Hold != nil {
				b.holds.revive(p.Hold, p.At)
			}
		case e.undo:
			b.undo(t, original, p.At)
		case kind == recordHold:
			b.holds.turn(p.Hold, HoldLive)
		default:
			b.effect(t, p)
		}
		if p.From != nil && p.To != nil {
			p.From.Booked -= p.Moves()
			p.To.Booked += p.Moves()
		}
	}
	t.open.add(p)
	b.enqueue(p)
	if e.remember {
		t.remember(p)
	}
	return p
}

// effect carries out what a posting does besides moving its money.
func (b *Book) effect(t *Terminal, p *Txn) {
	original := p.Original
	switch {
	case IsAdjustment(p.Type):
		p.Adjusted = p.Amount - original.Worth()
		p.From, p.To = original.From, original.To
		if p.Adjusted < 0 {
			p.From, p.To = p.To, p.From
		}
		original.Adjusted += p.Adjusted
		t.Totals.DebitAmount += p.Adjusted
		return
	case IsCompletion(p.Type):
		b.holds.turn(p.Hold, HoldCompleted)
	case p.Type == world.PreAuthVoid:
		b.holds.turn(p.Hold, HoldVoided)
	case p.Type == world.Refund && original != nil:
		original.Refunded += p.Amount
	}
	t.Totals.count(p.Type, p.Amount, 1)
}

// undo marks a transaction as reversed, with what that means for the totals,
// for its hold, and for the transaction that it was about. A purchase that was
// evicted after its void still counts in the totals when the void is reversed.
func (b *Book) undo(t *Terminal, x *Txn, now time.Time) {
	x.State = Reversed
	about := x.Original
	if about != nil && b.hasLeft(about) {
		about = nil
	}
	switch {
	case IsPurchase(x.Type):
		t.Totals.count(x.Type, x.Worth(), -1)
		if x.Hold != nil {
			b.holds.revive(x.Hold, now)
		}
	case IsAdjustment(x.Type):
		t.Totals.DebitAmount -= x.Adjusted
		if about != nil {
			about.Adjusted -= x.Adjusted
		}
	}
	switch x.Type {
	case world.Refund:
		t.Totals.count(world.Refund, x.Amount, -1)
		if about != nil {
			about.Refunded -= x.Amount
		}
	case world.Void, world.CompletionVoid:
		t.Totals.count(world.Sale, x.Amount, 1)
		if about != nil {
			about.State = Posted
		}
		if x.Hold != nil {
			b.holds.turn(x.Hold, HoldCompleted)
		}
	case world.PreAuth:
		if x.Hold != nil {
			b.holds.turn(x.Hold, HoldReversed)
		}
	case world.PreAuthVoid:
		if x.Hold != nil {
			b.holds.revive(x.Hold, now)
		}
	}
}
