package ledger

import (
	"encoding/binary"
	"time"

	"github.com/acqsim/acqsim/scenarios/world"
)

// recordKind says what a record of the log or of a snapshot holds. The values
// are in files: append only.
type recordKind uint8

const (
	recordNames    recordKind = iota + 1 // how outcomes and types are numbered in what follows
	recordAccount                        // an account, with its balance
	recordTerminal                       // a terminal's first appearance
	recordSerials                        // serial numbers that are reserved
	recordSession
	recordBatch    // the open batch got a number
	recordClose    // the open batch was closed
	recordPost     // Book.Post
	recordVoid     // Book.PostVoid
	recordReversal // Book.PostReversal
	recordConsume  // Book.Consume
	recordBooks    // snapshot only: everything of a terminal but its transactions
	recordOpen     // snapshot only: an open transaction
	recordEnd      // snapshot only: nothing is missing
	recordHold     // Book.PostHold
	recordExpire   // Book.Expire
	recordForget   // holds that were used are forgotten
	recordHeld     // snapshot only: a hold
	recordSettle   // Book.Settle; in a snapshot: how a closed batch was settled
	recordTold     // Book.Tell
	recordUploaded // Book.MarkUploaded
	recordCard     // Book.SetCardUse

	recordKindCount
)

// Numbers are little-endian. Strings and byte strings follow their length (4
// bytes). Accounts and terminals are named by their position, in the order of
// appearance; accounts from 1, so that 0 is none.

const (
	flagOriginal = 1 << iota // names its original
	flagUndo                 // effects.undo
	flagRemember             // effects.remember; in a snapshot: still unmatched
	flagEvicted              // transactions left
	flagHold                 // names its hold
	flagAdjusted             // snapshot only: Txn.Adjusted is not zero
	flagUploaded             // snapshot only: the marks of an upload follow
	flagInvoice              // Txn.Invoice is not zero
)

var le = binary.LittleEndian

func appendString(b []byte, s string) []byte {
	return append(le.AppendUint32(b, uint32(len(s))), s...)
}

func appendBool(b []byte, v bool) []byte {
	if v {
		return append(b, 1)
	}
	return append(b, 0)
}

// appendNames lists the outcomes and transaction types of this program, so
// that files outlive a change of their numbers.
func appendNames(b []byte) []byte {
	b = append(b, byte(recordNames))
	outcomes, types := world.Outcomes(), world.TransactionTypes()
	b = append(b, byte(len(outcomes)))
	for _, o := range outcomes {
		b = appendString(append(b, byte(o)), o.String())
	}
	b = append(b, byte(len(types)))
	for _, t := range types {
		b = appendString(append(b, byte(t)), t.String())
	}
	return b
}

func appendAccount(b []byte, a *Account) []byte {
	b = append(b, byte(recordAccount))
	b = appendString(b, a.Name)
	b = le.AppendUint16(b, uint16(a.Currency))
	b = le.AppendUint64(b, uint64(a.Opening))
	b = le.AppendUint64(b, uint64(a.Booked))
	return le.AppendUint64(b, uint64(a.Held))
}

func appendSerials(b []byte, day int32, next uint64) []byte {
	b = append(b, byte(recordSerials))
	b = le.AppendUint32(b, uint32(day))
	return le.AppendUint64(b, next)
}

func appendSession(b []byte, s *Session) []byte {
	b = le.AppendUint32(b, s.Generation)
	b = appendBool(b, s.SignedOn)
	b = append(b, s.Download)
	b = le.AppendUint32(b, uint32(len(s.Keys)))
	return append(b, s.Keys...)
}

func appendTotals(b []byte, s Totals) []byte {
	b = le.AppendUint64(b, uint64(s.DebitCount))
	b = le.AppendUint64(b, uint64(s.CreditCount))
	b = le.AppendUint64(b, uint64(s.DebitAmount))
	return le.AppendUint64(b, uint64(s.CreditAmount))
}

