package ledger_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/acqsim/acqsim/scenarios/world"
	"github.com/acqsim/acqsim/simulator/ledger"
)

// shop is a book with one terminal in batch 1, a card with 1,000 and a
// merchant with nothing.
type shop struct {
	*ledger.Book
	terminal       *ledger.Terminal
	card, merchant *ledger.Account
	stan           uint32
}

func newShop(o ledger.Options) *shop {
	b := ledger.New(o)
	s := &shop{Book: b, terminal: b.Terminal("T0000001")}
	s.card, s.merchant = b.EnsureAccount("card", world.CNY, 1000, 100), b.EnsureAccount("merchant", world.CNY, 0, 0)
	b.SetBatch(s.terminal, 1)
	return s
}

func (s *shop) txn(state ledger.TxnState) ledger.Txn {
	s.stan++
	return ledger.Txn{Terminal: s.terminal, State: state, STAN: s.stan, Currency: world.CNY}
}

func (s *shop) sale(amount int64) *ledger.Txn {
	x := s.txn(ledger.Posted)
	x.Type, x.Amount, x.From, x.To = world.Sale, amount, s.card, s.merchant
	return s.Post(x)
}

func (s *shop) refund(amount int64, of *ledger.Txn) *ledger.Txn {
	x := s.txn(ledger.Posted)
	x.Type, x.Amount, x.From, x.To, x.Original = world.Refund, amount, s.merchant, s.card, of
	return s.Post(x)
}

func (s *shop) void(of *ledger.Txn) *ledger.Txn { return s.PostVoid(s.txn(ledger.Posted), of) }

func (s *shop) reverse(of *ledger.Txn) *ledger.Txn {
	return s.PostReversal(s.txn(ledger.Posted), of, true)
}

