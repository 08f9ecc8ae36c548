package suite

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/acqsim/acqsim/scenarios"
	"github.com/acqsim/acqsim/scenarios/library"
	"github.com/acqsim/acqsim/scenarios/strictyaml"
	"github.com/acqsim/acqsim/scenarios/transcript"
	"github.com/acqsim/acqsim/scenarios/world"
)

// Case is a scenario that is to be run.
type Case struct {
	Scenario *scenarios.Scenario
	Source   transcript.Source
}

// Cases loads scenarios: causes of the library by their names, files, and all
// YAML files of folders, with those below. Without names it is the whole
// library. w is the world that they are checked against; nil is the default
// one. The error is strictyaml.Problems, or says what can't be read.
func Cases(w *world.World, names ...string) (all []Case, err error) {
	if len(names) == 0 {
		names = library.Names()
	}
	var found strictyaml.Problems
	add := func(name string, src []byte, err error) {
		if err != nil {
			found.Add(err)
			return
		}
		s, err := scenarios.Load(name, src, w)
		if err != nil {
			found.Add(err)
			return
		}
		if i := slices.IndexFunc(all, func(c Case) bool { return c.Scenario.Name == s.Name }); i >= 0 {
			if all[i].Source.Name != name {
				found.Add(s.Place.Errorf("%s is the name of %s, too: results are told apart by it", s.Name, all[i].Source.Name))
			}
			return
		}
		all = append(all, Case{s, transcript.Source{Name: name, Text: string(src)}})
	}
	for _, name := range names {
		if !strings.ContainsAny(name, `./\`) {
			src, err := library.Source(name)
			add(name+".yaml", src, err)
			continue
		}
		files, err := filesUnder(name)
		if err != nil {
			return nil, fmt.Errorf("the scenarios can't be read: %w", err)
		}
		for _, file := range files {
			src, err := os.ReadFile(file)
			add(file, src, err)
		}
	}
	return all, found.Err()
}

// filesUnder lists the YAML files of a folder, sorted; of a file, itself.
func filesUnder(name string) (files []string, err error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		return []string{name}, nil
	}
	err = filepath.WalkDir(name, func(path string, e os.DirEntry, err error) error {
		if err == nil && !e.IsDir() && slices.Contains([]string{".yaml", ".yml"}, filepath.Ext(path)) {
			files = append(files, path)
		}
		return err
	})
	if err == nil && len(files) == 0 {
		err = fmt.Errorf("there is no scenario (*.yaml) in %s", name)
	}
	return files, err
}

// needs are what a scenario needs of a terminal, as [Ready.Can] names it.
func (c *Case) needs() (all []string) {
	add := func(what string) {
		if what != "" && !slices.Contains(all, what) {
			all = append(all, what)
		}
	}
	var of func([]scenarios.Action)
	of = func(actions []scenarios.Action) {
		for i := range actions {
			a := &actions[i]
			of(a.Together)
			if a.Wait == nil && a.Together == nil {
				add(a.Name)
			}
			if t := a.Transaction; t != nil {
				if strings.HasPrefix(string(t.PIN), "wrong") {
					add("pin")
				}
				if t.Entry == "chip" {
					add("chip")
				}
			}
		}
	}
	of(c.Scenario.Actions)
	return all
}

// byHand reports whether only a person can bring the cause about: one in the
// shop whose actions don't.
func (c *Case) byHand() bool {
	cuts := slices.ContainsFunc(c.Scenario.Actions, func(a scenarios.Action) bool { return a.PowerCut != nil })
	return c.Scenario.IsSite() && !cuts
}
