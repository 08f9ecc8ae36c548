package frame

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// next reads a frame and copies what a test looks at.
func next(t testing.TB, r *Reader) Frame {
	fr, err := r.Next()
	require.NoError(t, err)
	return fr
}

func frameError(t testing.TB, r *Reader, kind ErrorKind) *Error {
	_, err := r.Next()
	var e *Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, kind, e.Kind, "%v", err)
	if !e.Recoverable() {
		_, again := r.Next()
		require.Same(t, err, again, "it is final")
		require.False(t, r.Ready())
	}
	return e
}

func TestEveryFormatInEveryPiece(t *testing.T) {
	for _, f := range formats() {
		tpdu, header := parts(f)
		one := encode(t, f, tpdu, header, []byte("0200 one"))
		two := encode(t, f, tpdu, header, []byte("0400 the second"))
		both := append(append([]byte{}, one...), two...)

		check := func(how string, c *chunks) {
			r := NewReader(c, f, Limits{})
			fr := next(t, r)
			require.Equal(t, Frame{Raw: one, TPDU: tpdu, Header: header, Body: []byte("0200 one")}, fr, "%s %+v", how, f)
			fr = next(t, r)
			require.Equal(t, Frame{Raw: two, TPDU: tpdu, Header: header, Body: []byte("0400 the second")}, fr, "%s %+v", how, f)
			_, err := r.Next()
			require.Equal(t, io.EOF, err)
			_, err = r.Next()
			require.Equal(t, io.EOF, err, "again")
		}
		check("in one piece", stream(both))
		check("byte by byte", bytewise(both))
		for at := 1; at < len(both); at++ {
			check(fmt.Sprintf("split at %d", at), stream(both[:at], both[at:]))
		}
	}
}

func TestWholeFrameCostsOneReadAndNoDeadline(t *testing.T) {
	f := Format{TPDU: true, Header: 6}
	raw := unhex(t, packet3)
	c := stream(raw, raw, raw)
	r := NewReader(c, f, Limits{})
	for i := range 3 {
		next(t, r)
		assert.Equal(t, i+1, c.reads)
	}
	assert.Empty(t, c.deadlines)
}

func TestPipelinedFramesAreReady(t *testing.T) {
	f := Format{Length: ASCII4}
	keepAlive := []byte("0000")
	c := stream(bytes.Join([][]byte{[]byte("0003one"), keepAlive, []byte("0003two"), []byte("0005thr")}, nil), []byte("ee"))
	r := NewReader(c, f, Limits{})
	assert.False(t, r.Ready(), "nothing has been read")

	assert.Equal(t, "one", string(next(t, r).Body))
	assert.True(t, r.Ready())
	assert.True(t, next(t, r).KeepAlive)
	assert.True(t, r.Ready())
	assert.Equal(t, "two", string(next(t, r).Body))
	assert.False(t, r.Ready(), "half a frame is not ready")
	assert.Equal(t, 1, c.reads)
	assert.Equal(t, "three", string(next(t, r).Body))
	assert.Equal(t, 2, c.reads)
	assert.False(t, r.Ready())
}

func TestBadLengthEndsTheStreamButNotTheFramesBefore(t *testing.T) {
	r := NewReader(stream([]byte("0003one-001junk")), Format{Length: ASCII4}, Limits{})
	assert.Equal(t, "one", string(next(t, r).Body))
	assert.False(t, r.Ready(), "what comes next is an error: send the replies first")
	e := frameError(t, r, BadLength)
	assert.Equal(t, "-001junk", string(e.Raw))
	assert.Equal(t, int64(-1), e.Length)
}

func TestAnnouncedLengthIsNotAllocated(t *testing.T) {
	r := NewReader(stream([]byte{0xff, 0xff, 0xff, 0xff}), Format{Length: Binary4}, Limits{})
	frameError(t, r, TooLong)

	r = NewReader(stream([]byte{0xff, 0xff, 1, 2, 3}), Format{}, Limits{Max: HighestMax})
	e := frameError(t, r, Unfinished)
	assert.Equal(t, []byte{0xff, 0xff, 1, 2, 3}, e.Raw)

	c := stream([]byte{0xff, 0xff, 1, 2, 3}, []byte{4})
	r = NewReader(c, Format{}, Limits{Max: HighestMax})
	c.onSet, c.end = nil, syscall.ECONNRESET
	frameError(t, r, Unfinished)
	assert.Zero(t, cap(r.buf), "an ended stream holds nothing")
}

