package simulator_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/acqsim/acqsim/scenarios/display"
	"github.com/acqsim/acqsim/scenarios/transcript"
	"github.com/acqsim/acqsim/scenarios/world"
	"github.com/acqsim/acqsim/simulator"
	"github.com/acqsim/acqsim/simulator/dialect"
	"github.com/acqsim/acqsim/simulator/host"
	"github.com/acqsim/acqsim/simulator/ledger"
	"github.com/acqsim/acqsim/simulator/security"
	firmware "github.com/acqsim/acqsim/simulator/terminal"
)

// TestABusinessDay plays a day of a shop over real sockets in every dialect:
// sign-on, 200 mixed transactions, disputes, settlement, and the next day, which
// ends out of balance. The books, what the terminal kept for itself, and the
// transcript agree to the cent.
func TestABusinessDay(t *testing.T) {
	for _, name := range dialect.Names() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := openDay(t, name)
			d.signOn()
			for range 200 {
				d.trade()
			}
			d.disputes()
			d.agree()
			yesterdays := d.approved(world.Sale, firmware.Params{Amount: 6000})
			d.charge(yesterdays)
			d.settle(0)
			assert.Zero(t, d.left.open, "the batch is closed")

			d.clock.Add(int64(24 * time.Hour))
			d.signOn()
			d.reverse(yesterdays, display.Declined) // its batch is closed
			for range 20 {
				d.trade()
			}
			d.settle(1) // a cent too much: an upload follows
			d.agree()

			d.clock.Add(int64(40 * 24 * time.Hour)) // holds have expired
			d.signOn()
			d.do(world.Inquiry, firmware.Params{})
			d.left.held = 0
			d.agree()
		})
	}
}

// day is a terminal with books of its own: plain sums, kept from what it asked
// for and what it was answered.
type day struct {
	t     *testing.T
	m     *firmware.Messages
	l     *firmware.Line
	s     *simulator.Server
	book  *ledger.Book
	keys  *firmware.Session
	draw  *rand.Rand
	clock atomic.Int64 // nanoseconds since the day began
	base  firmware.Params

	opening int64
	left    struct {
		balance, held  int64
		sales, refunds firmware.Sum
		open           int // transactions that stand in the batch
	}
	standing []deal // of the batch: sales and the like, and refunds
	holds    []deal
}

// deal is a transaction that was approved.
type deal struct {
	is       world.TransactionType
	stan     uint32
	batch    uint32
	amount   int64
	at       time.Time
	rrn      string
	approval string
	hold     *deal // of a completion
	adjusted bool  // or refunded: it is not undone any more
}

func openDay(t *testing.T, name string) *day {
	d := &day{t: t, draw: rand.New(rand.NewPCG(7, 7))} //nolint:gosec // a seeded test
	dl := load(t, name)
	began := time.Date(2026, 11, 23, 9, 0, 0, 0, time.FixedZone("CST", 8*3600))
	now := func() time.Time { return began.Add(time.Duration(d.clock.Load())) }
	d.book = ledger.New(ledger.Options{})
	h, err := host.New(host.Options{World: world.Default(), Book: d.book})
	require.NoError(t, err)
	d.opening = d.book.Account("good").Booked
	d.left.balance = d.opening
	d.s = start(t, name, func(o *simulator.Options) { o.Host, o.Now = h, now })
	d.m, err = firmware.MessagesFor(dl)
	require.NoError(t, err)
	d.l, err = firmware.Dial(t.Context(), firmware.Options{Dialect: dl, Address: d.s.Addr(0).String(), ResponseTimeout: patience})
	require.NoError(t, err)
	t.Cleanup(func() { _ = d.l.Close() })
	w := world.Default()
	facts := w.Terminals["10000001"]
	good := w.Cards["good"]
	d.base = firmware.Params{Terminal: facts.ID, Merchant: facts.Merchant, Batch: 1, Currency: world.CNY,
		Card: firmware.Card{PAN: good.PAN, Expiry: good.Expiry}}
	return d
}

func (d *day) now() time.Time {
	d.clock.Add(int64(7 * time.Second))
	return time.Date(2026, 11, 23, 9, 0, 0, 0, time.FixedZone("CST", 8*3600)).Add(time.Duration(d.clock.Load()))
}

// do makes one transaction under the next STAN.
func (d *day) do(is world.TransactionType, p firmware.Params) (*firmware.Exchange, deal) {
	d.t.Helper()
	d.base.STAN++
	p.STAN = d.base.STAN
	return d.exchange(is, p)
}

