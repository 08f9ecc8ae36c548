package host

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/acqsim/acqsim/scenarios/world"
	"github.com/acqsim/acqsim/simulator/dialect"
)

func TestCashAndCashBack(t *testing.T) {
	cash := func(amount int64) func(*dialect.Request) {
		return func(r *dialect.Request) { r.Cash, r.HasCash, r.CashIn = amount, true, world.CNY }
	}
	tests := map[string]struct {
		typ    world.TransactionType
		change func(*dialect.Request)
		want   world.Outcome
		cash   int64
	}{
		"cash":                   {world.Cash, func(*dialect.Request) {}, world.Approved, 0},
		"goods and cash":         {world.CashBack, cash(300), world.Approved, 300},
		"all of it cash":         {world.CashBack, cash(1000), world.Approved, 1000},
		"more cash than amount":  {world.CashBack, cash(1001), world.InvalidAmount, 0},
		"no cash":                {world.CashBack, cash(0), world.InvalidAmount, 0},
		"without DE 54":          {world.CashBack, func(*dialect.Request) {}, world.InvalidAmount, 0},
		"cash in other currency": {world.CashBack, func(r *dialect.Request) { r.Cash, r.HasCash, r.CashIn = 300, true, world.USD }, world.WrongCurrency, 0},
		"more than there is":     {world.CashBack, func(r *dialect.Request) { r.Amount = 1 << 50; cash(300)(r) }, world.InsufficientFunds, 0},
	}
	for _, dialectName := range everyDialect {
		for name, c := range tests {
			t.Run(dialectName+"/"+name, func(t *testing.T) {
				b := newBenchIn(t, dialectName, emptyWorld(), false)
				before := b.balance()
				r := b.request(c.typ, 1000)
				c.change(r)
				d := b.decide(r)
				assert.Equal(t, c.want.String(), d.Outcome.String(), d.Why)
				assert.Equal(t, c.cash, d.Cash)
				if c.want != world.Approved {
					assert.Equal(t, before, b.balance())
					return
				}
				assert.Equal(t, before-1000, b.balance())
				require.Equal(t, world.Approved, b.decide(b.about(world.Void, r)).Outcome, "all of it can be voided")
				assert.Equal(t, before, b.balance())
			})
		}
	}
}

func TestCashBackWhereTheMerchantMayNot(t *testing.T) {
	b := newBench(t, world.Default(), true)
	for _, typ := range []world.TransactionType{world.CashBack, world.Cash, world.PreAuth, world.OfflineSale} {
		r := b.request(typ, 1000)
		at("10000010", "999000000000010")(r)
		with(t, world.Default(), "good")(r)
		r.Cash, r.HasCash = 100, true
		assert.Equal(t, world.NotPermittedMerchant, b.decide(r).Outcome, typ)
	}
}

// TestAdvicesAreNotDeclinedForTheCardsSake: what has happened is posted.
func TestAdvicesAreNotDeclinedForTheCardsSake(t *testing.T) {
	w := world.Default()
	for alias, remark := range map[string]string{
		"good": "", "poor": "overdrawn", "frozen": "the card is frozen", "lost": "reported lost", "expired": "expired",
		"frozen-account": "account is frozen", "inquiry-only": "may not do", "issuer-down": "", "limited": "",
	} {
		t.Run(alias, func(t *testing.T) {
			b := newBench(t, w, true)
			r := b.request(world.OfflineSale, 20000)
			at("10000001", "999000000000001")(r)
			with(t, w, alias)(r)
			r.Approval = dialect.MakeID("654321")
			d := b.decide(r)
			assert.Equal(t, world.Approved, d.Outcome, d.Why)
			assert.Equal(t, "654321", d.Approval, "the terminal's own approval code")
			assert.Contains(t, d.Why, remark)
			assert.Equal(t, int64(20000), d.Amount)
			r.MTI, r.Repeat = 221, true
			assert.Empty(t, b.decide(r).From, "a repeat posts nothing")
		})
	}
	refused := map[string]struct {
		change func(*dialect.Request)
		want   world.Outcome
	}{
		"an unknown card":  {func(r *dialect.Request) { r.Card, _ = dialect.ParsePAN(testPAN) }, world.CardUnknown},
		"no card":          {func(r *dialect.Request) { r.Card = dialect.PAN{} }, world.FormatError},
		"another currency": {with(t, w, "dollars"), world.WrongCurrency},
		"no amount":        {func(r *dialect.Request) { r.HasAmount = false }, world.InvalidAmount},
		"a frozen shop":    {at("10000003", "999000000000003"), world.MerchantFrozen},
	}
	for name, c := range refused {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, w, true)
			r := b.request(world.OfflineSale, 20000)
			at("10000001", "999000000000001")(r)
			with(t, w, "good")(r)
			c.change(r)
			d := b.decide(r)
			assert.Equal(t, c.want.String(), d.Outcome.String(), d.Why)
			assert.Empty(t, d.From)
		})
	}
}

