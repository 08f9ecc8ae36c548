package ledger

import (
	"encoding/binary"
	"math/bits"
	"slices"

	"github.com/acqsim/acqsim/scenarios/world"
)

// openBatch holds the transactions of an open batch in the order of posting,
// and two hash tables over them. It costs nothing while it is empty.
//
// The tables hold numbers, and the chains of a table run through the places of
// the transactions, newest first: posting and looking up touch no transaction
// but the one that is meant. With a million of them open, each other one would
// be a miss of the processor's cache.
//
// Every transaction is in the table by STAN. The table by RRN is brought up to
// date when somebody asks: few terminals name an original by its RRN alone.
//
// Transactions only ever leave it oldest first, or all at once. So chains need
// no mending: a chain ends where its numbers are of transactions that have left.
type openBatch struct {
	all   []place  // oldest first; their serial numbers follow each other
	left  uint32   // how many have left: all[0] has number left+1
	stans []uint32 // by STAN, the number of the newest; a power of two
	hint  uint8    // log2 of the table that the batch before needed
	slab  []Txn    // memory for the next transactions

	rrns     []uint32 // by RRN, the number of the newest; a power of two
	olderRRN []uint32 // by place, the number of the next older in the chain by RRN
}

// place is where a transaction stands in its batch.
type place struct {
	txn   *Txn
	stan  uint32 // of txn
	older uint32 // number of the next older in the chain by STAN
}

const (
	smallTable = 3  // log2 of a batch's first table
	fairTable  = 6  // log2 of the table from which on the batch before is a hint
	mostHint   = 10 // log2: a hint never costs more than 20 KiB

	// mostSlab is how many transactions are allocated at once at most. A
	// quarter of what the batch holds already is the other limit, so that
	// terminals which do little cost little.
	mostSlab = 16

	// maxSameSTAN bounds how many transactions with one STAN a lookup looks
	// at, newest first. STANs repeat after a wrap-around or in broken
	// firmware; a terminal that never advances its STAN must not make every
	// lookup a scan of its whole batch.
	maxSameSTAN = 256
)

// count is how many transactions the batch holds.
func (o *openBatch) count() int { return len(o.all) }

// first returns the oldest transaction, or nil.
func (o *openBatch) first() *Txn {
	if len(o.all) == 0 {
		return nil
	}
	return o.all[0].txn
}

// after returns the places of what came after a transaction of the batch.
func (o *openBatch) after(x *Txn) []place { return o.all[x.serial-o.all[0].txn.serial+1:] }

// at returns the place with a number, or nil if that has left or never was.
// Numbers may wrap around.
func (o *openBatch) at(number uint32) *place {
	if i := number - o.left - 1; uint64(i) < uint64(len(o.all)) {
		return &o.all[i]
	}
	return nil
}

// stanHead is the chain of a STAN. STANs that follow each other are
// neighbours in the table, as they are in time.
func (o *openBatch) stanHead(stan uint32) *uint32 { return &o.stans[stan&uint32(len(o.stans)-1)] }

func (o *openBatch) rrnHead(rrn *[12]byte) *uint32 {
	h := binary.LittleEndian.Uint64(rrn[4:]) ^ uint64(binary.LittleEndian.Uint32(rrn[:]))<<17
	h *= 0x9E3779B97F4A7C15
	return &o.rrns[h>>32&uint64(len(o.rrns)-1)]
}

// Fetch reads what a decision will look for by the STAN and write when it posts,
// so that the memory is near by then. The result means nothing; it is there so
// that the reading is not left out.
func (t *Terminal) Fetch(stan uint32) (sum uint64) {
	o := &t.open
	sum = uint64(t.Totals.DebitCount) //nolint:gosec // read, not used
	if n := len(o.all); n > 0 {
		sum += uint64(*o.stanHead(stan)) + uint64(o.all[n-1].stan)
	}
	if len(o.slab) > 0 {
		x := &o.slab[0]
		sum += uint64(x.MTI) + uint64(x.Refunded)
	}
	return sum
}

// next returns the memory for the next transaction.
func (o *openBatch) next() *Txn {
	if len(o.slab) == 0 {
		o.slab = make([]Txn, min(max(len(o.all)/4, 1), mostSlab))
	}
	x := &o.slab[0]
	if o.slab = o.slab[1:]; len(o.slab) == 0 {
		o.slab = nil // an empty slice would still hold on to x
	}
	return x
}

// add appends a transaction, the newest.
func (o *openBatch) add(x *Txn) {
	if len(o.all) == len(o.stans) {
		o.grow()
	}
	o.all = append(o.all, place{txn: x, stan: x.STAN})
	o.index(len(o.all) - 1)
}

func (o *openBatch) index(i int) {
	p := &o.all[i]
	head := o.stanHead(p.stan)
	p.older, *head = *head, o.left+1+uint32(i)
}

