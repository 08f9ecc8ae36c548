package simulator_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/acqsim/acqsim/scenarios"
	"github.com/acqsim/acqsim/scenarios/transcript"
	"github.com/acqsim/acqsim/scenarios/world"
	"github.com/acqsim/acqsim/simulator/security"
	firmware "github.com/acqsim/acqsim/simulator/terminal"
)

// hostCauses is what the shop's terminal meets where the line is in order and
// the host says no, or nothing at all.
var hostCauses = map[string]causeTest{
	// The merchant and its hours: every card is refused, and the line test
	// succeeds.
	"merchant-off-hours": {play: refusesTheShop(world.OffHours)},
	"merchant-holiday":   {play: refusesTheShop(world.OffHours)},
	"merchant-suspended": {play: refusesTheShop(world.MerchantSuspended, "sign-on")},
	"merchant-account-frozen": {play: func(t *testing.T, r *rig) {
		refusesTheShop(world.MerchantFrozen, "inquiry")(t, r)
		assert.Equal(t, "00", r.victim().code("sign-on", 0, nil), "only money is frozen")
	}},
	"merchant-not-yet-active": {play: refusesTheShop(world.MerchantNotYetActive, "sign-on", "inquiry")},

	"merchant-off-hours-silent": {play: func(t *testing.T, r *rig) {
		p := keepsSilent(t, r)
		assert.Equal(t, "00", p.code("sign-on", 0, nil), "hours are no matter of sign-on")
		assert.Equal(t, "25", p.reverse(p.stan), "there is nothing to undo, and the reversal is answered")
	}},
	"merchant-account-frozen-silent": {play: func(t *testing.T, r *rig) {
		p := keepsSilent(t, r)
		p.write(p.reversal(p.stan))
		silence(t, p.pos)
		assert.Equal(t, "00", p.code("sign-on", 0, nil), "only money is frozen")
		assert.Equal(t, "00", p.code("echo", 0, nil), "the line is up all the time")
	}},

	"transaction-not-permitted": {play: func(t *testing.T, r *rig) {
		r.arm()
		p := r.victim()
		assert.Equal(t, "00", p.code("sale", 0, nil))
		for _, card := range []string{goodPAN, healthyPAN} {
			p.pan = card
			assert.Equal(t, p.says(world.NotPermittedMerchant), p.code("refund", p.stan, nil), "no refunds, with any card")
		}
	}, left: -saleAmount},

	// The terminal.
	"merchant-data-stale": {play: func(t *testing.T, r *rig) {
		r.arm()
		p := r.victim()
		for _, card := range []string{healthyPAN, goodPAN} {
			p.pan = card
			assert.Equal(t, p.says(world.TerminalOtherMerchant), p.code("sale", 0, nil))
		}
		assert.Zero(t, r.moved())
		p.merchant = r.cause.Given.World[0].Value
		assert.Equal(t, "00", p.code("sale", 0, nil), "with its new merchant's number it trades")
	}, left: -saleAmount},
	"terminal-not-registered": {play: func(t *testing.T, r *rig) {
		r.arm()
		p := r.victim()
		for _, what := range []string{"sign-on", "sale", "inquiry"} {
			assert.Equal(t, p.says(world.TerminalUnknown), p.code(what, 0, nil), what)
		}
		r.other() // of the same shop: its till trades
	}},
	"terminal-not-signed-on": {play: func(t *testing.T, r *rig) {
		r.arm()
		p := r.victim()
		assert.Equal(t, "00", p.code("echo", 0, nil))
		for range 2 {
			assert.Equal(t, "77", p.code("sale", 0, nil))
		}
		assert.Zero(t, r.moved())
		assert.Equal(t, "00", p.code("sign-on", 0, nil))
		assert.Equal(t, "00", p.code("sale", 0, nil), "done anew")
	}, left: -saleAmount},
	"keys-out-of-step": {play: func(t *testing.T, r *rig) {
		r.arm()
		p := r.victim()
		for range 2 { // signing on again does not help
			m := p.do("sign-on", 0, fields{42: p.merchant})
			assert.Equal(t, "00", get(t, m, 39), "the host knows of nothing")
			download, err := m.GetBytes(62)
			require.NoError(t, err)
			keys, err := security.OpenCryptogram(security.DefaultTMK(), download)
			require.NoError(t, err, "a careful terminal has nothing to find")
			p.keys, err = security.NewMAC(security.CUPECB, keys.MAC)
			require.NoError(t, err)
			_, m = p.sale()
			assert.Equal(t, "A0", get(t, m, 39))
		}
		assert.Zero(t, r.moved())
		r.other() // whose keys are its own
	}, dialects: []string{"unionpay-pos"}},
	"duplicate-transmission": {play: once(world.Duplicate), left: -saleAmount},

	// The card, its account and its bank: another card goes through.
	"insufficient-funds": {play: func(t *testing.T, r *rig) {
		r.arm()
		p := r.victim()
		assert.Equal(t, "51", p.code("sale", 0, nil))
		assert.Zero(t, r.moved())
		assert.Equal(t, "00", p.code("sale", 0, fields{4: "000000000500"}), "just what there is")
	}, left: -500},
	"limit-exceeded": {play: func(t *testing.T, r *rig) {
		r.arm()
		p := r.victim()
		assert.Equal(t, "61", p.code("sale", 0, fields{4: "000000010001"}))
		assert.Zero(t, r.moved())
		assert.Equal(t, "00", p.code("sale", 0, fields{4: "000000010000"}), "the limit itself")
	}, left: -10000},
	"card-account-frozen": {play: refusesTheCard(world.AccountFrozen)},
	"issuer-down":         {play: refusesTheCard(world.IssuerDown)},
	"issuer-timeout": {play: func(t *testing.T, r *rig) {
		began := time.Now()
		refusesTheCard(world.IssuerTimeout)(t, r)
		assert.GreaterOrEqual(t, time.Since(began), 50*time.Millisecond, "the host has waited for the bank")
	}},
	"wrong-pin": {play: func(t *testing.T, r *rig) {
		r.arm()
		p := r.firmware("good")
		assert.Equal(t, "55", p.pin("111111"))
		assert.Zero(t, r.moved())
		assert.Equal(t, "00", p.pin("123456"))
	}, left: -saleAmount, dialects: []string{"unionpay-pos"}},
	"pin-tries-exceeded": {play: func(t *testing.T, r *rig) {
		r.arm()
		p := r.firmware("good")
		assert.Equal(t, "55", p.pin("111111"))
		assert.Equal(t, "75", p.pin("111111"))
		assert.Equal(t, "75", p.pin("123456"), "the right one comes too late")
	}, dialects: []string{"unionpay-pos"}},

	// The host itself.
	"system-malfunction": {play: func(t *testing.T, r *rig) {
		r.arm()
		p := r.victim()
		for _, card := range []string{healthyPAN, goodPAN} {
			p.pan = card
			assert.Equal(t, "96", p.code("sale", 0, nil))
		}
		assert.Equal(t, "00", p.code("sale", 0, nil), "it has passed")
	}, left: -saleAmount},
	"day-end-cut-over": {play: once(world.CutOver), left: -saleAmount},
	"unknown-original": {play: func(t *testing.T, r *rig) {
		r.arm()
		p := r.victim()
		assert.Equal(t, "00", p.code("sale", 0, nil))
		sale := p.stan
		m, _ := p.send("void", sale, p.who())
		assert.Equal(t, "25", get(t, m, 39))
		assert.Equal(t, int64(-saleAmount), r.moved(), "the sale stands")
		m, _ = p.send("void", sale, p.who())
		assert.Equal(t, "00", get(t, m, 39), "the next void is honest")
	}},
	"batch-out-of-balance": {play: func(t *testing.T, r *rig) {
		r.arm()
		p := r.victim()
		who := fields{42: p.merchant}
		assert.Equal(t, "00", p.code("sale", 0, nil))
		s := &settler{pos: p.pos, batch: 1}
		m := s.settle(1, saleAmount, who)
		assert.Equal(t, map[bool]string{true: "21", false: "95"}[s.unionPay()], s.result(m), "though the totals are right")
		sale := map[bool]fields{
			true:  {0: "0320", 48: fmt.Sprintf("0100%06d%020s%012d", 1, goodPAN, saleAmount), 60: s.de60("00", "201")},
			false: {0: "0320", 2: goodPAN, 3: "000000", 4: fmt.Sprintf("%012d", saleAmount), 60: fmt.Sprintf("0200%06d%012d", 1, 0)},
		}[s.unionPay()]
		sale[42] = p.merchant
		assert.Equal(t, "00", get(t, s.send(sale), 39), "the upload")
		end := fields{0: "0320", 42: p.merchant, 48: "0001", 60: s.de60("00", "202")}
		if s.unionPay() {
			m = s.send(end)
		} else {
			m = s.settle(1, saleAmount, fields{3: "960000", 42: p.merchant})
		}
		assert.Equal(t, "00", get(t, m, 39), "the end of it")
		all := events(t, r.Server, func(e transcript.Event) bool { return e.Kind == transcript.BatchClosed })
		assert.Equal(t, terminal, all[len(all)-1].Terminal)
	}, left: -saleAmount},
}

