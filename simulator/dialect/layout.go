package dialect

import (
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"github.com/moov-io/iso8583/encoding"
	"github.com/moov-io/iso8583/field"
	"github.com/moov-io/iso8583/prefix"
)

// prefixKind is how a field says its length.
type prefixKind uint8

const (
	fixedLength prefixKind = iota
	asciiLength
	bcdLength
	zonedLengthDigits // EBCDIC digits
	binaryLength
)

// valueKind is how a field's value is written.
type valueKind uint8

const (
	viaMoov    valueKind = iota // what the index does not know: moov reads it
	anyBytes                    // binary, and text in charsets that reject nothing
	asciiText                   // ASCII characters
	asciiDigit                  // decimal digits as ASCII characters
	bcdRight                    // packed digits, an odd count padded in front
	bcdLeft                     // packed digits, an odd count padded behind
	trackBCD                    // packed track characters, left-aligned
	hexBytes                    // bytes as pairs of hexadecimal characters
	pageText                    // characters of an EBCDIC code page
	zonedDigit                  // decimal digits as EBCDIC characters
)

// layout is what the index and the reply encoder know of one field, derived
// once from the moov spec.
type layout struct {
	defined bool
	prefix  prefixKind
	digits  uint8 // of the length prefix
	value   valueKind
	size    uint16 // bytes of the length prefix
	max     uint16 // highest length, or the length of a fixed field, in units
	charset bool   // text that is GBK on the line
	// characters says that the spec calls the value text, whatever bytes it may hold.
	characters bool
	page       *codePage // of pageText and zonedDigit
	fixed      uint16    // bytes of the field, where valid says whether they are a value; 0: elsewhere
	padded     bool      // moov pads and trims the value; what stands on the line is as without
	spec       field.Field
}

// numeric reports whether the value can only hold decimal digits.
func (l *layout) numeric() bool {
	return l.value == asciiDigit || l.value == bcdLeft || l.value == bcdRight || l.value == zonedDigit
}

// packedNibbles reports whether a unit takes half a byte.
func (l *layout) packedNibbles() bool {
	return l.value == bcdLeft || l.value == bcdRight || l.value == trackBCD
}

// translated reports whether the characters of a value do not stand on the line
// as they are: packed, or in EBCDIC.
func (l *layout) translated() bool { return l.packedNibbles() || l.page != nil }

// layoutOf derives a layout. Whatever it does not know exactly goes to moov.
func layoutOf(f field.Field) layout {
	spec := f.Spec()
	l := layout{defined: true, spec: f}
	l.padded = spec.Pad != nil
	if spec.Length < 0 || spec.Length > 0xFFFF || spec.Unpacker != nil || spec.Pref == nil {
		return l
	}
	l.max = uint16(spec.Length)
	switch f.(type) {
	case *field.String:
		l.characters = true
	case *field.Binary, *field.Hex:
	default:
		return l
	}
	value, page := viaMoov, (*codePage)(nil)
	switch e := spec.Enc.(type) {
	case bcdEncoder:
		value = bcdRight
		if e.left {
			value = bcdLeft
		}
	case trackEncoder:
		value = trackBCD
	case textEncoder:
		switch {
		case e.any:
			value = anyBytes
		case e.digits:
			value = asciiDigit
		default:
			value = asciiText
		}
	case gbkEncoder:
		value, l.charset = anyBytes, true
	case pageEncoder:
		value, page = pageText, e.page
	case zonedEncoder:
		value, page = zonedDigit, page1047
	default:
		if spec.Enc == encoding.Encoder(encoding.BytesToASCIIHex) {
			value = hexBytes
		}
	}
	switch p := spec.Pref.(type) {
	case asciiPrefixer:
		l.prefix, l.digits, l.size = asciiLength, uint8(p.digits), uint16(p.digits)
	case bcdPrefixer:
		l.prefix, l.digits, l.size = bcdLength, uint8(p.digits), uint16(p.digits+1)/2
	case zonedPrefixer:
		l.prefix, l.digits, l.size = zonedLengthDigits, uint8(p.digits), uint16(p.digits)
	default:
		switch spec.Pref {
		case prefix.ASCII.Fixed, prefix.BCD.Fixed, prefix.Binary.Fixed, prefix.EBCDIC.Fixed:
		case prefix.Hex.Fixed:
			// moov's packer counts twice the length here, its unpacker once.
			return l
		case prefix.Binary.L:
			l.prefix, l.size = binaryLength, 1
		case prefix.Binary.LL:
			l.prefix, l.size = binaryLength, 2
		default:
			return l
		}
	}
	if l.padded && l.prefix != fixedLength {
		return l
	}
	l.value, l.page = value, page
	if l.prefix == fixedLength {
		switch value {
		case anyBytes, asciiText, asciiDigit, pageText, zonedDigit:
			l.fixed = l.max
		case bcdRight:
			l.fixed = (l.max + 1) / 2
		}
	}
	return l
}

// valid reports whether b, which has l.fixed bytes, is a value of the field. It
// is what read says of nearly every field, in a few instructions.
func (l *layout) valid(b []byte) bool {
	switch l.value {
	case asciiDigit:
		return areDigits(b)
	case asciiText:
		return areASCII(b)
	case bcdRight:
		return areBCD(b)
	case zonedDigit:
		return areZoned(b)
	}
	return true
}