func TestWhatUndoesWhat(t *testing.T) {
	type want struct {
		original, record ledger.TxnState // the first transaction, and what do returned
		left             int64           // on the card, of 1,000
		totals           ledger.Totals
	}
	sold := ledger.Totals{DebitCount: 1, DebitAmount: 300}
	tests := map[string]struct {
		do   func(s *shop, sale *ledger.Txn) *ledger.Txn
		want want
	}{
		"nothing": {
			func(_ *shop, sale *ledger.Txn) *ledger.Txn { return sale },
			want{ledger.Posted, ledger.Posted, 700, sold},
		},
		"a void": {
			func(s *shop, sale *ledger.Txn) *ledger.Txn { return s.void(sale) },
			want{ledger.Voided, ledger.Posted, 1000, ledger.Totals{}},
		},
		"a void that the host declines": {
			func(s *shop, sale *ledger.Txn) *ledger.Txn { return s.PostVoid(s.txn(ledger.Declined), sale) },
			want{ledger.Posted, ledger.Declined, 700, sold},
		},
		"a second void": {
			func(s *shop, sale *ledger.Txn) *ledger.Txn { s.void(sale); return s.void(sale) },
			want{ledger.Voided, ledger.Declined, 1000, ledger.Totals{}},
		},
		"a void of nothing": {
			func(s *shop, _ *ledger.Txn) *ledger.Txn { return s.void(nil) },
			want{ledger.Posted, ledger.Declined, 700, sold},
		},
		"a void from another terminal": {
			func(s *shop, sale *ledger.Txn) *ledger.Txn {
				x := s.txn(ledger.Posted)
				x.Terminal = s.Terminal("T0000002")
				return s.PostVoid(x, sale)
			},
			want{ledger.Posted, ledger.Declined, 700, sold},
		},
		"a void that comes as a plain posting": {
			func(s *shop, sale *ledger.Txn) *ledger.Txn {
				x := s.txn(ledger.Posted)
				x.Type, x.Amount, x.From, x.To, x.Original = world.Void, 300, s.merchant, s.card, sale
				return s.Post(x)
			},
			want{ledger.Posted, ledger.Declined, 700, sold},
		},
		"a reversal": {
			func(s *shop, sale *ledger.Txn) *ledger.Txn { return s.reverse(sale) },
			want{ledger.Reversed, ledger.Posted, 1000, ledger.Totals{}},
		},
		"a reversal and its repeats": {
			func(s *shop, sale *ledger.Txn) *ledger.Txn { s.reverse(sale); s.reverse(sale); return s.reverse(sale) },
			want{ledger.Reversed, ledger.NoMoney, 1000, ledger.Totals{}},
		},
		"a reversal that the host declines": {
			func(s *shop, sale *ledger.Txn) *ledger.Txn {
				return s.PostReversal(s.txn(ledger.Declined), sale, false)
			},
			want{ledger.Posted, ledger.Declined, 700, sold},
		},
		"a void of a reversed sale": {
			func(s *shop, sale *ledger.Txn) *ledger.Txn { s.reverse(sale); return s.void(sale) },
			want{ledger.Reversed, ledger.Declined, 1000, ledger.Totals{}},
		},
		"a reversal of a voided sale": {
			func(s *shop, sale *ledger.Txn) *ledger.Txn { s.void(sale); return s.reverse(sale) },
			want{ledger.Voided, ledger.NoMoney, 1000, ledger.Totals{}},
		},
		"a reversal of the void": {
			func(s *shop, sale *ledger.Txn) *ledger.Txn { return s.reverse(s.void(sale)) },
			want{ledger.Posted, ledger.Posted, 700, sold},
		},
		"a reversal of the void, and a void again": {
			func(s *shop, sale *ledger.Txn) *ledger.Txn { s.reverse(s.void(sale)); return s.void(sale) },
			want{ledger.Voided, ledger.Posted, 1000, ledger.Totals{}},
		},
		"a reversal of a reversal": {
			func(s *shop, sale *ledger.Txn) *ledger.Txn { return s.reverse(s.reverse(sale)) },
			want{ledger.Reversed, ledger.NoMoney, 1000, ledger.Totals{}},
		},
		"a refund": {
			func(s *shop, sale *ledger.Txn) *ledger.Txn { return s.refund(100, sale) },
			want{ledger.Posted, ledger.Posted, 800, ledger.Totals{DebitCount: 1, DebitAmount: 300, CreditCount: 1, CreditAmount: 100}},
		},
		"a refund and its reversal": {
			func(s *shop, sale *ledger.Txn) *ledger.Txn { return s.reverse(s.refund(100, sale)) },
			want{ledger.Posted, ledger.Posted, 700, sold},
		},
		"a void of a refund": {
			func(s *shop, sale *ledger.Txn) *ledger.Txn { return s.void(s.refund(100, sale)) },
			want{ledger.Posted, ledger.Declined, 800, ledger.Totals{DebitCount: 1, DebitAmount: 300, CreditCount: 1, CreditAmount: 100}},
		},
		"a negative amount": {
			func(s *shop, _ *ledger.Txn) *ledger.Txn { return s.sale(-50) },
			want{ledger.Posted, ledger.Declined, 700, sold},
		},
		"a reversal of a decline": {
			func(s *shop, _ *ledger.Txn) *ledger.Txn {
				x := s.txn(ledger.Declined)
				x.Type, x.Amount, x.From, x.To = world.Sale, 5000, s.card, s.merchant
				return s.reverse(s.Post(x))
			},
			want{ledger.Posted, ledger.NoMoney, 700, sold},
		},
		"a void after the batch was closed": {
			func(s *shop, sale *ledger.Txn) *ledger.Txn { s.CloseBatch(s.terminal, 2); return s.void(sale) },
			want{ledger.Posted, ledger.Declined, 700, ledger.Totals{}},
		},
		"a reversal after the batch was closed": {
			func(s *shop, sale *ledger.Txn) *ledger.Txn { s.CloseBatch(s.terminal, 2); return s.reverse(sale) },
			want{ledger.Posted, ledger.NoMoney, 700, ledger.Totals{}},
		},
	}
	for name, c := range tests {
		t.Run(name, func(t *testing.T) {
			s := newShop(ledger.Options{})
			sale := s.sale(300)
			record := c.do(s, sale)
			assert.Equal(t, c.want.original.String(), sale.State.String(), "the sale")
			assert.Equal(t, c.want.record.String(), record.State.String(), "the record")
			assert.Equal(t, c.want.left, s.card.Booked)
			assert.Equal(t, c.want.left-100, s.card.Available())
			assert.Equal(t, int64(1000), s.card.Booked+s.merchant.Booked, "money is conserved")
			assert.Equal(t, c.want.totals, s.terminal.Totals)
		})
	}
}

func TestAnUndoSaysWhatMoved(t *testing.T) {
	s := newShop(ledger.Options{})
	void := s.void(s.sale(300))
	assert.Equal(t, int64(300), void.Amount)
	assert.Same(t, s.merchant, void.From)
	assert.Same(t, s.card, void.To)
	reversal := s.reverse(void)
	assert.Equal(t, int64(300), reversal.Amount)
	assert.Same(t, s.card, reversal.From)
	assert.Same(t, s.merchant, reversal.To)
}

