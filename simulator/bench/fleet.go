package bench

import (
	"encoding/hex"
	"fmt"
	"time"

	"github.com/acqsim/acqsim/simulator/security"
)

const (
	// batchSize is after how many sales a terminal goes on to its next batch.
	batchSize = 1000
	// settledSize is after how many sales a terminal settles: their count has
	// three digits, and a short round should see some.
	settledSize = 100
	// saleAmount is what each sale is over, in minor units.
	saleAmount = 100
	// highestSTAN is where trace numbers start again at 1.
	highestSTAN = 999_999
	// terminalsPerMerchant is how many terminals share a merchant.
	terminalsPerMerchant = 20
)

// Traffic is what is said on the line: a dialect, with or without MACs.
type Traffic struct {
	Dialect string `json:"dialect"`
	MAC     bool   `json:"mac"`    // the terminals sign on first; requests and replies carry DE 64
	Settle  bool   `json:"settle"` // the terminals settle each batch, with its totals
}

// String is the dialect, with "+mac" and "+settle" where there is one. It names
// the listener that a server opens for the traffic.
func (t Traffic) String() string {
	name := t.Dialect
	if t.MAC {
		name += "+mac"
	}
	if t.Settle {
		name += "+settle"
	}
	return name
}

// fleet is the terminals of one load.
type fleet struct {
	wire      *wire
	traffic   Traffic
	terminals []*terminal
	places    places
}

// places is where a sale's changing parts stand; the same for all terminals.
type places struct {
	stan, batch, mac     span
	batchPacked          bool
	dateTime, time, date span // empty: the dialect's sales carry none
}

// terminal is one terminal between two sales. It belongs to one connection at
// a time.
type terminal struct {
	id       string
	merchant string
	sale     []byte // the last request sent, header and all
	stan     uint32
	batch    uint32
	sales    int // in this batch
	most     int // of this batch
	mac      *security.MAC
}

// newFleet makes n terminals with a card each. Their STANs differ, and their
// batches end at different times, as they do in the world.
func newFleet(t Traffic, n int) (*fleet, error) {
	w, err := newWire(t.Dialect)
	if err != nil {
		return nil, err
	}
	f := &fleet{wire: w, traffic: t, terminals: make([]*terminal, n)}
	for i := range f.terminals {
		term := &terminal{
			id:       fmt.Sprintf("%08d", 70_000_000+i),
			merchant: fmt.Sprintf("%015d", 898_000_000_000_000+i/terminalsPerMerchant),
			stan:     uint32(i % 100_000), //nolint:gosec // small
			batch:    1,
			sales:    i * batchSize / n,
			most:     batchSize,
		}
		if t.Settle { // others' sales must not be in its batch, and what it settles is what it sold: its first batch is shorter instead
			term.id = fmt.Sprintf("%08d", 71_000_000+i)
			term.sales, term.most = 0, 1+i*settledSize/n
		}
		if term.sale, err = w.build(sale(t, term, i), nil); err != nil {
			return nil, err
		}
		f.terminals[i] = term
	}
	if n > 0 {
		err = f.place(f.terminals[0].sale)
	}
	return f, err
}

// place finds the parts of a sale that change.
func (f *fleet) place(sale []byte) error {
	m, err := f.wire.scan(sale)
	if err != nil {
		return fmt.Errorf("bench: %w", err)
	}
	p := &f.places
	p.stan, p.mac = m.span(11), m.span(64)
	p.dateTime, p.time, p.date = m.span(7), m.span(12), m.span(13)
	f.wire.packed = p.stan.len() < 6

	// DE 60 is the batch number, in UnionPay's after two digits.
	p.batch = m.span(60)
	p.batchPacked = m.index.Units(60) > p.batch.len()
	if f.traffic.Dialect == "unionpay-pos" {
		p.batch.at++
		p.batch.end = p.batch.at + 3
	}
	return nil
}

// sale is a purchase of 1.00 in renminbi, the card's number keyed in.
func sale(t Traffic, term *terminal, i int) map[int]string {
	values := map[int]string{
		0: "0200", 2: cardNumber(i), 3: "000000", 4: "000000000100", 11: "000001",
		22: "012", 25: "00", 41: term.id, 42: term.merchant, 49: "156",
	}
	if t.Dialect == "unionpay-pos" {
		values[60] = "22000001000600" // 消费, batch, no network code, can read chips
	} else {
		values[7], values[12], values[13] = "0101000000", "000000", "0101"
		values[60] = "000001"
	}
	if t.MAC {
		values[64] = "0000000000000000"
	}
	return values
}

// cardNumber is the ith number of a range that UnionPay's issuers use, with
// its check digit.
func cardNumber(i int) string {
	s := fmt.Sprintf("622848%09d", i)
	sum := 0
	for k := range len(s) {
		d := int(s[len(s)-1-k] - '0')
		if k%2 == 0 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return s + string(rune('0'+(10-sum%10)%10))
}

// clock is the time of day as requests carry it, rendered once a second.
type clock struct {
	second int64
	digits [10]byte // MMDDhhmmss, in BCD or ASCII
}

// set renders the time if its second is another one than before.
func (c *clock) set(w *wire, now time.Time) {
	if now.Unix() == c.second {
		return
	}
	c.second = now.Unix()
	text := now.Format("0102150405")
	if !w.packed {
		copy(c.digits[:], text)
		return
	}
	_, _ = hex.Decode(c.digits[:], []byte(text)) // ten digits always are
}

// next makes the terminal's next request: a sale, in place, or the settlement
// of its batch. The bytes are valid until the next call.
func (f *fleet) next(t *terminal, c *clock) (request []byte, settles bool) {
	p, b := &f.places, t.sale
	if t.stan++; t.stan > highestSTAN {
		t.stan = 1
	}
	f.wire.putNumber(p.stan.in(b), t.stan)
	if t.sales++; t.sales > t.most {
		settled := t.sales - 1
		t.sales, t.batch = 1, t.batch%highestSTAN+1
		if f.traffic.Settle {
			if request, err := f.wire.build(settlement(t, settled), nil); err == nil {
				t.sales, t.most = 0, settledSize
				f.putBatch(t)
				return request, true
			}
		}
		f.putBatch(t)
	}
	if n, all := p.date.len(), p.dateTime.len(); n > 0 {
		copy(p.dateTime.in(b), c.digits[:all])
		copy(p.date.in(b), c.digits[:n])
		copy(p.time.in(b), c.digits[n:all])
	}
	if t.mac != nil {
		sum := t.mac.Sum1(b[f.wire.body:p.mac.at])
		copy(p.mac.in(b), sum[:])
	}
	return b, false
}

// putBatch writes the terminal's batch into its sale.
func (f *fleet) putBatch(t *terminal) {
	p, b := &f.places, t.sale
	if p.batchPacked {
		putBCD(p.batch.in(b), t.batch)
	} else {
		putASCII(p.batch.in(b), t.batch)
	}
}

// settlement is the 0500 of the batch before the terminal's present one, in the
// NAC flow: so many sales, and no refunds.
func settlement(t *terminal, sales int) map[int]string {
	return map[int]string{
		0: "0500", 3: "920000", 7: "0101000000", 11: fmt.Sprintf("%06d", t.stan), 41: t.id, 42: t.merchant,
		60: fmt.Sprintf("%06d", t.batch-1), 63: fmt.Sprintf("%03d%012d%03d%012d", sales, sales*saleAmount, 0, 0),
	}
}
