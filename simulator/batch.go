package simulator

import (
	"fmt"
	"sync"
	"time"

	"github.com/acqsim/acqsim/faults"
	"github.com/acqsim/acqsim/scenarios/transcript"
	"github.com/acqsim/acqsim/simulator/dialect"
	"github.com/acqsim/acqsim/simulator/frame"
	"github.com/acqsim/acqsim/simulator/host"
)

// maxBatch is how many requests are answered together at most.
const maxBatch = 32

// batch is the working memory for requests that have arrived together, and their
// replies, in arrival order: of one connection, or one request each of several.
// The books are taken once for all of them, and the replies of a connection leave
// in one write.
type batch struct {
	s        *Server
	parts    []part
	c        *conn       // whose part is at work
	part     *part       // that is at work
	all      []*exchange // those in use, and behind them those of earlier batches
	n        int         // in use
	jobs     []host.Job
	together bool // of several connections: it must not wait for one of them

	out       []byte                // replies, ready to be written
	evidence  []byte                // masked frames that events refer to
	events    []transcript.Event    // of requests and decisions
	sent      []transcript.Event    // of replies, once they are written
	frames    []span                // where events' frames lie in evidence
	replies   []span                // where sent events' frames lie
	held      []*outbound           // replies that go through the writer's queue
	later     []*late               // requests that are put off
	postings  []transcript.Posting  // that events refer to
	exchanges []transcript.Exchange // of ordinary parts, in place of events and sent
	left      []transcript.Reply    // to exchanges
	tally     tally                 // of exchanges that are not counted yet
	delivery  *faults.Delivery      // as it is without faults, for the next reply that a planner looks at
}

// span is a piece of evidence that belongs to the event or exchange with the
// given index.
type span struct{ event, from, to int }

// batches are reused: a connection that waits for its peer holds none.
var batches = sync.Pool{New: func() any { return new(batch) }}

// answer takes a frame, read at the given time, and all frames that have arrived
// behind it, and answers them. The frames stay where they are, in the reader's
// buffer: it reads again only when it has no whole frame left.
func (c *conn) answer(f frame.Frame, at time.Time) error {
	b := newBatch(c.s)
	defer b.putAway()
	b.open(c)
	for {
		b.take(f, at)
		if b.n == maxBatch || !c.r.Ready() {
			break
		}
		var err error
		if f, err = c.r.Next(); err != nil {
			break // Ready promised a frame; the next read tells what went wrong
		}
	}
	b.answer(c.s.watches(faults.Requesting))
	return b.parts[0].failure()
}

func newBatch(s *Server) *batch {
	b := batches.Get().(*batch) //nolint:forcetypeassert // nothing else is in there
	b.begin(s)
	return b
}

// putAway keeps a batch for others. It lets go of the connections, which may end,
// and of the frames: those of a crowd have one piece of memory together.
func (b *batch) putAway() {
	for _, x := range b.all[:b.n] {
		x.forget()
	}
	clear(b.parts)
	clear(b.held)
	clear(b.later)
	b.c, b.part = nil, nil
	batches.Put(b)
}

func (b *batch) begin(s *Server) {
	b.s, b.parts, b.n, b.jobs, b.together = s, b.parts[:0], 0, b.jobs[:0], false
	b.out, b.evidence = b.out[:0], b.evidence[:0]
	b.events, b.sent = b.events[:0], b.sent[:0]
	b.frames, b.replies = b.frames[:0], b.replies[:0]
	b.held, b.later, b.postings = b.held[:0], b.later[:0], b.postings[:0]
	b.exchanges, b.left = b.exchanges[:0], b.left[:0]
}

// take reads the message of a frame that was read at the given time, for the part
// that was opened last.
func (b *batch) take(f frame.Frame, at time.Time) *exchange {
	if b.n == len(b.all) {
		b.all = append(b.all, new(exchange))
	}
	x := b.all[b.n]
	b.n++
	b.part.to = b.n
	b.c.messages++
	x.frame, x.message, x.arrived = f, b.c.messages, at
	x.read(b.c.l.Dialect)
	return x
}

// answer decides and answers what has been taken. If it asks, the planner is
// asked about requests that can concern it.
func (b *batch) answer(asks bool) {
	b.decide(asks)
	b.finishAll()
	b.flush()
}

// decide has the host decide what can be decided.
func (b *batch) decide(asks bool) {
	s := b.s
	for i := range b.parts {
		for _, x := range b.enter(i) {
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
	}
	if len(b.jobs) > 0 {
		s.o.Host.DecideAll(b.jobs)
	}
}

// finishAll records what became of the frames and builds the replies.
func (b *batch) finishAll() {
	for i := range b.parts {
		all := b.enter(i)
		b.part.begin = b.mark()
		if b.part.ordinary = b.ordinary(all) && b.finishOrdinary(all); !b.part.ordinary {
			for _, x := range all {
				b.finish(x)
			}
		}
		b.part.end = b.mark()
	}
}

// flush records the requests, makes the books safe, writes the replies, those of a
// connection in one write, and records that.
func (b *batch) flush() {
	b.recordRequests()
	for _, l := range b.later {
		l.putOff() // it may come to the host at once
	}
	if b.s.o.State != nil {
		if err := b.s.o.State.Flush(); err != nil {
			b.s.stateFailed(err)
		}
	}
	b.write()
	b.recordReplies()
	for i := range b.parts {
		b.strikeLines(b.enter(i))
	}
	for _, o := range b.held {
		o.leave()
	}
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

// forget lets go of the frame.
func (x *exchange) forget() { x.frame, x.req.Frame = frame.Frame{}, frame.Frame{} }

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
