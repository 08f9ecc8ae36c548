package verdict

import (
	"slices"
	"time"

	"github.com/acqsim/acqsim/scenarios/display"
	"github.com/acqsim/acqsim/scenarios/transcript"
)

// giveUp is when the terminal stopped to wait: between two times, which are
// equal where the host saw it.
type giveUp struct {
	from, to time.Time
	sign     uint64 // the event that showed it; 0: its response timeout
}

// timing is when a reply came, seen from the terminal.
type timing uint8

const (
	inTime timing = iota
	inDoubt
	late
)

// tellGiveUp finds the first sign that the terminal waits no more.
func (s *story) tellGiveUp(x *exchange) {
	timeout := s.p.Timeouts.Response
	slack := max(100*time.Millisecond, timeout/10)
	x.gave = giveUp{from: x.req.At.Add(timeout - slack), to: x.req.At.Add(timeout + slack)}
	sign := func(e *transcript.Event) {
		if e == nil || e.At.After(x.gave.to) || e.Seq <= x.req.Seq {
			return
		}
		x.gave.to, x.gave.sign = e.At, e.Seq
		if e.At.Before(x.gave.from) {
			x.gave.from = e.At
		}
	}
	if c := x.closed; c != nil && c.Actor == transcript.Terminal {
		sign(c)
	}
	if x.next != nil && x.next.req.Seq > x.req.Seq {
		sign(x.next.req)
	}
	if a := x.action; a != nil && a.main == x {
		sign(a.report)
		s.losePower(x)
	}
}

// losePower says when a terminal gave up whose power was cut at a point of the
// transaction: before it could see a reply, or with one in hand, of which nobody
// knows what it made.
func (s *story) losePower(x *exchange) {
	i := slices.Index(s.actions, x.action)
	if i < 1 || x.action.act == nil || x.action.report != nil || s.actions[i-1].name != actPowerCut {
		return
	}
	n := int(s.actions[i-1].number)
	known := s.scenario != nil && n >= 1 && n <= len(s.scenario.Actions) && s.scenario.Actions[n-1].PowerCut != nil
	if known && s.scenario.Actions[n-1].PowerCut.At != "after-reply" {
		x.gave = giveUp{from: x.req.At, to: x.req.At, sign: x.action.act.Seq}
		return
	}
	x.gave = giveUp{from: x.req.At, to: x.req.At.Add(s.p.Timeouts.Response), sign: x.action.act.Seq}
}

// when is when a message came.
func (x *exchange) when(a *arrival) timing {
	first, last := a.event.At, a.event.At
	if a.event.First > 0 {
		first = x.req.At.Add(a.event.First)
	}
	if a.event.Acked > 0 {
		last = x.req.At.Add(a.event.Acked)
	}
	if a.copied {
		last = first
	}
	grace := x.grace()
	switch {
	case first.After(x.gave.to.Add(grace)):
		return late
	case !last.After(x.gave.from.Add(grace)):
		return inTime
	}
	return inDoubt
}

// lag is how long after a reply has left its time may be taken, on a busy
// machine: by then, the terminal may have shown what it says.
const lag = 50 * time.Millisecond

// grace is by how much a reply may seem to come after the outcome that it made:
// not at all where the outcome is not one that replies make.
func (x *exchange) grace() time.Duration {
	a := x.action
	if a == nil || a.main != x || a.report == nil || x.gave.sign != a.report.Seq {
		return 0
	}
	switch a.shown() {
	case display.Approved, display.Declined, display.CardDeclined, display.Mismatch, display.MACError, display.Garbled:
		return lag
	}
	return 0
}
