package dialect

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/moov-io/iso8583/encoding"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/text/encoding/charmap"
	"pgregory.net/rapid"

	"github.com/acqsim/acqsim/scenarios/strictyaml"
)

// TestCodePagesAgainstTheirTables compares with golang.org/x/text, which made
// them, and moov, on every byte and on text.
func TestCodePagesAgainstTheirTables(t *testing.T) {
	for page, m := range map[*codePage]*charmap.Charmap{page037: charmap.CodePage037, page1047: charmap.CodePage1047} {
		e := pageEncoder{page}
		for i := range 256 {
			r := m.DecodeByte(byte(i))
			require.Less(t, r, rune(256), "a character of Latin-1")
			text, read, err := e.Decode([]byte{byte(i)}, 1)
			require.NoError(t, err)
			require.Equal(t, 1, read)
			require.Equal(t, string(r), string(text))
			back, err := e.Encode(text)
			require.NoError(t, err)
			require.Equal(t, []byte{byte(i)}, back)
			require.Equal(t, 1, page.size(text))
		}
	}
	rapid.Check(t, func(rt *rapid.T) {
		text := []byte(rapid.OneOf(rapid.String(), rapid.StringMatching(`[ -~¡-ÿ]*`)).Draw(rt, "text"))
		ours, err := pageEncoder{page1047}.Encode(text)
		moovs, moovErr := encoding.EBCDIC1047.Encode(text)
		if (err == nil) != (moovErr == nil) || err == nil && (!bytes.Equal(ours, moovs) || len(ours) != page1047.size(text)) {
			rt.Fatalf("%q: ours %x %v, moov's %x %v", text, ours, err, moovs, moovErr)
		}
		line := rapid.SliceOf(rapid.Byte()).Draw(rt, "line")
		back, _, err := pageEncoder{page1047}.Decode(line, len(line))
		moovBack, _, moovErr := encoding.EBCDIC1047.Decode(line, len(line))
		if err != nil || moovErr != nil || !bytes.Equal(back, moovBack) || !utf8.Valid(back) {
			rt.Fatalf("%x: ours %q %v, moov's %q %v", line, back, err, moovBack, moovErr)
		}
	})
}

// TestCodePagesDiffer in the characters that the comment names, and no others.
func TestCodePagesDiffer(t *testing.T) {
	differ := func(a, b *codePage) (text string) {
		for i := range 256 {
			if a.fromText[i] != b.fromText[i] && i > ' ' && i < 127 {
				text += string(rune(i))
			}
		}
		return text
	}
	assert.Equal(t, "[]^", differ(page1047, page037))
	assert.Equal(t, "![]|", differ(page1047, pageMoov))
	assert.Equal(t, "![]^|", differ(page037, pageMoov))
}

func TestZonedDigits(t *testing.T) {
	e := zonedEncoder{}
	line, err := e.Encode([]byte("0123456789"))
	require.NoError(t, err)
	assert.Equal(t, unhexed(t, "f0f1f2f3f4f5f6f7f8f9"), line)
	text, read, err := e.Decode(append(line, 'x'), 10)
	require.NoError(t, err)
	assert.Equal(t, "0123456789", string(text))
	assert.Equal(t, 10, read)
	_, err = e.Encode([]byte("1A"))
	require.EqualError(t, err, "character 2 is 'A': not a decimal digit")
	_, _, err = e.Decode([]byte{0xF1, 0xC1}, 2) // +1 of signed zoned decimal
	require.EqualError(t, err, "byte 2 is c1: not an EBCDIC digit")
	for _, length := range []int{-1, 11} {
		_, _, err = e.Decode(line, length)
		require.Error(t, err)
	}
	rapid.Check(t, func(rt *rapid.T) {
		b := rapid.SliceOfN(rapid.OneOf(rapid.ByteRange(0xF0, 0xF9), rapid.Byte()), 0, 30).Draw(rt, "bytes")
		want := bytes.IndexFunc([]byte(latin1(b)), func(r rune) bool { return r < 0xF0 || r > 0xF9 })
		if want >= 0 {
			want = len([]rune(latin1(b)[:want]))
		}
		if got := badZoned(b); got != want {
			rt.Fatalf("%x: %d, want %d", b, got, want)
		}
	})
}

