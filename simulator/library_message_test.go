package simulator_test

import (
	"net"
	"testing"
	"time"

	"github.com/moov-io/iso8583"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/acqsim/acqsim/scenarios"
	"github.com/acqsim/acqsim/scenarios/transcript"
	"github.com/acqsim/acqsim/scenarios/world"
	"github.com/acqsim/acqsim/simulator/frame"
	"github.com/acqsim/acqsim/simulator/security"
	firmware "github.com/acqsim/acqsim/simulator/terminal"
)

// messageCauses is what the terminal meets under each cause of the message. In
// all of them the reply comes in time, whole, and to the right terminal.
var messageCauses = map[string]causeTest{
	"wrong-stan": {play: spoilt(transcript.MACOK, func(t *testing.T, honest fields, m *iso8583.Message) {
		assert.NotEqual(t, honest[11], get(t, m, 11))
		honest[11] = get(t, m, 11)
	})},
	"wrong-terminal-id": {play: spoilt(transcript.MACOK, func(t *testing.T, honest fields, m *iso8583.Message) {
		assert.Equal(t, "10000099", get(t, m, 41))
		honest[41] = "10000099"
	})},
	"wrong-amount": {play: spoilt(transcript.MACOK, func(t *testing.T, honest fields, m *iso8583.Message) {
		assert.Equal(t, "000000001001", get(t, m, 4))
		honest[4] = "000000001001"
	})},
	"wrong-message-type": {play: spoilt(transcript.MACOK, func(t *testing.T, honest fields, m *iso8583.Message) {
		assert.Equal(t, "0230", get(t, m, 0))
		honest[0] = "0230"
	})},
	"no-response-code": {play: spoilt(transcript.MACOK, func(t *testing.T, honest fields, m *iso8583.Message) {
		assert.NotContains(t, m.GetFields(), 39)
		delete(honest, 39)
	})},
	"mac-wrong":   {play: spoilt(transcript.MACIsWrong, nil), dialects: []string{"unionpay-pos"}},
	"mac-missing": {play: spoilt(transcript.MACAbsent, nil), dialects: []string{"unionpay-pos"}},

	"unknown-response-code": {play: func(t *testing.T, r *rig) {
		r.arm()
		p := r.victim()
		p.signOn()
		f, m := p.sale()
		assert.Equal(t, "ZZ", get(t, m, 39))
		assert.Equal(t, transcript.MACOK, p.mac(f))
		assert.Zero(t, r.moved())
		decided := one(t, events(t, r.Server, saleDecided), transcript.Decided)
		assert.Equal(t, world.DoNotHonour, decided.Outcome, "the host itself has declined")
		_, m = p.sale()
		assert.Equal(t, "00", get(t, m, 39))
	}, left: -saleAmount},

	"sign-on-demanded": {play: func(t *testing.T, r *rig) {
		r.arm()
		p := r.victim()
		p.signOn()
		demand := func() byte {
			f, m := p.sale()
			assert.Equal(t, "00", get(t, m, 39), "the sale stands")
			assert.Equal(t, transcript.MACOK, p.mac(f))
			return f.Header[2] & 0x0F
		}
		assert.Equal(t, byte(world.ChoreSignOn), demand())
		p.signOn()
		assert.Zero(t, demand())
	}, left: -2 * saleAmount, dialects: []string{"unionpay-pos"}},

	"arpc-wrong": {play: func(t *testing.T, r *rig) {
		r.arm()
		p := r.firmware("chip")
		x := p.do(world.Sale, nil)
		assert.Equal(t, "00", x.Code, "the host has approved")
		assert.Equal(t, firmware.ChipWrong, x.Chip, "and the card does not believe its issuer")
		assert.Equal(t, firmware.CardDeclined, x.Outcome)
		if p.session != nil {
			assert.Equal(t, transcript.MACOK, x.Reply.MAC)
		}
		assert.Equal(t, int64(-saleAmount), r.movedOn("chip"))
		sale := p.stan
		x = p.do(world.Reversal, func(v *firmware.Params) { v.Original.STAN, v.Card.Chip = sale, nil })
		assert.Equal(t, firmware.Approved, x.Outcome, x.Why)
		assert.Zero(t, r.movedOn("chip"))

		x = p.do(world.Sale, nil)
		assert.Equal(t, firmware.Approved, x.Outcome, x.Why)
		assert.Equal(t, firmware.ChipVerified, x.Chip, "the next one is honest")
		sale = p.stan
		p.do(world.Reversal, func(v *firmware.Params) { v.Original.STAN, v.Card.Chip = sale, nil })
		assert.Zero(t, r.movedOn("chip"))
	}},
}

