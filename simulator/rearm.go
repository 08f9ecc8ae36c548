package simulator

import (
	"fmt"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/acqsim/acqsim/faults"
	"github.com/acqsim/acqsim/scenarios"
	"github.com/acqsim/acqsim/scenarios/transcript"
	"github.com/acqsim/acqsim/simulator/dialect"
	"github.com/acqsim/acqsim/simulator/host"
)

// Rearm has the planner asked again about what is going on already: listeners
// and waiting connections. Call it after the planner's rules have changed. The
// error says what could not be done to a listener; it is recorded too.
func (s *Server) Rearm() error {
	err := s.replanListeners()
	for _, c := range s.connections() {
		c.wait.again(c)
	}
	return err
}

func (s *Server) replanListeners() (err error) {
	for _, l := range s.listeners {
		if e := l.replan(s); e != nil && err == nil {
			err = e
		}
	}
	return err
}

// listening is what a planner has done to a listener.
type listening struct {
	mu      sync.Mutex
	fired   []scenarios.Strike
	dark    bool   // SYNs are dropped
	dropped uint32 // when that began
	timer   *time.Timer
	stopped bool
}

// replan asks the planner about a listener and does what it says.
func (l *listener) replan(s *Server) error {
	if s.o.Planner == nil {
		return nil
	}
	l.state.mu.Lock()
	defer l.state.mu.Unlock()
	if l.state.stopped {
		return nil
	}
	facts := l.facts(s)
	plan, until, fired := s.o.Planner.OnListen(&facts)
	err := l.net.Apply(plan)
	if windows := l.net.SmallWindow(s.o.Planner.SmallWindow(l.Name)); err == nil {
		err = windows
	}
	l.countDropped(s, plan.Blackhole && err == nil)
	for i := range fired {
		known := func(f scenarios.Strike) bool { return f.Scenario == fired[i].Scenario && f.Rule == fired[i].Rule }
		if slices.ContainsFunc(l.state.fired, known) {
			continue
		}
		s.record(transcript.Event{Kind: transcript.Struck, Actor: transcript.Line, Listener: l.Name,
			Dialect: l.Dialect.Name(), Strike: strike(&fired[i]), Text: strikeText(&fired[i])})
	}
	l.state.fired = fired
	if err != nil {
		s.record(transcript.Event{Kind: transcript.Note, Actor: transcript.Acqsim, Listener: l.Name, Text: err.Error()})
	}
	if l.state.timer != nil {
		l.state.timer.Stop()
	}
	if !until.IsZero() {
		l.state.timer = time.AfterFunc(max(time.Until(until), time.Millisecond), func() { _ = l.replan(s) })
	}
	return err
}

// countDropped records, when a black hole ends, how many SYNs fell into it:
// that is how terminals that reconnect in a storm are seen.
func (l *listener) countDropped(s *Server, dark bool) {
	if dark == l.state.dark {
		return
	}
	n, err := l.net.DroppedSYNs()
	if err != nil {
		return
	}
	l.state.dark = dark
	if dark {
		l.state.dropped = n
		return
	}
	s.record(transcript.Event{Kind: transcript.Note, Actor: transcript.Line, Listener: l.Name,
		Text: fmt.Sprintf("SYNs that were dropped meanwhile, retransmissions included: %d", n-l.state.dropped)})
}

// leave ends what a planner has going on at the listener.
func (l *listener) leave(s *Server) {
	l.state.mu.Lock()
	defer l.state.mu.Unlock()
	l.state.stopped = true
	if l.state.timer != nil {
		l.state.timer.Stop()
	}
	l.countDropped(s, false)
}

// mostSeen bounds how many terminals and addresses the server remembers for
// its planner.
const mostSeen = 1 << 16

// seen is what a planner can ask for about who has come so far.
type seen struct {
	mu        sync.Mutex
	nth       map[string]uint64 // connections by listener and source
	terminals map[string]*sighting
	moves     atomic.Uint64      // of terminals from a connection that is still there to another
	from      map[netip.Addr]int // terminals that came last from there
	waiting   []*elsewhere       // replies that wait for another terminal
}

// sighting is where a terminal was seen last. source is guarded by seen.mu,
// which changes of conn take, too.
type sighting struct {
	terminal string
	conn     atomic.Pointer[conn]
	source   netip.Addr

	mu       sync.Mutex
	previous []byte // its last reply, as a frame
}

// remember keeps a reply to the terminal.
func (at *sighting) remember(reply []byte) {
	if at != nil {
		at.mu.Lock()
		at.previous = append(at.previous[:0], reply...)
		at.mu.Unlock()
	}
}

// recall returns the last reply to the terminal; nil: none is known.
func (at *sighting) recall() []byte {
	if at == nil {
		return nil
	}
	at.mu.Lock()
	defer at.mu.Unlock()
	return slices.Clone(at.previous)
}

// arrived counts a connection of its source at its listener.
func (v *seen) arrived(c *conn) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.nth == nil {
		v.nth = make(map[string]uint64)
	}
	key := c.l.Name + " " + c.source.String()
	if _, known := v.nth[key]; !known && len(v.nth) >= mostSeen {
		return
	}
	v.nth[key]++
	c.nth = v.nth[key]
}

