package simulator

import (
	"fmt"
	"time"

	"github.com/acqsim/acqsim/scenarios/transcript"
	"github.com/acqsim/acqsim/simulator/dialect"
	"github.com/acqsim/acqsim/simulator/frame"
	"github.com/acqsim/acqsim/simulator/host"
)

const (
	// A batch of pipelined requests is answered when this much has gathered.
	batchReplies = 64
	batchBytes   = 32 << 10

	// maxHeld bounds the answers of slow issuers that wait on one connection.
	maxHeld = 10_000
)

// exchange is the working memory for a batch of requests of one connection and
// their replies, in arrival order.
type exchange struct {
	c   *conn
	req dialect.Request
	dec host.Decision
	ix  dialect.Index // of the reply

	out      []byte               // replies, ready to be written
	evidence []byte               // masked frames that events refer to
	events   []transcript.Event   // of requests and decisions
	sent     []transcript.Event   // of replies, once they are written
	frames   []span               // where events' frames lie in evidence
	replies  []span               // where sent events' frames lie
	arrived  []time.Time          // when the request of a reply was read
	held     []delivery           // replies whose time has not come
	postings []transcript.Posting // that events refer to
}

// delivery is a reply that is written later.
type delivery struct {
	due   time.Time
	frame []byte
	done  func(at time.Time, err error)
}

// span is a piece of evidence that belongs to the event with the given index.
type span struct{ event, from, to int }

func (x *exchange) begin(c *conn) {
	x.c = c
	x.out, x.evidence = x.out[:0], x.evidence[:0]
	x.events, x.sent = x.events[:0], x.sent[:0]
	x.frames, x.replies, x.arrived = x.frames[:0], x.replies[:0], x.arrived[:0]
	x.held, x.postings = x.held[:0], x.postings[:0]
}

func (x *exchange) full() bool { return len(x.sent) >= batchReplies || len(x.out) >= batchBytes }

// handle takes one frame to its one end: answered, held, discarded by a named
// rule, or recorded as an error.
func (x *exchange) handle(f frame.Frame) {
	c, d := x.c, x.c.l.Dialect
	now := time.Now()
	c.messages++
	if f.KeepAlive {
		x.add(transcript.KeepAlive, transcript.Terminal, now)
		x.keepBytes(f.Raw)
		c.s.o.Metrics.keepAlives.Inc()
		return
	}
	if why := d.Unroutable(f); why != "" {
		x.discard(f, now, why)
		return
	}
	err := d.Read(f, &x.req)
	if err != nil && x.req.MTI == 0 {
		x.discard(f, now, "not a message that can be answered: "+err.Error())
		return
	}
	if x.req.MTI/10%2 == 1 { // the third digit is odd in every answer
		x.discard(f, now, "not a request: a reply that nobody asked for")
		return
	}
	business := now
	if c.s.o.Now != nil {
		business = c.s.o.Now()
	}
	if err != nil {
		c.s.o.Host.RejectFormat(&x.req, business, err.Error(), &x.dec)
	} else {
		c.s.o.Host.Decide(d, &x.req, business, &x.dec)
	}
	x.recordRequest(f, now, err != nil)
	x.recordDecision(now)
	if x.dec.Silent {
		x.discarded(now, x.dec.Why)
		return
	}
	x.reply(now, business)
}

// reply builds the answer and puts it into the batch, or into the writer's
// queue where the issuer takes its time.
func (x *exchange) reply(now, business time.Time) {
	c, d := x.c, x.c.l.Dialect
	from := len(x.out)
	out, err := d.AppendFrame(x.out, &x.req, &x.dec.Response)
	if err != nil {
		x.discarded(now, "the reply could not be built: "+err.Error())
		c.s.o.Metrics.unbuilt.Inc()
		return
	}
	if !x.dec.ReadyAt.IsZero() {
		x.out = out[:from]
		x.hold(out[from:], now, now.Add(x.dec.ReadyAt.Sub(business)))
		return
	}
	x.out = out
	x.replies = append(x.replies, x.maskReply(out[from:], len(x.sent)))
	x.sent = grow(x.sent)
	x.fillSent(&x.sent[len(x.sent)-1], now)
	x.arrived = append(x.arrived, now)
}

func (x *exchange) fillSent(e *transcript.Event, now time.Time) {
	x.fill(e, transcript.Sent, transcript.Host, now)
	x.fillExchange(e)
	d := &x.dec
	e.Outcome, e.Code, e.RRN, e.Approval, e.Why = d.Outcome, x.c.l.Dialect.Code(d.Outcome), d.RRN, d.Approval, d.Why
}

// hold keeps a reply until it is due.
func (x *exchange) hold(reply []byte, now, due time.Time) {
	c := x.c
	if c.w.Pending()+len(x.held) >= maxHeld {
		x.discarded(now, fmt.Sprintf("%d answers of slow issuers wait on this connection already: that is the limit", maxHeld))
		return
	}
	sent := new(transcript.Event)
	x.fillSent(sent, now)
	m := x.maskReply(reply, 0)
	sent.Raw = append([]byte(nil), x.evidence[m.from:m.to]...)
	e := x.addExchange(transcript.Held, transcript.Host, now)
	e.Outcome, e.Code, e.Due, e.Why = sent.Outcome, sent.Code, due, "the issuer is slow"
	x.held = append(x.held, delivery{due, append([]byte(nil), reply...),
		func(at time.Time, err error) { c.written(*sent, now, at, err) }})
}

// written records that a held reply went out, or did not.
func (c *conn) written(e transcript.Event, arrived, at time.Time, err error) {
	e.At, e.Elapsed = at, at.Sub(arrived)
	if err != nil {
		e.Kind, e.Why, e.At = transcript.NotSent, err.Error(), time.Now()
	}
	c.s.o.Metrics.exchange(e.Type, e.Outcome, e.Elapsed, err)
	c.s.record(e)
}

// flush records the requests, makes the books safe, writes the replies in one
// write, and records that.
func (x *exchange) flush() error {
	c := x.c
	for _, s := range x.frames {
		x.events[s.event].Raw = x.evidence[s.from:s.to:s.to]
	}
	c.s.o.Journal.Append(x.events...)
	if c.s.o.State != nil {
		if err := c.s.o.State.Flush(); err != nil {
			c.s.stateFailed(err)
		}
	}
	for _, h := range x.held {
		c.w.WriteAt(h.due, h.frame, h.done)
	}
	if len(x.sent) == 0 {
		return nil
	}
	err := c.w.Write(x.out)
	at := time.Now()
	for i, s := range x.replies {
		e := &x.sent[i]
		e.At, e.Elapsed, e.Raw = at, at.Sub(x.arrived[i]), x.evidence[s.from:s.to:s.to]
		if err != nil {
			e.Kind, e.Why = transcript.NotSent, err.Error()
		}
		c.s.o.Metrics.exchange(e.Type, e.Outcome, e.Elapsed, err)
	}
	c.s.o.Journal.Append(x.sent...)
	return err
}
