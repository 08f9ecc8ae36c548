package main

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/acqsim/acqsim/scenarios/profile"
	"github.com/acqsim/acqsim/scenarios/strictyaml"
	"github.com/acqsim/acqsim/scenarios/world"
	"github.com/acqsim/acqsim/simulator/dialect"
)

// loadWithWorld returns the configuration for a command, and its world.
func (a *app) loadWithWorld(cmd *cobra.Command) (*effective, *world.World, error) {
	e, err := a.load(cmd)
	if err != nil {
		return nil, nil, err
	}
	w, err := loadWorld(e.World)
	return e, w, err
}

// loadWorld returns the world of a file, or the embedded one for no file.
func loadWorld(file string) (*world.World, error) {
	w, _, err := readWorld(file)
	return w, err
}

// readWorld is loadWorld with the file's values and their places; of the
// embedded world, none.
func readWorld(file string) (*world.World, strictyaml.Node, error) {
	if file == "" {
		return world.Default(), strictyaml.Node{}, nil
	}
	src, err := os.ReadFile(file)
	if err != nil {
		return nil, strictyaml.Node{}, usagef("the world can't be read: %w", err)
	}
	w, err := world.Load(file, src)
	if err != nil {
		return nil, strictyaml.Node{}, exitWith(exitUsage, err)
	}
	n, _ := strictyaml.Parse(file, src) // Load has told what is wrong
	return w, n, nil
}

// namesFile reports whether what can be a name or a file is a file: no name of
// ours has a dot or a slash.
func namesFile(name string) bool { return strings.ContainsAny(name, `./\`) }

// openProfile returns the profile of that name, or that of the file.
func openProfile(name string) (*profile.Profile, error) {
	p, _, err := profileSource(name)
	return p, err
}

// dialects finds dialects by name: those of the files that the configuration
// names first, then the embedded ones.
type dialects struct {
	files map[string]string // path by the name that the file gives its dialect
}

func loadDialects(files []string) (*dialects, error) {
	all := &dialects{files: map[string]string{}}
	for _, file := range files {
		d, err := dialect.LoadFile(file)
		if err != nil {
			return nil, exitWith(exitUsage, err)
		}
		if first, taken := all.files[d.Name()]; taken {
			return nil, usagef("dialect %s is defined by %s and by %s: rename one", d.Name(), first, file)
		}
		all.files[d.Name()] = file
	}
	return all, nil
}

// open returns a dialect by name, name/variant, or path.
func (a *dialects) open(name string) (*dialect.Dialect, error) {
	base, variant, _ := strings.Cut(name, "/")
	if file, ours := a.files[base]; ours {
		if variant != "" {
			file += "/" + variant
		}
		d, err := dialect.LoadFile(file)
		if err != nil {
			return nil, exitWith(exitUsage, err)
		}
		return d, nil
	}
	d, err := dialect.Open(name)
	if err != nil {
		return nil, exitWith(exitUsage, err)
	}
	return d, nil
}

// unwrapPath shortens what the operating system says of a path that an error
// names already.
func unwrapPath(err error) error {
	var p *os.PathError
	if errors.As(err, &p) {
		return fmt.Errorf("%s: %w", p.Path, p.Err)
	}
	return err
}

func sortedKeys[K cmp.Ordered, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }
