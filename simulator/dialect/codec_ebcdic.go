package dialect

import (
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/moov-io/iso8583/encoding"
	"golang.org/x/text/encoding/charmap"
)

// The EBCDIC of card hosts. Which of its code pages a host uses shows in few
// characters only: letters, digits and space are the same in all of them. 1047
// is what jPOS (ISOUtil.EBCDIC) and open systems on z/OS use, 037 what CICS and
// the mainframes of North America do; they disagree about [ ] ^ ¬ ¨ Ý. moov's
// EBCDIC (v0.26.1) is neither: after IBM's table for DataStage it has ! where
// both have |, and takes each byte of UTF-8 for a character.
//
// Every byte is a character, so that nothing in a text is an error. The codecs
// differ from moov's where lengths are not digits: moov takes "+5" for 5.

// codePage translates between line and text, byte by byte. The text of a code
// page is Latin-1 on the way, and UTF-8 in values.
type codePage struct {
	name             string
	toText, fromText [256]byte
	bytes            bool // values are bytes, too, and not UTF-8: moov's EBCDIC
}

var (
	page1047 = newCodePage("EBCDIC1047", charmap.CodePage1047)
	page037  = newCodePage("EBCDIC037", charmap.CodePage037)
	pageMoov = moovCodePage()
)

// newCodePage makes the tables of a code page whose characters are those of
// Latin-1 in another order.
func newCodePage(name string, m *charmap.Charmap) *codePage {
	p := &codePage{name: name}
	for i := range 256 {
		r := byte(m.DecodeByte(byte(i))) //nolint:gosec // Latin-1, by the test
		p.toText[i], p.fromText[r] = r, byte(i)
	}
	return p
}

// moovCodePage asks moov for its table.
func moovCodePage() *codePage {
	p := &codePage{name: "EBCDIC", bytes: true}
	for i := range 256 {
		// Single bytes cannot fail.
		text, _, _ := encoding.EBCDIC.Decode([]byte{byte(i)}, 1)
		line, _ := encoding.EBCDIC.Encode([]byte{byte(i)})
		p.toText[i], p.fromText[i] = text[0], line[0]
	}
	return p
}

// appendText appends the text of a line's bytes, one byte for each.
func (p *codePage) appendText(dst, line []byte) []byte {
	at := len(dst)
	dst = slices.Grow(dst, len(line))[:at+len(line)]
	for i, c := range line {
		dst[at+i] = p.toText[c]
	}
	return dst
}

// appendLine appends a value as it stands on the line.
func (p *codePage) appendLine(dst, value []byte) ([]byte, error) {
	if !p.bytes && !areASCII(value) {
		at := 0
		for _, r := range string(value) {
			at++
			if r > 0xFF {
				return dst, fmt.Errorf("character %d is %q, which EBCDIC has not", at, r)
			}
			dst = append(dst, p.fromText[r])
		}
		return dst, nil
	}
	at := len(dst)
	dst = slices.Grow(dst, len(value))[:at+len(value)]
	for i, c := range value {
		dst[at+i] = p.fromText[c]
	}
	return dst, nil
}

// size returns how many bytes a value takes on the line.
func (p *codePage) size(value []byte) int {
	if p.bytes || areASCII(value) {
		return len(value)
	}
	return len([]rune(string(value)))
}

// pageEncoder is text in a code page.
type pageEncoder struct{ page *codePage }

// Encode converts a value to the code page.
func (e pageEncoder) Encode(value []byte) ([]byte, error) {
	return e.page.appendLine(make([]byte, 0, len(value)), value)
}

// Decode converts length bytes.
func (e pageEncoder) Decode(b []byte, length int) ([]byte, int, error) {
	if length < 0 || length > len(b) {
		return nil, 0, fmt.Errorf("%d bytes are left, the value needs %d", len(b), length)
	}
	text := e.page.appendText(nil, b[:length])
	if e.page.bytes || areASCII(text) {
		return text, length, nil
	}
	wide := make([]byte, 0, 2*length)
	for _, c := range text {
		wide = append(wide, string(rune(c))...)
	}
	return wide, length, nil
}

