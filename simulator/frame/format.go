package frame

import (
	"errors"
	"fmt"
	"io"
)

// MaxHeader is the largest fixed proprietary header of a Format, in bytes.
const MaxHeader = 255

// Format describes the frames of one dialect. The zero value is a 2-byte
// binary length that excludes itself, followed by the body.
type Format struct {
	// Length is the kind of length header. Default: Binary2.
	Length LengthKind

	// CountsItself says that the length includes the length header's own
	// bytes. Default: it does not.
	CountsItself bool

	// ExcludesHeader says that the length does not include the TPDU and the
	// proprietary header that follow it. Default: it includes them.
	ExcludesHeader bool

	// TPDU says that 5 bytes of TPDU follow the length. Default: none.
	TPDU bool

	// Header is the size of the fixed proprietary header after the TPDU, in
	// bytes, at most MaxHeader (UnionPay: 6). Default: none.
	Header int
}

// Validate reports what is wrong with the format.
func (f Format) Validate() error {
	if f.Length >= lengthKindCount {
		return fmt.Errorf("frame: %s is unknown; use one of %s", f.Length, lengthKindNames())
	}
	if f.Header < 0 || f.Header > MaxHeader {
		return fmt.Errorf("frame: a proprietary header of %d bytes; it can have 0 to %d", f.Header, MaxHeader)
	}
	return nil
}

// Overhead returns how many bytes of a frame are not body: length header, TPDU
// and proprietary header.
func (f Format) Overhead() int { return f.Length.Size() + f.prefix() }

// prefix is the size of TPDU and proprietary header.
func (f Format) prefix() int {
	if f.TPDU {
		return TPDUSize + f.Header
	}
	return f.Header
}

// Cut takes the first frame from b and returns it, pointing into b, and the
// bytes after it. No frame may have more than max bytes after its length
// header (0: as Limits.Max).
//
// Its errors are those of Reader.Next: io.EOF where b is empty, and an *Error
// otherwise. After a recoverable error rest is what follows the bad frame.
func (f Format) Cut(b []byte, max int) (fr Frame, rest []byte, err error) {
	if err := f.Validate(); err != nil {
		return Frame{}, b, err
	}
	if len(b) == 0 {
		return Frame{}, b, io.EOF
	}
	s := f.scan(b, Limits{Max: max}.effective().Max)
	switch {
	case s.bad != 0 && s.bad != TooShort:
		return Frame{}, b, f.fault(s, b)
	case s.total == 0 || s.total > len(b):
		return Frame{}, b, &Error{Kind: Unfinished, Raw: evidence(b), Length: s.length,
			Err: fmt.Errorf("%s: %w", f.progress(s, len(b)), io.ErrUnexpectedEOF)}
	case s.bad != 0:
		return Frame{}, b[s.total:], f.fault(s, b[:s.total])
	}
	return f.split(b[:s.total:s.total], s), b[s.total:], nil
}

// Peek returns how many bytes the frame has that b begins with, its length
// header included: 0 where that header is not all there. It is false where b
// begins with no frame, or one with more than max bytes after its length header
// (0: as Limits.Max). It is for those who look for frames anywhere: it makes no
// errors, and costs little.
func (f Format) Peek(b []byte, max int) (total int, ok bool) {
	if f.Validate() != nil {
		return 0, false
	}
	s := f.scan(b, Limits{Max: max}.effective().Max)
	return s.total, s.bad == 0
}

// scan is what the start of a buffer says about the frame in it.
type scan struct {
	total     int   // bytes of the frame, its length header included; 0 while unknown
	length    int64 // as announced
	bad       ErrorKind
	keepAlive bool
}

// scan reads the length header at the start of b, if all of it is there.
func (f Format) scan(b []byte, max int) (s scan) {
	size := f.Length.Size()
	if len(b) < size {
		return s
	}
	n, ok := f.Length.get(b)
	s.length = n
	if f.CountsItself {
		n -= int64(size)
	}
	if !ok || n < 0 {
		s.bad = BadLength
		return s
	}
	prefix := int64(f.prefix())
	if f.Length.session(b) || n == 0 {
		s.keepAlive = true
		prefix = 0
	}
	if f.ExcludesHeader {
		n += prefix
	}
	if n > int64(max) {
		s.bad = TooLong
		return s
	}
	if n < prefix {
		s.bad = TooShort
	}
	s.total = size + int(n)
	return s
}

// split divides a complete frame into its parts.
func (f Format) split(raw []byte, s scan) Frame {
	fr := Frame{Raw: raw, KeepAlive: s.keepAlive}
	if s.keepAlive {
		return fr
	}
	at := f.Length.Size()
	if f.TPDU {
		fr.TPDU = raw[at : at+TPDUSize : at+TPDUSize]
		at += TPDUSize
	}
	if f.Header > 0 {
		fr.Header = raw[at : at+f.Header : at+f.Header]
		at += f.Header
	}
	fr.Body = raw[at:]
	return fr
}

