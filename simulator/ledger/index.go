package ledger

import (
	"encoding/binary"
	"math/bits"

	"github.com/acqsim/acqsim/scenarios/world"
)

const (
	smallTable = 3 // log2 of the smallest table

	// maxSameSTAN bounds how many transactions with one STAN a lookup looks
	// at, newest first. STANs repeat after a wrap-around or in broken
	// firmware; a terminal that never advances its STAN must not make every
	// lookup a scan of its whole batch.
	maxSameSTAN = 256
)

// place is where a transaction stands in the chain of its STAN.
type place struct {
	stan  uint32
	older uint32 // number of the next older
}

// position turns a number of a table into a position; false if that transaction
// has left or never was. Numbers may wrap around.
func (o *openBatch) position(number uint32) (int, bool) {
	i := number - uint32(o.left) - 1
	return int(i), uint64(i) < uint64(o.count())
}

// number is that of a position, for the tables.
func (o *openBatch) number(position int) uint32 { return uint32(o.left) + uint32(position) + 1 }

// stanHead is the chain of a STAN. STANs that follow each other are
// neighbours in the table, as they are in time.
func (o *openBatch) stanHead(stan uint32) *uint32 { return &o.stans[stan&uint32(len(o.stans)-1)] }

func (o *openBatch) rrnHead(rrn *[12]byte) *uint32 {
	h := binary.LittleEndian.Uint64(rrn[4:]) ^ uint64(binary.LittleEndian.Uint32(rrn[:]))<<17
	h *= 0x9E3779B97F4A7C15
	return &o.rrns[h>>32&uint64(len(o.rrns)-1)]
}

// indexSTANs brings the table by STAN up to date. It reports false where a STAN
// can't be in it.
func (o *openBatch) indexSTANs(stan uint32) bool {
	n := o.count()
	if n == 0 || stan > o.top {
		return false
	}
	chain := len(o.places)
	for i := chain; i < n; i++ {
		o.places = append(o.places, place{stan: o.nth(i).STAN})
	}
	if n > len(o.stans) {
		o.stans, chain = make([]uint32, max(1<<bits.Len(uint(n)), 1<<smallTable)), 0
	}
	for i := chain; i < n; i++ {
		p := &o.places[i]
		head := o.stanHead(p.stan)
		p.older, *head = *head, o.number(i)
	}
	return true
}

// indexRRNs brings the table by RRN up to date.
func (o *openBatch) indexRRNs() {
	n := o.count()
	if n > len(o.rrns) {
		o.rrns = make([]uint32, max(1<<bits.Len(uint(n)), 1<<smallTable))
		o.olderRRN = nil
	}
	for i := len(o.olderRRN); i < n; i++ {
		x, older := o.nth(i), uint32(0)
		if x.RRN != [12]byte{} {
			head := o.rrnHead(&x.RRN)
			older, *head = *head, o.number(i)
		}
		o.olderRRN = append(o.olderRRN, older)
	}
}

// bySTAN returns the newest transaction with the STAN for which match is true.
func (o *openBatch) bySTAN(stan uint32, match func(*Txn) bool) *Txn {
	if !o.indexSTANs(stan) {
		return nil
	}
	seen := 0
	for i, in := o.position(*o.stanHead(stan)); in && seen < maxSameSTAN; i, in = o.position(o.places[i].older) {
		if o.places[i].stan != stan {
			continue
		}
		if x := o.nth(i); match == nil || match(x) {
			return x
		}
		seen++
	}
	return nil
}

// byKey returns the newest transaction with the STAN and duplicate key.
func (o *openBatch) byKey(stan uint32, key uint64) *Txn {
	return o.bySTAN(stan, func(x *Txn) bool { return x.Key == key })
}

// bySerial returns the transaction with the STAN and serial number.
func (o *openBatch) bySerial(stan, serial uint32) *Txn {
	if o.count() == 0 {
		return nil
	}
	if i := serial - o.nth(0).serial; uint64(i) < uint64(o.count()) {
		if x := o.nth(int(i)); x.STAN == stan {
			return x
		}
	}
	return nil
}

func (o *openBatch) byRRN(rrn [12]byte) *Txn {
	if o.count() == 0 || rrn == [12]byte{} {
		return nil
	}
	o.indexRRNs()
	for number := *o.rrnHead(&rrn); ; {
		i, in := o.position(number)
		if !in {
			return nil
		}
		if x := o.nth(i); x.RRN == rrn {
			return x
		}
		number = o.olderRRN[i]
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
	n := t.open.count()
	for i := n - 1; i >= max(0, n-maxByInvoice); i-- {
		if x := t.open.nth(i); x.Invoice == invoice && (match == nil || match(x)) {
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
	o := &original.Terminal.open
	for x := range o.from(int(original.serial-o.nth(0).serial) + 1) {
		if x.Type == world.Reversal && x.Original == original && x.State != Declined {
			return x
		}
	}
	return nil
}
