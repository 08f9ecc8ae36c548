package host

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/acqsim/acqsim/scenarios/world"
	"github.com/acqsim/acqsim/simulator/dialect"
	"github.com/acqsim/acqsim/simulator/frame"
	"github.com/acqsim/acqsim/simulator/ledger"
)

const (
	settleTerminal = "10000001"
	settleMerchant = "104110045110012"
)

// till is a bench whose requests are real messages of a dialect.
type till struct {
	*bench
	batch uint32
}

func newTill(t *testing.T, name string, w *world.World, strict bool) *till {
	t.Helper()
	b := newBench(t, w, strict)
	d, err := dialect.Load(name)
	require.NoError(t, err)
	b.d = d
	return &till{bench: b, batch: 1}
}

func (p *till) unionPay() bool { return p.d.Name() == "unionpay-pos" }

// send decides the message with these fields, and those that every message
// has.
func (p *till) send(fields map[int]string) *Decision {
	p.t.Helper()
	p.stan++
	all := map[int]string{11: fmt.Sprintf("%06d", p.stan), 41: settleTerminal, 42: settleMerchant}
	if !p.unionPay() {
		all[7], all[12], all[13] = p.now.Format("0102150405"), p.now.Format("150405"), p.now.Format("0102")
	}
	for n, v := range fields {
		all[n] = v
		if v == "" {
			delete(all, n)
		}
	}
	body, err := p.d.Build(all, nil)
	require.NoError(p.t, err)
	var req dialect.Request
	require.NoError(p.t, p.d.Read(frame.Frame{Body: body}, &req))
	return p.decide(&req)
}

// batchField is DE 60: UnionPay's with kind and network code.
func (p *till) batchField(kind, code string) string {
	if p.unionPay() {
		return kind + fmt.Sprintf("%06d", p.batch) + code
	}
	return fmt.Sprintf("%06d", p.batch)
}

func (p *till) sale(amount int64) *Decision {
	return p.send(map[int]string{0: "0200", 2: testPAN, 3: "000000", 4: fmt.Sprintf("%012d", amount), 25: "00", 49: "156", 60: p.batchField("22", "000")})
}

func (p *till) refund(amount int64) *Decision {
	return p.send(map[int]string{0: "0220", 2: testPAN, 3: "200000", 4: fmt.Sprintf("%012d", amount), 25: "00", 49: "156", 60: p.batchField("25", "000")})
}

// totalsField is DE 48 or DE 63.
func (p *till) totalsField(s ledger.Totals) (int, string) {
	if p.unionPay() {
		return 48, fmt.Sprintf("%012d%03d%012d%03d0", s.DebitAmount, s.DebitCount, s.CreditAmount, s.CreditCount) + fmt.Sprintf("%031d", 0)
	}
	return 63, fmt.Sprintf("%03d%012d%03d%012d", s.DebitCount, s.DebitAmount, s.CreditCount, s.CreditAmount)
}

func (p *till) settlement(s ledger.Totals, more map[int]string) *Decision {
	n, digits := p.totalsField(s)
	fields := map[int]string{0: "0500", n: digits, 60: p.batchField("00", "201")}
	if !p.unionPay() {
		fields[3] = "920000"
	}
	for n, v := range more {
		fields[n] = v
	}
	return p.send(fields)
}

// upload sends one transaction of the batch.
func (p *till) upload(stan uint32, pan string, amount int64) *Decision {
	if p.unionPay() {
		return p.send(map[int]string{0: "0320", 48: "01" + record(stan, pan, amount), 60: p.batchField("00", "201")})
	}
	return p.send(map[int]string{0: "0320", 2: pan, 3: "000000", 4: fmt.Sprintf("%012d", amount), 60: fmt.Sprintf("0200%06d%012d", stan, 0)})
}

func record(stan uint32, pan string, amount int64) string {
	return fmt.Sprintf("00%06d%020s%012d", stan, pan, amount)
}

// end ends an upload of so many records.
func (p *till) end(s ledger.Totals, records int) *Decision {
	if p.unionPay() {
		return p.send(map[int]string{0: "0320", 48: fmt.Sprintf("%04d", records), 60: p.batchField("00", "202")})
	}
	return p.settlement(s, map[int]string{3: "960000"})
}

// outOfBalance is what a dialect answers to totals that are not the host's.
func (p *till) outOfBalance(d *Decision) bool {
	if p.unionPay() {
		return d.Outcome == world.Approved && d.Results == [2]byte{'2', '1'}
	}
	return d.Outcome == world.OutOfBalance && d.Results == [2]byte{}
}

func (p *till) totals() ledger.Totals { return p.book.Terminal(settleTerminal).Totals }

func eachTill(t *testing.T, f func(t *testing.T, p *till)) {
	for _, name := range []string{"iso87-ascii", "iso87-bcd", "unionpay-pos"} {
		t.Run(name, func(t *testing.T) { f(t, newTill(t, name, emptyWorld(), false)) })
	}
}
