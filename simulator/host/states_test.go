package host

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/acqsim/acqsim/scenarios/world"
	"github.com/acqsim/acqsim/simulator/dialect"
)

// at changes a request to come from a terminal of the default world.
func at(terminal, merchant string) func(*dialect.Request) {
	return func(r *dialect.Request) {
		r.Terminal, r.Merchant = dialect.MakeID(terminal), dialect.MakeID(merchant)
	}
}

// with changes a request to use a card of the default world.
func with(t *testing.T, w *world.World, alias string) func(*dialect.Request) {
	t.Helper()
	require.Contains(t, w.Cards, alias)
	pan, err := dialect.ParsePAN(w.Cards[alias].PAN)
	require.NoError(t, err)
	return func(r *dialect.Request) { r.Card = pan }
}

func TestEveryStateOfTheDefaultWorld(t *testing.T) {
	w := world.Default()
	good := with(t, w, "good")
	shop := at("10000001", "999000000000001")
	tests := map[string]struct {
		change []func(*dialect.Request)
		want   world.Outcome
		silent bool
	}{
		"in order":                    {[]func(*dialect.Request){shop, good}, world.Approved, false},
		"unknown terminal":            {[]func(*dialect.Request){at("99999999", "999000000000001"), good}, world.TerminalUnknown, false},
		"unknown merchant":            {[]func(*dialect.Request){at("10000001", "123456789012345"), good}, world.MerchantUnknown, false},
		"another's terminal":          {[]func(*dialect.Request){at("10000001", "999000000000002"), good}, world.TerminalOtherMerchant, false},
		"terminal stopped":            {[]func(*dialect.Request){at("10000011", "999000000000001"), good}, world.TerminalInactive, false},
		"software too old":            {[]func(*dialect.Request){at("10000012", "999000000000001"), good, func(r *dialect.Request) { r.Software = 31 }}, world.SoftwareOutdated, false},
		"software new enough":         {[]func(*dialect.Request){at("10000012", "999000000000001"), good, func(r *dialect.Request) { r.Software = 90 }}, world.Approved, false},
		"merchant suspended":          {[]func(*dialect.Request){at("10000002", "999000000000002"), good}, world.MerchantSuspended, false},
		"merchant frozen":             {[]func(*dialect.Request){at("10000003", "999000000000003"), good}, world.MerchantFrozen, false},
		"merchant closed":             {[]func(*dialect.Request){at("10000004", "999000000000004"), good}, world.MerchantClosed, false},
		"merchant not yet active":     {[]func(*dialect.Request){at("10000005", "999000000000005"), good}, world.MerchantNotYetActive, false},
		"merchant without any answer": {[]func(*dialect.Request){at("10000006", "999000000000006"), good}, world.MerchantSuspended, true},
		"office hours":                {[]func(*dialect.Request){at("10000007", "999000000000007"), good}, world.Approved, false},
		"night bar at ten o'clock":    {[]func(*dialect.Request){at("10000008", "999000000000008"), good}, world.OffHours, false},
		"refund where not permitted":  {[]func(*dialect.Request){at("10000010", "999000000000010"), good, func(r *dialect.Request) { r.Type = world.Refund }}, world.NotPermittedMerchant, false},
		"unknown card":                {[]func(*dialect.Request){shop, func(r *dialect.Request) { r.Card, _ = dialect.ParsePAN("6212345678901232") }}, world.CardUnknown, false},
		"no card":                     {[]func(*dialect.Request){shop, func(r *dialect.Request) { r.Card = dialect.PAN{} }}, world.FormatError, false},
		"card frozen":                 {[]func(*dialect.Request){shop, with(t, w, "frozen")}, world.CardFrozen, false},
		"card lost":                   {[]func(*dialect.Request){shop, with(t, w, "lost")}, world.CardLost, false},
		"card stolen":                 {[]func(*dialect.Request){shop, with(t, w, "stolen")}, world.CardStolen, false},
		"card restricted":             {[]func(*dialect.Request){shop, with(t, w, "restricted")}, world.CardRestricted, false},
		"card expired":                {[]func(*dialect.Request){shop, with(t, w, "expired")}, world.CardExpired, false},
		"account frozen":              {[]func(*dialect.Request){shop, with(t, w, "frozen-account")}, world.AccountFrozen, false},
		"account empty":               {[]func(*dialect.Request){shop, with(t, w, "poor")}, world.InsufficientFunds, false},
		"beyond the card's limit":     {[]func(*dialect.Request){shop, with(t, w, "limited"), func(r *dialect.Request) { r.Amount = 100_01 }}, world.ExceedsAmountLimit, false},
		"card for inquiries only":     {[]func(*dialect.Request){shop, with(t, w, "inquiry-only")}, world.NotPermittedCard, false},
		"issuer down":                 {[]func(*dialect.Request){shop, with(t, w, "issuer-down")}, world.IssuerDown, false},
		"another currency":            {[]func(*dialect.Request){shop, with(t, w, "dollars")}, world.WrongCurrency, false},
		"no amount":                   {[]func(*dialect.Request){shop, good, func(r *dialect.Request) { r.HasAmount = false }}, world.InvalidAmount, false},
		"no STAN":                     {[]func(*dialect.Request){shop, good, func(r *dialect.Request) { r.HasSTAN = false }}, world.FormatError, false},
		"no terminal":                 {[]func(*dialect.Request){shop, good, func(r *dialect.Request) { r.Terminal = dialect.ID{} }}, world.FormatError, false},
		"unknown function":            {[]func(*dialect.Request){shop, good, func(r *dialect.Request) { r.Type = world.Unrecognised }}, world.UnsupportedFunction, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, world.Default(), true)
			r := b.request(world.Sale, 1000)
			for _, change := range tt.change {
				change(r)
			}
			d := b.decide(r)
			assert.Equal(t, tt.want.String(), d.Outcome.String(), d.Why)
			assert.Equal(t, tt.silent, d.Silent)
		})
	}
}

