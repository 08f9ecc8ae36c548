package dialect

import (
	"encoding/hex"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/acqsim/acqsim/scenarios/world"
	"github.com/acqsim/acqsim/simulator/frame"
)

var update = flag.Bool("update", false, "write the golden files anew; review the difference")

func TestReplyMTI(t *testing.T) {
	for mti, want := range map[uint16]uint16{
		100: 110, 200: 210, 201: 210, 220: 230, 221: 230, 320: 330, 400: 410, 401: 410, 420: 430, 421: 430,
		500: 510, 620: 630, 800: 810, 820: 830, 920: 930, 1200: 1210, 1421: 1430, 202: 212, 203: 212, 240: 250,
		0: 0, 20: 0, 210: 0, 211: 0, 230: 0, 810: 0, 250: 0, 260: 0, 280: 0, 9990: 0,
	} {
		got, ok := ReplyMTI(mti)
		assert.Equal(t, want, got, "reply to %04d", mti)
		assert.Equal(t, want != 0, ok, "reply to %04d", mti)
	}
}

// reply answers a request with a response and unpacks the answer with moov.
func reply(t testing.TB, d *Dialect, req *Request, resp *Response) (values map[int]string, body []byte) {
	t.Helper()
	body, err := d.AppendReply(nil, req, resp)
	require.NoError(t, err)
	m, err := d.Unpack(body)
	require.NoError(t, err)
	values = make(map[int]string)
	for n, f := range m.GetFields() {
		if n == 1 {
			continue
		}
		values[n], err = f.String()
		require.NoError(t, err)
	}
	// What moov makes of the same values is the same message.
	packed, err := m.Pack()
	require.NoError(t, err)
	assert.Equal(t, hex.EncodeToString(packed), hex.EncodeToString(body))
	return values, body
}

func TestReplyToASale(t *testing.T) {
	common := map[int]string{
		0: "0210", 2: testPAN, 3: "000000", 4: "000000001000", 11: "000042", 12: "090807", 13: "1123", 14: "3012",
		25: "00", 37: "632700000042", 38: "A12345", 39: "00", 49: "156",
	}
	for name, rest := range map[string]map[int]string{
		"iso87-ascii": {7: "1123235959", 15: "1123", 23: "001", 24: "003", 32: "48720000", 41: "T0000001", 42: "M00000000000001", 44: "01020000", 60: "000001"},
		"iso87-bcd":   {7: "1123235959", 23: "001", 24: "003", 41: "T0000001", 42: "M00000000000001", 44: "01020000", 60: "000001"},
		"unionpay-pos": {15: "1123", 23: "001", 32: "48720000", 41: "00000001", 42: "952718182217875",
			44: "01020000   48720000   ", 60: "2200000700060"},
	} {
		t.Run(name, func(t *testing.T) {
			d := load(t, name)
			got, _ := reply(t, d, read(t, d, messages(name)[0].fields), approved())
			assert.Equal(t, with(common, rest), got)
		})
	}
}

func TestReplyLeavesOutWhatThereIsNot(t *testing.T) {
	d := load(t, "unionpay-pos")
	req := read(t, d, unionPayMessages()[0].fields)
	got, _ := reply(t, d, req, &Response{Outcome: world.FormatError, Why: "test"})
	for _, n := range []int{12, 13, 15, 32, 37, 38, 44, 54, 62, 64} {
		assert.NotContains(t, got, n)
	}
	assert.Equal(t, "30", got[39])
	assert.Equal(t, "2200000100060", got[60], "without a batch of the host the terminal's stays")
}

func TestReplyEchoesClockWhereTheDialectSaysSo(t *testing.T) {
	src, err := Source("iso87-ascii")
	require.NoError(t, err)
	d, _, err := compile("test.yaml", []byte(strings.Replace(string(src), "clock: host", "clock: echo", 1)))
	require.NoError(t, err)
	sale := find(t, "iso87-ascii", "sale")
	got, _ := reply(t, d, read(t, d, sale), approved())
	assert.Equal(t, "235959", got[12])
	assert.Equal(t, "1123", got[13])
	got, _ = reply(t, d, read(t, d, with(sale, map[int]string{12: "-"})), approved())
	assert.Equal(t, "090807", got[12], "a terminal without a clock is told the time")
}