// exchange makes one transaction under the STAN of p.
func (d *day) exchange(is world.TransactionType, p firmware.Params) (*firmware.Exchange, deal) {
	d.t.Helper()
	p.Terminal, p.Merchant, p.Batch, p.Currency = d.base.Terminal, d.base.Merchant, d.base.Batch, d.base.Currency
	if p.Time.IsZero() {
		p.Time = d.now()
	}
	if p.Card.PAN == "" {
		p.Card = d.base.Card
	}
	p.HasAmount = p.Amount > 0
	req, err := d.m.Request(is, p, d.keys)
	require.NoError(d.t, err, is)
	x, err := d.l.Exchange(d.t.Context(), req)
	require.NoError(d.t, err, is)
	got := deal{is: is, stan: p.STAN, batch: p.Batch, amount: p.Amount, at: p.Time}
	if x.Reply != nil {
		got.rrn, got.approval = x.Reply.RRN, x.Reply.Approval
		if d.keys != nil && slices.Contains([]world.TransactionType{world.Sale, world.Void, world.Reversal}, is) {
			assert.Equal(d.t, transcript.MACOK, x.Reply.MAC, is)
		}
	}
	return x, got
}

// approved is do, where nothing speaks against it.
func (d *day) approved(is world.TransactionType, p firmware.Params) deal {
	d.t.Helper()
	x, got := d.do(is, p)
	require.Equal(d.t, display.Approved, x.Outcome, "%s of %d: %s %s", is, p.Amount, x.Code, x.Why)
	return got
}

func (d *day) speaks(is world.TransactionType) bool { return slices.Contains(d.m.Types(), is) }

func (d *day) signOn() {
	d.t.Helper()
	keys := d.keys
	d.keys = nil
	x, _ := d.do(world.SignOn, firmware.Params{})
	require.Equal(d.t, display.Approved, x.Outcome, x.Why)
	session, err := firmware.OpenSession(d.m.Dialect(), security.DefaultTMK(), x.Reply)
	if errors.Is(err, firmware.ErrNoDownload) {
		d.keys = keys
		return
	}
	require.NoError(d.t, err)
	d.keys = session
	if session.HasBatch {
		d.base.Batch = session.Batch
	}
}

// original names a deal.
func (x deal) original() firmware.Params {
	return firmware.Params{Amount: x.amount, RRN: x.rrn, Approval: x.approval,
		Original: firmware.Original{Type: x.is, STAN: x.stan, Batch: x.batch, Time: x.at}}
}

// pick draws one of the deals of some types; false if there is none.
func (d *day) pick(from []deal, types ...world.TransactionType) (int, bool) {
	var fit []int
	for i, x := range from {
		if slices.Contains(types, x.is) && !x.adjusted {
			fit = append(fit, i)
		}
	}
	if len(fit) == 0 {
		return 0, false
	}
	return fit[d.draw.IntN(len(fit))], true
}

// charge books a purchase of any kind.
func (d *day) charge(x deal) {
	d.left.balance -= x.amount
	d.left.sales.Count++
	d.left.sales.Amount += x.amount
	d.standing = append(d.standing, x)
	d.left.open++
}

// undo takes a deal back.
func (d *day) undo(i int) {
	x := d.standing[i]
	d.standing = slices.Delete(d.standing, i, i+1)
	d.left.open--
	sign, sum := int64(1), &d.left.sales
	if x.is == world.Refund {
		sign, sum = -1, &d.left.refunds
	}
	d.left.balance += sign * x.amount
	sum.Count--
	sum.Amount -= x.amount
}

// trade makes one transaction that is drawn.
func (d *day) trade() {
	d.t.Helper()
	amount := 100 + int64(d.draw.IntN(50_000))
	kinds := []world.TransactionType{world.Sale, world.Sale, world.Sale, world.Void, world.Refund, world.PreAuth, world.PreAuth,
		world.PreAuthVoid, world.Completion, world.CompletionAdvice, world.CompletionVoid, world.Cash, world.CashBack,
		world.OfflineSale, world.Adjustment, world.Tip, world.Inquiry, world.Reversal, world.Unrecognised}
	switch is := kinds[d.draw.IntN(len(kinds))]; {
	case is != world.Unrecognised && !d.speaks(is):
		d.trade() // the dialect has no such thing
	case is == world.Sale || is == world.Cash || is == world.OfflineSale:
		d.charge(d.approved(is, firmware.Params{Amount: amount}))
	case is == world.CashBack:
		d.charge(d.approved(is, firmware.Params{Amount: amount, Cash: amount / 4}))
	case is == world.Inquiry:
		d.approved(is, firmware.Params{})
	case is == world.Unrecognised: // a card without money
		x, _ := d.do(world.Sale, firmware.Params{Amount: amount, Card: firmware.Card{PAN: world.Default().Cards["poor"].PAN, Expiry: "4912"}})
		assert.Equal(d.t, display.Declined, x.Outcome)
	case is == world.Refund:
		p := firmware.Params{Amount: amount}
		if d.m.Dialect().Name() == "unionpay-pos" { // refunds name their sale there
			i, ok := d.pick(d.standing, world.Sale)
			if !ok {
				return
			}
			p, d.standing[i].adjusted = d.standing[i].original(), true
			p.Amount = d.standing[i].amount/3 + 1
		}
		d.refunded(d.approved(is, p))
	case is == world.PreAuth:
		d.holds = append(d.holds, d.approved(is, firmware.Params{Amount: amount}))
		d.left.held += amount
	default:
		d.follow(is)
	}
}

