package simulator_test

import (
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/moov-io/iso8583"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/acqsim/acqsim/scenarios/transcript"
	"github.com/acqsim/acqsim/scenarios/world"
	"github.com/acqsim/acqsim/simulator"
	"github.com/acqsim/acqsim/simulator/frame"
	"github.com/acqsim/acqsim/simulator/security"
)

// everyDialect runs a test against each embedded dialect of ISO 8583:1987. The
// terminal's tests have the others.
func everyDialect(t *testing.T, f func(t *testing.T, s *simulator.Server, p *pos)) {
	for _, name := range []string{"iso87-ascii", "iso87-bcd", "unionpay-pos", "iso87-ebcdic", "iso87-ebcdic/packed-binary4"} {
		t.Run(name, func(t *testing.T) {
			s := start(t, name)
			f(t, s, dial(t, s, name))
		})
	}
}

func TestEveryTransactionInEveryDialect(t *testing.T) {
	everyDialect(t, func(t *testing.T, s *simulator.Server, p *pos) {
		m := p.do("sign-on", 0, nil)
		assert.Equal(t, "00", get(t, m, 39), "sign-on")
		mti, err := m.GetMTI()
		require.NoError(t, err)
		assert.Equal(t, "0810", mti)

		before := balance(t, p)
		m = p.do("sale", 0, nil)
		sale := p.stan
		assert.Equal(t, "00", get(t, m, 39))
		assert.Equal(t, fmt.Sprintf("%06d", sale), get(t, m, 11))
		assert.Equal(t, "000000001000", get(t, m, 4))
		assert.Len(t, get(t, m, 37), 12)
		assert.Len(t, get(t, m, 38), 6)
		assert.Equal(t, terminal, get(t, m, 41))
		assert.Equal(t, merchant, get(t, m, 42))
		assert.Empty(t, get(t, m, 35), "tracks are never echoed")
		assert.Equal(t, before-1000, balance(t, p))

		m = p.do("reversal", sale, nil)
		assert.Equal(t, "00", get(t, m, 39), "reversal")
		mti, err = m.GetMTI()
		require.NoError(t, err)
		assert.Equal(t, "0410", mti)
		assert.Equal(t, before, balance(t, p))

		m = p.do("reversal", 999_000, nil)
		assert.Equal(t, "25", get(t, m, 39), "reversal of an unknown original")

		p.do("sale", 0, nil)
		sale = p.stan
		if p.d.Name() == "unionpay-pos" {
			m = p.do("void", sale, nil)
			assert.Equal(t, "00", get(t, m, 39), "void")
			assert.Equal(t, before, balance(t, p))
		} else {
			rrn := get(t, p.do("sale", 0, nil), 37)
			m = p.do("void", 0, fields{37: rrn})
			assert.Equal(t, "00", get(t, m, 39), "void")
			assert.Equal(t, before-1000, balance(t, p))
		}
		m = p.do("refund", 0, nil)
		assert.Equal(t, "00", get(t, m, 39), "refund")

		m = p.do("unknown", 0, nil)
		assert.Equal(t, "40", get(t, m, 39), "what the dialect does not know is answered")
		m = p.do("echo", 0, nil)
		assert.Equal(t, "00", get(t, m, 39), "echo")
	})
}

func TestRepeatsAndAdvicesOfReversals(t *testing.T) {
	everyDialect(t, func(t *testing.T, _ *simulator.Server, p *pos) {
		before := balance(t, p)
		p.do("sale", 0, nil)
		sale := p.stan
		rrn := get(t, p.do("reversal", sale, nil), 37)
		m := p.do("reversal", sale, fields{0: "0401"})
		mti, err := m.GetMTI()
		require.NoError(t, err)
		assert.Equal(t, "0410", mti)
		assert.Equal(t, "00", get(t, m, 39))
		assert.Equal(t, rrn, get(t, m, 37), "the first answer again")
		assert.Equal(t, before, balance(t, p))

		p.do("sale", 0, nil)
		sale = p.stan
		for _, mti := range []string{"0420", "0421", "0421"} {
			m := p.do("advice", sale, fields{0: mti})
			answer, err := m.GetMTI()
			require.NoError(t, err)
			assert.Equal(t, "0430", answer)
			assert.Equal(t, "00", get(t, m, 39))
			assert.Equal(t, before, balance(t, p), "once is enough")
		}
	})
}

func TestARepeatedSaleGetsTheSameAnswer(t *testing.T) {
	everyDialect(t, func(t *testing.T, _ *simulator.Server, p *pos) {
		before := balance(t, p)
		first := p.do("sale", 0, nil)
		p.stan--
		assert.Equal(t, "94", get(t, p.do("sale", 0, nil), 39), "the same request again is a duplicate")
		p.stan--
		again := p.do("sale", 0, fields{0: "0201"})
		for _, n := range []int{37, 38, 39} {
			assert.Equal(t, get(t, first, n), get(t, again, n), "field %d", n)
		}
		assert.Equal(t, before-1000, balance(t, p))
	})
}