// refusesTheShop plays what a merchant meets that may not trade: with every
// card, and in other transactions that are given, the outcome is the same.
func refusesTheShop(o world.Outcome, others ...string) func(*testing.T, *rig) {
	return func(t *testing.T, r *rig) {
		r.arm()
		p := r.victim()
		assert.Equal(t, "00", p.code("echo", 0, nil), "the line test succeeds")
		for _, what := range append(others, "sale") {
			for _, card := range []string{goodPAN, healthyPAN} {
				p.pan = card
				assert.Equal(t, p.says(o), p.code(what, 0, nil), what)
			}
		}
		decided := one(t, events(t, r.Server, declined(o)), transcript.Decided)
		assert.Equal(t, o, decided.Outcome)
		assert.Empty(t, decided.Postings)
	}
}

// declined finds the decision with an outcome.
func declined(o world.Outcome) func(transcript.Event) bool {
	return func(e transcript.Event) bool { return e.Kind == transcript.Decided && e.Outcome == o }
}

// keepsSilent plays a sale of a merchant that gets no answers. The line test
// gets one.
func keepsSilent(t *testing.T, r *rig) *till {
	r.arm()
	p := r.victim()
	assert.Equal(t, "00", p.code("echo", 0, nil))
	p.sell()
	silence(t, p.pos)
	last := one(t, events(t, r.Server, saleDecided), transcript.Decided)
	assert.Contains(t, last.Why, "is refused silently", "the journal says why nothing was sent")
	assert.Empty(t, last.Postings)
	return p
}

