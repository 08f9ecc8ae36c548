package scenarios

import (
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/acqsim/acqsim/faults"
	"github.com/acqsim/acqsim/scenarios/world"
)

// PlannerOptions configure a Planner. The zero value is a valid one.
type PlannerOptions struct {
	// Seed of what is drawn for scenarios without a seed of their own.
	Seed uint64

	// SourceOf returns the address that a terminal last came from; not valid
	// if it has not been seen. shared says that another terminal came from
	// there, too. It is called on the way of connections, from any goroutine.
	// Default: no terminal has been seen.
	SourceOf func(terminal string) (address netip.Addr, shared bool)
}

// Planner says of each connection and exchange what the armed scenarios do to
// it. It is safe for concurrent use. Arming takes effect between messages: an
// exchange is planned to its end by what was armed when its request came.
//
// With nothing armed, each method costs the load of a pointer.
type Planner struct {
	o     PlannerOptions
	state atomic.Pointer[armed] // nil: nothing is armed

	mu       sync.Mutex // serialises changes of the state
	live     []*live
	triggers *Triggers
}

// Arming is a scenario that is to be armed.
type Arming struct {
	Scenario *Scenario
	// Terminals is a pattern (* and ?) of the terminals that the scenario is
	// for; empty: those that it says itself. For rules of connections, which
	// come before any request, it has to be one terminal: theirs are the
	// connections from the address that it last came from.
	Terminals string
	At        time.Time // wall clock, for armed_for
}

// Strike is a rule that has struck, for the journal.
type Strike struct {
	Scenario string
	Rule     int // from 1; 0: not a rule, but what the host was given to decide
	Faults   []string
	Outcome  world.Outcome // that the host was given; Undecided: none
}

// live is an armed scenario, with what its rules have counted.
type live struct {
	Arming
	decisions []*liveRule
	rules     []*liveRule

	addressees []*addressee
}

// liveRule is an armed rule.
type liveRule struct {
	of      *live
	number  int // from 1; 0: a decision
	id      string
	seed    uint64
	match   *Match
	when    *When
	also    bool
	faults  Faults
	names   []string
	outcome world.Outcome

	counts counter
	struck atomic.Uint64
}

// armed is what is armed at one time. It does not change.
type armed struct {
	live      []*live
	listening []*liveRule // stages Listening and SYN
	accepted  []*liveRule
	hello     []*liveRule
	idle      []*liveRule
	decisions []*liveRule
	requests  []*liveRule
	replies   []*liveRule
	table     *Triggers
	triggers  *triggers // nil exactly if table is

	addressees []*addressee

	everybody bool     // some rule of an exchange does not go by terminal
	terminals []string // else: the patterns that they go by
	recalls   bool     // some fault may send a terminal's previous reply
}

// NewPlanner returns a planner with nothing armed.
func NewPlanner(o PlannerOptions) *Planner { return &Planner{o: o} }

// sourceOf resolves source_of; nil: no terminal has been seen.
type sourceOf func(terminal string) (netip.Addr, bool)

// address returns where a terminal comes from, if it alone comes from there.
func (f sourceOf) address(terminal string) (netip.Addr, bool) {
	if f == nil {
		return netip.Addr{}, false
	}
	a, shared := f(terminal)
	return a.Unmap(), a.IsValid() && !shared
}

func (p *Planner) from() sourceOf { return p.o.SourceOf }

// Watches reports whether anything can happen at the stage, so that a server
// need not gather facts that nobody asks for.
func (p *Planner) Watches(s faults.Stage) bool {
	a := p.state.Load()
	if a == nil {
		return false
	}
	switch s {
	case faults.Listening, faults.SYN:
		return len(a.listening) > 0
	case faults.Accepted:
		return len(a.accepted) > 0 || a.triggers != nil
	case faults.Hello:
		return len(a.hello) > 0 || a.triggers != nil
	case faults.Idle:
		return len(a.idle) > 0 || a.triggers != nil
	}
	return len(a.requests) > 0 || len(a.replies) > 0 || len(a.decisions) > 0 || a.triggers != nil
}

// Concerns reports whether any rule of a request or reply can concern a
// terminal, so that a server need not ask about the others.
func (p *Planner) Concerns(terminal string) bool {
	a := p.state.Load()
	if a == nil {
		return false
	}
	return a.everybody || slices.ContainsFunc(a.terminals, func(pattern string) bool {
		return pattern == terminal || wild(pattern, terminal)
	})
}

// Recalls reports whether a fault may send a terminal's previous reply, so that
// a server need not keep what nobody asks for.
func (p *Planner) Recalls() bool {
	a := p.state.Load()
	return a != nil && a.recalls
}

// goBy notes which terminals the rules of exchanges go by.
func (a *armed) goBy() {
	a.everybody, a.recalls = a.triggers != nil, a.triggers != nil
	for _, rules := range [][]*liveRule{a.decisions, a.requests, a.replies} {
		for _, r := range rules {
			switch {
			case r.of.Terminals != "":
				a.terminals = append(a.terminals, r.of.Terminals)
			case len(r.match.Terminal) > 0:
				for _, t := range r.match.Terminal {
					a.terminals = append(a.terminals, string(t))
				}
			default:
				a.everybody = true
			}
			a.recalls = a.recalls || r.faults.recall()
		}
	}
}

// recall reports whether one of the faults sends a previous reply.
func (f Faults) recall() bool {
	return slices.ContainsFunc(f, func(s Struck) bool { return s.Kind() == "reply.stale" })
}

// Armed lists what is armed, in order.
func (p *Planner) Armed() []Arming {
	p.mu.Lock()
	defer p.mu.Unlock()
	all := make([]Arming, len(p.live))
	for i, l := range p.live {
		all[i] = l.Arming
	}
	return all
}

