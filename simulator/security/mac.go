package security

import (
	"crypto/cipher"
	"crypto/des" //nolint:gosec // payment terminals speak DES: that is the subject here
	"crypto/subtle"
	"encoding/binary"
	"fmt"
	"log/slog"
	"strings"
	"sync"
)

// MACAlgorithm is a way to compute DE 64. Configuration files use its names:
// cup-ecb, x9.19, x9.19-padding2, x9.19-padding3.
type MACAlgorithm uint8

// The algorithms.
const (
	// CUPECB is UnionPay's "ECB" MAC: the blocks are XORed into one, which is
	// written as 16 hexadecimal characters; the left 8 are encrypted, XORed
	// with the right 8 and encrypted again. DE 64 is the first 8 hexadecimal
	// characters of that, as text. Worked examples:
	// blog.csdn.net/zfr_xuexiao66/article/details/94665452 and
	// q.cnblogs.com/q/128930.
	CUPECB MACAlgorithm = iota
	// X919 is the retail MAC of ANSI X9.19 (ISO 9797-1 algorithm 3, padding 1):
	// a DES CBC-MAC under the left key half, then decrypted under the right and
	// encrypted under the left. DE 64 is its 8 bytes. With a single-length key
	// it is the CBC-MAC of X9.9.
	X919
	// X919Padding2 is X919 with a 1 bit and zeros as padding (ISO 9797-1 method 2).
	X919Padding2
	// X919Padding3 is X919 with the length in bits as first block (ISO 9797-1 method 3).
	X919Padding3
)

var macNames = [...]string{CUPECB: "cup-ecb", X919: "x9.19", X919Padding2: "x9.19-padding2", X919Padding3: "x9.19-padding3"}

// String returns the name that configuration files use.
func (a MACAlgorithm) String() string {
	if int(a) < len(macNames) {
		return macNames[a]
	}
	return fmt.Sprintf("MACAlgorithm(%d)", uint8(a))
}

// MarshalText returns the name that configuration files use.
func (a MACAlgorithm) MarshalText() ([]byte, error) {
	if int(a) >= len(macNames) {
		return nil, unknownName("MAC algorithm", a.String(), strings.Join(macNames[:], ", "))
	}
	return []byte(macNames[a]), nil
}

// UnmarshalText reads the name that configuration files use.
func (a *MACAlgorithm) UnmarshalText(text []byte) error {
	for i, name := range macNames {
		if name == string(text) {
			*a = MACAlgorithm(i)
			return nil
		}
	}
	return unknownName("MAC algorithm", string(text), strings.Join(macNames[:], ", "))
}

func (a MACAlgorithm) wantsTwoHalves() bool {
	return a == X919 || a == X919Padding2 || a == X919Padding3
}

// MAC computes message authentication codes with one key. It is prepared once
// per key and safe for concurrent use. Make one with [NewMAC].
type MAC struct {
	algorithm MACAlgorithm
	kcv       [4]byte
	left      cipher.Block // cup-ecb: the whole key
	right     cipher.Block // X9.19: the second half, which is the first if there is none
}

// NewMAC prepares a MAC. cup-ecb takes a key of any length (8 bytes is
// UnionPay's rule, 16 is met), X9.19 one of 16 or 8.
func NewMAC(a MACAlgorithm, k Key) (*MAC, error) {
	if k.IsZero() {
		return nil, fmt.Errorf("security: %s MAC: %w", a, ErrNoKey)
	}
	m := &MAC{algorithm: a, kcv: k.KCV(), left: k.m.p.block}
	switch {
	case a == CUPECB:
		return m, nil
	case !a.wantsTwoHalves():
		return nil, unknownName("MAC algorithm", a.String(), strings.Join(macNames[:], ", "))
	case k.Len() == 24:
		return nil, fmt.Errorf("security: %w: 24 bytes; an %s MAC key has 16", ErrKey, a)
	}
	var err error
	if m.left, err = des.NewCipher(k.m.p.bytes[:8]); err == nil { //nolint:gosec // see import
		m.right, err = des.NewCipher(k.m.p.bytes[k.Len()-8 : k.Len()]) //nolint:gosec // see import
	}
	if err != nil {
		return nil, fmt.Errorf("security: %s MAC: %w", a, err)
	}
	return m, nil
}

// scratch is the state of one computation. cipher.Block is an interface, so its
// buffers escape to the heap: reusing them is what saves the allocation.
type scratch struct {
	acc  uint64 // blocks so far, folded or chained, big-endian
	fill int    // bytes of an unfinished block already in acc, 0 to 7
	buf  [des.BlockSize]byte
}

var scratches = sync.Pool{New: func() any { return new(scratch) }}

