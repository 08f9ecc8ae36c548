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

func TestABalancedSettlementClosesTheBatch(t *testing.T) {
	eachTill(t, func(t *testing.T, p *till) {
		p.sale(1000)
		p.sale(250)
		p.refund(50)
		want := ledger.Totals{DebitCount: 2, DebitAmount: 1250, CreditCount: 1, CreditAmount: 50}
		require.Equal(t, want, p.totals())
		d := p.settlement(want, nil)
		require.Equal(t, world.Approved, d.Outcome, d.Why)
		require.NotNil(t, d.Closed)
		assert.Equal(t, uint32(1), d.Closed.Batch)
		assert.Equal(t, want, d.Closed.Totals)
		assert.True(t, d.Closed.Settlement.Balanced)
		assert.Empty(t, d.Differences)
		assert.Equal(t, uint32(2), p.book.Terminal(settleTerminal).Batch)
		if p.unionPay() {
			assert.Equal(t, [2]byte{'1', '1'}, d.Results)
		}

		p.stan--
		again := p.settlement(want, nil)
		assert.Equal(t, world.Approved, again.Outcome, again.Why)
		assert.Equal(t, d.RRN, again.RRN, "the first answer again")
		assert.Nil(t, again.Closed, "nothing is closed twice")

		p.batch++
		d = p.sale(700)
		require.Equal(t, world.Approved, d.Outcome, d.Why)
		assert.Equal(t, ledger.Totals{DebitCount: 1, DebitAmount: 700}, p.totals())
	})
}

func TestABatchOutOfBalanceIsUploadedAndClosed(t *testing.T) {
	eachTill(t, func(t *testing.T, p *till) {
		p.sale(1000)
		sale := p.stan
		p.sale(250)
		told := ledger.Totals{DebitCount: 1, DebitAmount: 1000}
		for range 2 {
			d := p.settlement(told, nil)
			require.True(t, p.outOfBalance(d), "%v %q: %s", d.Outcome, d.Results, d.Why)
			assert.Nil(t, d.Closed)
			require.Len(t, d.Differences, 1)
			assert.Contains(t, d.Why, "1 sale of 10.00")
			assert.Contains(t, d.Why, "2 sales of 12.50")
		}
		for range 2 {
			d := p.upload(sale, testPAN, 1000)
			require.Equal(t, world.Approved, d.Outcome, d.Why)
			assert.Empty(t, d.Differences)
		}
		d := p.end(told, 1)
		require.Equal(t, world.Approved, d.Outcome, d.Why)
		require.NotNil(t, d.Closed)
		assert.False(t, d.Closed.Settlement.Balanced)
		assert.Equal(t, told, d.Closed.Settlement.Told)
		assert.Equal(t, ledger.Totals{DebitCount: 2, DebitAmount: 1250}, d.Closed.Totals)
		require.Len(t, d.Differences, 1)
		assert.Contains(t, d.Differences[0].Text, "missing at the terminal")
		assert.Equal(t, int64(250), d.Differences[0].Amount)
		assert.Contains(t, d.Why, "1 agree, 0 missing at the host, 1 missing at the terminal")

		p.stan--
		again := p.end(told, 1)
		assert.Equal(t, world.Approved, again.Outcome, again.Why)
		assert.Nil(t, again.Closed)
	})
}

