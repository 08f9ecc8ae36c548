package ledger

import (
	"encoding/binary"
	"math/bits"

	"github.com/acqsim/acqsim/scenarios/world"
)

// openBatch holds the transactions of an open batch: a list in the order of
// posting, and two hash tables whose chains run through the transactions
// themselves, newest first. It costs nothing while it is empty.
//
// Every transaction is in the table by STAN. The table by RRN is brought up to
// date when somebody asks: few terminals name an original by its RRN alone,
// and each posting would pay for it with a miss of the processor's cache.
//
// Transactions only ever leave it oldest first, or all at once.
type openBatch struct {
	first, last *Txn
	count       int
	byStan      []*Txn // heads of chains; a power of two
	hint        uint8  // log2 of the table that the batch before needed

	rrns      []*Txn // heads of chains; a power of two
	rrnLast   *Txn   // the newest that it has seen; nil: none
	rrnsKnown int    // how many it has seen
}

const (
	smallTable = 3  // log2 of a batch's first table
	fairTable  = 6  // log2 of the table from which on the batch before is a hint
	mostHint   = 10 // log2: a hint never costs more than 8 KiB

	// maxSameSTAN bounds how many transactions with one STAN a lookup looks
	// at, newest first. STANs repeat after a wrap-around or in broken
	// firmware; a terminal that never advances its STAN must not make every
	// lookup a scan of its whole batch.
	maxSameSTAN = 256
)

// stanHead is the chain of a STAN. STANs that follow each other are
// neighbours in the table, as they are in time.
func (o *openBatch) stanHead(stan uint32) **Txn { return &o.byStan[stan&uint32(len(o.byStan)-1)] }

func (o *openBatch) rrnHead(rrn *[12]byte) **Txn {
	h := binary.LittleEndian.Uint64(rrn[4:]) ^ uint64(binary.LittleEndian.Uint32(rrn[:]))<<17
	h *= 0x9E3779B97F4A7C15
	return &o.rrns[h>>32&uint64(len(o.rrns)-1)]
}

// add appends a transaction, the newest.
func (o *openBatch) add(x *Txn) {
	if o.last == nil {
		o.first = x
	} else {
		o.last.next = x
	}
	o.last = x
	o.count++
	if o.count > len(o.byStan) {
		o.grow() // indexes x too
		return
	}
	o.index(x)
}

func (o *openBatch) index(x *Txn) {
	head := o.stanHead(x.STAN)
	x.newer, x.sameSTAN = nil, *head
	if *head != nil {
		(*head).newer = x
	}
	*head = x
}

// grow makes the table by STAN larger and indexes every transaction anew,
// oldest first, so that chains stay in order.
func (o *openBatch) grow() {
	size := max(2*len(o.byStan), 1<<smallTable)
	if len(o.byStan) >= 1<<fairTable {
		size = max(size, 1<<o.hint)
	}
	o.byStan = make([]*Txn, size)
	for x := o.first; x != nil; x = x.next {
		o.index(x)
	}
}

// dropOldest takes the oldest transaction out. It is the last of its chains,
// since those are newest first.
func (o *openBatch) dropOldest() {
	x := o.first
	o.first = x.next
	if o.first == nil {
		o.last = nil
	}
	o.count--
	if x.newer != nil {
		x.newer.sameSTAN = nil
	} else {
		*o.stanHead(x.STAN) = nil
	}
	if o.rrnsKnown > 0 {
		o.dropRRN(x)
	}
	x.cut()
}

// dropRRN takes the oldest transaction out of the table by RRN.
func (o *openBatch) dropRRN(x *Txn) {
	if x.RRN != [12]byte{} {
		link := o.rrnHead(&x.RRN)
		for *link != x {
			link = &(*link).sameRRN
		}
		*link = nil
	}
	o.rrnsKnown--
	if o.rrnLast == x {
		o.rrnLast = nil
	}
}

// indexRRNs brings the table by RRN up to date.
func (o *openBatch) indexRRNs() {
	if o.count > len(o.rrns) {
		o.rrns = make([]*Txn, max(1<<bits.Len(uint(o.count)), 1<<smallTable))
		o.rrnLast, o.rrnsKnown = nil, 0
	}
	x := o.first
	if o.rrnLast != nil {
		x = o.rrnLast.next
	}
	for ; x != nil; x = x.next {
		if x.RRN != [12]byte{} {
			head := o.rrnHead(&x.RRN)
			x.sameRRN, *head = *head, x
		}
		o.rrnLast = x
		o.rrnsKnown++
	}
}

// dropAll empties the batch. Its transactions keep their links to each other
// and go to the collector together, unless cut is set: then each is cut loose.
func (o *openBatch) dropAll(cut bool) {
	if cut {
		for x := o.first; x != nil; {
			next := x.next
			x.cut()
			x = next
		}
	}
	hint := uint8(0)
	if o.count > 0 {
		hint = min(uint8(bits.Len(uint(o.count-1))), mostHint)
	}
	*o = openBatch{hint: hint}
}

