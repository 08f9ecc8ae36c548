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
func (e *effective) dialectOf(name string) (*dialect.Dialect, error) {
	known, err := loadDialects(e.Dialects)
	if err != nil {
		return nil, err
	}
	if name == "" {
		name = e.Listeners[0].Dialect
	}
	return known.open(name)
}
