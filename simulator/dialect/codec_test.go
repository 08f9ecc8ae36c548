package dialect

import (
	"bytes"
	"encoding/binary"
	"slices"
	"strconv"
	"testing"

	"github.com/moov-io/iso8583/encoding"
	"github.com/moov-io/iso8583/prefix"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// Each of our codecs against moov's of the same name: the same bytes and
// values wherever both accept, and the same verdict on everything but the
// exceptions that codec_bcd.go lists.

func codecPairs() map[string][2]encoding.Encoder {
	return map[string][2]encoding.Encoder{
		"BCD":    {bcdEncoder{}, encoding.BCD},
		"LBCD":   {bcdEncoder{left: true}, encoding.LBCD},
		"ASCII":  {textEncoder{}, encoding.ASCII},
		"Binary": {textEncoder{any: true}, encoding.Binary},
		"EBCDIC": {pageEncoder{pageMoov}, encoding.EBCDIC},
	}
}

func TestCodecsEncodeAsMoov(t *testing.T) {
	for name, pair := range codecPairs() {
		t.Run(name, func(t *testing.T) {
			rapid.Check(t, func(rt *rapid.T) {
				value := rapid.OneOf(
					rapid.SliceOfN(rapid.SampledFrom([]byte("0123456789")), 0, 40),
					rapid.SliceOfN(rapid.Byte(), 0, 40),
				).Draw(rt, "value")
				ours, err := pair[0].Encode(bytes.Clone(value))
				moovs, moovErr := pair[1].Encode(bytes.Clone(value))
				if (err == nil) != (moovErr == nil) || !bytes.Equal(ours, moovs) {
					rt.Fatalf("%q: ours %x %v, moov's %x %v", value, ours, err, moovs, moovErr)
				}
			})
		})
	}
}

func TestCodecsDecodeAsMoov(t *testing.T) {
	for name, pair := range codecPairs() {
		t.Run(name, func(t *testing.T) {
			rapid.Check(t, func(rt *rapid.T) {
				b := rapid.OneOf(
					rapid.SliceOfN(rapid.SampledFrom([]byte{0, 0x12, 0x99, 0x05, 0x50, 0x9F, 0x0F, 0xF0, 0xA1}), 0, 20),
					rapid.SliceOfN(rapid.Byte(), 0, 20),
				).Draw(rt, "bytes")
				length := rapid.IntRange(-1, 42).Draw(rt, "length")
				ours, read, err := pair[0].Decode(b, length)
				moovs, moovRead, moovErr := pair[1].Decode(b, length)
				if moovErr == nil && (name == "BCD" || name == "LBCD") && bytes.IndexByte(moovs, 0) >= 0 {
					if err == nil {
						rt.Fatalf("%x: a filler inside a value must be an error", b)
					}
					return
				}
				if (err == nil) != (moovErr == nil) || err == nil && (!bytes.Equal(ours, moovs) || read != moovRead) {
					rt.Fatalf("%d of %x: ours %q %d %v, moov's %q %d %v", length, b, ours, read, err, moovs, moovRead, moovErr)
				}
			})
		})
	}
}

func TestPrefixersAsMoov(t *testing.T) {
	ours := allPrefixers()
	for name, moovs := range map[string]prefix.Prefixer{
		"ASCII.L": prefix.ASCII.L, "ASCII.LL": prefix.ASCII.LL, "ASCII.LLL": prefix.ASCII.LLL, "ASCII.LLLL": prefix.ASCII.LLLL,
		"EBCDIC.L": prefix.EBCDIC.L, "EBCDIC.LL": prefix.EBCDIC.LL, "EBCDIC.LLL": prefix.EBCDIC.LLL, "EBCDIC.LLLL": prefix.EBCDIC.LLLL,
		"BCD.L": prefix.BCD.L, "BCD.LL": prefix.BCD.LL, "BCD.LLL": prefix.BCD.LLL, "BCD.LLLL": prefix.BCD.LLLL,
	} {
		p := ours[name]
		require.Equal(t, moovs.Inspect(), p.Inspect())
		require.Equal(t, name, p.Inspect())
		t.Run(name, func(t *testing.T) {
			rapid.Check(t, func(rt *rapid.T) {
				longest := rapid.IntRange(0, 9999).Draw(rt, "longest")
				n := rapid.IntRange(0, 12000).Draw(rt, "n")
				got, err := p.EncodeLength(longest, n)
				want, moovErr := moovs.EncodeLength(longest, n)
				if (err == nil) != (moovErr == nil) || !bytes.Equal(got, want) {
					rt.Fatalf("%d of %d: ours %x %v, moov's %x %v", n, longest, got, err, want, moovErr)
				}
				b := rapid.OneOf(
					rapid.Just(got),
					rapid.SliceOfN(rapid.SampledFrom([]byte("0123456789")), 0, 5),
					rapid.SliceOfN(rapid.SampledFrom([]byte{0, 1, 9, 0x10, 0x99}), 0, 5),
					rapid.SliceOfN(rapid.SampledFrom([]byte{0xF0, 0xF1, 0xF9, 0xFA, 0x31}), 0, 5),
				).Draw(rt, "bytes")
				length, read, err := p.DecodeLength(longest, b)
				moovLength, moovRead, moovErr := moovs.DecodeLength(longest, b)
				if moovErr == nil && err != nil && name[:3] == "BCD" && len(name)%2 == 1 && b[0] > 9 {
					return // the unused nibble of an odd prefix
				}
				if (err == nil) != (moovErr == nil) || err == nil && (length != moovLength || read != moovRead) {
					rt.Fatalf("%x: ours %d %d %v, moov's %d %d %v", b, length, read, err, moovLength, moovRead, moovErr)
				}
			})
		})
	}
	_, _, err := asciiPrefixer{2}.DecodeLength(99, []byte("+9"))
	require.Error(t, err, "moov takes +9 for 9; a length is digits")
	_, _, err = asciiPrefixer{2}.DecodeLength(99, []byte("-1"))
	require.Error(t, err)
	_, _, err = zonedPrefixer{2}.DecodeLength(99, []byte{0x4E, 0xF9})
	require.Error(t, err, "moov takes +9 in EBCDIC, too")
	_, _, err = bcdPrefixer{3}.DecodeLength(999, []byte{0x90, 0x12})
	require.Error(t, err, "moov ignores the unused nibble")
}

func TestTrackCodec(t *testing.T) {
	e := trackEncoder{}
	for text, want := range map[string]string{
		"4539148803436467D30122":  "4539148803436467d30122",
		"4539148803436467=301220": "4539148803436467d301220" + "0",
		"6222D1":                  "6222d1",
		"1":                       "10",
		"":                        "",
	} {
		got, err := e.Encode([]byte(text))
		require.NoError(t, err)
		assert.Equal(t, unhexed(t, want), got, text)
		back, read, err := e.Decode(append(got, 0xEE), len(text))
		require.NoError(t, err)
		assert.Equal(t, len(got), read)
		assert.Equal(t, string(bytes.ReplaceAll([]byte(text), []byte("="), []byte("D"))), string(back))
	}
	_, err := e.Encode([]byte("12?"))
	require.EqualError(t, err, `character 3 is '?': a packed track has digits, = or D, and A to F`)
	_, _, err = e.Decode([]byte{0x12}, 3)
	require.Error(t, err)
	_, _, err = e.Decode([]byte{0x12}, -1)
	require.Error(t, err)
}

func TestGBKCodec(t *testing.T) {
	e := gbkEncoder{}
	got, err := e.Encode([]byte("测试A"))
	require.NoError(t, err)
	assert.Equal(t, unhexed(t, "b2e2cad441"), got)
	back, read, err := e.Decode(append(got, 'x'), 5)
	require.NoError(t, err)
	assert.Equal(t, 5, read)
	assert.Equal(t, "测试A", string(back))
	back, _, err = e.Decode([]byte{0xFF, 0x41}, 2)
	require.NoError(t, err, "what is no GBK is shown, not refused")
	assert.Contains(t, string(back), "�")
	_, err = e.Encode([]byte("😀"))
	require.Error(t, err)
	_, _, err = e.Decode([]byte("ab"), 3)
	require.Error(t, err)

	// The length prefix counts bytes on the line.
	d := load(t, "unionpay-pos")
	body := built(t, d, map[int]string{0: "0200", 46: "测试"})
	assert.Equal(t, unhexed(t, "0200"+"0000000000040000"+"0004b2e2cad4"), body)
}

func TestDigitChecks(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		b := rapid.SliceOfN(rapid.OneOf(rapid.SampledFrom([]byte("0123456789/:")), rapid.Byte()), 0, 30).Draw(rt, "bytes")
		digit, ascii, nibble := -1, -1, -1
		for i, c := range b {
			if digit < 0 && (c < '0' || c > '9') {
				digit = i
			}
			if ascii < 0 && c > 127 {
				ascii = i
			}
			if nibble < 0 && (c>>4 > 9 || c&15 > 9) {
				nibble = i
			}
		}
		if badDigit(b) != digit || badASCII(b) != ascii || badNibble(b) != nibble {
			rt.Fatalf("%x: %d %d %d, want %d %d %d", b, badDigit(b), badASCII(b), badNibble(b), digit, ascii, nibble)
		}
	})
}