// SourceOf returns the address that a terminal last came from, and whether
// another one came from there too: behind a shop's router they share one. The
// address is not valid if the terminal has not been seen. A server without a
// planner sees none.
func (s *Server) SourceOf(terminal string) (address netip.Addr, shared bool) {
	s.seen.mu.Lock()
	defer s.seen.mu.Unlock()
	at := s.seen.terminals[terminal]
	if at == nil {
		return netip.Addr{}, false
	}
	return at.source, s.seen.from[at.source] > 1
}

// lastTerminal is the terminal seen last on the connection; "" if none.
func (c *conn) lastTerminal() string { return named(c.terminal.Load()) }

// named is a terminal's name; "" if there is none.
func named(terminal *string) string {
	if terminal == nil {
		return ""
	}
	return *terminal
}

// mostKnown bounds how many terminals a connection knows without asking.
const mostKnown = 1 << 12

// sight notes which terminal sends on the connection, and returns its name; nil
// if the request names none. It is called by the connection's reader only.
func (c *conn) sight(id dialect.ID) *string {
	switch {
	case id.IsZero():
		return nil
	case id == c.lastID:
		return c.terminal.Load()
	}
	c.several = !c.lastID.IsZero()
	c.lastID = id
	// A concentrator has many terminals in turn on one connection.
	if !c.several {
		c.memo = &c.only
		return c.meet(id)
	}
	if c.recent == nil {
		c.recent = new([mostRecent][2]recentSighting)
	}
	if moves := c.s.seen.moves.Load(); moves != c.moves {
		*c.recent, c.moves = [mostRecent][2]recentSighting{}, moves
	}
	pair := &c.recent[id.Hash()%mostRecent]
	switch {
	case pair[0].id == id:
		return c.sightAgain(&pair[0])
	case pair[1].id == id:
		return c.sightAgain(&pair[1])
	}
	at := c.known[id]
	if at == nil || at.conn.Load() != c {
		c.memo = nil
		return c.meet(id)
	}
	pair[1], pair[0] = pair[0], recentSighting{id: id, at: at}
	return c.sightAgain(&pair[0])
}

// sightAgain is sight of a terminal that has been on no other connection since.
func (c *conn) sightAgain(recent *recentSighting) *string {
	c.sighting, c.memo = recent.at, &recent.memo
	c.terminal.Store(&recent.at.terminal)
	return &recent.at.terminal
}

// recentSighting is a terminal that a connection finds without looking far.
type recentSighting struct {
	id   dialect.ID
	at   *sighting
	memo host.Memo
}

// mostRecent is how many pairs of them a connection has.
const mostRecent = 64

// meet is sight of a terminal that was not on this connection before, or has
// been elsewhere since.
func (c *conn) meet(id dialect.ID) *string {
	terminal := id.String()
	c.terminal.Store(&terminal)
	v := &c.s.seen
	v.mu.Lock()
	if v.terminals == nil {
		v.terminals, v.from = make(map[string]*sighting), make(map[netip.Addr]int)
	}
	at := v.terminals[terminal]
	if at == nil && len(v.terminals) < mostSeen {
		at = &sighting{terminal: terminal}
		v.terminals[terminal] = at
	}
	c.sighting = at
	if at == nil {
		v.mu.Unlock()
		return &terminal
	}
	moved := at.source != c.source
	if moved {
		v.leftLocked(at.source)
		at.source = c.source
		v.from[c.source]++
	}
	if before := at.conn.Swap(c); before != nil && before != c {
		v.moves.Add(1)
	}
	ready := v.takeWaitingLocked(terminal)
	v.mu.Unlock()
	if c.known == nil || len(c.known) >= mostKnown {
		c.known = make(map[dialect.ID]*sighting)
	}
	c.known[id] = at
	for _, e := range ready {
		e.deliver(c)
	}
	if moved {
		c.moved(terminal)
	}
	return &terminal
}

// leftLocked notes that a terminal comes from an address no more.
func (v *seen) leftLocked(source netip.Addr) {
	if !source.IsValid() {
		return
	}
	if v.from[source]--; v.from[source] == 0 {
		delete(v.from, source)
	}
}

// moved has the planner learn that a terminal has come from another address.
func (c *conn) moved(terminal string) {
	if c.s.watches(faults.SYN) {
		_ = c.s.replanListeners() // it is recorded
	}
	for _, gone := range c.s.o.Planner.OnMove() {
		e := c.event(transcript.Note, transcript.Acqsim)
		e.Terminal, e.Text = terminal, gone.String()
		c.s.record(e)
	}
}

// forget drops what is known of an ended connection.
func (v *seen) forget(c *conn) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if c.several {
		for _, at := range v.terminals {
			at.conn.CompareAndSwap(c, nil)
		}
		return
	}
	if at := v.terminals[c.lastTerminal()]; at != nil {
		at.conn.CompareAndSwap(c, nil)
	}
}
