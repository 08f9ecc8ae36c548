package capture

import (
	"time"

	"github.com/acqsim/acqsim/simulator/dialect"
	"github.com/acqsim/acqsim/simulator/frame"
)

// The limits of the search for frames.
const (
	// maxBuffer is what one direction keeps while no frame is found: the
	// longest frame is half of it.
	maxBuffer = 2 * (frame.HighestMax + 16)
	// littleBuffer is that while all streams together keep too much.
	littleBuffer = 4 << 10
	// firstSearch is how many bytes have to come before frames are looked for
	// anywhere but at the beginning; each further search takes twice as many.
	firstSearch = 64
	// hopeless is after how many bytes of a stream without a single frame
	// nothing is looked for any more.
	hopeless = 256 << 10
)

// cutter cuts one direction of a stream into frames.
type cutter struct {
	h     *half
	buf   []byte
	at    int64 // offset of buf[0] in what the sender sent
	marks []mark

	lost   bool   // a frame is looked for; otherwise one begins at buf[0]
	midst  bool   // since the capture goes on there inside a frame
	reason Reason // why what is skipped is, unless it is for one of those two
	search int    // the length of buf at which to search again
	skip   *Item  // bytes skipped right before buf[0]; nil: none
}

// mark is the packet that bytes came in.
type mark struct {
	end    int64 // offset behind them
	at     time.Time
	packet int
}

// feed takes bytes that follow those before.
func (c *cutter) feed(b []byte, m mark) {
	m.end = c.at + int64(len(c.buf)+len(b))
	c.marks = append(c.marks, m)
	c.buf = append(c.buf, b...)
	c.h.s.t.buffered += len(b)
	c.run()
}

// gap says that n bytes are missing.
func (c *cutter) gap(n int64) {
	c.stop(CutShort)
	x := &Item{Kind: Missing, Offset: c.at, Size: n, At: c.h.s.t.now, Packet: c.h.s.t.sum.Packets}
	c.at += n
	c.lost, c.midst, c.reason = true, true, NoFrame
	c.h.s.tell(x, c.h)
}

// run takes every frame that is whole.
func (c *cutter) run() {
	for len(c.buf) > 0 {
		if c.take() {
			continue
		}
		limit := maxBuffer
		if c.h.s.t.buffered > maxBuffered {
			limit = littleBuffer
		}
		full := len(c.buf) > limit
		if !c.lost && !full && c.unfinished() {
			return
		}
		if !c.lost {
			c.lose(NoFrame)
		}
		if c.given() {
			c.drop(len(c.buf))
			return
		}
		if len(c.buf) < c.search && !full {
			return
		}
		if at := c.find(len(c.buf)); at > 0 {
			c.drop(at)
			continue
		}
		if full {
			c.drop(len(c.buf) - limit/2)
		}
		c.search = max(2*len(c.buf), firstSearch)
		return
	}
}

// stop takes what is whole and skips the rest: what comes next, if anything,
// does not follow it.
func (c *cutter) stop(why Reason) {
	for len(c.buf) > 0 {
		if c.take() {
			continue
		}
		at := c.find(len(c.buf))
		if !c.lost {
			reason := NoFrame
			if at == 0 && c.unfinished() {
				reason = why
			}
			c.lose(reason)
		}
		if at == 0 {
			at = len(c.buf)
		}
		c.drop(at)
	}
	c.tellSkipped()
}

func (c *cutter) lose(why Reason) { c.lost, c.midst, c.reason, c.search = true, false, why, 0 }

// given reports whether the search in this stream has been given up.
func (c *cutter) given() bool {
	return c.h.s.pub.Dialect == nil && c.skip != nil && c.skip.Size > hopeless
}

// unfinished reports whether buf may begin with a frame that goes on.
func (c *cutter) unfinished() bool {
	total, ok := c.h.s.pub.Dialect.Format().Peek(c.buf, frame.HighestMax)
	return ok && (total == 0 || total > len(c.buf))
}

// take takes the frame that buf begins with; false: it begins with none, or
// with a part of one.
func (c *cutter) take() bool {
	s := c.h.s
	if d := s.pub.Dialect; d != nil {
		if !c.lost {
			return c.takeNext(d)
		}
		return c.takeFirst(d)
	}
	for _, d := range s.t.dialects {
		if c.takeFirst(d) {
			return true
		}
	}
	return false
}

// takeFirst takes a sound message, and keep-alives before it: so much that it
// is no chance.
func (c *cutter) takeFirst(d *dialect.Dialect) bool {
	zeros := keepAlives(d, c.buf)
	if !sound(d, c.buf[zeros:]) {
		return false
	}
	c.h.s.pub.Dialect = d
	c.tellSkipped()
	c.lost, c.midst = false, false
	if zeros > 0 {
		c.emit(&Item{Kind: KeepAlives, Dialect: d}, zeros)
	}
	return c.takeNext(d)
}

