package frame

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// seen is one result of Next, as far as it does not depend on how the stream
// was cut into reads.
type seen struct {
	raw, tpdu, header, body string
	keepAlive               bool
	kind                    ErrorKind
	length                  int64
}

// readAll reads c to its end and returns what came, the last error included.
func readAll(t require.TestingT, c Conn, f Format, l Limits) ([]seen, error) {
	r := NewReader(c, f, l)
	var all []seen
	for {
		ready := r.Ready()
		fr, err := r.Next()
		var e *Error
		if errors.As(err, &e) {
			require.LessOrEqual(t, len(e.Raw), MaxEvidence)
			require.NotEmpty(t, e.Error())
			all = append(all, seen{kind: e.Kind, length: e.Length})
			if e.Recoverable() {
				continue
			}
		}
		if err != nil {
			require.False(t, ready)
			return all, err
		}
		require.LessOrEqual(t, len(r.buf), max(readAhead, r.size+r.limits.Max))
		all = append(all, see(fr))
		requireOwnCopy(t, fr)
	}
}

func see(fr Frame) seen {
	return seen{raw: string(fr.Raw), tpdu: string(fr.TPDU), header: string(fr.Header), body: string(fr.Body), keepAlive: fr.KeepAlive}
}

// requireOwnCopy requires AppendTo to copy a frame and to leave alone what is
// there.
func requireOwnCopy(t require.TestingT, fr Frame) {
	want := see(fr)
	buf := append(make([]byte, 0, 1<<10), "what is there"...)
	own, longer := fr.AppendTo(buf)
	was := string(fr.Raw)
	clear(fr.Raw)
	require.Equal(t, want, see(own))
	require.Equal(t, "what is there"+want.raw, string(longer))
	copy(fr.Raw, was)
}

// cut divides b at places that depend on seed.
func cut(b []byte, seed uint64) *chunks {
	draw := rand.New(rand.NewPCG(seed, 1))
	c := &chunks{}
	for len(b) > 0 {
		n := 1 + draw.IntN(min(len(b), 1+draw.IntN(2000)))
		c.left = append(c.left, b[:n])
		b = b[n:]
	}
	return c
}

// reencoded makes the frame again from its parts.
func reencoded(t require.TestingT, f Format, s seen) []byte {
	if s.keepAlive {
		f.TPDU, f.Header = false, 0
		return encode(t, f, nil, nil, []byte(s.raw[f.Length.Size():]))
	}
	return encode(t, f, []byte(s.tpdu), []byte(s.header), []byte(s.body))
}

func FuzzReader(f *testing.F) {
	packet := unhex(f, packet3)
	f.Add(packet, uint8(Binary2), uint8(0b100), uint8(6), uint16(0), uint64(1))
	f.Add(bytes.Repeat(packet, 40), uint8(Binary2), uint8(0b100), uint8(6), uint16(0), uint64(2))
	f.Add(append(append([]byte{}, packet...), "\x00\x03odd\x00\x00"...), uint8(Binary2), uint8(0b100), uint8(6), uint16(0), uint64(3))
	f.Add([]byte("0003one0000-001junk"), uint8(ASCII4), uint8(0), uint8(0), uint16(0), uint64(4))
	f.Add([]byte("\x00\x00\x00\x08test\x00\x00\x00\x04\xff\xff\xff\xff"), uint8(Binary4), uint8(1), uint8(0), uint16(0), uint64(5))
	f.Add([]byte("\x00\x07TTTTTHH\x99\x99"), uint8(BCD2), uint8(0b100), uint8(2), uint16(4), uint64(6))
	f.Add([]byte("000aTTTTThello0001x"), uint8(Hex4), uint8(0b100), uint8(0), uint16(0), uint64(7))
	f.Add([]byte("\x00\x05\x00\x00hello\x00\x02\x00\x21hb\x00\x00\x00\x00"), uint8(VML), uint8(0), uint8(0), uint16(0), uint64(8))
	f.Add([]byte("\x00\x04TTTTTbody\x00\x02"), uint8(Binary2), uint8(0b110), uint8(0), uint16(0), uint64(9))
	f.Add([]byte("GET / HTTP/1.1\r\n\r\n"), uint8(Binary2), uint8(0), uint8(0), uint16(65535), uint64(10))

	f.Fuzz(func(t *testing.T, in []byte, kind, switches, header uint8, maximum uint16, seed uint64) {
		format := Format{
			Length:         LengthKind(kind % uint8(lengthKindCount)),
			CountsItself:   switches&1 != 0,
			ExcludesHeader: switches&2 != 0,
			TPDU:           switches&4 != 0,
			Header:         int(header),
		}
		limits := Limits{Max: int(maximum)}

		whole, end := readAll(t, stream(in), format, limits)
		pieces, endOfPieces := readAll(t, cut(in, seed), format, limits)
		require.Equal(t, whole, pieces, "how a stream is cut changes nothing")
		require.Equal(t, end == io.EOF, endOfPieces == io.EOF)

		rest, total := in, 0
		for _, s := range whole {
			fr, after, err := format.Cut(rest, limits.Max)
			var e *Error
			if errors.As(err, &e) {
				require.Equal(t, s.kind, e.Kind)
				total += len(rest) - len(after)
				rest = after
				continue
			}
			require.NoError(t, err)
			require.Equal(t, s.raw, string(fr.Raw))
			require.Equal(t, s.raw, string(rest[:len(fr.Raw)]), "nothing is skipped")
			total += len(fr.Raw)
			rest = after

			again := reencoded(t, format, s)
			switch size := format.Length.Size(); format.Length {
			case Hex4: // read in either case, written in upper
				require.Equal(t, bytes.ToUpper([]byte(s.raw[:size])), again[:size])
				require.Equal(t, s.raw[size:], string(again[size:]))
			case VML: // any format and platform is read, zero is written
				require.Equal(t, s.raw[:2], string(again[:2]))
				require.Equal(t, s.raw[size:], string(again[size:]))
			default:
				require.Equal(t, s.raw, string(again))
			}
		}
		if end == io.EOF {
			require.Equal(t, len(in), total, "every byte belongs to a frame")
		}
	})
}

// Whatever is written with Begin and Finish is read back, in any pieces.
func TestWrittenFramesAreReadBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := rapid.SampledFrom(formats()).Draw(t, "format")
		tpdu, header := parts(f)
		bodies := rapid.SliceOfN(rapid.SliceOfN(rapid.Byte(), 1, 3000), 1, 20).Draw(t, "bodies")
		var line []byte
		for _, body := range bodies {
			var mark int
			line, mark = f.Begin(line, tpdu, header)
			line = append(line, body...)
			require.NoError(t, f.Finish(line, mark))
		}
		got, end := readAll(t, cut(line, rapid.Uint64().Draw(t, "cuts")), f, Limits{})
		require.Equal(t, io.EOF, end)
		require.Len(t, got, len(bodies))
		for i, body := range bodies {
			require.Equal(t, string(body), got[i].body)
			require.Equal(t, string(tpdu), got[i].tpdu)
			require.Equal(t, string(header), got[i].header)
		}
	})
}

func FuzzUnionPayHeader(f *testing.F) {
	f.Add([]byte{0x60, 0x32, 0x10, 0x32, 0x00, 0x72})
	f.Add([]byte{0x60, 0x31, 0x0a, 0x31, 0x00})
	f.Fuzz(func(t *testing.T, in []byte) {
		h, err := ParseUnionPayHeader(in)
		if err != nil {
			return
		}
		out, err := h.Append(nil)
		require.NoError(t, err)
		require.Equal(t, in, out)
	})
}
