package simulator

import (
	"fmt"
	"time"

	"github.com/acqsim/acqsim/scenarios/transcript"
	"github.com/acqsim/acqsim/simulator/frame"
)

// add appends an event of this connection and returns it.
func (x *exchange) add(k transcript.Kind, now time.Time) *transcript.Event {
	e := x.c.event(k, transcript.Terminal)
	e.At = now
	x.events = append(x.events, e)
	return &x.events[len(x.events)-1]
}

// exchangeEvent starts an event with what the exchange is about.
func (x *exchange) exchangeEvent(k transcript.Kind, a transcript.Actor, now time.Time) transcript.Event {
	c, r, d := x.c, &x.req, &x.dec
	e := c.event(k, a)
	e.At, e.Message = now, c.messages
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
	return e
}

func (x *exchange) recordRequest(f frame.Frame, now time.Time, bad bool) {
	e := x.exchangeEvent(transcript.Received, transcript.Terminal, now)
	e.MAC = x.dec.MAC
	from := len(x.evidence)
	x.evidence = append(x.evidence, f.Raw...)
	copied := x.evidence[from:]
	if bad {
		transcript.MaskRuns(copied)
		e.Why = x.dec.Why
	} else {
		e.Secrets = x.c.l.Dialect.Mask(copied, &x.req.Index, len(f.Raw)-len(f.Body))
	}
	x.frames = append(x.frames, span{len(x.events), from, len(x.evidence)})
	x.events = append(x.events, e)
}

func (x *exchange) recordDecision(now time.Time) {
	d := &x.dec
	e := x.exchangeEvent(transcript.Decided, transcript.Host, now)
	e.Outcome, e.Why, e.RRN, e.Approval = d.Outcome, d.Why, d.RRN, d.Approval
	e.Code = x.c.l.Dialect.Code(d.Outcome)
	if d.From != "" {
		x.postings = append(x.postings, transcript.Posting{From: d.From, To: d.To, Amount: d.Amount, Currency: d.Moved})
		e.Postings = x.postings[len(x.postings)-1:]
	}
	x.events = append(x.events, e)
	if b := d.Closed; b != nil {
		e := x.exchangeEvent(transcript.BatchClosed, transcript.Host, now)
		e.Batch = b.Batch
		e.Text = fmt.Sprintf("%d sales, %d minor units; %d refunds, %d minor units",
			b.Totals.DebitCount, b.Totals.DebitAmount, b.Totals.CreditCount, b.Totals.CreditAmount)
		x.events = append(x.events, e)
	}
}

// discard records a frame that gets no answer, and why.
func (x *exchange) discard(f frame.Frame, now time.Time, why string) {
	e := x.add(transcript.Discarded, now)
	e.Actor, e.Message, e.Why = transcript.Host, x.c.messages, why
	x.keepBytes(f.Raw)
	x.c.s.o.Metrics.discarded.Inc()
}

// discarded records that a request which was read gets no answer.
func (x *exchange) discarded(now time.Time, why string) {
	e := x.exchangeEvent(transcript.Discarded, transcript.Host, now)
	e.Outcome, e.Why = x.dec.Outcome, why
	x.events = append(x.events, e)
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
