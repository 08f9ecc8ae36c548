package simulator

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/acqsim/acqsim/faults"
	"github.com/acqsim/acqsim/faults/wire"
	"github.com/acqsim/acqsim/scenarios/transcript"
	"github.com/acqsim/acqsim/simulator/dialect"
	"github.com/acqsim/acqsim/simulator/frame"
	"github.com/acqsim/acqsim/simulator/host"
)

// maxBatch is how many pipelined requests are answered together at most.
const maxBatch = 32

// batch is the working memory for the requests of one connection that have
// arrived together, and their replies, in arrival order. The books are taken
// once for all of them, and the replies leave in one write.
type batch struct {
	c   *conn
	all []*exchange // those in use, and behind them those of earlier batches
	n   int         // in use
	// began is when the first frame had been read, and with it the others.
	began time.Time
	jobs  []host.Job

	out      []byte               // replies, ready to be written
	evidence []byte               // masked frames that events refer to
	events   []transcript.Event   // of requests and decisions
	sent     []transcript.Event   // of replies, once they are written
	frames   []span               // where events' frames lie in evidence
	replies  []span               // where sent events' frames lie
	held     []*outbound          // replies that go through the writer's queue
	behind   bool                 // replies have to stay behind one of held
	postings []transcript.Posting // that events refer to

	// Of an ordinary batch, in place of events and sent.
	exchanges []transcript.Exchange
	left      []transcript.Reply
	tally     tally            // of exchanges that are not counted yet
	delivery  *faults.Delivery // as it is without faults, for the next reply that a planner looks at
}

// span is a piece of evidence that belongs to the event with the given index.
type span struct{ event, from, to int }

// batches are reused: a connection that waits for its peer holds none.
var batches = sync.Pool{New: func() any { return new(batch) }}

// answer takes a frame and all frames that have arrived behind it, and answers
// them. The frames stay where they are, in the reader's buffer: it reads again
// only when it has no whole frame left.
func (c *conn) answer(f frame.Frame) error {
	b := batches.Get().(*batch) //nolint:forcetypeassert // nothing else is in there
	defer batches.Put(b)
	b.begin(c)
	c.waited = !c.began.IsZero() && b.began.Sub(c.began) > pauseTime
	for {
		b.take(f)
		if b.n == maxBatch || !c.r.Ready() {
			break
		}
		var err error
		if f, err = c.r.Next(); err != nil {
			break // Ready promised a frame; the next read tells what went wrong
		}
	}
	b.decide()
	b.finishAll()
	return b.flush()
}

func (b *batch) begin(c *conn) {
	b.c, b.n, b.jobs = c, 0, b.jobs[:0]
	b.out, b.evidence = b.out[:0], b.evidence[:0]
	b.events, b.sent = b.events[:0], b.sent[:0]
	b.frames, b.replies = b.frames[:0], b.replies[:0]
	b.held, b.postings = b.held[:0], b.postings[:0]
	b.exchanges, b.left = b.exchanges[:0], b.left[:0]
	b.began = time.Now()
	b.behind = c.touched.Load() && (c.w.Pending() > 0 || c.paired())
}

// take reads the message of a frame.
func (b *batch) take(f frame.Frame) {
	if b.n == len(b.all) {
		b.all = append(b.all, new(exchange))
	}
	x := b.all[b.n]
	b.n++
	b.c.messages++
	x.frame, x.message, x.arrived = f, b.c.messages, b.began
	x.read(b.c.l.Dialect)
}

// decide has the host decide what can be decided.
func (b *batch) decide() {
	s := b.c.s
	asks := s.watches(faults.Requesting)
	for _, x := range b.all[:b.n] {
		x.business = x.arrived
		if s.o.Now != nil {
			x.business = s.o.Now()
		}
		var memo *host.Memo
		if x.end == decided && b.c.wait != nil {
			name := b.c.sight(x.req.Terminal)
			if name != nil {
				memo = b.c.memo
			}
			if asks && s.o.Planner.Concerns(named(name)) {
				b.ask(x)
			}
		}
		switch x.end {
		case decided:
			b.jobs = append(b.jobs, host.Job{Dialect: b.c.l.Dialect, Request: &x.req, Now: x.business, Decision: &x.dec, Given: x.given(), By: x.givenBy(), Memo: memo})
		case rejected:
			s.o.Host.RejectFormat(&x.req, x.business, x.why, &x.dec)
		}
	}
	if len(b.jobs) > 0 {
		s.o.Host.DecideAll(b.jobs)
	}
}

