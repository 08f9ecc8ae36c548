package wire

import "time"

// Eager is a TCP connection that can be used without going to sleep. Connections of a
// [Listener] are eager on Linux.
type Eager interface {
	// TryWrite is Write that never waits: it may write less than all of b, or
	// nothing, without an error.
	TryWrite(b []byte) (int, error)

	// StayAwake has Reads that find nothing look again for so long before they go
	// to sleep: waking up takes longer than a prompt peer. 0: not at all. It must
	// not be called during a Read.
	StayAwake(time.Duration)
}

// Unwritten is what is left of a write. Its Write has to be called: nobody else
// can write meanwhile.
type Unwritten struct {
	w       *Writer
	line    bool // is held
	written int
}

// WriteSoon is WriteNow for who has no time to wait for this peer: what the
// connection does not take at once is left. A connection that is not Eager takes
// nothing at once.
func (w *Writer) WriteSoon(b []byte, now time.Time) (*Unwritten, error) {
	eager, ok := w.conn.(Eager)
	if !ok {
		return &Unwritten{w: w}, nil
	}
	select {
	case w.line <- struct{}{}:
	default:
		return &Unwritten{w: w}, nil
	}
	n, err := 0, error(nil)
	switch failed := w.failed.Load(); {
	case w.closed.Load():
		err = ErrClosed
	case failed != nil:
		err = failed.later(b)
	default:
		if err = w.armLocked(now); err == nil { // one that has passed would end it
			n, err = eager.TryWrite(b)
		}
		err = w.failLocked(b, n, err)
	}
	if err == nil && n < len(b) {
		return &Unwritten{w: w, line: true, written: n}, nil
	}
	<-w.line
	if err != nil {
		w.kick()
	}
	return nil, err
}

// Write writes the rest of b, which is what WriteSoon was called with, as WriteNow
// would have.
func (u *Unwritten) Write(b []byte) error {
	if !u.line {
		return u.w.WriteNow(b, time.Now())
	}
	err := u.w.finishLocked(b, u.written, time.Now())
	<-u.w.line
	if err != nil {
		u.w.kick()
	}
	return err
}
