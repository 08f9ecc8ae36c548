package scenarios

import (
	"slices"
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
	selectedBy := make([][]Listener, len(s.Rules))
	for i := range s.Rules {
		r := &s.Rules[i]
		var names []string
		for _, l := range listeners {
			names = append(names, l.Name)
			if r.Match.SelectsListener(l.Name) {
				selectedBy[i] = append(selectedBy[i], l)
			}
		}
		selected := selectedBy[i]
		if len(selected) == 0 {
			found.Add(r.Place.At("match").At("listener").Errorf("there is no such listener: there are %s", strings.Join(names, ", ")))
			continue
		}
		misfits := len(found)
		for _, f := range r.Fault {
			if err := f.fits(selected); err != nil {
				found.Add(f.At.Errorf("no listener can show it: %w", err))
			}
		}
		if len(found) > misfits {
			continue
		}
		if k, err := r.Fault.together(selected); err != nil {
			found.Add(r.Fault[k].At.Errorf("no listener can show it: %w", err))
		}
	}
	if len(found) == 0 {
		s.joined(selectedBy, &found)
	}
	return found.Err()
}

// joined reports rules that join each other when no listener that can show
// either can show both at once. Rules for different listeners never join.
func (s *Scenario) joined(selectedBy [][]Listener, found *strictyaml.Problems) {
	for j := range s.Rules {
		for i := range j {
			a, b := &s.Rules[i], &s.Rules[j]
			if !b.Also || disjoint(a, b) {
				continue
			}
			all := slices.Concat(a.Fault, b.Fault)
			both := slices.DeleteFunc(slices.Clone(selectedBy[i]), func(l Listener) bool {
				_, err := l.showEach(all.all())
				return err != nil || !b.Match.SelectsListener(l.Name)
			})
			if k, err := all.together(both); err != nil {
				found.Add(all[k].At.Errorf("this rule can join rule %d, but no listener can show both: %w", i+1, err))
			}
		}
	}
}

// together returns what keeps the faults from striking together at the first
// listener, if none lets them; k is the fault that comes too late.
func (f Faults) together(listeners []Listener) (k int, first error) {
	all := f.all()
	for _, l := range listeners {
		at, err := l.show(all)
		if err == nil {
			return 0, nil
		}
		if first == nil {
			k, first = at, err
		}
	}
	return k, first
}

// show returns the first fault that the listener can't show with the others.
func (l *Listener) show(all []faults.Fault) (k int, err error) {
	if k, err = l.showEach(all); err != nil {
		return k, err
	}
	return faults.Together(l.Layer, all...)
}

// showEach returns the first fault that the listener can't show at all.
func (l *Listener) showEach(all []faults.Fault) (k int, err error) {
	for k, f := range all {
		if err := faults.Fits(f, l.Layer); err != nil {
			return k, err
		}
	}
	return 0, nil
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
