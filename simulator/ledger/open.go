package ledger

import "iter"

// openBatch holds the transactions of an open batch in the order of posting,
// and two hash tables over them. It costs nothing while it is empty.
//
// Both tables are brought up to date when somebody asks. Few terminals name an
// original by its RRN alone; and a STAN above all others of the batch, as nearly
// each request has, is looked for in vain without a table. So posting touches
// nothing but the memory for the transaction: with a million of them open, each
// other place would be a miss of the processor's caches.
//
// The tables hold numbers, and the chains of a table run through numbers too,
// newest first: a look-up touches no transaction but the one that is meant.
// Transactions only ever leave oldest first, or all at once. So chains need no
// mending: a chain ends where its numbers are of transactions that have left.
type openBatch struct {
	slab  []Txn   // memory for the next transactions
	added uint64  // transactions that have come: the newest has that number
	left  uint64  // transactions that have left: the oldest has the number after it
	slabs []*slab // in use, oldest first; slab may be the rest of the last
	top   uint32  // the highest STAN there has been
	small uint8   // transactions in first
	ties  bool    // a transaction has an original or a hold

	first [][]Txn // what the batch began with, in small pieces
	gone  uint64  // slabs that have left

	stans  []uint32 // by STAN, the number of the newest; a power of two
	places []place  // of the transactions that are in stans, oldest first

	rrns     []uint32 // by RRN, the number of the newest; a power of two
	olderRRN []uint32 // by place, the number of the next older in the chain by RRN
}

const (
	// mostSlab is how many transactions are allocated at once at most. A
	// quarter of what the batch holds already is the other limit, so that
	// terminals which do little cost little.
	mostSlab   = 16
	smallBatch = 4 * mostSlab
)

// pieces says, of the first transactions of a batch, in which small piece each
// stands, and where.
var pieces = func() (all [smallBatch]struct{ piece, at, size uint8 }) {
	for n, piece := 0, 0; n < smallBatch; piece++ {
		size := min(max(n/4, 1), smallBatch-n)
		for at := range size {
			all[n+at] = struct{ piece, at, size uint8 }{uint8(piece), uint8(at), uint8(size)}
		}
		n += size
	}
	return all
}()

// count is how many transactions the batch holds.
func (o *openBatch) count() int { return int(o.added - o.left) }

// nth returns the nth transaction of those that the batch holds.
func (o *openBatch) nth(n int) *Txn {
	i := o.left + uint64(n)
	if i < uint64(o.small) {
		p := &pieces[i]
		return &o.first[p.piece][p.at]
	}
	i -= uint64(o.small)
	return &o.slabs[i/mostSlab-o.gone][i%mostSlab]
}

// oldest returns the oldest transaction, or nil.
func (o *openBatch) oldest() *Txn {
	if o.count() == 0 {
		return nil
	}
	return o.nth(0)
}

// from yields the transactions from the nth on, oldest first.
func (o *openBatch) from(n int) iter.Seq[*Txn] {
	return func(yield func(*Txn) bool) {
		for i := n; i < o.count(); i++ {
			if !yield(o.nth(i)) {
				return
			}
		}
	}
}

// FetchFirst reads what Fetch begins with, so that it is near by then. The
// results of both mean nothing; they are there so that the reading is not left
// out.
func (t *Terminal) FetchFirst() (sum uint64) {
	return uint64(t.Batch) + uint64(len(t.open.slab)) + uint64(t.open.top)
}

// Fetch reads what a decision will look for by the STAN and write when it posts,
// so that the memory is near by then.
func (t *Terminal) Fetch(stan uint32) (sum uint64) {
	o := &t.open
	if stan <= o.top && len(o.stans) > 0 {
		sum += uint64(*o.stanHead(stan))
	}
	if len(o.slab) > 0 {
		x := &o.slab[0]
		sum += uint64(x.MTI) + uint64(x.Refunded)
	}
	return sum
}

// next returns the memory for the next transaction, whatever that holds.
func (o *openBatch) next(s *shelf) *Txn {
	if len(o.slab) == 0 {
		o.slab = o.more(s)
	}
	x := &o.slab[0]
	if o.slab = o.slab[1:]; len(o.slab) == 0 {
		o.slab = nil // an empty slice would still hold on to x
	}
	return x
}

// more returns memory for some transactions.
func (o *openBatch) more(s *shelf) []Txn {
	if o.added == 0 {
		o.small = s.small
	}
	if o.added < uint64(o.small) {
		piece := make([]Txn, pieces[o.added].size)
		o.first = append(o.first, piece)
		return piece
	}
	whole := s.slab()
	o.slabs = append(o.slabs, whole)
	return whole[:]
}

// add appends a transaction, the newest, which stands in what next returned.
func (o *openBatch) add(x *Txn) {
	o.added++
	o.top = max(o.top, x.STAN)
	o.ties = o.ties || x.Original != nil || x.Hold != nil
}

// dropOldest takes the oldest transaction out. Its memory is the collector's:
// a transaction that stays may refer to it.
func (o *openBatch) dropOldest() {
	o.nth(0).cut()
	switch i := o.left; {
	case i < uint64(o.small):
		if p := &pieces[i]; p.at == p.size-1 {
			o.first[p.piece] = nil
		}
	case (i-uint64(o.small))%mostSlab == mostSlab-1:
		o.slabs[0] = nil
		o.slabs = o.slabs[1:]
		o.gone++
	}
	o.left++
	if len(o.places) > 0 {
		o.places = o.places[1:]
	}
	if len(o.olderRRN) > 0 {
		o.olderRRN = o.olderRRN[1:]
	}
}

// dropAll empties the batch, and puts its memory on the shelf. Its transactions
// keep what they say of each other. Where transactions of other batches refer to
// them, cut is set: then each is cut loose, and all go to the collector.
func (o *openBatch) dropAll(cut bool, s *shelf) {
	if cut {
		for x := range o.from(0) {
			x.cut()
		}
	} else {
		s.put(o.slabs, o.ties)
	}
	*o = openBatch{}
}

// cut unties a transaction that leaves, so that a reference to it keeps no
// other transaction in memory.
func (x *Txn) cut() { x.Original = nil }
