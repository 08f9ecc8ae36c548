package scenarios

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/acqsim/acqsim/scenarios/strictyaml"
	"github.com/acqsim/acqsim/scenarios/world"
)

// Chosen returns what a world's own terminals and cards choose by their
// `cause`: scenarios to arm for one terminal each, and those that a card
// triggers, for NewTriggers. find returns a scenario by name.
func Chosen(w *world.World, find func(name string) (*Scenario, error), now time.Time) (arm []Arming, byCard map[string]*Scenario, err error) {
	var found strictyaml.Problems
	for _, id := range slices.Sorted(maps.Keys(w.Terminals)) {
		name := w.Terminals[id].Cause
		if name == "" {
			continue
		}
		s, err := find(name)
		if err != nil {
			found.Add(fmt.Errorf("terminal %s has a cause: %w", id, err))
			continue
		}
		if s, err = s.For(id); err != nil {
			found.Add(fmt.Errorf("terminal %s has a cause: %w", id, err))
			continue
		}
		arm = append(arm, Arming{Scenario: s, Terminals: id, At: now})
	}
	byCard = map[string]*Scenario{}
	for _, alias := range slices.Sorted(maps.Keys(w.Cards)) {
		name := w.Cards[alias].Cause
		if name == "" {
			continue
		}
		s, err := find(name)
		if err != nil {
			found.Add(fmt.Errorf("card %s has a cause: %w", alias, err))
			continue
		}
		byCard[alias] = s
	}
	return arm, byCard, found.Err()
}
