package host

import (
	"fmt"
	"maps"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/acqsim/acqsim/scenarios/world"
	"github.com/acqsim/acqsim/simulator/dialect"
	"github.com/acqsim/acqsim/simulator/frame"
	"github.com/acqsim/acqsim/simulator/ledger"
	"github.com/acqsim/acqsim/simulator/security"
)

// wired is a host that gets whole messages of a dialect.
type wired struct {
	t *testing.T
	h *Host
	d *dialect.Dialect
}

func newWired(t *testing.T, d *dialect.Dialect, w *world.World, bdk security.Key) *wired {
	t.Helper()
	h, err := New(Options{World: w, Book: ledger.New(ledger.Options{}), BDK: bdk})
	require.NoError(t, err)
	return &wired{t, h, d}
}

// ask builds a message, with a MAC if there is one, and has it decided.
func (w *wired) ask(fields map[int]string, mac *security.MAC) *Decision {
	w.t.Helper()
	body, err := w.d.Build(fields, mac)
	require.NoError(w.t, err)
	var req dialect.Request
	require.NoError(w.t, w.d.Read(frame.Frame{Body: body}, &req))
	var dec Decision
	w.h.Decide(w.d, &req, monday, &dec)
	require.NotEmpty(w.t, dec.Why)
	return &dec
}

// device is a terminal with an initial key in it.
type device struct {
	*wired
	initial security.Key
	ksn     security.KSN
	stan    int
}

func dukptDialect(t *testing.T) *dialect.Dialect {
	t.Helper()
	d, err := dialect.LoadFile("../dialect/testdata/dukpt.yaml")
	require.NoError(t, err)
	return d
}

const firstKSN = "FFFF9876543210E00000"

func newDevice(t *testing.T, d *dialect.Dialect, bdk security.Key) *device {
	t.Helper()
	ksn, err := security.ParseKSN(firstKSN)
	require.NoError(t, err)
	initial, err := security.InitialKey(security.DefaultBDK(), ksn)
	require.NoError(t, err)
	return &device{wired: newWired(t, d, world.Default(), bdk), initial: initial, ksn: ksn}
}

// sale is a request with keys of the device's present key serial number. A PIN
// goes in encrypted.
func (v *device) sale(pin string, change map[int]string) (fields map[int]string, mac *security.MAC, key security.TransactionKey) {
	v.t.Helper()
	v.stan++
	card := world.Default().Cards["visa"].PAN
	fields = map[int]string{
		0: "0200", 2: card, 3: "000000", 4: "1000", 7: "1123100000", 11: fmt.Sprintf("%06d", v.stan),
		41: "10000001", 42: "999000000000001", 49: "156",
	}
	require.NoError(v.t, v.d.SetKSN(fields, v.ksn))
	key, err := security.DeriveTransaction(v.initial, v.ksn)
	require.NoError(v.t, err)
	if pin != "" {
		k, err := key.PIN()
		require.NoError(v.t, err)
		block, err := security.EncryptPIN(security.ISO0, k, pin, card, nil)
		require.NoError(v.t, err)
		fields[52] = fmt.Sprintf("%X", block)
	}
	maps.Copy(fields, change)
	for n, text := range change {
		if text == "" {
			delete(fields, n)
		}
	}
	k, err := key.MACRequest()
	require.NoError(v.t, err)
	mac, err = security.NewMAC(v.d.MACAlgorithm(), k)
	require.NoError(v.t, err)
	return fields, mac, key
}

func (v *device) next() {
	v.t.Helper()
	ksn, err := v.ksn.Next()
	require.NoError(v.t, err)
	v.ksn = ksn
}

func TestDUKPTProvesPINAndMAC(t *testing.T) {
	v := newDevice(t, dukptDialect(t), security.Key{})
	for _, c := range []struct {
		pin  string
		want world.Outcome
	}{{"1234", world.Approved}, {"4321", world.IncorrectPIN}, {"1234", world.Approved}, {"", world.Approved}} {
		v.next()
		fields, mac, key := v.sale(c.pin, nil)
		dec := v.ask(fields, mac)
		assert.Equal(t, c.want.String(), dec.Outcome.String(), dec.Why)
		if c.pin == "1234" {
			assert.Contains(t, dec.Why, "PIN verified")
		}
		// The reply is signed with the key of the same transaction.
		k, err := key.MACResponse()
		require.NoError(t, err)
		want, err := security.NewMAC(v.d.MACAlgorithm(), k)
		require.NoError(t, err)
		require.NotNil(t, dec.Response.MAC)
		assert.Equal(t, want.Sum1([]byte("x")), dec.Response.MAC.Sum1([]byte("x")))
	}
}

