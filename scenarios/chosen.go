package scenarios

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/acqsim/acqsim/scenarios/strictyaml"
	"github.com/acqsim/acqsim/scenarios/world"
)

// Chosen returns what a world's own terminals and cards choose by their
// `cause`: scenarios to arm for one terminal each, and those that a card
// triggers, for NewTriggers. find returns a scenario by name. file is the
// world's file, so that the mistakes have their places; the zero node is none.
// The error is strictyaml.Problems.
func Chosen(w *world.World, file strictyaml.Node, find func(name string) (*Scenario, error), now time.Time) (arm []Arming, byCard map[string]*Scenario, err error) {
	var found strictyaml.Problems
	for _, id := range slices.Sorted(maps.Keys(w.Terminals)) {
		name := w.Terminals[id].Cause
		if name == "" {
			continue
		}
		a, err := chosenBy(id, name, find, now)
		if err != nil {
			found.Add(asChosen(file.At("terminals", id, "cause"), "terminal "+id, err))
			continue
		}
		arm = append(arm, a)
	}
	byCard = map[string]*Scenario{}
	for _, alias := range slices.Sorted(maps.Keys(w.Cards)) {
		name := w.Cards[alias].Cause
		if name == "" {
			continue
		}
		s, err := find(name)
		if err == nil {
			err = s.byCard()
		}
		if err != nil {
			found.Add(asChosen(file.At("cards", alias, "cause"), "card "+alias, err))
			continue
		}
		byCard[alias] = s
	}
	return arm, byCard, world.Redact(found.Err())
}

// chosenBy is the scenario of that name for one terminal.
func chosenBy(terminal, name string, find func(name string) (*Scenario, error), now time.Time) (Arming, error) {
	s, err := find(name)
	if err != nil {
		return Arming{}, err
	}
	if s, err = s.For(terminal); err != nil {
		return Arming{}, err
	}
	a := Arming{Scenario: s, Terminals: terminal, At: now}
	if s.IsSite() {
		return a, nil
	}
	return a, NewPlanner(PlannerOptions{}).Arm(a)
}

// byCard says why no card can trigger a scenario.
func (s *Scenario) byCard() error {
	if why := s.untriggerable(); why != "" {
		return &ArmError{s.Name, why + ", so no card triggers it"}
	}
	return nil
}

// asChosen puts what is wrong with a cause where the world chooses it.
func asChosen(at strictyaml.Node, whose string, err error) *strictyaml.Problem {
	p := at.Errorf("%s has a cause: %w", whose, err)
	var unknown *strictyaml.Problem
	if errors.As(err, &unknown) && unknown.Line == 0 {
		p.Message, p.Hint = fmt.Sprintf("%s has a cause: %s", whose, unknown.Message), unknown.Hint
	}
	return p
}

// choosing are the parts of a world whose things can have a `cause`.
var choosing = []string{"cards", "terminals"}

// chooses reports terminals and cards that choose a scenario from within one:
// nobody would arm it.
func (c *checker) chooses() {
	for _, part := range choosing {
		for _, thing := range c.s.Place.At("given", part).Entries() {
			for _, e := range thing.Value.Entries() {
				if e.Key.Text() != "cause" {
					continue
				}
				p := e.Key.Errorf("`cause` has no effect in `given`: a scenario arms no other one")
				p.Hint = "put it into the world of acqsim serve, or the rules of that cause here"
				c.file(e.Key, p)
			}
		}
	}
}
