package simulator_test

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/moov-io/iso8583"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/acqsim/acqsim/scenarios/transcript"
	"github.com/acqsim/acqsim/scenarios/world"
	"github.com/acqsim/acqsim/simulator"
	firmware "github.com/acqsim/acqsim/simulator/terminal"
)

var update = flag.Bool("update", false, "rewrite golden files")

// settler is a terminal that settles, with a batch number of its own.
type settler struct {
	*pos
	batch int
}

func (p *settler) unionPay() bool { return p.d.Name() == "unionpay-pos" }

func (p *settler) de60(kind, code string) string {
	if p.unionPay() {
		return fmt.Sprintf("%s%06d%s", kind, p.batch, code)
	}
	return fmt.Sprintf("%06d", p.batch)
}

// send sends a message under the next STAN, or under the one in changes.
func (p *settler) send(changes fields) *iso8583.Message {
	p.t.Helper()
	p.stan++
	all := map[int]string{11: fmt.Sprintf("%06d", p.stan), 41: terminal, 42: merchant}
	if !p.unionPay() {
		all[7], all[12], all[13] = "1123100000", "100000", "1123"
	}
	for n, v := range changes {
		all[n] = v
		if v == "" {
			delete(all, n)
		}
	}
	body, err := p.d.Build(all, nil)
	require.NoError(p.t, err)
	p.write(p.frame(body))
	_, m := p.read()
	return m
}

func (p *settler) sale(amount int) *iso8583.Message {
	p.t.Helper()
	return p.send(fields{0: "0200", 2: pan, 3: "000000", 4: fmt.Sprintf("%012d", amount), 25: "00", 49: "156", 60: p.de60("22", "000")})
}

// about sends a reversal or void of a sale.
func (p *settler) about(mti string, stan, amount int) *iso8583.Message {
	p.t.Helper()
	m := fields{0: mti, 2: pan, 3: "000000", 4: fmt.Sprintf("%012d", amount), 25: "00", 49: "156", 60: p.de60("22", "000")}
	switch {
	case mti == "0400" && p.unionPay():
		m[11] = fmt.Sprintf("%06d", stan)
	case p.unionPay():
		m[3], m[60], m[61] = "200000", p.de60("23", "000"), fmt.Sprintf("%06d%06d", p.batch, stan)
	default:
		m[90] = fmt.Sprintf("0200%06d%032d", stan, 0)
		if mti == "0200" {
			m[3] = "020000"
		}
	}
	return p.send(m)
}

func (p *settler) settle(sales, amount int, changes fields) *iso8583.Message {
	p.t.Helper()
	m := fields{0: "0500", 60: p.de60("00", "201")}
	if p.unionPay() {
		m[48] = fmt.Sprintf("%012d%03d%012d%03d0%031d", amount, sales, 0, 0, 0)
	} else {
		m[3], m[63] = "920000", fmt.Sprintf("%03d%012d%03d%012d", sales, amount, 0, 0)
	}
	for n, v := range changes {
		m[n] = v
	}
	return p.send(m)
}

func (p *settler) upload(stan int, card string, amount int) *iso8583.Message {
	p.t.Helper()
	if p.unionPay() {
		return p.send(fields{0: "0320", 48: fmt.Sprintf("0100%06d%020s%012d", stan, card, amount), 60: p.de60("00", "201")})
	}
	return p.send(fields{0: "0320", 2: card, 3: "000000", 4: fmt.Sprintf("%012d", amount), 60: fmt.Sprintf("0200%06d%012d", stan, 0)})
}

func (p *settler) end(sales, amount int) *iso8583.Message {
	p.t.Helper()
	if p.unionPay() {
		return p.send(fields{0: "0320", 48: fmt.Sprintf("%04d", sales), 60: p.de60("00", "202")})
	}
	return p.settle(sales, amount, fields{3: "960000"})
}

// result is what the answer to a settlement says about the totals.
func (p *settler) result(m *iso8583.Message) string {
	p.t.Helper()
	if !p.unionPay() {
		return get(p.t, m, 39)
	}
	require.Equal(p.t, "00", get(p.t, m, 39))
	totals := get(p.t, m, 48)
	require.Len(p.t, totals, 62)
	return totals[30:31] + totals[61:]
}

