package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/acqsim/acqsim/scenarios"
	"github.com/acqsim/acqsim/scenarios/library"
	"github.com/acqsim/acqsim/scenarios/profile"
	"github.com/acqsim/acqsim/scenarios/transcript"
	"github.com/acqsim/acqsim/scenarios/verdict"
	"github.com/acqsim/acqsim/scenarios/world"
	"github.com/acqsim/acqsim/simulator/dialect"
)

// verdictOptions are the flags of acqsim verdict.
type verdictOptions struct {
	profile, scenario, terminal string
	json                        bool
}

func newVerdictCommand(a *app) *cobra.Command {
	var o verdictOptions
	cmd := &cobra.Command{
		Use:   "verdict TRANSCRIPT",
		Short: "Judge a terminal by a recorded transcript",
		Long: `Judge a terminal by a recorded transcript (acqsim serve --journal FILE): each
rule, what it rests on, and why; what a scenario expects, with --scenario; and
the money that is at risk at the end. The same transcript always gives the same
verdict. acqsim rules tells what the rules are.

Without --terminal, judged are the terminals that a driver worked, else the
scenario's, else the first that sent a request. Of a transcript with several
runs, the last is judged. The exit code is 1 if a rule failed or something
expected is missing.`,
		Example: `  acqsim serve --journal shop.jsonl
  acqsim verdict shop.jsonl --profile unionpay-bctc
  acqsim verdict shop.jsonl --scenario reply-lost --json`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return errors.New("give one transcript, as acqsim serve --journal FILE writes it; - is stdin")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error { return a.verdict(cmd, &o, args[0]) },
	}
	f := cmd.Flags()
	f.StringVar(&o.profile, "profile", profile.Default, "how the terminal is meant to behave: `NAME` or file; "+strings.Join(profile.Names(), ", "))
	f.StringVar(&o.scenario, "scenario", "", "judge what this cause expects, too: `NAME` or file")
	f.StringVar(&o.terminal, "terminal", "", "judge this terminal `ID`")
	f.BoolVar(&o.json, "json", false, "write JSON")
	return cmd
}

func (a *app) verdict(cmd *cobra.Command, o *verdictOptions, name string) error {
	in := verdict.Input{Terminal: o.terminal, Field: newFieldReader().read}
	var err error
	if in.Profile, err = openProfile(o.profile); err != nil {
		return exitWith(exitUsage, err)
	}
	if o.scenario != "" {
		e, err := a.load(cmd)
		if err != nil {
			return err
		}
		w, err := loadWorld(e.World)
		if err != nil {
			return err
		}
		if in.Scenario, err = openScenario(o.scenario, w); err != nil {
			return exitWith(exitUsage, err)
		}
		if in.World, err = scenarios.Apply(w, in.Scenario); err != nil {
			return exitWith(exitUsage, err)
		}
	}
	if in.Events, err = a.lastRun(name); err != nil {
		return usagef("the transcript can't be read: %w", err)
	}
	r, err := verdict.Judge(in)
	if err != nil {
		return err
	}
	if o.json {
		b, err := json.MarshalIndent(r, "", "  ")
		if err != nil {
			return err
		}
		err = a.print(string(b) + "\n")
		if err != nil {
			return err
		}
	} else if err := a.print(verdictText(r)); err != nil {
		return err
	}
	if !r.Passed() {
		return exitWith(exitNegative, nil)
	}
	return nil
}

func openProfile(name string) (*profile.Profile, error) {
	if slices.Contains(profile.Names(), name) || !strings.ContainsAny(name, `./\`) {
		return profile.Open(name)
	}
	src, err := os.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("the profile can't be read: %w", err)
	}
	return profile.Load(name, src)
}

func openScenario(name string, w *world.World) (*scenarios.Scenario, error) {
	if !strings.ContainsAny(name, `./\`) {
		return library.Load(name, w)
	}
	src, err := os.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("the scenario can't be read: %w", err)
	}
	return scenarios.Load(name, src, w)
}

// lastRun reads the events of the last run in a transcript.
func (a *app) lastRun(name string) (events []transcript.Event, err error) {
	in := a.stdin
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		in = f
	}
	d := transcript.NewDecoder(in, name)
	for {
		e, err := d.Next()
		switch {
		case errors.Is(err, io.EOF):
			return events, nil
		case err != nil:
			return nil, err
		}
		if n := len(events); n > 0 && e.Seq <= events[n-1].Seq {
			events = events[:0] // events are numbered anew in each run
		}
		events = append(events, e)
	}
}

// fieldReader reads data elements of recorded frames.
type fieldReader struct{ dialects map[string]*dialect.Dialect }

func newFieldReader() *fieldReader { return &fieldReader{dialects: map[string]*dialect.Dialect{}} }

func (r *fieldReader) read(e *transcript.Event, n int) (value string, present, readable bool) {
	d, known := r.dialects[e.Dialect]
	if !known {
		// One that can't be opened here leaves its fields unread.
		d, _ = dialect.Open(e.Dialect)
		r.dialects[e.Dialect] = d
	}
	if d == nil || len(e.Raw) == 0 {
		return "", false, false
	}
	f, _, err := d.Format().Cut(e.Raw, 0)
	if err != nil {
		return "", false, false
	}
	var ix dialect.Index
	if _, err := d.Index(f.Body, &ix); err != nil {
		return "", false, false
	}
	text, present := d.FieldText(f.Body, &ix, n, nil)
	return string(text), present, true
}

// verdictText is a report for people.
func verdictText(r *verdict.Report) string {
	var b strings.Builder
	fmt.Fprintf(&b, "Terminal %s, profile %s\n\n", strings.Join(r.Terminals, ", "), r.Profile)
	line := func(is scenarios.Verdict, name, why string, events []uint64) {
		fmt.Fprintf(&b, "%-14s %s: %s%s\n", is, name, why, eventsText(events))
	}
	for _, x := range r.Rules {
		line(x.Verdict, x.Rule, x.Why, x.Events)
	}
	if len(r.Expect) > 0 {
		b.WriteString("\nExpected by the scenario\n")
	}
	for _, x := range r.Expect {
		line(x.Verdict, fmt.Sprint(x.Number), x.Why, x.Events)
	}
	b.WriteString("\nMoney at risk at the end\n")
	if len(r.Money) == 0 {
		b.WriteString("none\n")
	}
	for _, m := range r.Money {
		fmt.Fprintf(&b, "%s %s, %s, left by %s: %s%s\n", world.FormatAmount(m.Amount, m.Currency), m.Currency, m.Kind, m.By, m.Why, eventsText(m.Events))
	}
	return b.String()
}

// eventsText names events by their numbers; of many, the first ones.
func eventsText(events []uint64) string {
	const most = 8
	var all []string
	for i, n := range events {
		if i == most {
			all = append(all, "…")
			break
		}
		all = append(all, fmt.Sprint(n))
	}
	if len(all) == 0 {
		return ""
	}
	return " [events " + strings.Join(all, ", ") + "]"
}
