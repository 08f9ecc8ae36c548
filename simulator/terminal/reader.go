package terminal

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/moov-io/iso8583"

	"github.com/acqsim/acqsim/simulator/frame"
)

// inbound is a message from the host, or how the line ended.
type inbound struct {
	at    time.Time
	raw   []byte // the frame, or what there was of it
	body  []byte // in raw
	facts facts
	err   error // why frame or message can't be read
	end   error // nothing comes after this; io.EOF: the host closed the connection
}

// reader is the library's MessageReader. It takes every message off the line
// itself, in order, and so leaves the library none to match.
type reader struct {
	line   *Line
	format frame.Format
	frames *frame.Reader
}

// timedReader reads what the library has buffered, and sets deadlines on the
// connection below.
type timedReader struct {
	io.Reader
	conn interface{ SetReadDeadline(time.Time) error }
}

// SetReadDeadline is the connection's.
func (t timedReader) SetReadDeadline(at time.Time) error { return t.conn.SetReadDeadline(at) }

// ReadMessage reads one message and hands it to the line. It returns no message
// ever; an error ends the library's loop.
func (r *reader) ReadMessage(from io.Reader) (*iso8583.Message, error) {
	if r.frames == nil {
		r.frames = frame.NewReader(timedReader{from, r.line.net}, r.format, r.line.o.Limits)
	}
	f, err := r.frames.Next()
	in := inbound{at: r.line.o.Now()}
	var bad *frame.Error
	switch {
	case err == nil && f.KeepAlive:
		return nil, nil // the library's way to say that there is none
	case err == nil:
		in.raw = bytes.Clone(f.Raw)
		in.body = in.raw[len(in.raw)-len(f.Body):]
		in.facts, in.err = readFacts(r.line.o.Dialect, in.body)
	case errors.As(err, &bad):
		in.raw = bad.Raw
		if bad.Kind == frame.ReadFailed {
			in.end = bad.Err
		} else {
			in.err = bad
			if !bad.Recoverable() {
				in.end = bad
			}
		}
	default:
		in.end = err
	}
	select {
	case r.line.inbound <- in:
	case <-r.line.done:
		in.end = ErrClosed
	}
	if in.end != nil {
		close(r.line.readerDone)
		return nil, fmt.Errorf("the line ended: %w", in.end)
	}
	return nil, nil
}