func TestWhoSignedOffHasToSignOn(t *testing.T) {
	everyDialect(t, func(t *testing.T, _ *simulator.Server, p *pos) {
		assert.Equal(t, "00", get(t, p.do("sign-on", 0, nil), 39))
		assert.Equal(t, "00", get(t, p.do("sign-off", 0, nil), 39))
		refused := p.d.Code(200, world.NotSignedOn)
		assert.Equal(t, refused, get(t, p.do("sale", 0, nil), 39))
		assert.Equal(t, "00", get(t, p.do("sign-on", 0, nil), 39))
		assert.Equal(t, "00", get(t, p.do("sale", 0, nil), 39))
	})
}

func TestAnElectronicSignatureIsAcknowledged(t *testing.T) {
	s := start(t, "unionpay-pos")
	p := dial(t, s, "unionpay-pos")
	m := p.do("e-signature", 0, nil)
	mti, err := m.GetMTI()
	require.NoError(t, err)
	assert.Equal(t, "0930", mti)
	assert.Equal(t, "00", get(t, m, 39))
}

func TestADialectThatRequiresMACs(t *testing.T) {
	s := start(t, "unionpay-pos", func(o *simulator.Options) {
		o.Listeners[0].Dialect = o.Listeners[0].Dialect.WithMACPolicy(security.MACRequire)
	})
	p := dial(t, s, "unionpay-pos")
	assert.Equal(t, "77", get(t, p.do("sale", 0, nil), 39), "no keys yet: sign on")
	assert.Equal(t, "00", get(t, p.do("sign-on", 0, nil), 39))
	assert.Equal(t, "A0", get(t, p.do("sale", 0, nil), 39), "keys, but no MAC")
	all := events(t, s, func(e transcript.Event) bool { return e.Kind == transcript.Decided && e.Outcome == world.MACWrong })
	assert.Contains(t, all[len(all)-1].Why, "absent")
}

// balance asks for the balance and reads the available amount from DE 54.
func balance(t testing.TB, p *pos) int64 {
	t.Helper()
	m := p.do("inquiry", 0, nil)
	require.Equal(t, "00", get(t, m, 39))
	amounts := get(t, m, 54)
	require.NotEmpty(t, amounts)
	var n int64
	last := amounts[len(amounts)-20:]
	require.Contains(t, "CD", last[7:8])
	_, err := fmt.Sscanf(last[8:], "%d", &n)
	require.NoError(t, err)
	return n
}

func TestSwappedTPDUAndEchoedHeader(t *testing.T) {
	s := start(t, "unionpay-pos")
	p := dial(t, s, "unionpay-pos")
	p.write(p.frame(p.message("sale", 0, nil)))
	f, _ := p.read()
	assert.Equal(t, "6000010003", hex.EncodeToString(f.TPDU))
	assert.Equal(t, header, f.Header)
}

// signOn downloads working keys and returns the MAC key.
func signOn(t testing.TB, p *pos) *security.MAC {
	t.Helper()
	m := p.do("sign-on", 0, nil)
	require.Equal(t, "00", get(t, m, 39))
	de62, err := m.GetBytes(62)
	require.NoError(t, err)
	keys, err := security.OpenCryptogram(security.DefaultTMK(), de62)
	require.NoError(t, err)
	mac, err := security.NewMAC(security.CUPECB, keys.MAC)
	require.NoError(t, err)
	assert.Equal(t, "00000001003", get(t, m, 60), "the batch number")
	return mac
}

// signed sends a transaction with a MAC, and returns the reply.
func (p *pos) signed(mac *security.MAC, what string, changes fields) (frame.Frame, *iso8583.Message) {
	p.t.Helper()
	all := fields{64: strings.Repeat("\x00", 8)}
	for n, v := range changes {
		all[n] = v
	}
	body := p.message(what, 0, all)
	sum := mac.Sum1(body[:len(body)-8])
	copy(body[len(body)-8:], sum[:])
	p.write(p.frame(body))
	return p.read()
}

// verifies reports whether the MAC at the end of a reply is right.
func verifies(mac *security.MAC, reply frame.Frame) bool {
	n := len(reply.Body) - 8
	return mac.Verify(reply.Body[n:], reply.Body[:n])
}

func TestKeyDownloadThenMAC(t *testing.T) {
	s := start(t, "unionpay-pos")
	p := dial(t, s, "unionpay-pos")
	mac := signOn(t, p)
	reply, m := p.signed(mac, "sale", nil)
	require.Equal(t, "00", get(t, m, 39))
	assert.True(t, verifies(mac, reply), "the reply carries a right MAC")
	assert.Equal(t, "A0", get(t, p.do("sale", 0, fields{64: "12345678"}), 39))

	// Another device signs on as the same terminal: the first one's key is out.
	other := dial(t, s, "unionpay-pos")
	require.Equal(t, "00", get(t, other.do("sign-on", 0, nil), 39))
	_, m = p.signed(mac, "sale", nil)
	assert.Equal(t, "A0", get(t, m, 39))
}

