package simulator

import (
	"fmt"
	"path"
	"slices"
	"sync"
	"time"

	"github.com/acqsim/acqsim/faults"
	"github.com/acqsim/acqsim/faults/wire"
	"github.com/acqsim/acqsim/scenarios/transcript"
)

// A partner may never come. Every reply that waits for one has a timer, and
// whoever takes it out of its list first, the partner or the timer, delivers.

// elsewhere is a reply that waits for the connection of another terminal.
type elsewhere struct {
	*outbound
	timer *time.Timer
}

// leave sends a reply: by itself, with its partner, or with those that have
// waited for it.
func (o *outbound) leave() {
	switch {
	case o.partner == nil:
		if waiting := o.c.takePaired(); len(waiting) > 0 {
			o.sendPaired(waiting)
			return
		}
		o.send(o.c)
	case o.partner.Role == faults.ReplyElsewhere:
		o.sendElsewhere()
	default:
		o.c.awaitReply(o)
	}
}

func (o *outbound) sendElsewhere() {
	v := &o.c.s.seen
	v.mu.Lock()
	if to := v.otherLocked(o); to != nil {
		v.mu.Unlock()
		o.send(to)
		return
	}
	if o.partner.Within <= 0 || len(v.waiting) >= maxHeld {
		v.mu.Unlock()
		o.alone()
		return
	}
	e := &elsewhere{outbound: o}
	e.timer = time.AfterFunc(o.partner.Within, func() {
		if v.take(e) {
			o.alone()
		}
	})
	v.waiting = append(v.waiting, e)
	v.mu.Unlock()
}

// fits reports whether a terminal can be the partner.
func (o *outbound) fits(terminal string) bool {
	if terminal == o.from {
		return false
	}
	ok, err := path.Match(o.partner.Terminal, terminal)
	return ok && err == nil
}

// otherLocked finds the connection of another terminal that fits: the first by
// its ID, so that the choice does not depend on a map's order.
func (v *seen) otherLocked(o *outbound) *conn {
	var best string
	for id, at := range v.terminals {
		if at.conn.Load() != nil && at.conn.Load() != o.c && o.fits(id) && (best == "" || id < best) {
			best = id
		}
	}
	if best == "" {
		return nil
	}
	return v.terminals[best].conn.Load()
}

// takeWaitingLocked takes out what waits for a terminal that has come.
func (v *seen) takeWaitingLocked(terminal string) (ready []*elsewhere) {
	v.waiting = slices.DeleteFunc(v.waiting, func(e *elsewhere) bool {
		if e.fits(terminal) {
			ready = append(ready, e)
			return true
		}
		return false
	})
	return ready
}

func (v *seen) take(e *elsewhere) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	i := slices.Index(v.waiting, e)
	if i >= 0 {
		v.waiting = slices.Delete(v.waiting, i, i+1)
	}
	return i >= 0
}

// giveUp ends what waits for other terminals.
func (v *seen) giveUp() {
	v.mu.Lock()
	waiting := v.waiting
	v.waiting = nil
	v.mu.Unlock()
	for _, e := range waiting {
		e.timer.Stop()
		e.alone()
	}
}

func (e *elsewhere) deliver(to *conn) {
	e.timer.Stop()
	e.send(to)
}

// alone does with a reply whose partner did not come what is said for that
// case.
func (o *outbound) alone() {
	o.unaccompanied(fmt.Sprintf("; %s did not come within %v", o.partner, o.partner.Within))
}

// unaccompanied is alone, with the reason.
func (o *outbound) unaccompanied(why string) {
	o.event.Why += why
	if !o.partner.Lost {
		o.send(o.c)
		return
	}
	o.lost("")
}

// lost records a reply that waited, and never leaves.
func (o *outbound) lost(why string) {
	e := o.event
	e.Kind, e.Raw, e.At = transcript.NotSent, o.masked, time.Now()
	e.Why += why
	o.c.s.o.Metrics.discarded.Inc()
	o.c.s.record(e)
}

// pairing is the replies of a connection that wait for its next one.
type pairing struct {
	mu      sync.Mutex
	waiting []*paired
}

type paired struct {
	*outbound
	timer *time.Timer
}

// awaitReply keeps a reply until the next other one of the connection.
func (c *conn) awaitReply(o *outbound) {
	p := &paired{outbound: o}
	c.touched.Store(true)
	c.pair.mu.Lock()
	defer c.pair.mu.Unlock()
	p.timer = time.AfterFunc(o.partner.Within, func() {
		c.pair.mu.Lock()
		i := slices.Index(c.pair.waiting, p)
		if i >= 0 {
			c.pair.waiting = slices.Delete(c.pair.waiting, i, i+1)
		}
		c.pair.mu.Unlock()
		if i >= 0 {
			o.alone()
		}
	})
	c.pair.waiting = append(c.pair.waiting, p)
}

// paired reports whether a reply waits for the next one.
func (c *conn) paired() bool {
	c.pair.mu.Lock()
	defer c.pair.mu.Unlock()
	return len(c.pair.waiting) > 0
}

// takePaired takes out the replies that wait for the one that is about to
// leave.
func (c *conn) takePaired() []*paired {
	c.pair.mu.Lock()
	defer c.pair.mu.Unlock()
	all := c.pair.waiting
	c.pair.waiting = nil
	for _, p := range all {
		p.timer.Stop()
	}
	return all
}

// unpair ends what waits for the next reply of a connection that reads no
// more: there won't be one.
func (c *conn) unpair() {
	for _, p := range c.takePaired() {
		p.unaccompanied(fmt.Sprintf("; %s can't come any more: no more requests are read from the connection", p.partner))
	}
}

// sendPaired sends a reply, and with it those that have waited for it: before
// it and in the same write, or right after it.
func (o *outbound) sendPaired(waiting []*paired) {
	for _, p := range slices.Backward(waiting) { // the first goes in front of all
		if p.partner.Role == faults.WithNextReply {
			o = o.behind(p.outbound)
		}
	}
	o.send(o.c)
	for _, p := range waiting {
		if p.partner.Role == faults.AfterNextReply {
			p.due = o.due
			p.send(o.c)
		}
	}
}

// behind returns a reply that leaves in one write with another in front of it.
func (o *outbound) behind(first *outbound) *outbound {
	both := *o
	both.steps = slices.Clone(o.steps)
	front := written(first.steps)
	i := slices.IndexFunc(both.steps, func(s faults.Step) bool { return s.Op == faults.Write })
	if i < 0 {
		both.steps = slices.Insert(both.steps, 0, faults.Step{Op: faults.Write})
		i = 0
	}
	both.steps[i].Bytes = slices.Concat(front, both.steps[i].Bytes)
	both.tell = func(on *conn, r wire.Result) {
		of := r
		of.Written = min(r.Written, len(front))
		if of.Written == len(front) {
			of.Err = nil
		}
		first.sent(on, of)
		r.Written -= of.Written
		if o.tell != nil {
			o.tell(on, r) // another is in front of it already
			return
		}
		o.sent(on, r)
	}
	return &both
}
