package scenarios

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/acqsim/acqsim/scenarios/world"
)

// Files are scenario files that may be edited while they are in use. Whoever
// has them asks now and then what has changed: files are read by the given
// function, and compared, so that no event is missed on any file system.
//
// It is not safe for concurrent use.
type Files struct {
	read  func(path string) ([]byte, error)
	world *world.World
	all   []*file
}

type file struct {
	path   string
	src    []byte // as last looked at
	broken string // what was last said of it; empty: it was in order
	s      *Scenario
}

// FileChange is what has become of a file since the last look.
type FileChange struct {
	Path     string
	Old, New *Scenario // equal if Err says why the old one is kept
	Err      error
}

// NewFiles returns a set without files. read is usually os.ReadFile; w is what
// scenarios are checked against, nil for the default world.
func NewFiles(read func(path string) ([]byte, error), w *world.World) *Files {
	return &Files{read: read, world: w}
}

// Add loads a file and looks at it from now on.
func (f *Files) Add(path string) (*Scenario, error) {
	src, err := f.read(path)
	if err != nil {
		return nil, fmt.Errorf("the scenario can't be read: %w", err)
	}
	s, err := Load(path, src, f.world)
	if err != nil {
		return nil, err
	}
	if i := slices.IndexFunc(f.all, func(other *file) bool { return other.s.Name == s.Name }); i >= 0 {
		return nil, fmt.Errorf("%s and %s both have a scenario %s: rename one", f.all[i].path, path, s.Name)
	}
	f.all = append(f.all, &file{path: path, src: src, s: s})
	return s, nil
}

// Changes looks at all files. A file that can't be read or is not right keeps
// its scenario as it was, and is told of once.
func (f *Files) Changes() (all []FileChange) {
	for _, x := range f.all {
		if c, changed := f.look(x); changed {
			all = append(all, c)
		}
	}
	return all
}

func (f *Files) look(x *file) (FileChange, bool) {
	src, err := f.read(x.path)
	if err == nil {
		if bytes.Equal(src, x.src) && x.broken == "" {
			return FileChange{}, false
		}
		x.src = src
	}
	next := x.s
	if err == nil {
		next, err = Load(x.path, src, f.world)
	}
	if err == nil && next.Name != x.s.Name {
		err = next.Place.At("name").Errorf("the scenario was called %s when it was armed: give it this name again, or start anew", x.s.Name)
	}
	if err != nil {
		said := err.Error()
		if said == x.broken {
			return FileChange{}, false
		}
		x.broken = said
		return FileChange{Path: x.path, Old: x.s, New: x.s, Err: fmt.Errorf("%s goes on as it was: %w", x.s.Name, err)}, true
	}
	c := FileChange{Path: x.path, Old: x.s, New: next}
	x.broken, x.s = "", next
	return c, true
}