func TestEveryKindOfDifference(t *testing.T) {
	eachTill(t, func(t *testing.T, p *till) {
		sale := func(amount int64) uint32 {
			require.Equal(t, world.Approved, p.sale(amount).Outcome)
			return p.stan
		}
		agrees, amount, card := sale(100), sale(200), sale(300)
		sale(400) // is missing at the terminal
		reversed := sale(500)
		rev := map[int]string{0: "0400", 2: testPAN, 3: "000000", 4: "000000000500", 25: "00", 49: "156", 60: p.batchField("22", "000")}
		if !p.unionPay() {
			rev[90] = fmt.Sprintf("0200%06d", reversed) + fmt.Sprintf("%032d", 0)
		} else {
			rev[11] = fmt.Sprintf("%06d", reversed)
		}
		require.Equal(t, world.Approved, p.send(rev).Outcome)
		voided := sale(600)
		void := map[int]string{0: "0200", 2: testPAN, 3: "020000", 4: "000000000600", 25: "00", 49: "156", 60: p.batchField("23", "000")}
		if p.unionPay() {
			void[3], void[61] = "200000", fmt.Sprintf("%06d%06d", p.batch, voided)
		} else {
			void[90] = fmt.Sprintf("0200%06d", voided) + fmt.Sprintf("%032d", 0)
		}
		require.Equal(t, world.Approved, p.send(void).Outcome)
		declined := p.send(map[int]string{0: "0200", 2: testPAN, 3: "000000", 4: "999999999999", 25: "00", 49: "156", 60: p.batchField("22", "000")})
		require.Equal(t, world.InsufficientFunds, declined.Outcome)
		declinedSTAN := p.stan

		require.True(t, p.outOfBalance(p.settlement(ledger.Totals{DebitCount: 9, DebitAmount: 9}, nil)))
		for _, u := range []struct {
			stan   uint32
			pan    string
			amount int64
			want   string
		}{
			{agrees, testPAN, 100, ""},
			{amount, testPAN, 201, "other amount: 2.01 at the terminal, 2.00 at the host"},
			{card, "6210948000000011", 300, "other card: 621094******0011"},
			{reversed, testPAN, 500, "undone at the host: this sale was reversed"},
			{voided, testPAN, 600, ""},
			{declinedSTAN, testPAN, 999_999_999_999, "missing at the host: it declined this sale"},
			{899_999, testPAN, 900, "missing at the host: nothing is posted on the terminal's word alone; card 621234******1232"},
		} {
			before := p.balance()
			d := p.upload(u.stan, u.pan, u.amount)
			require.Equal(t, world.Approved, d.Outcome, d.Why)
			if u.want == "" {
				assert.Empty(t, d.Differences)
				continue
			}
			require.Len(t, d.Differences, 1, u.want)
			assert.Contains(t, d.Differences[0].Text, u.want)
			assert.Equal(t, u.stan, d.Differences[0].STAN)
			assert.Equal(t, before, p.balance(), "an upload moves no money")
			d = p.upload(u.stan, u.pan, u.amount)
			assert.Empty(t, d.Differences, "a repeated record is not counted twice")
			assert.Contains(t, d.Why, "1 of them before")
		}
		d := p.end(ledger.Totals{DebitCount: 9, DebitAmount: 9}, 7)
		var texts []string
		for _, x := range d.Differences {
			texts = append(texts, x.Text)
		}
		require.Len(t, texts, 2, texts)
		assert.Contains(t, texts[0], "missing at the terminal")
		assert.Contains(t, texts[1], "undone at the host: this sale was voided")
		assert.Contains(t, d.Why, "1 agree, 1 missing at the host, 1 missing at the terminal, 2 undone at the host, 3 differ otherwise")
	})
}

// UnionPay's terminals say at the end how many records they have uploaded.
func TestTheCountOfAnUpload(t *testing.T) {
	for _, c := range []struct {
		said int
		want string
	}{
		{2, ""},
		{3, "the terminal says that it uploaded 3 records; 2 came"},
		{0, "the terminal says that it uploaded 0 records; 2 came"},
	} {
		p := newTill(t, "unionpay-pos", emptyWorld(), false)
		for range 2 {
			require.Equal(t, world.Approved, p.sale(100).Outcome)
		}
		require.True(t, p.outOfBalance(p.settlement(ledger.Totals{DebitCount: 9, DebitAmount: 9}, nil)))
		last := p.stan
		for stan := last - 2; stan < last; stan++ {
			for range 2 { // a repeated record counts once
				require.Equal(t, world.Approved, p.upload(stan, testPAN, 100).Outcome)
			}
		}
		d := p.end(ledger.Totals{}, c.said)
		require.NotNil(t, d.Closed, d.Why)
		if c.want == "" {
			assert.Empty(t, d.Differences)
			continue
		}
		require.Len(t, d.Differences, 1)
		assert.Equal(t, Difference{Batch: p.batch, Text: c.want}, d.Differences[0])
	}
}

