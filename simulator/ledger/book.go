package ledger

import (
	"math"

	"github.com/acqsim/acqsim/scenarios/world"
)

const (
	// DefaultMaxOpen is how many transactions all open batches hold together
	// if Options does not say.
	DefaultMaxOpen = 1_000_000

	// keptClosed is how many closed batches of a terminal keep their totals.
	keptClosed = 8

	// keptDays is how many business days have their serial numbers remembered,
	// for a clock that is moved to and fro.
	keptDays = 64

	// serialBlock is how many serial numbers one log record reserves.
	serialBlock = 1024
)

// Options say how a book is kept. The zero value is valid.
type Options struct {
	// MaxOpen bounds the transactions kept in open batches in all. Beyond it
	// the oldest leave: they are found no more, but their money and the batch
	// totals stay. The default is [DefaultMaxOpen].
	MaxOpen int
	// MaxHolds bounds the holds of pre-authorisations that are live at a time.
	// The default is [DefaultMaxHolds].
	MaxHolds int
	// Log is told of every change. The default, nil, keeps nothing over a
	// restart; [OpenState] sets its own.
	Log Log
	// Evicted is told when n open transactions of a terminal's batch have left
	// because of MaxOpen. It must not use the book. The default is nil.
	Evicted func(t *Terminal, batch uint32, n int)
}

// Log receives the records of a book in order. A record is valid only during
// the call, and Append must not block on I/O.
type Log interface{ Append(record []byte) }

// Book is the books of one host. It is not safe for concurrent use.
type Book struct {
	o         Options
	accounts  []*Account
	terminals []*Terminal
	byName    map[string]*Account
	byID      map[string]*Terminal
	holds     holds
	cards     map[uint64]CardUse // by the hash of the number
	days      []daySerials       // most recently used last, at most keptDays

	// Open transactions in the order of posting. A slot whose transaction has
	// left with its batch is stale and skipped: closing a batch is cheap.
	queue  []slot
	head   int      // slots before it are used up
	oldest []uint32 // by terminal: serial of its oldest open transaction, or the next serial
	open   int
	gone   []*Terminal // scratch of evict

	shelf  shelf  // memory of closed batches
	record []byte // scratch of the log
}

// slot names an open transaction without keeping it in memory.
type slot struct{ terminal, serial uint32 }

// daySerials are the host-wide numbers of one business day.
type daySerials struct {
	day            int32
	next, reserved uint64 // the next to hand out; the last that the log has reserved
}

// New returns an empty book.
func New(o Options) *Book {
	if o.MaxOpen <= 0 {
		o.MaxOpen = DefaultMaxOpen
	}
	if o.MaxHolds <= 0 {
		o.MaxHolds = DefaultMaxHolds
	}
	return &Book{o: o, byName: map[string]*Account{}, byID: map[string]*Terminal{}, shelf: shelf{small: smallBatch}}
}

// EnsureAccount returns the account with the given name, and opens it if there
// is none. An account that exists, perhaps from before a restart, is returned
// as it is.
func (b *Book) EnsureAccount(name string, cur world.Currency, opening, held int64) *Account {
	if a := b.byName[name]; a != nil {
		return a
	}
	a := b.addAccount(Account{Name: name, Currency: cur, Opening: opening, Booked: opening, Held: held})
	b.logAccount(a)
	return a
}

func (b *Book) addAccount(x Account) *Account {
	a := &x
	a.n = uint32(len(b.accounts))
	b.accounts = append(b.accounts, a)
	b.byName[a.Name] = a
	return a
}

// Account returns the account with the given name; nil if there is none.
func (b *Book) Account(name string) *Account { return b.byName[name] }

// Accounts yields every account, in the order of opening.
func (b *Book) Accounts(yield func(*Account) bool) {
	for _, a := range b.accounts {
		if !yield(a) {
			return
		}
	}
}

// Terminal returns the books of the terminal with the given ID, and opens
// them if there are none.
func (b *Book) Terminal(id string) *Terminal {
	if t := b.byID[id]; t != nil {
		return t
	}
	t := b.addTerminal(id)
	b.logTerminal(t)
	return t
}

func (b *Book) addTerminal(id string) *Terminal {
	t := &Terminal{ID: id, n: uint32(len(b.terminals))}
	b.terminals = append(b.terminals, t)
	b.oldest = append(b.oldest, 0)
	b.byID[id] = t
	return t
}

