package simulator

import (
	"cmp"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"time"

	"github.com/acqsim/acqsim/faults"
	"github.com/acqsim/acqsim/scenarios"
	"github.com/acqsim/acqsim/scenarios/transcript"
	"github.com/acqsim/acqsim/scenarios/world"
	"github.com/acqsim/acqsim/simulator/dialect"
)

// Planner says what goes wrong, and where. [scenarios.Planner] is one. All
// methods may be called from any goroutine; what they are given is theirs only
// until they return.
type Planner interface {
	// Watches reports whether anything can happen at a stage. Where it can't,
	// the server asks no further.
	Watches(faults.Stage) bool

	// Concerns reports whether any rule of a request or reply can concern a
	// terminal ("": a request that names none).
	Concerns(terminal string) bool

	// Recalls reports whether a terminal's previous reply may be wanted.
	Recalls() bool

	// OnMove is told that a terminal has come from an address that is new for
	// it, and returns what strikes nothing any more because of that.
	OnMove() []scenarios.Shared

	SmallWindow(listener string) bool
	OnListen(*faults.Conn) (plan faults.ListenPlan, until time.Time, fired []scenarios.Strike)
	OnAccept(*faults.Conn) (faults.AcceptPlan, []scenarios.Strike)
	OnHello(*faults.Conn) (faults.HelloPlan, []scenarios.Strike)
	OnIdle(*faults.Conn) (faults.IdlePlan, []scenarios.Strike)
	OnRequest(*faults.Exchange, *scenarios.Plan) bool
	// OnReply leaves the delivery as it is where it reports that nothing has
	// struck the reply.
	OnReply(*faults.Exchange, *scenarios.Plan, *faults.Delivery) bool
}

var (
	_ Planner         = (*scenarios.Planner)(nil)
	_ scenarios.Keyed = (*message)(nil)
)

// watches reports whether the planner, if there is one, has anything to do at
// a stage.
func (s *Server) watches(stage faults.Stage) bool {
	return s.o.Planner != nil && s.o.Planner.Watches(stage)
}

// facts is what is known of a connection.
func (c *conn) facts() faults.Conn {
	f := c.l.facts(c.s)
	f.Source, f.Nth, f.Open = c.source, c.nth, int(c.l.open.Load())
	f.Terminal = c.lastTerminal()
	return f
}

// facts is what is known of a listener.
func (l *listener) facts(s *Server) faults.Conn {
	now := time.Now()
	return faults.Conn{Listener: l.Name, TLS: l.TLS != nil, Now: now, Business: s.business(now), Timeout: s.o.ResponseTimeout}
}

// business is the business time at a time of the wall clock.
func (s *Server) business(now time.Time) time.Time {
	if s.o.Now != nil {
		return s.o.Now()
	}
	return now
}

// sourceOf returns the address of a peer without its port.
func sourceOf(a net.Addr) netip.Addr {
	if tcp, ok := a.(*net.TCPAddr); ok {
		return tcp.AddrPort().Addr().Unmap().WithZone("")
	}
	return netip.Addr{}
}

// question is an exchange as a planner sees it, and what it answered.
type question struct {
	exchange faults.Exchange
	conn     faults.Conn
	sighting *sighting // of the terminal that sent the request
	message  message
	plan     scenarios.Plan
	asked    bool // the planner has seen the request
	struck   bool // and something has struck it
	recorded int  // of plan.Fired
}

// ask has the planner look at a request.
func (q *question) ask(c *conn, x *exchange) {
	q.plan.Reset()
	q.recorded = 0
	q.conn = faults.Conn{
		Listener: c.l.Name, TLS: c.l.TLS != nil, Now: x.arrived, Business: x.business, Timeout: c.s.o.ResponseTimeout,
		Source: c.source, Nth: c.nth, Open: int(c.l.open.Load()), Terminal: c.lastTerminal(),
	}
	q.sighting = c.sighting
	q.message.c, q.message.x = c, x
	r := &x.req
	if r.Terminal.IsZero() {
		q.conn.Terminal = ""
	}
	q.exchange = faults.Exchange{
		Conn: &q.conn, Request: &q.message,
		MTI: r.MTI, Type: r.Type.String(), STAN: r.STAN, HasSTAN: r.HasSTAN,
		Terminal: q.conn.Terminal, Merchant: c.merchantName(r.Merchant),
		Amount: r.Amount, HasAmount: r.HasAmount,
	}
	q.asked, q.struck = true, c.s.o.Planner.OnRequest(&q.exchange, &q.plan)
}