func (p *settler) says(unionPay, others string) string {
	if p.unionPay() {
		return unionPay
	}
	return others
}

func eachSettler(t *testing.T, f func(t *testing.T, s *simulator.Server, p *settler)) {
	for _, name := range []string{"iso87-ascii", "iso87-bcd", "iso87-ebcdic", "unionpay-pos"} {
		t.Run(name, func(t *testing.T) {
			s := start(t, name, func(o *simulator.Options) {
				at := time.Date(2026, 11, 23, 10, 0, 0, 0, time.FixedZone("CST", 8*3600))
				o.Now = func() time.Time { return at }
			})
			f(t, s, &settler{dial(t, s, name), 1})
		})
	}
}

func TestSettlementInEveryDialect(t *testing.T) {
	eachSettler(t, func(t *testing.T, s *simulator.Server, p *settler) {
		p.sale(1000)
		p.sale(250)
		m := p.settle(2, 1250, nil)
		mti, err := m.GetMTI()
		require.NoError(t, err)
		assert.Equal(t, "0510", mti)
		assert.Equal(t, p.says("11", "00"), p.result(m), "balanced")
		rrn := get(t, m, 37)

		p.stan--
		m = p.settle(2, 1250, nil)
		assert.Equal(t, p.says("11", "00"), p.result(m), "repeated")
		assert.Equal(t, rrn, get(t, m, 37), "the first answer again")

		if p.unionPay() {
			m = p.send(fields{0: "0320", 48: "0000", 60: p.de60("00", "207")})
			assert.Equal(t, "00", get(t, m, 39), "the end that follows a balanced settlement, too")
			assert.Equal(t, "0000", get(t, m, 48))
			assert.Equal(t, "77", get(t, p.sale(100), 39), "an old batch")
			p.batch = 7
			assert.Equal(t, "77", get(t, p.sale(100), 39), "a skipped batch")
			assert.Equal(t, "77", get(t, p.settle(1, 100, nil), 39), "the settlement of one")
			m = p.do("sign-on", 0, nil)
			assert.Equal(t, "00000002003", get(t, m, 60), "a sign-on tells the open batch")
		}
		p.batch = 2
		assert.Equal(t, "00", get(t, p.sale(100), 39), "the next batch")

		all := events(t, s, func(e transcript.Event) bool { return e.Kind == transcript.Sent && e.Batch == 2 })
		closed := 0
		for _, e := range all {
			if e.Kind == transcript.BatchClosed {
				closed++
				assert.Equal(t, uint32(1), e.Batch)
				assert.Equal(t, "2 sales of 12.50, 0 refunds of 0.00; balanced", e.Text)
			}
			if e.Kind == transcript.Decided && e.Outcome == world.BatchOutOfStep {
				assert.Contains(t, e.Why, "sign on")
			}
		}
		assert.Equal(t, 1, closed)
	})
}

func TestSettlementSurvivesARepeatWithoutABatchNumber(t *testing.T) {
	s := start(t, "iso87-bcd")
	p := &settler{dial(t, s, "iso87-bcd"), 1}
	p.send(fields{0: "0200", 2: pan, 3: "000000", 4: "000000001000", 49: "156"})
	rrn := get(t, p.settle(1, 1000, fields{60: ""}), 37)
	p.stan--
	m := p.settle(1, 1000, fields{0: "0501", 60: ""})
	assert.Equal(t, "00", get(t, m, 39))
	assert.Equal(t, rrn, get(t, m, 37))
}