// The fast ways of looking at bytes agree with the plain ones.
func TestWordsAgreeWithBytes(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		kind := rapid.SampledFrom([]*rapid.Generator[byte]{rapid.ByteRange('0', '9'), rapid.ByteRange(0, 0x99), rapid.ByteRange('/', ':'), rapid.Byte()}).Draw(rt, "kind")
		b := rapid.SliceOfN(kind, 0, 40).Draw(rt, "bytes")
		every := func(ok func(byte) bool) bool {
			return !slices.ContainsFunc(b, func(c byte) bool { return !ok(c) })
		}
		isDigit := func(c byte) bool { return c >= '0' && c <= '9' }
		assert.Equal(rt, every(func(c byte) bool { return c < 128 }), areASCII(b))
		assert.Equal(rt, every(isDigit), areDigits(b))
		assert.Equal(rt, every(func(c byte) bool { return c>>4 < 10 && c&0xF < 10 }), areBCD(b))
		if n, err := strconv.ParseUint(string(b), 10, 64); err == nil && every(isDigit) && len(b) < 20 {
			assert.Equal(rt, n, asciiNumber(b))
		}
		want := hashUint(hashStart, uint64(len(b)))
		for rest := b; len(rest) > 0; rest = rest[min(8, len(rest)):] {
			var word [8]byte
			copy(word[:], rest)
			want = hashUint(want, binary.LittleEndian.Uint64(word[:]))
		}
		assert.Equal(rt, want, hashBytes(hashStart, b), "what is on the disk is found again")
	})
}
