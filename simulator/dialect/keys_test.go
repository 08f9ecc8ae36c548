package dialect

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/acqsim/acqsim/simulator/security"
)

const testKSN = "FFFF9876543210E00003"

// dukpt is the small dialect with keys by DUKPT and another field 53.
func dukpt(t testing.TB, keys, field53 string) *Dialect {
	t.Helper()
	src := strings.NewReplacer(
		`keys: {field: 62, codes: {"001": single}}`, "keys: "+keys+"\n  chip: {field: 62}",
		`    "60":`, field53+"\n"+`    "60":`,
	).Replace(small)
	d, _, err := compile("small.yaml", []byte(src))
	require.NoError(t, err)
	return d
}

// A key serial number is the same one however a field holds it.
func TestKSNInEveryForm(t *testing.T) {
	want, err := security.ParseKSN(testKSN)
	require.NoError(t, err)
	ebcdic, err := page1047.appendLine(nil, []byte(testKSN))
	require.NoError(t, err)
	const parts = `, parts: [{id: "1", length: 2}, {id: "2", length: %d}]}`
	for name, c := range map[string]struct {
		keys, field string
		wire        string // how the field looks in the message
	}{
		"10 bytes":             {"dukpt", `    "53": {type: Binary, length: 10, enc: Binary, prefix: Binary.Fixed}`, string(want[:])},
		"8 bytes":              {"dukpt", `    "53": {type: Binary, length: 8, enc: Binary, prefix: Binary.Fixed}`, string(want[2:])},
		"bytes, length before": {"dukpt", `    "53": {type: Binary, length: 48, enc: Binary, prefix: ASCII.LL}`, "10" + string(want[:])},
		"hexadecimal bytes":    {"dukpt", `    "53": {type: Binary, length: 10, enc: HexToASCII, prefix: ASCII.Fixed}`, testKSN},
		"text of 20":           {"dukpt", `    "53": {type: String, length: 20, enc: ASCII, prefix: ASCII.Fixed}`, testKSN},
		"text of 16":           {"dukpt", `    "53": {type: String, length: 16, enc: ASCII, prefix: ASCII.Fixed}`, testKSN[4:]},
		"text in EBCDIC":       {"dukpt", `    "53": {type: String, length: 20, enc: EBCDIC1047, prefix: ASCII.Fixed}`, string(ebcdic)},
		"another field":        {`{method: dukpt, ksn: 63}`, ``, "20" + testKSN},
		"part of a text":       {`{method: dukpt, ksn: "53.2"}`, fmt.Sprintf(`    "53": {type: String, length: 30, enc: ASCII, prefix: ASCII.LL`+parts, 20), "22  " + testKSN},
		"part of a binary":     {`{method: dukpt, ksn: "53.2"}`, fmt.Sprintf(`    "53": {type: Binary, length: 10, enc: Binary, prefix: Binary.Fixed`+parts, 8), "\x00\x00" + string(want[2:])},
	} {
		t.Run(name, func(t *testing.T) {
			d := dukpt(t, c.keys, c.field)
			assert.True(t, d.DUKPT())
			fields := map[int]string{0: "0200", 3: "000000", 11: "000001"}
			require.NoError(t, d.SetKSN(fields, want))
			body := built(t, d, fields)
			assert.True(t, bytes.HasSuffix(body, []byte(c.wire)), "%q in %q", c.wire, body)
			var req Request
			require.NoError(t, d.Read(framed(t, d, body), &req))
			assert.Equal(t, want, req.KSN)
			// The next message on the same Request has none.
			require.NoError(t, d.Read(framed(t, d, built(t, d, map[int]string{0: "0200", 3: "000000", 11: "000002"})), &req))
			assert.True(t, req.KSN.IsZero())
		})
	}
}

func TestKSNKeepsTheRestOfItsField(t *testing.T) {
	d := dukpt(t, `{method: dukpt, ksn: "53.2"}`, `    "53": {type: String, length: 30, enc: ASCII, prefix: ASCII.LL, parts: [{id: "1", length: 2}, {id: "2", length: 16}, {id: "3"}]}`)
	k, err := security.ParseKSN(testKSN)
	require.NoError(t, err)
	fields := map[int]string{53: "AB................YZ"}
	require.NoError(t, d.SetKSN(fields, k))
	assert.Equal(t, "AB9876543210E00003YZ", fields[53])
	require.Error(t, load(t, "iso87-bcd").SetKSN(fields, k), "no place for one")
}