func TestDUKPTRefuses(t *testing.T) {
	other, err := security.ParseKey("11111111111111112222222222222222")
	require.NoError(t, err)
	for name, c := range map[string]struct {
		bdk    security.Key
		pin    string
		change map[int]string
		noMAC  bool
		want   world.Outcome
		why    string
	}{
		"another base derivation key": {bdk: other, want: world.MACWrong, why: "differ in the base derivation key"},
		"no MAC":                      {noMAC: true, want: world.MACWrong, why: "the MAC is absent"},
		"no key serial number":        {change: map[int]string{53: ""}, want: world.MACWrong, why: "no key serial number"},
		"counter of zero":             {change: map[int]string{53: firstKSN}, want: world.MACWrong, why: "counts no transaction"},
		"another counter":             {change: map[int]string{53: "FFFF9876543210E00009"}, want: world.MACWrong, why: "FFFF9876543210E00009"},
	} {
		t.Run(name, func(t *testing.T) {
			v := newDevice(t, dukptDialect(t), c.bdk)
			v.next()
			fields, mac, _ := v.sale(c.pin, c.change)
			if c.noMAC {
				mac = nil
			}
			dec := v.ask(fields, mac)
			assert.Equal(t, c.want.String(), dec.Outcome.String(), dec.Why)
			assert.Contains(t, dec.Why, c.why)
			assert.Nil(t, dec.Response.MAC)
		})
	}
	t.Run("PIN without a MAC to prove the key", func(t *testing.T) {
		for _, c := range []struct {
			ksn  string
			want string
		}{{"", "no key serial number"}, {firstKSN, "counts no transaction"}, {"FFFF9876543210E00009", "does not decrypt to a PIN"}} {
			v := newDevice(t, dukptDialect(t).WithMACPolicy(security.MACOff), security.Key{})
			v.next()
			fields, _, _ := v.sale("1234", map[int]string{53: c.ksn})
			dec := v.ask(fields, nil)
			assert.Equal(t, world.PINBlockWrong.String(), dec.Outcome.String(), dec.Why)
			assert.Contains(t, dec.Why, c.want)
		}
	})
}

// The world's own base derivation key goes before the host's.
func TestBaseKeyOfTheWorld(t *testing.T) {
	w := world.Default()
	w.Acquirer.BaseKey = []byte("0123456789abcdef")
	h, err := New(Options{World: w, Book: ledger.New(ledger.Options{}), BDK: security.DefaultBDK()})
	require.NoError(t, err)
	want, err := security.NewKey(w.Acquirer.BaseKey)
	require.NoError(t, err)
	assert.True(t, h.bdk.Equal(want))
	w.Acquirer.BaseKey = []byte("short")
	_, err = New(Options{World: w, Book: ledger.New(ledger.Options{})})
	require.ErrorIs(t, err, security.ErrKey)
}

func TestKeySerialNumbersAdvance(t *testing.T) {
	d := dukptDialect(t)
	require.True(t, d.RefusesRepeatedKSN())
	v := newDevice(t, d, security.Key{})
	v.next()
	v.next()
	fields, mac, _ := v.sale("", nil)
	first := v.ask(fields, mac)
	require.Equal(t, world.Approved, first.Outcome, first.Why)

	// The same message again is a duplicate, not an attack; as a repeat it gets
	// the same answer.
	dec := v.ask(fields, mac)
	assert.Equal(t, world.Duplicate.String(), dec.Outcome.String(), dec.Why)
	fields[0] = "0201"
	dec = v.ask(fields, mac)
	assert.Equal(t, world.Approved.String(), dec.Outcome.String(), dec.Why)
	assert.Equal(t, first.RRN, dec.RRN)
	assert.NotContains(t, dec.Why, "key serial number")

	// Another transaction under the same number, and under an older one.
	fields, mac, _ = v.sale("", nil)
	dec = v.ask(fields, mac)
	assert.Equal(t, world.KeyRepeated.String(), dec.Outcome.String())
	assert.Equal(t, "63", d.Code(200, dec.Outcome))
	now := v.ksn
	require.NoError(t, v.ksn.UnmarshalText([]byte("FFFF9876543210E00001")))
	fields, mac, _ = v.sale("", nil)
	dec = v.ask(fields, mac)
	assert.Equal(t, world.KeyRepeated.String(), dec.Outcome.String())
	assert.Contains(t, dec.Why, "FFFF9876543210E00001 does not follow FFFF9876543210E00002")

	// A reversal is never refused for it.
	fields, mac, _ = v.sale("", map[int]string{0: "0400", 11: "000001"})
	dec = v.ask(fields, mac)
	assert.Equal(t, world.Approved.String(), dec.Outcome.String(), dec.Why)
	assert.Contains(t, dec.Why, "does not follow", "but it is noted")

	// What follows is welcome, and so is another device in the same terminal.
	v.ksn = now
	v.next()
	fields, mac, _ = v.sale("", nil)
	assert.Equal(t, world.Approved, v.ask(fields, mac).Outcome)
	other, err := security.ParseKSN("FFFF0000000001E00001")
	require.NoError(t, err)
	v.ksn = other
	v.initial, err = security.InitialKey(security.DefaultBDK(), other)
	require.NoError(t, err)
	fields, mac, _ = v.sale("", nil)
	dec = v.ask(fields, mac)
	assert.Equal(t, world.Approved.String(), dec.Outcome.String(), dec.Why)
}

