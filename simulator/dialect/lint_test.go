package dialect

import (
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/acqsim/acqsim/scenarios/strictyaml"
	"github.com/acqsim/acqsim/scenarios/world"
	"github.com/acqsim/acqsim/simulator/frame"
	"github.com/acqsim/acqsim/simulator/security"
)

// small is a complete dialect of few fields, with a field of most kinds.
const small = `name: small
title: {en: Small, zh: 小}
frame: {length: ascii4}
variants:
  tpdu: {length: binary2, tpdu: true, expect: {tpdu: ["60"]}}
conventions:
  charset: GBK
  clock: host
  batch: "60.2"
  network_code: ["60.3"]
  transactions:
    - {is: sale, mti: ["0200"], when: {"3": ["00*"]}}
    - {is: sign-on, mti: ["0800"]}
  originals:
    - {for: [void], stan: 11}
  duplicates: {key: [41, 11], policy: repeat-answer}
  mac: {algorithm: x9.19, field: 64, policy: require}
  pin: {format: iso-1, field: 52}
  keys: {field: 62, codes: {"001": single}}
  replies:
    other: {echo: [3, 4, 11, 41, "60.3"], host: [12, 39]}
codes:
  base: iso8583-1987
  issuer-timeout: "91"
spec:
  fields:
    "0": {type: String, length: 4, enc: ASCII, prefix: ASCII.Fixed}
    "1": {type: Bitmap, length: 8, enc: Binary, prefix: Binary.Fixed}
    "2": {type: String, length: 19, enc: Digits, prefix: ASCII.LL}
    "3": {type: Numeric, length: 6, enc: ASCII, prefix: ASCII.Fixed, padding: {type: Left, pad: "0"}}
    "4": {type: String, length: 12, enc: ASCII, prefix: ASCII.Fixed, padding: {type: Left, pad: "0"}}
    "11": {type: String, length: 6, enc: EBCDIC, prefix: EBCDIC.Fixed}
    "12": {type: String, length: 6, enc: BCD, prefix: BCD.Fixed}
    "35": {type: Track2, length: 37, enc: ASCII, prefix: ASCII.LL}
    "39": {type: String, length: 2, enc: ASCII, prefix: ASCII.Fixed}
    "41": {type: String, length: 8, enc: ASCII, prefix: ASCII.Fixed, padding: {type: Right, pad: " "}}
    "48":
      type: Composite
      length: 99
      prefix: ASCII.LL
      tag: {length: 2, enc: ASCII, sort: StringsByInt}
      subfields:
        "01": {type: String, length: 10, enc: ASCII, prefix: ASCII.LL, description: One}
        "02": {type: Hex, length: 10, enc: Binary, prefix: Binary.L}
    "52": {type: Binary, length: 8, enc: HexToASCII, prefix: ASCII.Fixed}
    "60":
      type: String
      length: 20
      enc: LBCD
      prefix: BCD.LLL
      parts:
        - {id: "1", length: 2}
        - {id: "2", length: 6}
        - {id: "3", length: 3}
    "62": {type: Binary, length: 99, enc: Binary, prefix: Binary.LL}
    "63": {type: String, length: 50, enc: Text, prefix: ASCII.LL}
    "64": {type: Binary, length: 8, enc: Binary, prefix: Binary.Fixed}
`

