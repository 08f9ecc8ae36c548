package ledger

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/acqsim/acqsim/scenarios/world"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// hotel is a book with a card, of which a pre-authorisation holds 300 of 1,000
// for thirty days.
type hotel struct {
	*Book
	t              *Terminal
	card, merchant *Account
	hold           *Hold
	auth           *Txn
	stan           uint32
}

func newHotel(o Options) *hotel {
	b := New(o)
	h := &hotel{Book: b, t: b.Terminal("T0000001"), card: b.EnsureAccount("card", world.CNY, 1000, 0), merchant: b.EnsureAccount("merchant", world.CNY, 0, 0)}
	h.auth = h.preAuth(300)
	h.hold = h.auth.Hold
	return h
}

func (h *hotel) txn(typ world.TransactionType, amount int64) Txn {
	h.stan++
	return Txn{Terminal: h.t, Type: typ, State: Posted, STAN: h.stan, Amount: amount, Currency: world.CNY, At: noon}
}

func (h *hotel) preAuth(amount int64) *Txn {
	x := h.txn(world.PreAuth, amount)
	x.From, x.Card, x.Approval = h.card, 7, [6]byte{'1'}
	return h.PostHold(x, "M1", noon.AddDate(0, 0, 30))
}

func (h *hotel) complete(amount int64) *Txn {
	x := h.txn(world.Completion, amount)
	x.From, x.To, x.Hold = h.card, h.merchant, h.hold
	return h.Post(x)
}

func (h *hotel) release() *Txn {
	x := h.txn(world.PreAuthVoid, 300)
	x.Hold = h.hold
	return h.Post(x)
}

func (h *hotel) void(x *Txn) *Txn { return h.PostVoid(h.txn(world.CompletionVoid, 0), x) }

func (h *hotel) reverse(x *Txn) *Txn { return h.PostReversal(h.txn(world.Reversal, 0), x, true) }

func TestWhatBecomesOfAHold(t *testing.T) {
	tests := map[string]struct {
		do           func(h *hotel) *Txn
		record       TxnState // of what do returned
		hold         HoldState
		booked, held int64 // of the card
		debits       int64
	}{
		"nothing":                      {func(h *hotel) *Txn { return h.auth }, Posted, HoldLive, 1000, 300, 0},
		"a void":                       {func(h *hotel) *Txn { return h.release() }, Posted, HoldVoided, 1000, 0, 0},
		"two voids":                    {func(h *hotel) *Txn { h.release(); return h.release() }, Declined, HoldVoided, 1000, 0, 0},
		"a void and its reversal":      {func(h *hotel) *Txn { return h.reverse(h.release()) }, Posted, HoldLive, 1000, 300, 0},
		"a reversal":                   {func(h *hotel) *Txn { return h.reverse(h.auth) }, Posted, HoldReversed, 1000, 0, 0},
		"a reversal and a void":        {func(h *hotel) *Txn { h.reverse(h.auth); return h.release() }, Declined, HoldReversed, 1000, 0, 0},
		"a void and a reversal":        {func(h *hotel) *Txn { h.release(); return h.reverse(h.auth) }, NoMoney, HoldVoided, 1000, 0, 0},
		"a completion":                 {func(h *hotel) *Txn { return h.complete(250) }, Posted, HoldCompleted, 750, 0, 250},
		"two completions":              {func(h *hotel) *Txn { h.complete(250); return h.complete(50) }, Declined, HoldCompleted, 750, 0, 250},
		"a completion and a void":      {func(h *hotel) *Txn { h.complete(250); return h.release() }, Declined, HoldCompleted, 750, 0, 250},
		"a completion, then reversal":  {func(h *hotel) *Txn { h.complete(250); return h.reverse(h.auth) }, NoMoney, HoldCompleted, 750, 0, 250},
		"a completion reversed":        {func(h *hotel) *Txn { return h.reverse(h.complete(250)) }, Posted, HoldLive, 1000, 300, 0},
		"a completion voided":          {func(h *hotel) *Txn { return h.void(h.complete(250)) }, Posted, HoldLive, 1000, 300, 0},
		"a completion voided twice":    {func(h *hotel) *Txn { c := h.complete(250); h.void(c); return h.void(c) }, Declined, HoldLive, 1000, 300, 0},
		"its void reversed":            {func(h *hotel) *Txn { return h.reverse(h.void(h.complete(250))) }, Posted, HoldCompleted, 750, 0, 250},
		"completed anew":               {func(h *hotel) *Txn { h.void(h.complete(250)); return h.complete(345) }, Posted, HoldCompleted, 655, 0, 345},
		"completed anew, old reversed": {func(h *hotel) *Txn { v := h.void(h.complete(250)); h.complete(345); return h.reverse(v) }, NoMoney, HoldCompleted, 655, 0, 345},
		"a sale's void of it": {func(h *hotel) *Txn {
			return h.PostVoid(h.txn(world.Void, 250), h.complete(250))
		}, Declined, HoldCompleted, 750, 0, 250},
		"thirty days":                    {func(h *hotel) *Txn { h.Expire(h.hold.Expires); return h.auth }, Posted, HoldExpired, 1000, 0, 0},
		"a moment less":                  {func(h *hotel) *Txn { h.Expire(h.hold.Expires.Add(-1)); return h.auth }, Posted, HoldLive, 1000, 300, 0},
		"thirty days, then a completion": {func(h *hotel) *Txn { h.Expire(h.hold.Expires); return h.complete(1) }, Declined, HoldExpired, 1000, 0, 0},
		"a void reversed after thirty days": {func(h *hotel) *Txn {
			v := h.release()
			x := h.txn(world.Reversal, 0)
			x.At = h.hold.Expires
			return h.PostReversal(x, v, true)
		}, Posted, HoldExpired, 1000, 0, 0},
		"a closed batch": {func(h *hotel) *Txn { h.CloseBatch(h.t, 2); return h.complete(100) }, Posted, HoldCompleted, 900, 0, 100},
		"another terminal": {func(h *hotel) *Txn {
			defer func(t *Terminal) { h.t = t }(h.t)
			h.t = h.Terminal("T0000002")
			return h.release()
		}, Posted, HoldVoided, 1000, 0, 0},
		"a plain posting": {func(h *hotel) *Txn { return h.Post(h.txn(world.PreAuth, 5)) }, Declined, HoldLive, 1000, 300, 0},
		"a tip": {func(h *hotel) *Txn {
			x := h.txn(world.Tip, 280)
			x.Original = h.complete(250)
			return h.Post(x)
		}, Posted, HoldCompleted, 720, 0, 280},
		"a tip on nothing": {func(h *hotel) *Txn { return h.Post(h.txn(world.Tip, 280)) }, Declined, HoldLive, 1000, 300, 0},
	}
	for name, c := range tests {
		t.Run(name, func(t *testing.T) {
			log := &memoryLog{frames: appendFrame(nil, appendNames(nil))}
			h := newHotel(Options{Log: log})
			x := c.do(h)
			assert.Equal(t, c.record.String(), x.State.String())
			assert.Equal(t, c.hold.String(), h.hold.State.String())
			assert.Equal(t, []int64{c.booked, c.held}, []int64{h.card.Booked, h.card.Held})
			assert.Equal(t, 1000-c.booked, h.merchant.Booked)
			assert.Equal(t, c.debits, h.t.Totals.DebitAmount)

			again := New(Options{})
			_, err := newReplayer(again).readLog(sealed(t, logMagic, log.frames), 1, false, never)
			require.NoError(t, err)
			assert.Equal(t, describe(h.Book), describe(again), "as the log has it")
		})
	}
}