// Arm adds scenarios to what is armed: all of them, or none. The error is a
// *ConflictError where two could strike the same thing, or an *ArmError.
func (p *Planner) Arm(more ...Arming) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	all := slices.Clone(p.live)
	for _, a := range more {
		all = append(all, p.enliven(a))
	}
	return p.put(all)
}

// Disarm takes scenarios away by name, and reports which of the names were
// armed.
func (p *Planner) Disarm(names ...string) (gone []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	var rest []*live
	for _, l := range p.live {
		if name := l.Scenario.Name; slices.Contains(names, name) {
			gone = append(gone, name)
			continue
		}
		rest = append(rest, l)
	}
	p.swap(rest)
	return gone
}

// Set replaces all that is armed. What was armed already, the same scenario
// for the same terminals, goes on with its counts. The errors are those of Arm;
// with one, nothing changes.
func (p *Planner) Set(all ...Arming) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	next := make([]*live, len(all))
	for i, a := range all {
		same := slices.IndexFunc(p.live, func(l *live) bool { return l.Scenario == a.Scenario && l.Terminals == a.Terminals })
		if same >= 0 {
			next[i] = p.live[same]
			continue
		}
		next[i] = p.enliven(a)
	}
	return p.put(next)
}

// Replace puts a scenario that was loaded anew in the place of the one with its
// name, for the same terminals and with fresh counts. It reports whether there
// was one. The errors are those of Arm; with one, nothing changes.
func (p *Planner) Replace(s *Scenario, at time.Time) (bool, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	next, there := slices.Clone(p.live), false
	for i, l := range next {
		if l.Scenario.Name == s.Name {
			next[i], there = p.enliven(Arming{s, l.Terminals, at}), true
		}
	}
	if !there {
		return false, nil
	}
	return true, p.put(next)
}

// Trigger lets amounts and cards choose causes from now on; nil: not any more.
// What a terminal has chosen before goes on, whatever the new table says.
func (p *Planner) Trigger(t *Triggers) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.triggers = t
	p.swap(p.live)
}

// put arms exactly these, unless they can't be.
func (p *Planner) put(all []*live) error {
	for _, l := range all {
		if err := p.admissible(l); err != nil {
			return err
		}
	}
	if err := conflicts(all); err != nil {
		return err
	}
	p.swap(all)
	return nil
}

// swap makes a new state of what is armed. Whoever reads has the old one, or
// the new one.
func (p *Planner) swap(all []*live) {
	p.live = all
	if len(all) == 0 && p.triggers == nil {
		p.state.Store(nil)
		return
	}
	a := &armed{live: all}
	for _, l := range all {
		a.decisions = append(a.decisions, l.decisions...)
		a.addressees = append(a.addressees, l.addressees...)
		for _, r := range l.rules {
			switch r.faults.stage() {
			case faults.Listening, faults.SYN:
				a.listening = append(a.listening, r)
			case faults.Accepted:
				a.accepted = append(a.accepted, r)
			case faults.Hello:
				a.hello = append(a.hello, r)
			case faults.Idle:
				a.idle = append(a.idle, r)
			case faults.Requesting:
				a.requests = append(a.requests, r)
			default:
				a.replies = append(a.replies, r)
			}
		}
	}
	if p.triggers != nil {
		a.table, a.triggers = p.triggers, p.episodes()
	}
	a.goBy()
	p.state.Store(a)
}

// episodes keeps those that are under way, also where another table chooses the
// next ones.
func (p *Planner) episodes() *triggers {
	if old := p.state.Load(); old != nil && old.triggers != nil {
		return old.triggers
	}
	return newTriggers(p.o.Seed)
}

func (p *Planner) enliven(a Arming) *live {
	l := newLive(a, a.Scenario.Rules, a.Scenario.Name, p.o.Seed)
	l.findAddressees()
	return l
}

// newLive makes rules with fresh counts. What they draw depends on id.
func newLive(a Arming, rules []Rule, id string, seed uint64) *live {
	l := &live{Arming: a}
	s := a.Scenario
	if s.Seed != nil {
		seed = *s.Seed
	}
	for i := range s.Given.Outcome {
		d := &s.Given.Outcome[i]
		l.decisions = append(l.decisions, &liveRule{of: l, id: id + "#outcome" + number(i+1), seed: seed,
			match: &d.Match, when: &d.When, outcome: d.Is})
	}
	for i := range rules {
		r := &rules[i]
		l.rules = append(l.rules, &liveRule{of: l, number: i + 1, id: id + "#" + number(i+1), seed: seed,
			match: &r.Match, when: &r.When, also: r.Also, faults: r.Fault, names: r.Fault.names()})
	}
	return l
}

func (r *liveRule) strike() Strike {
	return Strike{Scenario: r.of.Scenario.Name, Rule: r.number, Faults: r.names, Outcome: r.outcome}
}

// counter counts occurrences by whom they concern.
type counter struct {
	mu   sync.Mutex
	by   map[string]uint64
	rest uint64 // of all for whom there is no place any more
}

// mostCounted bounds how many terminals or addresses a rule tells apart. Those
// that come later are counted together, so that inventing terminals fills no
// memory.
const mostCounted = 1 << 16

// next counts an occurrence and returns its number, from 1.
func (c *counter) next(whom string) uint64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	n, known := c.by[whom]
	if !known && len(c.by) >= mostCounted {
		c.rest++
		return c.rest
	}
	if c.by == nil {
		c.by = map[string]uint64{}
	}
	c.by[whom] = n + 1
	return n + 1
}
