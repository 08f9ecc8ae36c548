package faults

import (
	"bytes"
	"fmt"
	"slices"
	"time"
)

// Outbound applies byte edits and frame edits to an encoded reply, and says
// in which steps it goes out. The frames of x are not changed; the steps do
// not refer to them.
func (d *Delivery) Outbound(x *Encoded) Outbound {
	var o Outbound
	if d.Lost {
		return o
	}
	frame := d.edit(x, &o)
	if d.Delay > 0 {
		o.add(Step{Op: Wait, For: d.Delay})
	}
	for i, e := range d.Extras {
		if e.First && x.extra(i) != nil {
			o.add(Step{Op: Write, Bytes: bytes.Clone(x.extra(i))})
			o.wait(e.After)
		}
	}
	if d.write(x, frame, &o) {
		return o
	}
	for _, gap := range d.copies {
		o.wait(gap)
		o.write(frame, d.pieces)
	}
	for i, e := range d.Extras {
		if !e.First && x.extra(i) != nil {
			o.wait(e.After)
			o.add(Step{Op: Write, Bytes: bytes.Clone(x.extra(i))})
		}
	}
	for _, e := range d.endings {
		if e.point == endAfter {
			o.wait(e.after)
			o.add(e.step)
			break
		}
	}
	return o
}

func (o *Outbound) wait(d time.Duration) {
	if d > 0 {
		o.add(Step{Op: Wait, For: d})
	}
}

// write adds the frame up to where the connection ends, if it does, and says
// whether it did.
func (d *Delivery) write(x *Encoded, frame []byte, o *Outbound) (ended bool) {
	for _, e := range d.endings {
		switch e.point {
		case endBefore:
			o.add(e.step)
			return true
		case endAmid:
			left := o.offset(e.at, len(frame))
			d.noteHidden(x, left, o)
			o.write(frame[:left], d.pieces)
			o.add(e.step)
			return true
		}
	}
	o.write(frame, d.pieces)
	return false
}

// noteHidden notes the edits of which nothing shows in the bytes that go out.
func (d *Delivery) noteHidden(x *Encoded, left int, o *Outbound) {
	hidden := func(n int) bool {
		if x.Field == nil || n <= 0 {
			return false
		}
		s := x.Field(n)
		return s.Len() > 0 && s.From >= left
	}
	const format = "data element %d of the reply was changed, and is not among the %d bytes that go out"
	for _, e := range d.Fields {
		if e.keepsLength() && hidden(e.Field) {
			o.note(fmt.Sprintf(format, e.Field, left))
		}
	}
	for _, c := range d.corrupt {
		if hidden(c.field) {
			o.note(fmt.Sprintf(format, c.field, left))
		}
	}
	if d.MAC == MACWrong && hidden(x.MACField) {
		o.note(fmt.Sprintf(format, x.MACField, left))
	}
}

// offset turns a position, negative from the end, into one within a frame: at
// least the last byte is behind it.
func (o *Outbound) offset(at, size int) int {
	from := at
	if at < 0 {
		from = size + at
	}
	in := clamp(at, size)
	if in != from {
		o.note(fmt.Sprintf("the reply has %d bytes: byte %d is taken to be %d", size, at, in))
	}
	return in
}

// write adds the writes of a frame, in pieces.
func (o *Outbound) write(frame []byte, p pieces) {
	cuts := p.cuts(len(frame), o)
	if p.wanted() && !slices.ContainsFunc(cuts, func(at int) bool { return at > 0 && at < len(frame) }) {
		o.note(fmt.Sprintf("of the reply, %d bytes go out: they leave in one piece", len(frame)))
	}
	from := 0
	for _, to := range append(cuts, len(frame)) {
		if to <= from {
			continue
		}
		if from > 0 && p.gap > 0 {
			o.add(Step{Op: Gap, For: p.gap})
		}
		o.add(Step{Op: Write, Bytes: frame[from:to:to]})
		from = to
	}
}

func (p pieces) wanted() bool { return p.every > 0 || len(p.at) > 0 }

// cuts returns where a frame is cut up, in ascending order.
func (p pieces) cuts(size int, o *Outbound) (all []int) {
	if p.every > 0 {
		for at := p.every; at < size; at += p.every {
			all = append(all, at)
		}
		return all
	}
	for _, at := range p.at {
		all = append(all, o.offset(at, size))
	}
	return all
}
