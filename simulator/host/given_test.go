package host

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/acqsim/acqsim/scenarios/world"
	"github.com/acqsim/acqsim/simulator/ledger"
)

// TestAGivenSettlementOutOfBalance: the terminal's totals are right, and it is
// told that they are not. It uploads, and the batch is closed as any other.
func TestAGivenSettlementOutOfBalance(t *testing.T) {
	eachTill(t, func(t *testing.T, p *till) {
		p.sale(1000)
		sale, told := p.stan, ledger.Totals{DebitCount: 1, DebitAmount: 1000}
		p.given = world.OutOfBalance
		d := p.settlement(told, nil)
		p.given = world.Undecided
		require.True(t, p.outOfBalance(d), "%v %q: %s", d.Outcome, d.Results, d.Why)
		assert.Nil(t, d.Closed)
		assert.Empty(t, d.Differences, "there is none")
		assert.Contains(t, d.Why, "the scenario has the host decide so")

		require.Equal(t, world.Approved, p.upload(sale, testPAN, 1000).Outcome)
		d = p.end(told, 0)
		require.Equal(t, world.Approved, d.Outcome, d.Why)
		require.NotNil(t, d.Closed)
		assert.True(t, d.Closed.Settlement.Balanced)
		assert.NotContains(t, d.Why, "not asked for")
	})
}

func TestAGivenDeclineIsOfTheHost(t *testing.T) {
	b := newBench(t, emptyWorld(), false)
	before := b.balance()
	r := b.request(world.Sale, 1000)
	b.given = world.CutOver
	d := b.decide(r)
	assert.Equal(t, world.CutOver, d.Outcome)
	b.given = world.Undecided
	assert.Equal(t, before, b.balance())
	assert.Equal(t, world.Approved, b.decide(b.request(world.Sale, 1000)).Outcome)
}

func TestATerminalThatIsNotRegistered(t *testing.T) {
	w := world.Default()
	w.Terminals["10000001"].Status = world.Unregistered
	b := newBench(t, w, false)
	for _, typ := range []world.TransactionType{world.Sale, world.SignOn, world.Echo} {
		assert.Equal(t, world.TerminalUnknown, b.decide(b.request(typ, 1000)).Outcome, typ.String())
	}
}

func TestATerminalThatIsSignedOff(t *testing.T) {
	w := world.Default()
	w.Terminals["10000001"].Status = world.SignedOff
	b := newBench(t, w, false)
	sale := func() *Decision {
		r := b.request(world.Sale, 1000)
		at("10000001", "999000000000001")(r)
		return b.decide(r)
	}
	assert.Equal(t, world.NotSignedOn, sale().Outcome)
	assert.Equal(t, world.NotSignedOn, sale().Outcome)
	r := b.request(world.SignOn, 0)
	at("10000001", "999000000000001")(r)
	require.Equal(t, world.Approved, b.decide(r).Outcome)
	assert.Equal(t, world.Approved, sale().Outcome, "it has signed on")
}

func TestASilentIssuerIsGivenUpOn(t *testing.T) {
	w := world.Default()
	w.Issuers["unionpay"].State, w.Issuers["unionpay"].Delay = world.IssuerIsSilent, 3*time.Second
	b := newBench(t, w, true)
	r := b.request(world.Sale, 1000)
	at("10000001", "999000000000001")(r)
	with(t, w, "good")(r)
	d := b.decide(r)
	assert.Equal(t, world.IssuerTimeout, d.Outcome)
	assert.Equal(t, b.now.Add(3*time.Second), d.ReadyAt)
	assert.Zero(t, d.Amount, "nothing is booked")
	with(t, w, "visa")(r)
	r.STAN++
	r.DuplicateKey++
	assert.Equal(t, world.Approved, b.decide(r).Outcome, "of another bank")
}