func TestAnUploadedAdviceIsCaptured(t *testing.T) {
	p := newTill(t, "unionpay-pos", emptyWorld(), false)
	p.sale(1000)
	before := p.balance()
	for range 2 {
		d := p.send(map[int]string{0: "0320", 2: testPAN, 3: "200000", 4: "000000000300", 11: "000777", 25: "00", 49: "156", 60: p.batchField("25", "000")})
		require.Equal(t, world.Approved, d.Outcome, d.Why)
		assert.Equal(t, before+300, p.balance(), "once")
	}
	assert.Equal(t, ledger.Totals{DebitCount: 1, DebitAmount: 1000, CreditCount: 1, CreditAmount: 300}, p.totals())
}

func TestACaptureIsForTheCardOfItsRecord(t *testing.T) {
	request, err := dialect.ParsePAN(testPAN)
	require.NoError(t, err)
	other, err := dialect.ParsePAN("6200000000000047")
	require.NoError(t, err)
	r := &dialect.UploadRecord{STAN: 777, Card: other, Amount: 300, HasAmount: true, MTI: 220, Type: world.Refund}
	capture := func(p *till) (*ledger.Txn, string, *Decision) {
		p.sale(1000)
		found := &Job{card: p.h.reg.cards[request]}
		m := &merchant{account: p.book.EnsureAccount("merchant/test", world.CNY, 0, 0)}
		c := &call{h: p.h, d: p.d, req: &dialect.Request{Card: request}, now: p.now, dec: &Decision{}, found: found, merchant: m}
		x := &ledger.Txn{}
		return x, c.capture(r, x), c.dec
	}
	t.Run("enrolled by the record's number", func(t *testing.T) {
		p := newTill(t, "unionpay-pos", emptyWorld(), false)
		x, why, _ := capture(p)
		require.Empty(t, why)
		require.NotNil(t, p.h.reg.cards[other])
		assert.Same(t, p.h.reg.cards[other].account, x.To)
		assert.NotSame(t, p.h.reg.cards[request].account, x.To)
	})
	t.Run("a full world does not decline the upload", func(t *testing.T) {
		p := newTill(t, "unionpay-pos", emptyWorld(), false)
		p.h.reg.enrolled.cards = maxEnrolled - 1
		_, why, dec := capture(p)
		assert.Contains(t, why, "full of cards")
		assert.Empty(t, dec.Outcome)
	})
}

func TestChipDataAfterABalancedSettlement(t *testing.T) {
	p := newTill(t, "unionpay-pos", emptyWorld(), false)
	p.sale(1000)
	sale := p.stan
	require.NotNil(t, p.settlement(ledger.Totals{DebitCount: 1, DebitAmount: 1000}, nil).Closed)
	d := p.send(map[int]string{0: "0320", 2: testPAN, 11: fmt.Sprintf("%06d", sale), 22: "051", 55: "9F2608A1B2C3D4E5F60708", 60: p.batchField("00", "203")})
	assert.Equal(t, world.Approved, d.Outcome, d.Why)
	d = p.send(map[int]string{0: "0320", 48: "0001", 60: p.batchField("00", "207")})
	assert.Equal(t, world.Approved, d.Outcome, d.Why)
	assert.Nil(t, d.Closed)
}