// grow makes room, and the table by STAN larger, and indexes every transaction
// anew, oldest first, so that chains stay in order.
func (o *openBatch) grow() {
	size := max(2*len(o.stans), 1<<smallTable)
	if len(o.stans) >= 1<<fairTable {
		size = max(size, 1<<o.hint)
	}
	o.stans = make([]uint32, size)
	o.all = slices.Grow(o.all, size-len(o.all))
	for i := range o.all {
		o.index(i)
	}
}

// dropOldest takes the oldest transaction out.
func (o *openBatch) dropOldest() {
	o.all[0].txn.cut()
	o.all[0] = place{}
	o.all = o.all[1:]
	o.left++
	if len(o.olderRRN) > 0 {
		o.olderRRN = o.olderRRN[1:]
	}
}

// indexRRNs brings the table by RRN up to date.
func (o *openBatch) indexRRNs() {
	if len(o.all) > len(o.rrns) {
		o.rrns = make([]uint32, max(1<<bits.Len(uint(len(o.all))), 1<<smallTable))
		o.olderRRN = nil
	}
	for i := len(o.olderRRN); i < len(o.all); i++ {
		x, older := o.all[i].txn, uint32(0)
		if x.RRN != [12]byte{} {
			head := o.rrnHead(&x.RRN)
			older, *head = *head, o.left+1+uint32(i)
		}
		o.olderRRN = append(o.olderRRN, older)
	}
}

// dropAll empties the batch. Its transactions keep what they say of each other
// and go to the collector together, unless cut is set: then each is cut loose.
func (o *openBatch) dropAll(cut bool) {
	if cut {
		for _, p := range o.all {
			p.txn.cut()
		}
	}
	hint := uint8(0)
	if n := len(o.all); n > 0 {
		hint = min(uint8(bits.Len(uint(n-1))), mostHint)
	}
	*o = openBatch{hint: hint}
}

// cut unties a transaction that leaves, so that a reference to it keeps no
// other transaction in memory.
func (x *Txn) cut() { x.Original = nil }

// bySTAN returns the newest transaction with the STAN for which match is true.
func (o *openBatch) bySTAN(stan uint32, match func(*Txn) bool) *Txn {
	if len(o.all) == 0 {
		return nil
	}
	seen := 0
	for p := o.at(*o.stanHead(stan)); p != nil && seen < maxSameSTAN; p = o.at(p.older) {
		if p.stan != stan {
			continue
		}
		if match == nil || match(p.txn) {
			return p.txn
		}
		seen++
	}
	return nil
}

// byKey returns the newest transaction with the STAN and duplicate key.
func (o *openBatch) byKey(stan uint32, key uint64) *Txn {
	if len(o.all) == 0 {
		return nil
	}
	seen := 0
	for p := o.at(*o.stanHead(stan)); p != nil && seen < maxSameSTAN; p = o.at(p.older) {
		if p.stan != stan {
			continue
		}
		if p.txn.Key == key {
			return p.txn
		}
		seen++
	}
	return nil
}

// bySerial returns the transaction with the STAN and serial number.
func (o *openBatch) bySerial(stan, serial uint32) *Txn {
	if len(o.all) == 0 {
		return nil
	}
	if i := serial - o.all[0].txn.serial; uint64(i) < uint64(len(o.all)) && o.all[i].stan == stan {
		return o.all[i].txn
	}
	return nil
}

func (o *openBatch) byRRN(rrn [12]byte) *Txn {
	if len(o.all) == 0 || rrn == [12]byte{} {
		return nil
	}
	o.indexRRNs()
	for number := *o.rrnHead(&rrn); ; {
		p := o.at(number)
		if p == nil {
			return nil
		}
		if p.txn.RRN == rrn {
			return p.txn
		}
		number = o.olderRRN[number-o.left-1]
	}
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

// maxByInvoice is how many transactions a lookup by invoice number looks at.
const maxByInvoice = 10_000

// ByInvoice returns the newest transaction of the terminal's open batch with
// the invoice number for which match is true (nil: any); nil if there is none.
// It looks through the newest 10,000 of the batch: it is for what could not be
// found otherwise.
func (b *Book) ByInvoice(t *Terminal, invoice uint32, match func(*Txn) bool) *Txn {
	all := t.open.all
	for i := len(all) - 1; i >= max(0, len(all)-maxByInvoice); i-- {
		if x := all[i].txn; x.Invoice == invoice && (match == nil || match(x)) {
			return x
		}
	}
	return nil
}

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
	for _, p := range original.Terminal.open.after(original) {
		x := p.txn
		if x.Type == world.Reversal && x.Original == original && x.State != Declined {
			return x
		}
	}
	return nil
}
