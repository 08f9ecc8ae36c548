package main

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/acqsim/acqsim/simulator/dialect"
)

// The secrets of secretMessage.
const (
	secretPAN   = "6222021234567890128"
	secretTrack = secretPAN + "D30122011234"
	secretPIN   = "0123456789ABCDEF"
)

// secretMessage is a framed sale with every secret that a terminal sends.
func secretMessage(t testing.TB, name string) []byte {
	t.Helper()
	d, err := dialect.Load(name)
	require.NoError(t, err)
	fields := map[int]string{
		0: "0200", 2: secretPAN, 3: "000000", 4: "000000001000", 11: "000042", 22: "021", 25: "00",
		35: secretTrack, 41: "10000001", 42: "999000000000001", 49: "156", 52: secretPIN,
	}
	if name == "unionpay-pos" {
		fields[60] = "22000001000"
	}
	if name == "iso93-ascii" {
		fields[0], fields[22], fields[24] = "1200", "510101254314", "200"
		delete(fields, 25)
	}
	body, err := d.Build(fields, nil)
	require.NoError(t, err)
	raw, err := d.AppendRequest(nil, nil, nil, body)
	require.NoError(t, err)
	return raw
}

// squeeze takes out of an output what stands between digits that belong
// together.
func squeeze(text string) string {
	return strings.NewReplacer(" ", "", "\n", "", "|", "").Replace(text)
}

// inEBCDIC is digits in EBCDIC, in hexadecimal.
func inEBCDIC(digits string) (text string) {
	for _, c := range digits {
		text += "F" + string(c)
	}
	return text
}

// TestDecodeShowsNoSecretOfBadMessages cuts messages off at every byte, and
// breaks each byte in turn.
func TestDecodeShowsNoSecretOfBadMessages(t *testing.T) {
	t.Parallel()
	var a app
	named, all, err := a.splitters("")
	require.NoError(t, err)
	check := func(t *testing.T, raw []byte) {
		t.Helper()
		result, err := decodeInput([]byte(hex.EncodeToString(raw)), encodingHex, named, all, &viewer{})
		require.NoError(t, err)
		for _, m := range result.Messages {
			text := decodeText{lang: langBoth, offsets: true}
			text.message(m, "")
			asJSON, err := json.Marshal(m)
			require.NoError(t, err)
			for _, out := range []string{squeeze(text.b.String()), squeeze(string(asJSON))} {
				require.NotContains(t, out, secretPAN, "%x", raw)
				require.NotContains(t, out, hex.EncodeToString([]byte(secretPAN)), "%x", raw)
				require.NotContains(t, out, "30122011234", "%x", raw)
				for _, secret := range []string{secretPAN, "30122011234"} {
					require.NotContains(t, strings.ToUpper(out), inEBCDIC(secret), "%x", raw)
				}
			}
		}
	}
	for _, name := range append(dialect.Names(), "iso87-ebcdic/packed") {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			raw := secretMessage(t, name)
			for i := range raw {
				if i > 0 {
					check(t, raw[:i])
				}
				for _, c := range []byte{0x00, 0xFF, raw[i] ^ 1, raw[i] ^ 0x10} {
					broken := bytes.Clone(raw)
					broken[i] = c
					check(t, broken)
				}
				check(t, append(bytes.Clone(raw[:i]), raw[i+1:]...))
			}
		})
	}
}

// TestDecodeShowsSecretsWhenAsked is the proof that the test above looks for
// what would be there.
func TestDecodeShowsSecretsWhenAsked(t *testing.T) {
	t.Parallel()
	for _, name := range dialect.Names() {
		code, text := runDecode(secretMessage(t, name), "--unsafe")
		require.Zero(t, code, text)
		for _, secret := range []string{" " + secretPAN + "\n", " " + secretTrack + "\n", " " + secretPIN + "\n"} {
			assert.Contains(t, text, secret, name)
		}
		_, text = runDecode(secretMessage(t, name))
		for _, secret := range []string{secretPAN, secretPIN, "30122011234"} {
			assert.NotContains(t, text, secret, name)
		}
	}
}

