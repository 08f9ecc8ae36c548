package bench

import (
	"encoding/hex"
	"fmt"

	"github.com/acqsim/acqsim/simulator/dialect"
	"github.com/acqsim/acqsim/simulator/frame"
	"github.com/acqsim/acqsim/simulator/security"
)

// wire is how one dialect's messages look on the line. Package dialect builds
// the first message of each kind and finds its fields; what follows is done in
// place, at their offsets.
type wire struct {
	dialect *dialect.Dialect
	length  lengthHeader
	body    int  // offset of the MTI in a frame
	packed  bool // numbers in BCD; else in ASCII
}

// newWire loads an embedded dialect.
func newWire(name string) (*wire, error) {
	d, err := dialect.Load(name)
	if err != nil {
		return nil, fmt.Errorf("bench: %w", err)
	}
	w := &wire{dialect: d, body: d.Format().Overhead()}
	switch f := d.Format(); {
	case f.CountsItself || f.ExcludesHeader:
		return nil, fmt.Errorf("bench: %s: the length counts more or less than what follows it", name)
	case f.Length == frame.ASCII4:
		w.length = ascii4
	case f.Length == frame.Binary2:
		w.length = binary2
	default:
		return nil, fmt.Errorf("bench: %s: %s length headers are not among those that the load reads", name, f.Length)
	}
	return w, nil
}

// build makes a frame, as [dialect.Dialect.Build] makes its body.
func (w *wire) build(values map[int]string, mac *security.MAC) ([]byte, error) {
	body, err := w.dialect.Build(values, mac)
	if err != nil {
		return nil, fmt.Errorf("bench: %w", err)
	}
	framed, err := w.dialect.AppendRequest(nil, nil, nil, body)
	if err != nil {
		return nil, fmt.Errorf("bench: %w", err)
	}
	if len(framed) > bufferSize {
		return nil, fmt.Errorf("bench: a message of %d bytes is longer than a buffer", len(framed))
	}
	return framed, nil
}

// span is a part of a frame, as offsets.
type span struct{ at, end int }

func (s span) in(frame []byte) []byte { return frame[s.at:s.end] }

func (s span) len() int { return s.end - s.at }

// message is where everything stands in one frame.
type message struct {
	mti   uint16
	body  int
	frame []byte
	index dialect.Index
}

// scan finds the fields of a frame: one message with its length header.
func (w *wire) scan(frame []byte) (*message, error) {
	if len(frame) < w.body {
		return nil, fmt.Errorf("%d bytes are too short for a message", len(frame))
	}
	m := &message{body: w.body, frame: frame}
	var err error
	m.mti, err = w.dialect.Index(frame[w.body:], &m.index)
	return m, err
}

func (m *message) has(f int) bool { return m.index.Has(f) }

// value is the bytes of a field, without its length prefix.
func (m *message) value(f int) []byte { return m.index.Value(m.frame[m.body:], f) }

// span is where the value of a field stands: empty if it is absent.
func (m *message) span(f int) span {
	if !m.has(f) {
		return span{}
	}
	start := m.body + m.index.Offset(f)
	end := start + len(m.index.Raw(m.frame[m.body:], f))
	return span{end - len(m.value(f)), end}
}

// head is where the MTI and the bitmap stand.
func (m *message) head() span {
	return span{m.body, m.body + m.index.Offset(m.index.Next(0))}
}

// number is the digits of a numeric value as text.
func (w *wire) number(b []byte) string {
	if w.packed {
		return hex.EncodeToString(b)
	}
	return string(b)
}

// putNumber writes a number over digits, as many as there are.
func (w *wire) putNumber(dst []byte, n uint32) {
	if w.packed {
		putBCD(dst, n)
	} else {
		putASCII(dst, n)
	}
}

func putASCII(dst []byte, n uint32) {
	for i := len(dst) - 1; i >= 0; i-- {
		dst[i] = byte('0' + n%10)
		n /= 10
	}
}

func putBCD(dst []byte, n uint32) {
	for i := len(dst) - 1; i >= 0; i-- {
		dst[i] = byte(n%10 | n/10%10<<4)
		n /= 100
	}
}
