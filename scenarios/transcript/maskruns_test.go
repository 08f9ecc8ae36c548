package transcript

import (
	"bytes"
	"encoding/hex"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestMaskRunsKnownCards(t *testing.T) {
	const pan = "4539148803436467"
	tests := []struct {
		name, in, want string // hex
		count          int
	}{
		{"ASCII", asciiHex(pan), asciiHex("4539140000006467"), 1},
		{"EBCDIC", ebcdicHex(pan), ebcdicHex("4539140000006467"), 1},
		{"packed, from the high nibble", pan, "4539140000006467", 1},
		{"packed, from the low nibble", "f" + pan + "f", "f4539140000006467f", 1},
		{"packed track 2", pan + "d2512f", "4539140000006467d2512f", 1},
		{"19 digits packed, odd", "6222021234567890128f", "6222020000000000128f", 1},
		{"no card: no window passes", "8104186775664278", "8104186775664278", 0},
		{"no card: 12 digits", "ff453914880343ff", "ff453914880343ff", 0},
		{"a D inside ends the run", "45391488d3436467", "45391488d3436467", 0},
		{"two cards", pan + "d" + pan + "f", "4539140000006467d4539140000006467f", 2},
		{"ASCII between letters that are packed digits", asciiHex("NO" + pan + "OK"), asciiHex("NO4539140000006467OK"), 1},
		{"empty", "", "", 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			b := unhex(t, test.in)
			assert.Equal(t, test.count, MaskRuns(b))
			assert.Equal(t, test.want, hex.EncodeToString(b))
		})
	}
}

func TestMaskRunsInsideLongerRuns(t *testing.T) {
	// 4539148803436467 stands at digit 5 of 26: its middle must go, whatever
	// else goes with it.
	b := []byte("98765" + "4539148803436467" + "12345")
	require.Positive(t, MaskRuns(b))
	assert.Equal(t, "000000", string(b[5+6:5+12]))
}

func TestMaskTextLeavesPackedDigitsAlone(t *testing.T) {
	packed := unhex(t, "4539148803436467")
	assert.Zero(t, MaskText(packed))
	assert.Equal(t, "4539148803436467", hex.EncodeToString(packed))

	separated := []byte("45391488=03436467")
	assert.Zero(t, MaskText(separated), "a separator ends a run")

	text := []byte("PLEASE PAY WITH THAT CARD 4539148803436467 YESTERDAY")
	assert.Equal(t, 1, MaskText(text))
	assert.Equal(t, "PLEASE PAY WITH THAT CARD 4539140000006467 YESTERDAY", string(text))
}

func TestMaskRunsKeepsTextThatHoldsNoCard(t *testing.T) {
	// Read as packed digits this is one long run, full of windows that pass.
	text := "000000018271000000367459"
	b := []byte(text)
	require.Zero(t, naiveMask([]byte(text), false), "the example must hold no card number in ASCII")
	assert.Zero(t, MaskRuns(b))
	assert.Equal(t, text, string(b))
}

// What MaskRuns and MaskText do, said again in the plainest way: every window
// of every reading of the original bytes.
func TestMaskAgainstPlainDefinition(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		checkAgainstPlainDefinition(t, drawGarbage(t))
	})
}

// Digits on either side of a byte that is none are not one card number, even
// where that byte is part of the packed reading.
func TestMaskRunsStartsAnewAtEachRunOfText(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		run := rapid.SliceOfN(rapid.ByteRange('0', '9'), 11, 12)
		checkAgainstPlainDefinition(t, bytes.Join([][]byte{run.Draw(t, "before"), run.Draw(t, "after")}, []byte{0x12}))
	})
}

func FuzzMaskRuns(f *testing.F) {
	f.Add([]byte("4539148803436467=2512"))
	f.Add([]byte{0xf4, 0x53, 0x91, 0x48, 0x80, 0x34, 0x36, 0x46, 0x7d})
	f.Add([]byte("0200\x72\x20\x00\x00\x00\xc0\x80\x00\x16\x45\x39\x14\x88\x03\x43\x64\x67\x00\x00\x00"))
	f.Add(bytes.Repeat([]byte{0xf4}, 40))
	f.Add([]byte("33333333333333333333333333"))
	f.Fuzz(func(t *testing.T, b []byte) { checkAgainstPlainDefinition(t, b) })
}

