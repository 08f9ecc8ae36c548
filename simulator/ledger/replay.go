package ledger

import (
	"errors"
	"fmt"
	"time"

	"github.com/acqsim/acqsim/scenarios/world"
)

// replayer carries out the records of snapshots and logs on a book.
type replayer struct {
	book     *Book
	outcomes [256]world.Outcome         // by number in the file
	types    [256]world.TransactionType // by number in the file
	known    bool                       // names have been read
	zones    zones
	used     map[uint32]*Hold // of a snapshot: holds that only its open transactions know
	ended    bool             // a snapshot's end record has been read
}

func newReplayer(b *Book) *replayer { return &replayer{book: b, zones: zones{}} }

// errShort is a record that ends before its fields do, or goes on after them.
var errShort = errors.New("the record's length does not fit its kind")

// apply carries out one record. An error leaves the book as far as it came.
func (r *replayer) apply(record []byte) error {
	d := decoder{b: record}
	kind := recordKind(d.u8())
	if r.ended {
		return errors.New("a record follows the end record")
	}
	if !r.known && kind != recordNames {
		return errors.New("the file does not begin with its table of names")
	}
	switch kind {
	case recordNames:
		return r.names(&d)
	case recordAccount:
		return r.account(&d)
	case recordTerminal:
		id := d.text()
		return r.defineTerminal(&d, id)
	case recordSerials:
		day, next := d.i32(), d.u64()
		if d.done() {
			s := r.book.serialsOf(day)
			s.next, s.reserved = next, next-1
		}
	case recordSession:
		t := r.terminal(&d)
		s := d.session()
		if d.done() {
			t.Session = s
		}
	case recordBatch:
		t := r.terminal(&d)
		n := d.u32()
		if d.done() {
			t.Batch = n
		}
	case recordClose:
		t := r.terminal(&d)
		next := d.u32()
		if d.done() {
			r.book.closeBatch(t, ClosedBatch{Batch: t.Batch}, next)
		}
	case recordSettle:
		r.settle(&d)
	case recordTold:
		t := r.terminal(&d)
		told := d.totals()
		if d.done() {
			t.Told = &told
		}
	case recordUploaded:
		x := r.reference(&d)
		differently := d.bool()
		if d.done() {
			x.markUploaded(differently)
		}
	case recordPost, recordVoid, recordReversal, recordHold:
		r.txn(&d, kind)
	case recordExpire:
		if now := r.moment(&d); d.done() {
			r.book.holds.expire(now)
		}
	case recordForget:
		if d.done() {
			r.book.holds.forgetUsed()
		}
	case recordHeld:
		return r.held(&d)
	case recordCard:
		r.card(&d)
	case recordConsume:
		x := r.reference(&d)
		if d.done() && x.marks&unmatched != 0 {
			x.Terminal.forget(x)
		}
	case recordBooks:
		return r.books(&d)
	case recordOpen:
		r.openTxn(&d)
	case recordEnd:
		if n := d.u32(); d.done() && int(n) != r.book.open {
			d.fail(fmt.Errorf("%d open transactions were written and %d were read", n, r.book.open))
		}
		r.ended = true
	default:
		d.fail(fmt.Errorf("record kind %d is unknown to this version", kind))
	}
	return d.err
}

// names learns how the writing program numbered outcomes and types.
func (r *replayer) names(d *decoder) error {
	r.outcomes, r.types = [256]world.Outcome{}, [256]world.TransactionType{}
	for range d.u8() {
		n, name := d.u8(), d.text()
		if d.err != nil {
			return d.err
		}
		o, err := world.ParseOutcome(name)
		if err != nil {
			return fmt.Errorf("this version does not know what an earlier one wrote: %w", err)
		}
		r.outcomes[n] = o
	}
	for range d.u8() {
		n, name := d.u8(), d.text()
		if d.err != nil {
			return d.err
		}
		t, err := world.ParseTransactionType(name)
		if err != nil {
			return fmt.Errorf("this version does not know what an earlier one wrote: %w", err)
		}
		r.types[n] = t
	}
	r.known = d.done()
	return d.err
}

func (r *replayer) account(d *decoder) error {
	a := Account{
		Name: d.text(), Currency: world.Currency(d.u16()),
		Opening: d.i64(), Booked: d.i64(), Held: d.i64(),
	}
	if d.done() {
		if r.book.byName[a.Name] != nil {
			return fmt.Errorf("account %q is opened twice", a.Name)
		}
		r.book.addAccount(a)
	}
	return d.err
}

func (r *replayer) defineTerminal(d *decoder, id string) error {
	if d.done() {
		if r.book.byID[id] != nil {
			return fmt.Errorf("terminal %q is opened twice", id)
		}
		r.book.addTerminal(id)
	}
	return d.err
}

func (r *replayer) books(d *decoder) error {
	t := Terminal{ID: d.text(), Batch: d.u32(), Totals: d.totals(), Session: d.session()}
	t.Serial, t.moved = d.u32(), d.bool()
	closed := d.u8()
	if closed > keptClosed {
		return fmt.Errorf("a terminal can't have %d closed batches", closed)
	}
	for range closed {
		c := ClosedBatch{Batch: d.u32(), Totals: d.totals()}
		if d.err != nil {
			return d.err
		}
		t.closed = append(t.closed, c)
	}
	if err := r.defineTerminal(d, t.ID); err != nil {
		return err
	}
	live := r.book.byID[t.ID]
	t.n = live.n
	*live = t
	r.book.oldest[t.n] = t.Serial
	return nil
}

