package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/acqsim/acqsim/scenarios/strictyaml"
)

// lint checks files and prints every mistake with its place, the line and what
// to do. The error has the exit code only, unless a file can't be read.
func (a *app) lint(files []string, check func(file string, src []byte) error) error {
	if len(files) == 0 {
		return usagef("name the files to check, or - for stdin")
	}
	var unreadable strictyaml.Problems
	mistakes := 0
	for _, file := range files {
		src, name, err := a.readFile(file)
		if err != nil {
			unreadable.Add(err)
			continue
		}
		n, err := a.lintOne(name, check(name, src))
		if err != nil {
			return err
		}
		mistakes += n
	}
	switch {
	case len(unreadable) > 0:
		return exitWith(exitUsage, unreadable.Err())
	case mistakes > 0:
		return exitWith(exitNegative, nil)
	}
	return nil
}

// readFile reads a file; - is stdin.
func (a *app) readFile(file string) (src []byte, name string, err error) {
	if file == "-" {
		src, err = readBounded(a.stdin, "stdin", strictyaml.MaxSize)
		return src, "stdin", err
	}
	if src, err = os.ReadFile(file); err != nil { //nolint:gosec // the user names the file
		return nil, file, fmt.Errorf("the file can't be read: %w", err)
	}
	return src, file, nil
}

// lintOne prints what was found in a file, and returns how many mistakes that
// is.
func (a *app) lintOne(file string, found error) (int, error) {
	text := file + ": no mistakes\n"
	n := 0
	if found != nil {
		var all strictyaml.Problems
		if !errors.As(found, &all) {
			all.Add(found)
		}
		n = len(all)
		text = ""
		for _, p := range all {
			text += p.Error() + "\n" + p.Excerpt()
		}
		text += fmt.Sprintf("%s: %s\n", file, plural(n, "mistake"))
	}
	_, err := fmt.Fprint(a.stdout, text)
	return n, err
}
