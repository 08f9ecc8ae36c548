package suite

import (
	"context"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/acqsim/acqsim/scenarios"
	"github.com/acqsim/acqsim/simulator/terminal"
)

// Matrix says which scenarios convict which firmware bug of the reference
// terminal: who judges the judge.
type Matrix struct {
	Scenarios []string // that were run, in order
	Rows      []BugRow // a row for each bug, in the order of terminal.Bugs
}

// BugRow is what one bug came to.
type BugRow struct {
	terminal.BugDoc
	Convictions []Conviction // the scenarios that failed, in order
	Errors      []Result     // those that could not be run
}

// Conviction is a scenario that a bug makes fail.
type Conviction struct {
	Scenario string
	Rules    []string // that failed, in the order of rules; empty: only what the scenario expects
}

// Right reports whether a rule is among those that failed.
func (c *Conviction) Right(rule string) bool { return slices.Contains(c.Rules, rule) }

// Convicted lists the scenarios in which the bug's own rule failed.
func (r *BugRow) Convicted() (names []string) {
	for i := range r.Convictions {
		if r.Convictions[i].Right(r.Rule) {
			names = append(names, r.Convictions[i].Scenario)
		}
	}
	return names
}

// Unconvicted lists the bugs that no scenario convicts by the right rule.
func (m *Matrix) Unconvicted() (bugs []terminal.Bug) {
	for i := range m.Rows {
		if len(m.Rows[i].Convicted()) == 0 {
			bugs = append(bugs, m.Rows[i].Bug)
		}
	}
	return bugs
}

// Bugs runs the scenarios against the reference terminal with each of its bugs
// in turn. o is as for Run; its driver is not used. of chooses the cases of a
// bug; nil: all of them. Progress is called with the bug's name in front of the
// scenario's, for several bugs at a time: see Sequenced.
func Bugs(ctx context.Context, o Options, of func(terminal.Bug) []Case) (*Matrix, error) {
	m := &Matrix{}
	for i := range o.Cases {
		m.Scenarios = append(m.Scenarios, o.Cases[i].Scenario.Name)
	}
	all := terminal.Bugs()
	m.Rows = make([]BugRow, len(all))
	tell := o.Progress
	var g errgroup.Group
	g.SetLimit(bugsAtATime)
	for i, b := range all {
		m.Rows[i].BugDoc = b
		run := o
		run.Driver = &Builtin{Bugs: []terminal.Bug{b.Bug}}
		if of != nil {
			run.Cases = of(b.Bug)
		}
		if len(run.Cases) == 0 {
			continue
		}
		if tell != nil {
			run.Progress = func(r *Result, done bool) {
				named := *r
				named.Scenario = string(b.Bug) + " " + r.Scenario
				tell(&named, done)
			}
		}
		g.Go(func() error {
			r, err := Run(ctx, run)
			if r != nil {
				m.Rows[i].fill(r)
			}
			return err
		})
	}
	return m, g.Wait()
}

// bugsAtATime is how many bugs are run at the same time, each with its own
// scenarios side by side: most of the time, terminals wait.
const bugsAtATime = 3

func (r *BugRow) fill(report *Report) {
	for i := range report.Results {
		x := &report.Results[i]
		switch x.Status {
		case Errored:
			r.Errors = append(r.Errors, *x)
		case Failed:
			c := Conviction{Scenario: x.Scenario}
			for _, v := range x.Verdict.Rules {
				if v.Verdict == scenarios.Fail {
					c.Rules = append(c.Rules, v.Rule)
				}
			}
			r.Convictions = append(r.Convictions, c)
		}
	}
}

// Sequenced makes calls of a progress function follow one another.
func Sequenced(progress func(r *Result, done bool)) func(r *Result, done bool) {
	var mu sync.Mutex
	return func(r *Result, done bool) {
		mu.Lock()
		defer mu.Unlock()
		progress(r, done)
	}
}
