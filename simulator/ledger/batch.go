package ledger

import (
	"iter"

	"github.com/acqsim/acqsim/scenarios/world"
)

// ClosedBatch is what is kept of a closed batch.
type ClosedBatch struct {
	Batch      uint32
	Totals     Totals      // the host's
	Settlement *Settlement // how it was settled; nil: it was closed without
}

// Settlement is what closed a batch, kept so that its repeat gets the same
// answer.
type Settlement struct {
	Told     Totals // the terminal's totals; zero if it never told any
	Balanced bool   // they were the host's
	STAN     uint32
	Key      uint64 // the dialect's duplicate key; 0: none
	RRN      [12]byte
}

// CloseBatch closes the terminal's open batch without a settlement and opens
// the next. The transactions leave; the totals, which it returns, stay in
// [Book.Closed].
func (b *Book) CloseBatch(t *Terminal, next uint32) Totals {
	totals := b.closeBatch(t, ClosedBatch{Batch: t.Batch}, next)
	b.logClose(t)
	return totals
}

// Settle closes the terminal's open batch under the given number, which may be
// another than it was opened under where the terminal names its batch late,
// and opens the next. The transactions leave; the totals, which it returns,
// stay in [Book.Closed] with the settlement. The next number must not be 0.
func (b *Book) Settle(t *Terminal, batch, next uint32, s Settlement) Totals {
	next = max(next, 1)
	totals := b.closeBatch(t, ClosedBatch{Batch: batch, Settlement: &s}, next)
	b.logSettle(t, batch, &s)
	return totals
}

func (b *Book) closeBatch(t *Terminal, c ClosedBatch, next uint32) Totals {
	c.Totals = t.Totals
	if c.Batch != 0 {
		if len(t.closed) >= keptClosed {
			t.closed = append(t.closed[:0], t.closed[1:]...)
		}
		t.closed = append(t.closed, c)
	}
	b.open -= t.open.count()
	t.open.dropAll(t.shared, &b.shelf)
	b.shelf.keep(b.open)
	b.oldest[t.n] = t.Serial
	t.unmatched, t.shared, t.moved = nil, false, false
	t.Batch, t.Totals, t.Told = next, Totals{}, nil
	return c.Totals
}

// Closed returns one of the terminal's closed batches. The last eight are
// kept; of two with one number the newer counts.
func (b *Book) Closed(t *Terminal, batch uint32) (ClosedBatch, bool) {
	for i := len(t.closed) - 1; i >= 0; i-- {
		if t.closed[i].Batch == batch {
			return t.closed[i], true
		}
	}
	return ClosedBatch{}, false
}

// LastClosed returns the batch that the terminal closed last.
func (b *Book) LastClosed(t *Terminal) (ClosedBatch, bool) {
	if len(t.closed) == 0 {
		return ClosedBatch{}, false
	}
	return t.closed[len(t.closed)-1], true
}

// Tell notes the totals that a terminal gave for its open batch and that are
// not the host's. The batch stays open.
func (b *Book) Tell(t *Terminal, told Totals) {
	t.Told = &told
	b.logTold(t)
}

// Open yields the transactions of the terminal's open batch, oldest first. The
// book must not be changed meanwhile, but for [Book.MarkUploaded].
func (b *Book) Open(t *Terminal) iter.Seq[*Txn] {
	return t.open.from(0)
}

// MarkUploaded notes that the terminal has uploaded a transaction of its open
// batch: as it is, or as something else.
func (b *Book) MarkUploaded(x *Txn, differently bool) {
	if x == nil || b.hasLeft(x) {
		return
	}
	x.markUploaded(differently)
	b.logUploaded(x)
}

func (x *Txn) markUploaded(differently bool) {
	x.marks |= uploaded
	if differently {
		x.marks |= differs
	}
	if (x.Type == world.Void || x.Type == world.CompletionVoid) && x.Original != nil {
		x.Original.marks |= voidTold
	}
}

// Uploaded reports whether the terminal has uploaded the transaction.
func (x *Txn) Uploaded() bool { return x.marks&uploaded != 0 }

// Differs reports whether it was uploaded as something else than it is.
func (x *Txn) Differs() bool { return x.marks&differs != 0 }

// VoidUploaded reports whether the void of the transaction has been uploaded.
func (x *Txn) VoidUploaded() bool { return x.marks&voidTold != 0 }

// Counts reports whether transactions of the type are in the totals while they
// stand.
func Counts(t world.TransactionType) bool {
	var s Totals
	s.count(t, 1, 1)
	return s != Totals{}
}
