package faults

import (
	"bytes"
	"fmt"
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
	if d.write(frame, &o) {
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
func (d *Delivery) write(frame []byte, o *Outbound) (ended bool) {
	for _, e := range d.endings {
		switch e.point {
		case endBefore:
			o.add(e.step)
			return true
		case endAmid:
			o.write(frame[:o.offset(e.at, len(frame))], d.pieces)
			o.add(e.step)
			return true
		}
	}
	o.write(frame, d.pieces)
	return false
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