func TestWhatIsNoKSN(t *testing.T) {
	d := dukpt(t, "dukpt", `    "53": {type: String, length: 20, enc: ASCII, prefix: ASCII.LL}`)
	for _, bad := range []string{"", "hello", "FFFF9876543210E0000", strings.Repeat("G", 20)} {
		req := read(t, d, map[int]string{0: "0200", 3: "000000", 11: "000001", 53: bad})
		assert.True(t, req.KSN.IsZero(), bad)
	}
}

func TestReplyMACKeys(t *testing.T) {
	k, err := security.ParseKSN(testKSN)
	require.NoError(t, err)
	initial, err := security.InitialKey(security.DefaultBDK(), k)
	require.NoError(t, err)
	tran, err := security.DeriveTransaction(initial, k)
	require.NoError(t, err)
	const field = `    "53": {type: Binary, length: 10, enc: Binary, prefix: Binary.Fixed}`
	request, err := tran.MACRequest()
	require.NoError(t, err)
	response, err := tran.MACResponse()
	require.NoError(t, err)
	require.False(t, request.Equal(response))
	for keys, want := range map[string]security.Key{
		"dukpt": response, "{method: dukpt, reply_mac: response}": response, "{method: dukpt, reply_mac: request}": request,
	} {
		got, err := dukpt(t, keys, field).ReplyMACKey(tran)
		require.NoError(t, err)
		assert.True(t, want.Equal(got), keys)
	}
	assert.True(t, dukpt(t, "{method: dukpt, repeated_ksn: refuse}", field).RefusesRepeatedKSN())
	assert.False(t, dukpt(t, "dukpt", field).RefusesRepeatedKSN())
	assert.False(t, load(t, "unionpay-pos").DUKPT())
}

func TestLintOfKeysAndChip(t *testing.T) {
	const binary = `    "53": {type: Binary, length: 10, enc: Binary, prefix: Binary.Fixed}`
	for _, c := range []struct{ keys, field, want string }{
		{"dukbt", binary, "no method of key management is called \"dukbt\" (did you mean `dukpt`?)"},
		{"{method: dukbt}", binary, "no method of key management"},
		{"dukpt", "", "field 53 is not defined"},
		{"dukpt", `    "53": {type: String, length: 16, enc: BCD, prefix: BCD.Fixed}`, "a key serial number has letters"},
		{"dukpt", `    "53": {type: String, length: 16, enc: Digits, prefix: ASCII.Fixed}`, "a key serial number has letters"},
		{"dukpt", `    "53": {type: Binary, length: 9, enc: Binary, prefix: Binary.Fixed}`, "a key serial number has letters"},
		{"dukpt", `    "53": {type: String, length: 15, enc: ASCII, prefix: ASCII.LL}`, "a key serial number has letters"},
		{"{method: dukpt, ksn: \"60.2\"}", binary, "a key serial number has letters"},
		{"{method: dukpt, ksn: \"60.9\"}", binary, "field 60 has no part \"9\""},
		{"{method: dukpt, field: 62}", binary, "`field` is for a key download"},
		{"{method: dukpt, reply_mac: both}", binary, "\"both\" is neither response nor request"},
		{"{method: dukpt, repeated_ksn: drop}", binary, "\"drop\" is neither note nor refuse"},
		{"{field: 62}", binary, "`codes` is missing"},
		{"{codes: {\"001\": single}}", binary, "`field` is missing"},
		{"{field: 62, codes: {\"001\": single}, ksn: 53}", binary, "`ksn` is for `method: dukpt`"},
		{"[dukpt]", binary, ""},
	} {
		src := strings.NewReplacer(`{field: 62, codes: {"001": single}}`, c.keys, `    "60":`, c.field+"\n"+`    "60":`).Replace(small)
		err := Lint("small.yaml", []byte(src))
		require.Error(t, err, c.keys)
		assert.ErrorContains(t, err, c.want)
	}
	x99 := strings.NewReplacer(`{field: 62, codes: {"001": single}}`, "dukpt", `    "60":`, binary+"\n"+`    "60":`, "algorithm: x9.19", "algorithm: x9.9").Replace(small)
	assert.ErrorContains(t, Lint("small.yaml", []byte(x99)), "x9.9 takes 8")
	for field, want := range map[string]string{
		"52": "chip data is BER-TLV", "60": "chip data is BER-TLV", "12": "chip data is BER-TLV", "5": "not defined", "48": "chip data is BER-TLV",
	} {
		src := strings.Replace(small, "  replies:", "  chip: {field: "+field+"}\n  replies:", 1)
		assert.ErrorContains(t, Lint("small.yaml", []byte(src)), want, field)
	}
}

