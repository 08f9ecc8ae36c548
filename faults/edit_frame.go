package faults

import (
	"bytes"
	"fmt"
	"slices"
)

// corruption turns bits over.
type corruption struct {
	field int // within this data element; 0: from offset at on
	at    int
	bits  int
	// anywhere is: behind the length header, without regard to at.
	anywhere bool
	draw     Draw
}

// lengthEdit changes the length header.
type lengthEdit struct {
	edit lengthOp
	by   int
}

type lengthOp uint8

const (
	lengthKept lengthOp = iota
	lengthPlus
	lengthMinus
	lengthZero
	lengthMaximum
	lengthSwapped
	lengthASCII
	lengthItself
)

type tpduEdit uint8

const (
	tpduKept tpduEdit = iota
	tpduUnswapped
	tpduWrong
)

// headerEdit changes the proprietary header.
type headerEdit struct {
	edit  headerOp
	value byte
}

type headerOp uint8

const (
	headerKept headerOp = iota
	headerStatus
	headerRequest
	headerWrong
)

// edit returns the frame that is sent: a changed copy of the reply, or what
// goes in its place.
func (d *Delivery) edit(x *Encoded, o *Outbound) []byte {
	switch {
	case d.replace != nil:
		return bytes.Clone(d.replace)
	case d.Stale && x.Previous != nil:
		return bytes.Clone(x.Previous)
	case d.Stale:
		o.note("there is no previous reply to this terminal: it gets its own")
	}
	frame := bytes.Clone(x.Frame)
	if d.MAC == MACWrong {
		spoilMAC(x, frame, o)
	}
	before := bytes.Clone(frame)
	for _, c := range d.corrupt {
		c.apply(x, frame, o)
	}
	if len(d.corrupt) > 1 && len(o.Notes) == 0 && bytes.Equal(before, frame) {
		o.note("the bits that were turned over were turned back again")
	}
	d.editTPDU(x, frame, o)
	d.editHeader(x, frame, o)
	return d.editLength(x, frame, o)
}

// in returns the bytes of a span that lies within the frame.
func in(frame []byte, s Span) []byte {
	if s.From < 0 || s.To > len(frame) || s.From >= s.To {
		return nil
	}
	return frame[s.From:s.To:s.To]
}

func (x *Encoded) field(n int, frame []byte) []byte {
	if x.Field == nil || n <= 0 {
		return nil
	}
	return in(frame, x.Field(n))
}

// spoilMAC changes every byte of the MAC, and keeps it readable where it is
// written in hexadecimal digits.
func spoilMAC(x *Encoded, frame []byte, o *Outbound) {
	mac := x.field(x.MACField, frame)
	if mac == nil {
		o.note("the reply has no MAC that could be wrong")
		return
	}
	spoil(mac)
}

func spoil(b []byte) {
	for i, c := range b {
		switch {
		case c == 'F' || c == 'f':
			b[i] = '0'
		case c == '9':
			b[i] = 'A'
		case digit(c) || c >= 'A' && c < 'F' || c >= 'a' && c < 'f':
			b[i]++
		default:
			b[i] ^= 1
		}
	}
}

func (c corruption) apply(x *Encoded, frame []byte, o *Outbound) {
	target := frame
	switch {
	case c.field > 0:
		if target = x.field(c.field, frame); target == nil {
			o.note(fmt.Sprintf("the reply has no data element %d to corrupt", c.field))
			return
		}
	case c.anywhere:
		target = frame[min(max(0, x.Length.To), len(frame)):]
	default:
		target = frame[o.offset(c.at, len(frame)):]
		if c.bits <= 8 && len(target) > 0 {
			target = target[:1]
		}
	}
	d := c.draw
	// Different bits, or two would undo each other.
	turned := map[int]bool{}
	for len(turned) < min(c.bits, 8*len(target)) {
		if bit := d.Below(8 * len(target)); !turned[bit] {
			turned[bit] = true
			target[bit/8] ^= 0x80 >> (bit % 8)
		}
	}
}

// TPDU: identifier 1, destination 2, source 2.
func (d *Delivery) editTPDU(x *Encoded, frame []byte, o *Outbound) {
	if d.tpdu == tpduKept {
		return
	}
	tpdu := in(frame, x.TPDU)
	switch {
	case len(tpdu) < 5 || d.tpdu == tpduUnswapped && len(x.RequestTPDU) < 5:
		o.note("the frame has no TPDU")
	case d.tpdu == tpduUnswapped && bytes.Equal(tpdu[:5], x.RequestTPDU[:5]):
		o.note("the reply has the TPDU of its request anyway")
	case d.tpdu == tpduUnswapped:
		copy(tpdu, x.RequestTPDU[:5])
	default:
		tpdu[1] ^= 0x01 // the destination is another one
		tpdu[2] ^= 0x11
	}
}

// The header of UnionPay POS terminals: application class N2, software
// version N2, terminal status N1, processing request N1, sub-version N6; all
// of it BCD.
func (d *Delivery) editHeader(x *Encoded, frame []byte, o *Outbound) {
	if d.header.edit == headerKept {
		return
	}
	h := in(frame, x.Header)
	if len(h) < 3 {
		o.note("the frame has no header with flags")
		return
	}
	was := bytes.Clone(h)
	switch value := d.header.value & 0x0f; d.header.edit {
	case headerStatus:
		h[2] = value<<4 | h[2]&0x0f
	case headerRequest:
		h[2] = h[2]&0xf0 | value
	case headerWrong:
		h[0] ^= 0x11 // another application class
	}
	if bytes.Equal(was, h) {
		o.note("the header of the reply has this flag anyway")
	}
}

func (d *Delivery) editLength(x *Encoded, frame []byte, o *Outbound) []byte {
	header := in(frame, x.Length)
	if d.length.edit == lengthKept {
		return frame
	}
	if header == nil || x.PutLength == nil {
		o.note("the frame has no length header")
		return frame
	}
	was := bytes.Clone(header)
	n := x.Announced
	switch d.length.edit {
	case lengthSwapped:
		slices.Reverse(header)
		if bytes.Equal(was, header) {
			o.note("the length header reads the same with its bytes swapped")
		}
		return frame
	case lengthASCII:
		return append(append(frame[:x.Length.From:x.Length.From], fmt.Sprintf("%04d", n)...), frame[x.Length.To:]...)
	case lengthPlus:
		n += d.length.by
	case lengthMinus:
		n -= d.length.by
	case lengthZero:
		n = 0
	case lengthMaximum:
		n = x.MaxLength
	case lengthItself:
		n += len(header)
	}
	if fit := max(0, min(n, x.MaxLength)); fit != n {
		o.note(fmt.Sprintf("the length header can't say %d: it says %d", n, fit))
		n = fit
	}
	if err := x.PutLength(header, n); err != nil {
		o.note("the length header stays: " + err.Error())
	} else if bytes.Equal(was, header) {
		o.note(fmt.Sprintf("the length header says %d anyway", n))
	}
	return frame
}
