package ledger

import (
	"encoding/binary"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/acqsim/acqsim/scenarios/world"
)

// naive is a transaction as the model of the tests sees it. The model keeps
// every transaction for ever and works all sums out anew each time.
type naive struct {
	book      *Txn
	terminal  *naiveTerminal
	epoch     int // batches that the terminal had closed before
	typ       world.TransactionType
	state     TxnState
	amount    int64
	stan, n   uint32
	rrn       [12]byte
	key       uint64
	card      int // 0: no card
	invoice   uint32
	about     *naive
	waitsFor  uint32 // STAN of the original that never came
	remembers bool
	evicted   bool
	adjusted  int64
	hold      *naiveHold

	uploaded, differs, voidTold bool
}

// worth is what a purchase comes to, adjusted.
func (x *naive) worth() int64 {
	if IsAdjustment(x.typ) {
		return x.amount
	}
	return x.amount + x.adjusted
}

type naiveTerminal struct {
	book   *Terminal
	epoch  int
	batch  uint32
	closed []ClosedBatch
	told   *Totals
}

func (x *naive) open() bool { return !x.evicted && x.epoch == x.terminal.epoch }

// machine drives a book and the model side by side.
type machine struct {
	book      *Book
	maxOpen   int
	accounts  []*Account // the merchant's, then the cards'
	opening   int64
	terminals []*naiveTerminal
	all       []*naive
	evictions int
	holds     []*naiveHold
	now       time.Time
}

const machineCards = 3

func newMachine(b *Book, terminals int) *machine {
	m := &machine{book: b, maxOpen: b.o.MaxOpen, now: time.Date(2026, 5, 6, 7, 8, 0, 9, time.UTC)}
	for i := range machineCards + 1 {
		a := b.EnsureAccount(fmt.Sprintf("account %d", i), world.CNY, int64(i)*10_000, 0)
		m.accounts = append(m.accounts, a)
		m.opening += a.Opening
	}
	for i := range terminals {
		m.terminals = append(m.terminals, &naiveTerminal{book: b.Terminal(fmt.Sprintf("T%07d", i))})
	}
	return m
}

// txn draws what transactions have in common.
func (m *machine) txn(t *rapid.T) (Txn, *naive) {
	terminal := rapid.SampledFrom(m.terminals).Draw(t, "terminal")
	n := &naive{
		terminal: terminal, epoch: terminal.epoch, n: uint32(len(m.all)),
		stan:   rapid.Uint32Range(1, 6).Draw(t, "stan"),
		amount: rapid.Int64Range(0, 300).Draw(t, "amount"),
		key:    rapid.Uint64Range(0, 3).Draw(t, "key"),
		state:  rapid.SampledFrom([]TxnState{Posted, Posted, Posted, Declined}).Draw(t, "state"),
	}
	binary.BigEndian.PutUint32(n.rrn[8:], n.n+1)
	zone := time.FixedZone("", rapid.SampledFrom([]int{0, 8 * 3600}).Draw(t, "zone"))
	x := Txn{
		Terminal: terminal.book, Outcome: world.Approved, State: n.state, STAN: n.stan, MTI: 200,
		Processing: 900, Currency: world.CNY, Amount: n.amount, RRN: n.rrn, Key: n.key,
		Approval: [6]byte{'A', byte(n.n)}, Card: uint64(n.n) << 40,
		At:      m.now.Add(time.Duration(n.n) * time.Second).In(zone),
		Invoice: rapid.Uint32Range(0, 4).Draw(t, "invoice"),
	}
	n.invoice = x.Invoice
	if n.state == Declined {
		x.Outcome = world.InsufficientFunds
	}
	return x, n
}

// add files what the book has recorded, and lets the model's oldest leave.
func (m *machine) add(n *naive, book *Txn) {
	n.book = book
	m.all = append(m.all, n)
	open := 0
	for _, x := range m.all {
		if x.open() {
			open++
		}
	}
	for _, x := range m.all {
		if open <= m.maxOpen {
			break
		}
		if x.open() {
			x.evicted, x.remembers = true, false
			open--
			m.evictions++
		}
	}
}

