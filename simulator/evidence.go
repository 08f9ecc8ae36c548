package simulator

import (
	"fmt"
	"time"

	"github.com/acqsim/acqsim/scenarios/transcript"
	"github.com/acqsim/acqsim/simulator/frame"
)

// add appends an event of this connection to the batch and returns it.
func (x *exchange) add(k transcript.Kind, a transcript.Actor, now time.Time) *transcript.Event {
	x.events = grow(x.events)
	e := &x.events[len(x.events)-1]
	x.fill(e, k, a, now)
	return e
}

// grow makes a slice longer by one element, whatever that holds: an event is
// too large to be copied about.
func grow(events []transcript.Event) []transcript.Event {
	if n := len(events); n < cap(events) {
		return events[:n+1]
	}
	return append(events, transcript.Event{})
}

func (x *exchange) fill(e *transcript.Event, k transcript.Kind, a transcript.Actor, now time.Time) {
	c := x.c
	*e = transcript.Event{Kind: k, Actor: a, At: now, Listener: c.l.Name, Dialect: c.l.Dialect.Name(), Conn: c.n, Message: c.messages}
}

// addExchange appends an event with what the exchange is about.
func (x *exchange) addExchange(k transcript.Kind, a transcript.Actor, now time.Time) *transcript.Event {
	e := x.add(k, a, now)
	x.fillExchange(e)
	return e
}

func (x *exchange) fillExchange(e *transcript.Event) {
	r, d := &x.req, &x.dec
	e.Terminal, e.Merchant = d.Terminal, d.Merchant
	e.Type, e.MTI, e.Processing = r.Type, r.MTI, r.Processing
	e.STAN, e.HasSTAN = r.STAN, r.HasSTAN
	e.Currency, e.Card = r.Currency, d.Card
	if r.HasAmount {
		e.Amount = r.Amount
	}
	if r.HasBatch {
		e.Batch = r.Batch
	}
}

func (x *exchange) recordRequest(f frame.Frame, now time.Time, bad bool) {
	e := x.addExchange(transcript.Received, transcript.Terminal, now)
	e.MAC = x.dec.MAC
	from := len(x.evidence)
	x.evidence = append(x.evidence, f.Raw...)
	copied := x.evidence[from:]
	e.Secrets = x.c.l.Dialect.Mask(copied, &x.req.Index, len(f.Raw)-len(f.Body))
	if bad {
		e.Why = x.dec.Why
	}
	x.frames = append(x.frames, span{len(x.events) - 1, from, len(x.evidence)})
}

func (x *exchange) recordDecision(now time.Time) {
	d := &x.dec
	e := x.addExchange(transcript.Decided, transcript.Host, now)
	e.Outcome, e.Why, e.RRN, e.Approval = d.Outcome, d.Why, d.RRN, d.Approval
	e.Code = x.c.l.Dialect.Code(d.Outcome)
	if d.From != "" {
		x.postings = append(x.postings, transcript.Posting{From: d.From, To: d.To, Amount: d.Amount, Currency: d.Moved})
		e.Postings = x.postings[len(x.postings)-1:]
	}
	if b := d.Closed; b != nil {
		e := x.addExchange(transcript.BatchClosed, transcript.Host, now)
		e.Batch = b.Batch
		e.Text = fmt.Sprintf("%d sales, %d minor units; %d refunds, %d minor units",
			b.Totals.DebitCount, b.Totals.DebitAmount, b.Totals.CreditCount, b.Totals.CreditAmount)
	}
}

// discard records a frame that gets no answer, and why.
func (x *exchange) discard(f frame.Frame, now time.Time, why string) {
	x.add(transcript.Discarded, transcript.Host, now).Why = why
	x.keepBytes(f.Raw)
	x.c.s.o.Metrics.discarded.Inc()
}

// discarded records that a request which was read gets no answer.
func (x *exchange) discarded(now time.Time, why string) {
	e := x.addExchange(transcript.Discarded, transcript.Host, now)
	e.Outcome, e.Why = x.dec.Outcome, why
	x.c.s.o.Metrics.discarded.Inc()
}

// keepBytes gives the last event the bytes of a frame that is not decoded.
func (x *exchange) keepBytes(raw []byte) {
	from := len(x.evidence)
	x.evidence = append(x.evidence, raw...)
	transcript.MaskRuns(x.evidence[from:])
	x.frames = append(x.frames, span{len(x.events) - 1, from, len(x.evidence)})
}

// maskReply copies a reply into the evidence, masked.
func (x *exchange) maskReply(reply []byte, event int) span {
	from := len(x.evidence)
	x.evidence = append(x.evidence, reply...)
	copied := x.evidence[from:]
	d := x.c.l.Dialect
	body := d.Format().Overhead()
	if _, err := d.Index(copied[body:], &x.ix); err != nil {
		transcript.MaskRuns(copied)
	} else {
		d.Mask(copied, &x.ix, body)
	}
	return span{event, from, len(x.evidence)}
}

// stateFailed tells once a second at most that the books could not be kept.
func (s *Server) stateFailed(err error) {
	s.o.Metrics.stateErrors.Inc()
	now := time.Now().Unix()
	if last := s.complained.Load(); last != now && s.complained.CompareAndSwap(last, now) {
		s.record(transcript.Event{Kind: transcript.Note, Actor: transcript.Acqsim,
			Text: "the state could not be written; answers that leave now are lost by a restart: " + err.Error()})
	}
}