// TestAdvicesAfterHours: the sale was made while the shop was open.
func TestAdvicesAfterHours(t *testing.T) {
	w := world.Default()
	b := newBench(t, w, true)
	for typ, want := range map[world.TransactionType]world.Outcome{world.Sale: world.OffHours, world.OfflineSale: world.Approved} {
		r := b.request(typ, 1000)
		at("10000008", "999000000000008")(r)
		with(t, w, "good")(r)
		assert.Equal(t, want.String(), b.decide(r).Outcome.String())
	}
}

func TestTipsAndAdjustments(t *testing.T) {
	type step struct {
		typ    world.TransactionType
		amount int64
		want   world.Outcome
		moved  int64 // by the step
		spent  int64 // after it
	}
	tests := map[string][]step{
		"a tip":                        {{world.Tip, 1150, world.Approved, 150, 1150}},
		"a tip that takes":             {{world.Tip, 999, world.InvalidAmount, 0, 1000}},
		"an adjustment down":           {{world.Adjustment, 400, world.Approved, 600, 400}},
		"an adjustment up":             {{world.Adjustment, 1400, world.Approved, 400, 1400}},
		"to what it is":                {{world.Adjustment, 1000, world.Approved, 0, 1000}},
		"a tip told twice":             {{world.Tip, 1150, world.Approved, 150, 1150}, {world.Tip, 1150, world.Approved, 0, 1150}},
		"a void of what it came to":    {{world.Tip, 1150, world.Approved, 150, 1150}, {world.Void, 1150, world.Approved, 1150, 0}},
		"a void of what it was":        {{world.Tip, 1150, world.Approved, 150, 1150}, {world.Void, 1000, world.OriginalAmountDiffers, 0, 1150}},
		"a reversal of what it was":    {{world.Tip, 1150, world.Approved, 150, 1150}, {world.Reversal, 1000, world.OriginalAmountDiffers, 0, 1150}},
		"a reversal of what it is":     {{world.Tip, 1150, world.Approved, 150, 1150}, {world.Reversal, 1150, world.Approved, 1150, 0}},
		"a tip on a voided sale":       {{world.Void, 1000, world.Approved, 1000, 0}, {world.Tip, 1150, world.InvalidTransaction, 0, 0}},
		"a tip on a reversed sale":     {{world.Reversal, 1000, world.Approved, 1000, 0}, {world.Tip, 1150, world.InvalidTransaction, 0, 0}},
		"a refund of sale and tip":     {{world.Tip, 1150, world.Approved, 150, 1150}, {world.Refund, 1150, world.Approved, 1150, 0}},
		"a refund of more":             {{world.Tip, 1150, world.Approved, 150, 1150}, {world.Refund, 1151, world.RefundExceedsOriginal, 0, 1150}},
		"less than what was refunded":  {{world.Refund, 600, world.Approved, 600, 400}, {world.Adjustment, 599, world.InvalidTransaction, 0, 400}},
		"as much as what was refunded": {{world.Refund, 600, world.Approved, 600, 400}, {world.Adjustment, 600, world.Approved, 400, 0}},
	}
	for _, dialectName := range everyDialect {
		for name, steps := range tests {
			t.Run(dialectName+"/"+name, func(t *testing.T) {
				b := newBenchIn(t, dialectName, emptyWorld(), false)
				before := b.balance()
				sale := b.request(world.Sale, 1000)
				require.Equal(t, world.Approved, b.decide(sale).Outcome)
				for i, s := range steps {
					r := b.about(s.typ, sale)
					r.Amount = s.amount
					d := b.decide(r)
					assert.Equal(t, s.want.String(), d.Outcome.String(), "step %d: %s", i, d.Why)
					assert.Equal(t, s.moved, d.Amount, "step %d", i)
					assert.Equal(t, s.spent, before-b.balance(), "step %d", i)
					totals := b.book.Terminal("10000001").Totals
					assert.Equal(t, s.spent, totals.DebitAmount-totals.CreditAmount, "step %d", i)

					r.MTI, r.Repeat = r.MTI+1, true
					if s.typ != world.Reversal {
						again := b.decide(r)
						assert.Equal(t, s.want.String(), again.Outcome.String())
						assert.Empty(t, again.From, "a repeat posts nothing")
					}
				}
			})
		}
	}
}

