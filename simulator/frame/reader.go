package frame

import (
	"errors"
	"fmt"
	"io"
	"os"
	"sync/atomic"
	"time"
)

// Limits bound what a peer can make a Reader hold and wait for. The zero value
// is the defaults.
type Limits struct {
	// Max is the most bytes that may follow a length header, TPDU and
	// proprietary header included. Default: DefaultMax; at most HighestMax.
	Max int

	// Frame is how long a frame may take from its first byte to its last.
	// Default: DefaultFrame; negative: no limit.
	Frame time.Duration

	// Idle is how long a connection may be silent between two frames.
	// Default: no limit.
	Idle time.Duration
}

// Defaults and bounds of Limits.
const (
	DefaultMax   = 8 << 10
	HighestMax   = 64 << 10
	DefaultFrame = 30 * time.Second
)

// Validate reports what is out of bounds. A Reader takes limits out of bounds
// for the nearest that is in.
func (l Limits) Validate() error {
	if l.Max < 0 || l.Max > HighestMax {
		return fmt.Errorf("frame: a maximum of %d bytes; it can be 1 to %d, or 0 for the default of %d", l.Max, HighestMax, DefaultMax)
	}
	if l.Idle < 0 {
		return fmt.Errorf("frame: an idle limit of %v; it can't be negative, and 0 means none", l.Idle)
	}
	return nil
}

func (l Limits) effective() Limits {
	if l.Max <= 0 {
		l.Max = DefaultMax
	}
	l.Max = min(l.Max, HighestMax)
	if l.Frame == 0 {
		l.Frame = DefaultFrame
	}
	l.Frame, l.Idle = max(l.Frame, 0), max(l.Idle, 0) // from here on 0 is off
	return l
}

// Conn is what a Reader needs of a connection. Every net.Conn is one.
type Conn interface {
	io.Reader
	SetReadDeadline(time.Time) error
}

const (
	// smallBuffer is what a connection holds that sends single messages.
	smallBuffer = 1 << 10
	// readAhead is what it holds while it sends several at a time.
	readAhead = 4 << 10
	// calmReads is after how many small reads in a row it goes back.
	calmReads = 32
	// maxEmptyReads is how often in a row Read may return nothing at all.
	maxEmptyReads = 100
)

// Reader reads frames from a connection. Only Interrupt may be called from
// another goroutine.
//
// It owns the connection's read deadline. In the common case, whole frames and
// no idle limit, it never sets one; one that was set for a frame is left to
// pass and is then taken back.
type Reader struct {
	conn   Conn
	format Format
	limits Limits
	size   int // of the length header

	buf        []byte
	head, tail int // buf[head:tail] has been read and not yet returned
	filled     bool
	calm       int

	waiting ErrorKind // Idle or TooSlow: what running out of time would mean; 0: not yet waited
	until   time.Time // when that is; zero: never
	armed   time.Time // the deadline set on conn; zero: none

	interrupted atomic.Bool
	err         error // returned by every further Next
}

// NewReader returns a reader of frames of format f from c. If f is not valid,
// the first Next says so.
func NewReader(c Conn, f Format, l Limits) *Reader {
	return &Reader{conn: c, format: f, limits: l.effective(), size: f.Length.Size(), err: f.Validate()}
}

// Next returns the next frame, waiting for it if need be.
//
// It returns io.EOF at the end of the stream if that lies between two frames,
// and an *Error for everything else. After an error that is not Recoverable,
// every further call returns it again.
func (r *Reader) Next() (Frame, error) {
	if r.err != nil {
		return Frame{}, r.err // and the buffer is empty
	}
	for {
		s := r.format.scan(r.buf[r.head:r.tail], r.limits.Max)
		if s.bad != 0 && s.bad != TooShort {
			return Frame{}, r.fail(r.format.fault(s, r.buf[r.head:r.tail]))
		}
		if s.total != 0 && s.total <= r.tail-r.head {
			raw := r.buf[r.head : r.head+s.total : r.head+s.total]
			r.head += s.total
			r.waiting = 0
			if s.bad != 0 {
				return Frame{}, r.format.fault(s, raw)
			}
			return r.format.split(raw, s), nil
		}
		if err := r.fill(s); err != nil {
			return Frame{}, r.fail(err)
		}
	}
}

// Ready reports whether a whole frame has already been read, so that Next
// returns it without waiting. It is false where Next would return an error, so
// that who gathers replies while Ready sends them before dealing with one.
func (r *Reader) Ready() bool {
	s := r.format.scan(r.buf[r.head:r.tail], r.limits.Max)
	return s.bad == 0 && s.total != 0 && s.total <= r.tail-r.head
}

// Interrupt makes Next return an error of kind Interrupted as soon as it would
// wait for the peer, now and from now on; whole frames that have been read
// already are still returned. It may be called from any goroutine, more than
// once.
func (r *Reader) Interrupt() {
	// The flag goes first: whoever sets a deadline after ours sees it.
	r.interrupted.Store(true)
	_ = r.conn.SetReadDeadline(past) // fails only on a closed connection, which ends Next too
}

