package simulator

import (
	"bytes"
	"fmt"
	"sync"
	"time"

	"github.com/acqsim/acqsim/faults"
	"github.com/acqsim/acqsim/faults/wire"
	"github.com/acqsim/acqsim/scenarios/transcript"
	"github.com/acqsim/acqsim/scenarios/world"
	"github.com/acqsim/acqsim/simulator/dialect"
	"github.com/acqsim/acqsim/simulator/frame"
	"github.com/acqsim/acqsim/simulator/host"
)

// ask has the planner say what is done with a request.
func (b *batch) ask(x *exchange) {
	if x.question == nil {
		x.question = new(question)
	}
	q := x.question
	q.ask(b.c, x)
	if !q.struck {
		return
	}
	plan := &q.plan.Request
	switch {
	case plan.Drop:
		x.end = dropped
	case plan.Hold > 0:
		x.end = queued
	}
	if x.end != decided {
		// What was decided in this place before was another request.
		x.dec = host.Decision{Terminal: q.exchange.Terminal, Merchant: q.exchange.Merchant}
	}
	if plan.As != "" {
		x.req.Terminal = dialect.MakeID(plan.As)
	}
}

// given is what a scenario has the host decide.
func (x *exchange) given() world.Outcome {
	if x.question == nil || !x.question.struck {
		return world.Undecided
	}
	return x.question.plan.Outcome
}

// givenBy names the scenario that has the host decide; "": none has.
func (x *exchange) givenBy() string {
	if x.given() == world.Undecided {
		return ""
	}
	for i := range x.question.plan.Fired {
		if f := &x.question.plan.Fired[i]; f.Outcome != world.Undecided {
			return f.Scenario
		}
	}
	return ""
}

// recordStrikes records the rules that have struck an exchange since it was
// asked last.
func (b *batch) recordStrikes(x *exchange) {
	q := x.question
	if q == nil || !q.asked {
		return
	}
	own := q.recorded == 0 && q.plan.Request.As != "" && q.plan.Request.As == q.exchange.Terminal
	for i := q.recorded; i < len(q.plan.Fired); i++ {
		e := b.addExchange(x, transcript.Struck, transcript.Line)
		e.Strike, e.Text = strike(&q.plan.Fired[i]), strikeText(&q.plan.Fired[i])
		e.Outcome = q.plan.Fired[i].Outcome
		e.Terminal, e.Merchant = q.exchange.Terminal, q.exchange.Merchant
	}
	q.recorded = len(q.plan.Fired)
	if own {
		b.addExchange(x, transcript.Note, transcript.Acqsim).Text = "the request is of the terminal that it was to be taken for anyway"
	}
}

// dropped records a request that the host never sees.
func (b *batch) dropped(x *exchange) {
	fired := x.question.plan.Fired
	e := b.addExchange(x, transcript.Discarded, transcript.Line)
	e.Strike, e.Why = strike(&fired[len(fired)-1]), x.question.why()
	b.c.s.o.Metrics.discarded.Inc()
	if len(x.question.plan.Request.Steps) > 0 {
		b.part.behind = true // what comes behind finds the line as they leave it
	}
}

// planned has the planner say what is done to a reply, and reports whether it
// has been taken care of.
func (b *batch) planned(x *exchange, honest []byte) bool {
	q, s := x.question, b.c.s
	q.exchange.Outcome, q.exchange.Code = x.dec.Outcome.String(), b.c.l.Dialect.Code(x.req.MTI, x.dec.Outcome)
	if b.delivery == nil {
		b.delivery = new(faults.Delivery)
	}
	d := b.delivery
	struck := s.o.Planner.OnReply(&q.exchange, &q.plan, d)
	b.recordStrikes(x)
	if len(q.plan.Request.Steps) > 0 {
		d.Lost, struck = true, true
		b.part.behind = true // what comes behind finds the line as they leave it
	}
	if !struck && q.plan.Request.ReplyTo == nil {
		return false
	}
	b.delivery = nil // its keeper may need it longer
	b.struckReply(x, honest, d)
	return true
}

// strikeLines does to the connection at work what rules say of a request as such.
// The host has decided by now; the replies are lost.
func (b *batch) strikeLines(all []*exchange) {
	for _, x := range all {
		if q := x.question; q != nil && q.asked && len(q.plan.Request.Steps) > 0 {
			b.c.touched.Store(true)
			b.c.struckBy(&q.plan.Fired[len(q.plan.Fired)-1])
			done := make(chan struct{})
			b.c.w.Deliver(x.arrived, q.plan.Request.Steps, func(r wire.Result) {
				b.c.recordTrouble(r.Err)
				b.recordForeign(x, r.Written)
				close(done)
			})
			<-done // what comes behind on the line must find it cut
			return
		}
	}
}

// recordForeign records what came in place of a reply of the host.
func (b *batch) recordForeign(x *exchange, n int) {
	if n == 0 {
		return
	}
	q := x.question
	e := b.c.event(transcript.Sent, transcript.Line)
	e.Message = x.message
	fillExchange(&e, x)
	e.Strike, e.Why = strike(&q.plan.Fired[len(q.plan.Fired)-1]), q.why()
	e.Text = describe(q.plan.Request.Steps)
	e.Raw = written(q.plan.Request.Steps)[:n]
	transcript.MaskRuns(e.Raw)
	e.Readings = []transcript.Reading{{Unreadable: true}}
	b.c.s.record(e)
}