// TestUserDialect runs messages through a dialect whose fields the index knows
// only in part.
func TestUserDialect(t *testing.T) {
	file := filepath.Join(t.TempDir(), "small.yaml")
	require.NoError(t, os.WriteFile(file, []byte(small), 0o600))
	d, err := Open(file)
	require.NoError(t, err)
	assert.Equal(t, "small", d.Name())
	assert.Equal(t, "91", d.Code(200, world.IssuerTimeout))
	assert.Equal(t, "00", d.Code(200, world.Approved))
	assert.Equal(t, security.MACRequire, d.MACPolicy())
	assert.Equal(t, security.MACOff, d.WithMACPolicy(security.MACOff).MACPolicy())
	assert.Equal(t, security.MACRequire, d.MACPolicy(), "the first one stays as it was")
	assert.Equal(t, security.X919, d.MACAlgorithm())
	assert.Equal(t, security.ISO1, d.PINFormat())
	assert.True(t, d.RepeatsAnswer())
	assert.True(t, d.RememberUnmatched())
	assert.Equal(t, 100, d.CompletionShare())
	assert.Equal(t, EdgeOutcomes{
		ReversalUnmatched: world.OriginalNotFound, ReversalClosedBatch: world.OriginalNotFound,
		ReversalOtherAmount: world.OriginalAmountDiffers, ReversalOfDeclined: world.Approved,
		ReversalOfVoided: world.InvalidTransaction, ReversalOfRefunded: world.InvalidTransaction, ReversalOfVoid: world.Approved,
		VoidOfVoided: world.InvalidTransaction, VoidOfReversed: world.InvalidTransaction,
		VoidOfDeclined: world.InvalidTransaction, VoidOfRefunded: world.InvalidTransaction,
	}, *d.Edges())

	m := testMAC(t, d)
	body, err := d.Build(map[int]string{
		0: "0200", 2: testPAN, 3: "000000", 4: "1000", 11: "000042", 35: testPAN + "=30122011234", 41: "T1", 48: "0105hello02\x03" + "\x01\x02\x03",
		52: "0123456789ABCDEF", 60: "2200000100060", 63: "测试",
	}, m)
	require.NoError(t, err)
	var req Request
	require.NoError(t, d.Read(framed(t, d, body), &req))
	sizes, end, err := moovReads(d, body)
	require.NoError(t, err)
	assert.Equal(t, len(body), end)
	for n, size := range sizes {
		assert.Len(t, req.Index.Raw(body, n), size, "field %d", n)
	}
	assert.Equal(t, world.Sale, req.Type, "a rule sees the zeros that a Numeric drops")
	assert.Equal(t, int64(1000), req.Amount)
	assert.Equal(t, uint32(42), req.STAN, "EBCDIC, read by moov")
	assert.Equal(t, "T1", req.Terminal.String())
	assert.Equal(t, uint16(3012), req.Expiry, "from a Track2, read by moov")
	assert.Equal(t, uint32(1), req.Batch)
	assert.True(t, d.Verify(&req, m))

	resp := approved()
	resp.MAC = m
	out, err := d.AppendReply(nil, &req, resp)
	require.NoError(t, err)
	reply, err := d.Unpack(out)
	require.NoError(t, err)
	for n, want := range map[int]string{0: "0210", 3: "0", 4: "1000", 11: "000042", 12: "090807", 39: "00", 41: "T1", 60: "22000007000"} {
		got, err := reply.GetString(n)
		require.NoError(t, err)
		assert.Equal(t, want, got, "field %d", n)
	}

	masked := append([]byte(nil), body...)
	d.Mask(masked, &req.Index, 0)
	assert.False(t, reveals(masked, testPAN))
	require.NoError(t, d.Read(framed(t, d, masked), &req))

	views, err := d.View(body)
	require.NoError(t, err)
	assert.Equal(t, "hello", path48(views, "48.01"))
	assert.Equal(t, "010203", path48(views, "48.02"))

	v, err := LoadFile(file + "/tpdu")
	require.NoError(t, err)
	assert.True(t, v.Format().TPDU)
	assert.Equal(t, "small/tpdu", v.Name())
	_, err = LoadFile(file + "/other")
	require.ErrorContains(t, err, `no variant is called "other"`)
	_, err = LoadFile(file + ".none")
	require.ErrorIs(t, err, os.ErrNotExist)

	w, err := d.WithFrame(frame.Format{Length: frame.Hex4})
	require.NoError(t, err)
	assert.Equal(t, frame.Hex4, w.Format().Length)
	_, err = d.WithFrame(frame.Format{Header: -1})
	require.Error(t, err)
}

