// Package library has the causes that come with acqsim: real-world reasons for
// no (good) answer, one scenario file each, named as the cause.
package library

import (
	"embed"
	"fmt"
	"path"
	"strings"
	"sync"

	"github.com/acqsim/acqsim/scenarios"
	"github.com/acqsim/acqsim/scenarios/strictyaml"
	"github.com/acqsim/acqsim/scenarios/world"
)

//go:embed *.yaml
var files embed.FS

const extension = ".yaml"

// Names lists the causes, sorted.
func Names() []string {
	entries, err := files.ReadDir(".")
	if err != nil {
		panic("library: the embedded folder can't be read: " + err.Error())
	}
	all := make([]string, 0, len(entries))
	for _, e := range entries {
		all = append(all, strings.TrimSuffix(e.Name(), extension))
	}
	return all
}

// Source returns the file of a cause, to start one's own from.
func Source(name string) ([]byte, error) {
	src, err := files.ReadFile(path.Clean(name) + extension)
	if err != nil {
		p := &strictyaml.Problem{Message: fmt.Sprintf("no cause is called %q", name), Hint: "acqsim causes lists them"}
		return nil, p.Suggest(name, Names())
	}
	return src, nil
}

// Load returns a cause, checked against a world; nil is the default world.
func Load(name string, w *world.World) (*scenarios.Scenario, error) {
	src, err := Source(name)
	if err != nil {
		return nil, err
	}
	return scenarios.Load(name+extension, src, w)
}

// loadAll reads every file once; a test proves that they are right.
var loadAll = sync.OnceValues(func() (all []*scenarios.Scenario, err error) {
	for _, name := range Names() {
		s, err := Load(name, nil)
		if err != nil {
			return nil, err
		}
		all = append(all, s)
	}
	return all, nil
})

// All returns every cause, sorted by name, for the default world. They are
// shared and must not be changed.
func All() ([]*scenarios.Scenario, error) { return loadAll() }
