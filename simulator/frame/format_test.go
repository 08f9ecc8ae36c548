package frame

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func unhex(t testing.TB, s string) []byte {
	b, err := hex.DecodeString(s)
	require.NoError(t, err)
	return b
}

// packet3 is the whole UnionPay packet at q.cnblogs.com/q/128930.
const packet3 = "007f600003000060321032007202003020048000c08015000000000000001234000002030099303030303030303139353237313831383232313738373531353600192600000100060000000000435f01123238343431323334353637383930313233345f03063136303033365f04063230303832365c0230314233413039324145"

func TestRealUnionPayPacket(t *testing.T) {
	f := Format{TPDU: true, Header: UnionPayHeaderSize}
	raw := unhex(t, packet3)

	fr, rest, err := f.Cut(raw, 0)
	require.NoError(t, err)
	assert.Empty(t, rest)
	assert.Equal(t, raw, fr.Raw)
	assert.Equal(t, "6000030000", hex.EncodeToString(fr.TPDU))
	assert.Equal(t, "603210320072", hex.EncodeToString(fr.Header))
	assert.Equal(t, packet3[26:], hex.EncodeToString(fr.Body))
	assert.False(t, fr.KeepAlive)

	h, err := ParseUnionPayHeader(fr.Header)
	require.NoError(t, err)
	assert.Equal(t, UnionPayHeader{ApplicationClass: 60, SoftwareVersion: 32, TerminalStatus: 1, SubVersion: 320072}, h)

	assert.Equal(t, raw, encode(t, f, fr.TPDU, fr.Header, fr.Body), "the same parts make the same frame")
}

// Every line is the frame around the body "0800", written by hand.
func TestLengthHeaders(t *testing.T) {
	for _, tc := range []struct {
		format Format
		frame  string
	}{
		{Format{Length: Binary2}, "0004" + "30383030"},
		{Format{Length: Binary2, CountsItself: true}, "0006" + "30383030"},
		{Format{Length: Binary2, TPDU: true}, "0009" + "6000030000" + "30383030"},
		{Format{Length: Binary2, TPDU: true, CountsItself: true}, "000b" + "6000030000" + "30383030"},
		{Format{Length: Binary2, TPDU: true, Header: 6}, "000f" + "6000030000" + "a0a1a2a3a4a5" + "30383030"},
		{Format{Length: Binary2, TPDU: true, Header: 6, ExcludesHeader: true}, "0004" + "6000030000" + "a0a1a2a3a4a5" + "30383030"},
		{Format{Length: Binary2, TPDU: true, ExcludesHeader: true, CountsItself: true}, "0006" + "6000030000" + "30383030"},
		{Format{Length: Binary4}, "00000004" + "30383030"},
		{Format{Length: Binary4, CountsItself: true}, "00000008" + "30383030"},
		{Format{Length: BCD2, Header: 6}, "0010" + "a0a1a2a3a4a5" + "30383030"},
		{Format{Length: ASCII4}, "30303034" + "30383030"},
		{Format{Length: ASCII4, CountsItself: true, Header: 6}, "30303134" + "a0a1a2a3a4a5" + "30383030"},
		{Format{Length: Hex4, TPDU: true, Header: 6}, "30303046" + "6000030000" + "a0a1a2a3a4a5" + "30383030"},
		{Format{Length: VML}, "00040000" + "30383030"},
		{Format{Length: VML, CountsItself: true}, "00080000" + "30383030"},
	} {
		t.Run(fmt.Sprintf("%+v", tc.format), func(t *testing.T) {
			tpdu, header := parts(tc.format)
			assert.Equal(t, tc.frame, hex.EncodeToString(encode(t, tc.format, tpdu, header, []byte("0800"))))

			fr, rest, err := tc.format.Cut(unhex(t, tc.frame+"ff"), 0)
			require.NoError(t, err)
			assert.Equal(t, []byte{0xff}, rest)
			assert.Equal(t, tpdu, fr.TPDU)
			assert.Equal(t, header, fr.Header)
			assert.Equal(t, "0800", string(fr.Body))
		})
	}
}