func TestARefundCountsOnItsSale(t *testing.T) {
	s := newShop(ledger.Options{})
	sale := s.sale(300)
	first, second := s.refund(100, sale), s.refund(150, sale)
	assert.Equal(t, int64(250), sale.Refunded)
	s.reverse(first)
	s.reverse(first)
	assert.Equal(t, int64(150), sale.Refunded)
	s.CloseBatch(s.terminal, 2)
	s.reverse(second)
	assert.Equal(t, int64(150), sale.Refunded, "the refund's batch is closed")
}

func TestARefundAtAnotherTerminal(t *testing.T) {
	s := newShop(ledger.Options{})
	sale := s.sale(300)
	other := s.Terminal("T0000002")
	refund := s.Post(ledger.Txn{Terminal: other, Type: world.Refund, State: ledger.Posted, Amount: 100, From: s.merchant, To: s.card, Original: sale, STAN: 1})
	assert.Equal(t, int64(100), sale.Refunded)
	assert.Equal(t, ledger.Totals{CreditCount: 1, CreditAmount: 100}, other.Totals)
	s.CloseBatch(s.terminal, 2)
	assert.Equal(t, ledger.Posted, s.PostReversal(ledger.Txn{Terminal: other, STAN: 2}, refund, true).State)
	assert.Equal(t, int64(700), s.card.Booked, "the sale's batch is closed, and the refund is undone")
}

func TestEviction(t *testing.T) {
	var told []string
	s := newShop(ledger.Options{MaxOpen: 3, Evicted: func(t *ledger.Terminal, batch uint32, n int) {
		told = append(told, fmt.Sprintf("%s batch %d: %d", t.ID, batch, n))
	}})
	first, second := s.sale(100), s.sale(100)
	void := s.void(second)
	require.Empty(t, told)
	require.Equal(t, 3, s.OpenTransactions())

	s.sale(100)
	assert.Equal(t, []string{"T0000001 batch 1: 1"}, told)
	assert.Equal(t, 3, s.OpenTransactions())
	assert.Nil(t, s.BySTAN(s.terminal, first.STAN, nil))
	assert.Equal(t, ledger.Totals{DebitCount: 2, DebitAmount: 200}, s.terminal.Totals, "totals keep what left")
	assert.Equal(t, ledger.Declined, s.void(first).State, "what left can't be undone")

	// The voided sale has left now, its void has not.
	assert.Nil(t, s.BySTAN(s.terminal, second.STAN, nil))
	assert.Equal(t, ledger.Posted, s.reverse(void).State)
	assert.Equal(t, ledger.Totals{DebitCount: 3, DebitAmount: 300}, s.terminal.Totals)
	assert.Equal(t, int64(700), s.card.Booked)
}

func TestEvictionTakesAThousandthAtOnce(t *testing.T) {
	told := 0
	s := newShop(ledger.Options{MaxOpen: 5000, Evicted: func(_ *ledger.Terminal, _ uint32, n int) {
		told++
		assert.Equal(t, 6, n)
	}})
	for range 5012 {
		s.sale(0)
	}
	assert.Equal(t, 2, told)
	assert.Equal(t, 5000, s.OpenTransactions())
}

// TestOldestLeavesWhateverItsTerminal closes batches in between, so that the
// order of eviction has gaps.
func TestOldestLeavesWhateverItsTerminal(t *testing.T) {
	s := newShop(ledger.Options{MaxOpen: 100})
	idle, busy := s.Terminal("idle"), s.Terminal("busy")
	post := func(terminal *ledger.Terminal, stan uint32) {
		s.Post(ledger.Txn{Terminal: terminal, Type: world.Sale, State: ledger.Posted, STAN: stan})
	}
	post(idle, 1)
	for round := range 200 {
		for stan := range uint32(50) {
			post(busy, stan)
		}
		s.CloseBatch(busy, uint32(round+1))
	}
	require.NotNil(t, s.BySTAN(idle, 1, nil), "it was never too many at once")
	for stan := range uint32(100) {
		post(busy, stan)
	}
	assert.Nil(t, s.BySTAN(idle, 1, nil), "the oldest of all leaves")
	assert.NotNil(t, s.BySTAN(busy, 0, nil))
	assert.Equal(t, 100, s.OpenTransactions())
}