func TestASlowIssuerAnswersLater(t *testing.T) {
	w := world.Default()
	b := newBench(t, w, true)
	r := b.request(world.Sale, 1000)
	at("10000001", "999000000000001")(r)
	with(t, w, "issuer-slow")(r)
	d := b.decide(r)
	assert.Equal(t, world.Approved, d.Outcome)
	assert.Equal(t, b.now.Add(45*time.Second), d.ReadyAt)
}

func TestTradingHoursFollowTheBusinessClock(t *testing.T) {
	w := world.Default()
	b := newBench(t, w, true)
	for when, want := range map[string]world.Outcome{
		"2026-11-27T21:59:00+08:00": world.OffHours, // a Friday
		"2026-11-27T22:00:00+08:00": world.Approved,
		"2026-11-28T01:59:00+08:00": world.Approved,
		"2026-11-28T02:00:00+08:00": world.OffHours,
	} {
		now, err := time.Parse(time.RFC3339, when)
		require.NoError(t, err)
		b.now = now
		r := b.request(world.Sale, 1000)
		at("10000008", "999000000000008")(r)
		with(t, w, "good")(r)
		d := b.decide(r)
		assert.Equal(t, want.String(), d.Outcome.String(), when)
	}
}

func TestDailyLimitsAreGivenBackByAReversal(t *testing.T) {
	w := world.Default()
	b := newBench(t, w, true)
	sale := func() *dialect.Request {
		r := b.request(world.Sale, 1000)
		at("10000001", "999000000000001")(r)
		with(t, w, "counted")(r)
		return r
	}
	var last *dialect.Request
	for range 3 {
		last = sale()
		require.Equal(t, world.Approved, b.decide(last).Outcome)
	}
	require.Equal(t, world.ExceedsCountLimit, b.decide(sale()).Outcome)
	rev := b.about(world.Reversal, last)
	rev.Terminal, rev.Merchant = last.Terminal, last.Merchant
	require.Equal(t, world.Approved, b.decide(rev).Outcome)
	assert.Equal(t, world.Approved, b.decide(sale()).Outcome)
	last = sale()
	last.STAN -= 1 // the one that was approved
	void := b.about(world.Void, last)
	void.Terminal, void.Merchant, void.Card = last.Terminal, last.Merchant, dialect.PAN{}
	d := b.decide(void)
	require.Equal(t, world.Approved, d.Outcome, d.Why)
	undo := b.about(world.Reversal, void)
	undo.Terminal, undo.Merchant, undo.Card = last.Terminal, last.Merchant, dialect.PAN{}
	require.Equal(t, world.Approved, b.decide(undo).Outcome)
	require.Equal(t, world.ExceedsCountLimit, b.decide(sale()).Outcome, "the sale stands again")
	void = b.about(world.Void, last)
	void.Terminal, void.Merchant, void.Card = last.Terminal, last.Merchant, dialect.PAN{}
	require.Equal(t, world.Approved, b.decide(void).Outcome)
	assert.Equal(t, world.Approved, b.decide(sale()).Outcome, "a void without its card gives back, too")
	b.now = b.now.AddDate(0, 0, 1)
	assert.Equal(t, world.Approved, b.decide(sale()).Outcome, "a new business day")
}

func TestAnOpenWorldEnrolsWhoComes(t *testing.T) {
	b := newBench(t, world.Default(), false)
	r := b.request(world.Sale, 1000)
	at("ABCD1234", "123456789012345")(r)
	d := b.decide(r)
	assert.Equal(t, world.Approved, d.Outcome)
	assert.Equal(t, "ABCD1234", d.Terminal)
	assert.Equal(t, "123456789012345", d.Merchant)

	r = b.request(world.Sale, 1000)
	at("10000001", "123456789012345")(r)
	assert.Equal(t, world.Approved, b.decide(r).Outcome, "a known terminal that was set up for an unknown merchant")

	r = b.request(world.Sale, 1000)
	at("10000001", "999000000000002")(r)
	assert.Equal(t, world.TerminalOtherMerchant, b.decide(r).Outcome, "both are known, and do not belong together")
}