func TestBufferFollowsWhatArrived(t *testing.T) {
	big := encode(t, Format{}, nil, nil, make([]byte, 60_000))
	small := encode(t, Format{}, nil, nil, []byte("small"))
	c := &chunks{left: [][]byte{small}}
	for at := 0; at < len(big); at += 500 {
		c.left = append(c.left, big[at:min(at+500, len(big))])
	}
	for range calmReads + 2 {
		c.left = append(c.left, small)
	}
	held, arrived := 0, 0
	r := NewReader(c, Format{}, Limits{Max: HighestMax})
	r.conn = readFunc{c, func(n int) {
		held, arrived = len(r.buf), r.tail+n
		require.LessOrEqual(t, held, max(readAhead, 2*arrived), "twice what has come at most")
	}}

	next(t, r)
	assert.Equal(t, smallBuffer, held)
	assert.Len(t, next(t, r).Body, 60_000)
	assert.Greater(t, held, 60_000)
	next(t, r)
	assert.Equal(t, readAhead, held, "empty after a big frame: given back")
	for range calmReads + 1 {
		assert.Equal(t, "small", string(next(t, r).Body))
	}
	assert.Equal(t, smallBuffer, held, "single messages need no more")
}

// readFunc tells after each Read how many bytes came.
type readFunc struct {
	*chunks
	after func(int)
}

func (c readFunc) Read(b []byte) (int, error) {
	n, err := c.chunks.Read(b)
	c.after(n)
	return n, err
}

func TestBurstsAreReadAhead(t *testing.T) {
	body := bytes.Repeat([]byte{'x'}, 198)
	burst := bytes.Repeat(encode(t, Format{}, nil, nil, body), 16)
	c := &chunks{}
	for range 20 {
		c.left = append(c.left, burst)
	}
	r := NewReader(c, Format{}, Limits{})
	for range 20 * 16 {
		assert.Equal(t, body, next(t, r).Body)
	}
	assert.LessOrEqual(t, c.reads, 22, "one read for 16 frames, once it is seen that they come together")
	assert.Empty(t, c.deadlines[min(1, len(c.deadlines)):], "at most the first burst was cut by a small buffer")
}

func TestTooShortKeepsInStep(t *testing.T) {
	f := Format{TPDU: true, Header: 6}
	good := unhex(t, packet3)
	bad := []byte("\x00\x04oops")
	for _, c := range []*chunks{
		stream(append(append(append([]byte{}, good...), bad...), good...)),
		bytewise(append(append(append([]byte{}, good...), bad...), good...)),
	} {
		r := NewReader(c, f, Limits{})
		assert.Equal(t, good, next(t, r).Raw)
		e := frameError(t, r, TooShort)
		assert.True(t, e.Recoverable())
		assert.Equal(t, bad, e.Raw)
		assert.Equal(t, good, next(t, r).Raw, "the frame after it")
		_, err := r.Next()
		assert.Equal(t, io.EOF, err)
	}
}