func TestASTANThatNeverAdvances(t *testing.T) {
	s := newShop(ledger.Options{MaxOpen: 2000})
	for i := range 3000 {
		s.Post(ledger.Txn{Terminal: s.terminal, Type: world.Sale, STAN: 1, Key: uint64(i + 1), RRN: [12]byte{byte(i), byte(i >> 8)}})
	}
	assert.Equal(t, uint64(3000), s.BySTAN(s.terminal, 1, nil).Key, "the newest")
	assert.NotNil(t, s.ByDuplicateKey(s.terminal, 1, 2745), "256 are looked at")
	assert.Nil(t, s.ByDuplicateKey(s.terminal, 1, 2744), "and no more")
	looked := 0
	assert.Nil(t, s.BySTAN(s.terminal, 1, func(*ledger.Txn) bool { looked++; return false }))
	assert.Equal(t, 256, looked)
	old := s.ByRRN(s.terminal, [12]byte{1100 & 0xff, 1100 >> 8})
	require.NotNil(t, old, "the RRN still finds it")
	assert.Equal(t, uint64(1101), old.Key)
	assert.Nil(t, s.ByRRN(s.terminal, [12]byte{999 & 0xff, 999 >> 8}), "evicted")
}

func TestNoKeyAndNoRRNFindNothing(t *testing.T) {
	s := newShop(ledger.Options{})
	x := s.sale(1)
	assert.Nil(t, s.ByDuplicateKey(s.terminal, x.STAN, 0))
	assert.Nil(t, s.ByRRN(s.terminal, [12]byte{}))
	assert.Nil(t, s.BySTAN(s.Terminal("T0000002"), x.STAN, nil), "a terminal finds its own")
}

func TestUnmatchedReversalIsUsedOnce(t *testing.T) {
	s := newShop(ledger.Options{})
	x := s.txn(ledger.Declined)
	x.OriginalSTAN = 77
	first := s.PostReversal(x, nil, true)
	second := s.PostReversal(x, nil, true)
	assert.Nil(t, s.UnmatchedReversal(s.terminal, x.STAN, nil), "it waits for STAN 77")
	assert.Same(t, second, s.UnmatchedReversal(s.terminal, 77, nil))
	assert.Same(t, first, s.UnmatchedReversal(s.terminal, 77, func(r *ledger.Txn) bool { return r == first }))
	s.Consume(second)
	s.Consume(second)
	s.Consume(nil)
	assert.Same(t, first, s.UnmatchedReversal(s.terminal, 77, nil))
	s.CloseBatch(s.terminal, 2)
	assert.Nil(t, s.UnmatchedReversal(s.terminal, 77, nil), "its original can't come any more")
	s.Consume(first)

	x.OriginalBatch = 1
	s.PostReversal(x, nil, true)
	assert.Nil(t, s.UnmatchedReversal(s.terminal, 77, nil), "its original was in a batch that is closed")
	x.OriginalBatch = 2
	assert.Same(t, s.PostReversal(x, nil, true), s.UnmatchedReversal(s.terminal, 77, nil))
}

func TestBatchNumbers(t *testing.T) {
	s := newShop(ledger.Options{})
	s.Post(s.txn(ledger.Declined))
	s.SetBatch(s.terminal, 5)
	assert.Equal(t, uint32(5), s.terminal.Batch, "no money has moved: the number can be adopted")
	sale := s.sale(10)
	assert.Equal(t, uint32(5), sale.Batch)
	s.SetBatch(s.terminal, 6)
	assert.Equal(t, uint32(5), s.terminal.Batch)
	s.void(sale)
	s.SetBatch(s.terminal, 6)
	assert.Equal(t, uint32(5), s.terminal.Batch, "money has moved, there and back")

	early := s.Terminal("T0000002")
	x := s.txn(ledger.Posted)
	x.Terminal, x.Type, x.Amount, x.From, x.To = early, world.Sale, 20, s.card, s.merchant
	s.Post(x)
	s.SetBatch(early, 3)
	assert.Equal(t, uint32(3), early.Batch, "the first number is always taken")
	assert.Equal(t, 20, int(s.CloseBatch(early, 4).DebitAmount))
}