// recordTrouble records that a fault could not be carried out.
func (c *conn) recordTrouble(err error) {
	if err != nil {
		e := c.event(transcript.Note, transcript.Acqsim)
		e.Text = "a fault could not be carried out: " + err.Error()
		c.s.record(e)
	}
}

// queue is the requests of a connection that a fault has put off.
type queue struct {
	sync.WaitGroup
	mu      sync.Mutex
	timers  map[*time.Timer]putOff
	stopped bool
}

// putOff is a request that waits.
type putOff struct {
	scenario string           // that has put it off
	give     func(why string) // is done if it is given up
}

// queued puts a request off: it comes to the host later, as if it had been on
// its way for longer.
func (b *batch) queued(x *exchange) {
	c, hold := b.c, x.question.plan.Request.Hold
	fired := x.question.plan.Fired
	e := b.addExchange(x, transcript.Held, transcript.Line)
	e.Due, e.Strike, e.Why = x.arrived.Add(hold), strike(&fired[len(fired)-1]), x.question.why()

	later := &exchange{message: x.message, arrived: x.arrived, question: new(question), dec: x.dec}
	raw := bytes.Clone(x.frame.Raw)
	f, _, err := c.l.Dialect.Format().Cut(raw, frame.HighestMax)
	if err != nil {
		f = x.frame // it was read before: it can be cut
	}
	later.frame = f
	later.read(c.l.Dialect)
	*later.question = *x.question
	later.question.message = message{c: c, x: later}
	later.question.exchange.Conn, later.question.exchange.Request = &later.question.conn, &later.question.message
	later.question.asked, later.question.struck = true, true
	later.question.plan.Request.Hold = 0
	*x.question = question{} // its plan has moved
	if as := later.question.plan.Request.As; as != "" {
		later.req.Terminal = dialect.MakeID(as)
	}

	b.later = append(b.later, &late{c, later, hold, fired[len(fired)-1].Scenario})
}

// late is a request that is to be put off once that is recorded.
type late struct {
	c        *conn
	x        *exchange
	hold     time.Duration
	scenario string // that puts it off
}

// putOff has the request come to the host later.
func (l *late) putOff() {
	c, later := l.c, l.x
	q := &c.queue
	q.mu.Lock()
	defer q.mu.Unlock()
	give := func(why string) {
		e := c.event(transcript.Discarded, transcript.Acqsim)
		e.Message, e.Why = later.message, why
		fillExchange(&e, later)
		c.s.record(e)
	}
	if len(q.timers) >= maxHeld || q.stopped {
		give(fmt.Sprintf("%d requests wait on this connection already, or it ends: this one never reaches the host", len(q.timers)))
		return
	}
	if q.timers == nil {
		q.timers = make(map[*time.Timer]putOff)
	}
	q.Add(1)
	var t *time.Timer
	t = time.AfterFunc(l.hold, func() {
		q.mu.Lock()
		_, mine := q.timers[t]
		delete(q.timers, t)
		q.mu.Unlock()
		if mine {
			defer q.Done()
			c.resume(later)
		}
	})
	q.timers[t] = putOff{l.scenario, give}
}

// stop gives up what still waits.
func (q *queue) stop() {
	q.mu.Lock()
	q.stopped = true
	timers := q.timers
	q.timers = nil
	q.mu.Unlock()
	q.drop(timers, "the server stopped while the request waited: it never reaches the host")
}

// cancel gives up what scenarios have put off.
func (q *queue) cancel(of func(scenario string) bool) int {
	q.mu.Lock()
	ended := make(map[*time.Timer]putOff)
	for t, p := range q.timers {
		if of(p.scenario) {
			ended[t] = p
			delete(q.timers, t)
		}
	}
	q.mu.Unlock()
	q.drop(ended, "what the scenario had under way was cancelled: the request never reaches the host")
	return len(ended)
}

func (q *queue) drop(timers map[*time.Timer]putOff, why string) {
	for t, p := range timers {
		t.Stop()
		p.give(why)
		q.Done()
	}
}

// resume brings a request that was put off before the host.
func (c *conn) resume(x *exchange) {
	b := new(batch)
	b.begin(c.s)
	b.open(c)
	b.all, b.n, b.part.to = append(b.all, x), 1, 1
	b.part.behind = true // only through the writer's queue: the reader may be writing
	if x.business = time.Now(); c.s.o.Now != nil {
		x.business = c.s.o.Now()
	}
	x.end = decided
	c.s.o.Host.DecideAll([]host.Job{{Dialect: c.l.Dialect, Request: &x.req, Now: x.business, Decision: &x.dec, Given: x.given(), By: x.givenBy()}})
	b.part.begin = b.mark()
	b.recordDecision(x)
	if x.dec.Silent {
		b.unanswered(x, x.dec.Why)
	} else {
		b.reply(x)
	}
	b.part.end = b.mark()
	b.flush()
	if err := b.part.failure(); err != nil {
		c.recordTrouble(err)
	}
}