func TestReplyToAnInquiry(t *testing.T) {
	resp := approved()
	resp.HasBalance, resp.Available, resp.Booked, resp.Currency = true, -1234, 567890, world.CNY
	for name, want := range map[string]string{
		"unionpay-pos": "1002156D000000001234",
		"iso87-ascii":  "0001156C000000567890" + "0002156D000000001234",
		"iso87-bcd":    "0001156C000000567890" + "0002156D000000001234",
	} {
		d := load(t, name)
		got, _ := reply(t, d, read(t, d, find(t, name, "inquiry")), resp)
		assert.Equal(t, want, got[54], name)
	}
	d := load(t, "iso87-ascii")
	got, _ := reply(t, d, read(t, d, with(find(t, "iso87-ascii", "inquiry"), map[int]string{3: "312000"})), resp)
	assert.Equal(t, "2001156C0000005678902002156D000000001234", got[54], "the account type is that of DE 3")
}

func TestReplyToASignOnWithKeys(t *testing.T) {
	d := load(t, "unionpay-pos")
	resp := approved()
	resp.Keys = []byte(strings.Repeat("\x01\xAB", 20))
	resp.Approval, resp.Issuer = "", ""
	got, _ := reply(t, d, read(t, d, find(t, "unionpay-pos", "sign-on, double keys")), resp)
	assert.Equal(t, map[int]string{
		0: "0810", 11: "000043", 12: "090807", 13: "1123", 32: "48720000", 37: "632700000042", 39: "00",
		41: "00000001", 42: "952718182217875", 60: "00000007003", 62: strings.Repeat("01AB", 20),
	}, got)

	// The echo of DE 60 ends with part 3, even if the terminal sent more.
	got, _ = reply(t, d, read(t, d, with(find(t, "unionpay-pos", "echo"), map[int]string{60: "000000013015"})), resp)
	assert.Equal(t, "00000007301", got[60])
}

func TestReplyCarriesAMAC(t *testing.T) {
	for _, name := range specs(t) {
		t.Run(name, func(t *testing.T) {
			d := load(t, name)
			m := testMAC(t, d)
			resp := approved()
			resp.MAC = m
			req := read(t, d, messages(name)[0].fields)
			_, body := reply(t, d, req, resp)
			var ix Index
			_, err := d.Index(body, &ix)
			require.NoError(t, err)
			require.True(t, ix.Has(d.MACField()))

			// A terminal checks it as the host checks a request's.
			var got Request
			require.NoError(t, d.Read(frame.Frame{Body: body}, &got))
			assert.True(t, d.Verify(&got, m))
			body[ix.Offset(39)] ^= 1
			if d.Read(frame.Frame{Body: body}, &got) == nil {
				assert.False(t, d.Verify(&got, m))
			}

			// And requests that Build signs verify.
			signed, err := d.Build(messages(name)[0].fields, m)
			require.NoError(t, err)
			require.NoError(t, d.Read(frame.Frame{Body: signed}, &got))
			assert.True(t, d.Verify(&got, m))
			assert.False(t, d.Verify(req, m), "a request without a MAC does not verify")
			assert.False(t, d.Verify(&got, nil))
		})
	}
}

func TestReplyAfterAFormatError(t *testing.T) {
	d := load(t, "unionpay-pos")
	body := built(t, d, unionPayMessages()[0].fields)
	var req Request
	require.Error(t, d.Read(framed(t, d, append(body, 0)), &req))
	require.True(t, req.Answerable())
	got, _ := reply(t, d, &req, &Response{Outcome: world.FormatError, Why: "test"})
	assert.Equal(t, "30", got[39])
	assert.Equal(t, "000042", got[11])
	assert.Equal(t, "00000001", got[41])

	// Cut in the middle of DE 41, the reply has what came before it.
	var ix Index
	_, err := d.Index(body, &ix)
	require.NoError(t, err)
	require.Error(t, d.Read(framed(t, d, body[:ix.Offset(41)+3]), &req))
	got, _ = reply(t, d, &req, &Response{Outcome: world.FormatError, Why: "test"})
	assert.Equal(t, "000042", got[11])
	assert.NotContains(t, got, 41)
}

