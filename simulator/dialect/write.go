package dialect

import (
	"fmt"

	"github.com/moov-io/iso8583/field"
)

// bytes returns how many bytes a value of the given units takes.
func (l *layout) bytes(units int) int {
	switch {
	case l.packedNibbles():
		return (units + 1) / 2
	case l.value == hexBytes:
		return 2 * units
	}
	return units
}

// append encodes a value: digits for a numeric field, characters for a text,
// bytes for a binary one (GBK bytes for a text in GBK). Fixed numeric fields
// are filled with leading zeros, fixed texts with spaces behind. On an error
// dst may hold a part of the field.
func (l *layout) append(dst, value []byte) ([]byte, error) {
	if !l.defined {
		return dst, ErrUndefined
	}
	if l.value == viaMoov || l.padded {
		return l.appendByMoov(dst, value)
	}
	if l.page != nil {
		return l.appendPage(dst, value)
	}
	if len(value) == int(l.max) {
		// The usual case, in a few instructions; what is wrong is told below.
		switch {
		case l.fixed == 0:
		case l.value == asciiDigit && areDigits(value), l.value == asciiText && areASCII(value):
			return append(dst, value...), nil
		case l.value == bcdRight && areDigits(value):
			return appendBCD(dst, value, false), nil
		}
	}
	fill := 0
	if l.prefix == fixedLength {
		fill = int(l.max) - len(value)
	}
	if fill < 0 || len(value) > int(l.max) {
		return dst, fmt.Errorf("a value of %d characters; the field has at most %d", len(value), l.max)
	}
	if fill > 0 && !l.numeric() && l.value != asciiText && !l.charset {
		return dst, fmt.Errorf("a value of %d bytes; the field has %d", len(value), l.max)
	}
	dst = l.appendLength(dst, len(value))
	switch l.value {
	case asciiDigit, bcdRight, bcdLeft:
		if at := badDigit(value); at >= 0 {
			return dst, fmt.Errorf("character %d is %q, not a digit", at+1, value[at])
		}
		if l.value == asciiDigit {
			for range fill {
				dst = append(dst, '0')
			}
			return append(dst, value...), nil
		}
		return l.appendPacked(dst, value, fill), nil
	case trackBCD:
		packed, err := trackEncoder{}.Encode(value)
		return append(dst, packed...), err
	case hexBytes:
		for _, c := range value {
			dst = append(dst, nibbles[c>>4], nibbles[c&0xF])
		}
		return dst, nil
	case asciiText:
		if at := badASCII(value); at >= 0 {
			return dst, fmt.Errorf("character %d is %q, not ASCII", at+1, value[at])
		}
	}
	dst = append(dst, value...)
	for range fill {
		dst = append(dst, ' ')
	}
	return dst, nil
}

// appendPage is append for EBCDIC.
func (l *layout) appendPage(dst, value []byte) ([]byte, error) {
	size := l.page.size(value)
	if size > int(l.max) {
		return dst, fmt.Errorf("a value of %d characters; the field has at most %d", size, l.max)
	}
	fill := 0
	if l.prefix == fixedLength {
		fill = int(l.max) - size
	}
	dst = l.appendLength(dst, size)
	if l.value == zonedDigit {
		if at := badDigit(value); at >= 0 {
			return dst, fmt.Errorf("character %d is %q, not a digit", at+1, value[at])
		}
		for range fill {
			dst = append(dst, 0xF0)
		}
		return appendZoned(dst, value), nil
	}
	dst, err := l.page.appendLine(dst, value)
	for range fill {
		dst = append(dst, l.page.fromText[' '])
	}
	return dst, err
}

// appendPacked packs fill zeros and the digits.
func (l *layout) appendPacked(dst, digits []byte, fill int) []byte {
	if fill == 0 {
		return appendBCD(dst, digits, l.value == bcdLeft)
	}
	units := fill + len(digits)
	at := len(dst)
	for range (units + 1) / 2 {
		dst = append(dst, 0)
	}
	l.overwrite(dst[at:], units, fill, digits)
	return dst
}

// overwrite replaces digits of a value of so many units, from an offset on.
func (l *layout) overwrite(value []byte, units, offset int, digits []byte) {
	switch {
	case l.page != nil:
		for i, c := range digits {
			value[offset+i] = c | 0xF0
		}
		return
	case !l.packedNibbles():
		copy(value[offset:], digits)
		return
	}
	if l.value == bcdRight && units%2 != 0 {
		offset++
	}
	for i, c := range digits {
		at := &value[(offset+i)/2]
		if (offset+i)%2 == 0 {
			*at = *at&0x0F | c<<4
		} else {
			*at = *at&0xF0 | c&0xF
		}
	}
}

func (l *layout) appendLength(dst []byte, n int) []byte {
	switch l.prefix {
	case asciiLength:
		return appendNumber(dst, n, int(l.digits))
	case bcdLength:
		return appendBCDLength(dst, n, int(l.digits))
	case zonedLengthDigits:
		return appendZonedLength(dst, n, int(l.digits))
	case binaryLength:
		for i := int(l.size) - 1; i >= 0; i-- {
			dst = append(dst, byte(n>>(8*i)))
		}
	}
	return dst
}

func (l *layout) appendByMoov(dst, value []byte) ([]byte, error) {
	f := field.NewInstanceOf(l.spec)
	// A copy: what moov keeps must not be the caller's buffer.
	if err := f.SetBytes(append([]byte(nil), value...)); err != nil {
		return dst, err
	}
	packed, err := f.Pack()
	return append(dst, packed...), err
}
