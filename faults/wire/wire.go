// Package wire owns the write side of a connection: what is written, when, and
// how the connection ends. It is the only place that waits before it writes,
// and the only one that cuts a connection off.
//
// It knows bytes and times, and nothing of what the bytes mean.
package wire

import (
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/acqsim/acqsim/faults"
)

// DefaultTimeout is how long a write may block where Options do not say.
const DefaultTimeout = 30 * time.Second

// Options of a Writer. The zero value is the defaults.
type Options struct {
	// Timeout is after how long a write that the peer does not read is given
	// up, and the connection with it. It is coarse: a write may block for up
	// to twice as long. Default: DefaultTimeout.
	Timeout time.Duration

	// Now is the clock that the times given to WriteAt belong to, and that
	// done is told the time by. It may be ahead of or behind the real time by
	// up to 70 years, but has to run at its pace; if it is put forward or back, what is queued
	// already keeps its delay. Default: time.Now.
	Now func() time.Time

	// Ended, if not nil, is called once, after a final step was done to the
	// connection (faults.Op.Final): whoever reads from it should stop, unless
	// it is Mute, and give it up with Finish. It is called while the line is
	// held: it must not write.
	Ended func(faults.Step)
}

// ErrClosed is returned for what is written to a Writer after Close, and for
// what Close dropped.
var ErrClosed = errors.New("wire: the writer is closed")

// WriteError says that a write failed. What the peer got of it is unknown
// beyond Written, so that nothing more can be written to this connection.
type WriteError struct {
	Written int   // bytes that the connection took
	Size    int   // bytes that there were to write
	Err     error // of the connection, never nil
}

// Error says how far the write came, and why no further.
func (e *WriteError) Error() string {
	why := e.Err.Error()
	if errors.Is(e.Err, os.ErrDeadlineExceeded) {
		why = "the peer does not read"
	}
	return fmt.Sprintf("wire: %d of %d bytes written: %s", e.Written, e.Size, why)
}

// later is the error of b, which comes after a write that failed.
func (e *WriteError) later(b []byte) *WriteError { return &WriteError{Size: len(b), Err: e.Err} }

// EndedError is the reason why nothing is written any more after a final step.
type EndedError struct {
	Op faults.Op
}

// Error names what was done to the connection.
func (e *EndedError) Error() string { return "a fault ended the connection before: " + e.Op.String() }

// ErrCancelled is the error of a delivery that was cancelled.
var ErrCancelled = errors.New("wire: the delivery was cancelled")

// Unwrap returns Err.
func (e *WriteError) Unwrap() error { return e.Err }
