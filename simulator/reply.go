package simulator

import (
	"bytes"
	"fmt"
	"time"

	"github.com/acqsim/acqsim/faults"
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
	b.recordStrikes(x)
	switch x.end {
	case dropped:
		b.dropped(x)
		return
	case queued:
		b.queued(x)
		return
	}
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
	if q := x.question; q != nil && q.asked {
		if b.planned(x, out[from:]) {
			b.out = out[:from]
			return
		}
		if b.c.s.o.Planner.Recalls() {
			q.sighting.remember(out[from:])
		}
	}
	switch {
	case !x.dec.ReadyAt.IsZero():
		b.out = out[:from]
		b.hold(x, out[from:])
		return
	case b.part.behind:
		b.out = out[:from]
		b.held = append(b.held, b.plain(x, out[from:], x.arrived))
		return
	}
	b.out = out
	b.replies = append(b.replies, b.maskReply(x, out[from:], len(b.sent)))
	b.sent = oneMore(b.sent)
	b.fillSent(&b.sent[len(b.sent)-1], x)
}

func (b *batch) fillSent(e *transcript.Event, x *exchange) {
	b.fill(e, x, transcript.Sent, transcript.Host)
	fillExchange(e, x)
	d := &x.dec
	e.Outcome, e.Code, e.RRN, e.Approval, e.Why = d.Outcome, b.c.l.Dialect.Code(x.req.MTI, d.Outcome), d.RRN, d.Approval, d.Why
	e.Asks = uint8(d.Asked)
	if d.Response.MAC != nil {
		e.MAC = transcript.MACOK
	}
	x.misrouted(e)
}

// hold keeps a reply until it is due.
func (b *batch) hold(x *exchange, reply []byte) {
	c := b.c
	if c.w.Pending()+len(b.held) >= maxHeld {
		b.unanswered(x, fmt.Sprintf("%d answers of slow issuers wait on this connection already: that is the limit", maxHeld))
		return
	}
	o := b.plain(x, reply, x.ready())
	e := b.addExchange(x, transcript.Held, transcript.Host)
	e.Outcome, e.Code, e.Due, e.Why = o.event.Outcome, o.event.Code, o.due, "the issuer is slow"
	b.held = append(b.held, o)
}

// ready is when a reply may leave.
func (x *exchange) ready() time.Time {
	if x.dec.ReadyAt.IsZero() {
		return x.arrived
	}
	return x.arrived.Add(x.dec.ReadyAt.Sub(x.business))
}

// plain is an honest reply that goes through the writer's queue.
func (b *batch) plain(x *exchange, reply []byte, due time.Time) *outbound {
	o := &outbound{c: b.c, arrived: x.arrived, due: due,
		steps: []faults.Step{{Op: faults.Write, Bytes: bytes.Clone(reply)}}}
	b.fillSent(&o.event, x)
	m := b.maskReply(x, reply, 0)
	o.masked = bytes.Clone(b.evidence[m.from:m.to])
	return o
}
