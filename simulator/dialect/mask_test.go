package dialect

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/acqsim/acqsim/scenarios/transcript"
)

// testPANs are of every length from 13 to 19, and pass Luhn.
var testPANs = []string{
	luhn("422222222222"), luhn("3056930902590"), luhn("37144963539843"), testPAN16, luhn("555555555555444"),
	luhn("6222021234567890"), luhn("62220212345678901"), luhn(testPAN[:18]), luhn("622633015103000000"),
}

// luhn appends the check digit.
func luhn(s string) string {
	sum := 0
	for i := range len(s) {
		n := int(s[len(s)-1-i] - '0')
		if i%2 == 0 {
			if n *= 2; n > 9 {
				n -= 9
			}
		}
		sum += n
	}
	return s + fmt.Sprint((10-sum%10)%10)
}

// reveals reports whether b has the number in ASCII, EBCDIC, or packed at
// either alignment.
func reveals(b []byte, pan string) bool {
	var ebcdic []byte
	for _, c := range []byte(pan) {
		ebcdic = append(ebcdic, c|0xF0)
	}
	return bytes.Contains(b, []byte(pan)) || bytes.Contains(b, ebcdic) || strings.Contains(hex.EncodeToString(b), pan)
}

// maskFrame returns the masked copy of a request's frame.
func maskFrame(t testing.TB, d *Dialect, body []byte) (req Request, masked []byte, secrets []transcript.Secret) {
	t.Helper()
	require.NoError(t, d.Read(framed(t, d, body), &req))
	masked = bytes.Clone(req.Frame.Raw)
	secrets = d.Mask(masked, &req.Index, len(masked)-len(body))
	require.Len(t, masked, len(req.Frame.Raw))
	return req, masked, secrets
}

// TestMaskHidesCardNumbersInEveryField plants numbers wherever they fit: as
// digits or text, and packed or as text in binary fields.
func TestMaskHidesCardNumbersInEveryField(t *testing.T) {
	// Names of things are no place for card numbers, and a MAC is no value.
	exempt := map[int]bool{37: true, 41: true, 42: true}
	for _, name := range specs(t) {
		d := load(t, name)
		planted := 0
		for _, n := range defined(d) {
			if exempt[n] || n == d.MACField() {
				continue
			}
			for _, pan := range testPANs {
				for _, value := range plants(d, n, pan) {
					body, err := d.Build(map[int]string{0: "0200", 3: "000000", 11: "42", n: value}, nil)
					if err != nil {
						continue // it does not fit
					}
					if !reveals(body, pan) {
						continue // split over hexadecimal text, or cut
					}
					planted++
					_, masked, _ := maskFrame(t, d, body)
					if reveals(masked, pan) {
						t.Errorf("%s field %d: %s given as %q is still in %x", name, n, pan, value, masked)
					}
				}
			}
		}
		assert.Greater(t, planted, 200, "%s: the test must plant something", name)
	}
}

// plants are ways to put a number into a field.
func plants(d *Dialect, n int, pan string) []string {
	packed := pan
	if len(pan)%2 != 0 {
		packed += "F"
	}
	if l := &d.fields[n]; l.value == anyBytes && !l.charset || l.value == hexBytes {
		all := []string{packed, "0" + pan + strings.Repeat("0", 1-len(pan)%2), hex.EncodeToString([]byte(pan)), hex.EncodeToString([]byte("x" + pan + "x"))}
		if n == 55 {
			for _, tag := range []string{"5A", "57", "9F6B", "9F7C", "DF01"} {
				all = append(all, fmt.Sprintf("%s%02X%s", tag, len(packed)/2, packed),
					fmt.Sprintf("9F2608FFFFFFFFFFFFFFFF%s%02X%s", tag, len(packed)/2, packed),
					fmt.Sprintf("70%02X%s%02X%s", len(packed)/2+len(tag)/2+1, tag, len(packed)/2, packed),
					fmt.Sprintf("%s%02X%s", tag, len(pan), hex.EncodeToString([]byte(pan))))
			}
		}
		return all
	}
	all := []string{pan, "0" + pan, "77" + pan + "88", pan + "D30122011234567", pan + "=30122011234567"}
	if n == 55 {
		all = append(all, fmt.Sprintf("5A%02X%s", len(packed)/2, packed), fmt.Sprintf("57%02X%sD3012", len(packed)/2, pan))
	}
	return append(all, "B"+pan+"^NAME/CARD^30122010000", "CARD "+pan+" PLEASE")
}