// Terminals of the second generation upload a batch that balanced, too.
func TestTheUploadOfABatchThatBalanced(t *testing.T) {
	p := newTill(t, "unionpay-pos", emptyWorld(), false)
	p.sale(1000)
	agrees := p.stan
	p.sale(2000)
	other := p.stan
	p.sale(3000)
	missing := p.stan
	all := ledger.Totals{DebitCount: 3, DebitAmount: 6000}
	require.NotNil(t, p.settlement(all, nil).Closed)
	require.Equal(t, 3, p.h.kept)
	next := p.totals()
	for _, u := range []struct {
		stan   uint32
		amount int64
		want   string
	}{
		{agrees, 1000, ""},
		{other, 1000, "other amount: 10.00 at the terminal, 20.00 at the host"},
		{899_999, 900, "missing at the host, and not captured: batch 000001 is settled; card 621234******1232"},
	} {
		d := p.upload(u.stan, testPAN, u.amount)
		require.Equal(t, world.Approved, d.Outcome, d.Why)
		assert.Empty(t, d.From, "no money moves on an upload's word")
		if u.want == "" {
			assert.Empty(t, d.Differences)
		} else {
			require.Len(t, d.Differences, 1, u.want)
			assert.Equal(t, u.want, d.Differences[0].Text)
			assert.Equal(t, uint32(1), d.Differences[0].Batch)
		}
		d = p.upload(u.stan, testPAN, u.amount)
		assert.Empty(t, d.Differences, "a repeated record is not counted twice")
		assert.Contains(t, d.Why, "1 of them before")
	}
	d := p.send(map[int]string{0: "0320", 48: "0044", 60: p.batchField("00", "207")})
	require.Equal(t, world.Approved, d.Outcome, d.Why)
	assert.Contains(t, d.Why, "upload of batch 000001 ended: 1 agree, 1 missing at the host, 1 missing at the terminal, 0 undone at the host, 1 differ otherwise")
	require.Len(t, d.Differences, 2)
	assert.Equal(t, "the terminal says that it uploaded 44 records; 3 came", d.Differences[0].Text)
	assert.Equal(t, missing, d.Differences[1].STAN)
	assert.Nil(t, d.Closed, "it was, by its settlement")
	assert.Equal(t, next, p.totals(), "of the next batch")
	assert.Zero(t, p.h.kept)

	d = p.upload(agrees, testPAN, 1)
	assert.Equal(t, "batch 000001 is settled: noted, and not compared", d.Why)
}

// What is kept of settled batches is bounded by the terminals' next ones, and in
// all.
func TestSettledBatchesAreNotKeptForEver(t *testing.T) {
	p := newTill(t, "unionpay-pos", emptyWorld(), false)
	for range 3 {
		p.sale(1000)
		require.NotNil(t, p.settlement(ledger.Totals{DebitCount: 1, DebitAmount: 1000}, nil).Closed)
		require.Equal(t, 1, p.h.kept)
		p.batch++
	}
	p.sale(1000)
	require.NotNil(t, p.settlement(ledger.Totals{DebitCount: 1, DebitAmount: 1000}, nil).Closed)
	p.h.kept = mostKept
	require.Len(t, p.upload(899_999, testPAN, 900).Differences, 1)
	assert.Equal(t, mostKept, p.h.kept, "what is uploaded does not add to it without bound")

	p.batch++
	p.h.kept = mostKept + 1
	p.sale(1000)
	sale := p.stan
	require.NotNil(t, p.settlement(ledger.Totals{DebitCount: 1, DebitAmount: 1000}, nil).Closed)
	assert.Equal(t, mostKept, p.h.kept, "there was no room")
	assert.Contains(t, p.upload(sale, testPAN, 1).Why, "not compared")
}