func (m *machine) sale(t *rapid.T) {
	x, n := m.txn(t)
	n.typ, n.card = world.Sale, rapid.IntRange(1, machineCards).Draw(t, "card")
	x.Type, x.From, x.To = world.Sale, m.accounts[n.card], m.accounts[0]
	m.add(n, m.book.Post(x))
}

// other records what moves no money.
func (m *machine) other(t *rapid.T) {
	x, n := m.txn(t)
	n.typ, n.state = world.Inquiry, NoMoney
	x.Type, x.State = world.Inquiry, NoMoney
	m.add(n, m.book.Post(x))
}

// anyOf draws a transaction, open or history, or nil if there is none yet.
// Recent ones are likelier, so that chains of voids and reversals form.
func (m *machine) anyOf(t *rapid.T, types ...world.TransactionType) *naive {
	var fit []*naive
	for _, x := range m.all {
		for _, typ := range types {
			if x.typ == typ {
				fit = append(fit, x)
			}
		}
	}
	if len(fit) == 0 {
		return nil
	}
	if recent := len(fit) - 4; recent > 0 && rapid.IntRange(0, 3).Draw(t, "recent") > 0 {
		fit = fit[recent:]
	}
	return rapid.SampledFrom(fit).Draw(t, "which")
}

func (m *machine) void(t *rapid.T) {
	m.voidOf(t, world.Void, m.anyOf(t, world.Sale, world.Refund))
}

func (m *machine) voidOf(t *rapid.T, typ world.TransactionType, about *naive) {
	if about == nil {
		return
	}
	x, n := m.txn(t)
	if rapid.IntRange(0, 5).Draw(t, "elsewhere") > 0 {
		n.terminal, n.epoch, x.Terminal = about.terminal, about.terminal.epoch, about.terminal.book
	}
	n.typ, x.Type = typ, typ
	if about.open() {
		n.about = about
	}
	if n.state == Posted {
		if fits := about.typ == world.Sale && typ == world.Void || about.typ == world.Completion && typ == world.CompletionVoid; fits &&
			about.state == Posted && about.open() && about.terminal == n.terminal {
			about.state, n.amount, n.card = Voided, about.worth(), about.card
			if n.hold = about.hold; n.hold != nil {
				n.hold.revive(x.At)
			}
		} else {
			n.state = Declined
		}
	}
	m.add(n, m.book.PostVoid(x, about.book))
}

func (m *machine) refund(t *rapid.T) {
	x, n := m.txn(t)
	n.typ, n.card = world.Refund, rapid.IntRange(1, machineCards).Draw(t, "card")
	x.Type, x.From, x.To = world.Refund, m.accounts[0], m.accounts[n.card]
	if about := m.anyOf(t, world.Sale); about != nil && rapid.Bool().Draw(t, "original") {
		x.Original = about.book
		if about.open() {
			n.about = about
		}
	}
	m.add(n, m.book.Post(x))
}

func (m *machine) reversal(t *rapid.T) {
	about := m.anyOf(t, world.Sale, world.Void, world.Refund, world.Inquiry, world.Reversal,
		world.PreAuth, world.PreAuthVoid, world.Completion, world.CompletionVoid, world.Tip)
	if about == nil {
		return
	}
	for range rapid.IntRange(1, 3).Draw(t, "repeats") {
		m.reverse(t, about, rapid.IntRange(0, 4).Draw(t, "undo") > 0)
	}
}

// reverseVoid undoes the latest void that stands, so that the sale stands again.
func (m *machine) reverseVoid(t *rapid.T) {
	for i := len(m.all) - 1; i >= 0; i-- {
		if x := m.all[i]; x.typ == world.Void && x.state == Posted {
			m.reverse(t, x, true)
			return
		}
	}
}

