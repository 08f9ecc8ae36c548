package dialect

import (
	"encoding/hex"
	"errors"
	"fmt"
	"slices"

	"github.com/acqsim/acqsim/simulator/security"
	"github.com/moov-io/iso8583/field"
)

// Edit is what is changed about a message. Everything else stays as it stands,
// byte by byte.
type Edit struct {
	// Set gives fields new values: text, or hexadecimal where the field is
	// binary. 0 is the MTI.
	Set map[int]string
	// Remove takes fields out. Keep, unless it is nil, names all that stay.
	Remove, Keep []int
	// Flip turns bits of the bitmap over without touching the body, so that
	// the two contradict each other.
	Flip []int
	// MAC signs the edited message anew. nil: a MAC field goes out as it
	// stands, or not at all if it is in Remove.
	MAC *security.MAC
}

// Edit returns a copy of a message with changes. The message must be one that
// the dialect can read.
func (d *Dialect) Edit(body []byte, e Edit) ([]byte, error) {
	var ix Index
	if _, err := d.Index(body, &ix); err != nil {
		return nil, fmt.Errorf("edit a message: %w", err)
	}
	macField := int(d.conv.macField)
	present := ix.present
	has := func(n int) bool { return present[(n-1)/64]&(1<<(63-(n-1)%64)) != 0 }
	flip := func(n int) { present[(n-1)/64] ^= 1 << (63 - (n-1)%64) }
	for n := 2; n <= MaxField; n++ {
		_, set := e.Set[n]
		want := set || has(n) && !slices.Contains(e.Remove, n) && (e.Keep == nil || slices.Contains(e.Keep, n))
		if n == macField && e.MAC != nil && !slices.Contains(e.Remove, n) {
			want = true
		}
		if want != has(n) {
			flip(n)
		}
	}
	fields := present
	for _, n := range e.Flip {
		if n < 2 || n > MaxField {
			return nil, fmt.Errorf("edit a message: the bitmap has no bit for field %d", n)
		}
		flip(n)
	}

	out := make([]byte, 0, len(body)+64)
	var err error
	if mti, ok := e.Set[0]; ok {
		if out, err = d.mti.append(out, []byte(mti)); err != nil {
			return nil, fmt.Errorf("edit a message: MTI: %w", err)
		}
	} else {
		out = append(out, body[:d.mtiSize(body)]...)
	}
	out = d.bitmap.append(out, present)
	for n := 2; n <= MaxField; n++ {
		if fields[(n-1)/64]&(1<<(63-(n-1)%64)) == 0 {
			continue
		}
		text, set := e.Set[n]
		switch {
		case n == macField && e.MAC != nil && !set:
			sum := e.MAC.Sum1(out)
			out, err = d.fields[n].append(out, sum[:])
		case set:
			out, err = d.appendText(out, n, text)
		default:
			out = append(out, ix.Raw(body, n)...)
		}
		if err != nil {
			return nil, fmt.Errorf("edit a message: field %d (%s): %w", n, d.names[n].EN, err)
		}
	}
	return out, nil
}

// mtiSize is how many bytes the MTI takes.
func (d *Dialect) mtiSize(body []byte) int {
	_, size, _, err := d.mti.read(body)
	if err != nil {
		return 0
	}
	return size
}

// appendText encodes a value that is given as text.
func (d *Dialect) appendText(dst []byte, n int, text string) ([]byte, error) {
	l := &d.fields[n]
	value := []byte(text)
	if d.isBinary(n) {
		b, err := hex.DecodeString(text)
		if err != nil {
			return dst, errors.New("this field is binary: its value is given in hexadecimal")
		}
		value = b
	} else if l.charset {
		b, err := gbkEncoder{}.Encode(value)
		if err != nil {
			return dst, err
		}
		value = b
	}
	return l.append(dst, value)
}

// Holds says why a field can't have a value that is given as in [Edit]; nil: it
// can. The error does not quote the value. 0 is the MTI.
func (d *Dialect) Holds(n int, text string) error {
	l, encoded, err := &d.mti, []byte(nil), error(nil)
	switch {
	case n == 0:
		encoded, err = l.append(nil, []byte(text))
	case !d.Defines(n):
		return ErrUndefined
	default:
		l = &d.fields[n]
		encoded, err = d.appendText(nil, n, text)
	}
	if err != nil && (l.value == viaMoov || l.padded) {
		return errors.New("the field's spec does not allow it") // moov's errors quote values
	}
	if err != nil {
		return err
	}
	if _, end, _, err := l.read(encoded); err != nil || end != len(encoded) {
		return errors.New("it could not be read from a message again")
	}
	return nil
}

// FieldText returns the value of a field as text: digits and characters as
// they are, text in UTF-8, and what is binary in upper-case hexadecimal. 0 is
// the MTI. It is false where the message does not have the field. What fits is
// written into buf.
func (d *Dialect) FieldText(body []byte, ix *Index, n int, buf []byte) ([]byte, bool) {
	buf = buf[:0]
	if n == 0 {
		value, size, units, err := d.mti.read(body)
		if err != nil {
			return nil, false
		}
		return d.mti.text(buf, body[value:size], 0, units), true
	}
	if n < 2 || n > MaxField || !ix.Has(n) {
		return nil, false
	}
	l, value, offset, units, ok := d.locate(body, ix, path{field: uint8(n)}) //nolint:gosec // at most 128
	if !ok {
		return nil, false
	}
	switch {
	case d.isBinary(n) && l.value != hexBytes:
		for _, c := range value {
			buf = append(buf, nibbles[c>>4], nibbles[c&0xF])
		}
		return buf, true
	case l.charset:
		text, _, err := gbkEncoder{}.Decode(value, units)
		if err != nil {
			return nil, false
		}
		return append(buf, text...), true
	}
	return l.text(buf, value, offset, units), true
}

// isBinary reports whether the values of a field are bytes.
func (d *Dialect) isBinary(n int) bool {
	switch d.spec.Fields[n].(type) {
	case *field.Binary, *field.Hex:
		return true
	}
	return false
}
