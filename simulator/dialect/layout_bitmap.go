package dialect

import (
	"encoding/binary"
	"fmt"
)

// bitmapLayout is how DE 1 is written.
type bitmapLayout struct {
	hex bool // 16 hexadecimal characters each, else 8 bytes
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
