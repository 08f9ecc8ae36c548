package ledger

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/acqsim/acqsim/scenarios/world"
)

// fill posts n sales with the STANs 1 to n, and returns the last.
func fill(b *Book, t *Terminal, n int) (last *Txn) {
	for stan := range uint32(n) {
		last = b.Post(Txn{Terminal: t, Type: world.Sale, State: Posted, STAN: stan + 1, Key: uint64(t.n+1)<<32 | uint64(stan), Amount: 1})
	}
	return last
}

func TestClosedBatchesMakeRoomForOthers(t *testing.T) {
	b := New(Options{})
	here, there := b.Terminal("T0000001"), b.Terminal("T0000002")
	seen := map[*Txn]bool{}
	again := 0
	for batch := range uint32(6) {
		terminal, other := here, there
		if batch%2 == 1 {
			terminal, other = there, here
		}
		fill(b, terminal, 1000)
		for x := range b.Open(terminal) {
			if seen[x] {
				again++
			}
			seen[x] = true
		}
		assert.Equal(t, uint64(terminal.n+1)<<32|999, b.BySTAN(terminal, 1000, nil).Key)
		assert.NotNil(t, b.ByDuplicateKey(terminal, 7, uint64(terminal.n+1)<<32|6))
		assert.Nil(t, b.BySTAN(terminal, 1001, nil), "no STAN is found that an earlier batch had")
		assert.Equal(t, Totals{DebitCount: 1000, DebitAmount: 1000}, terminal.Totals)
		assert.Nil(t, b.BySTAN(other, 1, nil), "its batch is closed")
		b.CloseBatch(terminal, batch+2)
	}
	assert.Greater(t, again, 4000, "the memory of closed batches is used again")
}

// A sale that another terminal has refunded is history, and stays as it was.
func TestWhatOthersReferToIsNotOverwritten(t *testing.T) {
	b := New(Options{})
	here, there := b.Terminal("T0000001"), b.Terminal("T0000002")
	sale := fill(b, here, 1000)
	refund := b.Post(Txn{Terminal: there, Type: world.Refund, State: Posted, STAN: 1, Original: sale})
	b.CloseBatch(here, 2)
	fill(b, here, 1000)
	fill(b, b.Terminal("T0000003"), 1000)
	require.Same(t, sale, refund.Original)
	assert.Equal(t, uint32(1000), sale.STAN)
	assert.True(t, b.hasLeft(sale))
	assert.False(t, b.Undoable(sale, here))
}

// The memory of a peak is given back.
func TestAShelfIsBoundedByWhatIsInUse(t *testing.T) {
	b := New(Options{})
	const each = 1000
	var all []*Terminal
	for i := range 4 * leastKept / each {
		x := b.Terminal(string(rune('a' + i)))
		fill(b, x, each)
		all = append(all, x)
	}
	for _, x := range all {
		b.CloseBatch(x, 2)
		kept := len(b.shelf.slabs) * mostSlab
		assert.LessOrEqual(t, kept, max(leastKept, b.OpenTransactions()))
	}
	assert.Greater(t, len(b.shelf.slabs)*mostSlab, leastKept/2)
}

func TestTransactionsWithTiesAreNotKeptOnAShelf(t *testing.T) {
	b := New(Options{})
	terminal := b.Terminal("T0000001")
	sale := fill(b, terminal, 200)
	b.PostVoid(Txn{Terminal: terminal, State: Posted, STAN: 201}, sale)
	b.CloseBatch(terminal, 2)
	require.NotEmpty(t, b.shelf.slabs)
	for _, s := range b.shelf.slabs {
		assert.Equal(t, slab{}, *s)
	}
}
