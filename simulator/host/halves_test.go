package host

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/acqsim/acqsim/scenarios/world"
	"github.com/acqsim/acqsim/simulator/dialect"
	"github.com/acqsim/acqsim/simulator/ledger"
)

const visaPAN = "4111111111111111"

// paidWith sells or refunds at the till with another card.
func (p *till) paidWith(pan string, refund bool, amount int64) *Decision {
	fields := map[int]string{0: "0200", 2: pan, 3: "000000", 4: fmt.Sprintf("%012d", amount), 25: "00", 49: "156", 60: p.batchField("22", "000")}
	if refund {
		fields[0], fields[3], fields[60] = "0220", "200000", p.batchField("25", "000")
	}
	return p.send(fields)
}

// inHalves settles with both halves of DE 48.
func (p *till) inHalves(t dialect.BatchTotals) *Decision {
	half := func(s dialect.Sums) string {
		return fmt.Sprintf("%012d%03d%012d%03d0", s.DebitAmount, s.DebitCount, s.CreditAmount, s.CreditCount)
	}
	return p.settlement(ledger.Totals{}, map[int]string{48: half(t.Domestic) + half(t.Foreign)})
}

func TestEachHalfIsComparedWithItsOwn(t *testing.T) {
	sale := func(amount int64) dialect.Sums { return dialect.Sums{DebitCount: 1, DebitAmount: amount} }
	refund := func(amount int64) dialect.Sums { return dialect.Sums{CreditCount: 1, CreditAmount: amount} }
	none := dialect.Sums{}
	tests := map[string]struct {
		domestic, foreign dialect.Sums // what was sold and refunded
		told              dialect.BatchTotals
		results, why      string
	}{
		"RMB only":                      {sale(1000), none, dialect.BatchTotals{Domestic: sale(1000)}, "11", "balanced: 1 sale of 10.00"},
		"RMB only, wrong":               {sale(1000), none, dialect.BatchTotals{Domestic: sale(900)}, "21", "out of balance: the terminal has 1 sale of 9.00"},
		"RMB only, told as foreign":     {sale(1000), none, dialect.BatchTotals{Foreign: sale(1000)}, "22", "domestic cards out of balance: the terminal has 0 sales of 0.00, 0 refunds of 0.00; the host has 1 sale of 10.00, 0 refunds of 0.00; foreign cards out of balance: the terminal has 1 sale of 10.00, 0 refunds of 0.00; the host has 0 sales"},
		"foreign only":                  {none, sale(700), dialect.BatchTotals{Foreign: sale(700)}, "11", "balanced"},
		"foreign only, wrong":           {none, sale(700), dialect.BatchTotals{Foreign: sale(701)}, "12", "foreign cards out of balance: the terminal has 1 sale of 7.01, 0 refunds of 0.00; the host has 1 sale of 7.00"},
		"foreign only, in the RMB half": {none, sale(700), dialect.BatchTotals{Domestic: sale(700)}, "11", "balanced"},
		"both right":                    {sale(1000), sale(700), dialect.BatchTotals{Domestic: sale(1000), Foreign: sale(700)}, "11", "balanced: 2 sales of 17.00"},
		"swapped":                       {sale(1000), sale(700), dialect.BatchTotals{Domestic: sale(700), Foreign: sale(1000)}, "22", "domestic cards out of balance"},
		"bogus foreign ones":            {sale(1000), none, dialect.BatchTotals{Domestic: sale(1000), Foreign: sale(5)}, "12", "foreign cards out of balance: the terminal has 1 sale of 0.05, 0 refunds of 0.00; the host has 0 sales"},
		"a foreign one is not told":     {sale(1000), sale(700), dialect.BatchTotals{Domestic: sale(1000)}, "12", "foreign cards out of balance: the terminal has 0 sales"},
		"RMB wrong":                     {sale(1000), sale(700), dialect.BatchTotals{Domestic: sale(1001), Foreign: sale(700)}, "21", "domestic cards out of balance: the terminal has 1 sale of 10.01, 0 refunds of 0.00; the host has 1 sale of 10.00"},
		"all in the RMB half":           {sale(1000), sale(700), dialect.BatchTotals{Domestic: sale(1000).Plus(sale(700))}, "11", "balanced: 2 sales of 17.00"},
		"all in the RMB half, wrong":    {sale(1000), sale(700), dialect.BatchTotals{Domestic: sale(1000).Plus(sale(701))}, "22", "domestic cards out of balance"},
		"all in the foreign half":       {sale(1000), sale(700), dialect.BatchTotals{Foreign: sale(1000).Plus(sale(700))}, "22", "domestic cards out of balance"},
		"refunds":                       {refund(100), refund(70), dialect.BatchTotals{Domestic: refund(100), Foreign: refund(70)}, "11", "balanced"},
		"refunds swapped":               {refund(100), refund(70), dialect.BatchTotals{Domestic: refund(70), Foreign: refund(100)}, "22", "domestic cards out of balance"},
		"a refund told as a sale":       {sale(1000), refund(70), dialect.BatchTotals{Domestic: sale(1000), Foreign: sale(70)}, "12", "foreign cards out of balance: the terminal has 1 sale of 0.70, 0 refunds of 0.00; the host has 0 sales of 0.00, 1 refund of 0.70"},
		"nothing":                       {none, none, dialect.BatchTotals{}, "11", "balanced"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			p := newTill(t, "unionpay-pos", emptyWorld(), false)
			for pan, s := range map[string]dialect.Sums{testPAN: tt.domestic, visaPAN: tt.foreign} {
				if amount := s.DebitAmount + s.CreditAmount; amount > 0 {
					require.Equal(t, world.Approved, p.paidWith(pan, s.CreditCount > 0, amount).Outcome)
				}
			}
			d := p.inHalves(tt.told)
			require.Equal(t, world.Approved, d.Outcome, d.Why)
			assert.Equal(t, tt.results, string(d.Results[:]))
			assert.Contains(t, d.Why, tt.why)
			if tt.results == "11" {
				assert.NotNil(t, d.Closed)
				assert.Empty(t, d.Differences)
				return
			}
			assert.Nil(t, d.Closed, "the batch stays open")
			require.Len(t, d.Differences, 1)
			assert.Equal(t, d.Why, d.Differences[0].Text)
		})
	}
}

