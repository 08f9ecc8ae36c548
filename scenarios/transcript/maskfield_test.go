package transcript

import (
	"encoding/hex"
	"testing"

	"github.com/stretchr/testify/assert"
	"pgregory.net/rapid"
)

func TestMaskPAN(t *testing.T) {
	for in, want := range map[string]string{
		"4539148803436467":    "453914******6467",
		"6222021234567890128": "622202*********0128",
		"622202123456":        "622202**3456",
		"1234567890":          "**********",
		"123":                 "***",
		"":                    "",
	} {
		assert.Equal(t, want, MaskPAN(in))
	}
}

func TestMaskDigits(t *testing.T) {
	tests := []struct {
		name, in    string
		first, last int
		want        string
	}{
		{"card number", "4539148803436467", 6, 4, "4539140000006467"},
		{"padding is not counted", "4539148803436467   ", 6, 4, "4539140000006467   "},
		{"nothing kept", "B12/34", 0, 0, "B00/00"},
		{"too short to keep anything", "1234567890", 6, 4, "0000000000"},
		{"one digit hidden", "12345678901", 6, 4, "12345608901"},
		{"negative counts keep nothing", "1234", -1, -5, "0000"},
		{"EBCDIC", string(ebcdic("4539148803436467")), 6, 4, string(ebcdic("4539140000006467"))},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			b := []byte(test.in)
			MaskDigits(b, test.first, test.last)
			assert.Equal(t, test.want, string(b))
		})
	}
}

func TestMaskBCD(t *testing.T) {
	tests := []struct {
		name, in string
		digits   int
		left     bool
		want     string
	}{
		{"even", "4539148803436467", 16, true, "4539140000006467"},
		{"odd, padded right", "6222021234567890128f", 19, true, "6222020000000000128f"},
		{"odd, padded right with 0", "62220212345678901280", 19, true, "62220200000000001280"},
		{"odd, padded left", "06222021234567890128", 19, false, "06222020000000000128"},
		{"too short to keep anything", "1234567890", 10, true, "0000000000"},
		{"more digits announced than there are", "453914880343", 1 << 62, true, "453914000343"},
		{"negative", "4539", -3, false, "4539"},
		{"empty", "", 19, false, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			b := unhex(t, test.in)
			MaskBCD(b, test.digits, test.left, 6, 4)
			assert.Equal(t, test.want, hex.EncodeToString(b))
		})
	}
}

func TestMaskTrack(t *testing.T) {
	tests := []struct{ name, in, want string }{
		{"track 2", "4539148803436467=25121011234567", "4539140000006467=00000000000000"},
		{"track 2 with D", "4539148803436467D2512101", "4539140000006467D0000000"},
		{"track 3", "994539148803436467=15615600=2512", "994539000000006467=00000000=0000"},
		{"no separator", "45391488034364672512", "00000000000000000000"},
		{"separator too early", "4539148=03436467", "0000000=00000000"},
		{"track 1 keeps no digit", "B4539148803436467^DOE/J^2512", "B0000000000000000^DOE/J^0000"},
		{"EBCDIC", string(ebcdic("4539148803436467")) + "\x7e\xf2\xf5", string(ebcdic("4539140000006467")) + "\x7e\xf0\xf0"},
		{"empty", "", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			b := []byte(test.in)
			MaskTrack(b)
			assert.Equal(t, test.want, string(b))
		})
	}
}

func TestMaskTrackBCD(t *testing.T) {
	tests := []struct {
		name, in string
		digits   int
		left     bool
		want     string
	}{
		{"even", "4539148803436467d251210112345f", 30, true, "4539140000006467d000000000000f"},
		{"odd, padded right", "4539148803436467d251210112345670", 31, true, "4539140000006467d000000000000000"},
		{"odd, padded left", "04539148803436467d25121011234567", 31, false, "04539140000006467d00000000000000"},
		{"encrypted", "4539a48803436467d25121011234567f", 32, true, "0000a00000000000d00000000000000f"},
		{"no separator", "453914880343646725121011", 24, true, "000000000000000000000000"},
		{"empty", "", 37, false, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			b := unhex(t, test.in)
			MaskTrackBCD(b, test.digits, test.left)
			assert.Equal(t, test.want, hex.EncodeToString(b))
		})
	}
}

// Whatever a field holds, its masked form has the same length, the same
// characters that are no digits, and shows no more than was asked for.
func TestFieldMasksKeepShape(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := drawGarbage(t)
		first, last := rapid.IntRange(0, 8).Draw(t, "first"), rapid.IntRange(0, 8).Draw(t, "last")
		digits := rapid.IntRange(-2, 2*len(in)+2).Draw(t, "digits")
		left := rapid.Bool().Draw(t, "left")

		chars := append([]byte(nil), in...)
		MaskDigits(chars, first, last)
		shown := 0
		for i := range in {
			if !isCharacterDigit(in[i]) {
				assert.Equal(t, in[i], chars[i])
			} else if assert.True(t, isCharacterDigit(chars[i])); chars[i]&0xf != 0 {
				shown++
			}
		}
		assert.LessOrEqual(t, shown, first+last)

		bcd := append([]byte(nil), in...)
		MaskBCD(bcd, digits, left, first, last)
		from, to := packedDigitsOf(in, digits, left)
		shown = 0
		for j := range 2 * len(in) {
			was, is := nibbleOf(in, j), nibbleOf(bcd, j)
			switch {
			case j < from || j >= to || was > 9:
				assert.Equal(t, was, is)
			case is != 0:
				assert.Equal(t, was, is)
				shown++
			}
		}
		assert.LessOrEqual(t, shown, first+last)
	})
}
