package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/acqsim/acqsim/scenarios/library"
	"github.com/acqsim/acqsim/simulator/suite"
	"github.com/acqsim/acqsim/simulator/suite/reports"
)

// runFlags are the flags of acqsim run.
type runFlags struct {
	driver, dialect, listen, terminal string
	tls                               bool
	timeout, connect                  time.Duration
	repeat, parallel                  int
	lang                              string
	reports                           map[string]*string // by the form's name
	bug                               []string
	bugs                              bool
}

// runSettings are the keys of the configuration that it heeds.
var runSettings = []string{"world", "profile", "seed", "color", "tls_authority"}

func newRunCommand(a *app) *cobra.Command {
	f := &runFlags{reports: map[string]*string{}}
	cmd := &cobra.Command{
		Use:   "run [CAUSE, FILE or FOLDER]...",
		Short: "Run scenarios against a terminal, and judge it",
		Long: `Run scenarios against a terminal, and judge it by the rules (acqsim rules) and
by what each scenario expects. Each scenario has a fresh server of its own that
brings the cause about. Without names, it is the whole library (acqsim causes);
a name with a dot or a slash is a file, or a folder with files.

--terminal says how the terminal is made to act: builtin is the reference
terminal of acqsim, with short timeouts; exec:COMMAND a program that is told in
JSON what to do; http://HOST/PATH a test robot that is told the same; manual asks
a person. See docs/drivers.md.

Progress goes to standard error; then a table says for each scenario how it
ended, and which rule failed. Scenarios that do not apply to the terminal are
skipped, with the reason. The exit code is 0 if all passed, 1 if a rule failed
or something expected is missing, 2 if a scenario could not be run or all were
skipped, and 130 after Ctrl-C; what was done until then is reported.`,
		Example: `  acqsim run
  acqsim run reply-lost reply-late --profile unionpay-bctc
  acqsim run --terminal "exec:python3 pos.py" --timeout 5s
  acqsim run wrong-pin --terminal manual --listen :8583
  acqsim run my-scenarios/ --dialect iso87-ascii --repeat 5
  acqsim run --html report.html --junit junit.xml --transcripts transcripts/
  acqsim run --json - > report.json
  acqsim run reply-lost --bug forgets-reversal
  acqsim run --bugs`,
		RunE: func(cmd *cobra.Command, args []string) error { return a.runSuite(cmd, f, args) },
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return library.Names(), cobra.ShellCompDirectiveDefault
		},
	}
	s := cmd.Flags()
	s.StringVar(&f.driver, "terminal", builtinDriver, "make the terminal act through this `DRIVER`: builtin, exec:COMMAND, http://HOST/PATH or manual")
	s.StringVar(&f.dialect, "dialect", "", "`NAME` of the dialect, or its file (default that of the first listener)")
	s.StringVar(&f.terminal, "terminal-id", suite.DefaultTerminal, "`ID` of the terminal (DE 41) where a scenario does not say")
	s.StringVar(&f.listen, "listen", "", "listen at `ADDR`, one scenario after the other, for a terminal that can't change its host (default a free port of this machine for each)")
	s.BoolVar(&f.tls, "tls", false, "run every scenario over TLS, not only those that need it")
	s.DurationVar(&f.timeout, "timeout", 0, "`TIME` that the terminal waits for a reply (default 1s for builtin, else the profile's)")
	s.DurationVar(&f.connect, "connect-timeout", 0, "`TIME` that the terminal waits for a connection (default 500ms for builtin, else the profile's)")
	s.IntVar(&f.repeat, "repeat", 1, "run each scenario `N` times, each time with the next seed")
	s.IntVar(&f.parallel, "parallel", 0, "scenarios at the same time, `N`, with --listen only 1 (default as many as terminal and machine bear)")
	s.StringVar(&f.lang, "lang", langEN, "`LANGUAGE` of the table and of displays: "+strings.Join(faultLangs, ", "))
	s.StringArrayVar(&f.bug, "bug", nil, "give the reference terminal the firmware bug `NAME`; can be given several times")
	s.BoolVar(&f.bugs, "bugs", false, "run everything with each known firmware bug of the reference terminal in turn, and print which scenarios convict it")
	for _, form := range reports.Forms() {
		f.reports[form.Name] = s.String(form.Name, "", form.Usage)
	}
	addSettings(cmd, runSettings...)
	// The flags are the command's own: they are there.
	_ = cmd.RegisterFlagCompletionFunc("bug", cobra.FixedCompletions(bugNames(), cobra.ShellCompDirectiveNoFileComp))
	_ = cmd.RegisterFlagCompletionFunc("lang", cobra.FixedCompletions(faultLangs, cobra.ShellCompDirectiveNoFileComp))
	_ = cmd.RegisterFlagCompletionFunc("terminal", cobra.FixedCompletions(driverNames, cobra.ShellCompDirectiveNoSpace|cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

func (a *app) runSuite(cmd *cobra.Command, f *runFlags, names []string) error {
	o, e, err := a.suiteOptions(cmd, f, names)
	if err != nil {
		return err
	}
	if f.bugs {
		return a.runBugs(cmd.Context(), o, f, newRunText(f.lang, false))
	}
	out, err := a.openReports(f)
	if err != nil {
		return err
	}
	table := a.stdout
	if out.stdout {
		table = a.stderr
	}
	t := newRunText(f.lang, e.coloured(table))
	progress := newRunProgress(a.stderr, t, len(o.Cases)*o.Repeat)
	progress.live = progress.live && !talks(f.driver)
	o.Progress = progress.step
	report, err := suite.Run(cmd.Context(), *o)
	progress.done()
	if report == nil {
		return exitWith(exitUsage, err)
	}
	if _, err := io.WriteString(table, t.table(report)); err != nil {
		return err
	}
	if err := out.write(report, o.Dialect); err != nil {
		return err
	}
	var unclean *suite.CleanUpError
	if errors.As(err, &unclean) && !errors.Is(err, context.Canceled) {
		err = errors.New(sayIn(unclean.Text(), f.lang))
	}
	return runExit(report, err)
}

// runExit is the exit code of a suite, which ended early with err if that is
// not nil: what the terminal did wrong counts before what could not be run.
func runExit(r *suite.Report, err error) error {
	switch {
	case errors.Is(err, context.Canceled):
		return exitWith(exitInterrupted, errors.New("interrupted: scenarios that had not ended count as not run"))
	case r.Count(suite.Failed) > 0:
		return exitWith(exitNegative, err)
	case err != nil || r.Count(suite.Errored) > 0:
		return exitWith(exitUsage, err)
	case r.Count(suite.Skipped) == len(r.Results):
		return usagef("every scenario was skipped, so nothing was judged")
	}
	return nil
}

// suiteOptions makes a suite of flags and configuration. Errors are the user's.
func (a *app) suiteOptions(cmd *cobra.Command, f *runFlags, names []string) (*suite.Options, *effective, error) {
	o, e, err := a.readSuite(cmd, f, names)
	var known *exitError
	if err != nil && !errors.As(err, &known) {
		err = exitWith(exitUsage, err)
	}
	return o, e, err
}

func (a *app) readSuite(cmd *cobra.Command, f *runFlags, names []string) (*suite.Options, *effective, error) {
	if err := f.check(cmd.Flags()); err != nil {
		return nil, nil, err
	}
	// Other flags of run have the names of settings, and another meaning.
	settings := &cobra.Command{}
	for _, name := range runSettings {
		settings.Flags().AddFlag(cmd.Flags().Lookup(strings.ReplaceAll(name, "_", "-")))
	}
	e, err := a.load(settings)
	if err != nil {
		return nil, nil, err
	}
	o := &suite.Options{
		Name: f.driver, Flags: againFlags(cmd.Flags()), Pace: paceOf(f.driver), Terminal: f.terminal, Listen: f.listen, TLS: f.tls, Lang: f.lang,
		Seed: e.Seed, Repeat: f.repeat, Parallel: f.parallel, Program: versionText(),
	}
	if o.Driver, err = a.openDriver(f.driver); err != nil {
		return nil, nil, fmt.Errorf("--terminal: %w", err)
	}
	if err := f.withBugs(o.Driver); err != nil {
		return nil, nil, err
	}
	if f.timeout > 0 {
		o.Pace.Response = f.timeout
	}
	if f.connect > 0 {
		o.Pace.Connect = f.connect
	}
	if o.Profile, o.ProfileSource, err = profileSource(e.Profile); err != nil {
		return nil, nil, err
	}
	if o.World, o.WorldSource, err = worldSource(e.World); err != nil {
		return nil, nil, err
	}
	if o.Dialect, err = e.dialectOf(f.dialect); err != nil {
		return nil, nil, err
	}
	if err := checkID(o.Dialect, "terminal-id", terminalField, f.terminal); err != nil {
		return nil, nil, err
	}
	if o.Authority, err = e.authority(); err != nil {
		return nil, nil, err
	}
	o.Cases, err = suite.Cases(o.World, names...)
	return o, e, err
}

// againFlags are the flags that were given, of those that have a scenario run in
// another way.
func againFlags(given *pflag.FlagSet) (all []string) {
	for _, name := range []string{"terminal-id", "listen", "tls", "timeout", "tls-authority", "connect-timeout", "bug"} {
		f := given.Lookup(name)
		switch values, several := f.Value.(pflag.SliceValue); {
		case !f.Changed:
		case several:
			for _, v := range values.GetSlice() {
				all = append(all, "--"+name, v)
			}
		case f.NoOptDefVal != "":
			all = append(all, "--"+name+"="+f.Value.String())
		default:
			all = append(all, "--"+name, f.Value.String())
		}
	}
	return all
}

// check reports values that can't be.
func (f *runFlags) check(given *pflag.FlagSet) error {
	if err := oneOf(faultLangs, f.lang); err != nil {
		return fmt.Errorf("--lang: %w", err)
	}
	if err := checkTimes(given); err != nil {
		return err
	}
	switch {
	case f.terminal == "":
		return errors.New("--terminal-id: an ID is wanted; without the flag it is " + suite.DefaultTerminal)
	case f.repeat < 1:
		return fmt.Errorf("--repeat: %d is no number of runs: it takes 1 or more", f.repeat)
	case given.Changed("parallel") && f.parallel < 1:
		return fmt.Errorf("--parallel: %d scenarios can't run at a time", f.parallel)
	case f.listen != "" && f.parallel > 1:
		return fmt.Errorf("--parallel: %d scenarios can't run at a time at one address: with --listen they run one after the other", f.parallel)
	}
	if f.listen == "" {
		return nil
	}
	if err := checkAddress(f.listen); err != nil {
		return fmt.Errorf("--listen: %w", err)
	}
	return nil
}

// checkTimes reports timeouts that were given and are none: without them, others
// say how long to wait.
func checkTimes(given *pflag.FlagSet) error {
	for _, name := range []string{"timeout", "connect-timeout"} {
		if !given.Changed(name) {
			continue
		}
		if d, err := given.GetDuration(name); err != nil || d <= 0 {
			return errors.New("--timeout and --connect-timeout: a time above zero is wanted")
		}
	}
	return nil
}