func TestATipOnWhatIsNotThere(t *testing.T) {
	b := newBench(t, emptyWorld(), false)
	d := b.decide(b.about(world.Tip, b.request(world.Sale, 1000)))
	assert.Equal(t, world.OriginalNotFound, d.Outcome)
	assert.NotEmpty(t, d.Why)
}

func TestReversingATipTwice(t *testing.T) {
	b := newBench(t, emptyWorld(), false)
	before := b.balance()
	sale := b.request(world.Sale, 1000)
	b.decide(sale)
	tip := b.about(world.Tip, sale)
	tip.Amount = 1200
	b.decide(tip)
	later := b.about(world.Tip, sale)
	later.Amount = 1300
	b.decide(later)
	assert.Equal(t, world.InvalidTransaction, b.decide(b.about(world.Reversal, tip)).Outcome, "another came after it")
	for range 2 {
		assert.Equal(t, world.Approved, b.decide(b.about(world.Reversal, later)).Outcome)
		assert.Equal(t, before-1200, b.balance())
	}
	assert.Equal(t, world.Approved, b.decide(b.about(world.Reversal, tip)).Outcome)
	assert.Equal(t, before-1000, b.balance())
}

func TestDailyLimitsCountPreAuthorisations(t *testing.T) {
	w := world.Default()
	b := newBench(t, w, true)
	request := func(typ world.TransactionType) *dialect.Request {
		r := b.request(typ, 10000)
		at("10000001", "999000000000001")(r)
		with(t, w, "limited")(r)
		return r
	}
	var auth *dialect.Request
	for range 3 {
		auth = request(world.PreAuth)
		require.Equal(t, world.Approved, b.decide(auth).Outcome)
	}
	require.Equal(t, world.ExceedsAmountLimit, b.decide(request(world.Sale)).Outcome)
	void := b.about(world.PreAuthVoid, auth)
	void.Terminal, void.Merchant = auth.Terminal, auth.Merchant
	require.Equal(t, world.Approved, b.decide(void).Outcome)
	assert.Equal(t, world.Approved, b.decide(request(world.Sale)).Outcome, "given back")
}

func TestOfflineSalesDoNotCountTowardsLimits(t *testing.T) {
	w := world.Default()
	b := newBench(t, w, true)
	request := func(typ world.TransactionType) *dialect.Request {
		r := b.request(typ, 10000)
		at("10000001", "999000000000001")(r)
		with(t, w, "limited")(r)
		return r
	}
	about := func(typ world.TransactionType, original *dialect.Request) *dialect.Request {
		r := b.about(typ, original)
		r.Terminal, r.Merchant = original.Terminal, original.Merchant
		return r
	}
	offline := request(world.OfflineSale)
	require.Equal(t, world.Approved, b.decide(offline).Outcome)
	void := about(world.Void, offline)
	require.Equal(t, world.Approved, b.decide(void).Outcome)
	require.Equal(t, world.Approved, b.decide(about(world.Reversal, void)).Outcome)
	for range 3 {
		require.Equal(t, world.Approved, b.decide(request(world.Sale)).Outcome)
	}
	assert.Equal(t, world.ExceedsAmountLimit, b.decide(request(world.Sale)).Outcome)
}