// follow makes a transaction that is about an earlier one, if there is one.
func (d *day) follow(is world.TransactionType) {
	d.t.Helper()
	switch is {
	case world.Void, world.CompletionVoid:
		of := world.Sale
		if is == world.CompletionVoid {
			of = world.Completion
		}
		if i, ok := d.pick(d.standing, of); ok {
			x := d.standing[i]
			d.approved(is, x.original())
			d.undo(i)
			if x.hold != nil {
				d.holds = append(d.holds, *x.hold)
				d.left.held += x.hold.amount
			}
		}
	case world.PreAuthVoid, world.Completion, world.CompletionAdvice:
		if i, ok := d.pick(d.holds, world.PreAuth); ok {
			hold := d.holds[i]
			p := hold.original()
			if is != world.PreAuthVoid {
				p.Amount -= hold.amount / 3
			}
			got := d.approved(is, p)
			got.approval = hold.approval
			d.holds = slices.Delete(d.holds, i, i+1)
			d.left.held -= hold.amount
			if is != world.PreAuthVoid {
				got.hold = &hold
				d.charge(got)
			}
		}
	case world.Adjustment, world.Tip:
		if i, ok := d.pick(d.standing, world.Sale); ok {
			x := &d.standing[i]
			p, more := x.original(), x.amount/10+1
			p.Amount, p.Tip = x.amount+more, more
			d.approved(is, p)
			x.amount, x.adjusted = p.Amount, true
			d.left.balance -= more
			d.left.sales.Amount += more
		}
	case world.Reversal:
		if i, ok := d.pick(d.standing, world.Sale); ok {
			d.reverse(d.standing[i], display.Approved)
			d.undo(i)
		}
	}
}

// reverse reverses a deal: in UnionPay's protocol under its own STAN.
func (d *day) reverse(x deal, want display.Outcome) *firmware.Exchange {
	d.t.Helper()
	p := x.original()
	p.STAN = x.stan
	if d.m.Dialect().Name() != "unionpay-pos" && d.m.Dialect().Name() != "iso87-bcd" {
		d.base.STAN++
		p.STAN = d.base.STAN
	}
	got, _ := d.exchange(world.Reversal, p)
	assert.Equal(d.t, want, got.Outcome, "%s: %s", got.Code, got.Why)
	return got
}

// disputes are the edges of repeats, voids and reversals: repeated, of a decline,
// of another amount, of nothing, of a void, of what was refunded, and of what is
// undone already.
func (d *day) disputes() {
	d.t.Helper()
	d.repeats()
	sale := d.approved(world.Sale, firmware.Params{Amount: 1000})
	first := d.reverse(sale, display.Approved)
	again := d.reverse(sale, display.Approved) // nothing more moves
	if d.m.Dialect().Name() == "unionpay-pos" {
		assert.Equal(d.t, first.Reply.RRN, again.Reply.RRN, "the first answer again")
	}

	x, _ := d.do(world.Void, sale.original())
	assert.Equal(d.t, display.Declined, x.Outcome, "the sale was reversed")

	other := d.approved(world.Sale, firmware.Params{Amount: 2000})
	wrong := other
	wrong.amount++
	d.reverse(wrong, display.Declined)
	d.charge(other)

	x, declined := d.do(world.Sale, firmware.Params{Amount: 3000, Card: firmware.Card{PAN: world.Default().Cards["poor"].PAN, Expiry: "4912"}})
	require.Equal(d.t, display.Declined, x.Outcome)
	p := declined.original()
	p.STAN, p.Card = declined.stan, firmware.Card{PAN: world.Default().Cards["poor"].PAN, Expiry: "4912"}
	got, _ := d.exchange(world.Reversal, p)
	assert.Equal(d.t, display.Approved, got.Outcome, "of a decline: there is nothing to reverse")

	d.base.STAN++
	never := deal{is: world.Sale, stan: d.base.STAN, batch: d.base.Batch, amount: 4000, at: d.now()}
	d.reverse(never, display.Declined)
	late := never.original()
	late.STAN = never.stan
	x, _ = d.exchange(world.Sale, firmware.Params{STAN: never.stan, Amount: never.amount})
	assert.Equal(d.t, display.Declined, x.Outcome, "its reversal came first")

	kept := d.approved(world.Sale, firmware.Params{Amount: 5000})
	void := d.approved(world.Void, kept.original())
	x, _ = d.do(world.Void, kept.original())
	assert.Equal(d.t, display.Declined, x.Outcome, "voided already")
	d.reverse(void, display.Approved)
	d.charge(kept) // the sale stands again
}