func checkAgainstPlainDefinition(t require.TestingT, b []byte) {
	want, got := bytes.Clone(b), bytes.Clone(b)
	count := naiveMask(want, true)
	n := MaskRuns(got)
	require.Equal(t, hex.EncodeToString(want), hex.EncodeToString(got), "of %x", b)
	require.Equal(t, count > 0, n > 0)
	require.LessOrEqual(t, n, count)

	want, got = bytes.Clone(b), bytes.Clone(b)
	count = naiveMask(want, false)
	n = MaskText(got)
	require.Equal(t, hex.EncodeToString(want), hex.EncodeToString(got), "of %x as text", b)
	require.Equal(t, count > 0, n > 0)
}

// Card numbers planted at every offset, in every encoding and at both nibble
// alignments, are in no output.
func TestMaskRunsFindsEveryPlantedCard(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		pan := drawPAN(t)
		garbage := drawGarbage(t)
		for _, planted := range [][]byte{
			[]byte(pan),
			ebcdic(pan),
			packed(pan),
			packed("f" + pan),
			packed("1" + pan),
			packed(pan + "d25121010000000"),
			[]byte(pan + "=25121010000000"),
		} {
			for at := 0; at <= len(garbage); at++ {
				b := append(append(bytes.Clone(garbage[:at]), planted...), garbage[at:]...)
				if MaskRuns(b) == 0 || holds(b, pan) {
					t.Fatalf("%s planted at %d of %x is still in %x", pan, at, garbage, b)
				}
			}
		}
	})
}

func TestMaskTextFindsEveryPlantedCard(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		pan := drawPAN(t)
		garbage := drawGarbage(t)
		for _, planted := range [][]byte{[]byte(pan), ebcdic(pan)} {
			for at := 0; at <= len(garbage); at++ {
				b := append(append(bytes.Clone(garbage[:at]), planted...), garbage[at:]...)
				if MaskText(b) == 0 || bytes.Contains(b, planted) {
					t.Fatalf("%s planted at %d of %x is still in %x", pan, at, garbage, b)
				}
			}
		}
	})
}

// naiveMask masks by definition and returns the number of windows that pass.
func naiveMask(b []byte, withPacked bool) int {
	hide := make([]bool, 2*len(b)) // by nibble
	windows := 0
	try := func(digits []byte, nibble func(i int) int) {
		if !luhn(digits) {
			return
		}
		windows++
		for i := 6; i < len(digits)-4; i++ {
			hide[nibble(i)] = true
		}
	}
	for n := 13; n <= 19; n++ {
		for s := 0; s+n <= len(b); s++ {
			for _, hi := range []byte{0x3, 0xf} {
				digits := make([]byte, 0, n)
				for _, c := range b[s : s+n] {
					if c>>4 == hi && c&0xf <= 9 {
						digits = append(digits, c&0xf)
					}
				}
				if len(digits) == n {
					try(digits, func(i int) int { return 2*(s+i) + 1 })
				}
			}
		}
		for s := 0; withPacked && s+n <= 2*len(b); s++ {
			digits := make([]byte, 0, n)
			for j := s; j < s+n; j++ {
				if d := nibbleOf(b, j); d <= 9 {
					digits = append(digits, d)
				}
			}
			if len(digits) == n && !withinText(b, s/2, (s+n+1)/2) {
				try(digits, func(i int) int { return s + i })
			}
		}
	}
	for j, hidden := range hide {
		if hidden {
			clearNibble(b, j)
		}
	}
	return windows
}

// withinText reports whether b[from:to] lies in a run of 11 ASCII digits or more.
func withinText(b []byte, from, to int) bool {
	digit := func(i int) bool { return i >= 0 && i < len(b) && b[i] >= '0' && b[i] <= '9' }
	for i := from; i < to; i++ {
		if !digit(i) {
			return false
		}
	}
	for digit(from - 1) {
		from--
	}
	for digit(to) {
		to++
	}
	return to-from >= 11
}