func TestATerminalWithAnotherBatch(t *testing.T) {
	tests := map[string]struct {
		dialect string
		open    uint32 // the host's, of 1 sale; batch 1 is settled if it isn't 1
		came    uint32
		want    world.Outcome
		why     string
	}{
		"told: an old one":          {"unionpay-pos", 2, 1, world.BatchOutOfStep, "batch 000001 is closed, by its settlement"},
		"told: one that never was":  {"unionpay-pos", 2, 999_999, world.BatchOutOfStep, "batch 999999 is behind the open batch 000002"},
		"told: a skipped one":       {"unionpay-pos", 2, 3, world.BatchOutOfStep, "batch 000003 skips the open batch 000002, which is not settled (1 sale of 10.00"},
		"followed: an old one":      {"iso87-bcd", 2, 1, world.Approved, ""},
		"followed: a skipped one":   {"iso87-ascii", 2, 3, world.Approved, ""},
		"followed: from the start":  {"iso87-ascii", 1, 2, world.Approved, ""},
		"told: skips the first one": {"unionpay-pos", 1, 2, world.BatchOutOfStep, "skips"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			p := newTill(t, tt.dialect, emptyWorld(), false)
			p.sale(1000)
			if tt.open != 1 {
				require.NotNil(t, p.settlement(p.totals(), nil).Closed)
				p.batch = tt.open
				p.sale(1000)
			}
			p.batch = tt.came
			d := p.sale(500)
			require.Equal(t, tt.want, d.Outcome, d.Why)
			if tt.want == world.Approved {
				require.NotNil(t, d.Closed, "what is closed is told")
				assert.Equal(t, BatchClosed{Batch: tt.open, Totals: ledger.Totals{DebitCount: 1, DebitAmount: 1000}, Currency: world.CNY}, *d.Closed)
				return
			}
			assert.Contains(t, d.Why, tt.why)
			assert.Contains(t, d.Why, "sign on")
			assert.Nil(t, d.Closed)
			assert.Equal(t, int64(1000), p.totals().DebitAmount, "the open batch keeps its totals")
			for _, d := range []*Decision{p.settlement(ledger.Totals{DebitCount: 5, DebitAmount: 5}, nil), p.upload(1, testPAN, 1), p.end(ledger.Totals{}, 0)} {
				if tt.came == 1 && d.Outcome == world.Approved {
					continue // what is still said about a settled batch is acknowledged
				}
				assert.Equal(t, world.BatchOutOfStep, d.Outcome, d.Why)
			}
		})
	}
}

func TestReversalOfABatchThatIsSettled(t *testing.T) {
	p := newTill(t, "unionpay-pos", emptyWorld(), false)
	p.sale(1000)
	sale := p.stan
	p.settlement(p.totals(), nil)
	d := p.send(map[int]string{0: "0400", 2: testPAN, 3: "000000", 4: "000000001000", 11: fmt.Sprintf("%06d", sale), 25: "00", 49: "156", 60: p.batchField("22", "000")})
	assert.Equal(t, world.OriginalNotFound, d.Outcome)
	assert.Contains(t, d.Why, "closed batch")
}

func TestATerminalThatNamesItsBatchInTheSettlementOnly(t *testing.T) {
	p := newTill(t, "iso87-bcd", emptyWorld(), false)
	sell := func() {
		d := p.send(map[int]string{0: "0200", 2: testPAN, 3: "000000", 4: "000000001000", 49: "156"})
		require.Equal(t, world.Approved, d.Outcome, d.Why)
	}
	sell()
	p.batch = 123
	d := p.settlement(p.totals(), nil)
	require.NotNil(t, d.Closed, d.Why)
	assert.Equal(t, uint32(123), d.Closed.Batch)
	sell()
	d = p.settlement(p.totals(), map[int]string{60: ""})
	require.NotNil(t, d.Closed, d.Why)
	assert.Equal(t, uint32(124), d.Closed.Batch)
	p.stan--
	d = p.settlement(ledger.Totals{DebitCount: 1, DebitAmount: 1000}, map[int]string{60: ""})
	assert.Equal(t, world.Approved, d.Outcome, d.Why)
	assert.Nil(t, d.Closed, "a repeat without a batch number is known by its STAN")
	assert.NotContains(t, d.Why, "settles the open batch")

	for batch, want := range map[uint32]string{123: "which is closed already", 999: "which does not come next"} {
		open := p.book.Terminal(settleTerminal).Batch
		sell()
		p.batch = batch
		d = p.settlement(p.totals(), nil)
		require.NotNil(t, d.Closed, d.Why)
		assert.Contains(t, d.Why, fmt.Sprintf("; the terminal settles the open batch %06d as batch %06d, %s", open, batch, want))
		assert.Empty(t, d.Differences, "the totals agree")
	}
}

