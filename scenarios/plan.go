package scenarios

import (
	"net/netip"
	"slices"
	"strconv"
	"time"

	"github.com/acqsim/acqsim/faults"
	"github.com/acqsim/acqsim/scenarios/world"
)

// Plan is what scenarios have to say about one exchange. A server keeps it from
// the request to the reply; the zero value is ready, and Reset makes it so.
type Plan struct {
	// Request is what is done with the request.
	Request faults.RequestPlan
	// Outcome is what the host is given to decide; Undecided: what it thinks.
	Outcome world.Outcome
	// Fired are the rules that have struck so far, in order.
	Fired []Strike

	armed   *armed // when the request came; nil: nothing
	episode *live  // of a trigger; nil: none
	chosen  bool   // the episode has struck the request
	struck  []*live
	reply   []drawn // faults of the reply whose rule struck the request
}

// drawn is a fault with the draw that it has been dealt.
type drawn struct {
	faults.ReplyFault
	draw faults.Draw
}

// Reset clears the plan for the next exchange. Fired and the steps of Request
// are then written over: who still needs them has a copy.
func (p *Plan) Reset() {
	if len(p.Fired) == 0 { // as most are: only these can have been set
		p.armed, p.episode = nil, nil
		return
	}
	*p = Plan{Fired: p.Fired[:0], struck: p.struck[:0], reply: p.reply[:0], Request: faults.RequestPlan{Steps: p.Request.Steps[:0]}}
}

// OnRequest plans what is done with a request, before the host sees it, and
// reports whether anything has struck. plan must be empty.
func (p *Planner) OnRequest(x *faults.Exchange, plan *Plan) bool {
	a := p.state.Load()
	if a == nil {
		return false
	}
	plan.armed = a
	from := p.from()
	a.decide(a.decisions, x, plan, from)
	for _, r := range a.requests {
		r.onRequest(x, plan, from)
	}
	if a.triggers != nil {
		// What is armed goes before what a terminal chooses: composed at
		// random, their faults could exclude each other.
		if plan.episode = a.triggers.episode(a.table, x); plan.episode != nil && len(plan.Fired) == 0 {
			a.decide(plan.episode.decisions, x, plan, from)
			for _, r := range plan.episode.rules {
				if r.faults.stage() == faults.Requesting {
					r.onRequest(x, plan, from)
				}
			}
			plan.chosen = len(plan.Fired) > 0
		}
	}
	return len(plan.Fired) > 0
}

// decide looks for what the host is given to decide. The first that strikes
// counts.
func (*armed) decide(rules []*liveRule, x *faults.Exchange, plan *Plan, from sourceOf) {
	for _, r := range rules {
		if _, strikes := r.strikes(x, from, plan.Outcome != world.Undecided); strikes {
			plan.Outcome = r.outcome
			plan.Fired = append(plan.Fired, r.strike())
		}
	}
}

// OnReply adds to the delivery of a reply what scenarios do to it, and reports
// whether anything has struck it. x has the outcome and the code; plan is what
// OnRequest made. Of a reply that nothing strikes it leaves the delivery as it is.
func (p *Planner) OnReply(x *faults.Exchange, plan *Plan, d *faults.Delivery) bool {
	a := plan.armed
	if a == nil {
		return false
	}
	for _, f := range plan.reply {
		f.OnReply(x, f.draw, d)
	}
	before := len(plan.Fired)
	from := p.from()
	if !plan.chosen {
		for _, r := range a.replies {
			r.onReply(x, plan, d, from)
		}
	}
	if plan.episode != nil && (plan.chosen || len(plan.Fired) == 0) {
		for _, r := range plan.episode.rules {
			if r.faults.stage() == faults.Replying {
				r.onReply(x, plan, d, from)
			}
		}
	}
	return len(plan.reply) > 0 || len(plan.Fired) > before
}

// strikes counts an exchange that fits the rule and decides whether it is
// struck. taken says that an earlier rule was first.
func (r *liveRule) strikes(x *faults.Exchange, from sourceOf, taken bool) (faults.Draw, bool) {
	if r.of.Terminals != "" && !wild(r.of.Terminals, x.Terminal) || !r.match.fits(x, from) {
		return faults.Draw{}, false
	}
	whom := x.Terminal
	if r.when.Count == Overall {
		whom = ""
	}
	n := r.counts.next(whom)
	draw := faults.ExchangeDraw(r.seed, r.id, x.Terminal, n)
	if taken && !r.also || !r.when.strikes(n, x.Conn, r.of.At, draw) {
		return faults.Draw{}, false
	}
	return draw, r.when.within(&r.struck)
}