// finishAll records what became of the frames and builds the replies.
func (b *batch) finishAll() {
	if b.ordinary() && b.finishOrdinary() {
		return
	}
	for _, x := range b.all[:b.n] {
		b.finish(x)
	}
}

// flush records the requests, makes the books safe, writes the replies in one
// write, and records that.
func (b *batch) flush() error {
	c := b.c
	if len(b.exchanges) > 0 {
		b.recordOrdinary()
	} else {
		b.recordEvents()
	}
	if c.s.o.State != nil {
		if err := c.s.o.State.Flush(); err != nil {
			c.s.stateFailed(err)
		}
	}
	err := b.writeOut()
	b.strikeLines()
	for _, o := range b.held {
		o.leave()
	}
	if muted(err) {
		return nil // a fault, not the peer: the connection goes on, or is given up by itself
	}
	return err
}

func (b *batch) recordEvents() {
	for _, s := range b.frames {
		b.events[s.event].Raw = b.evidence[s.from:s.to:s.to]
	}
	b.c.s.o.Journal.Append(b.events...)
}

// writeOut writes the replies that leave at once, and records them.
func (b *batch) writeOut() error {
	if len(b.sent) == 0 && len(b.exchanges) == 0 {
		return nil
	}
	c := b.c
	at := time.Now() // before the peer can see any of it: what it does then comes after
	err := c.w.WriteNow(b.out, at)
	written := time.Now()
	c.answered = written
	if len(b.exchanges) > 0 {
		if err == nil {
			b.recordReplies(at, written.Sub(b.began))
			return nil
		}
		b.replyEvents()
	}
	before := 0 // bytes of the write that are of earlier replies
	for i, s := range b.replies {
		e := &b.sent[i]
		e.At, e.Elapsed, e.Raw = at, written.Sub(b.began), b.evidence[s.from:s.to:s.to]
		failed := notSent(e, before, err)
		before += len(e.Raw)
		c.s.o.Metrics.add(&b.tally, e.Type, e.Outcome, e.Elapsed, failed)
	}
	c.s.o.Metrics.count(&b.tally)
	c.s.o.Journal.Append(b.sent...)
	return err
}

// notSent makes e, of a reply that begins that many bytes into a write, say how
// much of it did not leave. It returns nil where all of it did: a write that
// fails later loses nothing of it.
func notSent(e *transcript.Event, before int, err error) error {
	if err == nil {
		return nil
	}
	var w *wire.WriteError
	if errors.As(err, &w) {
		left := min(max(w.Written-before, 0), len(e.Raw))
		if left == len(e.Raw) && left > 0 {
			return nil
		}
		e.Written = uint32(left)
	}
	e.Kind, e.Why = transcript.NotSent, err.Error()
	return err
}

// end is where a frame ends: in exactly one place.
type end uint8

const (
	decided   end = iota // by the host; answered, unless it says to be silent
	rejected             // a format error, answered as such
	discarded            // by a named rule
	dropped              // by a fault: the host never sees it
	queued               // by a fault: the host sees it later
	keepAlive            // nothing is due
)

// exchange is one request and what came of it.
type exchange struct {
	frame    frame.Frame
	message  uint64 // number on the connection
	arrived  time.Time
	business time.Time
	end      end
	why      string // of a rejected or discarded frame
	req      dialect.Request
	dec      host.Decision
	question *question // of the planner; nil: there has been none
}

// read decodes the frame's message, as far as a host needs it.
func (x *exchange) read(d *dialect.Dialect) {
	x.end, x.why = decided, ""
	if x.question != nil {
		x.question.asked, x.question.struck = false, false
	}
	if x.frame.KeepAlive {
		x.end = keepAlive
		return
	}
	if why := d.Unroutable(x.frame); why != "" {
		x.end, x.why = discarded, why
		return
	}
	err := d.Read(x.frame, &x.req)
	switch {
	case err != nil && x.req.MTI == 0:
		x.end, x.why = discarded, "not a message that can be answered: "+safeText(err)
	case !x.req.Answerable():
		x.end, x.why = discarded, fmt.Sprintf("not a request: MTI %04d is a reply that nobody asked for, or no message that is answered", x.req.MTI)
	case err != nil:
		x.end, x.why = rejected, safeText(err)
	}
}

// safeText is what an error says, without card numbers: it may quote the
// message.
func safeText(err error) string {
	text := []byte(err.Error())
	transcript.MaskText(text)
	return string(text)
}