func TestALateSettlementOfABatchThatWasFollowed(t *testing.T) {
	p := newTill(t, "iso87-ascii", emptyWorld(), false)
	p.sale(1000)
	first := p.totals()
	p.batch = 2
	p.sale(700)
	p.batch = 1
	d := p.settlement(first, nil)
	assert.Equal(t, world.Approved, d.Outcome, d.Why)
	assert.Contains(t, d.Why, "batch 000001 is closed already, and these are its totals")
	assert.Nil(t, d.Closed)
	assert.Equal(t, int64(700), p.totals().DebitAmount, "the open batch stays as it is")
}

func TestTotalsThatCantBeRead(t *testing.T) {
	for name, digits := range map[string]string{"absent": "", "short": "001", "letters": "0010000000010000000000000000A0", "cut": "0010000000010000000000000000000010"} {
		t.Run(name, func(t *testing.T) {
			p := newTill(t, "iso87-ascii", emptyWorld(), false)
			p.sale(1000)
			d := p.settlement(ledger.Totals{}, map[int]string{63: digits})
			assert.Equal(t, world.FormatError, d.Outcome)
			assert.Contains(t, d.Why, "DE 63")
			assert.Equal(t, int64(1000), p.totals().DebitAmount)
		})
	}
}

func TestAClosedMerchantCanStillSettle(t *testing.T) {
	w := emptyWorld()
	p := newTill(t, "unionpay-pos", w, false)
	p.sale(1000)
	w.Merchants = map[string]*world.Merchant{settleMerchant: {ID: settleMerchant, Status: world.Closed}}
	p.h.reg.merchants[dialect.MakeID(settleMerchant)].facts = w.Merchants[settleMerchant]
	require.Equal(t, world.MerchantClosed, p.sale(1000).Outcome)
	d := p.settlement(ledger.Totals{DebitCount: 1, DebitAmount: 1000}, nil)
	assert.NotNil(t, d.Closed, d.Why)
}

// An honest terminal counts what is approved. Its totals always balance.
func TestAnHonestTerminalAlwaysBalances(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		name := rapid.SampledFrom([]string{"iso87-ascii", "iso87-bcd", "unionpay-pos"}).Draw(rt, "dialect")
		p := newTill(t, name, emptyWorld(), false)
		var own ledger.Totals
		var sales []struct {
			stan   uint32
			amount int64
		}
		for range rapid.IntRange(1, 3).Draw(rt, "batches") {
			for range rapid.IntRange(0, 12).Draw(rt, "transactions") {
				amount := rapid.Int64Range(0, 300_000_000).Draw(rt, "amount")
				switch rapid.IntRange(0, 3).Draw(rt, "what") {
				case 0, 1:
					if p.sale(amount).Outcome == world.Approved {
						own.DebitCount++
						own.DebitAmount += amount
						sales = append(sales, struct {
							stan   uint32
							amount int64
						}{p.stan, amount})
					}
				case 2:
					if p.refund(amount).Outcome == world.Approved {
						own.CreditCount++
						own.CreditAmount += amount
					}
				case 3:
					if len(sales) == 0 {
						continue
					}
					last := sales[len(sales)-1]
					sales = sales[:len(sales)-1]
					rev := map[int]string{0: "0400", 2: testPAN, 3: "000000", 4: fmt.Sprintf("%012d", last.amount), 11: fmt.Sprintf("%06d", last.stan), 25: "00", 49: "156", 60: p.batchField("22", "000")}
					if d := p.send(rev); d.Outcome != world.Approved {
						rt.Fatalf("reversal: %v, %s", d.Outcome, d.Why)
					}
					own.DebitCount--
					own.DebitAmount -= last.amount
				}
			}
			d := p.settlement(own, nil)
			if d.Outcome != world.Approved || d.Closed == nil || d.Closed.Totals != own {
				rt.Fatalf("settlement of %+v: %v, %s", own, d.Outcome, d.Why)
			}
			own, sales = ledger.Totals{}, nil
			p.batch++
		}
	})
}
