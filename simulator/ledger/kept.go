package ledger

import "iter"

// Kept is a copy of a batch's transactions as they were when it was closed: for an
// upload that comes afterwards. Nothing of it is in the books, nor in their files.
type Kept struct {
	Batch  uint32 // the number that the batch was closed under
	all    []*Txn
	bySTAN map[uint32][]*Txn
}

// Keep copies the terminal's open batch, which is about to be closed under the given
// number; nil if it has more than most transactions.
func (b *Book) Keep(t *Terminal, batch uint32, most int) *Kept {
	n := t.open.count()
	if n > most {
		return nil
	}
	k := &Kept{Batch: batch, all: make([]*Txn, 0, n), bySTAN: make(map[uint32][]*Txn, n)}
	memory := make([]Txn, n)
	copies := make(map[*Txn]*Txn, n)
	for x := range t.open.from(0) {
		own := &memory[len(k.all)]
		*own = *x
		own.Hold = nil
		own.Original = copies[x.Original] // nil: it is in no batch any more
		copies[x] = own
		k.Add(own)
	}
	return k
}

// Add adds a transaction that is of the batch, but not in the books.
func (k *Kept) Add(x *Txn) {
	k.all = append(k.all, x)
	k.bySTAN[x.STAN] = append(k.bySTAN[x.STAN], x)
}

// Len is how many transactions there are.
func (k *Kept) Len() int { return len(k.all) }

// All yields the transactions, oldest first.
func (k *Kept) All() iter.Seq[*Txn] {
	return func(yield func(*Txn) bool) {
		for _, x := range k.all {
			if !yield(x) {
				return
			}
		}
	}
}

// BySTAN is [Book.BySTAN] for these transactions.
func (k *Kept) BySTAN(stan uint32, match func(*Txn) bool) *Txn {
	same := k.bySTAN[stan]
	for i := len(same) - 1; i >= 0; i-- {
		if match == nil || match(same[i]) {
			return same[i]
		}
	}
	return nil
}

// MarkUploaded is [Book.MarkUploaded] for these transactions.
func (k *Kept) MarkUploaded(x *Txn, differently bool) { x.markUploaded(differently) }
