package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"runtime/pprof"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/acqsim/acqsim/simulator/bench"
)

// The exit codes.
const (
	exitOK          = 0
	exitFailed      = 1
	exitUsage       = 2
	exitNotReached  = 3
	exitInterrupted = 130
)

// serve is the whole life of a server process. An interrupt from the keyboard
// reaches it as well, and is left to the parent: the end of stdin ends it.
func serve(server, profile string, stdin io.Reader, stdout, stderr io.Writer) int {
	signal.Ignore(os.Interrupt)
	stop, err := startProfile(profile)
	if err == nil {
		err = errors.Join(bench.Serve(context.Background(), server, stdin, stdout), stop())
	}
	if err != nil {
		_, _ = fmt.Fprintln(stderr, err)
		return exitFailed
	}
	return exitOK
}

// startProfile begins a CPU profile, if a file is named.
func startProfile(file string) (stop func() error, err error) {
	if file == "" {
		return func() error { return nil }, nil
	}
	f, err := os.Create(file) //nolint:gosec // the user's own choice
	if err != nil {
		return nil, fmt.Errorf("profile: %w", err)
	}
	if err := pprof.StartCPUProfile(f); err != nil {
		return nil, errors.Join(fmt.Errorf("profile: %w", err), f.Close())
	}
	return func() error {
		pprof.StopCPUProfile()
		return f.Close()
	}, nil
}

// settings are what the flags say.
type settings struct {
	options  bench.Options
	table    bool
	lean     bool
	armed    bool
	delays   bool
	idle     int
	soak     uint64
	markdown bool
	json     bool
	check    bool
	profile  string
}

func parse(args []string, stderr io.Writer, command serverCommand) (*settings, error) {
	s := &settings{}
	o := &s.options
	o.Command = func(ctx context.Context, server string) *exec.Cmd {
		profile := s.profile
		if profile != "" {
			profile += "." + server
		}
		return command(ctx, server, profile)
	}
	f := flag.NewFlagSet("acqsim-bench", flag.ContinueOnError)
	f.SetOutput(stderr)
	f.Usage = func() {
		_, _ = fmt.Fprint(stderr, "Measures acqsim against a raw echo on this machine, both in processes of their own, on loopback.\n\nFlags:\n")
		f.PrintDefaults()
	}
	quick := f.Bool("quick", false, "a few seconds only: whether it works, not how fast it is")
	f.IntVar(&o.Rounds, "rounds", 3, "rounds for each server and line of the table")
	f.DurationVar(&o.Time, "time", 2*time.Second, "time of a round")
	f.DurationVar(&o.Warmup, "warmup", 0, "time of the round before, which does not count (default half a round)")
	f.IntVar(&o.Terminals, "terminals", 2000, "terminals, shared out among the connections")
	f.BoolVar(&s.table, "table", true, "measure the table")
	f.BoolVar(&s.lean, "lean", true, "measure 100 connections under a load that costs next to nothing, too")
	f.BoolVar(&s.armed, "armed", true, "measure what a scenario costs that is armed for another terminal")
	f.BoolVar(&s.delays, "delays", true, "measure by how much faults that wait miss their time")
	f.IntVar(&s.idle, "idle", 10_000, "measure the memory of this many idle connections; 0: don't")
	f.Uint64Var(&s.soak, "soak", 0, "measure the memory over this many messages, such as 10000000; 0: don't")
	f.BoolVar(&s.markdown, "markdown", false, "print Markdown, for docs/performance.md")
	f.BoolVar(&s.json, "json", false, "print JSON")
	f.BoolVar(&s.check, "check", false, "exit code 3 if something to reach is not reached")
	f.StringVar(&s.profile, "profile", "", "write CPU profiles of the servers here, with their names as endings; the last line of the table remains")
	list(f, &o.Connections, "conns", "1,10,100,1000", "numbers of connections", strconv.Atoi)
	list(f, &o.Depths, "depths", "1,16", "requests under way on each connection", strconv.Atoi)
	list(f, &o.Traffics, "traffic", names(bench.Traffics()), "dialects, +mac with MACs", bench.ParseTraffic)
	list(f, &o.Servers, "servers", strings.Join(bench.Servers(), ","), "servers, the one to compare with first",
		func(s string) (string, error) { return s, nil })
	if err := f.Parse(args); err != nil {
		return nil, err
	}
	if f.NArg() > 0 {
		return nil, fmt.Errorf("unexpected argument %q; see -help", f.Arg(0))
	}
	if *quick {
		quicken(f, s)
	}
	return s, o.Complete()
}