// The host's answer to a chip stands in DE 55 as the dialect writes it, without
// being asked for in the replies.
func TestChipDataThereAndBack(t *testing.T) {
	const asked = "9F360200079F26080102030405060708"
	const answer = "9F360200079 10A 0102030405060708 3030"
	for _, name := range Names() {
		t.Run(name, func(t *testing.T) {
			d := load(t, name)
			require.Equal(t, 55, d.ChipField())
			req := read(t, d, with(find(t, name, "sale"), map[int]string{55: asked}))
			require.True(t, d.HasChip(req))
			data, err := d.ChipData(req)
			require.NoError(t, err)
			arqc, err := data.Cryptogram()
			require.NoError(t, err)
			assert.Equal(t, [8]byte{1, 2, 3, 4, 5, 6, 7, 8}, arqc)

			resp := approved()
			text := strings.ReplaceAll(answer, " ", "")
			_, err = fmt.Sscanf(text, "%x", &resp.Chip)
			require.NoError(t, err)
			got, body := reply(t, d, req, resp)
			assert.Equal(t, text, strings.ToUpper(got[55]))
			resp.Chip = nil
			got, _ = reply(t, d, req, resp)
			assert.NotContains(t, got, 55, "the request's is never echoed")

			// Recorded evidence keeps the cryptogram.
			resp.Chip = nil
			_, err = fmt.Sscanf(text, "%x", &resp.Chip)
			require.NoError(t, err)
			masked, err := d.AppendReply(nil, req, resp)
			require.NoError(t, err)
			require.Equal(t, body, masked)
			d.MaskReply(masked, req, 0)
			var ix Index
			_, err = d.Index(masked, &ix)
			require.NoError(t, err)
			assert.Equal(t, ix.Raw(body, 55), ix.Raw(masked, 55))

			plain := read(t, d, with(find(t, name, "sale"), map[int]string{55: "-"}))
			assert.False(t, d.HasChip(plain))
			broken := read(t, d, with(find(t, name, "sale"), map[int]string{55: "9F36"}))
			_, err = d.ChipData(broken)
			require.ErrorIs(t, err, security.ErrChipData)
		})
	}
}

func TestTheDUKPTExampleIsADialect(t *testing.T) {
	d, err := LoadFile("testdata/dukpt.yaml")
	require.NoError(t, err)
	assert.True(t, d.DUKPT())
	assert.True(t, d.RefusesRepeatedKSN())
}

func FuzzChipData(f *testing.F) {
	f.Add([]byte("9F360200079F26080102030405060708"))
	f.Add([]byte("9F3688FFFFFFFFFFFFFFFF00"))
	f.Add([]byte("zz"))
	ascii, bcd := load(f, "iso87-ascii"), load(f, "iso87-bcd")
	f.Fuzz(func(t *testing.T, value []byte) {
		if len(value) > 999 {
			return
		}
		for _, d := range []*Dialect{ascii, bcd} {
			l := &d.fields[55]
			field, err := l.append(nil, value)
			if err != nil {
				continue // not ASCII
			}
			req := &Request{}
			req.Frame.Body = field
			require.NoError(t, req.Index.note(l, 55, field, 0))
			data, err := d.ChipData(req)
			if err != nil {
				require.ErrorIs(t, err, security.ErrChipData)
				continue
			}
			require.NotPanics(t, func() { _ = data.String() })
		}
	})
}
