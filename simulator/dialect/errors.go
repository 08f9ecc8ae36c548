package dialect

import (
	"errors"
	"fmt"
)

// Places in a message that are no field.
const (
	AtMTI    = 0
	AtBitmap = 1
	AtEnd    = -1 // after the last field
)

// FormatError says where a message stops making sense. It holds no byte of a
// value but the offending one.
type FormatError struct {
	Field  int    // 2 to 128 (higher: a field that no dialect has), or AtMTI, AtBitmap, AtEnd
	Name   string // of the field, in English; may be empty
	Offset int    // in the body, where the field starts
	MTI    uint16 // 0 if it could not be read
	Err    error
}

// Error names field, place and reason.
func (e *FormatError) Error() string {
	what := "message"
	if e.MTI != 0 {
		what = fmt.Sprintf("message %04d", e.MTI)
	}
	switch e.Field {
	case AtMTI:
		what += ", MTI"
	case AtBitmap:
		what += ", bitmap"
	case AtEnd:
		what += ", after the last field"
	default:
		what += fmt.Sprintf(", field %d", e.Field)
		if e.Name != "" {
			what += " (" + e.Name + ")"
		}
	}
	return fmt.Sprintf("%s, at byte %d: %v", what, e.Offset, e.Err)
}

// Unwrap returns the reason.
func (e *FormatError) Unwrap() error { return e.Err }

// What is wrapped by some format errors.
var (
	// ErrTrailing says that bytes follow the last field that the bitmap names.
	ErrTrailing = errors.New("bytes follow the last field that the bitmap names")
	// ErrUndefined says that the bitmap names a field that the dialect has not.
	ErrUndefined = errors.New("the dialect does not define this field")
	// ErrTooLong says that a message is longer than 65,535 bytes.
	ErrTooLong = errors.New("a message can have at most 65535 bytes")
)

// ErrNoReply says that there is no reply to this message: its MTI could not be
// read, or is not a request's.
var ErrNoReply = errors.New("no reply can be made to this message")
