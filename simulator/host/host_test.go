package host

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/acqsim/acqsim/scenarios/world"
	"github.com/acqsim/acqsim/simulator/dialect"
	"github.com/acqsim/acqsim/simulator/ledger"
)

// bench is a host with one terminal in front of it, which counts STANs.
type bench struct {
	t    *testing.T
	h    *Host
	book *ledger.Book
	d    *dialect.Dialect
	now  time.Time
	stan uint32
	// batch is the one that the terminal is in.
	batch uint32
	dec   Decision
	// given is what a scenario has the host decide.
	given world.Outcome
}

const testPAN = "6212345678901232"

var monday = time.Date(2026, 11, 23, 10, 0, 0, 0, time.FixedZone("CST", 8*3600))

// everyDialect are the embedded dialects of ISO 8583:1987.
var everyDialect = []string{"iso87-ascii", "iso87-bcd", "unionpay-pos"}

func newBench(t *testing.T, w *world.World, strict bool) *bench {
	t.Helper()
	return newBenchIn(t, "unionpay-pos", w, strict)
}

func newBenchIn(t *testing.T, name string, w *world.World, strict bool) *bench {
	t.Helper()
	d, err := dialect.Load(name)
	require.NoError(t, err)
	book := ledger.New(ledger.Options{})
	h, err := New(Options{World: w, Book: book, Strict: strict})
	require.NoError(t, err)
	return &bench{t: t, h: h, book: book, d: d, now: monday, batch: 1}
}

func emptyWorld() *world.World { return &world.World{Acquirer: world.Acquirer{Currency: world.CNY}} }

// request makes the facts of a request, as dialect.Read would.
func (b *bench) request(typ world.TransactionType, amount int64) *dialect.Request {
	b.stan++
	pan, err := dialect.ParsePAN(testPAN)
	require.NoError(b.t, err)
	mti := uint16(200)
	switch typ {
	case world.Reversal:
		mti = 400
	case world.PreAuth, world.PreAuthVoid:
		mti = 100
	case world.OfflineSale, world.Adjustment, world.Tip, world.CompletionAdvice:
		mti = 220
	}
	r := &dialect.Request{
		MTI: mti, Type: typ, Card: pan, Amount: amount, HasAmount: true, Currency: world.CNY,
		STAN: b.stan, HasSTAN: true, Batch: b.batch, HasBatch: true, Software: -1,
		Terminal: dialect.MakeID("10000001"), Merchant: dialect.MakeID("104110045110012"),
	}
	r.DuplicateKey = uint64(r.STAN)<<32 ^ uint64(r.Batch)<<16 ^ uint64(amount)<<8 ^ uint64(typ)
	r.Original = dialect.Original{STAN: r.STAN, HasSTAN: true, Own: true}
	return r
}

func (b *bench) decide(r *dialect.Request) *Decision {
	b.t.Helper()
	b.dec = Decision{}
	b.h.DecideAll([]Job{{Dialect: b.d, Request: r, Now: b.now, Decision: &b.dec, Given: b.given}})
	require.NotEmpty(b.t, b.dec.Why, "every decision says why")
	require.NotEqual(b.t, world.Undecided, b.dec.Outcome)
	dec := b.dec
	return &dec
}

func (b *bench) balance() int64 {
	d := b.decide(b.request(world.Inquiry, 0))
	require.Equal(b.t, world.Approved, d.Outcome)
	return d.Available
}

// about makes a request of the given type that names r as its original.
func (b *bench) about(typ world.TransactionType, r *dialect.Request) *dialect.Request {
	q := b.request(typ, r.Amount)
	q.Original = dialect.Original{STAN: r.STAN, HasSTAN: true, Batch: r.Batch, HasBatch: true}
	q.Card = r.Card
	return q
}

// closeBatch closes the terminal's batch, and the terminal goes on in the next.
func (b *bench) closeBatch() {
	b.batch++
	b.book.CloseBatch(b.book.Terminal("10000001"), b.batch)
}

func TestSaleMovesMoneyOnce(t *testing.T) {
	b := newBench(t, emptyWorld(), false)
	before := b.balance()
	d := b.decide(b.request(world.Sale, 1000))
	assert.Equal(t, world.Approved, d.Outcome)
	assert.Len(t, d.RRN, 12)
	assert.Len(t, d.Approval, 6)
	assert.Equal(t, int64(1000), d.Amount)
	assert.NotEmpty(t, d.From)
	assert.Equal(t, before-1000, b.balance())
}

