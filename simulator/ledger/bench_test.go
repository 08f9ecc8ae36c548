package ledger_test

import (
	"fmt"
	"runtime"
	"testing"
	"time"
	"unsafe"

	"github.com/acqsim/acqsim/scenarios/world"
	"github.com/acqsim/acqsim/simulator/ledger"
)

const benchTerminals = 2_000

// rig is a book with many terminals that sell in turn.
type rig struct {
	book           *ledger.Book
	terminals      []*ledger.Terminal
	card, merchant *ledger.Account
	at             time.Time
	n              int
}

func newRig(o ledger.Options, terminals int) *rig {
	r := &rig{book: ledger.New(o), at: time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)}
	r.card = r.book.EnsureAccount("card", world.CNY, 1<<50, 0)
	r.merchant = r.book.EnsureAccount("merchant", world.CNY, 0, 0)
	for i := range terminals {
		t := r.book.Terminal(fmt.Sprintf("%08d", i))
		r.book.SetBatch(t, 1)
		r.terminals = append(r.terminals, t)
	}
	return r
}

// sale posts the next sale: terminals in turn, STANs advancing.
func (r *rig) sale() *ledger.Txn {
	t := r.terminals[r.n%len(r.terminals)]
	r.n++
	x := ledger.Txn{
		Terminal: t, Type: world.Sale, Outcome: world.Approved, State: ledger.Posted,
		STAN: t.Serial%999_999 + 1, MTI: 200, Amount: 100, Currency: world.CNY,
		From: r.card, To: r.merchant, At: r.at, Key: uint64(r.n),
	}
	for i, n := len(x.RRN)-1, r.n; i >= 0; i, n = i-1, n/10 {
		x.RRN[i] = '0' + byte(n%10)
	}
	return r.book.Post(x)
}

type discard struct{}

func (discard) Append([]byte) {}

// BenchmarkPost is a sale with everything that a host asks of the books for
// it, closing each batch after 1,000 sales, with a million open.
func BenchmarkPost(b *testing.B) {
	for _, c := range []struct {
		name string
		log  ledger.Log
	}{{"memory", nil}, {"log", discard{}}} {
		b.Run(c.name, func(b *testing.B) {
			r := newRig(ledger.Options{MaxOpen: 1000 * benchTerminals, Log: c.log}, benchTerminals)
			sale := func() {
				// In turn, so that not all close at once; 500 are open on average.
				t := r.sale().Terminal
				if (int(t.Serial)+r.n%benchTerminals)%1000 == 0 {
					r.book.CloseBatch(t, t.Batch+1)
				}
			}
			for range 1000 * benchTerminals {
				sale()
			}
			b.ReportAllocs()
			for b.Loop() {
				sale()
			}
		})
	}
}

// BenchmarkPostEvicting is a sale when the open batches are full.
func BenchmarkPostEvicting(b *testing.B) {
	r := newRig(ledger.Options{MaxOpen: 100_000}, benchTerminals)
	for range 100_000 {
		r.sale()
	}
	b.ReportAllocs()
	for b.Loop() {
		r.sale()
	}
}

func BenchmarkBySTAN(b *testing.B) {
	r := newRig(ledger.Options{}, benchTerminals)
	for range benchTerminals * 500 {
		r.sale()
	}
	i := 0
	for b.Loop() {
		i++
		if r.book.BySTAN(r.terminals[i%benchTerminals], uint32(i%500+1), nil) == nil {
			b.Fatal("a sale is not found")
		}
	}
}

// BenchmarkCloseBatch is one op per close of 1,000 sales; ns/close leaves out
// the sales.
func BenchmarkCloseBatch(b *testing.B) {
	r := newRig(ledger.Options{}, 1)
	t := r.terminals[0]
	var spent time.Duration
	n := 0
	for b.Loop() {
		for range 1000 {
			r.sale()
		}
		start := time.Now()
		r.book.CloseBatch(t, t.Batch+1)
		spent += time.Since(start)
		n++
	}
	b.ReportMetric(float64(spent.Nanoseconds())/float64(n), "ns/close")
}

// BenchmarkMemory reports what an open transaction and an idle terminal cost.
func BenchmarkMemory(b *testing.B) {
	heap := func() int64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc)
	}
	for b.Loop() {
		const terminals, open = 100_000, 1_000_000
		start := heap()
		r := newRig(ledger.Options{}, terminals)
		idle := heap()
		for range open {
			r.sale()
		}
		full := heap()
		b.ReportMetric(float64(idle-start)/terminals, "B/terminal")
		b.ReportMetric(float64(full-idle)/open, "B/txn")
		b.ReportMetric(float64(unsafe.Sizeof(ledger.Txn{})), "B/struct")
		runtime.KeepAlive(r)
	}
}

// BenchmarkFlush is a sale that is on its way to the disk before the answer
// would leave: alone, and as one of 16.
func BenchmarkFlush(b *testing.B) {
	for _, batch := range []int{1, 16} {
		b.Run(fmt.Sprint(batch), func(b *testing.B) {
			s, book, err := ledger.OpenState(b.TempDir(), ledger.Options{MaxOpen: 10_000})
			if err != nil {
				b.Fatal(err)
			}
			r := &rig{book: book, terminals: []*ledger.Terminal{book.Terminal("T0000001")}}
			n := 0
			for b.Loop() {
				r.sale()
				if n++; n%batch != 0 {
					continue
				}
				if err := s.Flush(); err != nil {
					b.Fatal(err)
				}
			}
			if err := s.Close(); err != nil {
				b.Fatal(err)
			}
		})
	}
}