// merchantName is id.String, without making a new string of what came last.
// It is called by the connection's reader only.
func (c *conn) merchantName(id dialect.ID) string {
	if id != c.lastMerchant.id {
		c.lastMerchant.id, c.lastMerchant.name = id, id.String()
	}
	return c.lastMerchant.name
}

// message gives a planner access to a request.
type message struct {
	c   *conn
	x   *exchange
	buf []byte
}

// Field implements faults.Message.
func (m *message) Field(n int) ([]byte, bool) {
	if m.buf == nil {
		m.buf = make([]byte, 0, 256)
	}
	value, ok := m.c.l.Dialect.FieldText(m.x.req.Frame.Body, &m.x.req.Index, n, m.buf)
	if ok {
		m.buf = value
	}
	return value, ok
}

// DuplicateKey implements scenarios.Keyed.
func (m *message) DuplicateKey() uint64 { return m.x.req.DuplicateKey }

// CardAlias implements faults.Message.
func (m *message) CardAlias() string {
	if m.x.req.Card.IsZero() {
		return ""
	}
	return m.c.s.o.Host.CardAlias(m.x.req.Card)
}

// CardBegins implements faults.Message.
func (m *message) CardBegins(digits string, exact bool) bool {
	if m.x.req.Card.IsZero() {
		return false
	}
	pan := m.x.req.Card.Clear()
	return strings.HasPrefix(pan, digits) && (!exact || len(pan) == len(digits))
}

// strike is a rule that struck, as the transcript has it.
func strike(s *scenarios.Strike) *transcript.Strike {
	return &transcript.Strike{Scenario: s.Scenario, Rule: uint32(s.Rule), Faults: s.Faults} //nolint:gosec // never negative
}

// strikeText says in words what struck.
func strikeText(s *scenarios.Strike) string {
	if s.Outcome != world.Undecided {
		return "the host is given to decide: " + s.Outcome.String()
	}
	return strings.Join(s.Faults, " + ")
}

// whyStruck is the reason that events give for what a strike did.
func whyStruck(fired []scenarios.Strike) string {
	var all []string
	for i := range fired {
		all = append(all, strikeText(&fired[i])+" ("+fired[i].Scenario+")")
	}
	return strings.Join(all, "; ")
}

// why is the reason that events of the exchange give for what was done to it:
// also of whom a request was, that was taken for another terminal's.
func (q *question) why() string {
	text := whyStruck(q.plan.Fired)
	if q.plan.Request.As != "" {
		text += fmt.Sprintf(": from %s, taken for %s", cmp.Or(q.exchange.Terminal, "no terminal"), q.plan.Request.As)
	}
	return text
}

// misrouted puts what has struck a request into the event of an end that nothing
// else has struck, if it was taken for another terminal's.
func (x *exchange) misrouted(e *transcript.Event) {
	q := x.question
	if q == nil || !q.asked || q.plan.Request.As == "" {
		return
	}
	e.Strike = strike(&q.plan.Fired[len(q.plan.Fired)-1])
	e.Why = q.why() + "; " + e.Why
}

// recordStrikes records what struck a connection.
func (c *conn) recordStrikes(fired []scenarios.Strike) {
	for i := range fired {
		e := c.event(transcript.Struck, transcript.Line)
		e.Strike, e.Text, e.Terminal = strike(&fired[i]), strikeText(&fired[i]), c.lastTerminal()
		c.s.record(e)
	}
}