// repeats sends one sale three times: as it is, as a repeat, and as it is again. It
// is refunded in part then, and can be undone no more.
func (d *day) repeats() {
	d.t.Helper()
	d.base.STAN++
	p := firmware.Params{STAN: d.base.STAN, Amount: 900, Time: d.now()}
	x, sale := d.exchange(world.Sale, p)
	require.Equal(d.t, display.Approved, x.Outcome, x.Why)
	d.charge(sale)
	p.Repeat = true
	again, _ := d.exchange(world.Sale, p)
	assert.Equal(d.t, display.Approved, again.Outcome, again.Why)
	assert.Equal(d.t, sale.rrn, again.Reply.RRN, "the first answer again")
	assert.Equal(d.t, sale.approval, again.Reply.Approval)
	p.Repeat = false
	twice, _ := d.exchange(world.Sale, p)
	assert.Equal(d.t, display.Declined, twice.Outcome, "a duplicate")

	part := sale.original()
	part.Amount = 400
	d.refunded(d.approved(world.Refund, part))
	x, _ = d.do(world.Void, sale.original())
	assert.Equal(d.t, display.Declined, x.Outcome, "it was refunded")
	d.reverse(sale, display.Declined)
	d.standing[len(d.standing)-2].adjusted = true // leave it alone
}

// refunded books a refund.
func (d *day) refunded(x deal) {
	d.left.balance += x.amount
	d.left.refunds.Count++
	d.left.refunds.Amount += x.amount
	d.standing = append(d.standing, x)
	d.left.open++
}

// agree compares the terminal's sums with the books and with the transcript.
func (d *day) agree() {
	d.t.Helper()
	d.approved(world.Inquiry, firmware.Params{}) // the host has decided all before
	all, _ := d.s.Journal().Since(0, 1<<20)
	moved := int64(0)
	for _, e := range all {
		for _, p := range e.Postings {
			switch "good" {
			case p.From:
				moved -= p.Amount
			case p.To:
				moved += p.Amount
			}
		}
	}
	assert.Equal(d.t, d.left.balance-d.opening, moved, "the transcript and the terminal")
	account := d.book.Account("good")
	assert.Equal(d.t, d.left.balance, account.Booked, "the books and the terminal")
	assert.Equal(d.t, d.left.held, account.Held, "what is held")
}

// settle settles the batch with totals that are wrong by so many cents, with
// an upload where the host asks for one.
func (d *day) settle(wrong int64) {
	d.t.Helper()
	totals := firmware.Params{Sales: d.left.sales, Refunds: d.left.refunds}
	totals.Sales.Amount += wrong
	x, _ := d.do(world.Settlement, totals)
	if wrong == 0 {
		require.Equal(d.t, display.Approved, x.Outcome, "%s: %s", x.Code, x.Why)
	}
	closed := func(e transcript.Event) bool {
		return e.Kind == transcript.BatchClosed && e.Batch == d.base.Batch
	}
	if wrong != 0 {
		for _, s := range d.standing {
			if s.is == world.Refund || s.is == world.Sale {
				d.do(world.BatchUpload, s.original())
			}
		}
		end := world.SettlementEnd
		if d.speaks(world.BatchEnd) {
			end = world.BatchEnd
			totals.Uploaded, totals.OutOfBalance = len(d.standing), true
		}
		if d.speaks(end) {
			x, _ = d.do(end, totals)
			want := world.Approved
			if x.Request.Dialect.EndTellsBalance() {
				want = world.OutOfBalance
			}
			require.NotNil(d.t, x.Reply, x.Why)
			assert.Equal(d.t, x.Request.Dialect.Code(x.Reply.MTI, want), x.Code)
		}
	}
	found := events(d.t, d.s, closed)
	assert.NotEmpty(d.t, found)
	assert.Contains(d.t, found[len(found)-1].Text, fmt.Sprintf(" of %s, ", world.FormatAmount(d.left.sales.Amount, world.CNY)), "the host's own totals")
	d.standing, d.left.open = nil, 0
	d.left.sales, d.left.refunds = firmware.Sum{}, firmware.Sum{}
	d.base.Batch++
}