// cut unties a transaction that leaves, so that a reference to it keeps no
// other transaction in memory.
func (x *Txn) cut() {
	x.next, x.sameSTAN, x.newer, x.sameRRN, x.Original = nil, nil, nil, nil, nil
}

// bySTAN returns the newest transaction with the STAN for which match is true.
func (o *openBatch) bySTAN(stan uint32, match func(*Txn) bool) *Txn {
	if o.count == 0 {
		return nil
	}
	seen := 0
	for x := *o.stanHead(stan); x != nil && seen < maxSameSTAN; x = x.sameSTAN {
		if x.STAN != stan {
			continue
		}
		if match == nil || match(x) {
			return x
		}
		seen++
	}
	return nil
}

// byKey returns the newest transaction with the STAN and duplicate key.
func (o *openBatch) byKey(stan uint32, key uint64) *Txn {
	if o.count == 0 {
		return nil
	}
	seen := 0
	for x := *o.stanHead(stan); x != nil && seen < maxSameSTAN; x = x.sameSTAN {
		if x.STAN != stan {
			continue
		}
		if x.Key == key {
			return x
		}
		seen++
	}
	return nil
}

// bySerial returns the transaction with the STAN and serial number. It bears
// maxSameSTAN in mind: what a lookup found then is found now.
func (o *openBatch) bySerial(stan, serial uint32) *Txn {
	if o.count == 0 {
		return nil
	}
	for x := *o.stanHead(stan); x != nil; x = x.sameSTAN {
		if x.serial == serial {
			return x
		}
	}
	return nil
}

func (o *openBatch) byRRN(rrn [12]byte) *Txn {
	if o.count == 0 || rrn == [12]byte{} {
		return nil
	}
	o.indexRRNs()
	for x := *o.rrnHead(&rrn); x != nil; x = x.sameRRN {
		if x.RRN == rrn {
			return x
		}
	}
	return nil
}

// ByDuplicateKey returns the newest transaction of the terminal's open batch
// with the STAN and the dialect's duplicate key, of whatever type and state;
// nil if there is none, or if key is 0. Of more than 256 transactions with one
// STAN it looks at the newest 256.
func (b *Book) ByDuplicateKey(t *Terminal, stan uint32, key uint64) *Txn {
	if key == 0 {
		return nil
	}
	return t.open.byKey(stan, key)
}

// BySTAN returns the newest transaction of the terminal's open batch with the
// STAN for which match is true (nil: any); nil if there is none. Of more than
// 256 transactions with one STAN it looks at the newest 256.
func (b *Book) BySTAN(t *Terminal, stan uint32, match func(*Txn) bool) *Txn {
	return t.open.bySTAN(stan, match)
}

// ByRRN returns the transaction of the terminal's open batch with the
// retrieval reference number; nil if there is none. The first call in a batch
// looks at every transaction, the next ones only at what was posted since.
func (b *Book) ByRRN(t *Terminal, rrn [12]byte) *Txn { return t.open.byRRN(rrn) }

// UnmatchedReversal returns the newest remembered reversal whose original,
// which never came, has the given STAN, and for which match is true (nil:
// any); nil if there is none. It belongs to the open batch. A reversal that
// has met its late original is to be consumed; see [Book.Consume].
func (b *Book) UnmatchedReversal(t *Terminal, stan uint32, match func(*Txn) bool) *Txn {
	if len(t.unmatched) == 0 {
		return nil
	}
	waiting := t.unmatched[stan]
	for i := len(waiting) - 1; i >= 0 && i >= len(waiting)-maxSameSTAN; i-- {
		if match == nil || match(waiting[i]) {
			return waiting[i]
		}
	}
	return nil
}

// remember files a reversal under the STAN that it awaits.
func (t *Terminal) remember(x *Txn) {
	x.marks |= unmatched
	if t.unmatched == nil {
		t.unmatched = make(map[uint32][]*Txn, 1)
	}
	t.unmatched[x.awaits()] = append(t.unmatched[x.awaits()], x)
}

// forget takes a reversal out again. The oldest are the ones that leave by
// themselves, so the search from the old end is short then.
func (t *Terminal) forget(x *Txn) {
	x.marks &^= unmatched
	stan := x.awaits()
	waiting := t.unmatched[stan]
	for i, w := range waiting {
		if w != x {
			continue
		}
		if i == 0 {
			waiting[0] = nil
			waiting = waiting[1:]
		} else {
			waiting = append(waiting[:i], waiting[i+1:]...)
		}
		break
	}
	if len(waiting) == 0 {
		delete(t.unmatched, stan)
		return
	}
	t.unmatched[stan] = waiting
}

// ReversalOf returns the first reversal of a transaction in an open batch that
// was not refused, whatever its STAN; nil if there is none. It looks through all that
// came after the transaction: it is for repeats, which are rare.
func (b *Book) ReversalOf(original *Txn) *Txn {
	if original == nil || b.hasLeft(original) {
		return nil
	}
	for x := original.next; x != nil; x = x.next {
		if x.Type == world.Reversal && x.Original == original && x.State != Declined {
			return x
		}
	}
	return nil
}
