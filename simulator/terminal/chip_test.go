package terminal_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/acqsim/acqsim/scenarios/transcript"
	"github.com/acqsim/acqsim/scenarios/world"
	"github.com/acqsim/acqsim/simulator/dialect"
	"github.com/acqsim/acqsim/simulator/security"
	"github.com/acqsim/acqsim/simulator/terminal"
)

// inserted puts the world's chip card into the reader.
func inserted(t testing.TB, derivation world.KeyDerivation) (terminal.Card, *world.Card) {
	t.Helper()
	facts := world.Default().Cards["chip"]
	facts.Derivation = derivation
	chip, err := terminal.NewChipCard(facts)
	require.NoError(t, err)
	return terminal.Card{PAN: facts.PAN, Expiry: facts.Expiry, Chip: chip}, facts
}

// TestChipAtTheRealHost: the card asks, the host's issuer answers, the card
// believes it, in every dialect.
func TestChipAtTheRealHost(t *testing.T) {
	for _, name := range dialects {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, name)
			if name == "unionpay-pos" {
				x := r.approved(world.SignOn, nil)
				var err error
				r.s, err = terminal.OpenSession(r.d, security.DefaultTMK(), x.Reply)
				require.NoError(t, err)
				r.p.Batch = r.s.Batch
			}
			r.p.Card, _ = inserted(t, world.DeriveNone)
			x := r.approved(world.Sale, nil)
			assert.Equal(t, terminal.ChipVerified.String(), x.Chip.String(), x.Why)
			x = r.approved(world.Inquiry, func(p *terminal.Params) { p.HasAmount, p.Amount = false, 0 })
			assert.Equal(t, terminal.ChipVerified.String(), x.Chip.String(), x.Why)
			assert.Equal(t, uint16(3), r.p.Card.Chip.Counter, "two have asked")
			entry, err := mustUnpack(t, r.d, x.Request).GetString(22)
			require.NoError(t, err)
			if name == "iso93-ascii" {
				assert.Equal(t, "5", entry[6:7], "card data input mode")
			} else {
				assert.Regexp(t, "^05", entry)
			}
			sequence, err := mustUnpack(t, r.d, x.Request).GetString(23)
			require.NoError(t, err)
			assert.Equal(t, "000", sequence)

			// The issuer signs its declines, too.
			x = r.do(world.Sale, func(p *terminal.Params) { p.Amount = 99_999_999_999 })
			assert.Equal(t, r.d.Code(x.Reply.MTI, world.InsufficientFunds), x.Code)
			assert.Equal(t, terminal.ChipVerified.String(), x.Chip.String())

			// A card whose keys the host does not know is not answered.
			_, facts := inserted(t, world.DeriveNone)
			facts.PAN = "6222021234567890128"
			unknown, err := terminal.NewChipCard(facts)
			require.NoError(t, err)
			x = r.approved(world.Sale, func(p *terminal.Params) { p.Card = terminal.Card{PAN: facts.PAN, Chip: unknown} })
			assert.Equal(t, terminal.ChipNotAnswered.String(), x.Chip.String())

			// A reversal asks no card.
			x = r.approved(world.Reversal, func(p *terminal.Params) {
				p.Card, p.Original.STAN = terminal.Card{PAN: facts.PAN, Chip: unknown}, r.stan-1
			})
			assert.Equal(t, terminal.ChipNotAsked, x.Chip)
		})
	}
}