// body reads what appendTxn wrote.
func (r *replayer) body(d *decoder) (x Txn, flags byte) {
	flags = d.u8()
	typ, outcome := d.u8(), d.u8()
	x.Type, x.Outcome, x.State = r.types[typ], r.outcomes[outcome], TxnState(d.u8())
	if typ != 0 && x.Type == 0 || outcome != 0 && x.Outcome == 0 || x.State >= stateCount {
		d.fail(errors.New("a type, outcome or state is not in the table of names"))
	}
	x.Terminal = r.terminal(d)
	x.Batch, x.STAN, x.Processing = d.u32(), d.u32(), d.u32()
	x.MTI, x.Currency = d.u16(), world.Currency(d.u16())
	copy(x.Approval[:], d.take(len(x.Approval)))
	copy(x.RRN[:], d.take(len(x.RRN)))
	x.OriginalSTAN, x.OriginalBatch = d.u32(), d.u32()
	x.Amount, x.Card = d.i64(), d.u64()
	x.From, x.To = r.accountRef(d), r.accountRef(d)
	x.At = r.moment(d)
	x.Key = d.u64()
	if flags&flagOriginal != 0 {
		x.Original = r.reference(d)
	}
	if flags&flagInvoice != 0 {
		x.Invoice = d.u32()
	}
	return x, flags
}

func (r *replayer) moment(d *decoder) time.Time { return r.zones.at(d.i64(), d.u32(), d.i32()) }

func (r *replayer) txn(d *decoder, kind recordKind) {
	x, flags := r.body(d)
	switch {
	case kind == recordHold:
		x.Hold = r.newHold(d, &x)
	case flags&flagHold != 0:
		x.Hold = r.hold(d)
	}
	var evicted uint32
	if flags&flagEvicted != 0 {
		evicted = d.u32()
	}
	if kind == recordHold {
		x.Hold.Expires, x.Hold.Merchant = r.moment(d), d.text()
	}
	e := effects{undo: flags&flagUndo != 0, remember: flags&flagRemember != 0}
	if x.State == Posted && kind == recordPost && (IsCompletion(x.Type) || x.Type == world.PreAuthVoid) && x.Hold == nil {
		d.fail(errors.New("it uses a hold that it does not name"))
	}
	changes := kind == recordVoid || kind == recordPost && IsAdjustment(x.Type)
	if x.Original == nil && (e.undo || x.State == Posted && changes) {
		d.fail(errors.New("it undoes or changes a transaction that it does not name"))
	}
	if !d.done() {
		return
	}
	r.book.apply(kind, &x, e)
	r.book.evict(int(evicted), nil)
}

// openTxn files an open transaction of a snapshot, whose effects are in the
// balances and totals already. Those of a terminal are numbered one after the
// other, from the number that its books began with.
func (r *replayer) openTxn(d *decoder) {
	x, flags := r.body(d)
	if flags&flagHold != 0 {
		x.Hold = r.hold(d)
	}
	x.Refunded = d.i64()
	if flags&flagAdjusted != 0 {
		x.Adjusted = d.i64()
	}
	var mark marks
	if flags&flagUploaded != 0 {
		mark = marks(d.u8()) & marksOfUpload
	}
	if !d.done() {
		return
	}
	t := x.Terminal
	p := t.open.next(&r.book.shelf)
	*p = x
	p.serial = t.Serial
	t.Serial++
	if p.Original != nil && p.Original.Terminal != t {
		p.Original.Terminal.shared = true
	}
	t.open.add(p)
	r.book.enqueue(p)
	if flags&flagRemember != 0 {
		t.remember(p)
	}
	p.marks |= mark
}

// settle closes a batch with its settlement, or files that of a batch which a
// snapshot has listed as closed.
func (r *replayer) settle(d *decoder) {
	t := r.terminal(d)
	batch, next := d.u32(), d.u32()
	s := Settlement{Told: d.totals(), Balanced: d.bool(), STAN: d.u32(), Key: d.u64()}
	copy(s.RRN[:], d.take(len(s.RRN)))
	if !d.done() {
		return
	}
	if next != 0 {
		r.book.closeBatch(t, ClosedBatch{Batch: batch, Settlement: &s}, next)
		return
	}
	if uint64(batch) >= uint64(len(t.closed)) {
		d.fail(fmt.Errorf("terminal %s has no closed batch at position %d that could have been settled", t.ID, batch))
		return
	}
	t.closed[batch].Settlement = &s
}

// nobody stands in for what a broken record names, so that reading can go on
// to its end.
var nobody = &Terminal{}

func (r *replayer) terminal(d *decoder) *Terminal {
	n := d.u32()
	if d.err == nil && uint64(n) < uint64(len(r.book.terminals)) {
		return r.book.terminals[n]
	}
	d.fail(fmt.Errorf("terminal %d is named before it appears", n))
	return nobody
}

func (r *replayer) accountRef(d *decoder) *Account {
	n := d.u32()
	if n == 0 || d.err != nil {
		return nil
	}
	if uint64(n) > uint64(len(r.book.accounts)) {
		d.fail(fmt.Errorf("account %d is named before it appears", n))
		return nil
	}
	return r.book.accounts[n-1]
}

func (r *replayer) reference(d *decoder) *Txn {
	t := r.terminal(d)
	stan, serial := d.u32(), d.u32()
	if d.err != nil {
		return nil
	}
	x := t.open.bySerial(stan, serial)
	if x == nil {
		d.fail(fmt.Errorf("terminal %s has no open transaction %d with STAN %06d", t.ID, serial, stan))
	}
	return x
}
