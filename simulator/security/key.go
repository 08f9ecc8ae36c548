package security

import (
	"crypto/cipher"
	"crypto/des" //nolint:gosec // payment terminals speak DES: that is the subject here
	"crypto/sha256"
	"crypto/subtle"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"log/slog"
	"math/bits"
	"strings"
)

// Key is a DES key of single, double or triple length, ready for use. It never
// shows its bytes: it prints, marshals and logs as its length and check value.
// The zero Key holds nothing; its operations return [ErrNoKey].
//
// Compare keys with [Key.Equal]: == compares handles, not keys.
type Key struct{ m *sealed[material] }

type material struct {
	bytes [24]byte
	n     int
	block cipher.Block
	kcv   [4]byte
}

// NewKey makes a key from 8, 16 or 24 bytes, which it copies. Parity bits are
// ignored, as terminals do: working keys seen in the field don't keep them.
func NewKey(b []byte) (Key, error) {
	m := &material{n: len(b)}
	copy(m.bytes[:], b)
	var err error
	switch len(b) {
	case 8:
		m.block, err = des.NewCipher(m.bytes[:8]) //nolint:gosec // see import
	case 16:
		copy(m.bytes[16:], m.bytes[:8])                   // double length is K1, K2, K1
		m.block, err = des.NewTripleDESCipher(m.bytes[:]) //nolint:gosec // see import
	case 24:
		m.block, err = des.NewTripleDESCipher(m.bytes[:]) //nolint:gosec // see import
	default:
		return Key{}, fmt.Errorf("security: %w: %d bytes; a DES key has 8, 16 or 24", ErrKey, len(b))
	}
	if err != nil {
		return Key{}, fmt.Errorf("security: %w: this Go runtime refuses DES: %w", ErrKey, err)
	}
	var zero, out [8]byte
	m.block.Encrypt(out[:], zero[:])
	copy(m.kcv[:], out[:])
	return Key{seal(m)}, nil
}

// ParseKey reads a key of 16, 32 or 48 hexadecimal digits. Spaces between
// digits are allowed, as key letters print them in groups.
func ParseKey(s string) (Key, error) {
	var b [24]byte
	n := 0
	for i := range len(s) {
		c := s[i]
		if c == ' ' {
			continue
		}
		v := hexValue(c)
		if v < 0 {
			return Key{}, fmt.Errorf("security: %w: character %d is not a hexadecimal digit", ErrKey, i+1)
		}
		if n < 2*len(b) {
			b[n/2] |= byte(v) << (4 * (1 - n%2))
		}
		n++
	}
	if n != 16 && n != 32 && n != 48 {
		return Key{}, fmt.Errorf("security: %w: %d hexadecimal digits; a DES key has 16, 32 or 48", ErrKey, n)
	}
	return NewKey(b[:n/2])
}

func hexValue(c byte) int {
	switch {
	case '0' <= c && c <= '9':
		return int(c - '0')
	case 'A' <= c && c <= 'F':
		return int(c-'A') + 10
	case 'a' <= c && c <= 'f':
		return int(c-'a') + 10
	}
	return -1
}

// IsZero reports whether the key holds nothing.
func (k Key) IsZero() bool { return k.m == nil }

// Len returns the length in bytes: 8, 16, 24, or 0 for the zero Key.
func (k Key) Len() int {
	if k.m == nil {
		return 0
	}
	return k.m.p.n
}

// Equal reports whether both keys have the same bytes, in constant time for
// keys of equal length. Two zero keys are equal.
func (k Key) Equal(o Key) bool {
	if k.m == nil || o.m == nil {
		return k.m == o.m
	}
	return k.m.p.n == o.m.p.n && subtle.ConstantTimeCompare(k.m.p.bytes[:], o.m.p.bytes[:]) == 1
}

// KCV returns the key check value: the first 4 bytes of the encryption of 8
// zero bytes. The zero Key has four zeros.
func (k Key) KCV() [4]byte {
	if k.m == nil {
		return [4]byte{}
	}
	return k.m.p.kcv
}

// EncryptECB encrypts whole 8-byte blocks, each by itself, into a new slice.
func (k Key) EncryptECB(src []byte) ([]byte, error) {
	if err := k.usable(src); err != nil {
		return nil, err
	}
	dst := make([]byte, len(src))
	for i := 0; i < len(src); i += des.BlockSize {
		k.m.p.block.Encrypt(dst[i:], src[i:])
	}
	return dst, nil
}

