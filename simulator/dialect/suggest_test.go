package dialect

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/acqsim/acqsim/simulator/frame"
)

// changedSpec is an embedded dialect with something else in its file.
func changedSpec(t *testing.T, name, old, with string) *Dialect {
	t.Helper()
	src, err := Source(name)
	require.NoError(t, err)
	d, _, err := compile("mine.yaml", []byte(replaceOnce(t, string(src), old, with)))
	require.NoError(t, err)
	return d
}

// TestSuggestFindsTheMistake makes one in a file that is right, and expects it
// to be told from a message.
func TestSuggestFindsTheMistake(t *testing.T) {
	sale := func(name string) map[int]string {
		return with(messages(name)[0].fields, map[int]string{60: "000001", 48: "LANE 04", 62: "ABCDEF"})
	}
	tests := []struct{ name, old, new, want string }{
		{"iso87-bcd", `"2": {type: String, length: 19, enc: LBCD, prefix: BCD.LL`, `"2": {type: String, length: 19, enc: Digits, prefix: ASCII.LL`,
			"field 2 (Primary account number) with `enc: BCD` and `prefix: BCD.LL` reads the message to its end"},
		{"iso87-bcd", `"11": {type: String, length: 6,`, `"11": {type: String, length: 4,`,
			"field 11 (System trace audit number) with `length: 6` reads the message to its end"},
		{"iso87-bcd", `"48": {type: String, length: 999, enc: Text, prefix: BCD.LLL`, `"48": {type: String, length: 999, enc: Text, prefix: BCD.LL`,
			"field 48 (Additional data (private)) with `prefix: BCD.LLL` reads the message to its end"},
		{"iso87-bcd", `"49": {type: String, length: 3, enc: ASCII, prefix: ASCII.Fixed`, `"49": {type: String, length: 3, enc: BCD, prefix: BCD.Fixed`,
			"field 49 (Transaction currency) with `enc: ASCII` reads the message to its end"},
		{"iso87-ascii", `"12": {type: String, length: 6`, `"12": {type: String, length: 12`,
			"field 12 (Local transaction time) with `length: 6` reads the message to its end"},
		{"iso87-ascii", `"62": {type: String, length: 999`, `"62": {type: String, length: 3`,
			"field 62 (Reserved (private) 62) with `length: 6` reads the message to its end"},
		{"iso87-ebcdic", `"41": {type: String, length: 8, enc: Text, prefix: Number.Fixed`, `"41": {type: String, length: 8, enc: ASCII, prefix: ASCII.Fixed`,
			"field 41 (Terminal) with `enc: EBCDIC1047` reads the message to its end"},
		{"iso87-ascii", `"1": {type: Bitmap, length: 8, enc: HexToASCII, prefix: ASCII.Fixed`, `"1": {type: Bitmap, length: 8, enc: Binary, prefix: Binary.Fixed`,
			"the bitmap would be sensible with `enc: HexToASCII` in field 1"},
		{"iso87-ascii", `    "22": {type: String, length: 3, enc: Digits, prefix: ASCII.Fixed, description: Point of service entry mode, zh: 服务点输入方式码}`, ``,
			"the bitmap names field 22: add it to `spec`"},
		{"iso87-bcd", `"0": {type: String, length: 4, enc: BCD, prefix: BCD.Fixed`, `"0": {type: String, length: 4, enc: EBCDICDigits, prefix: EBCDIC.Fixed`,
			"the MTI would be 0200 with `enc: BCD` in field 0"},
		{"iso87-bcd", `- {is: sale, mti: ["0200"]`, `- {is: sale, mti: ["0210"]`,
			"no row of `transactions` fits: MTI 0200, processing code 000000"},
	}
	for _, test := range tests {
		t.Run(test.name+"/"+test.new, func(t *testing.T) {
			body := built(t, load(t, test.name), sale(test.name))
			d := changedSpec(t, test.name, test.old, test.new)
			all := d.Suggest(body)
			assert.Contains(t, strings.Join(all, "\n"), test.want)
			for _, text := range all {
				assert.NotContains(t, text, testPAN[:8])
			}
			assert.Empty(t, load(t, test.name).Suggest(body), "nothing is wrong")
		})
	}
}