func (r *liveRule) onRequest(x *faults.Exchange, plan *Plan, from sourceOf) {
	draw, strikes := r.strikes(x, from, slices.Contains(plan.struck, r.of))
	if !strikes {
		return
	}
	r.fired(plan)
	for _, f := range r.faults {
		switch kind := f.Fault.(type) {
		case faults.RequestFault:
			kind.OnRequest(x, draw.Fork(kind.Kind()), &plan.Request)
		case faults.ReplyFault:
			plan.reply = append(plan.reply, drawn{kind, draw.Fork(kind.Kind())})
		}
	}
}

func (r *liveRule) onReply(x *faults.Exchange, plan *Plan, d *faults.Delivery, from sourceOf) {
	draw, strikes := r.strikes(x, from, slices.Contains(plan.struck, r.of))
	if !strikes {
		return
	}
	r.fired(plan)
	for _, f := range r.faults {
		if kind, ok := f.Fault.(faults.ReplyFault); ok {
			kind.OnReply(x, draw.Fork(kind.Kind()), d)
		}
	}
}

func (r *liveRule) fired(plan *Plan) {
	plan.Fired = append(plan.Fired, r.strike())
	if !slices.Contains(plan.struck, r.of) {
		plan.struck = append(plan.struck, r.of)
	}
}

// strikesConn is strikes for a connection.
func (r *liveRule) strikesConn(c *faults.Conn, from sourceOf, taken bool) (faults.Draw, bool) {
	if one := r.of.Terminals; one != "" {
		if a, ok := from.address(one); !ok || a != c.Source.Unmap() {
			return faults.Draw{}, false
		}
	}
	if !r.match.fitsConn(c, from) {
		return faults.Draw{}, false
	}
	source := c.Source.Unmap().String()
	whom := c.Listener + " " + source
	if r.when.Count == Overall {
		whom = ""
	}
	n := r.counts.next(whom)
	draw := faults.ConnDraw(r.seed, r.id, c.Listener, source, n)
	if taken && !r.also || !r.when.strikes(n, c, r.of.At, draw) {
		return faults.Draw{}, false
	}
	return draw, r.when.within(&r.struck)
}

// each calls strike for every rule that strikes a connection; strike says
// whether anything is done to it, as accept.limit does only above its number.
// The first rule of a scenario wins, unless later ones join. What is armed goes
// before what a terminal has chosen: composed at random, their faults could
// exclude each other.
func (a *armed) each(rules []*liveRule, stage faults.Stage, c *faults.Conn, from sourceOf, strike func(*liveRule, faults.Draw) (does bool)) (fired []Strike) {
	var struck []*live
	try := func(r *liveRule) {
		draw, strikes := r.strikesConn(c, from, slices.Contains(struck, r.of))
		if !strikes {
			return
		}
		struck = append(struck, r.of)
		if strike(r, draw) {
			fired = append(fired, r.strike())
		}
	}
	for _, r := range rules {
		try(r)
	}
	if a.triggers != nil {
		if l := a.triggers.connection(c, stage); l != nil && len(fired) == 0 {
			for _, r := range l.rules {
				if r.faults.stage() == stage {
					try(r)
				}
			}
		}
	}
	return fired
}

// OnAccept says what is done to a connection that was just accepted, and by
// which rules; nil: none.
func (p *Planner) OnAccept(c *faults.Conn) (plan faults.AcceptPlan, fired []Strike) {
	a := p.state.Load()
	if a == nil || len(a.accepted) == 0 && a.triggers == nil {
		return plan, nil
	}
	fired = a.each(a.accepted, faults.Accepted, c, p.from(), func(r *liveRule, draw faults.Draw) (does bool) {
		for _, f := range r.faults {
			if kind, ok := f.Fault.(faults.AcceptFault); ok {
				more := kind.OnAccept(c, draw.Fork(kind.Kind()))
				does = does || more.Unread || len(more.Steps) > 0
				plan.Steps = append(plan.Steps, more.Steps...)
				plan.Unread, plan.Hold = plan.Unread || more.Unread, max(plan.Hold, more.Hold)
			}
		}
		return does
	})
	return plan, fired
}