// asking makes the DE 55 of a card of the world, with a right cryptogram.
func asking(t *testing.T, c *world.Card, cvn byte) string {
	t.Helper()
	issuer, err := security.NewKey(c.IMKAC)
	require.NoError(t, err)
	scheme := security.CVN10
	if c.Derivation == world.DeriveEMVCSK {
		scheme = security.CVN18
	}
	chip, err := security.NewChip(scheme, issuer, c.PAN, c.PSN)
	require.NoError(t, err)
	elements := []security.Element{
		{Tag: security.TagAmount, Value: []byte{0, 0, 0, 0, 0x10, 0}}, {Tag: security.TagAmountOther, Value: make([]byte, 6)},
		{Tag: security.TagCountry, Value: []byte{1, 0x56}}, {Tag: security.TagTVR, Value: make([]byte, 5)},
		{Tag: security.TagCurrency, Value: []byte{1, 0x56}}, {Tag: security.TagDate, Value: []byte{0x26, 0x11, 0x23}},
		{Tag: security.TagType, Value: []byte{0}}, {Tag: security.TagUnpredictable, Value: []byte{1, 2, 3, 4}},
		{Tag: security.TagProfile, Value: []byte{0x7C, 0}}, {Tag: security.TagCounter, Value: []byte{0, 7}},
		{Tag: security.TagIssuerData, Value: []byte{6, 1, cvn, 3, 0xA0, 0, 0}},
	}
	arqc := [8]byte{0xFF}
	if made, err := chip.ARQC(security.MakeChipData(elements...)); err == nil {
		arqc = made
	}
	de55, err := security.MakeChipData(append(elements, security.Element{Tag: security.TagCryptogram, Value: arqc[:]})...).Encode()
	require.NoError(t, err)
	return fmt.Sprintf("%X", de55)
}

func chipSale(card *world.Card, stan int, de55 string) map[int]string {
	return map[int]string{
		0: "0200", 2: card.PAN, 3: "000000", 4: "1000", 7: "1123100000", 11: fmt.Sprintf("%06d", stan),
		41: "10000001", 42: "999000000000001", 49: "156", 55: de55,
	}
}

func TestChipsAreAnswered(t *testing.T) {
	for _, name := range []string{"iso87-bcd", "iso87-ascii"} {
		d, err := dialect.Load(name)
		require.NoError(t, err)
		for derivation, cvn := range map[world.KeyDerivation]byte{world.DeriveNone: 10, world.DeriveEMVCSK: 18} {
			t.Run(fmt.Sprint(name, " ", derivation), func(t *testing.T) {
				facts := world.Default()
				card := facts.Cards["chip"]
				card.Derivation = derivation
				w := newWired(t, d, facts, security.Key{})
				issuer, err := security.NewKey(card.IMKAC)
				require.NoError(t, err)
				chip, err := security.NewChip(security.Scheme(derivation), issuer, card.PAN, card.PSN)
				require.NoError(t, err)
				de55 := asking(t, card, cvn)
				asked, err := security.ChipDataFromHex([]byte(de55))
				require.NoError(t, err)

				answered := func(dec *Decision, code string) {
					t.Helper()
					reply, err := security.ParseChipData(dec.Chip)
					require.NoError(t, err)
					assert.Equal(t, []byte{0, 7}, reply.Get(security.TagCounter))
					got, ok, err := chip.Authentic(asked, reply.Get(security.TagIssuerAuth))
					require.NoError(t, err)
					assert.True(t, ok)
					assert.Equal(t, code, got)
				}
				dec := w.ask(chipSale(card, 1, de55), nil)
				require.Equal(t, world.Approved, dec.Outcome, dec.Why)
				assert.Contains(t, dec.Why, "cryptogram verified")
				answered(dec, "00")
				first := dec.Chip
				repeat := chipSale(card, 1, de55)
				repeat[0] = "0201"
				assert.Equal(t, first, w.ask(repeat, nil).Chip, "a repeat is answered alike")

				// A decline of the issuer's is an answer to the chip as well.
				big := chipSale(card, 2, de55)
				big[4] = "99999999999"
				dec = w.ask(big, nil)
				assert.Equal(t, world.InsufficientFunds.String(), dec.Outcome.String())
				answered(dec, "51")
			})
		}
	}
}

