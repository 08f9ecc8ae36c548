package scenarios

import (
	"strings"

	"github.com/acqsim/acqsim/faults"
	"github.com/acqsim/acqsim/scenarios/strictyaml"
)

// Listener is what a scenario finds at one address of a server.
type Listener struct {
	Name  string
	Layer faults.Layer
}

// Fits reports the faults that none of the listeners that their rules select
// can show, and rules that select none, with their places in the file: as
// strictyaml.Problems, in which each fault is a *faults.MisfitError.
func (s *Scenario) Fits(listeners ...Listener) error {
	var found strictyaml.Problems
	for i := range s.Rules {
		r := &s.Rules[i]
		var selected []Listener
		var names []string
		for _, l := range listeners {
			names = append(names, l.Name)
			if r.Match.SelectsListener(l.Name) {
				selected = append(selected, l)
			}
		}
		if len(selected) == 0 {
			found.Add(r.Place.At("match").At("listener").Errorf("there is no such listener: there are %s", strings.Join(names, ", ")))
			continue
		}
		for _, f := range r.Fault {
			if err := f.fits(selected); err != nil {
				found.Add(f.At.Errorf("no listener can show it: %w", err))
			}
		}
	}
	return found.Err()
}

// fits returns what the first listener lacks, if none has everything.
func (f *Struck) fits(listeners []Listener) (first error) {
	for _, l := range listeners {
		err := faults.Fits(f.Fault, l.Layer)
		if err == nil {
			return nil
		}
		if first == nil {
			first = err
		}
	}
	return first
}
