package security

import (
	"encoding/hex"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// jposData is the data that the cryptograms of jPOS's test are made of.
const jposData = "000000010000" + "000000001000" + "0840" + "0000001080" + "0840" + "980704" + "00" + "11111111" + "5800" + "3456" + "A08003242000"

func derivation(t testing.TB, option string) func(Key, string, string) (Key, error) {
	switch option {
	case "A":
		return CardKeyA
	case "B":
		return CardKeyB
	}
	t.Fatalf("no option is called %q", option)
	return nil
}

// TestEMVVectors checks every line of emv.txt.
func TestEMVVectors(t *testing.T) {
	for i, line := range lines(t, "emv.txt") {
		kind, rest, _ := strings.Cut(line, " ")
		v := words(rest)
		t.Run(fmt.Sprintf("%s %d", kind, i+1), func(t *testing.T) {
			switch kind {
			case "ac":
				checkCryptogram(t, v)
			case "kd":
				checkDerivation(t, v)
			case "cvn":
				checkScheme(t, v)
			default:
				t.Fatalf("no test reads this line: %s", line)
			}
		})
	}
}

func checkCryptogram(t *testing.T, v map[string]string) {
	k, err := derivation(t, v["option"])(mustKey(t, v["imk"]), v["pan"], v["psn"])
	require.NoError(t, err)
	if v["sk"] == "csk" {
		atc := unhex(t, v["atc"])
		k, err = CommonSessionKey(k, [8]byte{atc[0], atc[1]})
		require.NoError(t, err)
	}
	scheme := map[string]Scheme{"00": CVN10, "80": CVN18}[v["pad"]]
	arqc, err := cryptogram(scheme, k, unhex(t, jposData))
	require.NoError(t, err)
	assert.Equal(t, unhex(t, v["arqc"]), arqc[:])
	checkARPC(t, v, k, arqc)
}

func checkARPC(t *testing.T, v map[string]string, k Key, arqc [8]byte) {
	if v["arpc1"] != "" {
		arpc, err := ARPC1(k, arqc, [2]byte(unhex(t, v["rc"])))
		require.NoError(t, err)
		assert.Equal(t, unhex(t, v["arpc1"]), arpc[:])
	}
	if v["arpc2"] != "" {
		arpc, err := ARPC2(k, arqc, [4]byte(unhex(t, v["csu"])), nil)
		require.NoError(t, err)
		assert.Equal(t, unhex(t, v["arpc2"]), arpc[:])
	}
}

func checkDerivation(t *testing.T, v map[string]string) {
	k, err := derivation(t, v["option"])(mustKey(t, v["imk"]), v["pan"], v["psn"])
	require.NoError(t, err)
	if v["key"] != "" {
		assert.Equal(t, v["key"], k.RevealHex())
		return
	}
	kcv := k.KCV()
	assert.Equal(t, unhex(t, v["kcv"]), kcv[:2])
	sk, err := CommonSessionKey(k, [8]byte(unhex(t, v["r"])))
	require.NoError(t, err)
	kcv = sk.KCV()
	assert.Equal(t, unhex(t, v["skkcv"]), kcv[:2])
}

func checkScheme(t *testing.T, v map[string]string) {
	c, err := NewChip(map[string]Scheme{"10": CVN10, "18": CVN18}[v["scheme"]], mustKey(t, v["imk"]), v["pan"], v["psn"])
	require.NoError(t, err)
	d, err := ParseChipData(unhex(t, v["de55"]+"9F2608"+v["arqc"]))
	require.NoError(t, err)
	ok, err := c.Verify(d)
	require.NoError(t, err)
	assert.True(t, ok)
	arqc, err := c.ARQC(d)
	require.NoError(t, err)
	assert.Equal(t, v["arqc"], fmt.Sprintf("%X", arqc))
	k, err := c.session(d)
	require.NoError(t, err)
	checkARPC(t, v, k, arqc)
	if v["arpc1"] == "" {
		return
	}
	auth, err := c.IssuerAuth(d, string(unhex(t, v["rc"])))
	require.NoError(t, err)
	assert.Equal(t, v["arpc1"]+v["rc"], fmt.Sprintf("%X", auth))
}

// The file that the project's facts name: its line, and what its comments have
// of the two other kinds of session key.
func TestARPCVectors(t *testing.T) {
	all := lines(t, "emv_arpc.txt")
	require.Len(t, all, 1)
	v := words(all[0])
	k, err := CardKeyA(mustKey(t, v["IMKAC"]), v["PAN"], v["CSN"])
	require.NoError(t, err)
	assert.Equal(t, "DCE992BCE398C264F7858AFD4C4A324A", k.RevealHex())
	arpc, err := ARPC1(k, [8]byte(unhex(t, v["ARQC"])), [2]byte(unhex(t, v["ARC"])))
	require.NoError(t, err)
	assert.Equal(t, unhex(t, v["ARPC"]), arpc[:])

	found := regexp.MustCompile(`(MCHIP|EMV CSK) method1 ARQC=(\w+) ARC=(\w+) ARPC=(\w+)`).FindAllStringSubmatch(file(t, "emv_arpc.txt"), -1)
	require.Len(t, found, 2)
	for _, m := range found {
		// M/Chip: the common session key with the unpredictable number in r, and
		// the card key for the ARPC.
		r := map[string]string{"MCHIP": "3456000011111111", "EMV CSK": "3456000000000000"}[m[1]]
		sk, err := CommonSessionKey(k, [8]byte(unhex(t, r)))
		require.NoError(t, err)
		arqc, err := cryptogram(CVN18, sk, unhex(t, jposData))
		require.NoError(t, err)
		assert.Equal(t, m[2], fmt.Sprintf("%X", arqc), m[1])
		if m[1] == "MCHIP" {
			sk = k
		}
		arpc, err := ARPC1(sk, arqc, [2]byte(unhex(t, m[3])))
		require.NoError(t, err)
		assert.Equal(t, m[4], fmt.Sprintf("%X", arpc), m[1])
	}
}

func chipElements(cvn byte) []Element {
	return []Element{
		{TagAmount, []byte{0, 0, 0, 0, 0x10, 0}}, {TagAmountOther, make([]byte, 6)},
		{TagCountry, []byte{1, 0x56}}, {TagTVR, make([]byte, 5)}, {TagCurrency, []byte{1, 0x56}},
		{TagDate, []byte{0x26, 1, 1}}, {TagType, []byte{0}}, {TagUnpredictable, []byte{1, 2, 3, 4}},
		{TagProfile, []byte{0x7C, 0}}, {TagCounter, []byte{0, 7}},
		{TagIssuerData, []byte{6, 1, cvn, 3, 0xA0, 0, 0}},
	}
}

func TestChipBothEnds(t *testing.T) {
	for _, scheme := range []Scheme{CVN10, CVN18} {
		t.Run(scheme.String(), func(t *testing.T) {
			c, err := NewChip(scheme, mustKey(t, secretKey), "4000056655665556", "")
			require.NoError(t, err)
			elements := chipElements(scheme.version())
			arqc, err := c.ARQC(MakeChipData(elements...))
			require.NoError(t, err)
			whole, err := MakeChipData(append(elements, Element{TagCryptogram, arqc[:]})...).Encode()
			require.NoError(t, err)
			asked, err := ParseChipData(whole)
			require.NoError(t, err)
			ok, err := c.Verify(asked)
			require.NoError(t, err)
			assert.True(t, ok)

			auth, err := c.IssuerAuth(asked, "00")
			require.NoError(t, err)
			code, ok, err := c.Authentic(asked, auth)
			require.NoError(t, err)
			assert.True(t, ok)
			assert.Equal(t, "00", code)
			for i := range auth {
				auth[i] ^= 1
				_, ok, err := c.Authentic(asked, auth)
				require.NoError(t, err)
				assert.False(t, ok, "byte %d of tag 91", i)
				auth[i] ^= 1
			}
			_, _, err = c.Authentic(asked, auth[:9])
			require.ErrorIs(t, err, ErrChipData)
			_, err = c.IssuerAuth(asked, "000")
			require.ErrorIs(t, err, ErrChipData)

			// Each element counts, and each must be there with its length.
			for i, e := range elements {
				short := append([]Element(nil), elements...)
				short[i].Value = e.Value[:len(e.Value)-1]
				if e.Tag == TagIssuerData {
					short[i].Value = e.Value[:6]
				}
				_, err := c.ARQC(MakeChipData(short...))
				require.ErrorIs(t, err, ErrChipData, "%s is short", e.Tag)
				_, err = c.ARQC(MakeChipData(append(append([]Element(nil), elements[:i]...), elements[i+1:]...)...))
				require.ErrorIs(t, err, ErrChipData, "%s is absent", e.Tag)
				changed := append([]Element(nil), elements...)
				changed[i].Value = append([]byte(nil), e.Value...)
				changed[i].Value[len(e.Value)-1] ^= 1
				other, err := c.ARQC(MakeChipData(changed...))
				require.NoError(t, err)
				assert.NotEqual(t, arqc, other, "%s counts", e.Tag)
			}
			other := chipElements(1)
			_, err = c.ARQC(MakeChipData(other...))
			require.ErrorIs(t, err, ErrChipData)
			assert.ErrorContains(t, err, "cryptogram version 1,")
		})
	}
}

func TestChipRefuses(t *testing.T) {
	_, err := NewChip(CVN10, Key{}, "4000056655665556", "")
	require.ErrorIs(t, err, ErrNoKey)
	_, err = NewChip(CVN18, mustKey(t, secretMAC), "4000056655665556", "")
	require.ErrorIs(t, err, ErrKey)
	_, err = NewChip(CVN10, DefaultTMK(), "40000566", "")
	require.ErrorIs(t, err, ErrPAN)
	_, err = NewChip(CVN10, DefaultTMK(), "4000056655665556", "1")
	require.ErrorIs(t, err, ErrChipData)
	_, err = CommonSessionKey(Key{}, [8]byte{})
	require.ErrorIs(t, err, ErrNoKey)
	_, err = ARPC2(DefaultTMK(), [8]byte{}, [4]byte{}, make([]byte, 9))
	require.ErrorIs(t, err, ErrChipData)
}

func TestChipData(t *testing.T) {
	d, err := ParseChipData(unhex(t, "9F360200079F2608010203040506070882027C00"))
	require.NoError(t, err)
	atc, err := d.Counter()
	require.NoError(t, err)
	assert.Equal(t, [2]byte{0, 7}, atc)
	assert.Equal(t, []byte{0x7C, 0}, d.Get(TagProfile))
	assert.Nil(t, d.Get(TagAmount))
	assert.Equal(t, "chip data(9F36 9F26 82)", fmt.Sprintf("%x", d))
	fromHex, err := ChipDataFromHex([]byte("9f360200079F2608010203040506070882027C00"))
	require.NoError(t, err)
	assert.Equal(t, d, fromHex)

	for name, bad := range map[string]string{
		"a cut value":        "9F36020007 9F2608 0102",
		"a cut tag":          "9F",
		"no length":          "9F36",
		"a negative length":  "9F3688FFFFFFFFFFFFFFFF 00",
		"an endless length":  "9F3684FFFFFFFF 00",
		"a template cut off": "7703 9F3602",
	} {
		_, err := ParseChipData(unhex(t, strings.ReplaceAll(bad, " ", "")))
		require.ErrorIs(t, err, ErrChipData, name)
	}
	_, err = ParseChipData(make([]byte, MaxChipData+1))
	require.ErrorIs(t, err, ErrChipData)
	for _, bad := range []string{"9", "xx"} {
		_, err = ChipDataFromHex([]byte(bad))
		require.ErrorIs(t, err, ErrChipData)
	}
	_, err = MakeChipData(Element{TagIssuerData, make([]byte, MaxChipData)}).Encode()
	require.ErrorIs(t, err, ErrChipData)
}

func FuzzParseChipData(f *testing.F) {
	for _, s := range []string{
		"9F360200079F2608010203040506070882027C00", "", "9F3688FFFFFFFFFFFFFFFF00", "7707" + "9F36020007" + "8200", "00009F3600",
		"9F02060000000040009F03060000000000009F1A020124950580000480005F2A0201249A031911059C01019F370452BF4585820218009F3602001C9F100706010A03A06010",
	} {
		b, err := hex.DecodeString(s)
		require.NoError(f, err)
		f.Add(b)
	}
	c, err := NewChip(CVN10, DefaultTMK(), "4000056655665556", "")
	require.NoError(f, err)
	f.Fuzz(func(t *testing.T, b []byte) {
		d, err := ParseChipData(b)
		if err != nil {
			require.ErrorIs(t, err, ErrChipData)
			return
		}
		if _, err := c.Verify(d); err != nil {
			require.ErrorIs(t, err, ErrChipData)
		}
		// What was read can be written and read again.
		out, err := d.Encode()
		if err != nil {
			return // lengths of more bytes than needed grow no message, but tags of one zero bit may not be written
		}
		again, err := ParseChipData(out)
		require.NoError(t, err)
		require.Equal(t, d.String(), again.String())
	})
}