// TestCardDeclines: what a host sends to a chip decides what the card says.
func TestCardDeclines(t *testing.T) {
	for name, c := range map[string]struct {
		answer func(right []byte) string // DE 55
		code   string
		want   terminal.Outcome
		chip   terminal.ChipResult
		why    string
	}{
		"right":                  {func(b []byte) string { return "910A" + fmt.Sprintf("%X", b) }, "00", terminal.Approved, terminal.ChipVerified, ""},
		"wrong ARPC":             {func(b []byte) string { b[0] ^= 1; return "910A" + fmt.Sprintf("%X", b) }, "00", terminal.CardDeclined, terminal.ChipWrong, "is wrong"},
		"wrong code in it":       {func(b []byte) string { b[9] ^= 1; return "910A" + fmt.Sprintf("%X", b) }, "00", terminal.CardDeclined, terminal.ChipWrong, "is wrong"},
		"another code than it":   {func(b []byte) string { return "910A" + fmt.Sprintf("%X", b) }, "11", terminal.CardDeclined, terminal.ChipWrong, "says response code"},
		"too short":              {func(b []byte) string { return "9108" + fmt.Sprintf("%X", b[:8]) }, "00", terminal.CardDeclined, terminal.ChipWrong, "is wrong"},
		"unreadable":             {func([]byte) string { return "910A00" }, "00", terminal.CardDeclined, terminal.ChipWrong, "can't be read"},
		"counter only":           {func([]byte) string { return "9F36020001" }, "00", terminal.Approved, terminal.ChipNotAnswered, ""},
		"no chip data":           {func([]byte) string { return "" }, "00", terminal.Approved, terminal.ChipNotAnswered, ""},
		"a decline without ARPC": {func([]byte) string { return "" }, "51", terminal.Declined, terminal.ChipNotAnswered, ""},
		"a decline with a wrong": {func(b []byte) string { b[0] ^= 1; return "910A" + fmt.Sprintf("%X", b) }, "51", terminal.Declined, terminal.ChipWrong, ""},
	} {
		for _, derivation := range []world.KeyDerivation{world.DeriveNone, world.DeriveEMVCSK} {
			t.Run(fmt.Sprint(name, " ", derivation), func(t *testing.T) {
				d, m := load(t, "iso87-bcd")
				card, facts := inserted(t, derivation)
				issuer, err := security.NewKey(facts.IMKAC)
				require.NoError(t, err)
				chip, err := security.NewChip(security.Scheme(derivation), issuer, facts.PAN, facts.PSN)
				require.NoError(t, err)
				h := host(t, d, func(k *call) {
					data, err := d.ChipData(&k.req)
					assert.NoError(t, err)
					ok, err := chip.Verify(data)
					assert.NoError(t, err)
					assert.True(t, ok, "the card's question is right")
					code := c.code
					if code == "11" {
						code = "00" // what the issuer said
					}
					auth, err := chip.IssuerAuth(data, code)
					assert.NoError(t, err)
					k.write(k.approval(map[int]string{39: c.code, 55: c.answer(auth)}))
				})
				p := params(1)
				p.Card = card
				r, err := m.Request(world.Sale, p, nil)
				require.NoError(t, err)
				x := exchange(t, h.dial(), r)
				assert.Equal(t, c.want.String(), x.Outcome.String(), x.Why)
				assert.Equal(t, c.chip.String(), x.Chip.String())
				assert.Contains(t, x.Why.EN, c.why)
			})
		}
	}
}

// What is paid out in cash is the chip's other amount (9F03).
func TestChipKnowsTheCash(t *testing.T) {
	d, m := load(t, "iso87-bcd")
	p := params(1)
	p.Card, _ = inserted(t, world.DeriveNone)
	p.Cash = 200
	r, err := m.Request(world.CashBack, p, nil)
	require.NoError(t, err)
	data, err := d.ChipData(readBack(t, d, r))
	require.NoError(t, err)
	assert.Equal(t, []byte{0, 0, 0, 0, 0x10, 0}, data.Get(security.TagAmount))
	assert.Equal(t, []byte{0, 0, 0, 0, 2, 0}, data.Get(security.TagAmountOther))
	assert.Equal(t, []byte{9}, data.Get(security.TagType))
}

func TestNoChipWithoutKeys(t *testing.T) {
	_, err := terminal.NewChipCard(world.Default().Cards["good"])
	require.ErrorIs(t, err, terminal.ErrNoChipKey)
	_, err = terminal.NewChipCard(&world.Card{PAN: "4", IMKAC: make([]byte, 16)})
	require.ErrorIs(t, err, security.ErrPAN)
	_, err = terminal.NewChipCard(&world.Card{PAN: pan, IMKAC: make([]byte, 3)})
	require.ErrorIs(t, err, security.ErrKey)
	assert.Equal(t, "not asked verifies wrong absent chip result(9)",
		fmt.Sprint(terminal.ChipNotAsked, " ", terminal.ChipVerified, " ", terminal.ChipWrong, " ", terminal.ChipNotAnswered, " ", terminal.ChipResult(9)))
}

