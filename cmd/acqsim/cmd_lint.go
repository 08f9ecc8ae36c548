package main

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/acqsim/acqsim/scenarios"
	"github.com/acqsim/acqsim/scenarios/profile"
	"github.com/acqsim/acqsim/scenarios/schema"
	"github.com/acqsim/acqsim/scenarios/strictyaml"
	"github.com/acqsim/acqsim/scenarios/world"
	"github.com/acqsim/acqsim/simulator/dialect"
)

// fileKind is a kind of file that can be checked.
type fileKind struct {
	name  string
	keys  []string // of its top level
	check func(file string, src []byte, w *world.World) error
}

// fileKinds are told apart by their keys; where files have as many keys of
// two, the first counts.
func fileKinds() []fileKind {
	return []fileKind{
		{"scenario", keysOf(scenarios.Schema()), func(file string, src []byte, w *world.World) error {
			_, err := scenarios.Load(file, src, w)
			return err
		}},
		{"profile", keysOf(profile.Schema()), func(file string, src []byte, _ *world.World) error {
			_, err := profile.Load(file, src)
			return err
		}},
		{"world", keysOf(world.Schema()), func(file string, src []byte, _ *world.World) error {
			return lintWorld(file, src)
		}},
		{"dialect", []string{"spec", "frame", "variants", "conventions", "codes"}, func(file string, src []byte, _ *world.World) error {
			return dialect.Lint(file, src)
		}},
	}
}

// lintWorld checks a world, and that the causes which its terminals and cards
// name can be brought about for them.
func lintWorld(file string, src []byte) error {
	w, err := world.Load(file, src)
	if err != nil {
		return err
	}
	n, _ := strictyaml.Parse(file, src) // Load has told what is wrong
	_, _, err = scenarios.Chosen(w, n, causeFor(w), time.Time{})
	return err
}

// commonKeys say nothing about what a file is.
var commonKeys = []string{"name", "title", "about"}

func keysOf(o schema.Object) []string {
	properties, _ := o["properties"].(schema.Object)
	return slices.Sorted(maps.Keys(properties))
}

func newLintCommand(a *app) *cobra.Command {
	var as string
	names := []string{"scenario", "profile", "world", "dialect"}
	cmd := &cobra.Command{
		Use:   "lint PATH...",
		Short: "Report every mistake in scenarios, profiles, worlds and dialects",
		Long: `Report every mistake in scenario, profile, world and dialect files: file, line,
column, the line itself, and what to do about it. Of a folder, all .yaml and .yml
files below it are checked; - is stdin. Which kind a file is, its keys tell; --as
says it where they can't. Scenarios are checked against the world that acqsim
serve would decide from. The exit code is 1 if there are mistakes.`,
		RunE: func(cmd *cobra.Command, paths []string) error {
			if as != "" {
				if err := oneOf(names, as); err != nil {
					return usagef("--as: %w", err)
				}
			}
			_, w, err := a.loadWithWorld(cmd)
			if err != nil {
				return err
			}
			files, err := filesBelow(paths)
			if err != nil {
				return exitWith(exitUsage, err)
			}
			kinds := fileKinds()
			return a.lint(files, func(file string, src []byte) error { return lintAs(kinds, as, file, src, w) })
		},
	}
	addSettings(cmd, "world")
	cmd.Flags().StringVar(&as, "as", "", "what the files are: `KIND` is scenario, profile, world or dialect")
	return cmd
}

// filesBelow puts the YAML files of folders in their place.
func filesBelow(paths []string) (files []string, err error) {
	for _, path := range paths {
		found := 0
		err := filepath.WalkDir(path, func(file string, entry fs.DirEntry, err error) error {
			switch {
			case file == path && (err != nil || !entry.IsDir()):
				files, found = append(files, path), 1
				return nil //nolint:nilerr // what is wrong with the file itself, lint says in its place
			case err != nil:
				return fmt.Errorf("the folder can't be read: %w", err)
			case !entry.IsDir() && slices.Contains([]string{".yaml", ".yml"}, filepath.Ext(file)):
				files, found = append(files, file), found+1
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
		if found == 0 {
			return nil, fmt.Errorf("%s has no .yaml or .yml files", path)
		}
	}
	return files, nil
}

// lintAs checks a file as the kind that it is.
func lintAs(kinds []fileKind, as, file string, src []byte, w *world.World) error {
	if as == "" {
		n, err := strictyaml.Parse(file, src)
		if !n.Exists() {
			return err
		}
		if as = kindOf(kinds, n); as == "" {
			var found strictyaml.Problems
			found.Add(err)
			p := n.Errorf("its keys do not tell whether this is a scenario, a profile, a world or a dialect")
			p.Hint = "say so with --as"
			found.Add(p)
			return found.Err()
		}
	}
	i := slices.IndexFunc(kinds, func(k fileKind) bool { return k.name == as })
	if i < 0 {
		return errors.New("no kind of file is called " + as)
	}
	return kinds[i].check(file, src, w)
}

// kindOf tells what a file is by its keys; empty: it can't be told.
func kindOf(kinds []fileKind, n strictyaml.Node) (kind string) {
	most := 0
	for _, k := range kinds {
		own := 0
		for _, e := range n.Entries() {
			key := e.Key.Text()
			if !slices.Contains(commonKeys, key) && slices.Contains(k.keys, key) {
				own++
			}
		}
		if own > most {
			kind, most = k.name, own
		}
	}
	return kind
}