// DecryptECB undoes [Key.EncryptECB].
func (k Key) DecryptECB(src []byte) ([]byte, error) {
	if err := k.usable(src); err != nil {
		return nil, err
	}
	dst := make([]byte, len(src))
	for i := 0; i < len(src); i += des.BlockSize {
		k.m.p.block.Decrypt(dst[i:], src[i:])
	}
	return dst, nil
}

func (k Key) usable(src []byte) error {
	if k.m == nil {
		return fmt.Errorf("security: %w", ErrNoKey)
	}
	if len(src)%des.BlockSize != 0 {
		return fmt.Errorf("security: %w: %d bytes; DES works on multiples of 8", ErrData, len(src))
	}
	return nil
}

// RevealHex returns the key itself in upper-case hexadecimal. It is for showing
// a key to the person who types it into a terminal, and for nothing else.
func (k Key) RevealHex() string { return strings.ToUpper(hex.EncodeToString(k.bytes())) }

func (k Key) bytes() []byte {
	if k.m == nil {
		return nil
	}
	return k.m.p.bytes[:k.m.p.n]
}

// Most and fewest components that [Key.Components] splits a key into.
const (
	MinComponents = 2
	MaxComponents = 9
)

// Components splits the key into n parts whose XOR is the key, as terminals
// take a master key: each typed by another person, each with a check value of
// its own. The same seed gives the same components. All but the last have odd
// parity, and so has the last if n is odd and the key has it.
func (k Key) Components(n int, seed []byte) ([]Key, error) {
	if k.m == nil {
		return nil, fmt.Errorf("security: %w", ErrNoKey)
	}
	if n < MinComponents || n > MaxComponents {
		return nil, fmt.Errorf("security: %w: %d components; split it into %d to %d", ErrKey, n, MinComponents, MaxComponents)
	}
	last := append([]byte(nil), k.bytes()...)
	parts := make([]Key, 0, n)
	for i := range n - 1 {
		b := derive(k.m.p.n, "component", seed, []byte{byte(i)})
		subtle.XORBytes(last, last, b)
		part, err := NewKey(b)
		if err != nil {
			return nil, err
		}
		parts = append(parts, part)
	}
	part, err := NewKey(last)
	if err != nil {
		return nil, err
	}
	return append(parts, part), nil
}

// DefaultTMK returns the terminal master key that a simulator uses if it is
// told no other: 0123456789ABCDEF FEDCBA9876543210, the double-length test key
// that every payment developer recognises. Odd parity, check value 08D7B4FB.
func DefaultTMK() Key {
	k, err := ParseKey("0123456789ABCDEF FEDCBA9876543210")
	if err != nil {
		return Key{} // DES is refused; every use says so
	}
	return k
}

// derive returns up to 32 key bytes of odd parity from a purpose and its parts.
// Each input is preceded by its length: no two lists hash the same bytes.
func derive(n int, purpose string, parts ...[]byte) []byte {
	h := sha256.New()
	write := func(p []byte) {
		var size [8]byte
		binary.BigEndian.PutUint64(size[:], uint64(len(p)))
		h.Write(size[:])
		h.Write(p)
	}
	write([]byte("acqsim/security/" + purpose))
	for _, p := range parts {
		write(p)
	}
	return oddParity(h.Sum(nil)[:n])
}

// oddParity sets the lowest bit of each byte so that its one-bits are odd in
// number, in place.
func oddParity(b []byte) []byte {
	for i, v := range b {
		b[i] = v&^1 | byte(1-bits.OnesCount8(v&^1)%2)
	}
	return b
}

// String describes the key without showing it.
func (k Key) String() string {
	if k.m == nil {
		return "key(none)"
	}
	return fmt.Sprintf("key(%d bytes, KCV %X)", k.m.p.n, k.m.p.kcv)
}

// GoString is [Key.String]: %#v shows no more than %v.
func (k Key) GoString() string { return k.String() }

// Format writes [Key.String] whatever the verb: %x shows no more than %v.
func (k Key) Format(s fmt.State, _ rune) { writeText(s, k.String()) }

// MarshalText is [Key.String]; there is no way to read a key back from it.
func (k Key) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// LogValue is [Key.String].
func (k Key) LogValue() slog.Value { return slog.StringValue(k.String()) }