func TestAMACWithoutSignOnIsToldToSignOn(t *testing.T) {
	s := start(t, "unionpay-pos")
	p := dial(t, s, "unionpay-pos")
	m := p.do("sale", 0, fields{64: "12345678"})
	assert.Equal(t, "77", get(t, m, 39))
}

func TestWrongRouteIsDroppedSilentlyWithAReason(t *testing.T) {
	s := start(t, "unionpay-pos")
	p := dial(t, s, "unionpay-pos")
	b := p.frame(p.message("sale", 0, nil))
	b[2] = 0x11 // no TPDU begins with this
	p.write(b)
	p.write(p.frame(p.message("echo", 0, nil)))
	_, m := p.read()
	assert.Equal(t, "00", get(t, m, 39))
	mti, err := m.GetMTI()
	require.NoError(t, err)
	assert.Equal(t, "0830", mti, "the first answer is the second request's")
	all := events(t, s, ofKind(transcript.Discarded))
	assert.Contains(t, all[len(all)-1].Why, "TPDU")
}

func TestTheJournalTellsTheWholeStory(t *testing.T) {
	s := start(t, "iso87-ascii")
	p := dial(t, s, "iso87-ascii")
	p.do("sale", 0, nil)
	all := events(t, s, ofKind(transcript.Sent))
	var kinds []string
	for _, e := range all {
		kinds = append(kinds, e.Kind.String())
		assert.NotContains(t, string(e.Raw), pan, e.Kind)
	}
	assert.Equal(t, []string{"listening", "connected", "received", "decided", "sent"}, kinds)
	decided := all[3]
	assert.Equal(t, world.Approved, decided.Outcome)
	assert.Equal(t, "00", decided.Code)
	assert.NotEmpty(t, decided.Why)
	require.Len(t, decided.Postings, 1)
	assert.Equal(t, int64(1000), decided.Postings[0].Amount)
	assert.Equal(t, uint64(1), decided.Message)
	assert.Equal(t, terminal, decided.Terminal)
	assert.NotZero(t, decided.Card)
	assert.NotEmpty(t, all[4].Raw)
}

// A NAC terminal gives each receipt a number in DE 62, which is not the STAN. Its
// voids, adjustments and tips have that of the sale, and may have nothing else
// that names it.
func TestOriginalsByInvoice(t *testing.T) {
	dir := t.TempDir()
	s := start(t, "iso87-bcd", withHost(t, world.Default(), dir))
	p := dial(t, s, "iso87-bcd")
	before := balance(t, p)
	sell := func(p *pos, invoice, amount string) {
		require.Equal(t, "00", get(t, p.do("sale", 0, fields{4: amount, 62: invoice}), 39))
	}
	sell(p, "000901", "000000001000")
	sell(p, "000902", "000000002000")
	sell(p, "000903", "000000003000")
	assert.Equal(t, before-6000, balance(t, p))

	void := func(p *pos, changes fields) string { return get(t, p.do("void", 0, changes), 39) }
	assert.Equal(t, "25", void(p, fields{4: "000000001000", 62: "000999"}), "no such receipt")
	assert.Equal(t, "25", void(p, fields{4: "000000001000"}), "nothing names it")
	assert.Equal(t, "64", void(p, fields{4: "000000001500", 62: "000901"}))
	assert.Equal(t, "00", void(p, fields{4: "000000001000", 62: "000901"}))
	assert.Equal(t, "12", void(p, fields{4: "000000001000", 62: "000901"}), "voided already")
	assert.Equal(t, before-5000, balance(t, p))

	tip := p.do("void", 0, fields{0: "0220", 4: "000000002500", 54: "0053156D000000000500", 62: "000902"})
	assert.Equal(t, "00", get(t, tip, 39))
	assert.Equal(t, before-5500, balance(t, p))

	// The number of a sale that failed is given again: a reversal is not looked
	// for by it, or the sale of before would be undone.
	lost := p.do("reversal", 500, fields{4: "000000003000", 62: "000903"})
	assert.Equal(t, "25", get(t, lost, 39))
	assert.Equal(t, before-5500, balance(t, p))

	// Receipts outlive a restart.
	killed := filepath.Join(t.TempDir(), "state")
	require.NoError(t, os.CopyFS(killed, os.DirFS(dir)))
	q := dial(t, start(t, "iso87-bcd", withHost(t, world.Default(), killed)), "iso87-bcd")
	q.stan = 700
	assert.Equal(t, "00", void(q, fields{4: "000000003000", 62: "000903"}))
	assert.Equal(t, before-2500, balance(t, q))
}