func TestDecodeReadsDumps(t *testing.T) {
	t.Parallel()
	want := [][]byte{[]byte("0123456789abcdefghij")}
	for name, dump := range map[string]string{
		"hexdump -C": "00000000  30 31 32 33 34 35 36 37  38 39 61 62 63 64 65 66  |0123456789abcdef|\n" +
			"00000010  67 68 69 6a                                       |ghij|\n00000014\n",
		"xxd": "00000000: 3031 3233 3435 3637 3839 6162 6364 6566  0123456789abcdef\n" +
			"00000010: 6768 696a                                ghij\n",
		"od -A x -t x1": "000000 30 31 32 33 34 35 36 37 38 39 61 62 63 64 65 66\n000010 67 68 69 6a\n000014\n",
		"Wireshark": "0000   30 31 32 33 34 35 36 37 38 39 61 62 63 64 65 66   0123456789abcdef\r\n" +
			"0010   67 68 69 6a                                       ghij\r\n",
		"tcpdump -X": "\t0x0000:  3031 3233 3435 3637 3839 6162 6364 6566  0123456789abcdef\n" +
			"\t0x0010:  6768 696a                                ghij\n",
	} {
		r, err := readHexdump([]byte(dump))
		require.NoError(t, err, name)
		assert.Equal(t, want, r.parts, name)
	}
	r, err := readHexdump([]byte("0000  30 31\n0002  32\n\n0000  41 42\n"))
	require.NoError(t, err)
	assert.Equal(t, [][]byte{[]byte("012"), []byte("AB")}, r.parts, "an offset of 0 begins another packet")
	r, err = readHexdump([]byte("00000000  00 00 00 00 00 00 00 00  00 00 00 00 00 00 00 00  |................|\n*\n00000030  01  |.|\n00000031\n"))
	require.NoError(t, err)
	assert.Equal(t, [][]byte{append(make([]byte, 48), 1)}, r.parts, "a star stands for lines like the one before")
	for name, dump := range map[string]string{
		"no offset":        "30 31 32 33\n",
		"not from 0":       "0010  30 31\n",
		"a line missing":   "0000  30 31\n0010  32\n",
		"offset too large": "0000  30\nFFFFFFFF  31\n",
		"no bytes":         "00000000\n",
		"a star too many":  "*\n",
	} {
		_, err := readHexdump([]byte(dump))
		assert.Error(t, err, name)
	}
}

func TestDecodeReadsPackets(t *testing.T) {
	t.Parallel()
	message := secretMessage(t, "iso87-ascii")
	tcp := make([]byte, 32) // 12 bytes of options
	tcp[12] = 8 << 4
	ip := make([]byte, 20)
	ip[0], ip[9] = 0x45, 6
	size := len(ip) + len(tcp) + len(message)
	ip[2], ip[3] = byte(size>>8), byte(size)
	packet := append(append(append([]byte(nil), ip...), tcp...), message...)
	ethernet := append([]byte{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 0x08, 0x00}, packet...)
	for headers, b := range map[string][]byte{"52": packet, "66": append(ethernet, 0, 0, 0)} {
		code, text := runDecode(b)
		assert.Zero(t, code, text)
		assert.Contains(t, text, "Note: the first "+headers+" bytes of a packet were left out: they are the headers of TCP.\n")
		assert.Contains(t, text, "iso87-ascii, frame of")
	}
	for i := range packet[:52] {
		_, _, _ = tcpPayload(packet[:i]) // no panic
	}
	_, _, ok := tcpPayload(message)
	assert.False(t, ok)
}

