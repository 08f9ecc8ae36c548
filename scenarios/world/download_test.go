package world

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestChecksumOfAPublicKey(t *testing.T) {
	k := Default().PublicKeys["A000009999-E1"]
	require.NotNil(t, k)
	assert.Equal(t, []byte{0xA0, 0, 0, 0x99, 0x99}, k.RID)
	// As public terminal software has it beside the key.
	assert.Equal(t, "f8707b9bedf031e58a9f843631b90c90d80ed695", hexText(k.Checksum()))
}

func hexText(b []byte) string {
	const digits = "0123456789abcdef"
	var s strings.Builder
	for _, c := range b {
		s.WriteByte(digits[c>>4])
		s.WriteByte(digits[c&0xF])
	}
	return s.String()
}

func TestDownloadsAreLaidOver(t *testing.T) {
	w, err := Load("w.yaml", []byte(`
parameters: {"12": "30", "99": "x"}
public_keys:
  A000009999-E1: {expires: "20301231"}
  A000000333-02: {modulus: "AB CD", exponent: "010001", expires: "20301231"}
chip_applications: {A0000000031010: {data: 9F0902008C}}
`))
	require.NoError(t, err)
	assert.Equal(t, "30", w.Parameters["12"])
	assert.Equal(t, "3", w.Parameters["13"], "what is not named stays")
	assert.Len(t, w.PublicKeys["A000009999-E1"].Modulus, 112)
	assert.Equal(t, []byte{0xAB, 0xCD}, w.PublicKeys["A000000333-02"].Modulus)
	assert.Equal(t, byte(2), w.PublicKeys["A000000333-02"].Index)
	assert.Len(t, w.Applications, 3)
	assert.Equal(t, "60", Default().Parameters["12"], "the default world is not changed")
}

func TestATerminalIsAskedForAChore(t *testing.T) {
	w, err := Load("w.yaml", []byte(`terminals: {"10000001": {asked: parameters}}`))
	require.NoError(t, err)
	assert.Equal(t, ChoreParameters, w.Terminals["10000001"].Asked)
	var print strings.Builder
	require.NoError(t, w.WriteYAML(&print))
	assert.Contains(t, print.String(), "asked: parameters")
	_, err = Load("w.yaml", []byte(`terminals: {"10000001": {asked: paramters}}`))
	assert.ErrorContains(t, err, "paramters")
}

func TestMistakesInDownloads(t *testing.T) {
	for src, want := range map[string]string{
		`parameters: {"1": "x"}`:                                                             "its tag has 2 digits",
		`parameters: {"12": ""}`:                                                             "its value is printable ASCII",
		`parameters: {"22": "` + strings.Repeat("x", 513) + `"}`:                             "512 fit one answer",
		`public_keys: {A0000099-E1: {exponent: "03"}}`:                                       "write RID and index",
		`public_keys: {A000000333-02: {exponent: "03"}}`:                                     "a modulus has 1 to 248 bytes",
		`public_keys: {A000000333-02: {modulus: "0", exponent: "03"}}`:                       "modulus",
		`public_keys: {A000009999-E1: {expires: "2030"}}`:                                    "YYYYMMDD",
		`public_keys: {A000009999-E1: {exponent: ""}}`:                                       "an exponent has 1 to 3 bytes",
		`chip_applications: {A000: {data: ""}}`:                                              "write its AID in hexadecimal",
		`chip_applications: {A000000333010101: {data: "` + strings.Repeat("00", 513) + `"}}`: "512 fit one answer",
	} {
		_, err := Load("w.yaml", []byte(src))
		assert.ErrorContains(t, err, want, src)
	}
}
