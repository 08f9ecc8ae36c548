package main

import (
	"fmt"
	"os"

	"github.com/acqsim/acqsim/scenarios/profile"
	"github.com/acqsim/acqsim/scenarios/transcript"
	"github.com/acqsim/acqsim/scenarios/world"
	"github.com/acqsim/acqsim/simulator/dialect"
)

// profileSource opens a profile by name or file, and says where it is from: a
// transcript carries what can't be opened everywhere.
func profileSource(name string) (*profile.Profile, transcript.Source, error) {
	from := transcript.Source{Name: name}
	if !namesFile(name) {
		p, err := profile.Open(name)
		return p, from, err
	}
	src, err := os.ReadFile(name)
	if err != nil {
		return nil, from, fmt.Errorf("the profile can't be read: %w", unwrapPath(err))
	}
	from.Text = string(src)
	p, err := profile.Load(name, src)
	return p, from, err
}

// worldSource opens the world of a file, or the embedded one for no file.
func worldSource(file string) (*world.World, transcript.Source, error) {
	from := transcript.Source{Name: file}
	if file == "" {
		return world.Default(), from, nil
	}
	src, err := os.ReadFile(file)
	if err != nil {
		return nil, from, fmt.Errorf("the world can't be read: %w", unwrapPath(err))
	}
	from.Text = string(src)
	w, err := world.Load(file, src)
	return w, from, err
}

// dialectOf opens a dialect by name or file; "" is that of the first listener.
// One that requires a MAC which no terminal can make is refused, as serve does:
// every scenario would end with a terminal that is told to sign on.
func (e *effective) dialectOf(name string) (*dialect.Dialect, error) {
	known, err := loadDialects(e.Dialects)
	if err != nil {
		return nil, err
	}
	first := &e.Listeners[0]
	if name == "" {
		d, err := known.open(first.Dialect)
		if err != nil {
			return nil, err
		}
		if _, err := e.withMAC(first, d); err != nil {
			return nil, err
		}
		return d, nil // in a run, its own policy holds
	}
	d, err := known.open(name)
	if err == nil && unsignable(d) {
		return nil, usagef("--dialect: "+neverSigned+"give it `keys:`, or `policy: \"off\"` under `mac:`", d.Name())
	}
	return d, err
}