// OnHello says how a TLS handshake is spoilt, and by which rules; nil: none.
func (p *Planner) OnHello(c *faults.Conn) (plan faults.HelloPlan, fired []Strike) {
	a := p.state.Load()
	if a == nil || len(a.hello) == 0 && a.triggers == nil {
		return plan, nil
	}
	fired = a.each(a.hello, faults.Hello, c, p.from(), func(r *liveRule, draw faults.Draw) bool {
		for _, f := range r.faults {
			if kind, ok := f.Fault.(faults.HelloFault); ok {
				plan = kind.OnHello(c, draw.Fork(kind.Kind()))
			}
		}
		return true
	})
	return plan, fired
}

// OnIdle says what is done to a connection that begins to wait for its next
// request, and by which rules; nil: none. It is asked once for each wait, which
// is one occurrence.
func (p *Planner) OnIdle(c *faults.Conn) (plan faults.IdlePlan, fired []Strike) {
	a := p.state.Load()
	if a == nil || len(a.idle) == 0 && a.triggers == nil {
		return plan, nil
	}
	fired = a.each(a.idle, faults.Idle, c, p.from(), func(r *liveRule, draw faults.Draw) bool {
		for _, f := range r.faults {
			if kind, ok := f.Fault.(faults.IdleFault); ok {
				plan = kind.OnIdle(c, draw.Fork(kind.Kind()))
			}
		}
		return true
	})
	return plan, fired
}

// OnListen says what is done to a listener, and by which rules; nil: none. It
// is asked again when something is armed or disarmed, when a terminal has come
// from a new address, and at the wall-clock time until; zero: not by itself.
func (p *Planner) OnListen(c *faults.Conn) (plan faults.ListenPlan, until time.Time, fired []Strike) {
	a := p.state.Load()
	if a == nil {
		return plan, until, nil
	}
	all := false // every SYN is dropped
	for _, r := range a.listening {
		if len(r.match.Listener) > 0 && !anyWild(r.match.Listener, c.Listener) {
			continue
		}
		until = sooner(until, r.when.next(c, r.of.At))
		if !r.when.during(c, r.of.At) {
			continue
		}
		sources, known := r.sources(p.from())
		if !known {
			continue // nobody has come from there yet
		}
		fired = append(fired, r.strike())
		for _, f := range r.faults {
			kind, ok := f.Fault.(faults.ListenFault)
			if !ok {
				continue
			}
			more := kind.OnListen()
			plan.Refuse = plan.Refuse || more.Refuse
			plan.Blackhole = plan.Blackhole || more.Blackhole
			if more.Blackhole {
				all = all || len(sources) == 0
				plan.Sources = append(plan.Sources, sources...)
			}
		}
	}
	if all {
		plan.Sources = nil
	}
	return plan, until, fired
}

// sources returns the addresses that a rule of a listener concerns; none: all.
func (r *liveRule) sources(from sourceOf) (all []netip.Prefix, known bool) {
	for _, s := range r.match.Source {
		all = append(all, netip.Prefix(s))
	}
	for _, terminal := range []string{string(r.match.SourceOf), r.of.Terminals} {
		if terminal == "" {
			continue
		}
		a, ok := from.address(terminal)
		if !ok {
			return nil, false
		}
		one := netip.PrefixFrom(a, a.BitLen())
		if len(all) > 0 && !slices.ContainsFunc(all, func(p netip.Prefix) bool { return p.Contains(a) }) {
			return nil, false
		}
		all = []netip.Prefix{one}
	}
	return all, true
}

// next returns when the time that a rule is on could change; zero: never.
func (w *When) next(c *faults.Conn, armed time.Time) (at time.Time) {
	if end := armed.Add(w.ArmedFor); w.ArmedFor > 0 && end.After(c.Now) {
		at = end
	}
	if w.Window != nil { // windows begin and end on the minute
		at = sooner(at, c.Now.Add(c.Business.Truncate(time.Minute).Add(time.Minute).Sub(c.Business)))
	}
	return at
}

func sooner(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// SmallWindow reports whether connections of the listener need a small receive
// buffer, which has to be set before they come.
func (p *Planner) SmallWindow(listener string) bool {
	a := p.state.Load()
	if a == nil {
		return false
	}
	for _, r := range a.accepted {
		if len(r.match.Listener) > 0 && !anyWild(r.match.Listener, listener) {
			continue
		}
		if r.faults.smallWindow() {
			return true
		}
	}
	return a.table != nil && a.table.smallWindow
}

func (f Faults) smallWindow() bool {
	return slices.ContainsFunc(f, func(s Struck) bool {
		kind, ok := s.Fault.(faults.AcceptFault)
		return ok && kind.SmallWindow()
	})
}

func number[N int | uint64](n N) string { return strconv.FormatUint(uint64(n), 10) } //nolint:gosec // never negative