// zonedEncoder is decimal digits as EBCDIC characters, F0 to F9, in any code
// page: unsigned zoned decimal. Anything else is an error. Encoding name:
// EBCDICDigits.
type zonedEncoder struct{}

// Encode converts decimal digits.
func (zonedEncoder) Encode(digits []byte) ([]byte, error) {
	if at := badDigit(digits); at >= 0 {
		return nil, fmt.Errorf("character %d is %q: not a decimal digit", at+1, digits[at])
	}
	return appendZoned(make([]byte, 0, len(digits)), digits), nil
}

// Decode converts length digits.
func (zonedEncoder) Decode(b []byte, length int) ([]byte, int, error) {
	if length < 0 || length > len(b) {
		return nil, 0, fmt.Errorf("%d bytes are left, the value needs %d", len(b), length)
	}
	if at := badZoned(b[:length]); at >= 0 {
		return nil, 0, fmt.Errorf("byte %d is %02x: not an EBCDIC digit", at+1, b[at])
	}
	return appendUnzoned(make([]byte, 0, length), b[:length]), length, nil
}

// appendZoned writes ASCII digits in EBCDIC.
func appendZoned(dst, digits []byte) []byte {
	for _, c := range digits {
		dst = append(dst, c|0xF0)
	}
	return dst
}

// appendUnzoned writes EBCDIC digits in ASCII.
func appendUnzoned(dst, digits []byte) []byte {
	for _, c := range digits {
		dst = append(dst, c&0x3F)
	}
	return dst
}

// badZoned returns the index of the first byte that is not an EBCDIC digit, or -1.
func badZoned(b []byte) int {
	if areZoned(b) {
		return -1
	}
	return slices.IndexFunc(b, func(c byte) bool { return c < 0xF0 || c > 0xF9 })
}

// areZoned reports whether every byte is an EBCDIC digit.
func areZoned(b []byte) bool {
	if len(b) < 8 {
		return notZoned(short(b, 0xF0)) == 0
	}
	bad := notZoned(binary.LittleEndian.Uint64(b[len(b)-8:]))
	for ; len(b) > 8; b = b[8:] {
		bad |= notZoned(binary.LittleEndian.Uint64(b))
	}
	return bad == 0
}

// notZoned is zero if the 8 bytes are EBCDIC digits: see notDigits.
func notZoned(v uint64) uint64 { return notDigits(v ^ 0xC0C0C0C0C0C0C0C0) }

// zonedPrefixer is a length in 1 to 6 EBCDIC digits.
type zonedPrefixer struct{ digits int }

// EncodeLength writes the length of a value.
func (p zonedPrefixer) EncodeLength(maxLen, n int) ([]byte, error) {
	if err := fits(maxLen, n, p.digits); err != nil {
		return nil, err
	}
	return appendZonedLength(make([]byte, 0, 6), n, p.digits), nil
}

// DecodeLength reads the length of a value.
func (p zonedPrefixer) DecodeLength(maxLen int, b []byte) (int, int, error) {
	if len(b) < p.digits {
		return 0, 0, fmt.Errorf("%d bytes are left, the length has %d", len(b), p.digits)
	}
	n, ok := zonedLength(b[:p.digits])
	if !ok {
		return 0, 0, fmt.Errorf("the length %x is not %d EBCDIC digits", b[:p.digits], p.digits)
	}
	return n, p.digits, fits(maxLen, n, p.digits)
}

// Inspect names the prefixer as spec files do.
func (p zonedPrefixer) Inspect() string { return "EBCDIC." + ls[:p.digits] }

// zonedLength reads a length of few EBCDIC digits.
func zonedLength(b []byte) (n int, ok bool) {
	if !areZoned(b) {
		return 0, false
	}
	for _, c := range b {
		n = n*10 + int(c&0xF)
	}
	return n, true
}

func appendZonedLength(dst []byte, n, digits int) []byte {
	at := len(dst)
	dst = appendNumber(dst, n, digits)
	for i := at; i < len(dst); i++ {
		dst[i] |= 0xF0
	}
	return dst
}