// Terminals yields every terminal's books, in the order of opening.
func (b *Book) Terminals(yield func(*Terminal) bool) {
	for _, t := range b.terminals {
		if !yield(t) {
			return
		}
	}
}

// OpenTransactions is how many transactions the open batches hold.
func (b *Book) OpenTransactions() int { return b.open }

// NextSerial returns a number that no other request of the business day has,
// for retrieval reference numbers. Days count from the epoch. Each day starts
// at 1. After a kill some numbers are left out, and none is given twice.
func (b *Book) NextSerial(day int32) uint64 {
	d := b.serialsOf(day)
	n := d.next
	if n > d.reserved {
		d.reserved = n + serialBlock - 1
		b.logSerials(d)
	}
	d.next++
	return n
}

// serialsOf returns the numbers of a day and makes it the most recently used.
// The pointer is valid until the next call.
func (b *Book) serialsOf(day int32) *daySerials {
	last := len(b.days) - 1
	if last >= 0 && b.days[last].day == day {
		return &b.days[last]
	}
	d := daySerials{day: day, next: 1}
	for i := range b.days {
		if b.days[i].day == day {
			d = b.days[i]
			b.days = append(b.days[:i], b.days[i+1:]...)
			break
		}
	}
	if len(b.days) == keptDays {
		b.days = append(b.days[:0], b.days[1:]...)
	}
	b.days = append(b.days, d)
	return &b.days[len(b.days)-1]
}

// SetSession replaces what the terminal's sign-on agreed.
func (b *Book) SetSession(t *Terminal, s Session) {
	s.Keys = append([]byte(nil), s.Keys...)
	t.Session = s
	b.logSession(t)
}

// SetBatch gives the terminal's open batch a number: opens its first batch, or
// adopts another number for a batch in which no money has moved. A batch in
// which money has moved keeps its number.
func (b *Book) SetBatch(t *Terminal, n uint32) {
	if t.Batch == n || t.Batch != 0 && t.moved {
		return
	}
	t.Batch = n
	b.logBatch(t)
}

// hasLeft reports whether a transaction is in an open batch no more.
func (b *Book) hasLeft(x *Txn) bool {
	return !b.isOpen(slot{x.Terminal.n, x.serial})
}

// isOpen compares serial numbers as distances, so that they may wrap around.
func (b *Book) isOpen(s slot) bool {
	return s.serial-b.oldest[s.terminal] <= math.MaxInt32
}

// enqueue notes a transaction as the newest of all.
func (b *Book) enqueue(x *Txn) {
	if len(b.queue) == cap(b.queue) {
		b.tidyQueue()
	}
	b.queue = append(b.queue, slot{x.Terminal.n, x.serial})
	b.open++
}

// tidyQueue drops stale slots, and makes room if few were stale.
func (b *Book) tidyQueue() {
	live := b.queue[:0]
	for _, s := range b.queue[b.head:] {
		if b.isOpen(s) {
			live = append(live, s)
		}
	}
	if len(live) >= cap(live)/4*3 {
		live = append(make([]slot, 0, max(1024, 2*cap(live))), live...)
	}
	b.queue, b.head = live, 0
}

// excess is how many transactions are to leave now. At the limit a thousandth
// leaves at once, so that a busy book does not report every single one.
func (b *Book) excess() int {
	if b.open <= b.o.MaxOpen {
		return 0
	}
	return b.open - b.o.MaxOpen + b.o.MaxOpen/1000
}

// evict takes the n oldest transactions out of their batches and tells
// whom it may concern.
func (b *Book) evict(n int, tell func(t *Terminal, batch uint32, n int)) {
	for ; n > 0 && b.open > 0 && b.head < len(b.queue); b.head++ {
		s := b.queue[b.head]
		if !b.isOpen(s) {
			continue
		}
		t := b.terminals[s.terminal]
		x := t.open.oldest()
		if x.marks&unmatched != 0 {
			t.forget(x)
		}
		t.open.dropOldest()
		b.oldest[t.n] = t.Serial
		if oldest := t.open.oldest(); oldest != nil {
			b.oldest[t.n] = oldest.serial
		}
		b.open--
		n--
		if t.leaving == 0 {
			b.gone = append(b.gone, t)
		}
		t.leaving++
	}
	for i, t := range b.gone {
		if tell != nil {
			tell(t, t.Batch, t.leaving)
		}
		t.leaving = 0
		b.gone[i] = nil
	}
	b.gone = b.gone[:0]
}
