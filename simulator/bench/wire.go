package bench

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"slices"
)

// wire is how one dialect writes the few messages that are sent here. It is
// written down again, instead of taken from package dialect, so that a mistake
// there can't hide itself: the load reads replies by its own light.
type wire struct {
	length lengthHeader
	prefix []byte // TPDU and header of a request
	packed bool   // numerics and lengths in BCD, the bitmap in binary; else all in ASCII
	fields map[int]field
	batch  batchPlace
}

// field is the form of one field.
type field struct {
	kind   fieldKind
	size   int // digits, characters or bytes; of a variable field: not used
	prefix int // digits of the length prefix; 0: fixed length
}

type fieldKind uint8

const (
	digits fieldKind = iota // BCD in packed dialects, padded with a 0 on the right
	text                    // one byte each
	raw                     // bytes; in ASCII dialects as hexadecimal
)

// batchPlace is where a sale carries the terminal's batch number, of 6 digits.
type batchPlace struct {
	field  int
	offset int // digits before it
}

var (
	tpdu           = []byte{0x60, 0x00, 0x03, 0x00, 0x00}
	unionpayHeader = []byte{0x60, 0x31, 0x00, 0x31, 0x00, 0x00} // class 60, version 31: a terminal in normal state

	commonFields = map[int]field{
		2: {digits, 0, 2}, 3: {digits, 6, 0}, 4: {digits, 12, 0}, 7: {digits, 10, 0},
		11: {digits, 6, 0}, 12: {digits, 6, 0}, 13: {digits, 4, 0}, 14: {digits, 4, 0},
		15: {digits, 4, 0}, 22: {digits, 3, 0}, 25: {digits, 2, 0}, 32: {digits, 0, 2},
		37: {text, 12, 0}, 38: {text, 6, 0}, 39: {text, 2, 0}, 41: {text, 8, 0},
		42: {text, 15, 0}, 44: {text, 0, 2}, 49: {text, 3, 0}, 60: {text, 0, 3},
		62: {text, 0, 3}, 63: {text, 0, 3}, 64: {raw, 8, 0},
	}

	// wires holds every dialect that can be measured.
	wires = map[string]*wire{
		"iso87-ascii":  {length: ascii4, fields: commonFields, batch: batchPlace{field: 60}},
		"iso87-bcd":    {length: binary2, prefix: tpdu, packed: true, fields: bcdFields(), batch: batchPlace{field: 60}},
		"unionpay-pos": {length: binary2, prefix: slices.Concat(tpdu, unionpayHeader), packed: true, fields: unionpayFields(), batch: batchPlace{field: 60, offset: 2}},
	}
)

// bcdFields have four digits in DE 22: dialects pad its three on either side.
func bcdFields() map[int]field {
	f := maps.Clone(commonFields)
	f[22] = field{digits, 4, 0}
	return f
}

// unionpayFields also differ in DE 60: digits, with the length in digits.
func unionpayFields() map[int]field {
	f := bcdFields()
	f[60] = field{digits, 0, 3}
	return f
}

// span is a part of a frame, as offsets.
type span struct{ at, end int }

func (s span) in(frame []byte) []byte { return frame[s.at:s.end] }

// message is where everything stands in one frame.
type message struct {
	mti    span
	bitmap span
	fields [65]span // the values without their length prefixes; empty: absent
	end    int
}

func (m *message) has(f int) bool { return m.fields[f].end > 0 }

// build writes a frame with its length header. Field values are digits or
// text; raw fields are filled with zeros, to be set in place.
func (w *wire) build(mti string, values map[int]string) ([]byte, error) {
	frame := append(make([]byte, w.length.size()), w.prefix...)
	frame = w.appendDigits(frame, mti)
	var bitmap [8]byte
	for f := range values {
		bitmap[(f-1)/8] |= 0x80 >> ((f - 1) % 8)
	}
	if w.packed {
		frame = append(frame, bitmap[:]...)
	} else {
		frame = fmt.Appendf(frame, "%X", bitmap[:])
	}
	for _, f := range slices.Sorted(maps.Keys(values)) {
		form, known := w.fields[f]
		if !known {
			return nil, fmt.Errorf("bench: DE %d has no form here", f)
		}
		v := values[f]
		if form.prefix == 0 && form.kind != raw && len(v) != form.size {
			return nil, fmt.Errorf("bench: DE %d is %d characters long, not %d", f, len(v), form.size)
		}
		if form.prefix > 0 {
			frame = w.appendNumber(frame, len(v), form.prefix)
		}
		switch {
		case form.kind == raw:
			frame = append(frame, make([]byte, w.bytes(form, form.size))...)
		case form.kind == digits:
			frame = w.appendDigits(frame, v)
		default:
			frame = append(frame, v...)
		}
	}
	w.length.put(frame)
	return frame, nil
}

