package frame

import (
	"fmt"
	"math"
	"strings"
)

// LengthKind is how the length header in front of every frame is written.
// The zero value is Binary2.
type LengthKind uint8

// The kinds of length header. The names that files use stand beside them.
const (
	Binary2 LengthKind = iota // binary2: 2 bytes, big-endian, up to 65,535
	Binary4                   // binary4: 4 bytes, big-endian
	BCD2                      // bcd2: 4 digits in 2 bytes, up to 9,999
	ASCII4                    // ascii4: 4 decimal digits in ASCII, up to 9,999 (jPOS ASCIIChannel)
	Hex4                      // hex4: 4 hexadecimal digits in ASCII, up to 65,535; written in upper case, read in either

	// VML (vml) is Visa's 4-byte header: a 2-byte big-endian length that
	// excludes the header, a zero byte, and a byte whose high nibble is the
	// message format (2: session control, no message) and whose low nibble is
	// the platform. It is written with the last two bytes zero and read with
	// any. A length of zero is a poll. Sources: jPOS VAPChannel
	// (sendMessageLength, getMessageLength) and moov-io/iso8583 v0.26.1,
	// network/vml_header.go.
	VML

	lengthKindCount
)

var lengthKinds = [lengthKindCount]struct {
	name string
	size int   // bytes of the header
	max  int64 // the largest length that it can express
	what string
}{
	Binary2: {"binary2", 2, math.MaxUint16, "2 binary bytes"},
	Binary4: {"binary4", 4, math.MaxUint32, "4 binary bytes"},
	BCD2:    {"bcd2", 2, 9999, "4 BCD digits"},
	ASCII4:  {"ascii4", 4, 9999, "4 ASCII digits"},
	Hex4:    {"hex4", 4, math.MaxUint16, "4 hexadecimal digits"},
	VML:     {"vml", 4, math.MaxUint16, "a Visa VML header"},
}

// LengthKinds lists every kind, in a fixed order.
func LengthKinds() []LengthKind {
	all := make([]LengthKind, lengthKindCount)
	for i := range all {
		all[i] = LengthKind(i)
	}
	return all
}

// String returns the name that files use, such as "binary2".
func (k LengthKind) String() string {
	if k >= lengthKindCount {
		return fmt.Sprintf("length kind(%d)", uint8(k))
	}
	return lengthKinds[k].name
}

// ParseLengthKind returns the kind with the given name; an unknown name is an
// error that lists the known ones.
func ParseLengthKind(s string) (LengthKind, error) {
	for k, info := range lengthKinds {
		if info.name == s {
			return LengthKind(k), nil
		}
	}
	return 0, fmt.Errorf("no length header is called %q; use one of %s", s, lengthKindNames())
}

// MarshalText writes the name; an invalid kind is an error.
func (k LengthKind) MarshalText() ([]byte, error) {
	if k >= lengthKindCount {
		return nil, fmt.Errorf("%s has no name; use one of %s", k, lengthKindNames())
	}
	return []byte(k.String()), nil
}

// UnmarshalText reads a name.
func (k *LengthKind) UnmarshalText(b []byte) error {
	parsed, err := ParseLengthKind(string(b))
	if err != nil {
		return err
	}
	*k = parsed
	return nil
}

// Size returns how many bytes the length header takes: 2 or 4 (0 for an
// invalid kind).
func (k LengthKind) Size() int {
	if k >= lengthKindCount {
		return 0
	}
	return lengthKinds[k].size
}

// Max returns the largest length that the header can express.
func (k LengthKind) Max() int64 {
	if k >= lengthKindCount {
		return 0
	}
	return lengthKinds[k].max
}

func lengthKindNames() string {
	names := make([]string, lengthKindCount)
	for i, info := range lengthKinds {
		names[i] = info.name
	}
	return strings.Join(names, ", ")
}

// get reads the number that the header b announces; b has Size bytes. A
// negative ASCII number is read as such, so that the caller can name it. It is
// false where b is not a number.
func (k LengthKind) get(b []byte) (int64, bool) {
	switch k {
	case Binary2, VML:
		return int64(b[0])<<8 | int64(b[1]), true
	case Binary4:
		return int64(b[0])<<24 | int64(b[1])<<16 | int64(b[2])<<8 | int64(b[3]), true
	case BCD2:
		return digits([]byte{b[0] >> 4, b[0] & 0x0f, b[1] >> 4, b[1] & 0x0f}, 0)
	case ASCII4:
		if b[0] == '-' {
			n, ok := digits(b[1:4], '0')
			return -n, ok && n > 0 // "-000" is no way to write zero
		}
		return digits(b[:4], '0')
	case Hex4:
		var n int64
		for _, c := range b[:4] {
			d, ok := hexDigit(c)
			if !ok {
				return 0, false
			}
			n = n<<4 | d
		}
		return n, true
	}
	return 0, false
}

func digits(b []byte, zero byte) (int64, bool) {
	var n int64
	for _, c := range b {
		d := int64(c) - int64(zero)
		if d < 0 || d > 9 {
			return 0, false
		}
		n = n*10 + d
	}
	return n, true
}

func hexDigit(c byte) (int64, bool) {
	switch {
	case c >= '0' && c <= '9':
		return int64(c - '0'), true
	case c >= 'A' && c <= 'F':
		return int64(c-'A') + 10, true
	case c >= 'a' && c <= 'f':
		return int64(c-'a') + 10, true
	}
	return 0, false
}

// put writes n into the Size bytes of b; n is between 0 and Max.
func (k LengthKind) put(b []byte, n int64) {
	switch k {
	case Binary2:
		b[0], b[1] = byte(n>>8), byte(n)
	case VML:
		b[0], b[1], b[2], b[3] = byte(n>>8), byte(n), 0, 0
	case Binary4:
		b[0], b[1], b[2], b[3] = byte(n>>24), byte(n>>16), byte(n>>8), byte(n)
	case BCD2:
		b[0] = byte(n/1000%10)<<4 | byte(n/100%10)
		b[1] = byte(n/10%10)<<4 | byte(n%10)
	case ASCII4:
		b[0], b[1] = '0'+byte(n/1000%10), '0'+byte(n/100%10)
		b[2], b[3] = '0'+byte(n/10%10), '0'+byte(n%10)
	case Hex4:
		const upper = "0123456789ABCDEF"
		b[0], b[1] = upper[n>>12&0x0f], upper[n>>8&0x0f]
		b[2], b[3] = upper[n>>4&0x0f], upper[n&0x0f]
	}
}

// session reports whether the header b announces a VML session control
// message: one between the endpoints, without an ISO message.
func (k LengthKind) session(b []byte) bool { return k == VML && b[3]>>4 == 2 }
