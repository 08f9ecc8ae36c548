package ledger

import "github.com/acqsim/acqsim/scenarios/world"

// Post records a decided transaction in the open batch of x.Terminal and
// returns the book's own record of it. If x.State is Posted, Amount moves from
// x.From to x.To, the totals count it (a sale as debit, a refund as credit),
// and a refund raises what has been refunded of its Original.
//
// The accounts must have one currency, and the amount must not be negative:
// the host has checked. A negative amount is recorded as Declined, and so is a
// void or reversal that claims to be Posted: only [Book.PostVoid] and
// [Book.PostReversal] undo.
func (b *Book) Post(x Txn) *Txn {
	if x.State == Posted && (x.Amount < 0 || x.Type == world.Void || x.Type == world.Reversal) {
		x.State = Declined
	}
	return b.commit(recordPost, &x, effects{})
}

// PostVoid records the void x of a sale. If x.State is Posted, the sale
// becomes Voided, its money moves back, and the totals drop it; Amount, From
// and To of the record say what moved. A sale that does not stand in the open
// batch of x.Terminal can't be voided: then the record says Declined.
func (b *Book) PostVoid(x Txn, sale *Txn) *Txn {
	x.Type, x.Original = world.Void, sale
	if x.State == Posted {
		if b.stands(sale, x.Terminal) && sale.Type == world.Sale {
			x.mirror(sale)
		} else {
			x.State = Declined
		}
	}
	return b.commit(recordVoid, &x, effects{})
}

// PostReversal records the reversal x of an original transaction. If undo is
// set and the original's money stands, the original becomes Reversed and its
// money moves back: the reversal of a void restores the sale, that of a refund
// lowers what has been refunded. The record is Posted then, and says in
// Amount, From and To what moved. A reversal that undoes nothing is NoMoney if
// the host approved it as Posted; so a second reversal of one original
// changes nothing.
//
// Where original is nil, the reversal is remembered as unmatched, unless it
// says that its original is in another batch than the open one; see
// [Book.UnmatchedReversal].
func (b *Book) PostReversal(x Txn, original *Txn, undo bool) *Txn {
	x.Type, x.Original = world.Reversal, original
	e := effects{
		undo:     undo && b.stands(original, x.Terminal) && undoable(original.Type),
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

func undoable(t world.TransactionType) bool {
	return t == world.Sale || t == world.Void || t == world.Refund
}

// mirror makes x move back what y moved.
func (x *Txn) mirror(y *Txn) {
	x.Amount, x.Currency, x.From, x.To = y.Amount, y.Currency, y.To, y.From
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
	p := new(Txn)
	*p = *x
	p.Batch, p.serial, p.Refunded, p.marks = t.Batch, t.Serial, 0, 0
	p.next, p.sameSTAN, p.newer, p.sameRRN = nil, nil, nil, nil
	t.Serial++

	original := p.Original
	if original != nil && original.Terminal != t {
		original.Terminal.shared = true
	}
	if p.State == Posted {
		t.moved = true
		if p.From != nil && p.To != nil {
			p.From.Booked -= p.Amount
			p.To.Booked += p.Amount
		}
		switch {
		case kind == recordVoid:
			original.State = Voided
			t.Totals.count(original.Type, original.Amount, -1)
		case e.undo:
			b.undo(t, original)
		case kind == recordPost:
			t.Totals.count(p.Type, p.Amount, 1)
			if p.Type == world.Refund && original != nil {
				original.Refunded += p.Amount
			}
		}
	}
	t.open.add(p)
	b.enqueue(p)
	if e.remember {
		t.remember(p)
	}
	return p
}

// undo marks a transaction as reversed, with what that means for the totals
// and for the transaction that it was about. A sale that was evicted after its
// void still counts in the totals when the void is reversed.
func (b *Book) undo(t *Terminal, x *Txn) {
	x.State = Reversed
	about := x.Original
	if about != nil && b.hasLeft(about) {
		about = nil
	}
	switch x.Type {
	case world.Sale:
		t.Totals.count(world.Sale, x.Amount, -1)
	case world.Refund:
		t.Totals.count(world.Refund, x.Amount, -1)
		if about != nil {
			about.Refunded -= x.Amount
		}
	case world.Void:
		t.Totals.count(world.Sale, x.Amount, 1)
		if about != nil {
			about.State = Posted
		}
	}
}