// TestMaskHidesCardNumbersInShiftedGarbage plants numbers into messages that
// lost or gained bytes.
func TestMaskHidesCardNumbersInShiftedGarbage(t *testing.T) {
	for _, name := range specs(t) {
		d := load(t, name)
		t.Run(name, func(t *testing.T) {
			rapid.Check(t, func(rt *rapid.T) {
				m := rapid.SampledFrom(messages(name)).Draw(rt, "message")
				body, err := d.Build(m.fields, nil)
				if err != nil {
					rt.Fatal(err)
				}
				pan := rapid.SampledFrom(testPANs).Draw(rt, "pan")
				at := rapid.IntRange(0, len(body)).Draw(rt, "at")
				plant := []byte(pan)
				switch rapid.SampledFrom([]string{"ASCII", "packed", "EBCDIC"}).Draw(rt, "how") {
				case "EBCDIC":
					plant = appendZoned(nil, plant)
				case "packed":
					padded := rapid.SampledFrom([]string{"", "0", "1"}).Draw(rt, "before") + pan
					if len(padded)%2 != 0 {
						padded += "F"
					}
					plant, _ = hex.DecodeString(padded)
				}
				garbage := append(append(bytes.Clone(body[:at]), plant...), body[at:]...)
				var ix Index
				if _, err := d.Index(garbage, &ix); err == nil {
					return // by chance, or in a field: another test's
				}
				d.Mask(garbage, &ix, 0)
				if reveals(garbage, pan) {
					rt.Fatalf("%s planted at %d is still in %x", pan, at, garbage)
				}
			})
		})
	}
}

func TestMaskedMessagesStillDecode(t *testing.T) {
	for _, name := range specs(t) {
		d := load(t, name)
		for _, m := range messages(name) {
			t.Run(name+"/"+m.name, func(t *testing.T) {
				before, masked, _ := maskFrame(t, d, built(t, d, m.fields))
				var after Request
				require.NoError(t, d.Read(cut(t, d, masked), &after))
				_, err := d.Unpack(after.Frame.Body)
				require.NoError(t, err)

				assert.Equal(t, before.Type, after.Type)
				assert.Equal(t, before.STAN, after.STAN)
				assert.Equal(t, before.Amount, after.Amount)
				assert.Equal(t, before.Terminal, after.Terminal)
				assert.Equal(t, before.Merchant, after.Merchant)
				assert.Equal(t, before.RRN, after.RRN)
				assert.Equal(t, before.Batch, after.Batch)
				assert.Equal(t, before.NetworkCode, after.NetworkCode)
				assert.Equal(t, before.Original, after.Original, "what names the original is evidence")
				if b := before.Card.Clear(); b != "" {
					a := after.Card.Clear()
					assert.Equal(t, b[:6], a[:6])
					assert.Equal(t, b[len(b)-4:], a[len(a)-4:])
					assert.Equal(t, strings.Repeat("0", len(b)-10), a[6:len(a)-4])
				}
				for _, c := range after.PINBlock {
					assert.Zero(t, c, "a PIN block is erased")
				}
			})
		}
	}
}

func TestMaskNamesTheSecrets(t *testing.T) {
	secret := func(n int, kind string) transcript.Secret { return transcript.Secret{Field: n, Kind: kind} }
	d := load(t, "unionpay-pos")
	_, _, got := maskFrame(t, d, built(t, d, unionPayMessages()[0].fields))
	assert.Equal(t, []transcript.Secret{secret(2, "pan"), secret(35, "track"), secret(52, "pin-block")}, got)
	_, _, got = maskFrame(t, d, built(t, d, find(t, "unionpay-pos", "sign-off")))
	assert.Empty(t, got)
	_, _, got = maskFrame(t, d, built(t, d, find(t, "unionpay-pos", "batch upload")))
	assert.Equal(t, []transcript.Secret{secret(48, "pan")}, got)

	many := with(unionPayMessages()[0].fields, map[int]string{45: "B" + testPAN16 + "^A^3012", 36: testPAN + "D30122", 56: testPAN, 55: "5A08" + testPAN16})
	_, _, got = maskFrame(t, d, built(t, d, many))
	assert.Equal(t, []transcript.Secret{secret(2, "pan"), secret(35, "track"), secret(36, "track"), secret(45, "track"),
		secret(52, "pin-block"), secret(55, "pan"), secret(56, "pan")}, got)
}

func TestMaskKeys(t *testing.T) {
	d := load(t, "unionpay-pos")
	reply := func(fields map[int]string) string {
		body := built(t, d, fields)
		var ix Index
		_, err := d.Index(body, &ix)
		require.NoError(t, err)
		d.Mask(body, &ix, 0)
		return hex.EncodeToString(ix.Value(body, 62))
	}
	key := strings.Repeat("a1b2c3d4", 10)
	assert.Equal(t, strings.Repeat("00", 40), reply(map[int]string{0: "0810", 39: "00", 60: "00000001003", 62: key}))
	assert.Equal(t, strings.Repeat("00", 40), reply(map[int]string{0: "0810", 39: "00", 62: key}), "no network code: better erased")
	assert.Equal(t, key, reply(map[int]string{0: "0830", 60: "00000001370", 62: key}), "parameters are no keys")
	serial := hex.EncodeToString([]byte("Sequence No12345"))
	assert.Equal(t, serial, reply(map[int]string{0: "0800", 60: "00000001003", 62: serial}), "a terminal sends no keys")
}