var past = time.Unix(1, 0)

// fail makes err final and lets the buffer go.
func (r *Reader) fail(err error) error {
	r.err = err
	r.buf, r.head, r.tail = nil, 0, 0
	return err
}

// fill reads once from the connection; s is what is known of the frame at the
// head of the buffer, which is not complete.
func (r *Reader) fill(s scan) error {
	r.makeRoom()
	r.startClock()
	if err := r.arm(r.until); err != nil {
		return r.readError(s, err)
	}
	for range maxEmptyReads {
		n, err := r.conn.Read(r.buf[r.tail:])
		if n > 0 {
			// An error beside data comes again with the next Read.
			r.tail += n
			r.filled = r.tail == len(r.buf)
			if n <= smallBuffer {
				r.calm++
			} else {
				r.calm = 0
			}
			return nil
		}
		if err == nil {
			continue
		}
		if !errors.Is(err, os.ErrDeadlineExceeded) {
			return r.readError(s, err)
		}
		if r.interrupted.Load() {
			return r.stopped(s)
		}
		now := time.Now()
		if !r.until.IsZero() && !now.Before(r.until) {
			return r.outOfTime(s)
		}
		if r.armed.IsZero() || now.Before(r.armed) {
			return r.stopped(s) // not a deadline of ours
		}
		// One that was set for an earlier frame.
		r.armed = time.Time{}
		if err := r.set(r.until); err != nil {
			return r.readError(s, err)
		}
	}
	return r.readError(s, io.ErrNoProgress)
}

// makeRoom gives the buffer free space behind what is left in it, which is
// less than a frame. It grows with what has arrived: who announces much and
// sends little gets little.
func (r *Reader) makeRoom() {
	left := r.tail - r.head
	size := len(r.buf)
	switch {
	case size == 0:
		size = smallBuffer
	case left == size:
		size = min(2*size, max(readAhead, r.size+r.limits.Max))
	case r.filled && size < readAhead:
		size = readAhead
	case left == 0 && size > readAhead:
		size = readAhead
	case left == 0 && size > smallBuffer && r.calm >= calmReads:
		size = smallBuffer
	}
	r.filled = false
	to := r.buf
	if size != len(r.buf) {
		to, r.calm = make([]byte, size), 0
	}
	if left > 0 && (r.head > 0 || size != len(r.buf)) {
		copy(to, r.buf[r.head:r.tail])
	}
	r.buf, r.head, r.tail = to, 0, left
}

// startClock decides until when to wait, once per frame and once per pause
// between frames.
func (r *Reader) startClock() {
	waiting, limit := Idle, r.limits.Idle
	if r.tail > r.head {
		waiting, limit = TooSlow, r.limits.Frame
	}
	if waiting == r.waiting {
		return
	}
	r.waiting, r.until = waiting, time.Time{}
	if limit > 0 {
		r.until = time.Now().Add(limit)
	}
}

// arm sees to it that Read does not wait beyond until. A deadline that is
// already set and comes earlier is good enough: setting one costs more than
// finding out, rarely, that it was for an earlier frame.
func (r *Reader) arm(until time.Time) error {
	if until.IsZero() || !r.armed.IsZero() && !r.armed.After(until) {
		return nil
	}
	return r.set(until)
}

// set sets the connection's deadline, unless Interrupt has been called.
func (r *Reader) set(t time.Time) error {
	if err := r.conn.SetReadDeadline(t); err != nil {
		return err
	}
	r.armed = t
	if r.interrupted.Load() {
		// Interrupt's own deadline may just have been overwritten.
		return r.conn.SetReadDeadline(past)
	}
	return nil
}

func (r *Reader) pending() []byte { return r.buf[r.head:r.tail] }

func (r *Reader) stopped(s scan) error {
	return &Error{Kind: Interrupted, Raw: evidence(r.pending()), Length: s.length,
		Err: fmt.Errorf("reading was stopped: %w", os.ErrDeadlineExceeded)}
}

func (r *Reader) outOfTime(s scan) error {
	e := &Error{Kind: r.waiting, Raw: evidence(r.pending()), Length: s.length}
	if r.waiting == Idle {
		e.Err = fmt.Errorf("nothing came for %v", r.limits.Idle)
	} else {
		e.Err = fmt.Errorf("%s %v after its first byte", r.format.progress(s, r.tail-r.head), r.limits.Frame)
	}
	return e
}

func (r *Reader) readError(s scan, err error) error {
	if r.tail == r.head {
		if err == io.EOF {
			return err
		}
		return &Error{Kind: ReadFailed, Err: err}
	}
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return &Error{Kind: Unfinished, Raw: evidence(r.pending()), Length: s.length,
		Err: fmt.Errorf("%s: %w", r.format.progress(s, r.tail-r.head), err)}
}