func TestNoReply(t *testing.T) {
	d := load(t, "iso87-ascii")
	dst := []byte("before")
	var req Request
	require.NoError(t, d.Read(framed(t, d, built(t, d, with(messages("iso87-ascii")[0].fields, map[int]string{0: "0210"}))), &req))
	assert.False(t, req.Answerable())
	out, err := d.AppendReply(dst, &req, approved())
	require.ErrorIs(t, err, ErrNoReply)
	assert.Equal(t, "before", string(out))

	require.Error(t, d.Read(frame.Frame{Body: []byte("GET / HTTP/1.1\r\n\r\n")}, &req))
	assert.False(t, req.Answerable())
	out, err = d.AppendFrame(dst, &req, approved())
	require.ErrorIs(t, err, ErrNoReply)
	assert.Equal(t, "before", string(out))

	resp := approved()
	resp.RRN = "1234567890123"
	require.NoError(t, d.Read(framed(t, d, built(t, d, messages("iso87-ascii")[0].fields)), &req))
	out, err = d.AppendReply(dst, &req, resp)
	require.EqualError(t, err, "field 37 of the reply: a value of 13 characters; the field has at most 12")
	assert.Equal(t, "before", string(out))
}

// TestAppendFrame checks what surrounds a reply.
func TestAppendFrame(t *testing.T) {
	d := load(t, "unionpay-pos")
	body := built(t, d, unionPayMessages()[0].fields)
	raw, err := d.AppendRequest(nil, unhexed(t, "6001020304"), unhexed(t, "603210320072"), body)
	require.NoError(t, err)
	var req Request
	require.NoError(t, d.Read(cut(t, d, raw), &req))
	out, err := d.AppendFrame([]byte("before"), &req, approved())
	require.NoError(t, err)
	require.Equal(t, "before", string(out[:6]))
	f := cut(t, d, out[6:])
	assert.Equal(t, "6003040102", hex.EncodeToString(f.TPDU), "destination and source change places")
	assert.Equal(t, "603210320072", hex.EncodeToString(f.Header))
	want, err := d.AppendReply(nil, &req, approved())
	require.NoError(t, err)
	assert.Equal(t, want, f.Body)

	src, err := Source("unionpay-pos")
	require.NoError(t, err)
	kept, _, err := compile("test.yaml", []byte(strings.Replace(string(src), "swap_tpdu: true", "swap_tpdu: false", 1)))
	require.NoError(t, err)
	out, err = kept.AppendFrame(nil, &req, approved())
	require.NoError(t, err)
	assert.Equal(t, "6001020304", hex.EncodeToString(cut(t, kept, out).TPDU))
}

func TestReplyAllocatesNothing(t *testing.T) {
	for _, name := range specs(t) {
		d := load(t, name)
		m := testMAC(t, d)
		dst := make([]byte, 0, 4096)
		for _, msg := range messages(name) {
			req := read(t, d, msg.fields)
			resp := approved()
			resp.MAC, resp.HasBalance = m, true
			assert.Zero(t, testing.AllocsPerRun(20, func() {
				if _, err := d.AppendFrame(dst, req, resp); err != nil {
					t.Error(err)
				}
			}), "%s %s", name, msg.name)
		}
	}
}

// TestGoldenMessages pins every request and its reply, byte for byte.
func TestGoldenMessages(t *testing.T) {
	for _, name := range specs(t) {
		t.Run(name, func(t *testing.T) {
			d := load(t, name)
			var text strings.Builder
			for _, m := range messages(name) {
				req := read(t, d, m.fields)
				resp := approved()
				if m.is == world.SignOn {
					resp.Keys = []byte(strings.Repeat("K", 40))
				}
				if m.is == world.Settlement && d.TellsResult() {
					resp.Results = [2]byte{'2', '1'}
				}
				if m.is == world.ParameterDownload {
					resp.Data = []byte("1...")
				}
				resp.HasBalance, resp.Available, resp.Booked, resp.Currency = m.is == world.Inquiry, 100, 200, world.CNY
				out, err := d.AppendFrame(nil, req, resp)
				require.NoError(t, err)
				fmt.Fprintf(&text, "# %s: %s\n> %x\n< %x\n", m.name, req.Type, req.Frame.Raw, out)
			}
			file := "testdata/golden-" + strings.ReplaceAll(name, "/", "-") + ".txt"
			if *update {
				require.NoError(t, os.WriteFile(file, []byte(text.String()), 0o644))
			}
			want, err := os.ReadFile(file)
			require.NoError(t, err)
			assert.Equal(t, string(want), text.String())
		})
	}
}
