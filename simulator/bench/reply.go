package bench

import (
	"bytes"
	"fmt"
)

// pending is a request that waits for its reply.
type pending struct {
	sent int64 // ns since the round began
	term *terminal
	stan [6]byte // as on the line
}

// checker decides whether a reply is the one that is due, and approves. The
// first reply is read field by field; after that, a reply of the same layout
// is compared at fixed offsets, which costs a few nanoseconds.
type checker struct {
	fleet *fleet
	echo  bool // the reply is the request

	learnt         bool
	length         int
	mti, bitmap    span
	stan, terminal span
	code           span
	head           [40]byte // MTI and bitmap, as in the reply that was learnt
}

// check returns why a reply is wrong, or nil.
func (c *checker) check(frame []byte, p *pending) error {
	if c.learnt && len(frame) == c.length &&
		string(frame[c.mti.at:c.bitmap.end]) == string(c.head[:c.bitmap.end-c.mti.at]) &&
		string(c.stan.in(frame)) == string(p.stan[:c.stan.end-c.stan.at]) &&
		string(c.terminal.in(frame)) == p.term.id &&
		(c.echo || string(c.code.in(frame)) == "00") {
		return nil
	}
	return c.learn(frame, p)
}

// learn reads a reply field by field. If it is in order, its layout is what
// the next ones are compared with.
func (c *checker) learn(frame []byte, p *pending) error {
	w := c.fleet.wire
	m, err := w.scan(frame)
	if err != nil {
		return fmt.Errorf("a reply can't be read: %w: %x", err, frame)
	}
	want := "0210"
	if c.echo {
		want = "0200"
	}
	if mti := w.digits(m.mti.in(frame)); mti != want {
		return fmt.Errorf("a reply has MTI %s, not %s: %x", mti, want, frame)
	}
	for _, f := range []int{11, 41, 39} {
		if !m.has(f) && (f != 39 || !c.echo) {
			return fmt.Errorf("a reply has no DE %d: %x", f, frame)
		}
	}
	stan, due := m.fields[11].in(frame), p.stan[:m.fields[11].end-m.fields[11].at]
	if !bytes.Equal(stan, due) || string(m.fields[41].in(frame)) != p.term.id {
		return fmt.Errorf("the reply to STAN %s of terminal %s is due, that to STAN %s of terminal %s came",
			w.digits(due), p.term.id, w.digits(stan), m.fields[41].in(frame))
	}
	if !c.echo {
		if code := string(m.fields[39].in(frame)); code != "00" {
			return fmt.Errorf("a sale is declined: DE 39 is %q: %x", code, frame)
		}
		if err := c.verify(frame, m, p.term); err != nil {
			return err
		}
	}
	c.learnt, c.length = true, len(frame)
	c.mti, c.bitmap = m.mti, m.bitmap
	c.stan, c.terminal, c.code = m.fields[11], m.fields[41], m.fields[39]
	copy(c.head[:], frame[m.mti.at:m.bitmap.end])
	return nil
}

// verify checks the MAC of a reply, where there has to be one.
func (c *checker) verify(frame []byte, m *message, t *terminal) error {
	if t.mac == nil {
		return nil
	}
	if !m.has(64) {
		return fmt.Errorf("a reply has no MAC: %x", frame)
	}
	if at := m.fields[64]; !t.mac.Verify(at.in(frame), frame[m.mti.at:at.at]) {
		return fmt.Errorf("the MAC of a reply is wrong: %x", frame)
	}
	return nil
}
