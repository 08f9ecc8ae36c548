package dialect

import (
	"encoding/binary"
	"fmt"
	"slices"
)

// The encoders and prefixers that specs use under moov's own names. They write
// the bytes that moov-io/iso8583 v0.26.1 writes and read what it reads, with
// three differences, all on input that is wrong:
//
//   - a filler nibble F where a digit belongs is an error (moov gives a zero
//     byte for it);
//   - a length prefix consists of digits, and the unused high nibble of a BCD
//     one is zero (moov takes "+5" for 5, and ignores the nibble);
//   - no value is copied twice, and no table is built on each call, which is
//     where moov's BCD spends nine tenths of its time.

// bcdEncoder packs two digits to a byte. An odd count is padded with a zero
// digit: in front, or behind where left is set (moov's LBCD).
type bcdEncoder struct{ left bool }

// Encode packs decimal digits.
func (e bcdEncoder) Encode(digits []byte) ([]byte, error) {
	for i, c := range digits {
		if c < '0' || c > '9' {
			return nil, fmt.Errorf("character %d is %q: only decimal digits can be packed as BCD", i+1, c)
		}
	}
	return appendBCD(make([]byte, 0, (len(digits)+1)/2), digits, e.left), nil
}

// Decode unpacks length digits.
func (e bcdEncoder) Decode(b []byte, length int) ([]byte, int, error) {
	size, err := packed(b, length)
	if err != nil {
		return nil, 0, err
	}
	if at := badBCD(b[:size], length, e.left); at >= 0 {
		return nil, 0, fmt.Errorf("byte %d is %02x: not two BCD digits", at+1, b[at])
	}
	return appendDigits(make([]byte, 0, length), b[:size], length, e.left), size, nil
}

// packed returns the bytes that length nibbles take, if b has them.
func packed(b []byte, length int) (int, error) {
	if length < 0 {
		return 0, fmt.Errorf("a length of %d; it cannot be negative", length)
	}
	size := length/2 + length%2
	if len(b) < size {
		return 0, fmt.Errorf("%d bytes are left, the value needs %d", len(b), size)
	}
	return size, nil
}

// appendBCD packs digits, which must be decimal.
func appendBCD(dst, digits []byte, left bool) []byte {
	if len(digits)%2 != 0 && !left {
		dst = append(dst, digits[0]&0xF)
		digits = digits[1:]
	}
	for len(digits) >= 2 {
		dst = append(dst, digits[0]<<4|digits[1]&0xF)
		digits = digits[2:]
	}
	if len(digits) == 1 {
		dst = append(dst, digits[0]<<4)
	}
	return dst
}

// appendDigits unpacks n nibbles of b as characters: 0 to 9, and the letters A
// to F for the others.
func appendDigits(dst, b []byte, n int, left bool) []byte {
	if n%2 != 0 && !left {
		dst = append(dst, nibbles[b[0]&0xF])
		b = b[1:]
		n--
	}
	for ; n >= 2; n -= 2 {
		dst = append(dst, nibbles[b[0]>>4], nibbles[b[0]&0xF])
		b = b[1:]
	}
	if n == 1 {
		dst = append(dst, nibbles[b[0]>>4])
	}
	return dst
}

const nibbles = "0123456789ABCDEF"

// badBCD returns the index of the first byte that is not two decimal digits,
// or -1. n is how many digits are meant: the padding nibble of an odd left-
// aligned value may also be F, which terminals use there.
func badBCD(b []byte, n int, left bool) int {
	if n%2 != 0 && left {
		last := len(b) - 1
		if c := b[last]; c>>4 > 9 || c&0xF > 9 && c&0xF != 0xF {
			if at := badNibble(b[:last]); at >= 0 {
				return at
			}
			return last
		}
		b = b[:last]
	}
	return badNibble(b)
}

// badNibble returns the index of the first byte with a nibble above 9, or -1.
func badNibble(b []byte) int {
	if areBCD(b) {
		return -1
	}
	return slices.IndexFunc(b, func(c byte) bool { return c > 0x99 || c&0xF > 9 })
}

// areBCD reports whether every byte is two decimal digits.
func areBCD(b []byte) bool {
	if len(b) < 8 {
		return notBCD(short(b, 0)) == 0
	}
	bad := notBCD(binary.LittleEndian.Uint64(b[len(b)-8:]))
	for ; len(b) > 8; b = b[8:] {
		bad |= notBCD(binary.LittleEndian.Uint64(b))
	}
	return bad == 0
}

// notBCD is zero if no nibble is above 9, that is, has bit 3 and bit 2 or bit 1
// as well.
func notBCD(v uint64) uint64 { return v & (v<<1 | v<<2) & 0x8888888888888888 }

// bcdPrefixer is a length in 1 to 6 BCD digits, right-aligned in whole bytes.
type bcdPrefixer struct{ digits int }

// EncodeLength writes the length of a value.
func (p bcdPrefixer) EncodeLength(maxLen, n int) ([]byte, error) {
	if err := fits(maxLen, n, p.digits); err != nil {
		return nil, err
	}
	return appendBCDLength(make([]byte, 0, 3), n, p.digits), nil
}

// DecodeLength reads the length of a value.
func (p bcdPrefixer) DecodeLength(maxLen int, b []byte) (int, int, error) {
	size := (p.digits + 1) / 2
	if len(b) < size {
		return 0, 0, fmt.Errorf("%d bytes are left, the length has %d", len(b), size)
	}
	n := 0
	for _, c := range b[:size] {
		if c>>4 > 9 || c&0xF > 9 {
			return 0, 0, fmt.Errorf("the length %x is not BCD", b[:size])
		}
		n = n*100 + int(c>>4)*10 + int(c&0xF)
	}
	return n, size, fits(maxLen, n, p.digits)
}

// Inspect names the prefixer as spec files do.
func (p bcdPrefixer) Inspect() string { return "BCD." + ls[:p.digits] }

const ls = "LLLLLL"

func appendBCDLength(dst []byte, n, digits int) []byte {
	for i := (digits+1)/2 - 1; i >= 0; i-- {
		pair := n
		for range i {
			pair /= 100
		}
		dst = append(dst, byte(pair/10%10)<<4|byte(pair%10))
	}
	return dst
}

// fits checks a length against the field's maximum and its digits.
func fits(maxLen, n, digits int) error {
	if n > maxLen {
		return fmt.Errorf("a length of %d; the field has at most %d", n, maxLen)
	}
	limit := 1
	for range digits {
		limit *= 10
	}
	if n >= limit || n < 0 {
		return fmt.Errorf("a length of %d does not fit %d digits", n, digits)
	}
	return nil
}