// fault makes the error for a scan that found one; raw starts with the frame.
func (f Format) fault(s scan, raw []byte) *Error {
	e := &Error{Kind: s.bad, Raw: evidence(raw), Length: s.length}
	header := raw[:min(len(raw), f.Length.Size())]
	switch s.bad {
	case TooShort:
		e.Err = fmt.Errorf("%d bytes follow its length header %q, but TPDU and header alone have %d: does the peer send them?",
			s.total-len(header), header, f.prefix())
	case TooLong:
		e.Err = fmt.Errorf("length header %q announces %d bytes, more than allowed: raise the maximum, or check that the peer's length header is %s too",
			header, s.length, lengthKinds[f.Length].what)
	default:
		e.Err = fmt.Errorf("length header %q (hex %x) is no length: check that the peer's length header is %s too",
			header, header, lengthKinds[f.Length].what)
	}
	return e
}

// progress says how far an incomplete frame has come.
func (f Format) progress(s scan, have int) string {
	if s.total == 0 {
		return fmt.Sprintf("%d of %d bytes of its length header had come", have, f.Length.Size())
	}
	return fmt.Sprintf("%d of its %d bytes had come", have, s.total)
}

// PutLength writes a length header that announces n, whatever follows it, into
// the first bytes of a frame. The error wraps ErrUnrepresentable: n is negative
// or more than the header can say.
func (f Format) PutLength(raw []byte, n int) error {
	if size := f.Length.Size(); n < 0 || int64(n) > f.Length.Max() || size == 0 || len(raw) < size {
		return fmt.Errorf("%w: a length of %d in %s", ErrUnrepresentable, n, lengthKinds[f.Length].what)
	}
	f.Length.put(raw, int64(n))
	return nil
}

// Announced returns the number in the length header that a frame begins with.
// It is false where there is none.
func (f Format) Announced(raw []byte) (int, bool) {
	if size := f.Length.Size(); size == 0 || len(raw) < size {
		return 0, false
	}
	n, ok := f.Length.get(raw)
	return int(n), ok
}

// ErrUnrepresentable is wrapped by the errors of Finish.
var ErrUnrepresentable = errors.New("no frame of this format")

// The marks that Begin returns for parts that do not fit the format.
const (
	markTPDU   = -1
	markHeader = -2
)

// Begin appends to dst room for a length header and then tpdu and header, and
// returns the longer slice and a mark for Finish. The caller appends the body
// and calls Finish:
//
//	dst, mark := f.Begin(dst, tpdu, header)
//	dst = append(dst, body...)
//	err := f.Finish(dst, mark)
//
// tpdu has TPDUSize bytes or, where the format has none, is empty; header has
// as many as the format says. Where they do not, Begin appends nothing and
// Finish returns an error.
func (f Format) Begin(dst, tpdu, header []byte) ([]byte, int) {
	want := 0
	if f.TPDU {
		want = TPDUSize
	}
	if len(tpdu) != want {
		return dst, markTPDU
	}
	if len(header) != f.Header {
		return dst, markHeader
	}
	mark := len(dst)
	var room [4]byte
	dst = append(dst, room[:f.Length.Size()]...)
	dst = append(dst, tpdu...)
	return append(dst, header...), mark
}

// Finish writes the length header of the frame that began at mark and ends
// with dst. Without TPDU, header and body the frame is a keep-alive.
//
// The errors wrap ErrUnrepresentable: the frame is longer than the length
// header can say, the parts given to Begin do not fit the format, or the body
// is empty where the length excludes TPDU and header (its length would be
// zero, and a reader would take it for a keep-alive).
func (f Format) Finish(dst []byte, mark int) error {
	size, prefix := f.Length.Size(), f.prefix()
	switch {
	case mark == markTPDU:
		return fmt.Errorf("%w: the TPDU given does not have the size that the format says (TPDU: %t)", ErrUnrepresentable, f.TPDU)
	case mark == markHeader:
		return fmt.Errorf("%w: the header given does not have %d bytes", ErrUnrepresentable, f.Header)
	case size == 0 || mark < 0 || len(dst)-mark < size+prefix:
		return fmt.Errorf("%w: a mark of %d in %d bytes is none that Begin returned", ErrUnrepresentable, mark, len(dst))
	}
	n := len(dst) - mark - size
	if f.ExcludesHeader {
		n -= prefix
		if n == 0 && prefix > 0 {
			return fmt.Errorf("%w: an empty body, where the length counts nothing else", ErrUnrepresentable)
		}
	}
	if f.CountsItself {
		n += size
	}
	if int64(n) > f.Length.Max() {
		return fmt.Errorf("%w: a length of %d; %s can say at most %d", ErrUnrepresentable, n, f.Length, f.Length.Max())
	}
	f.Length.put(dst[mark:], int64(n))
	return nil
}