func TestReadingIsLenientWhereSourcesSayNothing(t *testing.T) {
	fr, _, err := Format{Length: Hex4}.Cut([]byte("000bhello world"), 0)
	require.NoError(t, err, "lower-case digits")
	assert.Equal(t, "hello world", string(fr.Body))

	fr, _, err = Format{Length: VML}.Cut([]byte("\x00\x05\xff\x11hello"), 0)
	require.NoError(t, err, "the reserved byte and the platform can be anything")
	assert.Equal(t, "hello", string(fr.Body))
	assert.False(t, fr.KeepAlive)
}

func TestKeepAlives(t *testing.T) {
	for _, f := range formats() {
		zero := make([]byte, f.Length.Size())
		n := int64(0)
		if f.CountsItself {
			n = int64(len(zero))
		}
		f.Length.put(zero, n)
		fr, rest, err := f.Cut(append(zero[:len(zero):len(zero)], "rest"...), 0)
		require.NoError(t, err, "%+v", f)
		assert.Equal(t, Frame{Raw: zero, KeepAlive: true}, fr, "%+v", f)
		assert.Equal(t, "rest", string(rest))
	}

	session := []byte("\x00\x04\x00\x21ping")
	fr, _, err := Format{Length: VML, TPDU: true, Header: 22}.Cut(session, 0)
	require.NoError(t, err)
	assert.Equal(t, Frame{Raw: session, KeepAlive: true}, fr, "session control")

	dst, mark := Format{Length: ASCII4}.Begin(nil, nil, nil)
	require.NoError(t, Format{Length: ASCII4}.Finish(dst, mark))
	assert.Equal(t, "0000", string(dst))
}

func TestBadFrames(t *testing.T) {
	withTPDU := Format{TPDU: true, Header: 6}
	for name, tc := range map[string]struct {
		format Format
		max    int
		in     string
		kind   ErrorKind
		length int64
		says   string
	}{
		"negative":                 {Format{Length: ASCII4}, 0, "-001", BadLength, -1, `"-001"`},
		"minus zero":               {Format{Length: ASCII4}, 0, "-000", BadLength, 0, `"-000"`},
		"not decimal":              {Format{Length: ASCII4}, 0, "00A1..", BadLength, 0, "4 ASCII digits"},
		"signed":                   {Format{Length: ASCII4}, 0, "+001.", BadLength, 0, "is no length"},
		"spaces":                   {Format{Length: ASCII4}, 0, "  12", BadLength, 0, "is no length"},
		"another protocol":         {Format{Length: ASCII4}, 0, "GET / HTTP/1.1\r\n", BadLength, 0, `"GET "`},
		"minus and no digits":      {Format{Length: ASCII4}, 0, "-0x1", BadLength, 0, "is no length"},
		"not hexadecimal":          {Format{Length: Hex4}, 0, "00G0", BadLength, 0, "4 hexadecimal digits"},
		"hexadecimal and negative": {Format{Length: Hex4}, 0, "-001", BadLength, 0, "is no length"},
		"not BCD, low":             {Format{Length: BCD2}, 0, "\x01\x0a", BadLength, 0, "hex 010a"},
		"not BCD, high":            {Format{Length: BCD2}, 0, "\xf0\x00", BadLength, 0, "4 BCD digits"},
		"less than itself":         {Format{CountsItself: true}, 0, "\x00\x01", BadLength, 1, "is no length"},
		"zero, counting itself":    {Format{Length: ASCII4, CountsItself: true}, 0, "0000", BadLength, 0, "is no length"},
		"over the default":         {Format{}, 0, "\x20\x01", TooLong, 8193, "8193"},
		"ffff":                     {Format{}, HighestMax - 2, "\xff\xff", TooLong, 65535, "65535"},
		"over a small maximum":     {Format{}, 10, "\x00\x0b", TooLong, 11, "11 bytes"},
		"over with its header":     {Format{TPDU: true, ExcludesHeader: true}, 10, "\x00\x06", TooLong, 6, "6 bytes"},
		"huge":                     {Format{Length: Binary4}, 0, "\xff\xff\xff\xff", TooLong, 4294967295, "4294967295"},
		"no room for TPDU":         {withTPDU, 0, "\x00\x0a0123456789more", TooShort, 10, "have 11"},
		"one byte":                 {withTPDU, 0, "\x00\x01x", TooShort, 1, "1 bytes follow"},
		"half a length":            {Format{}, 0, "\x00", Unfinished, 0, "1 of 2 bytes of its length"},
		"half a body":              {Format{}, 0, "\x00\x05hel", Unfinished, 5, "5 of its 7 bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			_, rest, err := tc.format.Cut([]byte(tc.in), tc.max)
			var e *Error
			require.ErrorAs(t, err, &e)
			assert.Equal(t, tc.kind, e.Kind)
			assert.Equal(t, tc.length, e.Length)
			assert.ErrorContains(t, err, tc.says)
			assert.ErrorContains(t, err, tc.kind.String())
			if tc.kind == TooShort {
				assert.True(t, e.Recoverable())
				assert.Equal(t, tc.in, string(e.Raw)+string(rest), "the bad frame alone is taken away")
				assert.Len(t, e.Raw, 2+int(tc.length))
				return
			}
			assert.False(t, e.Recoverable())
			assert.Equal(t, tc.in, string(e.Raw))
			assert.Equal(t, tc.in, string(rest))
			assert.Equal(t, tc.kind == Unfinished, errors.Is(err, io.ErrUnexpectedEOF))
		})
	}

	_, _, err := Format{}.Cut(nil, 0)
	assert.Equal(t, io.EOF, err)
}

