package simulator

import (
	"fmt"
	"time"

	"github.com/acqsim/acqsim/scenarios/transcript"
	"github.com/acqsim/acqsim/simulator/host"
)

// add appends an event of an exchange to the batch and returns it.
func (b *batch) add(x *exchange, k transcript.Kind, a transcript.Actor) *transcript.Event {
	b.events = oneMore(b.events)
	e := &b.events[len(b.events)-1]
	b.fill(e, x, k, a)
	return e
}

// oneMore makes a slice longer by one element, whatever that holds: an event is
// too large to be copied about.
func oneMore[T any](all []T) []T {
	if n := len(all); n < cap(all) {
		return all[:n+1]
	}
	var none T
	return append(all, none)
}

func (b *batch) fill(e *transcript.Event, x *exchange, k transcript.Kind, a transcript.Actor) {
	c := b.c
	*e = transcript.Event{Kind: k, Actor: a, At: x.arrived, Listener: c.l.Name, Dialect: c.l.Dialect.Name(), Conn: c.n, Message: x.message}
}

// addExchange appends an event with what the exchange is about.
func (b *batch) addExchange(x *exchange, k transcript.Kind, a transcript.Actor) *transcript.Event {
	e := b.add(x, k, a)
	fillExchange(e, x)
	return e
}

func fillExchange(e *transcript.Event, x *exchange) {
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

func (b *batch) recordRequest(x *exchange) {
	e := b.addExchange(x, transcript.Received, transcript.Terminal)
	e.MAC, e.Why = x.dec.MAC, x.why
	e.Refers = x.refers(b.c.l.Dialect)
	from := len(b.evidence)
	b.evidence = append(b.evidence, x.frame.Raw...)
	e.Secrets = b.c.l.Dialect.Mask(b.evidence[from:], &x.req.Index, len(x.frame.Raw)-len(x.frame.Body))
	b.frames = append(b.frames, span{len(b.events) - 1, from, len(b.evidence)})
}

func (b *batch) recordDecision(x *exchange) {
	d := &x.dec
	e := b.addExchange(x, transcript.Decided, transcript.Host)
	e.Outcome, e.Why, e.RRN, e.Approval = d.Outcome, d.Why, d.RRN, d.Approval
	e.Code = b.c.l.Dialect.Code(x.req.MTI, d.Outcome)
	if d.From != "" {
		from := len(b.postings)
		b.postings = append(b.postings, transcript.Posting{From: d.From, To: d.To, Amount: d.Amount - d.Cash, Currency: d.Moved})
		if d.Cash > 0 {
			b.postings = append(b.postings, transcript.Posting{From: d.From, To: d.To, Amount: d.Cash, Currency: d.Moved})
		}
		e.Postings = b.postings[from:]
	}
	if d.Expired > 0 {
		e := b.add(x, transcript.Note, transcript.Host)
		e.Text = fmt.Sprintf("holds of pre-authorisations that expired and were released: %d", d.Expired)
	}
	for i := range d.Differences {
		b.recordDifference(x, &d.Differences[i])
	}
	if d.Closed != nil {
		b.recordClosed(x, d.Closed)
	}
}

// recordDifference records what terminal and host see differently. What
// concerns a batch as a whole has no STAN.
func (b *batch) recordDifference(x *exchange, d *host.Difference) {
	e := b.addExchange(x, transcript.Difference, transcript.Host)
	e.Batch, e.STAN, e.HasSTAN = d.Batch, d.STAN, d.STAN != 0
	e.Amount, e.RRN, e.Card, e.Text = d.Amount, d.RRN, 0, d.Text
}

// recordClosed records that a batch was closed, with all that it amounted to.
func (b *batch) recordClosed(x *exchange, closed *host.BatchClosed) {
	e := b.addExchange(x, transcript.BatchClosed, transcript.Host)
	e.Batch, e.Text = closed.Batch, closed.String()
}

// unanswered records that a request which was read gets no answer.
func (b *batch) unanswered(x *exchange, why string) {
	e := b.addExchange(x, transcript.Discarded, transcript.Host)
	e.Outcome, e.Why = x.dec.Outcome, why
	x.misrouted(e)
	b.c.s.o.Metrics.discarded.Inc()
}

// keepBytes gives the last event the bytes of a frame that is not decoded.
func (b *batch) keepBytes(x *exchange) {
	from := len(b.evidence)
	b.evidence = append(b.evidence, x.frame.Raw...)
	transcript.MaskRuns(b.evidence[from:])
	b.frames = append(b.frames, span{len(b.events) - 1, from, len(b.evidence)})
}

// maskReply copies a reply into the evidence, masked.
func (b *batch) maskReply(x *exchange, reply []byte, event int) span {
	from := len(b.evidence)
	b.evidence = append(b.evidence, reply...)
	d := b.c.l.Dialect
	d.MaskReply(b.evidence[from:], &x.req, d.Format().Overhead())
	return span{event, from, len(b.evidence)}
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
