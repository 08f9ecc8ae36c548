package dialect

import (
	"encoding/hex"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestWhatATerminalWantsToDownload(t *testing.T) {
	d := load(t, "unionpay-pos")
	for code, want := range map[string]ParameterList{"360": TerminalParameters, "370": PublicKeys, "380": ChipParameters} {
		req := read(t, d, with(find(t, "unionpay-pos", "parameter download"), map[int]string{60: "00000001" + code}))
		assert.Equal(t, want, d.ParameterList(req), code)
		assert.Equal(t, "9f0605a0000099999f2201e1", hex.EncodeToString(d.ParameterData(req)))
	}
	req := read(t, d, find(t, "unionpay-pos", "end of a download"))
	assert.Nil(t, d.ParameterData(req))
	assert.Equal(t, NoParameters, load(t, "iso87-bcd").ParameterList(req))
	assert.Nil(t, load(t, "iso87-bcd").ParameterData(req))
}

func TestDownloadedDataIsKeptAsEvidence(t *testing.T) {
	d := load(t, "unionpay-pos")
	req := read(t, d, find(t, "unionpay-pos", "parameter download"))
	resp := approved()
	resp.Data = []byte("1" + strings.Repeat(testPAN16, 3)) // no card number: the host knows what it says
	body, err := d.AppendReply(nil, req, resp)
	require.NoError(t, err)
	masked := append([]byte(nil), body...)
	d.MaskReply(masked, req, 0)
	assert.Equal(t, hex.EncodeToString(body), hex.EncodeToString(masked))
}

func TestADownloadIsKeptWhereverItIsSeen(t *testing.T) {
	d := load(t, "unionpay-pos")
	for value, kept := range map[string]bool{
		"319F0605A0000099999F2201E1DF05083230343931323331":        true, // digits that pass for a card number, by chance
		"319F0605A0000099999F2201E1DF05084539148803436467":        false,
		"319F0605A0000099999F2201E15A084539148803436467":          false,
		"319F0608A000000333010101DF010100" + "DF1908" + testPAN16: false,
		testPAN16: false,
	} {
		body := built(t, d, with(find(t, "unionpay-pos", "parameter download"), map[int]string{0: "0810", 62: value}))
		var ix Index
		_, err := d.Index(body, &ix)
		require.NoError(t, err)
		d.Mask(body, &ix, 0)
		got := strings.ToUpper(hex.EncodeToString(ix.Value(body, 62)))
		assert.Equal(t, kept, got == value, "%s became %s", value, got)
	}
}

func TestMistakesInParameterConventions(t *testing.T) {
	src, err := embedded.ReadFile("dialects/unionpay-pos.yaml")
	require.NoError(t, err)
	for change, want := range map[[2]string]string{
		{"    field: 62\n    terminal:", "    field: 63\n    terminal:"}: "field 63 must be a Binary",
		{`terminal: ["360"`, `terminal: ["3600"`}:                        `"3600" is no network code`,
		{"public_keys: [", "public_kees: ["}:                             "public_kees",
	} {
		text := strings.Replace(string(src), change[0], change[1], 1)
		require.NotEqual(t, string(src), text, change[0])
		assert.ErrorContains(t, Lint("x.yaml", []byte(text)), want, change[1])
	}
}