// luhn is the check as ISO/IEC 7812-1 annex B words it.
func luhn(digits []byte) bool {
	sum := 0
	for i, d := range digits {
		v := int(d)
		if (len(digits)-i)%2 == 0 {
			if v *= 2; v > 9 {
				v -= 9
			}
		}
		sum += v
	}
	return sum%10 == 0
}

// drawPAN draws a card number that passes the check and whose hidden digits
// aren't all 0, since masking would not show in that.
func drawPAN(t *rapid.T) string {
	n := rapid.IntRange(13, 19).Draw(t, "length")
	digits := make([]byte, n)
	for i := range n - 1 {
		digits[i] = rapid.ByteRange(0, 9).Draw(t, "digit")
	}
	digits[7] = rapid.ByteRange(1, 9).Draw(t, "hidden digit")
	for digits[n-1] = 0; !luhn(digits); digits[n-1]++ {
	}
	for i := range digits {
		digits[i] += '0'
	}
	return string(digits)
}

// drawGarbage draws bytes of the sorts that confuse: noise, packed digits,
// text, digits in ASCII and EBCDIC, in any order.
func drawGarbage(t *rapid.T) []byte {
	parts := rapid.SliceOfN(rapid.OneOf(
		rapid.SliceOfN(rapid.Byte(), 0, 20),
		rapid.SliceOfN(rapid.ByteRange('0', '9'), 0, 30),
		rapid.SliceOfN(rapid.ByteRange(0xf0, 0xf9), 0, 30),
		rapid.SliceOfN(rapid.SampledFrom([]byte{0x00, 0x12, 0x34, 0x56, 0x78, 0x90, 0x99}), 0, 20),
		rapid.SliceOfN(rapid.SampledFrom([]byte{'0', '1', '5', '8', '9', 0x12, 0x40}), 0, 40),
		rapid.SliceOfN(rapid.SampledFrom([]byte("PAY TEST=D^")), 0, 12),
	), 0, 5).Draw(t, "garbage")
	return bytes.Join(parts, nil)
}

// holds reports whether b holds pan in clear in any encoding.
func holds(b []byte, pan string) bool {
	return bytes.Contains(b, []byte(pan)) || bytes.Contains(b, ebcdic(pan)) ||
		strings.Contains(hex.EncodeToString(b), pan)
}

func asciiHex(s string) string  { return hex.EncodeToString([]byte(s)) }
func ebcdicHex(s string) string { return hex.EncodeToString(ebcdic(s)) }

func ebcdic(digits string) []byte {
	b := []byte(digits)
	for i := range b {
		b[i] |= 0xf0
	}
	return b
}

// packed packs digits, with a nibble f at the end where their number is odd.
func packed(s string) []byte {
	if len(s)%2 == 1 {
		s += "f"
	}
	b, err := hex.DecodeString(s)
	if err != nil {
		panic(err)
	}
	return b
}

func unhex(t testing.TB, s string) []byte {
	b, err := hex.DecodeString(s)
	require.NoError(t, err)
	return b
}

func BenchmarkMaskRuns(b *testing.B) {
	random := make([]byte, 200)
	r := rand.New(rand.NewPCG(1, 2))
	for i := range random {
		random[i] = byte(r.Uint32())
	}
	text := []byte(strings.Repeat("SHOP 12, HIGH STREET; ", 10))[:200]
	digits := bytes.Repeat([]byte{0x12}, 200)
	for _, bench := range []struct {
		name string
		data []byte
		mask func([]byte) int
	}{
		{"random", random, MaskRuns},
		{"text", text, MaskText},
		{"packed digits", digits, MaskRuns},
	} {
		b.Run(bench.name, func(b *testing.B) {
			b.SetBytes(int64(len(bench.data)))
			for b.Loop() {
				bench.mask(bench.data)
			}
		})
	}
}