func path48(views []FieldView, path string) string {
	for _, v := range views {
		for _, s := range v.Sub {
			if s.Path == path {
				return s.Value
			}
		}
	}
	return ""
}

// TestLintReportsEveryMistake changes one thing in a good file and expects one
// complaint, in its place.
func TestLintReportsEveryMistake(t *testing.T) {
	require.NoError(t, Lint("small.yaml", []byte(small)))
	tests := []struct{ old, new, want string }{
		{"name: small", "name: Small!", "the name \"Small!\" may hold lower-case letters"},
		{"name: small", "nam: small", "unknown key `nam`"},
		{"length: ascii4", "length: ascii5", "no length"},
		{"charset: GBK", "charset: GKB", "no charset is called \"GKB\" (did you mean `GBK`?)"},
		{"clock: host", "clock: terminal", "\"terminal\" is neither host nor echo"},
		{`batch: "60.2"`, `batch: "60.9"`, "field 60 has no part \"9\"; it has 1, 2, 3"},
		{`batch: "60.2"`, `batch: "61"`, "field 61 is not defined in the spec"},
		{`batch: "60.2"`, `batch: "1"`, "\"1\" is no field (2 to 128)"},
		{"clock: host", `invoice: "52"`, "field 52 is binary and cannot be read as a number"},
		{`batch: "60.2"`, `batch: "52"`, "field 52 is binary and cannot be read as a number"},
		{"is: sale", "is: sal", "no transaction type is called \"sal\" (did you mean `sale`?)"},
		{`mti: ["0200"]`, `mti: [0200]`, "quote it"},
		{`mti: ["0200"]`, `mti: ["200"]`, "\"200\" is no MTI"},
		{`mti: ["0200"]`, `mti: ["0201"]`, "\"0201\" is a repeat's MTI"},
		{`mti: ["0200"]`, `mti: []`, "at least one MTI is needed"},
		{`"3": ["00*"]`, `"3": ["0*0"]`, "* may stand at the end only"},
		{`"3": ["00*"]`, `"3": ["0000000"]`, "is longer than the field, which has at most 6"},
		{`"3": ["00*"]`, `"3": []`, "at least one value is needed"},
		{"for: [void]", "for: [sale]", "a sale has no original"},
		{"clock: host", "reversals: {of_declined: aproved}", "no outcome is called \"aproved\" (did you mean `approved`?)"},
		{"clock: host", "reversals: {of_decline: approved}", "of_decline"},
		{"clock: host", "voids: {of_voided: x}", "no outcome is called \"x\""},
		{"clock: host", "reversals: {of_void: restore}", "no outcome is called \"restore\""},
		{"clock: host", "completion_share: 99", "99 is no share: percent of the pre-authorisation, 100 to 200"},
		{"clock: host", "completion_share: 201", "201 is no share"},
		{"policy: repeat-answer", "policy: again", "neither answer-94 nor repeat-answer"},
		{"field: 64, policy: require", "field: 63, policy: require", "the MAC field 63 must be a Binary of fixed length 8"},
		{"field: 64, policy: require", "field: 129, policy: require", "129 is no field number"},
		{"policy: require", "policy: always", "always"},
		{"format: iso-1", "format: iso-9", "iso-9"},
		{"{\"001\": single}", "{\"001\": treble}", "no form of key download is called \"treble\""},
		{"{\"001\": single}", "{\"1000\": single}", "\"1000\" is no network code"},
		{"other: {", "others: {", "no class of messages is called \"others\" (did you mean `other`?)"},
		{"echo: [3, 4,", "echo: [3, 52,", "field 52 is never echoed"},
		{"echo: [3, 4,", "echo: [3, 64,", "field 64 is never echoed"},
		{"echo: [3, 4,", "echo: [3, 5,", "field 5 is not defined in the spec"},
		{"host: [12, 39]", "host: [12]", "the host must add field 39"},
		{"host: [12, 39]", "host: [39, 41]", "the host has nothing to put into field 41"},
		{"host: [12, 39]", "host: [39, 13]", "field 13 is not defined in the spec"},
		{"base: iso8583-1987", "base: iso8583", "no table of response codes is called \"iso8583\""},
		{`issuer-timeout: "91"`, `issuer-timout: "91"`, "did you mean `issuer-timeout`?"},
		{`issuer-timeout: "91"`, `issuer-timeout: "911"`, "the code \"911\" does not fit field 39, which has 2 characters"},
		{`issuer-timeout: "91"`, `issuer-timeout: 05`, "quote it"},
		{`"0": {type: String, length: 4`, `"0": {type: String, length: 5`, "the MTI must be a String of fixed length 4"},
		{`"1": {type: Bitmap, length: 8`, `"1": {type: Bitmap, length: 16`, "field 1 must be a Bitmap of length 8"},
		{`"2": {type: String`, `"2": {type: Strng`, "no field type is called \"Strng\" (did you mean `String`?)"},
		{`"2": {type: String`, `"129": {type: String`, "\"129\" is no field number"},
		{`"2": {type: String, length: 19, enc: Digits, prefix: ASCII.LL}`, `"65": {type: Bitmap, length: 8, enc: Binary, prefix: Binary.Fixed}`, "leave it out, and bit 65 says that a third bitmap follows"},
		{`"62": {type: Binary, length: 99, enc: Binary, prefix: Binary.LL}`, `"62": {type: Bitmap, length: 8, enc: Binary, prefix: Binary.Fixed}`, "field 62 cannot be a bitmap; field 1 is"},
		{"format: iso-1", "format: iso-4", "a PIN block of iso-4 has 16 bytes: make field 52 a Binary of length 16"},
		{`"52": {type: Binary, length: 8`, `"52": {type: Binary, length: 16`, "a PIN block of iso-1 has 8 bytes: make field 52 a Binary of length 8"},
		{`"52": {type: Binary, length: 8, enc: HexToASCII`, `"52": {type: String, length: 8, enc: ASCII`, "a PIN block of iso-1 has 8 bytes"},
		{`"2": {type: String, length: 19`, `"2": {type: String, length: 0`, "a length of 0; a field has 1 to 65535"},
		{`"2": {type: String, length: 19, enc: Digits`, `"2": {type: String, length: 19, enc: Digit`, "no encoding is called \"Digit\" (did you mean `Digits`?)"},
		{`enc: Digits, prefix: ASCII.LL`, `enc: Digits, prefix: ASCII.L2`, "no prefix is called \"ASCII.L2\""},
		{`padding: {type: Left, pad: "0"}`, `padding: {type: Left, pad: "00"}`, "the pad \"00\" is not one character"},
		{`padding: {type: Right, pad: " "}`, `padding: {type: Rigth, pad: " "}`, "no padding is called \"Rigth\" (did you mean `Right`?)"},
		{"sort: StringsByInt", "sort: Strings", "no sort order is called \"Strings\""},
		{`        "01": {type`, `        "x1": {type`, "the subfield name \"x1\" is not a number"},
		{"type: Composite", "type: String", "a field of type String has no subfields; a Composite has"},
		{`      tag: {length: 2, enc: ASCII, sort: StringsByInt}`, ``, "a Composite needs a tag or a bitmap"},
		{`- {id: "2", length: 6}`, `- {id: "2"}`, "part \"2\" needs a length"},
		{`- {id: "2", length: 6}`, `- {id: "1", length: 6}`, "the field has another part \"1\""},
		{`- {id: "3", length: 3}`, `- {id: "3", length: 30}`, "part \"3\" ends at 38, beyond the field's 20"},
		{`expect: {tpdu: ["60"]}`, `expect: {tpdu: ["6"]}`, "\"6\" is not hexadecimal bytes"},
		{`expect: {tpdu: ["60"]}`, `expect: {unexpected: ignore}`, "\"ignore\" is neither drop nor accept"},
	}
	position := regexp.MustCompile(`^small\.yaml:\d+:\d+: `)
	for _, test := range tests {
		t.Run(test.new, func(t *testing.T) {
			require.Contains(t, small, test.old)
			err := Lint("small.yaml", []byte(strings.Replace(small, test.old, test.new, 1)))
			var all strictyaml.Problems
			require.ErrorAs(t, err, &all)
			found := false
			for _, p := range all {
				assert.Regexp(t, position, p.Error())
				found = found || strings.Contains(p.Error(), test.want)
			}
			assert.True(t, found, "no complaint %q in:\n%v", test.want, err)
		})
	}
}

