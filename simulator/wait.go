package simulator

import (
	"bytes"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/acqsim/acqsim/faults"
	"github.com/acqsim/acqsim/faults/wire"
	"github.com/acqsim/acqsim/scenarios"
	"github.com/acqsim/acqsim/scenarios/transcript"
	"github.com/acqsim/acqsim/simulator/frame"
)

// wait is the time in which a connection waits for its next request, and what
// a planner does to it then. A nil wait does nothing.
type wait struct {
	handshake *time.Timer // ends the TLS handshake; set by its own goroutine

	mu       sync.Mutex
	since    time.Time // zero: it does not wait
	plan     faults.IdlePlan
	fired    []scenarios.Strike
	delivery *wire.Delivery
}

// begin says that the connection waits.
func (w *wait) begin(c *conn) {
	if w == nil {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.since = c.answered // the time of day costs more than all of this
	if w.since.IsZero() {
		w.since = time.Now()
	}
	c.answered, c.began = time.Time{}, w.since
	w.ask(c)
}

// again asks the planner once more, if the connection waits: its rules have
// changed.
func (w *wait) again(c *conn) {
	if w == nil {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.since.IsZero() {
		return
	}
	w.cancel()
	w.ask(c)
}

func (w *wait) ask(c *conn) {
	if !c.s.watches(faults.Idle) {
		return
	}
	facts := c.facts()
	plan, fired := c.s.o.Planner.OnIdle(&facts)
	if len(fired) == 0 || len(plan.Steps) == 0 {
		return
	}
	w.plan, w.fired = plan, fired
	if !plan.OnInput {
		w.delivery = w.deliver(c, w.since.Add(plan.After))
	}
}

// deliver has the plan's steps done.
func (w *wait) deliver(c *conn, at time.Time) *wire.Delivery {
	fired := w.fired
	c.struckBy(&fired[len(fired)-1])
	return c.w.Deliver(at, w.plan.Steps, func(r wire.Result) {
		if r.Ended == 0 && r.Err == nil && r.Written == 0 {
			return
		}
		if r.Ended != 0 || r.Written > 0 {
			c.recordStrikes(fired)
		}
	})
}

func (w *wait) cancel() {
	if w.delivery != nil {
		w.delivery.Cancel()
	}
	w.delivery, w.plan, w.fired = nil, faults.IdlePlan{}, nil
}

// end says that something has come, or nothing will any more. It reports
// whether what has come is lost with the connection.
func (w *wait) end(c *conn) (lost bool) {
	if w == nil {
		return false
	}
	w.mu.Lock()
	plan, fired := w.plan, w.fired
	lost = plan.OnInput && time.Since(w.since) >= plan.After
	w.cancel()
	w.since = time.Time{}
	w.mu.Unlock() // a reply in pieces may have the line for long, and again must not wait for it
	if lost {
		done := make(chan struct{})
		c.recordStrikes(fired)
		c.struckBy(&fired[len(fired)-1])
		c.w.Deliver(time.Time{}, plan.Steps, func(r wire.Result) {
			c.recordTrouble(r.Err)
			close(done)
		})
		<-done
	}
	return lost
}

// swallowed records a frame that a fault has kept from the host, and what it
// says.
func (c *conn) swallowed(f frame.Frame) {
	c.messages++
	x := exchange{frame: f, message: c.messages}
	x.read(c.l.Dialect)
	e := c.event(transcript.Discarded, transcript.Line)
	e.Message, e.Strike = x.message, c.by.Load()
	e.Why = fmt.Sprintf("%s (%s): the line was dead when it came", strings.Join(e.Strike.Faults, " + "), e.Strike.Scenario)
	e.Raw = bytes.Clone(f.Raw)
	switch x.end {
	case decided, rejected:
		x.dec.Terminal, x.dec.Merchant = x.req.Terminal.String(), x.req.Merchant.String()
		fillExchange(&e, &x)
		e.Secrets = c.l.Dialect.Mask(e.Raw, &x.req.Index, len(f.Raw)-len(f.Body))
	default:
		transcript.MaskRuns(e.Raw)
	}
	c.s.record(e)
}

// struckBy notes what may end the connection.
func (c *conn) struckBy(s *scenarios.Strike) { c.by.Store(strike(s)) }
