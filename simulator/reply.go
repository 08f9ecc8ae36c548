package simulator

import (
	"fmt"
	"time"

	"github.com/acqsim/acqsim/scenarios/transcript"
)

// maxHeld bounds the answers of slow issuers that wait on one connection.
const maxHeld = 10_000

// finish records what became of a frame and builds its reply.
func (b *batch) finish(x *exchange) {
	m := b.c.s.o.Metrics
	switch x.end {
	case keepAlive:
		b.add(x, transcript.KeepAlive, transcript.Terminal)
		b.keepBytes(x)
		m.keepAlives.Inc()
		return
	case discarded:
		b.add(x, transcript.Discarded, transcript.Host).Why = x.why
		b.keepBytes(x)
		m.discarded.Inc()
		return
	}
	b.recordRequest(x)
	b.recordDecision(x)
	if x.dec.Silent {
		b.unanswered(x, x.dec.Why)
		return
	}
	b.reply(x)
}

// reply builds the answer and puts it into the batch, or into the writer's
// queue where the issuer takes its time.
func (b *batch) reply(x *exchange) {
	from := len(b.out)
	out, err := b.c.l.Dialect.AppendFrame(b.out, &x.req, &x.dec.Response)
	if err != nil {
		b.unanswered(x, "the reply could not be built: "+err.Error())
		b.c.s.o.Metrics.unbuilt.Inc()
		return
	}
	if !x.dec.ReadyAt.IsZero() {
		b.out = out[:from]
		b.hold(x, out[from:])
		return
	}
	b.out = out
	b.replies = append(b.replies, b.maskReply(x, out[from:], len(b.sent)))
	b.sent = longer(b.sent)
	b.fillSent(&b.sent[len(b.sent)-1], x)
}

func (b *batch) fillSent(e *transcript.Event, x *exchange) {
	b.fill(e, x, transcript.Sent, transcript.Host)
	fillExchange(e, x)
	d := &x.dec
	e.Outcome, e.Code, e.RRN, e.Approval, e.Why = d.Outcome, b.c.l.Dialect.Code(d.Outcome), d.RRN, d.Approval, d.Why
}

// hold keeps a reply until it is due.
func (b *batch) hold(x *exchange, reply []byte) {
	c := b.c
	if c.w.Pending()+len(b.held) >= maxHeld {
		b.unanswered(x, fmt.Sprintf("%d answers of slow issuers wait on this connection already: that is the limit", maxHeld))
		return
	}
	arrived := x.arrived
	due := arrived.Add(x.dec.ReadyAt.Sub(x.business))
	sent := new(transcript.Event)
	b.fillSent(sent, x)
	m := b.maskReply(x, reply, 0)
	sent.Raw = append([]byte(nil), b.evidence[m.from:m.to]...)
	e := b.addExchange(x, transcript.Held, transcript.Host)
	e.Outcome, e.Code, e.Due, e.Why = sent.Outcome, sent.Code, due, "the issuer is slow"
	b.held = append(b.held, delivery{due, append([]byte(nil), reply...),
		func(at time.Time, err error) { c.written(*sent, arrived, at, err) }})
}

// written records that a held reply went out, or did not.
func (c *conn) written(e transcript.Event, arrived, at time.Time, err error) {
	e.At, e.Elapsed = at, at.Sub(arrived)
	if err = notSent(&e, 0, err); err != nil {
		e.At = time.Now()
	}
	c.s.o.Metrics.exchange(e.Type, e.Outcome, e.Elapsed, err)
	c.s.record(e)
}