// TestLintTellsAMistakeOnce: what follows from one is not told besides it.
func TestLintTellsAMistakeOnce(t *testing.T) {
	for _, test := range []struct{ old, new, want string }{
		{`mti: ["0200"]`, `mti: [0200]`, "small.yaml:12:24: a text is wanted, but YAML reads an unquoted 0200 as a number"},
		{`"41": {type: String`, `"41": {type: Strng`, "no field type is called \"Strng\""},
		{`"1": {type: Bitmap, length: 8, enc: Binary, prefix: Binary.Fixed}`, ``, "no dialect can do without field \"1\" (the bitmap)"},
		{`host: [12, 39]`, `host: [12]`, "the host must add field 39"},
	} {
		var all strictyaml.Problems
		require.ErrorAs(t, Lint("small.yaml", []byte(strings.Replace(small, test.old, test.new, 1))), &all, test.new)
		assert.Len(t, all, 1, "%s:\n%v", test.new, all)
		assert.Contains(t, all[0].Error(), test.want)
		assert.Contains(t, all[0].Error(), "small.yaml:")
	}
	var all strictyaml.Problems
	require.ErrorAs(t, Lint("small.yaml", []byte(strings.Replace(small, `"39": {`, `"38": {`, 1))), &all)
	assert.Contains(t, all.Error(), "small.yaml:26:3: no dialect can do without field \"39\" (response code)")
}

