package dialect

import (
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/acqsim/acqsim/simulator/frame"
	"github.com/acqsim/acqsim/simulator/security"
	"github.com/moov-io/iso8583"
)

// Unpack reads a body into a moov message. Unlike moov's own it refuses bytes
// after the last field, and no body makes it panic.
func (d *Dialect) Unpack(body []byte) (m *iso8583.Message, err error) {
	defer func() {
		if r := recover(); r != nil {
			m, err = nil, fmt.Errorf("moov cannot read this message: %v", r)
		}
	}()
	m = iso8583.NewMessage(d.spec)
	if err := m.Unpack(body); err != nil {
		// The index names field and offset; moov's own error may quote values.
		var ix Index
		if _, e := d.Index(body, &ix); e != nil {
			return nil, e
		}
		return nil, errors.New("moov refuses a message that the index accepts")
	}
	var ix Index
	if _, err := d.Index(body, &ix); err != nil {
		return nil, err
	}
	return m, nil
}

// Build makes a message body from field values: 0 is the MTI; binary fields are
// given in hexadecimal, everything else as text. Fixed numbers may be given
// without leading zeros, fixed texts without trailing spaces. With a MAC the
// MAC field is added and computed.
func (d *Dialect) Build(fields map[int]string, mac *security.MAC) ([]byte, error) {
	m := iso8583.NewMessage(d.spec)
	for _, n := range slices.Sorted(maps.Keys(fields)) {
		if n != 0 && !d.Defines(n) {
			return nil, fmt.Errorf("build a message: field %d: %w", n, ErrUndefined)
		}
		if err := d.setField(m, n, fields[n]); err != nil {
			return nil, fmt.Errorf("build a message: field %d (%s): %w", n, d.names[n].EN, err)
		}
	}
	if _, ok := fields[0]; !ok {
		return nil, errors.New("build a message: field 0 (the MTI) is missing")
	}
	macField := int(d.conv.macField)
	if mac != nil {
		if macField == 0 {
			return nil, fmt.Errorf("build a message: dialect %s has no MAC field", d.name)
		}
		if err := m.BinaryField(macField, make([]byte, 8)); err != nil {
			return nil, fmt.Errorf("build a message: MAC field: %w", err)
		}
	}
	body, err := m.Pack()
	if err != nil {
		return nil, fmt.Errorf("build a message: %w", err)
	}
	if mac == nil {
		return body, nil
	}
	var ix Index
	if _, err := d.Index(body, &ix); err != nil {
		return nil, fmt.Errorf("build a message: %w", err)
	}
	at := ix.Offset(macField)
	sum := mac.Sum1(body[:at])
	if _, err := d.fields[macField].append(body[:at], sum[:]); err != nil {
		return nil, fmt.Errorf("build a message: MAC: %w", err)
	}
	return body, nil
}

func (d *Dialect) setField(m *iso8583.Message, n int, text string) error {
	l := &d.fields[n]
	if n == 0 {
		l = &d.mti
	}
	if d.isBinary(n) {
		b, err := hex.DecodeString(text)
		if err != nil {
			return fmt.Errorf("%q is not hexadecimal: this field is binary", text)
		}
		return m.BinaryField(n, b)
	}
	value := []byte(text)
	if l.prefix == fixedLength && l.value != viaMoov && !l.padded {
		encoded := len(text)
		if l.page != nil {
			encoded = l.page.size(value)
		}
		if l.charset {
			b, err := gbkEncoder{}.Encode(value)
			if err != nil {
				return err
			}
			encoded = len(b)
		}
		if fill := int(l.max) - encoded; fill > 0 {
			if l.numeric() {
				value = append(slices.Repeat([]byte{'0'}, fill), value...)
			} else {
				value = append(value, slices.Repeat([]byte{' '}, fill)...)
			}
		}
	}
	return m.BinaryField(n, value)
}

// AppendRequest appends a body as a whole frame. Without a TPDU or header (nil)
// it takes ones that a host of this dialect expects.
func (d *Dialect) AppendRequest(dst, tpdu, header, body []byte) ([]byte, error) {
	if tpdu == nil && d.format.TPDU {
		tpdu = make([]byte, frame.TPDUSize)
		tpdu[0], tpdu[2] = 0x60, 0x03
		copy(tpdu, firstOf(d.route.tpdu))
	}
	if header == nil && d.format.Header > 0 {
		header = make([]byte, d.format.Header)
		copy(header, firstOf(d.route.header))
	}
	start := len(dst)
	dst, mark := d.format.Begin(dst, tpdu, header)
	dst = append(dst, body...)
	if err := d.format.Finish(dst, mark); err != nil {
		return dst[:start], fmt.Errorf("frame the message: %w", err)
	}
	return dst, nil
}

func firstOf(beginnings [][]byte) []byte {
	if len(beginnings) == 0 {
		return nil
	}
	return beginnings[0]
}
