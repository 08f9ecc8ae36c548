package dialect

import (
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/moov-io/iso8583/encoding"
)

// bitmapLayout is how DE 1 is written.
type bitmapLayout struct {
	hex     bool // 16 hexadecimal characters each, else 8 bytes
	field65 bool // bit 65 is a field, so there are two bitmaps at most; else it is a third bitmap's
}

// read decodes the bitmap at b and returns how many bytes it takes. beyond is
// the lowest field above MaxField that it names, or 0.
func (l bitmapLayout) read(b []byte, present *[2]uint64) (size, beyond int, err error) {
	unit := 8
	if l.hex {
		unit = 16
	}
	for i := 0; ; i++ {
		if len(b)-size < unit {
			return size, 0, fmt.Errorf("bitmap %d: %d bytes are left, it has %d", i+1, len(b)-size, unit)
		}
		var word uint64
		if l.hex {
			var bad byte
			for _, c := range (*[16]byte)(b[size:]) {
				n := unhex(c)
				bad |= n
				word = word<<4 | uint64(n)
			}
			if bad > 15 {
				return size, 0, fmt.Errorf("bitmap %d, %q, has a character that is not hexadecimal", i+1, b[size:size+16])
			}
		} else {
			word = binary.BigEndian.Uint64(b[size:])
		}
		size += unit
		const first = 1 << 63
		switch {
		case i == 1 && l.field65:
			present[i] = word
			return size, beyond, nil
		case i < 2:
			present[i] = word &^ first
		case word&^first != 0 && beyond == 0:
			for n := 2; ; n++ {
				if word&(first>>(n-1)) != 0 {
					beyond = i*64 + n
					break
				}
			}
		}
		if word&first == 0 {
			return size, beyond, nil
		}
	}
}

// append writes the bitmap of the given fields.
func (l bitmapLayout) append(dst []byte, fields [2]uint64) []byte {
	words := 1
	if fields[1] != 0 {
		fields[0] |= 1 << 63
		words = 2
	}
	for _, word := range fields[:words] {
		if !l.hex {
			dst = binary.BigEndian.AppendUint64(dst, word)
			continue
		}
		var digits [16]byte
		for i := range 8 {
			c := byte(word >> (56 - 8*i))
			digits[2*i], digits[2*i+1] = nibbles[c>>4], nibbles[c&0xF]
		}
		dst = append(dst, digits[:]...)
	}
	return dst
}

// bitmapEncoder reads and writes field 1 for moov where bit 65 is a field. moov
// takes that bit for a third bitmap's in every bitmap that grows by itself: so it
// gets one of 128 bits that doesn't, whose second half need not be on the line.
type bitmapEncoder struct{ one encoding.Encoder } // of 8 bytes

// Encode writes the second half if a field in it is there.
func (e bitmapEncoder) Encode(b []byte) ([]byte, error) {
	if len(b) != 16 {
		return nil, fmt.Errorf("a bitmap of %d bytes; it has 16", len(b))
	}
	if [8]byte(b[8:]) == [8]byte{} {
		return e.one.Encode(b[:8])
	}
	both := slices.Clone(b)
	both[0] |= 0x80
	return e.one.Encode(both)
}

// Decode reads the second half if bit 1 says that it is there.
func (e bitmapEncoder) Decode(b []byte, _ int) ([]byte, int, error) {
	first, size, err := e.one.Decode(b, 8)
	if err != nil {
		return nil, 0, err
	}
	if first[0]&0x80 == 0 {
		return append(first, make([]byte, 8)...), size, nil
	}
	second, more, err := e.one.Decode(b[size:], 8)
	if err != nil {
		return nil, 0, err
	}
	return append(first, second...), size + more, nil
}