func TestLintReportsAllAtOnce(t *testing.T) {
	bad := strings.NewReplacer("clock: host", "clock: x", "is: sale", "is: sail", "enc: Digits", "enc: Digit", "host: [12, 39]", "host: [12]").Replace(small)
	var all strictyaml.Problems
	require.ErrorAs(t, Lint("small.yaml", []byte(bad)), &all)
	assert.GreaterOrEqual(t, len(all), 4)
	_, err := LoadFile(filepath.Join(t.TempDir(), "none.yaml"))
	require.True(t, errors.Is(err, os.ErrNotExist))
	require.Error(t, Lint("empty.yaml", nil))
}

// FuzzDialect feeds anything to the loader; what it accepts must work.
func FuzzDialect(f *testing.F) {
	f.Add([]byte(small))
	f.Add([]byte("name: x\nspec: {fields: {}}\n"))
	example, err := os.ReadFile(filepath.Join("testdata", "dukpt.yaml"))
	require.NoError(f, err)
	f.Add(example)
	message := []byte("0200\x60\x20\x00\x00\x00\x80\x00\x0016" + testPAN16 + "000000000042T0000001")
	f.Fuzz(func(t *testing.T, src []byte) {
		d, variants, err := compile("fuzz.yaml", src)
		if err != nil {
			var all strictyaml.Problems
			require.ErrorAs(t, err, &all)
			return
		}
		for _, d := range append([]*Dialect{d}, values(variants)...) {
			var req Request
			_ = d.Read(frame.Frame{Body: message}, &req)
			_, _ = d.View(message)
			if d.HasChip(&req) {
				_, _ = d.ChipData(&req)
			}
			if d.DUKPT() {
				require.NoError(t, d.SetKSN(map[int]string{}, security.KSN{9: 1}))
			}
			if _, err := d.AppendReply(nil, &req, approved()); err == nil {
				require.True(t, req.Answerable())
			}
			d.Mask(append([]byte(nil), message...), &req.Index, 0)
		}
	})
}

func values(m map[string]*Dialect) (all []*Dialect) {
	for _, d := range m {
		all = append(all, d)
	}
	return all
}
