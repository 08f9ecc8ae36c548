package dialect

import (
	"encoding/binary"
	"fmt"
	"log/slog"

	"github.com/acqsim/acqsim/scenarios/transcript"
)

// ParsePAN returns the card number of 1 to 19 digits in s.
func ParsePAN(s string) (PAN, error) {
	p, ok := panOf([]byte(s))
	if !ok || p.IsZero() {
		return PAN{}, fmt.Errorf("a card number has 1 to 19 digits and nothing else; this text has %d characters", len(s))
	}
	return p, nil
}

// panOf reads 0 to 19 ASCII digits.
func panOf(digits []byte) (p PAN, ok bool) {
	if len(digits) > 19 {
		return PAN{}, false
	}
	for _, c := range digits {
		if c < '0' || c > '9' {
			return PAN{}, false
		}
		p.digits = p.digits*10 + uint64(c-'0')
	}
	p.length = uint8(len(digits)) //nolint:gosec // at most 19
	return p, true
}

// IsZero reports whether there is no number.
func (p PAN) IsZero() bool { return p.length == 0 }

// Len returns how many digits the number has.
func (p PAN) Len() int { return int(p.length) }

// AppendDigits appends the number in clear. It is for the computations that
// need it (PIN blocks, card lookup); nothing that is logged or stored may hold
// the result.
func (p PAN) AppendDigits(dst []byte) []byte {
	var b [19]byte
	n := p.digits
	for i := int(p.length) - 1; i >= 0; i-- {
		b[i] = byte('0' + n%10)
		n /= 10
	}
	return append(dst, b[:p.length]...)
}

// Clear returns the number in clear, as [PAN.AppendDigits] does.
func (p PAN) Clear() string { return string(p.AppendDigits(nil)) }

// Hash returns a 64-bit hash of the number, never 0 for a number that is there.
// It is the same in every run, so that what was stored by it can be found.
func (p PAN) Hash() uint64 {
	if p.IsZero() {
		return 0
	}
	h := hashUint(hashUint(hashStart, p.digits), uint64(p.length))
	return max(h, 1)
}

// String masks the number as [transcript.MaskPAN] does.
func (p PAN) String() string { return transcript.MaskPAN(p.Clear()) }

// GoString is [PAN.String].
func (p PAN) GoString() string { return p.String() }

// Format writes [PAN.String] whatever the verb.
func (p PAN) Format(s fmt.State, _ rune) { _, _ = s.Write([]byte(p.String())) }

// MarshalText is [PAN.String].
func (p PAN) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// LogValue is [PAN.String].
func (p PAN) LogValue() slog.Value { return slog.StringValue(p.String()) }

// MakeID returns s without trailing spaces as an identifier. Characters beyond
// the fifteenth are dropped: no field that names something has more.
func MakeID(s string) (id ID) {
	n := copy(id.b[:], s)
	id.trim(n)
	return id
}

func idOf(b []byte) (id ID) {
	n := copy(id.b[:], b)
	id.trim(n)
	return id
}

func (id *ID) trim(n int) {
	for n > 0 && id.b[n-1] == ' ' {
		n--
		id.b[n] = 0
	}
	id.n = uint8(n) //nolint:gosec // at most 15
}

// Hash returns a hash of the identifier, for tables in memory.
func (id *ID) Hash() uint64 {
	return hashUint(hashUint(hashStart, binary.LittleEndian.Uint64(id.b[:])), binary.LittleEndian.Uint64(id.b[7:]))
}

// IsZero reports whether the identifier is absent or all spaces.
func (id ID) IsZero() bool { return id.n == 0 }

// Append appends the identifier's characters to dst.
func (id *ID) Append(dst []byte) []byte { return append(dst, id.b[:id.n]...) }

// String returns the identifier's characters.
func (id ID) String() string { return string(id.b[:id.n]) }