// refusesTheCard plays a sale with a card that its bank declines; a card of
// another bank is accepted by the same terminal.
func refusesTheCard(o world.Outcome) func(*testing.T, *rig) {
	return func(t *testing.T, r *rig) {
		r.arm()
		p := r.victim()
		assert.Equal(t, p.says(o), p.code("sale", 0, nil))
		p.pan = healthyPAN
		assert.Equal(t, "00", p.code("sale", 0, nil), "another card")
		assert.Empty(t, one(t, events(t, r.Server, declined(o)), transcript.Decided).Postings)
	}
}

// once plays two sales of which the first is declined.
func once(o world.Outcome) func(*testing.T, *rig) {
	return func(t *testing.T, r *rig) {
		r.arm()
		p := r.victim()
		assert.Equal(t, p.says(o), p.code("sale", 0, nil))
		assert.Zero(t, r.moved())
		decided := one(t, events(t, r.Server, declined(o)), transcript.Decided)
		assert.Contains(t, decided.Why, "("+r.cause.Name+")", "the line that it hit names it")
		assert.Equal(t, "00", p.code("sale", 0, nil), "as a new one")
	}
}

// code makes a transaction about the one with a STAN, and returns the reply's
// response code.
func (p *till) code(what string, about int, changes fields) string {
	p.t.Helper()
	all := p.who()
	if what == "echo" || what == "sign-on" {
		delete(all, 2) // no card
	}
	for n, v := range changes {
		all[n] = v
	}
	return get(p.t, p.do(what, about, all), 39)
}

// says is the dialect's response code for an outcome.
func (p *till) says(o world.Outcome) string { return p.d.Code(200, o) }

// pin sells something, with a PIN, and returns the reply's response code.
func (p *counter) pin(pin string) string {
	p.t.Helper()
	x := p.do(world.Sale, func(v *firmware.Params) { v.Card.PIN = pin })
	require.NotNil(p.t, x.Reply, x.Why)
	return x.Code
}

func TestCausesOfTheHost(t *testing.T) { playCauses(t, hostCauses) }

func TestEveryCauseOfTheHostIsTested(t *testing.T) {
	everyCause(t, []scenarios.Layer{"host"}, hostCauses)
}