func TestEndOfStream(t *testing.T) {
	for name, tc := range map[string]struct {
		in   string
		end  error
		kind ErrorKind
		says string
	}{
		"closed in the length": {"00", nil, Unfinished, "2 of 4 bytes of its length header"},
		"closed in the body":   {"0005hel", nil, Unfinished, "7 of its 9 bytes"},
		"reset in the body":    {"0005hel", syscall.ECONNRESET, Unfinished, "connection reset"},
		"reset between frames": {"0003one", syscall.ECONNRESET, ReadFailed, "connection reset"},
		"closed by ourselves":  {"", net.ErrClosed, ReadFailed, "use of closed"},
		"TLS cut in a record":  {"", io.ErrUnexpectedEOF, ReadFailed, "unexpected EOF"},
	} {
		t.Run(name, func(t *testing.T) {
			c := bytewise([]byte(tc.in))
			c.end = tc.end
			r := NewReader(c, Format{Length: ASCII4}, Limits{})
			if tc.in == "0003one" {
				next(t, r)
				tc.in = ""
			}
			e := frameError(t, r, tc.kind)
			assert.Equal(t, tc.in, string(e.Raw))
			assert.ErrorContains(t, e, tc.says)
			if tc.end == nil {
				tc.end = io.ErrUnexpectedEOF
			}
			assert.ErrorIs(t, e, tc.end)
			assert.NotErrorIs(t, e, io.EOF)
		})
	}
}

type stuck struct{ chunks }

func (*stuck) Read([]byte) (int, error) { return 0, nil }

func TestReadsThatReturnNothingEnd(t *testing.T) {
	r := NewReader(&stuck{}, Format{}, Limits{})
	assert.ErrorIs(t, frameError(t, r, ReadFailed), io.ErrNoProgress)
}

func TestInvalidFormatIsReported(t *testing.T) {
	for _, f := range []Format{{Length: 99}, {Header: -1}} {
		r := NewReader(stream([]byte("0003one")), f, Limits{})
		assert.False(t, r.Ready())
		_, err := r.Next()
		assert.Equal(t, f.Validate(), err)
	}
}

func TestLimitsOutOfBoundsAreTakenForTheNearest(t *testing.T) {
	frame := encode(t, Format{Length: Binary4}, nil, nil, make([]byte, HighestMax))
	assert.Len(t, next(t, NewReader(stream(frame), Format{Length: Binary4}, Limits{Max: 1 << 30})).Body, HighestMax)

	frame = encode(t, Format{Length: Binary4}, nil, nil, make([]byte, DefaultMax+1))
	frameError(t, NewReader(stream(frame), Format{Length: Binary4}, Limits{Max: -5}), TooLong)
}

func TestPartsCannotGrowIntoTheNextFrame(t *testing.T) {
	f := Format{TPDU: true, Header: 6}
	raw := unhex(t, packet3)
	r := NewReader(stream(append(append([]byte{}, raw...), raw...)), f, Limits{})
	fr := next(t, r)
	_ = append(fr.TPDU, 1)
	_ = append(fr.Header, 2)
	_ = append(fr.Body, 3, 3, 3)
	_ = append(fr.Raw, 4, 4, 4)
	assert.Equal(t, raw, fr.Raw)
	assert.Equal(t, raw, next(t, r).Raw)
}

func TestNoAllocationPerFrame(t *testing.T) {
	raw := unhex(t, packet3)
	c := &endless{frame: raw}
	r := NewReader(c, Format{TPDU: true, Header: 6}, Limits{})
	next(t, r)
	assert.Zero(t, testing.AllocsPerRun(1000, func() {
		if _, err := r.Next(); err != nil {
			t.Error(err)
		}
	}))

	var dst []byte
	f := Format{TPDU: true, Header: 6}
	assert.Zero(t, testing.AllocsPerRun(1000, func() {
		b, mark := f.Begin(dst[:0], raw[2:7], raw[7:13])
		b = append(b, raw[13:]...)
		if err := f.Finish(b, mark); err != nil {
			t.Error(err)
		}
		dst = b
	}))
}

// endless sends the same frames for ever, all of them with each read that has
// room.
type endless struct {
	chunks
	frame []byte
	at    int
}

func (c *endless) Read(b []byte) (int, error) {
	n := copy(b, c.frame[c.at:])
	c.at = (c.at + n) % len(c.frame)
	return n, nil
}

func TestErrorsCanBeToldApart(t *testing.T) {
	r := NewReader(stream([]byte("x")), Format{}, Limits{})
	_, err := r.Next()
	wrapped := fmt.Errorf("connection 7: %w", err)
	var e *Error
	require.True(t, errors.As(wrapped, &e))
	assert.Equal(t, Unfinished, e.Kind)
}