// Sum returns the value of DE 64 for the parts, as if they were one slice. It
// doesn't allocate.
func (m *MAC) Sum(parts ...[]byte) [8]byte {
	total := 0
	for _, p := range parts {
		total += len(p)
	}
	s := m.start(total)
	for _, p := range parts {
		m.absorb(s, p)
	}
	return m.finish(s, total)
}

// Sum1 is [MAC.Sum] of one part.
func (m *MAC) Sum1(b []byte) [8]byte {
	s := m.start(len(b))
	m.absorb(s, b)
	return m.finish(s, len(b))
}

// Verify reports, in constant time, whether want is the DE 64 of data.
func (m *MAC) Verify(want, data []byte) bool {
	sum := m.Sum1(data)
	return subtle.ConstantTimeCompare(sum[:], want) == 1
}

// Check is [MAC.Verify] for a field that may be missing: want is empty then.
func (m *MAC) Check(want, data []byte) MACResult {
	switch {
	case len(want) == 0:
		return MACAbsent
	case m.Verify(want, data):
		return MACOK
	default:
		return MACWrong
	}
}

func (m *MAC) start(total int) *scratch {
	s := scratches.Get().(*scratch)
	s.acc, s.fill = 0, 0
	if m.algorithm == X919Padding3 {
		s.acc = uint64(total) * 8
		s.encrypt(m.left)
	}
	return s
}

// absorb takes in a part: it completes the unfinished block, works on whole
// ones, and leaves the rest.
func (m *MAC) absorb(s *scratch, p []byte) {
	chained := m.algorithm != CUPECB
	for s.fill > 0 && len(p) > 0 {
		s.put(p[0])
		p = p[1:]
		if s.fill == 0 && chained {
			s.encrypt(m.left)
		}
	}
	for len(p) >= des.BlockSize {
		s.acc ^= binary.BigEndian.Uint64(p)
		if chained {
			s.encrypt(m.left)
		}
		p = p[des.BlockSize:]
	}
	for _, b := range p {
		s.put(b)
	}
}

// finish pads, computes the result and gives the state back.
func (m *MAC) finish(s *scratch, total int) [8]byte {
	defer scratches.Put(s)
	if m.algorithm == CUPECB {
		left, right := hexChars(uint32(s.acc>>32)), hexChars(uint32(s.acc)) //nolint:gosec // halves of a word
		s.acc = left
		s.encrypt(m.left)
		s.acc ^= right
		s.encrypt(m.left)
		var out [8]byte
		binary.BigEndian.PutUint64(out[:], hexChars(uint32(s.acc>>32)))
		return out
	}
	// Zeros need no XOR. Padding 1 adds a block only to finish one, or where
	// there is no data at all; padding 2 always adds its bit.
	switch {
	case m.algorithm == X919Padding2:
		s.put(0x80)
		s.encrypt(m.left)
	case s.fill > 0 || total == 0 && m.algorithm == X919:
		s.encrypt(m.left)
	}
	m.right.Decrypt(s.buf[:], s.buf[:])
	m.left.Encrypt(s.buf[:], s.buf[:])
	return s.buf
}

// put XORs one byte into the unfinished block.
func (s *scratch) put(b byte) {
	s.acc ^= uint64(b) << (8 * (des.BlockSize - 1 - s.fill))
	s.fill = (s.fill + 1) % des.BlockSize
}

func (s *scratch) encrypt(block cipher.Block) {
	binary.BigEndian.PutUint64(s.buf[:], s.acc)
	block.Encrypt(s.buf[:], s.buf[:])
	s.acc = binary.BigEndian.Uint64(s.buf[:])
}

// hexChars returns the 8 upper-case hexadecimal characters of v as one word.
func hexChars(v uint32) uint64 {
	const digits = "0123456789ABCDEF"
	var out uint64
	for shift := 28; shift >= 0; shift -= 4 {
		out = out<<8 | uint64(digits[v>>shift&0xF])
	}
	return out
}

// String describes the MAC by algorithm and check value.
func (m *MAC) String() string {
	if m == nil {
		return "mac(none)"
	}
	return fmt.Sprintf("mac(%s, KCV %X)", m.algorithm, m.kcv)
}

// GoString is [MAC.String].
func (m *MAC) GoString() string { return m.String() }

// Format writes [MAC.String] whatever the verb.
func (m *MAC) Format(s fmt.State, _ rune) { writeText(s, m.String()) }

// MarshalText is [MAC.String].
func (m *MAC) MarshalText() ([]byte, error) { return []byte(m.String()), nil }

// LogValue is [MAC.String].
func (m *MAC) LogValue() slog.Value { return slog.StringValue(m.String()) }