func TestDecodeTakesEveryEncoding(t *testing.T) {
	t.Parallel()
	for _, name := range dialect.Names() {
		raw := secretMessage(t, name)
		digits := hex.EncodeToString(raw)
		var carray, escaped strings.Builder
		carray.WriteString("{ ")
		for _, c := range raw {
			carray.WriteString("0x" + hex.EncodeToString([]byte{c}) + ", ")
			escaped.WriteString(`\x` + hex.EncodeToString([]byte{c}))
		}
		carray.WriteString("};")
		for form, src := range map[string]string{
			"binary":  string(raw),
			"hex":     digits,
			"upper":   strings.ToUpper(digits),
			"lines":   digits[:40] + "\r\n" + digits[40:80] + "\n\n  " + digits[80:],
			"C array": carray.String(),
			"escapes": `"` + escaped.String() + `"`,
			"colons":  strings.TrimPrefix(strings.ReplaceAll(escaped.String(), `\x`, ":"), ":"),
		} {
			code, text := runDecode([]byte(src))
			assert.Zero(t, code, "%s, %s: %s", name, form, text)
			assert.Contains(t, text, name+", frame of", form)
		}
	}
}

// TestDecodeEscapes holds that a message cannot talk to the screen.
func TestDecodeEscapes(t *testing.T) {
	t.Parallel()
	assert.Equal(t, `\x1b[2J\u202e余额`, visibleText("\x1b[2J\u202e余额"))
	assert.Equal(t, `" a "`, visibleText(" a "))
	assert.Equal(t, `""`, visibleText(""))
}

func TestDecodeLargestInput(t *testing.T) {
	t.Parallel()
	code, text := runDecode(bytes.Repeat([]byte("0"), maxInput+1))
	assert.Equal(t, exitUsage, code)
	assert.Equal(t, "acqsim: stdin has more than 1048576 bytes: give less of it\n", text)

	code, text = runDecode(make([]byte, maxInput)) // half a million keep-alives
	assert.Zero(t, code)
	assert.Contains(t, text, "524288 × keep-alive")
	assert.Less(t, len(text), 1000)
}

func TestDecodeMessageTypes(t *testing.T) {
	t.Parallel()
	for mti, want := range map[uint16]string{
		100: "authorisation request", 110: "reply to an authorisation request", 200: "financial request",
		210: "reply to a financial request", 220: "financial advice", 230: "reply to a financial advice",
		401: "reversal request, repeated", 421: "reversal advice, repeated", 430: "reply to a reversal advice",
		630: "reply to an administrative advice", 800: "network management request",
		1200: "financial request, ISO 8583:1993", 0: "no message type that is known", 2200: "no message type that is known",
	} {
		assert.Equal(t, want, mtiWords(mti).EN, "%04d", mti)
	}
}

// TestLintIsBounded reads no more of stdin than a file may have.
func TestLintIsBounded(t *testing.T) {
	t.Parallel()
	var out, bad bytes.Buffer
	code := run(context.Background(), []string{"world", "lint", "-"}, bytes.NewReader(make([]byte, 5<<20)), &out, &bad)
	assert.Equal(t, exitUsage, code)
	assert.Contains(t, bad.String(), "stdin has more than 4194304 bytes")
}

func TestTornEdges(t *testing.T) {
	for name, test := range map[string]struct {
		b           string
		first, last int
	}{
		"nothing":                        {"", 0, 0},
		"words":                          {"no digits here!\xFF", 0, 0},
		"the rest of a number, in BCD":   {"\x56\x78\x90\xFFabc\xFF", 3, 0},
		"no more than the last four":     {"\x12\x34\xFF", 0, 0},
		"the beginning of one, in ASCII": {"\xFF622202123", 0, 9},
		"with the separator of a track":  {"\x01\x28\xD3\x01\x22\xFF", 5, 0},
		"in EBCDIC":                      {"\xF1\xF2\xF3\xF4\xF5\x00", 5, 0},
		"no longer than a track":         {strings.Repeat("7", 50), 37, 37},
	} {
		t.Run(name, func(t *testing.T) {
			first, last := tornEdges([]byte(test.b))
			assert.Equal(t, test.first, first)
			assert.Equal(t, test.last, last)
		})
	}
}
