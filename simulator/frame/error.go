package frame

import "fmt"

// ErrorKind says what was wrong with a frame, or why there was none.
type ErrorKind uint8

// The kinds of error.
const (
	// BadLength: the length header is not a number, is negative, or counts
	// itself and is smaller than itself.
	BadLength ErrorKind = iota + 1
	// TooLong: the length is beyond Limits.Max.
	TooLong
	// TooShort: the frame is complete, but shorter than the TPDU and
	// proprietary header of its format. The only kind that is Recoverable.
	TooShort
	// Unfinished: the stream ended inside a frame. Err wraps
	// io.ErrUnexpectedEOF if the peer closed, or else says what broke.
	Unfinished
	// TooSlow: the frame was not complete Limits.Frame after its first byte.
	TooSlow
	// Idle: no frame began within Limits.Idle.
	Idle
	// Interrupted: Reader.Interrupt was called, or somebody else set the
	// connection's read deadline and it passed. Err wraps
	// os.ErrDeadlineExceeded, which no other kind does.
	Interrupted
	// ReadFailed: the connection broke between two frames; Err says how.
	ReadFailed

	errorKindCount
)

var errorKinds = [errorKindCount]string{
	BadLength:   "bad-length",
	TooLong:     "too-long",
	TooShort:    "too-short",
	Unfinished:  "unfinished",
	TooSlow:     "too-slow",
	Idle:        "idle",
	Interrupted: "interrupted",
	ReadFailed:  "read-failed",
}

// String returns the kind's name, such as "bad-length".
func (k ErrorKind) String() string {
	if k == 0 || k >= errorKindCount {
		return fmt.Sprintf("frame error kind(%d)", uint8(k))
	}
	return errorKinds[k]
}

// MaxEvidence is the most bytes that Error.Raw holds.
const MaxEvidence = 256

// Error is what Reader.Next and Format.Cut return for everything but the clean
// end of a stream.
type Error struct {
	Kind ErrorKind

	// Raw is a copy of the frame's bytes, from its length header to the last
	// byte that had arrived, at most MaxEvidence of them; empty where no frame
	// had begun. They are as they came: mask them before they are recorded.
	Raw []byte

	// Length is the number in the length header; 0 where it had not arrived
	// or is not a number.
	Length int64

	// Err says more; it is never nil.
	Err error
}

// Error names the kind and what to look at. It shows no byte of a frame but
// its length header.
func (e *Error) Error() string { return fmt.Sprintf("frame %s: %v", e.Kind, e.Err) }

// Unwrap returns Err.
func (e *Error) Unwrap() error { return e.Err }

// Recoverable reports whether the stream is still in step, so that Next can be
// called again and returns the frame after the bad one. Otherwise the
// connection has to be closed, and Next returns the same error again.
func (e *Error) Recoverable() bool { return e.Kind == TooShort }

// evidence copies the start of raw.
func evidence(raw []byte) []byte {
	return append([]byte(nil), raw[:min(len(raw), MaxEvidence)]...)
}