func (m *machine) reverse(t *rapid.T, about *naive, undo bool) {
	x, n := m.txn(t)
	if rapid.IntRange(0, 5).Draw(t, "elsewhere") > 0 {
		n.terminal, n.epoch, x.Terminal = about.terminal, about.terminal.epoch, about.terminal.book
	}
	n.typ = world.Reversal
	if about.open() {
		n.about = about
	}
	switch {
	case undo && about.open() && about.terminal == n.terminal && about.state == Posted && m.nothingRestsOn(about):
		about.state, n.state, n.amount, n.card = Reversed, Posted, about.worth(), about.card
		m.undone(about, x.At)
	case n.state == Posted:
		n.state = NoMoney
	}
	m.add(n, m.book.PostReversal(x, about.book, undo))
}

// unmatchedReversal is one whose original never came.
func (m *machine) unmatchedReversal(t *rapid.T) {
	x, n := m.txn(t)
	n.typ = world.Reversal
	x.OriginalSTAN = rapid.Uint32Range(0, 6).Draw(t, "original STAN")
	x.OriginalBatch = rapid.SampledFrom([]uint32{0, n.terminal.batch, n.terminal.batch + 1}).Draw(t, "original batch")
	n.waitsFor = x.OriginalSTAN
	if n.waitsFor == 0 {
		n.waitsFor = n.stan
	}
	n.remembers = x.OriginalBatch == 0 || x.OriginalBatch == n.terminal.batch
	if n.state == Posted {
		n.state = NoMoney
	}
	m.add(n, m.book.PostReversal(x, nil, rapid.Bool().Draw(t, "undo")))
}

// lateOriginal is a sale that its reversal has overtaken: declined, once.
func (m *machine) lateOriginal(t *rapid.T) {
	x, n := m.txn(t)
	rev := m.book.UnmatchedReversal(x.Terminal, n.stan, nil)
	if rev == nil {
		return
	}
	m.book.Consume(rev)
	m.book.Consume(rev)
	for _, r := range m.all {
		if r.book == rev {
			r.remembers = false
		}
	}
	n.typ, n.state = world.Sale, Declined
	x.Type, x.State, x.Outcome = world.Sale, Declined, world.ReversedBeforeArrival
	m.add(n, m.book.Post(x))
}

func (m *machine) closeBatch(t *rapid.T) {
	n := rapid.SampledFrom(m.terminals).Draw(t, "terminal")
	next := rapid.Uint32Range(1, 4).Draw(t, "next")
	want := ClosedBatch{Batch: n.batch, Totals: m.totals(n)}
	for _, x := range m.all {
		if x.terminal == n && x.epoch == n.epoch {
			history := *x.book // the book will use its memory for others
			x.book = &history
		}
	}
	if rapid.Bool().Draw(t, "settled") {
		if rapid.IntRange(0, 3).Draw(t, "named late") == 0 {
			want.Batch = next
		}
		want.Settlement = &Settlement{
			Told: Totals{DebitCount: rapid.IntRange(0, 3).Draw(t, "told")}, Balanced: rapid.Bool().Draw(t, "balanced"),
			STAN: next, Key: 7, RRN: [12]byte{11: byte(next)},
		}
		require.Equal(t, want.Totals, m.book.Settle(n.book, want.Batch, next, *want.Settlement))
	} else {
		require.Equal(t, want.Totals, m.book.CloseBatch(n.book, next))
	}
	if want.Batch != 0 {
		n.closed = append(n.closed, want)
		got, ok := m.book.Closed(n.book, want.Batch)
		require.True(t, ok)
		require.Equal(t, want, got)
		last, ok := m.book.LastClosed(n.book)
		require.True(t, ok)
		require.Equal(t, want, last)
	}
	n.epoch++
	n.batch, n.told = next, nil
	for _, x := range m.all {
		if !x.open() {
			x.remembers = false
		}
	}
}

// tell gives totals that are not the book's.
func (m *machine) tell(t *rapid.T) {
	n := rapid.SampledFrom(m.terminals).Draw(t, "terminal")
	n.told = &Totals{DebitCount: rapid.IntRange(1, 9).Draw(t, "told")}
	m.book.Tell(n.book, *n.told)
}