func TestSuggestAfterTrailingBytesAndGarbage(t *testing.T) {
	d := load(t, "iso87-ascii")
	body := built(t, d, messages("iso87-ascii")[0].fields)
	assert.Contains(t, strings.Join(d.Suggest(append(bytes.Clone(body), "xx"...)), "\n"), "more than one message")
	assert.Equal(t, []string{"a message seems to begin 3 bytes later: see `frame`"}, d.Suggest(append([]byte("abc"), body...)))
	assert.Empty(t, d.Suggest(nil))
	assert.Empty(t, d.Suggest([]byte("nothing at all")))
}

func TestSuggestFrame(t *testing.T) {
	for want, f := range map[string]frame.Format{
		"frame: {length: binary2}":                                   {Length: frame.Binary2},
		"frame: {length: ascii4, header: 3}":                         {Length: frame.ASCII4, Header: 3},
		"frame: {length: binary2, tpdu: true, header: 6}":            {Length: frame.Binary2, TPDU: true, Header: 6},
		"frame: {length: bcd2, counts_itself: true, tpdu: true}":     {Length: frame.BCD2, CountsItself: true, TPDU: true},
		"frame: {length: binary4, excludes_header: true, header: 4}": {Length: frame.Binary4, ExcludesHeader: true, Header: 4},
	} {
		d, err := load(t, "iso87-ascii").WithFrame(f)
		require.NoError(t, err)
		body := built(t, d, messages("iso87-ascii")[0].fields)
		raw, err := d.AppendRequest(nil, nil, nil, body)
		require.NoError(t, err)
		at, ok := d.Find(raw)
		require.True(t, ok, want)
		assert.Equal(t, f.Overhead(), at, want)
		assert.Contains(t, SuggestFrame(raw, at), want)
	}
	assert.Empty(t, SuggestFrame([]byte("no frame"), 3))
	_, ok := load(t, "iso87-ascii").Find([]byte("no message"))
	assert.False(t, ok)
}

// FuzzSuggest: whatever the bytes, there is no panic, and no value is told.
func FuzzSuggest(f *testing.F) {
	var all []*Dialect
	for i, name := range specs(f) {
		d := load(f, name)
		all = append(all, d)
		body := built(f, d, messages(name)[0].fields)
		f.Add(append([]byte{byte(i)}, body[:len(body)-3]...))
		f.Add(append([]byte{byte(i), 'x', 'y'}, body...))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		if len(in) == 0 || len(in) > 1000 {
			return
		}
		d := all[int(in[0])%len(all)]
		for _, text := range d.Suggest(in[1:]) {
			require.NotContains(t, text, testPAN[:8])
		}
		if at, ok := d.Find(in[1:]); ok {
			SuggestFrame(in[1:], at)
		}
	})
}

// TestScaffold: what one starts from is right, speaks what it was made from, and
// has every step.
func TestScaffold(t *testing.T) {
	for _, name := range Names() {
		src, err := Source(name)
		require.NoError(t, err)
		text, err := Scaffold("my-own", name, src)
		require.NoError(t, err)
		require.NoError(t, Lint("my-own.yaml", text), name)
		d, variants, err := compile("my-own.yaml", text)
		require.NoError(t, err)
		assert.Equal(t, "my-own", d.Name())
		assert.Equal(t, load(t, name).Format(), d.Format())
		assert.Len(t, variants, len(load(t, name).Variants()))
		for i := 1; i <= 8; i++ {
			assert.Equal(t, 1, strings.Count(string(text), "# STEP "+string(rune('0'+i))+":"), "%s, step %d", name, i)
		}
		assert.NotContains(t, string(text), name+"/")
		for _, m := range messages(name) {
			assert.Equal(t, built(t, load(t, name), m.fields), built(t, d, m.fields), "%s %s", name, m.name)
		}
	}
	for name, want := range map[string]string{"": "needs a name", "Mine": "lower-case letters", "a/b": "lower-case letters", "iso87-bcd": "choose another name"} {
		_, err := Scaffold(name, "iso87-bcd", nil)
		require.ErrorContains(t, err, want)
	}
}