// TestTheJournalOfAnUpload has a batch with every kind of difference, and what
// the journal says about it.
func TestTheJournalOfAnUpload(t *testing.T) {
	eachSettler(t, func(t *testing.T, s *simulator.Server, p *settler) {
		sale := func(amount int) int {
			require.Equal(t, "00", get(t, p.sale(amount), 39))
			return p.stan
		}
		agrees, amount, card := sale(100), sale(200), sale(300)
		sale(400)
		reversed := sale(500)
		require.Equal(t, "00", get(t, p.about("0400", reversed, 500), 39))
		voided := sale(600)
		require.Equal(t, "00", get(t, p.about("0200", voided, 600), 39))
		require.Equal(t, "51", get(t, p.sale(999_999_999_999), 39))
		declined := p.stan

		assert.Equal(t, p.says("21", "95"), p.result(p.settle(6, 2100, nil)), "out of balance")
		for _, r := range []struct {
			stan   int
			card   string
			amount int
		}{
			{agrees, pan, 100}, {agrees, pan, 100}, {amount, pan, 201}, {card, "6210948000000011", 300}, {reversed, pan, 500},
			{voided, pan, 600}, {declined, pan, 999_999_999_999}, {899_999, pan, 900}, {899_999, pan, 900},
		} {
			assert.Equal(t, "00", get(t, p.upload(r.stan, r.card, r.amount), 39))
		}
		assert.Equal(t, "00", get(t, p.end(6, 2100), 39))

		all := events(t, s, ofKind(transcript.BatchClosed))
		var text strings.Builder
		uploading := false
		for _, e := range all {
			line := string(transcript.AppendJSON(nil, &e))
			assert.NotContains(t, line, pan)
			assert.NotContains(t, line, "6210948000000011")
			uploading = uploading || e.Type == world.Settlement
			if !uploading || e.Kind == transcript.Received || e.Kind == transcript.Sent {
				continue
			}
			fmt.Fprintf(&text, "%s %s", e.Kind, e.Type)
			if e.HasSTAN {
				fmt.Fprintf(&text, " %06d", e.STAN)
			}
			if e.Outcome != world.Undecided {
				fmt.Fprintf(&text, " %s %s", e.Outcome, e.Code)
			}
			fmt.Fprintf(&text, "\n  %s%s\n", e.Why, e.Text)
		}
		file := "testdata/upload-" + p.d.Name() + ".golden"
		if *update {
			require.NoError(t, os.MkdirAll("testdata", 0o755))
			require.NoError(t, os.WriteFile(file, []byte(text.String()), 0o644))
		}
		want, err := os.ReadFile(file)
		require.NoError(t, err)
		assert.Equal(t, string(want), text.String())
	})
}

// What is approved in 1993 depends on the class of message; so does what an
// upload and a reconciliation out of balance are answered.
func TestActionCodesOnTheWire(t *testing.T) {
	d := openDay(t, "iso93-ascii")
	code := func(is world.TransactionType, p firmware.Params) string {
		x, _ := d.do(is, p)
		require.NotNil(t, x.Reply, x.Why)
		return x.Code
	}
	assert.Equal(t, "800", code(world.SignOn, firmware.Params{}))
	assert.Equal(t, "800", code(world.Echo, firmware.Params{}))
	sale := d.approved(world.Sale, firmware.Params{Amount: 1000})
	other := d.approved(world.Sale, firmware.Params{Amount: 250})
	assert.Equal(t, "000", code(world.PreAuth, firmware.Params{Amount: 300}))
	assert.Equal(t, "116", code(world.Sale, firmware.Params{Amount: 300, Card: firmware.Card{PAN: world.Default().Cards["poor"].PAN, Expiry: "4912"}}))
	assert.Equal(t, "000", code(world.OfflineSale, firmware.Params{Amount: 400}))
	assert.Equal(t, "400", code(world.Reversal, other.original()))
	never := sale
	never.stan += 1000
	assert.Equal(t, "914", code(world.Reversal, never.original()))

	totals := firmware.Params{Sales: firmware.Sum{Count: 2, Amount: 1401}}
	assert.Equal(t, "501", code(world.Settlement, totals), "out of balance by a cent")
	assert.Equal(t, "300", code(world.BatchUpload, sale.original()))
	assert.Equal(t, "501", code(world.SettlementEnd, totals), "still out of balance")
	found := events(t, d.s, func(e transcript.Event) bool { return e.Kind == transcript.BatchClosed })
	assert.Contains(t, found[len(found)-1].Text, "the terminal has 2 sales of 14.01", "the batch is closed all the same")
	assert.Equal(t, "501", code(world.SettlementEnd, totals), "the first answer again")
	assert.Equal(t, "500", code(world.Settlement, firmware.Params{}), "an empty batch balances")

	d.approved(world.Sale, firmware.Params{Amount: 700})
	assert.Equal(t, "501", code(world.Settlement, totals))
	assert.Equal(t, "500", code(world.SettlementEnd, firmware.Params{Sales: firmware.Sum{Count: 1, Amount: 700}}), "the upload has put it right")
}