// latin1 is bytes as runes.
func latin1(b []byte) string {
	var s strings.Builder
	for _, c := range b {
		s.WriteRune(rune(c))
	}
	return s.String()
}

// TestEBCDICOnTheLine pins the bytes of a message in every form of the dialect.
func TestEBCDICOnTheLine(t *testing.T) {
	fields := map[int]string{0: "0800", 2: "123", 11: "42", 41: "T[1]", 70: "301"}
	for name, want := range map[string]string{
		"iso87-ebcdic": "f0f8f0f0" + "c020000000800000" + "0400000000000000" +
			"f0f3" + "f1f2f3" + "f0f0f0f0f4f2" + "e3adf1bd40404040" + "f3f0f1",
		"iso87-ebcdic/cp037": "f0f8f0f0" + "c020000000800000" + "0400000000000000" +
			"f0f3" + "f1f2f3" + "f0f0f0f0f4f2" + "e3baf1bb40404040" + "f3f0f1",
		"iso87-ebcdic/packed": "0800" + "c020000000800000" + "0400000000000000" +
			"03" + "0123" + "000042" + "e3adf1bd40404040" + "0301",
	} {
		d := load(t, name)
		body := built(t, d, fields)
		assert.Equal(t, unhexed(t, want), body, name)
		req := read(t, d, fields)
		assert.Equal(t, "T[1]", req.Terminal.String(), name)
		assert.Equal(t, uint32(42), req.STAN, name)
		assert.Equal(t, uint16(301), req.NetworkCode, name)
		out, err := d.AppendReply(nil, req, approved())
		require.NoError(t, err)
		m, err := d.Unpack(out)
		require.NoError(t, err)
		for n, want := range map[int]string{0: "0810", 11: "000042", 39: "00", 41: "T[1]    ", 70: "301"} {
			got, err := m.GetString(n)
			require.NoError(t, err)
			assert.Equal(t, want, got, "%s field %d", name, n)
		}
	}
}

// TestEncodingsOfVariants: a variant may choose how text and numbers are
// written, and mistakes are told once.
func TestEncodingsOfVariants(t *testing.T) {
	src := strings.Replace(small, "  tpdu: {length", "  packed: {length: hex4, charset: EBCDIC037, numbers: BCD}\n  tpdu: {length", 1)
	src = strings.NewReplacer(`enc: EBCDIC, prefix: EBCDIC.Fixed`, `enc: Number, prefix: Number.Fixed`).Replace(src)
	file := filepath.Join(t.TempDir(), "small.yaml")
	require.NoError(t, os.WriteFile(file, []byte(src), 0o600))
	plain, err := LoadFile(file)
	require.NoError(t, err)
	packed, err := LoadFile(file + "/packed")
	require.NoError(t, err)
	assert.Equal(t, "small/packed", packed.Name())
	assert.Equal(t, asciiDigit, plain.fields[11].value)
	assert.Equal(t, bcdRight, packed.fields[11].value)
	assert.Equal(t, page037, packed.fields[63].page)
	assert.True(t, plain.fields[63].charset)

	for old, c := range map[string]struct{ new, want string }{
		"numbers: BCD":       {"numbers: BCDs", "numbers can't be written in \"BCDs\""},
		"charset: EBCDIC037": {"charset: EBCDIC37", "no charset is called \"EBCDIC37\" (did you mean `EBCDIC037`?)"},
		"prefix: Number.":    {"prefix: Numbers.", "no prefix is called \"Numbers.Fixed\""},
	} {
		var all strictyaml.Problems
		require.ErrorAs(t, Lint("small.yaml", []byte(strings.Replace(src, old, c.new, 1))), &all)
		assert.Equal(t, 1, strings.Count(all.Error(), c.want), "told once:\n%s", all)
	}
}
