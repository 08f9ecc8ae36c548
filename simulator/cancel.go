package simulator

import (
	"maps"
	"slices"
	"sync"
)

// CancelDeliveries ends what scenarios have under way: replies that are
// delayed, split, or wait for a partner, requests that are held, and what was
// to become of new connections. What was written stays written; each reply is
// recorded as not sent, each request as discarded. Connections that are not read
// are reset. Disarming alone lets them finish. Without names, those of all
// scenarios end. It returns how many it has ended or told to end.
//
// What is done to listeners and to waiting connections ends with [Server.Rearm].
func (s *Server) CancelDeliveries(scenarios ...string) (n int) {
	of := func(name string) bool { return len(scenarios) == 0 || slices.Contains(scenarios, name) }
	for _, c := range s.connections() {
		n += c.queue.cancel(of) + c.cancelPaired(of) + c.deliveries.cancel(of)
	}
	return n + s.seen.cancel(of)
}

// connections are those that have not ended.
func (s *Server) connections() []*conn {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Collect(maps.Keys(s.conns))
}

// Undelivered returns how many requests and replies scenarios have under way:
// those that are held, delayed, written in pieces, or wait for a partner.
// Without names, those of all scenarios.
func (s *Server) Undelivered(scenarios ...string) (n int) {
	of := func(name string) bool { return len(scenarios) == 0 || slices.Contains(scenarios, name) }
	for _, c := range s.connections() {
		n += c.queue.count(of) + c.countPaired(of) + c.deliveries.count(of)
	}
	return n + s.seen.count(of)
}

func (q *queue) count(of func(scenario string) bool) (n int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, p := range q.timers {
		if of(p.scenario) {
			n++
		}
	}
	return n
}

func (c *conn) countPaired(of func(scenario string) bool) (n int) {
	c.pair.mu.Lock()
	defer c.pair.mu.Unlock()
	for _, p := range c.pair.waiting {
		if of(p.scenario()) {
			n++
		}
	}
	return n
}

func (v *deliveries) count(of func(scenario string) bool) (n int) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, g := range v.going {
		if g.reply && of(g.scenario) {
			n++
		}
	}
	return n
}

func (v *seen) count(of func(scenario string) bool) (n int) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, e := range v.waiting {
		if of(e.scenario()) {
			n++
		}
	}
	return n
}

// deliveries is what rules have put into a connection's writer, or else have
// under way on it.
type deliveries struct {
	mu    sync.Mutex
	going map[undertaking]going
}

// undertaking is something that can be ended: a Delivery of package wire, or the holding
// of a connection.
type undertaking interface{ Cancel() }

// going is what is under way.
type going struct {
	scenario string // that has struck
	reply    bool   // it is a reply's; else what is done to a new connection
}

// under notes a delivery of a scenario that start begins, until it has told
// what became of it.
func (v *deliveries) under(scenario string, reply bool, start func(over func()) undertaking) {
	var d undertaking
	over := false
	started := start(func() {
		v.mu.Lock()
		defer v.mu.Unlock()
		over = true
		delete(v.going, d)
	})
	v.mu.Lock()
	defer v.mu.Unlock()
	if d = started; over {
		return
	}
	if v.going == nil {
		v.going = make(map[undertaking]going)
	}
	v.going[d] = going{scenario, reply}
}

func (v *deliveries) cancel(of func(scenario string) bool) (n int) {
	v.mu.Lock()
	var all []undertaking
	for d, g := range v.going {
		if of(g.scenario) {
			all = append(all, d)
		}
	}
	v.mu.Unlock()
	for _, d := range all {
		d.Cancel()
	}
	return len(all)
}

const whyCancelled = "; what the scenario had under way was cancelled"

// scenario is the name of the one that has struck the reply; "": none has.
func (o *outbound) scenario() string {
	if o.event.Strike == nil {
		return ""
	}
	return o.event.Strike.Scenario
}

// cancelPaired ends replies that wait for the next one of the connection.
func (c *conn) cancelPaired(of func(string) bool) int {
	c.pair.mu.Lock()
	var ended []*paired
	c.pair.waiting = slices.DeleteFunc(c.pair.waiting, func(p *paired) bool {
		if !of(p.scenario()) {
			return false
		}
		ended = append(ended, p)
		return true
	})
	c.pair.mu.Unlock()
	for _, p := range ended {
		p.timer.Stop()
		p.lost(whyCancelled)
	}
	return len(ended)
}

// cancel ends replies that wait for other terminals.
func (v *seen) cancel(of func(string) bool) int {
	v.mu.Lock()
	var ended []*elsewhere
	v.waiting = slices.DeleteFunc(v.waiting, func(e *elsewhere) bool {
		if !of(e.scenario()) {
			return false
		}
		ended = append(ended, e)
		return true
	})
	v.mu.Unlock()
	for _, e := range ended {
		e.timer.Stop()
		e.lost(whyCancelled)
	}
	return len(ended)
}
