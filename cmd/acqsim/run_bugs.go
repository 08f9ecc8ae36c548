package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/acqsim/acqsim/simulator/suite"
	"github.com/acqsim/acqsim/simulator/terminal"
)

// bugNames lists the firmware bugs that the reference terminal can have.
func bugNames() []string {
	var names []string
	for _, b := range terminal.Bugs() {
		names = append(names, string(b.Bug))
	}
	return names
}

// withBugs gives the reference terminal firmware bugs.
func (f *runFlags) withBugs(d suite.Driver) error {
	if len(f.bug) == 0 {
		return nil
	}
	builtin, ok := d.(*suite.Builtin)
	if !ok {
		return errors.New("--bug: only the reference terminal (--terminal builtin) has bugs to order")
	}
	for _, name := range f.bug {
		if err := oneOf(bugNames(), name); err != nil {
			return fmt.Errorf("--bug: %w", err)
		}
		builtin.Bugs = append(builtin.Bugs, terminal.Bug(name))
	}
	return nil
}

// runBugs runs the scenarios against each bug and prints the matrix.
func (a *app) runBugs(ctx context.Context, o *suite.Options, f *runFlags, t *runText) error {
	switch {
	case f.driver != builtinDriver || len(f.bug) > 0:
		return usagef("--bugs is about all bugs of the reference terminal: leave --terminal and --bug away")
	case slices.ContainsFunc(reportNames(f), func(string) bool { return true }):
		return usagef("--bugs prints a matrix and writes no reports: leave --%s away", reportNames(f)[0])
	}
	progress := newRunProgress(a.stderr, t, len(o.Cases)*o.Repeat*len(terminal.Bugs()))
	o.Progress = suite.Sequenced(progress.step)
	m, err := suite.Bugs(ctx, *o, nil)
	progress.done()
	switch {
	case errors.Is(err, context.Canceled):
		return exitWith(exitInterrupted, errors.New("interrupted: a matrix with holes says nothing"))
	case err != nil:
		return err
	}
	if _, err := io.WriteString(a.stdout, t.matrix(m)); err != nil {
		return err
	}
	for i := range m.Rows {
		if len(m.Rows[i].Errors) > 0 {
			return exitWith(exitUsage, nil)
		}
	}
	if len(m.Unconvicted()) > 0 {
		return exitWith(exitNegative, nil)
	}
	return nil
}

// reportNames are the reports that are wanted.
func reportNames(f *runFlags) (names []string) {
	for name, to := range f.reports {
		if *to != "" {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// The cells of the matrix.
const (
	cellRight = "X" // the bug's own rule failed
	cellOther = "o" // something else did
	cellNone  = "."
)

// matrix prints bugs and the scenarios that fail with them.
func (t *runText) matrix(m *suite.Matrix) string {
	var b strings.Builder
	b.WriteString(t.both("X: convicted by the bug's own rule; o: by something else; .: acquitted\n\n",
		"X：由对应规则判定；o：由其他规则判定；.：未发现\n\n"))
	width := places(t.both("scenario", "场景"))
	for _, s := range m.Scenarios {
		width = max(width, len(s))
	}
	head := t.both("scenario", "场景")
	b.WriteString(head + gap(head, width+2))
	for i := range m.Rows {
		fmt.Fprintf(&b, "%3d", i+1)
	}
	b.WriteByte('\n')
	for _, s := range m.Scenarios {
		line := s + gap(s, width+2)
		convicts := false
		for i := range m.Rows {
			cell := cellOf(&m.Rows[i], s)
			convicts = convicts || cell != cellNone
			line += "  " + cell
		}
		if convicts {
			b.WriteString(line + "\n")
		}
	}
	b.WriteByte('\n')
	for i := range m.Rows {
		r := &m.Rows[i]
		fmt.Fprintf(&b, "%2d  %s: %s\n", i+1, r.Bug, sayIn(r.Does, t.lang))
		fmt.Fprintf(&b, t.both("    %s convicts it in %d scenarios\n", "    规则 %s 在 %d 个场景中判定\n"), r.Rule, len(r.Convicted()))
		for _, x := range r.Errors {
			fmt.Fprintf(&b, t.both("    %s could not be run: %s\n", "    %s 无法执行：%s\n"), x.Scenario, sayIn(x.Why, t.lang))
		}
	}
	if free := m.Unconvicted(); len(free) > 0 {
		fmt.Fprintf(&b, t.both("\nNot convicted by the right rule: %v\n", "\n未被对应规则判定：%v\n"), free)
	}
	return b.String()
}

func cellOf(r *suite.BugRow, scenario string) string {
	i := slices.IndexFunc(r.Convictions, func(c suite.Conviction) bool { return c.Scenario == scenario })
	switch {
	case i < 0:
		return cellNone
	case r.Convictions[i].Right(r.Rule):
		return cellRight
	}
	return cellOther
}
