package ledger

import (
	"encoding/binary"
	"math/bits"
)

// openBatch holds the transactions of an open batch: a list in the order of
// posting, and a hash table by STAN and by RRN whose chains run through the
// transactions themselves. It costs nothing while it is empty.
//
// Transactions only ever leave it oldest first, or all at once.
type openBatch struct {
	first, last *Txn
	count       int
	buckets     []bucket // a power of two
	bits        uint8    // len(buckets) == 1<<bits
	hint        uint8    // bits that the batch before needed
}

type bucket struct{ stan, rrn *Txn }

const (
	smallTable = 3  // bits of a batch's first table
	fairTable  = 6  // bits from which the size of the batch before is a hint
	mostHint   = 10 // bits: a hint never costs more than 16 KiB

	// maxSameSTAN bounds how many transactions with one STAN a lookup looks
	// at, newest first. STANs repeat after a wrap-around or in broken
	// firmware; a terminal that never advances its STAN must not make every
	// lookup a scan of its whole batch.
	maxSameSTAN = 256
)

func (o *openBatch) stanBucket(stan uint32) *bucket {
	return &o.buckets[stan*0x9E3779B1>>(32-o.bits)]
}

func (o *openBatch) rrnBucket(rrn *[12]byte) *bucket {
	h := binary.LittleEndian.Uint64(rrn[4:]) ^ uint64(binary.LittleEndian.Uint32(rrn[:]))<<17
	return &o.buckets[h*0x9E3779B97F4A7C15>>(64-o.bits)]
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
	if o.count > len(o.buckets) {
		o.grow() // indexes x too
		return
	}
	o.index(x)
}

func (o *openBatch) index(x *Txn) {
	b := o.stanBucket(x.STAN)
	x.newer, x.sameSTAN = nil, b.stan
	if b.stan != nil {
		b.stan.newer = x
	}
	b.stan = x
	if x.RRN != [12]byte{} {
		r := o.rrnBucket(&x.RRN)
		x.sameRRN, r.rrn = r.rrn, x
	}
}

// grow makes the table larger and indexes every transaction anew, oldest
// first, so that chains stay in order.
func (o *openBatch) grow() {
	switch {
	case o.buckets == nil:
		o.bits = smallTable
	case o.bits < fairTable:
		o.bits++
	default:
		o.bits = max(o.bits+1, o.hint)
	}
	o.buckets = make([]bucket, 1<<o.bits)
	for x := o.first; x != nil; x = x.next {
		o.index(x)
	}
}

// dropOldest takes the oldest transaction out. It is the last of both its
// chains, since those are newest first.
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
		o.stanBucket(x.STAN).stan = nil
	}
	if x.RRN != [12]byte{} {
		link := &o.rrnBucket(&x.RRN).rrn
		for *link != x {
			link = &(*link).sameRRN
		}
		*link = nil
	}
	x.cut()
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
	for x := o.stanBucket(stan).stan; x != nil && seen < maxSameSTAN; x = x.sameSTAN {
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
	for x := o.stanBucket(stan).stan; x != nil && seen < maxSameSTAN; x = x.sameSTAN {
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
	for x := o.stanBucket(stan).stan; x != nil; x = x.sameSTAN {
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
	for x := o.rrnBucket(&rrn).rrn; x != nil; x = x.sameRRN {
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
// retrieval reference number; nil if there is none.
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
