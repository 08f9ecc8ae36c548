package ledger

import (
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/acqsim/acqsim/scenarios/world"
)

// totals are what was approved in the open batch and not undone.
func (m *machine) totals(n *naiveTerminal) (s Totals) {
	for _, x := range m.all {
		if x.terminal != n || x.epoch != n.epoch || x.state != Posted {
			continue
		}
		switch x.typ {
		case world.Sale, world.Completion:
			s.DebitCount++
			s.DebitAmount += x.worth()
		case world.Refund:
			s.CreditCount++
			s.CreditAmount += x.amount
		}
	}
	return s
}

// check compares the book with the model.
func (m *machine) check(t *rapid.T) {
	balance := make([]int64, len(m.accounts)) // by account, from what stands
	var sum int64
	for i, a := range m.accounts {
		balance[i] = a.Opening
		sum += a.Booked
	}
	open := 0
	for _, x := range m.all {
		if (x.typ == world.Sale || x.typ == world.Completion) && x.state == Posted {
			balance[x.card] -= x.worth()
			balance[0] += x.worth()
		}
		if x.typ == world.Refund && x.state == Posted {
			balance[x.card] += x.amount
			balance[0] -= x.amount
		}
		if x.open() {
			open++
			require.Equal(t, x.state.String(), x.book.State.String(), "transaction %d", x.n)
			require.Equal(t, m.refunded(x), x.book.Refunded, "refunded of transaction %d", x.n)
			require.Equal(t, x.uploaded, x.book.Uploaded(), "transaction %d uploaded", x.n)
			require.Equal(t, x.differs, x.book.Differs(), "transaction %d uploaded differently", x.n)
			require.Equal(t, x.voidTold, x.book.VoidUploaded(), "void of transaction %d uploaded", x.n)
		}
	}
	require.Equal(t, m.opening, sum, "money is made or lost")
	for i, a := range m.accounts {
		require.Equal(t, balance[i], a.Booked, "balance of %s", a.Name)
	}
	m.checkHolds(t)
	require.Equal(t, open, m.book.OpenTransactions())
	for _, n := range m.terminals {
		require.Equal(t, n.batch, n.book.Batch)
		require.Equal(t, m.totals(n), n.book.Totals, "totals of %s", n.book.ID)
		require.Equal(t, n.told, n.book.Told)
		kept := map[uint32]ClosedBatch{}
		for _, c := range n.closed[max(0, len(n.closed)-keptClosed):] {
			kept[c.Batch] = c
		}
		for number := range uint32(12) {
			got, ok := m.book.Closed(n.book, number)
			want, wantOK := kept[number]
			require.Equal(t, wantOK, ok, "totals of closed batch %d", number)
			require.Equal(t, want, got, "totals of closed batch %d", number)
		}
		m.checkLookups(t, n)
	}
}

func (m *machine) refunded(sale *naive) (sum int64) {
	for _, x := range m.all {
		if x.typ == world.Refund && x.about == sale && x.state == Posted {
			sum += x.amount
		}
	}
	return sum
}

// checkLookups asks for every STAN, key and number.
func (m *machine) checkLookups(t *rapid.T, n *naiveTerminal) {
	newest := func(match func(*naive) bool) *Txn {
		for i := len(m.all) - 1; i >= 0; i-- {
			if x := m.all[i]; x.terminal == n && x.open() && match(x) {
				return x.book
			}
		}
		return nil
	}
	for stan := range uint32(8) {
		require.Same(t, newest(func(x *naive) bool { return x.stan == stan }),
			m.book.BySTAN(n.book, stan, nil), "by STAN %d", stan)
		require.Same(t, newest(func(x *naive) bool { return x.stan == stan && x.typ == world.Sale }),
			m.book.BySTAN(n.book, stan, func(x *Txn) bool { return x.Type == world.Sale }), "sale by STAN %d", stan)
		require.Same(t, newest(func(x *naive) bool { return x.remembers && x.waitsFor == stan }),
			m.book.UnmatchedReversal(n.book, stan, nil), "unmatched reversal of STAN %d", stan)
		require.Same(t, newest(func(x *naive) bool { return x.remembers && x.waitsFor == stan && x.amount > 100 }),
			m.book.UnmatchedReversal(n.book, stan, func(x *Txn) bool { return x.Amount > 100 }),
			"larger unmatched reversal of STAN %d", stan)
		for key := range uint64(4) {
			require.Same(t, newest(func(x *naive) bool { return key != 0 && x.stan == stan && x.key == key }),
				m.book.ByDuplicateKey(n.book, stan, key), "by STAN %d and key %d", stan, key)
		}
	}
	for invoice := range uint32(5) {
		require.Same(t, newest(func(x *naive) bool { return x.invoice == invoice && x.typ == world.Sale }),
			m.book.ByInvoice(n.book, invoice, func(x *Txn) bool { return x.Type == world.Sale }), "sale by invoice %d", invoice)
	}
	if rapid.IntRange(0, 3).Draw(t, "ask by RRN") > 0 {
		return // the book indexes RRNs when it is asked
	}
	for _, x := range m.all {
		want := x.book
		if x.terminal != n || !x.open() {
			want = nil
		}
		require.Same(t, want, m.book.ByRRN(n.book, x.rrn), "by RRN %x", x.rrn)
	}
}
