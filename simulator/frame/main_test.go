package frame

import (
	"io"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// chunks is a connection that hands out one chunk per Read and then ends with
// end, or io.EOF. It counts what the reader asks of it.
type chunks struct {
	left      [][]byte
	end       error
	reads     int
	deadlines []time.Time
	onSet     func(time.Time) // called after a deadline was set
}

func (c *chunks) Read(b []byte) (int, error) {
	c.reads++
	if len(c.left) == 0 {
		if c.end != nil {
			return 0, c.end
		}
		return 0, io.EOF
	}
	n := copy(b, c.left[0])
	if c.left[0] = c.left[0][n:]; len(c.left[0]) == 0 {
		c.left = c.left[1:]
	}
	return n, nil
}

func (c *chunks) SetReadDeadline(t time.Time) error {
	c.deadlines = append(c.deadlines, t)
	if c.onSet != nil {
		c.onSet(t)
	}
	return nil
}

func stream(parts ...[]byte) *chunks { return &chunks{left: parts} }

// bytewise cuts b into single bytes.
func bytewise(b []byte) *chunks {
	c := &chunks{}
	for i := range b {
		c.left = append(c.left, b[i:i+1])
	}
	return c
}

// encode builds a frame with Begin and Finish.
func encode(t require.TestingT, f Format, tpdu, header, body []byte) []byte {
	dst, mark := f.Begin(nil, tpdu, header)
	dst = append(dst, body...)
	require.NoError(t, f.Finish(dst, mark))
	return dst
}

// formats lists every kind of length with every combination of switches.
func formats() []Format {
	var all []Format
	for _, kind := range LengthKinds() {
		for bits := range 16 {
			f := Format{Length: kind, CountsItself: bits&1 != 0, ExcludesHeader: bits&2 != 0, TPDU: bits&4 != 0}
			if bits&8 != 0 {
				f.Header = 6
			}
			all = append(all, f)
		}
	}
	return all
}

// parts returns a TPDU and a header that fit f.
func parts(f Format) (tpdu, header []byte) {
	if f.TPDU {
		tpdu = []byte{0x60, 0x00, 0x03, 0x00, 0x00}
	}
	for i := range f.Header {
		header = append(header, 0xA0+byte(i))
	}
	return tpdu, header
}