// upload marks a transaction, open or history.
func (m *machine) upload(t *rapid.T) {
	x := m.anyOf(t, world.Sale, world.Void, world.Refund)
	if x == nil {
		return
	}
	differently := rapid.Bool().Draw(t, "differently")
	m.book.MarkUploaded(x.book, differently)
	if x.open() {
		x.uploaded, x.differs = true, x.differs || differently
		if x.about != nil && x.typ == world.Void {
			x.about.voidTold = true
		}
	}
}

func (m *machine) setBatch(t *rapid.T) {
	n := rapid.SampledFrom(m.terminals).Draw(t, "terminal")
	number := rapid.Uint32Range(1, 9).Draw(t, "number")
	moved := false
	for _, x := range m.all {
		moved = moved || x.terminal == n && x.epoch == n.epoch && (x.state == Posted || x.state == Voided || x.state == Reversed)
	}
	if n.batch == 0 || !moved {
		n.batch = number
	}
	m.book.SetBatch(n.book, number)
}

func (m *machine) signOn(t *rapid.T) {
	n := rapid.SampledFrom(m.terminals).Draw(t, "terminal")
	keys := rapid.SliceOfN(rapid.Byte(), 0, 8).Draw(t, "keys")
	want := Session{Generation: n.book.Session.Generation + 1, SignedOn: true, Download: 3, Keys: append([]byte(nil), keys...)}
	m.book.SetSession(n.book, Session{Generation: want.Generation, SignedOn: true, Download: 3, Keys: keys})
	for i := range keys {
		keys[i]++ // the caller may use its buffer again
	}
	require.Equal(t, want, n.book.Session)
}

// actions are what rapid may do, sales more often than the rest.
// useCard changes what is counted of a card.
func (m *machine) useCard(t *rapid.T) {
	card := rapid.Uint64Range(1, 2).Draw(t, "card")
	use := CardUse{
		WrongPINs: rapid.IntRange(0, 2).Draw(t, "wrong PINs"), Day: rapid.Int32Range(0, 2).Draw(t, "day"),
		Spent: rapid.Int64Range(-1, 1).Draw(t, "spent"), Count: rapid.IntRange(0, 2).Draw(t, "count"),
	}
	m.book.SetCardUse(card, use)
	require.Equal(t, use, m.book.CardUse(card))
}

func (m *machine) actions() map[string]func(*rapid.T) {
	return map[string]func(*rapid.T){
		"sale": m.sale, "another sale": m.sale, "void": m.void, "refund": m.refund, "reversal": m.reversal,
		"unmatched reversal": m.unmatchedReversal, "late original": m.lateOriginal, "other": m.other,
		"pre-authorisation": m.preAuth, "completion": m.complete, "void of a pre-authorisation": m.release,
		"void of a completion": m.completionVoid, "tip": m.tip, "time": m.time,
		"reversal of a void": m.reverseVoid, "close batch": m.closeBatch, "set batch": m.setBatch, "sign on": m.signOn,
		"tell": m.tell, "upload": m.upload, "use of a card": m.useCard,
	}
}

func TestBookAgreesWithANaiveModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		told := 0
		b := New(Options{
			MaxOpen:  rapid.SampledFrom([]int{1, 5, 20, 1000}).Draw(t, "most open"),
			MaxHolds: rapid.SampledFrom([]int{2, 1000}).Draw(t, "most holds"),
			Evicted: func(terminal *Terminal, batch uint32, n int) {
				if terminal.Batch != batch {
					t.Fatalf("told of batch %d, open is %d", batch, terminal.Batch)
				}
				told += n
			},
		})
		b.shelf.small = rapid.SampledFrom([]uint8{0, smallBatch}).Draw(t, "small batch")
		m := newMachine(b, rapid.IntRange(1, 3).Draw(t, "terminals"))
		actions := m.actions()
		actions[""] = m.check
		t.Repeat(actions)
		require.Equal(t, m.evictions, told, "evictions")
	})
}