func TestEvidenceIsACopyAndBounded(t *testing.T) {
	in := append([]byte("XXXX"), bytes.Repeat([]byte{'y'}, 10_000)...)
	_, _, err := Format{Length: ASCII4}.Cut(in, 0)
	var e *Error
	require.ErrorAs(t, err, &e)
	want := string(in[:MaxEvidence])
	clear(in)
	assert.Equal(t, want, string(e.Raw))
	assert.NotContains(t, err.Error(), "y", "no byte of the frame but its length header is shown")
}

func TestFinishRefuses(t *testing.T) {
	full := Format{TPDU: true, Header: 6}
	tpdu, header := parts(full)
	for name, tc := range map[string]struct {
		format       Format
		tpdu, header []byte
		body         int
		says         string
	}{
		"too long for bcd2":       {Format{Length: BCD2}, nil, nil, 10_000, "9999"},
		"too long for ascii4":     {Format{Length: ASCII4}, nil, nil, 10_000, "9999"},
		"too long with itself":    {Format{Length: ASCII4, CountsItself: true}, nil, nil, 9996, "a length of 10000"},
		"too long for binary2":    {Format{}, nil, nil, 65_536, "65535"},
		"too long for hex4":       {Format{Length: Hex4}, nil, nil, 65_536, "65535"},
		"too long for vml":        {Format{Length: VML}, nil, nil, 65_536, "65535"},
		"no TPDU":                 {full, nil, header, 4, "TPDU"},
		"half a TPDU":             {full, tpdu[:3], header, 4, "TPDU"},
		"a TPDU nobody asked for": {Format{}, tpdu, nil, 4, "TPDU"},
		"no header":               {full, tpdu, nil, 4, "6 bytes"},
		"a header too long":       {full, tpdu, append(header, 1), 4, "6 bytes"},
		"an ambiguous zero":       {Format{TPDU: true, ExcludesHeader: true}, tpdu, nil, 0, "empty body"},
		"an unknown kind":         {Format{Length: 77}, nil, nil, 4, "mark"},
	} {
		t.Run(name, func(t *testing.T) {
			dst, mark := tc.format.Begin([]byte("before"), tc.tpdu, tc.header)
			dst = append(dst, make([]byte, tc.body)...)
			err := tc.format.Finish(dst, mark)
			require.ErrorIs(t, err, ErrUnrepresentable)
			assert.ErrorContains(t, err, tc.says)
		})
	}

	for _, mark := range []int{-3, 2, 14, 1 << 40} {
		assert.ErrorIs(t, full.Finish(make([]byte, 14), mark), ErrUnrepresentable, "mark %d", mark)
	}
}

func TestBeginAppendsBehindWhatIsThere(t *testing.T) {
	f := Format{Length: ASCII4}
	dst := encode(t, f, nil, nil, []byte("one"))
	dst, mark := f.Begin(dst, nil, nil)
	dst = append(dst, "second"...)
	require.NoError(t, f.Finish(dst, mark))
	assert.Equal(t, "0003one0006second", string(dst))
}

