package scenarios

import (
	"github.com/acqsim/acqsim/faults"
	"github.com/acqsim/acqsim/scenarios/strictyaml"
)

// NotShown is how the message of a problem that Fits reports begins.
const NotShown = "no listener can show it: "

// Fits reports the faults that none of the layers can show, with their places
// in the file: as strictyaml.Problems.
func (s *Scenario) Fits(layers ...faults.Layer) error {
	var found strictyaml.Problems
	for i := range s.Rules {
		for _, f := range s.Rules[i].Fault {
			if err := f.fits(layers); err != nil {
				found.Add(f.At.Errorf(NotShown+"%v", err))
			}
		}
	}
	return found.Err()
}

// fits returns what the first layer lacks, if none has everything.
func (f *Struck) fits(layers []faults.Layer) (first error) {
	for _, l := range layers {
		err := faults.Fits(f.Fault, l)
		if err == nil {
			return nil
		}
		if first == nil {
			first = err
		}
	}
	return first
}
