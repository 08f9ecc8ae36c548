package scenarios

import (
	"fmt"
	"slices"
	"strings"

	"github.com/acqsim/acqsim/faults"
	"github.com/acqsim/acqsim/scenarios/world"
)

// For returns what of a scenario can be armed for the terminals of a pattern
// (* and ?), and for no others. What a scenario changes in the world concerns
// whoever has to do with it: the other tills of a suspended merchant, say.
// Unless it is these terminals themselves that it changes, the host decides
// about their financial requests as the scenario's trigger says, and the world
// and its clock stay as they are.
//
// The error is an [*ArmError]: there is a changed world, and no such outcome.
func (s *Scenario) For(terminals string) (*Scenario, error) {
	if s.IsSite() || s.Given.changesOnly(terminals) {
		return s, nil
	}
	if s.Trigger == nil || s.Trigger.Outcome == world.Undecided {
		return nil, &ArmError{s.Name, fmt.Sprintf("what it changes in the world concerns others than terminal %s, too: arm it for all", terminals)}
	}
	only := *s
	only.Given = Given{Outcome: append(slices.Clone(s.Given.Outcome),
		Decision{Match: Match{Type: byDefault}, Is: s.Trigger.Outcome, Place: s.Trigger.Place})}
	return &only, nil
}

// changesOnly reports whether all that is changed in the world is terminals
// that fit the pattern.
func (g *Given) changesOnly(terminals string) bool {
	for _, c := range g.World {
		of, isTerminal := strings.CutPrefix(c.Path, "given.terminals.")
		id, _, _ := strings.Cut(of, ".")
		if !isTerminal || !wild(terminals, id) {
			return false
		}
	}
	return true
}

// StrikesConnections reports whether a rule strikes connections, before there
// is a request on them: of a trigger, the next one from the terminal's address.
func (s *Scenario) StrikesConnections() bool {
	return slices.ContainsFunc(s.Rules, func(r Rule) bool { return len(r.Fault) > 0 && r.Fault.stage() < faults.Requesting })
}

// untriggerable says why no amount and no card can bring a scenario about; "":
// they can.
func (s *Scenario) untriggerable() string {
	if s.IsSite() {
		return "a person brings it about in the shop"
	}
	for i := range s.Rules {
		r := &s.Rules[i]
		if len(r.Fault) > 0 && r.Fault.stage() < faults.Accepted {
			return fmt.Sprintf("rule %d (%s) strikes all terminals alike", i+1, strings.Join(r.Fault.names(), ", "))
		}
	}
	if len(s.Rules) == 0 && len(s.Given.Outcome) == 0 && (s.Trigger == nil || s.Trigger.Outcome == world.Undecided) {
		return "what it changes is the world, which concerns everybody"
	}
	return ""
}