func TestOriginalsAndTheirEdges(t *testing.T) {
	type step struct {
		name string
		do   func(b *bench, sale *dialect.Request) *dialect.Request
		want world.Outcome
		left int64 // spent after the step
	}
	reverse := step{"reversal", func(b *bench, s *dialect.Request) *dialect.Request { return b.about(world.Reversal, s) }, world.Approved, 0}
	void := step{"void", func(b *bench, s *dialect.Request) *dialect.Request { return b.about(world.Void, s) }, world.Approved, 0}
	tests := map[string][]step{
		"reversal":                  {reverse},
		"a reversal and its repeat": {reverse, reverse},
		"void":                      {void},
		"void twice":                {void, {"again", void.do, world.InvalidTransaction, 0}},
		"void of a reversed sale":   {reverse, {"void", void.do, world.InvalidTransaction, 0}},
		"reversal of a voided sale": {void, {"reversal", reverse.do, world.InvalidTransaction, 0}},
		"reversal of another amount": {{"reversal", func(b *bench, s *dialect.Request) *dialect.Request {
			q := b.about(world.Reversal, s)
			q.Amount++
			return q
		}, world.OriginalAmountDiffers, 1000}},
		"void of another amount": {{"void", func(b *bench, s *dialect.Request) *dialect.Request { q := b.about(world.Void, s); q.Amount--; return q }, world.OriginalAmountDiffers, 1000}},
		"reversal under the original STAN": {{"reversal", func(b *bench, s *dialect.Request) *dialect.Request {
			q := b.request(world.Reversal, s.Amount)
			q.STAN = s.STAN
			q.Original.STAN = s.STAN
			return q
		}, world.Approved, 0}},
		"reversal of an unknown original": {{"reversal", func(b *bench, s *dialect.Request) *dialect.Request {
			q := b.about(world.Reversal, s)
			q.Original.STAN = 999999
			return q
		}, world.OriginalNotFound, 1000}},
		"reversal with another card": {{"reversal", func(b *bench, s *dialect.Request) *dialect.Request {
			q := b.about(world.Reversal, s)
			q.Card, _ = dialect.ParsePAN("4111111111111111")
			return q
		}, world.OriginalNotFound, 1000}},
		"refund": {{"refund", func(b *bench, s *dialect.Request) *dialect.Request {
			q := b.about(world.Refund, s)
			q.Amount = 400
			return q
		}, world.Approved, 600}},
		"refund beyond the sale": {
			{"refund", func(b *bench, s *dialect.Request) *dialect.Request {
				q := b.about(world.Refund, s)
				q.Amount = 600
				return q
			}, world.Approved, 400},
			{"refund", func(b *bench, s *dialect.Request) *dialect.Request {
				q := b.about(world.Refund, s)
				q.Amount = 401
				return q
			}, world.RefundExceedsOriginal, 400},
			{"refund", func(b *bench, s *dialect.Request) *dialect.Request {
				q := b.about(world.Refund, s)
				q.Amount = 400
				return q
			}, world.Approved, 0},
		},
		"void of a refunded sale": {
			{"refund", func(b *bench, s *dialect.Request) *dialect.Request {
				q := b.about(world.Refund, s)
				q.Amount = 100
				return q
			}, world.Approved, 900},
			{"void", void.do, world.InvalidTransaction, 900},
		},
	}
	for name, steps := range tests {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, emptyWorld(), false)
			before := b.balance()
			sale := b.request(world.Sale, 1000)
			require.Equal(t, world.Approved, b.decide(sale).Outcome)
			for _, s := range steps {
				d := b.decide(s.do(b, sale))
				assert.Equal(t, s.want.String(), d.Outcome.String(), "%s: %s", s.name, d.Why)
				assert.Equal(t, s.left, before-b.balance(), s.name)
			}
		})
	}
}

func TestReversingAVoidRestoresTheSale(t *testing.T) {
	b := newBench(t, emptyWorld(), false)
	before := b.balance()
	sale := b.request(world.Sale, 1000)
	b.decide(sale)
	void := b.about(world.Void, sale)
	require.Equal(t, world.Approved, b.decide(void).Outcome)
	require.Equal(t, before, b.balance())
	require.Equal(t, world.Approved, b.decide(b.about(world.Reversal, void)).Outcome)
	assert.Equal(t, before-1000, b.balance())
	assert.Equal(t, world.Approved, b.decide(b.about(world.Void, sale)).Outcome, "the restored sale can be voided")
	assert.Equal(t, before, b.balance())
}