// read finds the value of a field that starts at b. It returns the size of the
// length prefix, the bytes of prefix and value together, and the length in the
// spec's units.
func (l *layout) read(b []byte) (value, end, units int, err error) {
	if l.value == viaMoov {
		return l.readByMoov(b)
	}
	value, units = int(l.size), int(l.max)
	if l.prefix != fixedLength {
		if units, err = l.readLength(b); err != nil {
			return 0, 0, 0, err
		}
	}
	size := units
	switch l.value {
	case bcdRight, bcdLeft, trackBCD:
		size = (units + 1) / 2
	case hexBytes:
		size = units * 2
	}
	end = value + size
	if end > len(b) {
		return 0, 0, 0, fmt.Errorf("%d bytes are left, the value needs %d", len(b)-value, size)
	}
	if at := l.bad(b[value:end], units); at >= 0 {
		return 0, 0, 0, fmt.Errorf("byte %d of the value is %02x (%q): %s", at+1, b[value+at], b[value+at:value+at+1], l.wants())
	}
	return value, end, units, nil
}

func (l *layout) readLength(b []byte) (int, error) {
	if len(b) < int(l.size) {
		return 0, fmt.Errorf("%d bytes are left, the length has %d", len(b), l.size)
	}
	n := 0
	switch l.prefix {
	case asciiLength:
		for _, c := range b[:l.size] {
			if c < '0' || c > '9' {
				return 0, fmt.Errorf("the length %q is not %d digits", b[:l.size], l.size)
			}
			n = n*10 + int(c-'0')
		}
	case bcdLength:
		for _, c := range b[:l.size] {
			if c > 0x99 || c&0xF > 9 {
				return 0, fmt.Errorf("the length %x is not BCD", b[:l.size])
			}
			n = n*100 + int(c>>4)*10 + int(c&0xF)
		}
		if l.digits%2 != 0 && b[0] > 9 {
			return 0, fmt.Errorf("the length %x has more than %d digits", b[:l.size], l.digits)
		}
	case zonedLengthDigits:
		var ok bool
		if n, ok = zonedLength(b[:l.size]); !ok {
			return 0, fmt.Errorf("the length %x is not %d EBCDIC digits", b[:l.size], l.size)
		}
	default:
		for _, c := range b[:l.size] {
			n = n<<8 | int(c)
		}
	}
	if n > int(l.max) {
		return 0, fmt.Errorf("a length of %d; the field has at most %d", n, l.max)
	}
	return n, nil
}

// bad returns the index of the first byte that the encoding does not allow, or -1.
func (l *layout) bad(b []byte, units int) int {
	switch l.value {
	case asciiText:
		return badASCII(b)
	case asciiDigit:
		return badDigit(b)
	case bcdRight:
		return badNibble(b)
	case bcdLeft:
		return badBCD(b, units, true)
	case zonedDigit:
		return badZoned(b)
	case hexBytes:
		var bad byte
		for _, c := range b {
			bad |= unhex(c)
		}
		if bad > 15 {
			return slices.IndexFunc(b, func(c byte) bool { return unhex(c) > 15 })
		}
	}
	return -1
}

func (l *layout) wants() string {
	switch l.value {
	case asciiDigit:
		return "a decimal digit is wanted"
	case bcdRight, bcdLeft:
		return "two BCD digits are wanted"
	case zonedDigit:
		return "an EBCDIC digit (f0 to f9) is wanted"
	case hexBytes:
		return "a hexadecimal character is wanted"
	}
	return "an ASCII character is wanted"
}

// readByMoov lets moov read a field whose spec the index does not know. Its
// units are bytes.
func (l *layout) readByMoov(b []byte) (value, end, units int, err error) {
	n, err := unpackSafely(field.NewInstanceOf(l.spec), b)
	if err != nil {
		return 0, 0, 0, err
	}
	if n < 0 || n > len(b) {
		return 0, 0, 0, fmt.Errorf("moov read %d of %d bytes", n, len(b))
	}
	spec := l.spec.Spec()
	if _, value, err = spec.Pref.DecodeLength(spec.Length, b); err != nil || value < 0 || value > n {
		value = 0
	}
	return value, n, n - value, nil
}

// asText is the layout of values that moov has decoded.
var asText = layout{defined: true, value: asciiText}

// textByMoov decodes a field that the index does not know. Leading zeros that
// moov drops are put back, so that rules see what stands in the message.
func (l *layout) textByMoov(raw []byte) ([]byte, bool) {
	f := field.NewInstanceOf(l.spec)
	if _, err := unpackSafely(f, raw); err != nil {
		return nil, false
	}
	text, err := f.String()
	if err != nil {
		return nil, false
	}
	spec := f.Spec()
	_, prefixSize, err := spec.Pref.DecodeLength(spec.Length, raw)
	if _, numeric := f.(*field.Numeric); numeric && err == nil && prefixSize == 0 && len(text) < spec.Length {
		text = strings.Repeat("0", spec.Length-len(text)) + text
	}
	return []byte(text), true
}

// unpackSafely turns a panic of a field type into an error: a message must
// never end the program.
func unpackSafely(f field.Field, b []byte) (n int, err error) {
	defer func() {
		if r := recover(); r != nil {
			n, err = 0, fmt.Errorf("moov cannot read this value: %v", r)
		}
	}()
	return f.Unpack(b)
}

// unhex returns the value of a hexadecimal character, or 255.
func unhex(c byte) byte { return hexValues[c] }

var hexValues = func() (table [256]byte) {
	for i := range table {
		table[i] = 255
	}
	for i := range byte(10) {
		table['0'+i] = i
	}
	for i := range byte(6) {
		table['A'+i], table['a'+i] = 10+i, 10+i
	}
	return table
}()

// clearHex decodes hexadecimal characters that were checked before.
func clearHex(dst, src []byte) []byte {
	n, _ := hex.Decode(dst, src)
	return dst[:n]
}