func TestClosedBatchesKeepTheirTotals(t *testing.T) {
	s := newShop(ledger.Options{})
	for n := range int64(10) {
		s.sale(n + 1)
		assert.Equal(t, ledger.Totals{DebitCount: 1, DebitAmount: n + 1}, s.CloseBatch(s.terminal, uint32(n)+2))
		assert.Zero(t, s.OpenTransactions())
	}
	for batch := range uint32(12) {
		got, ok := s.Closed(s.terminal, batch)
		assert.Equal(t, batch >= 3 && batch <= 10, ok, "batch %d", batch)
		if ok {
			assert.Equal(t, int64(batch), got.Totals.DebitAmount)
		}
	}
	s.CloseBatch(s.terminal, 10)
	s.sale(500)
	s.CloseBatch(s.terminal, 11)
	got, _ := s.Closed(s.terminal, 10)
	assert.Equal(t, int64(500), got.Totals.DebitAmount, "of two with one number the newer counts")
	assert.Equal(t, uint32(11), s.terminal.Serial, "decisions are counted over batches")

	none := s.Terminal("T0000002")
	s.CloseBatch(none, 1)
	_, ok := s.Closed(none, 0)
	assert.False(t, ok, "there was no batch to close")
}

func TestAccountsAndTerminalsStay(t *testing.T) {
	s := newShop(ledger.Options{})
	s.sale(10)
	assert.Same(t, s.card, s.EnsureAccount("card", 840, 5, 5), "an account is opened once")
	assert.Equal(t, int64(990), s.card.Booked)
	assert.Same(t, s.card, s.Account("card"))
	assert.Nil(t, s.Account("nobody"))
	assert.Same(t, s.terminal, s.Terminal("T0000001"))
	s.Terminal("T0000002")
	var ids []string
	for terminal := range s.Terminals {
		ids = append(ids, terminal.ID)
	}
	assert.Equal(t, []string{"T0000001", "T0000002"}, ids)
	assert.Equal(t, []*ledger.Account{s.card, s.merchant}, slices.Collect(s.Accounts))
	for range s.Terminals {
		break
	}
	for range s.Accounts {
		break
	}
}

func TestSerialNumbersStartAtOneEachDay(t *testing.T) {
	b := ledger.New(ledger.Options{})
	assert.Equal(t, []uint64{1, 2, 1, 3}, []uint64{b.NextSerial(10), b.NextSerial(10), b.NextSerial(11), b.NextSerial(10)})
	for day := range int32(63) {
		assert.Equal(t, uint64(1), b.NextSerial(100+day))
		assert.Equal(t, uint64(day)+4, b.NextSerial(10), "a day in use is remembered")
	}
	assert.Equal(t, uint64(1), b.NextSerial(11), "of many days the one least used is not")
}

func TestTxnStatesHaveNames(t *testing.T) {
	for state, name := range map[ledger.TxnState]string{
		ledger.Declined: "declined", ledger.Posted: "posted", ledger.Voided: "voided",
		ledger.Reversed: "reversed", ledger.NoMoney: "no money", 200: "unknown state",
	} {
		assert.Equal(t, name, state.String())
	}
}

// A repeat may have a STAN of its own: the reversal is found by what it is
// about.
func TestReversalOf(t *testing.T) {
	b := ledger.New(ledger.Options{})
	term := b.Terminal("10000001")
	b.SetBatch(term, 1)
	from, to := b.EnsureAccount("card", world.CNY, 100, 0), b.EnsureAccount("shop", world.CNY, 0, 0)
	sale := b.Post(ledger.Txn{Terminal: term, Type: world.Sale, Outcome: world.Approved, State: ledger.Posted, STAN: 1, Amount: 10, From: from, To: to})
	other := b.Post(ledger.Txn{Terminal: term, Type: world.Sale, Outcome: world.Approved, State: ledger.Posted, STAN: 2, Amount: 10, From: from, To: to})
	require.Nil(t, b.ReversalOf(sale))
	b.PostReversal(ledger.Txn{Terminal: term, Outcome: world.OriginalAmountDiffers, STAN: 3, Amount: 9}, sale, false)
	require.Nil(t, b.ReversalOf(sale), "one that was refused does not count")
	rev := b.PostReversal(ledger.Txn{Terminal: term, Outcome: world.Approved, STAN: 4, State: ledger.Posted}, sale, true)
	require.Same(t, rev, b.ReversalOf(sale))
	require.Nil(t, b.ReversalOf(other))
	require.Nil(t, b.ReversalOf(nil))
	b.CloseBatch(term, 2)
	require.Nil(t, b.ReversalOf(sale))
}