func TestARepeatedReversalGetsTheSameAnswer(t *testing.T) {
	b := newBench(t, emptyWorld(), false)
	sale := b.request(world.Sale, 1000)
	b.decide(sale)
	first := b.decide(b.about(world.Reversal, sale))
	again := b.about(world.Reversal, sale)
	again.MTI, again.Repeat = 401, true
	second := b.decide(again)
	assert.Equal(t, first.Outcome, second.Outcome)
	assert.Equal(t, first.RRN, second.RRN)
	assert.Empty(t, second.From, "nothing is posted twice")
}

func TestReversingADecline(t *testing.T) {
	w := emptyWorld()
	b := newBench(t, w, false)
	before := b.balance()
	sale := b.request(world.Sale, 1<<60)
	require.Equal(t, world.InsufficientFunds, b.decide(sale).Outcome)
	d := b.decide(b.about(world.Reversal, sale))
	assert.Equal(t, world.Approved, d.Outcome)
	assert.Empty(t, d.From)
	assert.Equal(t, before, b.balance())
}

func TestAReversalThatComesFirstIsRemembered(t *testing.T) {
	b := newBench(t, emptyWorld(), false)
	before := b.balance()
	late := b.request(world.Sale, 1000)
	rev := b.about(world.Reversal, late)
	first := b.decide(rev)
	require.Equal(t, world.OriginalNotFound, first.Outcome)
	rev.Repeat, rev.MTI = true, 401
	again := b.decide(rev)
	require.Equal(t, world.OriginalNotFound, again.Outcome)
	assert.Equal(t, first.RRN, again.RRN)

	d := b.decide(late)
	assert.Equal(t, world.ReversedBeforeArrival, d.Outcome)
	assert.Equal(t, before, b.balance())

	next := b.request(world.Sale, 1000)
	assert.Equal(t, world.Approved, b.decide(next).Outcome, "it counts for one original only")
}

func TestDuplicatesAndRepeats(t *testing.T) {
	b := newBench(t, emptyWorld(), false)
	before := b.balance()
	sale := b.request(world.Sale, 1000)
	first := b.decide(sale)
	d := b.decide(sale)
	assert.Equal(t, world.Duplicate, d.Outcome)
	sale.MTI, sale.Repeat = 201, true
	d = b.decide(sale)
	assert.Equal(t, world.Approved, d.Outcome)
	assert.Equal(t, first.RRN, d.RRN)
	assert.Equal(t, first.Approval, d.Approval)
	assert.Equal(t, before-1000, b.balance())
}

func TestBatchNumbersWrapAround(t *testing.T) {
	assert.True(t, laterBatch(2, 1))
	assert.True(t, laterBatch(1, 999_999))
	assert.False(t, laterBatch(999_999, 1))
	assert.False(t, laterBatch(7, 7))
}

// Requests that are decided together get the answers that they would get one by
// one: also where one of them enrols what the next one needs.
func TestDecidedTogetherAsOneByOne(t *testing.T) {
	const n = 40
	decide := func(together bool) (outcomes, cards []string) {
		b := newBench(t, emptyWorld(), false)
		jobs := make([]Job, 0, n)
		for i := range n {
			r := *b.request(world.Sale, 1000)
			r.Terminal = dialect.MakeID(fmt.Sprintf("T%07d", i%7))
			r.STAN, r.HasSTAN = uint32(i%20+1), true
			r.DuplicateKey = uint64(i%20*7 + i%7 + 1)
			jobs = append(jobs, Job{Dialect: b.d, Request: &r, Now: monday, Decision: new(Decision)})
		}
		if together {
			b.h.DecideAll(jobs)
		} else {
			for i := range jobs {
				b.h.DecideAll(jobs[i : i+1])
			}
		}
		for i := range jobs {
			d := jobs[i].Decision
			outcomes = append(outcomes, d.Outcome.String()+" "+d.RRN+" "+d.Approval+" "+d.Terminal+" "+d.From)
			cards = append(cards, fmt.Sprint(d.Card))
		}
		return outcomes, cards
	}
	outcomes, cards := decide(true)
	one, alone := decide(false)
	assert.Equal(t, one, outcomes)
	assert.Equal(t, alone, cards)
}

func TestRRNs(t *testing.T) {
	seen := map[string]bool{}
	for _, n := range []uint64{1, 2, 99_999_999, 100_000_000, 359_999_999} {
		b := rrn(&new(today).at(monday).prefix, n)
		s := string(b[:])
		assert.Len(t, s, 12)
		assert.Equal(t, "6327", s[:4])
		assert.False(t, seen[s], s)
		seen[s] = true
	}
}