// quicken makes everything short that the flags leave open.
func quicken(f *flag.FlagSet, s *settings) {
	given := map[string]bool{}
	f.Visit(func(set *flag.Flag) { given[set.Name] = true })
	o := &s.options
	for name, set := range map[string]func(){
		"rounds": func() { o.Rounds = 1 },
		"time":   func() { o.Time = 50 * time.Millisecond },
		"warmup": func() { o.Warmup = 20 * time.Millisecond },
		"conns":  func() { o.Connections = []int{1, 100} },
		"idle":   func() { s.idle = 500 },
	} {
		if !given[name] {
			set()
		}
	}
}

// list defines a flag of comma-separated values.
func list[T any](f *flag.FlagSet, dst *[]T, name, standard, usage string, one func(string) (T, error)) {
	f.Func(name, fmt.Sprintf("%s, separated by commas (default %s)", usage, standard), func(s string) error {
		*dst = nil
		for part := range strings.SplitSeq(s, ",") {
			v, err := one(strings.TrimSpace(part))
			if err != nil {
				return err
			}
			*dst = append(*dst, v)
		}
		return nil
	})
}

func names(all []bench.Traffic) string {
	var s []string
	for _, t := range all {
		s = append(s, t.String())
	}
	return strings.Join(s, ",")
}

func measure(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	program, err := os.Executable()
	if err != nil {
		_, _ = fmt.Fprintf(stderr, "acqsim-bench: can't find its own program to start servers with: %v\n", err)
		return exitFailed
	}
	return measureWith(ctx, args, stdout, stderr, func(ctx context.Context, server, profile string) *exec.Cmd {
		// The end of its stdin ends a server; the context would kill it.
		cmd := exec.CommandContext(context.WithoutCancel(ctx), program, childFlag, server, profile) //nolint:gosec // this program itself
		cmd.Stderr = stderr
		return cmd
	})
}

// serverCommand makes the command of a server process.
type serverCommand = func(ctx context.Context, server, profile string) *exec.Cmd

// measureWith is measure with a choice of how servers are started.
func measureWith(ctx context.Context, args []string, stdout, stderr io.Writer, command serverCommand) int {
	s, err := parse(args, stderr, command)
	if errors.Is(err, flag.ErrHelp) {
		return exitOK
	}
	if err != nil {
		_, _ = fmt.Fprintln(stderr, "acqsim-bench:", err)
		return exitUsage
	}
	p := newProgress(stderr)
	s.options.Progress = p.step

	r := bench.Report{Date: time.Now(), Machine: bench.ThisMachine(), Options: s.options}
	err = s.all(ctx, &r, p)
	p.done()
	r.Complete = err == nil
	write := r.Text
	switch {
	case s.json:
		write = r.JSON
	case s.markdown:
		write = r.Markdown
	}
	if werr := write(stdout); werr != nil {
		err = errors.Join(err, fmt.Errorf("print the report: %w", werr))
	}
	switch {
	case ctx.Err() != nil:
		_, _ = fmt.Fprintln(stderr, "acqsim-bench: interrupted")
		return exitInterrupted
	case err != nil:
		_, _ = fmt.Fprintln(stderr, "acqsim-bench:", err)
		return exitFailed
	}
	missed := func(t bench.Target) bool { return !t.Met }
	if s.check && slices.ContainsFunc(r.Targets(), missed) {
		return exitNotReached
	}
	return exitOK
}

// all measures the parts that are wanted. Wrong replies in one don't keep the
// others from being measured; whatever else goes wrong does.
func (s *settings) all(ctx context.Context, r *bench.Report, p *progress) (err error) {
	for _, part := range []struct {
		wanted  bool
		measure func(context.Context, bench.Options) ([]bench.Cell, error)
		cells   *[]bench.Cell
	}{{s.table, bench.Run, &r.Cells}, {s.lean, bench.MeasureLean, &r.Lean}, {s.armed, bench.MeasureArmed, &r.Armed}} {
		if !part.wanted {
			continue
		}
		var perr error
		*part.cells, perr = part.measure(ctx, s.options)
		err = errors.Join(err, perr)
		if wrong := (*bench.WrongReplies)(nil); perr != nil && !errors.As(perr, &wrong) {
			return err
		}
	}
	if s.delays && ctx.Err() == nil {
		var derr error
		r.Delays, derr = bench.MeasureDelays(ctx, s.options)
		err = errors.Join(err, derr)
	}
	if s.idle > 0 && ctx.Err() == nil {
		var ierr error
		r.Idle, ierr = bench.MeasureIdle(ctx, s.options, s.idle)
		err = errors.Join(err, ierr)
	}
	if s.soak > 0 && ctx.Err() == nil {
		var serr error
		r.Soak, serr = bench.MeasureSoak(ctx, s.options, s.soak, p.soak)
		err = errors.Join(err, serr)
	}
	return err
}
