package dialect

import (
	"encoding/binary"
	"fmt"
	"slices"
)

// asciiPrefixer is a length in 1 to 6 ASCII digits.
type asciiPrefixer struct{ digits int }

// EncodeLength writes the length of a value.
func (p asciiPrefixer) EncodeLength(maxLen, n int) ([]byte, error) {
	if err := fits(maxLen, n, p.digits); err != nil {
		return nil, err
	}
	return appendNumber(make([]byte, 0, 6), n, p.digits), nil
}

// DecodeLength reads the length of a value.
func (p asciiPrefixer) DecodeLength(maxLen int, b []byte) (int, int, error) {
	if len(b) < p.digits {
		return 0, 0, fmt.Errorf("%d bytes are left, the length has %d", len(b), p.digits)
	}
	n := 0
	for _, c := range b[:p.digits] {
		if c < '0' || c > '9' {
			return 0, 0, fmt.Errorf("the length %q is not %d digits", b[:p.digits], p.digits)
		}
		n = n*10 + int(c-'0')
	}
	return n, p.digits, fits(maxLen, n, p.digits)
}

// Inspect names the prefixer as spec files do.
func (p asciiPrefixer) Inspect() string { return "ASCII." + ls[:p.digits] }

// appendNumber appends the last digits of n, with leading zeros.
func appendNumber(dst []byte, n, digits int) []byte {
	start := len(dst)
	dst = slices.Grow(dst, digits)[:start+digits]
	for i := len(dst) - 1; i >= start; i-- {
		dst[i] = byte('0' + n%10)
		n /= 10
	}
	return dst
}

// textEncoder leaves bytes as they are: ASCII characters (moov's ASCII), with
// digits set only the decimal ones (Digits, our own), or with any set every
// byte (moov's Binary).
type textEncoder struct{ digits, any bool }

// Encode checks and copies the value.
func (e textEncoder) Encode(b []byte) ([]byte, error) {
	if at := e.bad(b); at >= 0 {
		return nil, e.complaint(b, at)
	}
	return append(make([]byte, 0, len(b)), b...), nil
}

// Decode checks and copies length bytes.
func (e textEncoder) Decode(b []byte, length int) ([]byte, int, error) {
	if length < 0 || length > len(b) {
		return nil, 0, fmt.Errorf("%d bytes are left, the value needs %d", len(b), length)
	}
	if at := e.bad(b[:length]); at >= 0 {
		return nil, 0, e.complaint(b, at)
	}
	return append(make([]byte, 0, length), b[:length]...), length, nil
}

func (e textEncoder) bad(b []byte) int {
	switch {
	case e.any:
		return -1
	case e.digits:
		return badDigit(b)
	}
	return badASCII(b)
}

func (e textEncoder) complaint(b []byte, at int) error {
	if e.digits {
		return fmt.Errorf("byte %d is %02x (%q): not a decimal digit", at+1, b[at], b[at:at+1])
	}
	return fmt.Errorf("byte %d is %02x: not an ASCII character", at+1, b[at])
}

// badASCII returns the index of the first byte above 127, or -1.
func badASCII(b []byte) int {
	if areASCII(b) {
		return -1
	}
	return slices.IndexFunc(b, func(c byte) bool { return c > 127 })
}

// badDigit returns the index of the first byte that is not an ASCII digit, or -1.
func badDigit(b []byte) int {
	if areDigits(b) {
		return -1
	}
	return slices.IndexFunc(b, func(c byte) bool { return c < '0' || c > '9' })
}

// areASCII reports whether no byte is above 127. It and its like look at whole
// words, of which the last one overlaps: only what is wrong is looked at byte
// by byte.
func areASCII(b []byte) bool {
	if len(b) < 8 {
		return short(b, 0)&0x8080808080808080 == 0
	}
	high := binary.LittleEndian.Uint64(b[len(b)-8:])
	for ; len(b) > 8; b = b[8:] {
		high |= binary.LittleEndian.Uint64(b)
	}
	return high&0x8080808080808080 == 0
}

// areDigits reports whether every byte is an ASCII digit.
func areDigits(b []byte) bool {
	if len(b) < 8 {
		return notDigits(short(b, '0')) == 0
	}
	bad := notDigits(binary.LittleEndian.Uint64(b[len(b)-8:]))
	for ; len(b) > 8; b = b[8:] {
		bad |= notDigits(binary.LittleEndian.Uint64(b))
	}
	return bad == 0
}

// notDigits is zero if the 8 bytes are ASCII digits: their high nibbles are 3,
// and no low one has bit 3 and bit 2 or bit 1 as well.
func notDigits(v uint64) uint64 {
	return v&0xF0F0F0F0F0F0F0F0 ^ 0x3030303030303030 | v&(v<<1|v<<2)&0x0808080808080808
}

// short returns a word that holds every byte of b, which has less than 8, and
// nothing else; of no bytes, it holds the given one.
func short(b []byte, none byte) uint64 {
	n := len(b)
	if n >= 4 {
		return uint64(binary.LittleEndian.Uint32(b)) | uint64(binary.LittleEndian.Uint32(b[n-4:]))<<32
	}
	if n > 0 {
		v := uint64(b[0]) | uint64(b[n/2])<<8 | uint64(b[n-1])<<16 | uint64(b[n-1])<<24
		return v | v<<32
	}
	return uint64(none) * 0x0101010101010101
}

// asciiNumber returns the value of at most 19 ASCII digits.
func asciiNumber(digits []byte) (n uint64) {
	for ; len(digits) >= 8; digits = digits[8:] {
		// Neighbours are added to pairs, pairs to fours, fours to eights.
		v := binary.LittleEndian.Uint64(digits) & 0x0F0F0F0F0F0F0F0F
		v = v*10 + v>>8
		v = (v&0x000000FF000000FF*(100+1_000_000<<32) + v>>16&0x000000FF000000FF*(1+10_000<<32)) >> 32
		n = n*100_000_000 + v
	}
	for _, c := range digits {
		n = n*10 + uint64(c-'0')
	}
	return n
}