// appendBooks writes a terminal, with the number of its first open transaction
// or else of its next one.
func appendBooks(b []byte, t *Terminal) []byte {
	b = append(b, byte(recordBooks))
	b = appendString(b, t.ID)
	b = le.AppendUint32(b, t.Batch)
	b = appendTotals(b, t.Totals)
	b = appendSession(b, &t.Session)
	serial := t.Serial
	if oldest := t.open.oldest(); oldest != nil {
		serial = oldest.serial
	}
	b = le.AppendUint32(b, serial)
	b = appendBool(b, t.moved)
	b = append(b, byte(len(t.closed)))
	for _, c := range t.closed {
		b = appendTotals(le.AppendUint32(b, c.Batch), c.Totals)
	}
	return b
}

// appendSettlement writes what recordSettle has after the terminal. In a
// snapshot next is 0, and batch is the position among the closed batches, which
// are there already.
func appendSettlement(b []byte, batch, next uint32, s *Settlement) []byte {
	b = le.AppendUint32(b, batch)
	b = le.AppendUint32(b, next)
	b = appendTotals(b, s.Told)
	b = appendBool(b, s.Balanced)
	b = le.AppendUint32(b, s.STAN)
	b = le.AppendUint64(b, s.Key)
	return append(b, s.RRN[:]...)
}

func accountNumber(a *Account) uint32 {
	if a == nil {
		return 0
	}
	return a.n + 1
}

func appendReference(b []byte, x *Txn) []byte {
	b = le.AppendUint32(b, x.Terminal.n)
	b = le.AppendUint32(b, x.STAN)
	return le.AppendUint32(b, x.serial)
}

// appendTxn writes what a posting and an open transaction have in common.
func appendTxn(b []byte, kind recordKind, x *Txn, original *Txn, hold *Hold, flags byte) []byte {
	if original != nil {
		flags |= flagOriginal
	}
	if hold != nil {
		flags |= flagHold
	}
	if x.Invoice != 0 {
		flags |= flagInvoice
	}
	b = append(b, byte(kind), flags, byte(x.Type), byte(x.Outcome), byte(x.State))
	b = le.AppendUint32(b, x.Terminal.n)
	b = le.AppendUint32(b, x.Batch)
	b = le.AppendUint32(b, x.STAN)
	b = le.AppendUint32(b, x.Processing)
	b = le.AppendUint16(b, x.MTI)
	b = le.AppendUint16(b, uint16(x.Currency))
	b = append(b, x.Approval[:]...)
	b = append(b, x.RRN[:]...)
	b = le.AppendUint32(b, x.OriginalSTAN)
	b = le.AppendUint32(b, x.OriginalBatch)
	b = le.AppendUint64(b, uint64(x.Amount))
	b = le.AppendUint64(b, x.Card)
	b = le.AppendUint32(b, accountNumber(x.From))
	b = le.AppendUint32(b, accountNumber(x.To))
	b = appendMoment(b, x.At)
	b = le.AppendUint64(b, x.Key)
	if original != nil {
		b = appendReference(b, original)
	}
	if x.Invoice != 0 {
		b = le.AppendUint32(b, x.Invoice)
	}
	if hold != nil {
		b = le.AppendUint32(b, hold.id)
	}
	return b
}

// appendMoment writes a time with its zone's offset.
func appendMoment(b []byte, t time.Time) []byte {
	_, zone := t.Zone()
	b = le.AppendUint64(b, uint64(t.Unix()))
	b = le.AppendUint32(b, uint32(t.Nanosecond()))
	return le.AppendUint32(b, uint32(zone))
}

// appendHeld writes a hold, for a snapshot.
func appendHeld(b []byte, h *Hold) []byte {
	b = append(b, byte(recordHeld), byte(h.State))
	b = appendBool(b, h.at >= 0)
	b = le.AppendUint32(b, h.id)
	b = le.AppendUint32(b, accountNumber(h.Account))
	b = le.AppendUint64(b, h.Card)
	b = append(b, h.Approval[:]...)
	b = le.AppendUint64(b, uint64(h.Amount))
	b = le.AppendUint16(b, uint16(h.Currency))
	b = appendMoment(b, h.At)
	b = appendMoment(b, h.Expires)
	return appendString(b, h.Merchant)
}