// takeNext takes the frame after another one. It need not be sound, unless one
// that is begins inside of it.
func (c *cutter) takeNext(d *dialect.Dialect) bool {
	if zeros := keepAlives(d, c.buf); zeros > 0 {
		c.emit(&Item{Kind: KeepAlives, Dialect: d}, zeros)
		return true
	}
	total, ok := d.Format().Peek(c.buf, frame.HighestMax)
	if !ok || total == 0 || total > len(c.buf) {
		return false
	}
	if !sound(d, c.buf) && c.find(total) > 0 {
		return false
	}
	x := &Item{Kind: Message, Dialect: d}
	c.emit(x, total)
	return true
}

// find returns where in the first n bytes, but not at the beginning, a sound
// message begins; 0: nowhere.
func (c *cutter) find(n int) int {
	dialects := c.h.s.t.dialects
	if d := c.h.s.pub.Dialect; d != nil {
		dialects = []*dialect.Dialect{d}
	}
	for at := 1; at < n; at++ {
		for _, d := range dialects {
			if sound(d, c.buf[at:]) {
				return at
			}
		}
	}
	return 0
}

// sound reports whether b begins with a whole frame that a host of the dialect
// takes, with a message that can be read to its end.
func sound(d *dialect.Dialect, b []byte) bool {
	overhead := d.Format().Overhead()
	if len(b) <= overhead || !likeMTI(b[overhead:]) {
		return false
	}
	total, ok := d.Format().Peek(b, frame.HighestMax)
	if !ok || total <= overhead || total > len(b) {
		return false
	}
	f, _, err := d.Format().Cut(b[:total], frame.HighestMax)
	if err != nil || f.KeepAlive || d.Unroutable(f) != "" {
		return false
	}
	var ix dialect.Index
	mti, err := d.Index(f.Body, &ix)
	// Versions 1987 and 1993; classes 1 to 8 and UnionPay's 9.
	return err == nil && mti >= 100 && mti <= 1999 && mti/100%10 != 0 && ix.Next(0) != 0
}

// likeMTI reports whether b can begin with a message type from 0100 to 1999, in
// BCD, ASCII or EBCDIC. It turns down most bytes at little cost.
func likeMTI(b []byte) bool {
	version, class := b[0]>>4, b[0]&0xF
	if version <= 1 && class >= 1 && class <= 9 {
		return true
	}
	return version == 3 && class <= 1 || version == 0xF && class <= 1
}

// keepAlives returns how many bytes of whole keep-alives b begins with.
func keepAlives(d *dialect.Dialect, b []byte) (n int) {
	size := d.Format().Length.Size()
	for len(b)-n >= size {
		total, ok := d.Format().Peek(b[n:], frame.HighestMax)
		if !ok || total == 0 || total > len(b)-n || total > size {
			break
		}
		n += total
	}
	return n
}

// emit hands out the first n bytes as x.
func (c *cutter) emit(x *Item, n int) {
	c.tellSkipped()
	x.Offset, x.Size, x.Bytes = c.at, int64(n), append([]byte(nil), c.buf[:n]...)
	c.stamp(x, c.at+int64(n))
	c.advance(n)
	if x.Kind != Message {
		c.h.s.tell(x, c.h)
		return
	}
	f, _, err := x.Dialect.Format().Cut(x.Bytes, frame.HighestMax)
	if err != nil { // shorter than TPDU and header
		f = frame.Frame{Raw: x.Bytes}
	}
	x.BodyAt = len(f.Raw) - len(f.Body)
	c.h.message(x, f)
}

// drop skips the first n bytes.
func (c *cutter) drop(n int) {
	if c.skip == nil {
		c.skip = &Item{Kind: Skipped, Offset: c.at}
	}
	x := c.skip
	if room := MaxSkipped - len(x.Bytes); room > 0 {
		x.Bytes = append(x.Bytes, c.buf[:min(n, room)]...)
	}
	x.Size += int64(n)
	c.stamp(x, c.at+int64(n))
	c.advance(n)
	c.search = 0
}

// tellSkipped hands out what has been skipped.
func (c *cutter) tellSkipped() {
	x := c.skip
	if x == nil {
		return
	}
	c.skip = nil
	switch {
	case c.h.s.pub.Dialect == nil:
		x.Reason = NoDialect
	case c.midst:
		x.Reason = InTheMidst
	default:
		x.Reason = c.reason
	}
	c.h.s.tell(x, c.h)
}

// stamp gives x the time of the packet with the byte before offset end.
func (c *cutter) stamp(x *Item, end int64) {
	for i := range c.marks {
		if c.marks[i].end >= end {
			x.At, x.Packet = c.marks[i].at, c.marks[i].packet
			return
		}
	}
}

// advance forgets the first n bytes.
func (c *cutter) advance(n int) {
	c.at += int64(n)
	c.h.s.t.buffered -= n
	if n == len(c.buf) {
		c.buf = nil // an idle connection keeps nothing
	} else {
		c.buf = c.buf[n:]
	}
	gone := 0
	for gone < len(c.marks) && c.marks[gone].end <= c.at {
		gone++
	}
	c.marks = append(c.marks[:0], c.marks[gone:]...)
}
