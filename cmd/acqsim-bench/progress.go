package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"golang.org/x/term"

	"github.com/acqsim/acqsim/simulator/bench"
)

// progress shows on stderr how far a run has come: on a terminal in one line
// that is written over, elsewhere a line for each step.
type progress struct {
	w     io.Writer
	over  bool
	width int // of what stands in the line
}

func newProgress(w io.Writer) *progress {
	f, ok := w.(*os.File)
	return &progress{w: w, over: ok && term.IsTerminal(int(f.Fd()))} //nolint:gosec // a file descriptor
}

func (p *progress) step(at bench.Progress) {
	s := fmt.Sprintf("%d/%d  %s", at.Done+1, at.All, at.Step)
	if at.Left > 0 {
		s += fmt.Sprintf("  (about %v left)", at.Left.Round(time.Second))
	}
	p.line(s)
	if !p.over {
		_, _ = io.WriteString(p.w, "\n")
	}
}

// soak shows a point when it is there, and lets it stand.
func (p *progress) soak(at bench.SoakPoint) {
	p.line(fmt.Sprintf("%d messages, %.0f/s, resident %.1f MiB, after garbage collection %.1f MiB", at.Messages, at.PerSecond,
		float64(at.Busy.Resident)/(1<<20), float64(at.Settled.Resident)/(1<<20)))
	p.width = 0
	_, _ = io.WriteString(p.w, "\n")
}

func (p *progress) line(s string) {
	if p.over {
		rest := max(p.width-len(s), 0)
		p.width = len(s)
		s = "\r" + s + strings.Repeat(" ", rest)
	}
	_, _ = io.WriteString(p.w, s)
}

// done clears the line.
func (p *progress) done() {
	if p.over {
		p.line("")
		_, _ = io.WriteString(p.w, "\r")
	}
}
