package host

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/acqsim/acqsim/scenarios/world"
	"github.com/acqsim/acqsim/simulator/dialect"
)

// lenient is a dialect whose host says yes to everything that changes nothing.
func lenient(t *testing.T) *dialect.Dialect {
	t.Helper()
	return changed(t, `  reversals: {unmatched: approved, closed_batch: approved, other_amount: approved, of_declined: approved, of_voided: approved, of_refunded: approved}
  voids: {of_voided: approved, of_reversed: approved, of_declined: approved, of_refunded: approved}
`)
}

// changed is unionpay-pos with more conventions.
func changed(t *testing.T, conventions string) *dialect.Dialect {
	t.Helper()
	src, err := dialect.Source("unionpay-pos")
	require.NoError(t, err)
	file := filepath.Join(t.TempDir(), "mine.yaml")
	text := strings.Replace(string(src), "conventions:\n", "conventions:\n"+conventions, 1)
	require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
	d, err := dialect.LoadFile(file)
	require.NoError(t, err)
	return d
}

func TestReversalsAndVoidsThatChangeNothing(t *testing.T) {
	sale := func(b *bench) *dialect.Request {
		r := b.request(world.Sale, 1000)
		require.Equal(b.t, world.Approved, b.decide(r).Outcome)
		return r
	}
	done := func(b *bench, typ world.TransactionType, about *dialect.Request) {
		require.Equal(b.t, world.Approved, b.decide(b.about(typ, about)).Outcome)
	}
	tests := map[string]struct {
		key  string // of the conventions
		do   func(b *bench) *dialect.Request
		want world.Outcome // without the key
		left int64         // spent
	}{
		"reversal of what never came": {"reversals: {unmatched: %s}", func(b *bench) *dialect.Request {
			return b.about(world.Reversal, b.request(world.Sale, 1000))
		}, world.OriginalNotFound, 0},
		"reversal of a closed batch": {"reversals: {closed_batch: %s}", func(b *bench) *dialect.Request {
			s := sale(b)
			b.closeBatch()
			return b.about(world.Reversal, s)
		}, world.OriginalNotFound, 1000},
		"reversal of another amount": {"reversals: {other_amount: %s}", func(b *bench) *dialect.Request {
			r := b.about(world.Reversal, sale(b))
			r.Amount = 999
			return r
		}, world.OriginalAmountDiffers, 1000},
		"reversal of a decline": {"reversals: {of_declined: %s}", func(b *bench) *dialect.Request {
			r := b.request(world.Sale, 1<<50)
			require.Equal(b.t, world.InsufficientFunds, b.decide(r).Outcome)
			return b.about(world.Reversal, r)
		}, world.Approved, 0},
		"reversal of a voided sale": {"reversals: {of_voided: %s}", func(b *bench) *dialect.Request {
			s := sale(b)
			done(b, world.Void, s)
			return b.about(world.Reversal, s)
		}, world.InvalidTransaction, 0},
		"reversal of a refunded sale": {"reversals: {of_refunded: %s}", func(b *bench) *dialect.Request {
			s := sale(b)
			done(b, world.Refund, s)
			return b.about(world.Reversal, s)
		}, world.InvalidTransaction, 0},
		"reversal of a tip that was followed by another": {"reversals: {of_refunded: %s}", func(b *bench) *dialect.Request {
			s := sale(b)
			first := b.about(world.Tip, s)
			first.Amount = 1100
			require.Equal(b.t, world.Approved, b.decide(first).Outcome)
			second := b.about(world.Tip, s)
			second.Amount = 1200
			require.Equal(b.t, world.Approved, b.decide(second).Outcome)
			return b.about(world.Reversal, first)
		}, world.InvalidTransaction, 1200},
		"void of a declined sale": {"voids: {of_declined: %s}", func(b *bench) *dialect.Request {
			r := b.request(world.Sale, 1<<50)
			require.Equal(b.t, world.InsufficientFunds, b.decide(r).Outcome)
			return b.about(world.Void, r)
		}, world.InvalidTransaction, 0},
		"void of a declined pre-authorisation": {"voids: {of_declined: %s}", func(b *bench) *dialect.Request {
			r := b.request(world.PreAuth, 1<<50)
			require.Equal(b.t, world.InsufficientFunds, b.decide(r).Outcome)
			return b.about(world.PreAuthVoid, r)
		}, world.InvalidTransaction, 0},
		"void of a refunded sale": {"voids: {of_refunded: %s}", func(b *bench) *dialect.Request {
			s := sale(b)
			part := b.about(world.Refund, s)
			part.Amount = 400
			require.Equal(b.t, world.Approved, b.decide(part).Outcome)
			return b.about(world.Void, s)
		}, world.InvalidTransaction, 600},
		"a second void": {"voids: {of_voided: %s}", func(b *bench) *dialect.Request {
			s := sale(b)
			done(b, world.Void, s)
			return b.about(world.Void, s)
		}, world.InvalidTransaction, 0},
		"void of a reversed sale": {"voids: {of_reversed: %s}", func(b *bench) *dialect.Request {
			s := sale(b)
			done(b, world.Reversal, s)
			return b.about(world.Void, s)
		}, world.InvalidTransaction, 0},
		"a second void of a pre-authorisation": {"voids: {of_voided: %s}", func(b *bench) *dialect.Request {
			r := b.request(world.PreAuth, 1000)
			b.decide(r)
			done(b, world.PreAuthVoid, r)
			return b.about(world.PreAuthVoid, r)
		}, world.InvalidTransaction, 0},
		"reversal of a completed pre-authorisation": {"reversals: {of_voided: %s}", func(b *bench) *dialect.Request {
			r := b.request(world.PreAuth, 1000)
			b.decide(r)
			done(b, world.Completion, r)
			return b.about(world.Reversal, r)
		}, world.InvalidTransaction, 1000},
	}
	for name, c := range tests {
		for _, outcome := range []string{"", "approved", "do-not-honour"} {
			t.Run(name+" "+outcome, func(t *testing.T) {
				b := newBench(t, emptyWorld(), false)
				want := c.want.String()
				if outcome != "" {
					b.d = changed(t, "  "+strings.Replace(c.key, "%s", outcome, 1)+"\n")
					want = outcome
				}
				before := b.balance()
				r := c.do(b)
				d := b.decide(r)
				assert.Equal(t, want, d.Outcome.String(), d.Why)
				assert.Empty(t, d.From, "nothing is posted")
				assert.Equal(t, c.left, before-b.balance())

				r.STAN += 1000
				r.DuplicateKey++
				again := b.decide(r)
				assert.Equal(t, want, again.Outcome.String(), "a repeat: "+again.Why)
				assert.Equal(t, c.left, before-b.balance())
			})
		}
	}
}

