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

	settles bool // it is no sale
}

// checker decides whether a reply is the one that is due, and approves. The
// first reply is read field by field; after that, a reply of the same layout
// is compared at fixed offsets, which costs a few nanoseconds.
type checker struct {
	fleet *fleet
	echo  bool // the reply is the request

	learnt         bool
	length         int
	head           span // MTI and bitmap
	stan, terminal span
	code           span
	first          [40]byte // the head, as in the reply that was learnt
}

// check returns why a reply is wrong, or nil.
func (c *checker) check(frame []byte, p *pending) error {
	if p.settles {
		return c.checkSettlement(frame, p)
	}
	if c.learnt && len(frame) == c.length &&
		string(c.head.in(frame)) == string(c.first[:c.head.len()]) &&
		string(c.stan.in(frame)) == string(p.stan[:c.stan.len()]) &&
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
	want := uint16(210)
	if c.echo {
		want = 200
	}
	if m.mti != want {
		return fmt.Errorf("a reply has MTI %04d, not %04d: %x", m.mti, want, frame)
	}
	for _, f := range []int{11, 41, 39} {
		if !m.has(f) && (f != 39 || !c.echo) {
			return fmt.Errorf("a reply has no DE %d: %x", f, frame)
		}
	}
	stan, due := m.value(11), p.stan[:len(m.value(11))]
	if !bytes.Equal(stan, due) || string(m.value(41)) != p.term.id {
		return fmt.Errorf("the reply to STAN %s of terminal %s is due, that to STAN %s of terminal %s came",
			w.number(due), p.term.id, w.number(stan), m.value(41))
	}
	if !c.echo {
		if code := string(m.value(39)); code != "00" {
			return fmt.Errorf("a sale is declined: DE 39 is %q: %x", code, frame)
		}
		if err := c.verify(m, p.term); err != nil {
			return err
		}
	}
	c.learnt, c.length, c.head = true, len(frame), m.head()
	c.stan, c.terminal, c.code = m.span(11), m.span(41), m.span(39)
	copy(c.first[:], c.head.in(frame))
	return nil
}

// checkSettlement reads the reply to a settlement: the totals were right, so the
// batch balances.
func (c *checker) checkSettlement(frame []byte, p *pending) error {
	m, err := c.fleet.wire.scan(frame)
	if err != nil {
		return fmt.Errorf("a reply can't be read: %w: %x", err, frame)
	}
	want := uint16(510)
	if c.echo {
		want = 500
	}
	if m.mti != want || !bytes.Equal(m.value(11), p.stan[:len(m.value(11))]) || string(m.value(41)) != p.term.id {
		return fmt.Errorf("the reply to the settlement of terminal %s is due, another came: %x", p.term.id, frame)
	}
	if code := string(m.value(39)); !c.echo && code != "00" {
		return fmt.Errorf("a settlement does not balance: DE 39 is %q: %x", code, frame)
	}
	return nil
}

// verify checks the MAC of a reply, where there has to be one.
func (c *checker) verify(m *message, t *terminal) error {
	if t.mac == nil {
		return nil
	}
	if !m.has(64) {
		return fmt.Errorf("a reply has no MAC: %x", m.frame)
	}
	if at := m.span(64); !t.mac.Verify(at.in(m.frame), m.frame[m.body:at.at]) {
		return fmt.Errorf("the MAC of a reply is wrong: %x", m.frame)
	}
	return nil
}