// appendNumber writes a length prefix, which is padded on the left.
func (w *wire) appendNumber(dst []byte, n, places int) []byte {
	s := fmt.Sprintf("%0*d", places, n)
	if w.packed && places%2 == 1 {
		s = "0" + s
	}
	return w.appendDigits(dst, s)
}

func (w *wire) appendDigits(dst []byte, s string) []byte {
	if !w.packed {
		return append(dst, s...)
	}
	for i := 0; i < len(s); i += 2 {
		b := (s[i] - '0') << 4
		if i+1 < len(s) {
			b |= s[i+1] - '0'
		}
		dst = append(dst, b)
	}
	return dst
}

// bytes is how many bytes n digits, characters or bytes of a form take.
func (w *wire) bytes(form field, n int) int {
	switch {
	case form.kind == digits && w.packed:
		return (n + 1) / 2
	case form.kind == raw && !w.packed:
		return 2 * n
	default:
		return n
	}
}

var errShort = errors.New("it ends too early")

// scan finds the fields of a frame: one message with its length header.
func (w *wire) scan(frame []byte) (*message, error) {
	m := &message{}
	at := w.length.size() + len(w.prefix)
	take := func(n int) (span, error) {
		if at+n > len(frame) {
			return span{}, errShort
		}
		s := span{at, at + n}
		at += n
		return s, nil
	}
	var err error
	mtiForm, bitmapForm := field{digits, 4, 0}, field{raw, 8, 0}
	if m.mti, err = take(w.bytes(mtiForm, 4)); err != nil {
		return nil, fmt.Errorf("bench: MTI: %w", err)
	}
	if m.bitmap, err = take(w.bytes(bitmapForm, 8)); err != nil {
		return nil, fmt.Errorf("bench: bitmap: %w", err)
	}
	bitmap := bytes.Clone(m.bitmap.in(frame))
	if !w.packed {
		if _, err = hex.Decode(bitmap, bitmap); err != nil {
			return nil, fmt.Errorf("bench: bitmap: %w", err)
		}
	}
	for f := 1; f <= 64; f++ {
		if bitmap[(f-1)/8]&(0x80>>((f-1)%8)) == 0 {
			continue
		}
		form, known := w.fields[f]
		if !known {
			return nil, fmt.Errorf("bench: DE %d has no form here", f)
		}
		n := form.size
		if form.prefix > 0 {
			prefix, err := take(w.bytes(field{digits, form.prefix, 0}, form.prefix))
			if err != nil {
				return nil, fmt.Errorf("bench: length of DE %d: %w", f, err)
			}
			if n, err = w.number(prefix.in(frame)); err != nil {
				return nil, fmt.Errorf("bench: length of DE %d: %w", f, err)
			}
		}
		if m.fields[f], err = take(w.bytes(form, n)); err != nil {
			return nil, fmt.Errorf("bench: DE %d: %w", f, err)
		}
	}
	if m.end = at; at != len(frame) {
		return nil, fmt.Errorf("bench: %d bytes follow the last field", len(frame)-at)
	}
	return m, nil
}

func (w *wire) number(b []byte) (int, error) {
	n := 0
	for _, c := range w.digits(b) {
		if c < '0' || c > '9' {
			return 0, fmt.Errorf("%q is no number", b)
		}
		n = n*10 + int(c-'0')
	}
	return n, nil
}

// digits returns the digits of a numeric value as text.
func (w *wire) digits(b []byte) string {
	if w.packed {
		return hex.EncodeToString(b)
	}
	return string(b)
}

// putDigits writes a number over a field's digits, as many as it holds.
func (w *wire) putDigits(dst []byte, n uint32) {
	if w.packed {
		putBCD(dst, n)
	} else {
		putASCII(dst, n)
	}
}

func putASCII(dst []byte, n uint32) {
	for i := len(dst) - 1; i >= 0; i-- {
		dst[i] = byte('0' + n%10)
		n /= 10
	}
}

func putBCD(dst []byte, n uint32) {
	for i := len(dst) - 1; i >= 0; i-- {
		dst[i] = byte(n%10 | n/10%10<<4)
		n /= 100
	}
}