// A reversal of a void restores what was voided, unless the dialect has it
// refused: then the void stands.
func TestReversalOfAVoid(t *testing.T) {
	for _, c := range []struct {
		conventions string
		want        world.Outcome
		spent       int64
	}{
		{"", world.Approved, 1000},
		{"  reversals: {of_void: approved}\n", world.Approved, 1000},
		{"  reversals: {of_void: invalid-transaction}\n", world.InvalidTransaction, 0},
	} {
		t.Run(c.conventions, func(t *testing.T) {
			b := newBench(t, emptyWorld(), false)
			b.d = changed(t, c.conventions)
			before := b.balance()
			sale := b.request(world.Sale, 1000)
			require.Equal(t, world.Approved, b.decide(sale).Outcome)
			void := b.about(world.Void, sale)
			require.Equal(t, world.Approved, b.decide(void).Outcome)
			for range 2 {
				d := b.decide(b.about(world.Reversal, void))
				assert.Equal(t, c.want, d.Outcome, d.Why)
				assert.Equal(t, c.spent, before-b.balance())
			}
			d := b.decide(b.about(world.Void, sale))
			assert.Equal(t, c.spent > 0, d.Outcome == world.Approved, "the sale stands again: "+d.Why)
		})
	}
}

// The reason says why what has the STAN of the original is not it: that is what
// somebody looks for who has an answer of 25.
func TestNearMissesAreTold(t *testing.T) {
	for name, c := range map[string]struct {
		change func(r *dialect.Request)
		is     world.TransactionType
		want   string
	}{
		"nothing there":      {func(r *dialect.Request) { r.Original.STAN = 999 }, world.Void, "no such sale in this terminal's open batch"},
		"another MTI":        {func(r *dialect.Request) { r.Original.MTI = 220 }, world.Void, ": STAN 000001 is a 0200 (sale), and a 0220 is named"},
		"another batch":      {func(r *dialect.Request) { r.Original.Batch = 9 }, world.Void, ": STAN 000001 is in batch 000001, and batch 000009 is named"},
		"another card":       {func(r *dialect.Request) { r.Card, _ = dialect.ParsePAN("4111111111111111") }, world.Void, ": STAN 000001 is of another card"},
		"another type":       {func(*dialect.Request) {}, world.CompletionVoid, ": STAN 000001 is a sale"},
		"its own STAN":       {func(r *dialect.Request) { r.Original = dialect.Original{STAN: r.STAN, HasSTAN: true, Own: true} }, world.Void, "no such sale in this terminal's open batch"},
		"a reversal is, too": {func(r *dialect.Request) { r.Original.MTI = 100 }, world.Reversal, ": STAN 000001 is a 0200 (sale), and a 0100 is named, nothing posted"},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, emptyWorld(), false)
			sale := b.request(world.Sale, 1000)
			require.Equal(t, world.Approved, b.decide(sale).Outcome)
			r := b.about(c.is, sale)
			c.change(r)
			d := b.decide(r)
			assert.Equal(t, world.OriginalNotFound, d.Outcome)
			assert.True(t, strings.HasSuffix(d.Why, c.want), d.Why)
		})
	}
}
