package scenarios

import (
	"fmt"
	"strings"

	"github.com/acqsim/acqsim/faults"
)

// ConflictError says that two scenarios can't be armed at the same time: rules
// of both could strike the same thing.
type ConflictError struct {
	First, Second         string // scenarios
	FirstRule, SecondRule int    // from 1; 0: what the host is given to decide
}

// Error names both scenarios and what to do.
func (e *ConflictError) Error() string {
	if e.First == e.Second {
		return fmt.Sprintf("%s is armed already for some of these terminals: disarm it first", e.First)
	}
	return fmt.Sprintf("%s (%s) and %s (%s) could strike the same thing: arm them for different terminals, or one after the other",
		e.First, ruleText(e.FirstRule), e.Second, ruleText(e.SecondRule))
}

func ruleText(n int) string {
	if n == 0 {
		return "outcome"
	}
	return fmt.Sprintf("rule %d", n)
}

// ArmError says why a scenario can't be armed at all, or not for these
// terminals.
type ArmError struct {
	Scenario string
	Why      string
}

// Error names the scenario and the reason.
func (e *ArmError) Error() string { return e.Scenario + " can't be armed: " + e.Why }

// conflicts finds rules of two scenarios that could meet.
func conflicts(all []*live) error {
	for j, second := range all {
		for _, first := range all[:j] {
			if err := conflict(first, second); err != nil {
				return err
			}
		}
	}
	return nil
}

func conflict(a, b *live) error {
	if a.Terminals != "" && b.Terminals != "" && !meet(a.Terminals, b.Terminals) {
		return nil
	}
	if a.Scenario.Name == b.Scenario.Name {
		return &ConflictError{First: a.Scenario.Name, Second: b.Scenario.Name}
	}
	for _, x := range a.all() {
		for _, y := range b.all() {
			if meets(x, y) {
				return &ConflictError{a.Scenario.Name, b.Scenario.Name, x.number, y.number}
			}
		}
	}
	return nil
}

func (l *live) all() []*liveRule { return append(append([]*liveRule(nil), l.decisions...), l.rules...) }

// meets reports whether two rules of different scenarios could strike the same
// thing.
func meets(a, b *liveRule) bool {
	if (a.number == 0) != (b.number == 0) {
		return false // what the host decides, and what becomes of its reply
	}
	if a.number > 0 && phase(a.faults.stage()) != phase(b.faults.stage()) {
		return false
	}
	return !a.match.apart(b.match) && !a.apartFrom(b) && !b.apartFrom(a)
}

// apartFrom reports whether the terminals that a's scenario is for are none of
// those that b selects.
func (r *liveRule) apartFrom(b *liveRule) bool {
	return r.of.Terminals != "" && apartPatterns([]quoted{quoted(r.of.Terminals)}, b.match.Terminal)
}

// admissible reports why a scenario can't be armed.
func (p *Planner) admissible(l *live) error {
	s := l.Scenario
	refuse := func(format string, args ...any) error {
		return &ArmError{s.Name, fmt.Sprintf(format, args...)}
	}
	if s.IsSite() {
		return refuse("a person brings it about in the shop: %s", s.Site.EN)
	}
	for _, r := range l.rules {
		stage := r.faults.stage()
		if l.Terminals != "" && stage < faults.Requesting {
			switch {
			case strings.ContainsAny(l.Terminals, "*?"):
				return refuse("rule %d (%s) strikes before a terminal is known: name one terminal, whose address then counts, or none", r.number, strings.Join(r.names, ", "))
			case stage == faults.Listening:
				return refuse("rule %d (%s) strikes all terminals alike: arm it for all", r.number, strings.Join(r.names, ", "))
			}
			if err := p.alone(l.Terminals, refuse); err != nil {
				return err
			}
		}
		if r.match.SourceOf != "" {
			if err := p.alone(string(r.match.SourceOf), refuse); err != nil {
				return err
			}
		}
	}
	return nil
}

// alone refuses a terminal that shares its address.
func (p *Planner) alone(terminal string, refuse func(string, ...any) error) error {
	if p.o.SourceOf == nil {
		return nil
	}
	if a, shared := p.o.SourceOf(terminal); shared {
		return refuse("%s", sharedText(a, terminal))
	}
	return nil
}