// The log of a book. Each function does nothing without a Log.

func (b *Book) send(record []byte) {
	b.record = record[:0]
	b.o.Log.Append(record)
}

func (b *Book) logAccount(a *Account) {
	if b.o.Log != nil {
		b.send(appendAccount(b.record, a))
	}
}

func (b *Book) logTerminal(t *Terminal) {
	if b.o.Log != nil {
		b.send(appendString(append(b.record, byte(recordTerminal)), t.ID))
	}
}

func (b *Book) logSerials(d *daySerials) {
	if b.o.Log != nil {
		b.send(appendSerials(b.record, d.day, d.reserved+1))
	}
}

func (b *Book) logSession(t *Terminal) {
	if b.o.Log != nil {
		b.send(appendSession(b.about(recordSession, t), &t.Session))
	}
}

func (b *Book) logBatch(t *Terminal) {
	if b.o.Log != nil {
		b.send(le.AppendUint32(b.about(recordBatch, t), t.Batch))
	}
}

func (b *Book) logClose(t *Terminal) {
	if b.o.Log != nil {
		b.send(le.AppendUint32(b.about(recordClose, t), t.Batch))
	}
}

func (b *Book) logSettle(t *Terminal, batch uint32, s *Settlement) {
	if b.o.Log != nil {
		b.send(appendSettlement(b.about(recordSettle, t), batch, t.Batch, s))
	}
}

func (b *Book) logTold(t *Terminal) {
	if b.o.Log != nil {
		b.send(appendTotals(b.about(recordTold, t), *t.Told))
	}
}

func (b *Book) logUploaded(x *Txn) {
	if b.o.Log != nil {
		b.send(appendBool(appendReference(append(b.record, byte(recordUploaded)), x), x.Differs()))
	}
}

func (b *Book) logConsume(x *Txn) {
	if b.o.Log != nil {
		b.send(appendReference(append(b.record, byte(recordConsume)), x))
	}
}

func (b *Book) logExpire(now time.Time) {
	if b.o.Log != nil {
		b.send(appendMoment(append(b.record, byte(recordExpire)), now))
	}
}

func (b *Book) logForget() {
	if b.o.Log != nil {
		b.send(append(b.record, byte(recordForget)))
	}
}

func (b *Book) about(kind recordKind, t *Terminal) []byte {
	return le.AppendUint32(append(b.record, byte(kind)), t.n)
}

func (b *Book) logTxn(kind recordKind, x *Txn, e effects, evicted int) {
	if b.o.Log == nil {
		return
	}
	var flags byte
	if e.undo {
		flags |= flagUndo
	}
	if e.remember {
		flags |= flagRemember
	}
	if evicted > 0 {
		flags |= flagEvicted
	}
	var hold *Hold
	if kind == recordPost || kind == recordHold { // others' is their original's
		hold = x.Hold
	}
	r := appendTxn(b.record, kind, x, x.Original, hold, flags)
	if evicted > 0 {
		r = le.AppendUint32(r, uint32(evicted))
	}
	if kind == recordHold {
		r = appendString(appendMoment(r, hold.Expires), hold.Merchant)
	}
	b.send(r)
}

// zones gives times read from a file the offset that they had.
type zones map[int32]*time.Location

func (z zones) at(unix int64, nanos uint32, offset int32) time.Time {
	if offset == 0 {
		return time.Unix(unix, int64(nanos)).UTC()
	}
	loc := z[offset]
	if loc == nil {
		loc = time.FixedZone("", int(offset))
		z[offset] = loc
	}
	return time.Unix(unix, int64(nanos)).In(loc)
}