// A card prints no more with a chip than without.
func TestAChipHidesItsKey(t *testing.T) {
	card, facts := inserted(t, world.DeriveNone)
	for _, verb := range []string{"%v", "%+v", "%#v", "%x"} {
		text := fmt.Sprintf(verb, card) + fmt.Sprintf(verb, *card.Chip)
		assert.NotContains(t, text, facts.PAN)
		assert.NotContains(t, text, "1234567812345678")
	}
}

const firstKSN = "FFFF9876543210E00001"

// fromFile is load for a dialect of a file.
func fromFile(t testing.TB, file string) (*dialect.Dialect, *terminal.Messages) {
	t.Helper()
	d, err := dialect.LoadFile(file)
	require.NoError(t, err)
	m, err := terminal.MessagesFor(d)
	require.NoError(t, err)
	return d, m
}

func dukptSession(t testing.TB, d *dialect.Dialect, ksn string) *terminal.Session {
	t.Helper()
	first, err := security.ParseKSN(ksn)
	require.NoError(t, err)
	initial, err := security.InitialKey(security.DefaultBDK(), first)
	require.NoError(t, err)
	s, err := terminal.NewDUKPTSession(d, initial, first)
	require.NoError(t, err)
	return s
}

// TestDUKPTEndToEnd: PIN, MAC, reply MAC and chip over a real socket, without
// anybody signing on.
func TestDUKPTEndToEnd(t *testing.T) {
	d, m := fromFile(t, "../dialect/testdata/dukpt.yaml")
	r := rigOf(t, d, m)
	r.s = dukptSession(t, d, firstKSN)
	r.p.Card, _ = inserted(t, world.DeriveNone)

	pin := func(s string) func(*terminal.Params) { return func(p *terminal.Params) { p.Card.PIN = s } }
	x := r.approved(world.Sale, pin("1234"))
	assert.Equal(t, transcript.MACOK, x.Reply.MAC)
	assert.Equal(t, terminal.ChipVerified, x.Chip)
	x = r.do(world.Sale, pin("4321"))
	assert.Equal(t, "55", x.Code)
	assert.Equal(t, transcript.MACOK, x.Reply.MAC)
	assert.Equal(t, "FFFF9876543210E00003", r.s.KSN.String())
	r.approved(world.Echo, nil)
	assert.Equal(t, "FFFF9876543210E00003", r.s.KSN.String(), "network management takes no keys")

	// An old key serial number is refused, since this dialect says so.
	now := r.s.KSN
	r.s = dukptSession(t, d, firstKSN)
	x = r.do(world.Sale, nil)
	assert.Equal(t, "63", x.Code, x.Why)
	r.s.KSN = now
	x = r.approved(world.Sale, nil)
	assert.Equal(t, transcript.MACOK, x.Reply.MAC)

	// Another base derivation key.
	initial, err := security.ParseKey("11111111111111112222222222222222")
	require.NoError(t, err)
	r.s, err = terminal.NewDUKPTSession(d, initial, r.s.KSN)
	require.NoError(t, err)
	x = r.do(world.Sale, nil)
	assert.Equal(t, "63", x.Code)
	assert.Equal(t, terminal.Declined, x.Outcome, x.Why)
}

func TestDUKPTSessionRefuses(t *testing.T) {
	d, m := fromFile(t, "../dialect/testdata/dukpt.yaml")
	ksn, err := security.ParseKSN(firstKSN)
	require.NoError(t, err)
	other, _ := load(t, "unionpay-pos")
	_, err = terminal.NewDUKPTSession(other, security.DefaultBDK(), ksn)
	require.ErrorContains(t, err, "does not derive keys by DUKPT")
	_, err = terminal.NewDUKPTSession(d, security.Key{}, ksn)
	require.ErrorIs(t, err, security.ErrNoKey)
	_, err = terminal.NewDUKPTSession(d, security.DefaultBDK(), ksn.Device())
	require.ErrorIs(t, err, security.ErrKSN)

	p := params(1)
	p.Card.PIN = "1234"
	_, err = m.Request(world.Sale, p, nil)
	require.ErrorIs(t, err, terminal.ErrNoKeys)

	// The last key is used, and then there is none.
	s := dukptSession(t, d, "FFFF9876543210FFF800")
	_, err = m.Request(world.Sale, p, s)
	require.NoError(t, err)
	_, err = m.Request(world.Sale, p, s)
	require.ErrorIs(t, err, security.ErrKeysUsedUp)
}