// spoilt plays a sale whose reply is wrong in one respect, and right in all
// others. The host has charged the card, and the terminal takes it back; the
// next sale is answered as it should be. Check says what is wrong with the
// reply, and tells the honest fields so; nil: the MAC is all.
func spoilt(mac transcript.MACResult, check func(t *testing.T, honest fields, m *iso8583.Message)) func(*testing.T, *rig) {
	return func(t *testing.T, r *rig) {
		r.arm()
		p := r.victim()
		p.signOn()
		f, m := p.sale()
		honest := p.honest()
		if check != nil {
			check(t, honest, m)
		}
		for n, v := range honest {
			assert.Equal(t, v, get(t, m, n), "field %d", n)
		}
		if p.keys != nil {
			assert.Equal(t, mac, p.mac(f))
		}
		assert.Equal(t, int64(-saleAmount), r.moved(), "the card is charged all the same")
		assert.Equal(t, "00", p.reverse(p.stan))
		assert.Zero(t, r.moved())

		f, m = p.sale()
		for n, v := range p.honest() {
			assert.Equal(t, v, get(t, m, n), "field %d of the next", n)
		}
		assert.Equal(t, transcript.MACOK, p.mac(f))
		assert.Equal(t, "00", p.reverse(p.stan))
	}
}

// saleDecided finds the decision of the shop's first sale.
func saleDecided(e transcript.Event) bool {
	return e.Kind == transcript.Decided && e.Terminal == terminal && e.Type == world.Sale
}

// signOn signs on where that brings keys.
func (p *till) signOn() {
	p.t.Helper()
	if p.d.Name() == "unionpay-pos" {
		p.keys = signOn(p.t, p.pos)
	}
}

// sale makes a sale, with a MAC if there are keys.
func (p *till) sale() (frame.Frame, *iso8583.Message) {
	p.t.Helper()
	if p.keys != nil {
		return p.signed(p.keys, "sale", p.who())
	}
	p.sell()
	return p.read()
}

// honest is what an approving reply to the last sale repeats and says.
func (p *till) honest() fields {
	return fields{0: "0210", 3: "000000", 4: "000000001000", 11: expand("{s}", p.stan, 0), 39: "00", 41: p.id, 42: p.merchant}
}

// mac says what the MAC of a reply is worth; without keys, it has none to be
// wrong.
func (p *till) mac(f frame.Frame) transcript.MACResult {
	p.t.Helper()
	m, err := p.d.Unpack(f.Body)
	require.NoError(p.t, err)
	_, there := m.GetFields()[64]
	switch {
	case p.keys == nil:
		return transcript.MACOK
	case !there:
		return transcript.MACAbsent
	case verifies(p.keys, f):
		return transcript.MACOK
	}
	return transcript.MACIsWrong
}

// counter is the shop's terminal as the reference terminal has it: with chip
// and PIN.
type counter struct {
	t       *testing.T
	line    *firmware.Line
	all     *firmware.Messages
	session *firmware.Session // nil: the dialect downloads no keys
	params  firmware.Params
	stan    uint32
}

// firmware connects the shop's terminal with a card of the world, and signs on.
func (r *rig) firmware(card string) *counter {
	r.t.Helper()
	d, k := load(r.t, r.name), world.Default().Cards[card]
	all, err := firmware.MessagesFor(d)
	require.NoError(r.t, err)
	dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: shopAddress()}}
	c, err := dialer.DialContext(r.t.Context(), "tcp", r.Addr(0).String())
	require.NoError(r.t, err)
	line, err := firmware.NewLine(c, firmware.Options{Dialect: d, ResponseTimeout: patience})
	require.NoError(r.t, err)
	r.t.Cleanup(func() { require.NoError(r.t, line.Close()) })
	p := &counter{t: r.t, line: line, all: all, params: firmware.Params{
		Terminal: terminal, Merchant: shopMerchant, Card: firmware.Card{PAN: k.PAN, Expiry: k.Expiry},
		HasAmount: true, Amount: saleAmount, Currency: world.CNY, Batch: 1, Time: time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC),
	}}
	if len(k.IMKAC) > 0 {
		p.params.Card.Chip, err = firmware.NewChipCard(k)
		require.NoError(r.t, err)
	}
	if r.name == "unionpay-pos" {
		p.session, err = firmware.OpenSession(d, security.DefaultTMK(), p.do(world.SignOn, nil).Reply)
		require.NoError(r.t, err)
	}
	return p
}

// do makes a transaction, with changed values, under the next STAN.
func (p *counter) do(is world.TransactionType, change func(*firmware.Params)) *firmware.Exchange {
	p.t.Helper()
	p.stan++
	v := p.params
	v.STAN = p.stan
	if change != nil {
		change(&v)
	}
	req, err := p.all.Request(is, v, p.session)
	require.NoError(p.t, err)
	x, err := p.line.Exchange(p.t.Context(), req)
	require.NoError(p.t, err)
	return x
}

func TestCausesOfTheMessage(t *testing.T) { playCauses(t, messageCauses) }

func TestEveryCauseOfTheMessageIsTested(t *testing.T) {
	everyCause(t, []scenarios.Layer{"message"}, messageCauses)
}
