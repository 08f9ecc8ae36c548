package main

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"golang.org/x/term"

	"github.com/acqsim/acqsim/simulator/suite"
	"github.com/acqsim/acqsim/simulator/suite/reports"
)

// runProgress shows how far a suite has come: on a screen in one line that is
// written over, elsewhere a line for each scenario as it ends.
type runProgress struct {
	w       io.Writer
	t       *runText
	live    bool
	columns int // of the screen
	all     int
	ended   map[suite.Status]int
	running []string
}

func newRunProgress(w io.Writer, t *runText, all int) *runProgress {
	p := &runProgress{w: w, t: t, all: all, ended: map[suite.Status]int{}}
	if f, ok := w.(*os.File); ok && term.IsTerminal(int(f.Fd())) { //nolint:gosec // a file descriptor is small
		p.live, p.columns = true, 80
		if wide, _, err := term.GetSize(int(f.Fd())); err == nil && wide > 0 { //nolint:gosec // a file descriptor is small
			p.columns = wide
		}
	}
	return p
}

// step is told that a scenario begins or ends.
func (p *runProgress) step(r *suite.Result, done bool) {
	name := reports.Name(r)
	if !done {
		p.running = append(p.running, name)
	} else {
		if i := slices.Index(p.running, name); i >= 0 {
			p.running = slices.Delete(p.running, i, i+1)
		}
		p.ended[r.Status]++
	}
	switch {
	case p.live:
		p.line(fmt.Sprintf("%d/%d %s", p.count(), p.all, p.now()))
	case done:
		// What progress can't be shown is no reason to end.
		_, _ = fmt.Fprintf(p.w, "%*d/%d  %s  %s  %s\n", len(fmt.Sprint(p.all)), p.count(), p.all,
			p.t.word(r.Status)+gap(p.t.word(r.Status), 8), name, shortTime(r.Elapsed))
	}
}

func (p *runProgress) count() (n int) {
	for _, x := range p.ended {
		n += x
	}
	return n
}

// now says what has gone wrong so far, and what is being run.
func (p *runProgress) now() string {
	text := ""
	for _, s := range []suite.Status{suite.Failed, suite.Errored} {
		if n := p.ended[s]; n > 0 {
			text += fmt.Sprintf(" %s %d", p.t.word(s), n)
		}
	}
	return strings.TrimSpace(text + "  " + strings.Join(p.running, ", "))
}

// line writes over the line.
func (p *runProgress) line(s string) {
	if places(s) >= p.columns {
		r := []rune(s)
		for len(r) > 0 && places(string(r)) > p.columns-2 {
			r = r[:len(r)-1]
		}
		s = string(r) + "…"
	}
	_, _ = io.WriteString(p.w, "\r\x1b[K"+s)
}

// done clears the line.
func (p *runProgress) done() {
	if p.live {
		p.line("")
	}
}
