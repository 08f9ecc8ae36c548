package security

import (
	"crypto/subtle"
	"fmt"
	"log/slog"
)

// Shortest and longest PIN (ISO 9564-1).
const (
	MinPIN = 4
	MaxPIN = 12
)

// PIN is a clear PIN out of a PIN block. It can be compared and nothing else:
// it never prints, marshals or logs its digits or their number. The zero PIN
// equals nothing.
type PIN struct{ d *sealed[pinDigits] }

// pinDigits are a length, then the digits as text.
type pinDigits [1 + MaxPIN]byte

// newPIN makes a PIN of digits that have been checked.
func newPIN(digits string) PIN {
	var d pinDigits
	d[0] = byte(len(digits))
	copy(d[1:], digits)
	return PIN{seal(&d)}
}

// IsZero reports whether there is no PIN.
func (p PIN) IsZero() bool { return p.d == nil }

// Equal reports whether the PIN is s. How long it takes doesn't depend on how
// many digits agree.
func (p PIN) Equal(s string) bool {
	if p.d == nil || checkPIN(s) != nil {
		return false
	}
	return subtle.ConstantTimeCompare(p.d.p[:], newPIN(s).d.p[:]) == 1
}

func checkPIN(s string) error {
	if len(s) < MinPIN || len(s) > MaxPIN || !allDigits(s) {
		return fmt.Errorf("security: %w", ErrPIN)
	}
	return nil
}

func checkPAN(s string) error {
	if len(s) < 12 || len(s) > 19 || !allDigits(s) {
		return fmt.Errorf("security: %w: this PIN block format depends on it", ErrPAN)
	}
	return nil
}

func allDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}

// String hides the PIN.
func (p PIN) String() string {
	if p.d == nil {
		return "pin(none)"
	}
	return "pin(****)"
}

// GoString is [PIN.String].
func (p PIN) GoString() string { return p.String() }

// Format writes [PIN.String] whatever the verb.
func (p PIN) Format(s fmt.State, _ rune) { writeText(s, p.String()) }

// MarshalText is [PIN.String].
func (p PIN) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// LogValue is [PIN.String].
func (p PIN) LogValue() slog.Value { return slog.StringValue(p.String()) }