func TestMaskKeepsEvidence(t *testing.T) {
	d := load(t, "unionpay-pos")
	keeps := func(fields map[int]string, n int) {
		t.Helper()
		body := built(t, d, with(map[int]string{0: "0500", 11: "1"}, fields))
		var ix Index
		_, err := d.Index(body, &ix)
		require.NoError(t, err)
		before := bytes.Clone(ix.Value(body, n))
		d.Mask(body, &ix, 0)
		assert.Equal(t, hex.EncodeToString(before), hex.EncodeToString(ix.Value(body, n)), "field %d", n)
	}
	totals := "000000123456003" + "000000000100001" + "1" + "000000000000000" + "000000000000000" + "0"
	keeps(map[int]string{48: totals}, 48)
	keeps(map[int]string{60: "2200000100060000000"}, 60)
	keeps(map[int]string{61: "0000010000421123"}, 61)
	keeps(map[int]string{53: "2600000000000000"}, 53)
	keeps(map[int]string{55: "9F26081234567890123456" + "9F0206000000001000"}, 55)
	for _, name := range specs(t) {
		d = load(t, name)
		// 4764420002156 passes Luhn, and the digits of a code stand for others packed.
		keeps(map[int]string{54: "0001156C000000476442" + "0002156C000000476442"}, 54)
		keeps(map[int]string{54: "0040156D000000000300"}, 54)
		keeps(map[int]string{44: "09990001"}, 44)
		keeps(map[int]string{44: "09990001   00010001   "}, 44)
	}
}

// DE 54 is left alone only where it is nothing but amounts.
func TestMaskSearchesWhatIsNoAmounts(t *testing.T) {
	for _, name := range specs(t) {
		d := load(t, name)
		for _, value := range []string{
			testPAN16, testPAN16 + "D301", "0001156C" + testPAN16, "0001156C000000000300" + testPAN16 + "D301",
			"0001156C000000000300" + "C" + testPAN, testPAN16 + "DDDD", "0001156X" + testPAN16 + "12345678",
		} {
			_, masked, secrets := maskFrame(t, d, built(t, d, map[int]string{0: "0200", 11: "1", 54: value}))
			assert.False(t, reveals(masked, testPAN16) || reveals(masked, testPAN), "%s: %s", name, value)
			assert.Equal(t, []transcript.Secret{{Field: 54, Kind: "pan"}}, secrets, "%s: %s", name, value)
		}
	}
}

func TestMaskOfAWrongIndexIsSafe(t *testing.T) {
	d := load(t, "unionpay-pos")
	req, _, _ := maskFrame(t, d, built(t, d, unionPayMessages()[0].fields))
	for _, at := range []int{-1, 0, 5, 1 << 20} {
		b := []byte("xx" + testPAN16 + "xx")
		d.Mask(b, &req.Index, at)
		if at <= 0 || at > len(b) {
			assert.False(t, reveals(b, testPAN16), "offset %d", at)
		}
	}
}

func TestMaskAllocatesNothing(t *testing.T) {
	for _, name := range specs(t) {
		d := load(t, name)
		for _, m := range messages(name) {
			req, _, _ := maskFrame(t, d, built(t, d, m.fields))
			copied := bytes.Clone(req.Frame.Raw)
			assert.Zero(t, testing.AllocsPerRun(10, func() {
				copy(copied, req.Frame.Raw)
				d.Mask(copied, &req.Index, len(copied)-len(req.Frame.Body))
			}), "%s %s", name, m.name)
		}
	}
}

func TestPANNeverPrints(t *testing.T) {
	p, err := ParsePAN(testPAN)
	require.NoError(t, err)
	var out []string
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%d", "%x", "%q"} {
		out = append(out, fmt.Sprintf(verb, p), fmt.Sprintf(verb, &p))
		out = append(out, fmt.Sprintf(verb, Request{Card: p}))
	}
	text, err := p.MarshalText()
	require.NoError(t, err)
	out = append(out, string(text), p.LogValue().String(), p.GoString())
	for _, s := range out {
		assert.NotContains(t, s, testPAN)
		assert.NotContains(t, s, "6222021234567890128")
		assert.NotContains(t, strings.ToLower(s), fmt.Sprintf("%x", uint64(6222021234567890128)))
	}
	assert.Equal(t, "622202*********0128", p.String())
	assert.Equal(t, testPAN, p.Clear())
	assert.Equal(t, 19, p.Len())

	_, err = ParsePAN("12345678901234567890")
	require.Error(t, err)
	_, err = ParsePAN("4539 1488")
	require.Error(t, err)
	_, err = ParsePAN("")
	require.Error(t, err)
	zero, err := ParsePAN("0000")
	require.NoError(t, err)
	other, err := ParsePAN("000")
	require.NoError(t, err)
	assert.NotEqual(t, zero, other)
	assert.NotEqual(t, zero.Hash(), other.Hash())
	assert.NotZero(t, zero.Hash())
	assert.Zero(t, PAN{}.Hash())
}
