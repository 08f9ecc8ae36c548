package terminal_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/acqsim/acqsim/scenarios/transcript"
	"github.com/acqsim/acqsim/scenarios/world"
	"github.com/acqsim/acqsim/simulator"
	"github.com/acqsim/acqsim/simulator/dialect"
	"github.com/acqsim/acqsim/simulator/security"
	"github.com/acqsim/acqsim/simulator/terminal"
)

// rig is a terminal at a real server.
type rig struct {
	t    *testing.T
	d    *dialect.Dialect
	m    *terminal.Messages
	l    *terminal.Line
	s    *terminal.Session
	p    terminal.Params
	stan uint32
}

func newRig(t *testing.T, name string) *rig {
	t.Helper()
	d, m := load(t, name)
	return rigOf(t, d, m)
}

func rigOf(t *testing.T, d *dialect.Dialect, m *terminal.Messages) *rig {
	t.Helper()
	server, err := simulator.Start(t.Context(), simulator.Options{
		Listeners: []simulator.Listener{{Address: "127.0.0.1:0", Dialect: d}},
	})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, server.Close()) })
	l, err := terminal.Dial(t.Context(), terminal.Options{
		Dialect: d, Address: server.Addr(0).String(), ResponseTimeout: patience,
	})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, l.Close()) })
	p := params(0)
	p.Time = time.Now()
	card := world.Default().Cards["good"]
	p.Card = terminal.Card{PAN: card.PAN, Expiry: card.Expiry}
	return &rig{t: t, d: d, m: m, l: l, p: p}
}

// do makes a transaction, with changed values, under the next STAN.
func (r *rig) do(is world.TransactionType, change func(*terminal.Params)) *terminal.Exchange {
	r.t.Helper()
	r.stan++
	p := r.p
	p.STAN = r.stan
	if change != nil {
		change(&p)
	}
	req, err := r.m.Request(is, p, r.s)
	require.NoError(r.t, err)
	x := exchange(r.t, r.l, req)
	assert.Empty(r.t, x.Strays)
	return x
}

func (r *rig) approved(is world.TransactionType, change func(*terminal.Params)) *terminal.Exchange {
	r.t.Helper()
	x := r.do(is, change)
	assert.Equal(r.t, terminal.Approved.String(), x.Outcome.String(), "%s %s %s", is, x.Code, x.Why)
	return x
}

func original(stan uint32) func(*terminal.Params) {
	return func(p *terminal.Params) { p.Original.STAN = stan }
}

// TestADayAtTheTill makes every transaction at the real host, in every dialect.
func TestADayAtTheTill(t *testing.T) {
	for _, name := range dialects {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, name)
			r.approved(world.SignOn, nil)
			r.approved(world.Echo, nil)
			r.approved(world.Inquiry, nil)

			x := r.approved(world.Sale, nil)
			assert.Len(t, x.Reply.RRN, 12)
			sale := r.stan
			r.approved(world.Void, original(sale))
			x = r.do(world.Void, original(sale))
			assert.Equal(t, r.d.Code(x.Reply.MTI, world.InvalidTransaction), x.Code, "voided twice")

			r.approved(world.Sale, nil)
			sale = r.stan
			r.approved(world.Reversal, original(sale))
			x = r.do(world.Reversal, original(99_999))
			assert.Equal(t, r.d.Code(x.Reply.MTI, world.OriginalNotFound), x.Code)
			r.approved(world.Reversal, func(p *terminal.Params) { p.Original.STAN, p.Repeat = sale, true })

			r.approved(world.Sale, nil)
			sale = r.stan
			r.approved(world.Void, original(sale))
			r.approved(world.Reversal, func(p *terminal.Params) { p.Original = terminal.Original{Type: world.Void, STAN: sale + 1} })
			r.approved(world.Refund, original(sale))

			x = r.do(world.Sale, func(p *terminal.Params) { p.Card = terminal.Card{PAN: world.Default().Cards["poor"].PAN} })
			assert.Equal(t, terminal.Declined, x.Outcome)
			assert.Equal(t, r.d.Code(x.Reply.MTI, world.InsufficientFunds), x.Code)
			r.approved(world.SignOff, nil)
		})
	}
}

func TestSignOnThenMACAndPIN(t *testing.T) {
	r := newRig(t, "unionpay-pos")
	x := r.approved(world.SignOn, nil)
	var err error
	r.s, err = terminal.OpenSession(r.d, security.DefaultTMK(), x.Reply)
	require.NoError(t, err)
	assert.True(t, r.s.HasBatch)
	assert.NotZero(t, r.s.Keys.MAC.KCV())
	r.p.Batch = r.s.Batch

	pin := func(s string) func(*terminal.Params) {
		return func(p *terminal.Params) { p.Card.PIN = s }
	}
	x = r.approved(world.Sale, pin("123456"))
	assert.Equal(t, transcript.MACOK, x.Reply.MAC)
	x = r.do(world.Sale, pin("111111"))
	assert.Equal(t, "55", x.Code)
	assert.Equal(t, transcript.MACOK, x.Reply.MAC)
	x = r.do(world.Sale, func(p *terminal.Params) { p.Fields = map[int]string{64: "0000000000000000"} })
	assert.Equal(t, "A0", x.Code)
	assert.Equal(t, terminal.Declined, x.Outcome, x.Why)

	// Another terminal with the same ID signs on: our keys are out.
	old := r.s
	r.s = nil
	r.approved(world.SignOn, nil)
	r.s = old
	x = r.do(world.Sale, nil)
	assert.Equal(t, "A0", x.Code)
}

func TestSignOnUnderAnotherMasterKey(t *testing.T) {
	r := newRig(t, "unionpay-pos")
	x := r.approved(world.SignOn, nil)
	other, err := security.ParseKey("11111111111111112222222222222222")
	require.NoError(t, err)
	_, err = terminal.OpenSession(r.d, other, x.Reply)
	var differ *security.CheckValueError
	require.ErrorAs(t, err, &differ)

	r = newRig(t, "iso87-ascii")
	_, err = terminal.OpenSession(r.d, other, r.approved(world.SignOn, nil).Reply)
	require.ErrorIs(t, err, terminal.ErrNoDownload)
}
