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
// cup-ecb, x9.9, x9.19 and iso9797-1; the last two also with -padding2 or
// -padding3 after them. iso9797-3 is another name of x9.19.
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
	// it is the CBC-MAC of X9.9 in full.
	X919
	// X919Padding2 is X919 with a 1 bit and zeros as padding (ISO 9797-1 method 2).
	X919Padding2
	// X919Padding3 is X919 with the length in bits as first block (ISO 9797-1 method 3).
	X919Padding3
	// X99 is the MAC of ANSI X9.9: a DES CBC-MAC under a single-length key, of
	// which DE 64 holds the left 32 bits and then 4 zero bytes (ISO 8583:1987
	// gives the field 64 bits; X9.9 makes 32 of them the MAC). Hosts that send
	// all 8 bytes speak CBCMAC.
	X99
	// CBCMAC is ISO 9797-1 algorithm 1, padding 1: a CBC-MAC under the whole key,
	// with triple DES where it has 16 or 24 bytes. DE 64 is its 8 bytes.
	CBCMAC
	// CBCMACPadding2 is CBCMAC with padding method 2.
	CBCMACPadding2
	// CBCMACPadding3 is CBCMAC with padding method 3.
	CBCMACPadding3
)

// macKind is what an algorithm consists of.
type macKind struct {
	name    string
	chained bool // a CBC-MAC; otherwise the blocks are folded
	retail  bool // ends with the second key half: ISO 9797-1 algorithm 3
	padding int  // method of ISO 9797-1
	length  int  // bytes of the MAC; DE 64 is filled with zeros
}

var macKinds = [...]macKind{
	CUPECB:         {"cup-ecb", false, false, 1, 8},
	X919:           {"x9.19", true, true, 1, 8},
	X919Padding2:   {"x9.19-padding2", true, true, 2, 8},
	X919Padding3:   {"x9.19-padding3", true, true, 3, 8},
	X99:            {"x9.9", true, false, 1, 4},
	CBCMAC:         {"iso9797-1", true, false, 1, 8},
	CBCMACPadding2: {"iso9797-1-padding2", true, false, 2, 8},
	CBCMACPadding3: {"iso9797-1-padding3", true, false, 3, 8},
}

func macNames() string {
	names := make([]string, len(macKinds))
	for i, k := range macKinds {
		names[i] = k.name
	}
	return strings.Join(names, ", ")
}

// String returns the name that configuration files use.
func (a MACAlgorithm) String() string {
	if int(a) < len(macKinds) {
		return macKinds[a].name
	}
	return fmt.Sprintf("MACAlgorithm(%d)", uint8(a))
}

// MarshalText returns the name that configuration files use.
func (a MACAlgorithm) MarshalText() ([]byte, error) {
	if int(a) >= len(macKinds) {
		return nil, unknownName("MAC algorithm", a.String(), macNames())
	}
	return []byte(macKinds[a].name), nil
}

// UnmarshalText reads a name that configuration files use. It takes iso9797-3
// for x9.19, and -padding1 for no such ending.
func (a *MACAlgorithm) UnmarshalText(text []byte) error {
	want := strings.TrimSuffix(string(text), "-padding1")
	if rest, ok := strings.CutPrefix(want, "iso9797-3"); ok {
		want = "x9.19" + rest
	}
	for i, kind := range macKinds {
		if kind.name == want && (want == string(text) || kind.padded()) {
			*a = MACAlgorithm(i) //nolint:gosec // there are few
			return nil
		}
	}
	return unknownName("MAC algorithm", string(text), macNames())
}

// padded reports whether there are variants of the algorithm by padding.
func (k macKind) padded() bool { return k.chained && k.length == 8 }

func (a MACAlgorithm) wantsTwoHalves() bool { return int(a) < len(macKinds) && macKinds[a].retail }

// MAC computes message authentication codes with one key. It is prepared once
// per key and safe for concurrent use. Make one with [NewMAC].
type MAC struct {
	macKind
	kcv   [4]byte
	left  cipher.Block // the whole key; X9.19: the first half
	right cipher.Block // X9.19: the second half, which is the first if there is none
}

// NewMAC prepares a MAC. cup-ecb takes a key of any length (8 bytes is
// UnionPay's rule, 16 is met), and so does iso9797-1; x9.19 one of 16 or 8, and
// x9.9 one of 8.
func NewMAC(a MACAlgorithm, k Key) (*MAC, error) {
	if k.IsZero() {
		return nil, fmt.Errorf("security: %s MAC: %w", a, ErrNoKey)
	}
	if int(a) >= len(macKinds) {
		return nil, unknownName("MAC algorithm", a.String(), macNames())
	}
	m := &MAC{macKind: macKinds[a], kcv: k.KCV(), left: k.m.p.block}
	switch {
	case a == X99 && k.Len() != 8:
		return nil, fmt.Errorf("security: %w: %d bytes; an %s MAC key has 8 (x9.19 takes 16)", ErrKey, k.Len(), a)
	case !m.retail:
		return m, nil
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

func (m *MAC) start(total int) *scratch {
	s := scratches.Get().(*scratch)
	s.acc, s.fill = 0, 0
	if m.padding == 3 {
		s.acc = uint64(total) * 8
		s.encrypt(m.left)
	}
	return s
}

// absorb takes in a part: it completes the unfinished block, works on whole
// ones, and leaves the rest.
func (m *MAC) absorb(s *scratch, p []byte) {
	for s.fill > 0 && len(p) > 0 {
		s.put(p[0])
		p = p[1:]
		if s.fill == 0 && m.chained {
			s.encrypt(m.left)
		}
	}
	for len(p) >= des.BlockSize {
		s.acc ^= binary.BigEndian.Uint64(p)
		if m.chained {
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
	if !m.chained {
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
	case m.padding == 2:
		s.put(0x80)
		s.encrypt(m.left)
	case s.fill > 0 || total == 0 && m.padding == 1:
		s.encrypt(m.left)
	}
	if m.retail {
		m.right.Decrypt(s.buf[:], s.buf[:])
		m.left.Encrypt(s.buf[:], s.buf[:])
	}
	clear(s.buf[m.length:])
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
	return fmt.Sprintf("mac(%s, KCV %X)", m.name, m.kcv)
}

// GoString is [MAC.String].
func (m *MAC) GoString() string { return m.String() }

// Format writes [MAC.String] whatever the verb.
func (m *MAC) Format(s fmt.State, _ rune) { writeText(s, m.String()) }

// MarshalText is [MAC.String].
func (m *MAC) MarshalText() ([]byte, error) { return []byte(m.String()), nil }

// LogValue is [MAC.String].
func (m *MAC) LogValue() slog.Value { return slog.StringValue(m.String()) }