func TestForeignCards(t *testing.T) {
	for pan, foreign := range map[string]bool{
		"6200000000000005": false, "6221558812340000": false, "9558801234567890": false, "6013821234567890": false, "3099999999999999": false,
		"4111111111111111": true, "5555555555554444": true, "2223003122003222": true, "2200000000000000": false,
		"378282246310005": true, "341111111111111": true, "3530111333300000": true, "3056930009020004": true, "36700102000000": true,
		"6011111111111117": true, "6500000000000002": true,
	} {
		assert.Equal(t, foreign, isForeign(pan), pan)
	}
}

// A foreign card counts as such whoever named it: the world, or the first
// request of an open one.
func TestForeignCardsOfTheWorld(t *testing.T) {
	p := newTill(t, "unionpay-pos", world.Default(), false)
	require.Equal(t, world.Approved, p.paidWith(world.Default().Cards["visa"].PAN, false, 700).Outcome)
	d := p.inHalves(dialect.BatchTotals{Foreign: dialect.Sums{DebitCount: 1, DebitAmount: 700}})
	assert.NotNil(t, d.Closed, d.Why)
}

// What has left memory is domestic; the halves add up to the totals.
func TestHalvesOfABatchThatHasLeftMemory(t *testing.T) {
	p := newTill(t, "unionpay-pos", emptyWorld(), false)
	p.book = ledger.New(ledger.Options{MaxOpen: 2})
	h, err := New(Options{World: emptyWorld(), Book: p.book})
	require.NoError(t, err)
	p.h = h
	for _, amount := range []int64{100, 200, 400} {
		require.Equal(t, world.Approved, p.paidWith(visaPAN, false, amount).Outcome)
	}
	kept, evicted := dialect.Sums{DebitCount: 2, DebitAmount: 600}, dialect.Sums{DebitCount: 1, DebitAmount: 100}
	assert.Equal(t, dialect.BatchTotals{Domestic: evicted, Foreign: kept}, h.halves(p.book.Terminal(settleTerminal)))
}

// An honest terminal counts its cards apart. Both halves always balance, and
// only with their own totals.
func TestAnHonestTerminalBalancesInHalves(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		p := newTill(t, "unionpay-pos", emptyWorld(), false)
		var own dialect.BatchTotals
		for range rapid.IntRange(0, 12).Draw(rt, "transactions") {
			amount := rapid.Int64Range(1, 10_000).Draw(rt, "amount")
			pan, half := testPAN, &own.Domestic
			if rapid.Bool().Draw(rt, "foreign") {
				pan, half = visaPAN, &own.Foreign
			}
			switch rapid.IntRange(0, 3).Draw(rt, "what") {
			case 0:
				p.paidWith(pan, true, amount)
				half.CreditCount++
				half.CreditAmount += amount
				continue
			case 1:
				p.paidWith(pan, false, amount)
				d := p.send(map[int]string{0: "0400", 2: pan, 3: "000000", 4: fmt.Sprintf("%012d", amount), 11: fmt.Sprintf("%06d", p.stan), 25: "00", 49: "156", 60: p.batchField("22", "000")})
				p.stan++
				if d.Outcome != world.Approved {
					rt.Fatalf("reversal: %v, %s", d.Outcome, d.Why)
				}
				continue
			}
			p.paidWith(pan, false, amount)
			half.DebitCount++
			half.DebitAmount += amount
			if rapid.Bool().Draw(rt, "voided") {
				sale := p.stan
				d := p.send(map[int]string{0: "0200", 2: pan, 3: "200000", 4: fmt.Sprintf("%012d", amount), 25: "00", 49: "156", 60: p.batchField("23", "000"), 61: fmt.Sprintf("%06d%06d", p.batch, sale)})
				if d.Outcome != world.Approved {
					rt.Fatalf("void: %v, %s", d.Outcome, d.Why)
				}
				half.DebitCount--
				half.DebitAmount -= amount
			}
		}
		halves := p.h.halves(p.book.Terminal(settleTerminal))
		if halves != own || ledger.Totals(halves.All()) != p.totals() {
			rt.Fatalf("halves %+v, want %+v; totals %+v", halves, own, p.totals())
		}
		wrong := own
		half, digit := &wrong.Domestic, 0
		if rapid.Bool().Draw(rt, "the foreign half is wrong") {
			half, digit = &wrong.Foreign, 1
		}
		half.DebitAmount += rapid.Int64Range(1, 100).Draw(rt, "wrong by")
		if d := p.inHalves(wrong); d.Closed != nil || d.Results[digit] != notBalanced || d.Results[1-digit] != balanced && !wrong.Foreign.IsZero() {
			rt.Fatalf("%+v for %+v: %q, %s", wrong, own, d.Results, d.Why)
		}
		if d := p.inHalves(own); d.Closed == nil || d.Results != [2]byte{balanced, balanced} {
			rt.Fatalf("%+v: %q, %s", own, d.Results, d.Why)
		}
	})
}
