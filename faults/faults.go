// Package faults says what can go wrong on the way between a terminal and its
// host: an explicit table of kinds, each of which turns an exchange into what
// is to be done on the wire.
//
// Everything here is a pure function of its arguments. Nothing reads a clock,
// touches a socket or draws from a shared source of randomness: chance comes
// from a Draw, which is a hash. Package faults/wire carries out what is said
// here. Scenarios decide which fault strikes when; the host never learns of it.
//
// A rule of a scenario names a kind and its parameters as text. Kind.Make
// turns these into a Fault. What the fault does is in one small interface per
// Stage (ListenFault, AcceptFault, HelloFault, IdleFault, RequestFault,
// ReplyFault); a fault has exactly the one of its Stage.
//
// Several faults may strike one exchange. Compose says whether they can.
package faults

import (
	"fmt"
	"slices"
	"strings"
)

// Text is a text for people, in English and in Chinese.
type Text struct{ EN, ZH string }

// Kind is one kind of fault: a line of the table.
type Kind struct {
	Name    string  // stage.effect, such as "reply.drop"
	Stages  []Stage // where it can strike; which of them is up to its parameters
	Params  []Param
	Scalar  string // the parameter that a bare value stands for (reply.delay: 2s); empty: none
	Does    Text   // what it does, in one sentence
	Meets   Text   // what the terminal meets
	Example string // a rule of a scenario in YAML, as an element of `rules`
	Needs   Needs  // what a listener must have for it, whatever the parameters

	// New makes the fault from complete values: each parameter has one, given
	// or by default, or is optional and absent. Use Make for texts.
	New func(Values) (Fault, error)
}

// Fault is a kind with its parameters set. It is immutable, and may be used
// by any number of goroutines. All faults are in this package.
type Fault interface {
	// Kind returns the name of the fault's kind.
	Kind() string
	// Stage returns where the fault strikes.
	Stage() Stage

	claims() claim // of what it changes, for Compose
}

// Find returns the kind with the given name, or an *UnknownError.
func Find(name string) (*Kind, error) {
	for _, k := range table() {
		if k.Name == name {
			return &k, nil
		}
	}
	return nil, &UnknownError{Name: name}
}

// Kinds returns the table of all kinds, by stage.
func Kinds() []Kind { return table() }

// Names returns the names of all kinds, in the order of the table.
func Names() []string {
	var all []string
	for _, k := range table() {
		all = append(all, k.Name)
	}
	return all
}

// Param returns the parameter with the given name.
func (k *Kind) Param(name string) (Param, bool) {
	i := slices.IndexFunc(k.Params, func(p Param) bool { return p.Name == name })
	if i < 0 {
		return Param{}, false
	}
	return k.Params[i], true
}

// Make makes a fault from parameters as they stand in a scenario: the text of
// each scalar, by name. The error is a *ParamError that names the parameter
// at fault.
func (k *Kind) Make(given map[string]string) (Fault, error) {
	for _, name := range sortedNames(given) {
		if _, ok := k.Param(name); !ok {
			return nil, &ParamError{Kind: k.Name, Param: name, Err: fmt.Errorf("no such parameter; %s", k.knows())}
		}
	}
	values := Values{}
	for _, p := range k.Params {
		text, ok := given[p.Name]
		if !ok {
			if p.Required {
				return nil, &ParamError{Kind: k.Name, Param: p.Name, Err: fmt.Errorf("missing; give %s: %s", p.Name, p.Type.form(p).EN)}
			}
			if text = p.Default; text == "" {
				continue
			}
		}
		v, err := ParseValue(p, text)
		if err != nil {
			return nil, &ParamError{Kind: k.Name, Param: p.Name, Err: err}
		}
		values[p.Name] = v
	}
	return k.New(values)
}

func (k *Kind) knows() string {
	if len(k.Params) == 0 {
		return k.Name + " has none"
	}
	var all []string
	for _, p := range k.Params {
		all = append(all, p.Name)
	}
	return k.Name + " has " + strings.Join(all, ", ")
}

func sortedNames(given map[string]string) []string {
	var all []string
	for name := range given {
		all = append(all, name)
	}
	slices.Sort(all)
	return all
}

// UnknownError says that there is no such kind of fault. Names has those that
// there are.
type UnknownError struct{ Name string }

// Error names the kind and how to find the right one.
func (e *UnknownError) Error() string {
	return fmt.Sprintf("unknown fault %q; acqsim faults lists them", e.Name)
}

// ParamError says what is wrong with a parameter of a fault.
type ParamError struct {
	Kind  string
	Param string // its name, also of one that there is not
	Err   error  // never nil
}

// Error names the fault, the parameter, and what is wrong.
func (e *ParamError) Error() string { return fmt.Sprintf("%s: %s: %v", e.Kind, e.Param, e.Err) }

// Unwrap returns Err.
func (e *ParamError) Unwrap() error { return e.Err }
