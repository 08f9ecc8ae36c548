package dialect

import (
	"fmt"
	"strings"

	"github.com/acqsim/acqsim/simulator/security"
)

// DUKPT reports whether terminal and host derive the keys of every transaction
// from a key serial number (ANSI X9.24-1), and download none.
func (d *Dialect) DUKPT() bool { return d.conv.dukpt.ksn.isSet() }

// RefusesRepeatedKSN reports whether a request is refused if its key serial
// number does not follow the terminal's last one; otherwise that is only noted.
func (d *Dialect) RefusesRepeatedKSN() bool { return d.conv.dukpt.refuseRepeated }

// ReplyMACKey returns the MAC key of the reply to a request under DUKPT.
func (d *Dialect) ReplyMACKey(t security.TransactionKey) (security.Key, error) {
	if d.conv.dukpt.requestKeyInRep {
		return t.MACRequest()
	}
	return t.MACResponse()
}

// ksn reads the key serial number; the zero one if it is absent or none.
func (d *Dialect) ksn(req *Request) security.KSN {
	p := d.conv.dukpt.ksn
	b := d.text(req, p, nil)
	if b == nil {
		return security.KSN{}
	}
	var k security.KSN
	var err error
	if l := &d.fields[p.field]; l.binary() && l.value != hexBytes {
		k, err = security.NewKSN(b)
	} else {
		k, err = security.ParseKSN(string(b))
	}
	if err != nil {
		return security.KSN{} // the host says that there is none
	}
	return k
}

// SetKSN puts a key serial number into the fields of a message to be built. It
// leaves the rest of a field of which it is a part, or fills it with spaces; a
// part of a binary field with zeros.
func (d *Dialect) SetKSN(fields map[int]string, k security.KSN) error {
	p := d.conv.dukpt.ksn
	if !p.isSet() {
		return fmt.Errorf("dialect %s has no place for a key serial number", d.name)
	}
	l := &d.fields[p.field]
	text := k.String()
	if l.ksnDigits(p) < len(text) {
		text = text[4:] // without FFFF
	}
	n := int(p.field)
	if p.whole() {
		fields[n] = text
		return nil
	}
	at, filler := int(p.offset), " "
	if l.binary() {
		at, filler = 2*at, "0"
	}
	old := fields[n]
	if missing := at + len(text) - len(old); missing > 0 {
		old += strings.Repeat(filler, missing)
	}
	fields[n] = old[:at] + text + old[at+len(text):]
	return nil
}

// ChipField returns the number of the field with a chip's data, or 0 if the
// dialect has none.
func (d *Dialect) ChipField() int { return int(d.conv.chipField) }

// HasChip reports whether the message has chip data.
func (d *Dialect) HasChip(req *Request) bool { return req.Index.Has(int(d.conv.chipField)) }

// ChipData reads the chip's data of a message. The error wraps
// [security.ErrChipData].
func (d *Dialect) ChipData(req *Request) (security.ChipData, error) {
	n := int(d.conv.chipField)
	value := req.Index.Value(req.Frame.Body, n)
	if d.fields[n].binary() && d.fields[n].value != hexBytes {
		return security.ParseChipData(value)
	}
	if l := &d.fields[n]; l.page != nil {
		value = l.page.appendText(nil, value)
	}
	return security.ChipDataFromHex(value)
}

// chipValue appends the host's chip data as the field holds it.
func (d *Dialect) chipValue(dst, chip []byte) []byte {
	if d.fields[d.conv.chipField].binary() {
		return append(dst, chip...)
	}
	for _, c := range chip {
		dst = append(dst, nibbles[c>>4], nibbles[c&0xF])
	}
	return dst
}
