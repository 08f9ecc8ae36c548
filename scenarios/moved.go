package scenarios

import (
	"fmt"
	"net/netip"
	"sync/atomic"

	"github.com/acqsim/acqsim/faults"
)

// Shared says that rules of an armed scenario strike nothing any more: they go
// by the address of a terminal, and another one comes from there, too.
type Shared struct {
	Scenario, Terminal string
	Address            netip.Addr
}

// String says so for people.
func (s Shared) String() string {
	return fmt.Sprintf("%s strikes nothing by the address of %s any more: %s", s.Scenario, s.Terminal, sharedText(s.Address, s.Terminal))
}

func sharedText(a netip.Addr, terminal string) string {
	return fmt.Sprintf("another terminal comes from %s, the address of %s, too: behind one router they can't be told apart", a, terminal)
}

// addressee is a terminal by whose address an armed scenario goes.
type addressee struct {
	scenario, terminal string
	told               atomic.Bool // that it shares its address
}

// findAddressees finds the terminals by whose addresses the rules go.
func (l *live) findAddressees() {
	seen := map[string]bool{"": true}
	add := func(terminal string) {
		if !seen[terminal] {
			seen[terminal] = true
			l.addressees = append(l.addressees, &addressee{scenario: l.Scenario.Name, terminal: terminal})
		}
	}
	for _, r := range l.all() {
		if r.number > 0 && r.faults.stage() < faults.Requesting {
			add(l.Terminals)
		}
		add(string(r.match.SourceOf))
	}
}

// OnMove is told that a terminal has come from an address that is new for it.
// It returns what strikes nothing any more since some terminal shares its
// address: of each armed scenario and terminal, once.
func (p *Planner) OnMove() (all []Shared) {
	a := p.state.Load()
	if a == nil || p.o.SourceOf == nil {
		return nil
	}
	for _, x := range a.addressees {
		if x.told.Load() {
			continue
		}
		if at, shared := p.o.SourceOf(x.terminal); shared && x.told.CompareAndSwap(false, true) {
			all = append(all, Shared{x.scenario, x.terminal, at})
		}
	}
	return all
}