func TestLongestFrames(t *testing.T) {
	for _, kind := range LengthKinds() {
		f := Format{Length: kind, TPDU: true}
		n := int(min(kind.Max(), HighestMax)) - TPDUSize
		tpdu, _ := parts(f)
		raw := encode(t, f, tpdu, nil, make([]byte, n))
		fr, _, err := f.Cut(raw, HighestMax)
		require.NoError(t, err, "%s", kind)
		assert.Len(t, fr.Body, n)
	}
}

func TestValidate(t *testing.T) {
	require.NoError(t, Format{}.Validate())
	require.NoError(t, Format{Length: VML, Header: MaxHeader}.Validate())
	assert.ErrorContains(t, Format{Length: 6}.Validate(), "binary2, binary4, bcd2, ascii4, hex4, vml")
	assert.ErrorContains(t, Format{Header: -1}.Validate(), "0 to 255")
	assert.ErrorContains(t, Format{Header: 256}.Validate(), "0 to 255")

	_, _, err := Format{Length: 6}.Cut([]byte("abcd"), 0)
	assert.ErrorContains(t, err, "binary2", "Cut does not trip over a bad format")

	require.NoError(t, Limits{}.Validate())
	require.NoError(t, Limits{Max: HighestMax, Frame: -1}.Validate())
	assert.ErrorContains(t, Limits{Max: HighestMax + 1}.Validate(), "65537")
	assert.ErrorContains(t, Limits{Max: -1}.Validate(), "8192")
	assert.ErrorContains(t, Limits{Idle: -1}.Validate(), "idle")
}

func TestNames(t *testing.T) {
	for i, want := range []string{"binary2", "binary4", "bcd2", "ascii4", "hex4", "vml"} {
		kind := LengthKinds()[i]
		text, err := kind.MarshalText()
		require.NoError(t, err)
		assert.Equal(t, want, string(text))
		var back LengthKind
		require.NoError(t, back.UnmarshalText(text))
		assert.Equal(t, kind, back)
	}
	assert.Len(t, LengthKinds(), 6)

	kind := Hex4
	assert.ErrorContains(t, kind.UnmarshalText([]byte("Binary2")), "use one of binary2")
	assert.Equal(t, Hex4, kind, "an error changes nothing")
	_, err := LengthKind(9).MarshalText()
	assert.Error(t, err)
	assert.Equal(t, "length kind(9)", LengthKind(9).String())
	assert.Zero(t, LengthKind(9).Size())
	assert.Zero(t, LengthKind(9).Max())

	seen := map[string]bool{}
	for k := BadLength; k < errorKindCount; k++ {
		assert.NotEmpty(t, k.String())
		assert.False(t, seen[k.String()])
		seen[k.String()] = true
	}
	assert.Equal(t, "frame error kind(0)", ErrorKind(0).String())
}

func TestOverhead(t *testing.T) {
	assert.Equal(t, 2, Format{}.Overhead())
	assert.Equal(t, 13, Format{TPDU: true, Header: 6}.Overhead())
}

func TestSwapTPDU(t *testing.T) {
	src := []byte{0x60, 1, 2, 3, 4}
	dst := make([]byte, 5)
	SwapTPDU(dst, src)
	assert.Equal(t, []byte{0x60, 3, 4, 1, 2}, dst)
	assert.Equal(t, []byte{0x60, 1, 2, 3, 4}, src)

	SwapTPDU(src, src)
	assert.Equal(t, []byte{0x60, 3, 4, 1, 2}, src, "in place")

	SwapTPDU(dst, []byte{0x61, 1, 2, 3})
	SwapTPDU(nil, src)
	assert.Equal(t, []byte{0x60, 3, 4, 1, 2}, dst, "short input changes nothing")
}

func TestPutALengthThatIsNotTrue(t *testing.T) {
	for _, kind := range LengthKinds() {
		f := Format{Length: kind}
		raw := []byte("????body")
		require.NoError(t, f.PutLength(raw, 77))
		n, ok := f.Announced(raw)
		assert.True(t, ok)
		assert.Equal(t, 77, n)
		assert.Equal(t, "body", string(raw[4:]))
		require.ErrorIs(t, f.PutLength(raw, -1), ErrUnrepresentable)
		require.ErrorIs(t, f.PutLength(raw[:1], 1), ErrUnrepresentable)
		if kind.Max() < 1<<31 {
			require.ErrorIs(t, f.PutLength(raw, int(kind.Max())+1), ErrUnrepresentable)
		}
		_, ok = f.Announced(raw[:1])
		assert.False(t, ok)
	}
}