func TestChipsThatCannotBeAnswered(t *testing.T) {
	d, err := dialect.Load("iso87-bcd")
	require.NoError(t, err)
	def := world.Default()
	chip, good := def.Cards["chip"], def.Cards["good"]
	right := asking(t, chip, 10)
	for name, c := range map[string]struct {
		fields map[int]string
		change func(*world.World)
		want   world.Outcome
		why    string
		chip   string // DE 55 of the reply
	}{
		"keys unknown":         {fields: chipSale(good, 1, right), want: world.Approved, why: "the issuer's master key is not known", chip: "9F36020007"},
		"enrolled card":        {fields: chipSale(&world.Card{PAN: "6200000000000047"}, 1, right), want: world.Approved, why: "master key is not known", chip: "9F36020007"},
		"another version":      {fields: chipSale(chip, 1, asking(t, chip, 1)), want: world.Approved, why: "of cryptogram version 1, the card of 10", chip: "9F36020007"},
		"cryptogram wrong":     {fields: chipSale(chip, 1, right[:len(right)-2]+"00"), want: world.CryptogramWrong, why: "does not verify", chip: "9F36020007"},
		"amount was changed":   {fields: chipSale(chip, 1, "9F0206000000001001"+right[18:]), want: world.CryptogramWrong, why: "does not verify", chip: "9F36020007"},
		"no cryptogram":        {fields: chipSale(chip, 1, "9F36020007"), want: world.Approved, why: "9F26 is absent", chip: "9F36020007"},
		"not BER-TLV":          {fields: chipSale(chip, 1, "9F3602"), want: world.Approved, why: "no BER-TLV", chip: ""},
		"issuer is down":       {fields: chipSale(chip, 1, right), change: down, want: world.IssuerDown, why: "down", chip: "9F36020007"},
		"refused by the host":  {fields: chipSale(chip, 1, right), change: suspended, want: world.MerchantSuspended, why: "suspended", chip: ""},
		"an advice comes late": {fields: advice(chipSale(chip, 1, right)), want: world.Approved, why: "", chip: ""},
	} {
		t.Run(name, func(t *testing.T) {
			facts := world.Default()
			if c.change != nil {
				c.change(facts)
			}
			w := newWired(t, d, facts, security.Key{})
			dec := w.ask(c.fields, nil)
			assert.Equal(t, c.want.String(), dec.Outcome.String(), dec.Why)
			assert.Contains(t, dec.Why, c.why)
			assert.Equal(t, c.chip, fmt.Sprintf("%X", dec.Chip))
			assert.NotContains(t, dec.Why, chip.PAN)
		})
	}
}

func down(w *world.World) {
	for _, i := range w.Issuers {
		i.State = world.IssuerIsDown
	}
}

func suspended(w *world.World) {
	for _, m := range w.Merchants {
		m.Status = world.Suspended
	}
}

func advice(fields map[int]string) map[int]string {
	fields[0], fields[3] = "0220", "200000"
	return fields
}

func TestAMessageWithoutChipDataGetsNone(t *testing.T) {
	d, err := dialect.Load("iso87-ascii")
	require.NoError(t, err)
	card := world.Default().Cards["chip"]
	w := newWired(t, d, world.Default(), security.Key{})
	fields := chipSale(card, 1, "")
	delete(fields, 55)
	dec := w.ask(fields, nil)
	assert.Equal(t, world.Approved, dec.Outcome)
	assert.Nil(t, dec.Chip)
	assert.NotContains(t, dec.Why, "cryptogram")
}