func TestHoldsAreBounded(t *testing.T) {
	h := newHotel(Options{MaxHolds: 3})
	for range 2 {
		require.Equal(t, Posted, h.preAuth(1).State)
	}
	require.False(t, h.CanHold())
	assert.Equal(t, Declined, h.preAuth(1).State, "a fourth")

	for range 100 {
		x := h.txn(world.PreAuthVoid, 1)
		x.Hold = h.FindHold("M1", 7, [6]byte{'1'}, func(h *Hold) bool { return h.State == HoldLive })
		require.Equal(t, Posted, h.Post(x).State)
		require.Equal(t, Posted, h.preAuth(1).State)
	}
	assert.LessOrEqual(t, len(h.holds.queue), 6, "used ones are forgotten")
	assert.Equal(t, 3, h.LiveHolds())
	assert.Len(t, h.holds.byID, len(h.holds.queue))
}

// TestStatesFromBeforeHolds opens what acqsim wrote before it knew holds: a
// sale of 7 that was voided, and one of 100 of which 30 were refunded.
func TestStatesFromBeforeHolds(t *testing.T) {
	for _, name := range []string{"book-00000001.log", "book-00000002.snapshot"} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			require.NoError(t, copyFile(filepath.Join("testdata", "before-holds", name), filepath.Join(dir, name)))
			s, b, err := OpenState(dir, Options{})
			require.NoError(t, err)
			card, at := b.Account("card"), b.Terminal("T0000001")
			assert.Equal(t, []int64{930, 10}, []int64{card.Booked, card.Held})
			assert.Equal(t, Totals{DebitCount: 1, CreditCount: 1, DebitAmount: 100, CreditAmount: 30}, at.Totals)
			assert.Equal(t, int64(30), b.BySTAN(at, 3, nil).Refunded)

			x := Txn{Terminal: at, State: Posted, STAN: 5, Amount: 50, From: card, At: noon, Approval: [6]byte{'1'}}
			b.PostHold(x, "M1", noon.AddDate(0, 0, 30))
			want := describe(b)
			require.NoError(t, s.Close())
			assert.Equal(t, want, reopened(t, dir))
		})
	}
}

func TestHoldsOutliveARestart(t *testing.T) {
	k := openTill(t, t.TempDir())
	x := Txn{Terminal: k.terminal, State: Posted, STAN: 1, Amount: 50, From: k.card, At: noon, Approval: [6]byte{'1'}}
	k.book.PostHold(x, "M1", noon.AddDate(0, 0, 30))
	k.book.CloseBatch(k.terminal, 2)
	require.NoError(t, k.Close())
	again := openTill(t, k.dir)
	h := again.book.FindHold("M1", 0, [6]byte{'1'}, nil)
	require.NotNil(t, h)
	assert.Equal(t, int64(50), again.card.Held)
	assert.Equal(t, 1, again.book.Expire(h.Expires))
	assert.Zero(t, again.card.Held)
	require.NoError(t, again.Flush())
	assert.Equal(t, describe(again.book), reopened(t, again.crash(t)), "after a kill")
}
