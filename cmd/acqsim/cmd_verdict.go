package main

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/acqsim/acqsim/scenarios"
	"github.com/acqsim/acqsim/scenarios/profile"
	"github.com/acqsim/acqsim/scenarios/transcript"
	"github.com/acqsim/acqsim/scenarios/verdict"
	"github.com/acqsim/acqsim/scenarios/world"
	"github.com/acqsim/acqsim/simulator/dialect"
	"github.com/acqsim/acqsim/simulator/suite"
	"github.com/acqsim/acqsim/simulator/suite/reports"
)

// verdictOptions are the flags of acqsim verdict.
type verdictOptions struct {
	profile, scenario, dialect, terminal, lang string
	json                                       bool
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
expected is missing, and 2 if the terminal is not in the transcript, so that
nothing was judged.

A transcript of acqsim run says what it was judged by: profile, scenario and
world. It is judged by them again, but for what
flags say.`,
		Example: `  acqsim serve --journal shop.jsonl
  acqsim verdict shop.jsonl --profile unionpay-bctc
  acqsim verdict shop.jsonl --scenario reply-lost --json
  acqsim run --transcripts transcripts/ && acqsim verdict transcripts/reply-lost.jsonl`,
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
	f.StringVar(&o.dialect, "dialect", "", "read messages by this `FILE`, where the transcript has a dialect of your own and does not carry it")
	f.StringVar(&o.terminal, "terminal", "", "judge this terminal `ID`")
	f.StringVar(&o.lang, "lang", langEN, "`LANGUAGE` of the text: "+strings.Join(faultLangs, ", ")+"; JSON has both")
	f.BoolVar(&o.json, "json", false, "write JSON")
	// The flag is the command's own: it is there.
	_ = cmd.RegisterFlagCompletionFunc("lang", cobra.FixedCompletions(faultLangs, cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

func (a *app) verdict(cmd *cobra.Command, o *verdictOptions, name string) error {
	if err := oneOf(faultLangs, o.lang); err != nil {
		return usagef("--lang: %w", err)
	}
	given, err := a.verdictRun(cmd, o)
	if err != nil {
		return err
	}
	h, events, err := a.lastRun(name)
	if err != nil {
		return exitWith(exitUsage, err)
	}
	if h.Run == nil {
		h.Run = given
	} else {
		override(h.Run, given, cmd.Flags().Changed("profile"))
	}
	r, err := suite.Judge(h, events)
	if err != nil {
		return usagef("the transcript can't be judged: %w", err)
	}
	if err := nothingJudged(name, r, events); err != nil {
		return err
	}
	if o.json {
		err = reports.WriteVerdict(a.stdout, r)
	} else {
		err = a.print(verdictText(r, o.lang))
	}
	if err != nil {
		return err
	}
	if !r.Passed() {
		return exitWith(exitNegative, nil)
	}
	return nil
}

// verdictRun is what the flags say that a transcript is judged by.
func (a *app) verdictRun(cmd *cobra.Command, o *verdictOptions) (*transcript.Run, error) {
	r := &transcript.Run{Terminal: o.terminal}
	var err error
	if _, r.Profile, err = profileSource(o.profile); err != nil {
		return nil, exitWith(exitUsage, err)
	}
	if o.dialect != "" {
		d, err := dialect.LoadFile(o.dialect)
		if err != nil {
			return nil, exitWith(exitUsage, err)
		}
		path, src := d.File()
		r.Dialect = transcript.Source{Name: path, Text: string(src)}
	}
	if o.scenario == "" {
		return r, nil
	}
	e, err := a.load(cmd)
	if err != nil {
		return nil, err
	}
	var w *world.World
	if w, r.World, err = worldSource(e.World); err != nil {
		return nil, exitWith(exitUsage, err)
	}
	cases, err := suite.Cases(w, o.scenario)
	switch {
	case err != nil:
		return nil, exitWith(exitUsage, err)
	case len(cases) != 1:
		return nil, usagef("--scenario: %s has several scenarios: name one", o.scenario)
	}
	r.Scenario = cases[0].Source
	return r, nil
}

// override changes what a transcript says that it is judged by. The times that
// the terminal had stay as they were.
func override(run, given *transcript.Run, profile bool) {
	if profile {
		run.Profile = given.Profile
	}
	if given.Scenario.Text != "" {
		run.Scenario = given.Scenario
	}
	if given.Dialect.Text != "" {
		run.Dialect = given.Dialect
	}
	if given.Terminal != "" {
		run.Terminal = given.Terminal
	}
}

// lastRun reads the last run in a transcript.
func (a *app) lastRun(name string) (transcript.Header, []transcript.Event, error) {
	if name == "-" {
		return suite.LastRun(a.stdin, name)
	}
	f, err := os.Open(name)
	if err != nil {
		return transcript.Header{}, nil, fmt.Errorf("the transcript can't be read: %w", err)
	}
	defer f.Close()
	return suite.LastRun(f, name)
}

// nothingJudged is the error of a report on terminals that the transcript knows
// nothing of: it would acquit whoever was never there. Nil: something was judged.
func nothingJudged(name string, r *verdict.Report, events []transcript.Event) error {
	seen := map[string]bool{}
	for i := range events {
		switch e := &events[i]; e.Kind {
		case transcript.Acted, transcript.Reported, transcript.Received:
			if e.Terminal != "" {
				seen[e.Terminal] = true
			}
		}
	}
	known := func(id string) bool { return seen[id] }
	told := func(x verdict.Result) bool { return x.Verdict == scenarios.Pass || x.Verdict == scenarios.Fail }
	switch {
	case slices.ContainsFunc(r.Terminals, known):
		return nil
	case len(seen) > 0:
		return usagef("%s: terminal %s is not in it, so nothing was judged: --terminal takes %s",
			name, strings.Join(r.Terminals, ", "), strings.Join(sortedKeys(seen), " or "))
	case len(r.Terminals) > 0 && slices.ContainsFunc(r.Rules, told):
		return nil // by connections, on which nothing was sent that says whose they are
	}
	return usagef("%s: no terminal is in it, so nothing was judged", name)
}

// verdictText is a report for people.
func verdictText(r *verdict.Report, lang string) string {
	var b strings.Builder
	in := func(en, zh string) string { return words{en, zh}.in(lang) }
	fmt.Fprintf(&b, in("Terminal %s, profile %s\n\n", "终端 %s，终端规范 %s\n\n"), strings.Join(r.Terminals, ", "), r.Profile)
	line := func(is scenarios.Verdict, name string, why world.Bilingual, events []uint64) {
		word := sayIn(is.Text(), lang)
		fmt.Fprintf(&b, in("%s%s: %s%s\n", "%s%s：%s%s\n"), word+gap(word, 15), name, sayIn(why, lang), eventsText(events, lang))
	}
	for _, x := range r.Rules {
		line(x.Verdict, x.Rule, x.Why, x.Events)
	}
	if len(r.Expect) > 0 {
		b.WriteString(in("\nExpected by the scenario\n", "\n场景预期\n"))
	}
	for _, x := range r.Expect {
		line(x.Verdict, fmt.Sprint(x.Number), x.Why, x.Events)
	}
	b.WriteString(in("\nMoney at risk at the end\n", "\n运行结束时的风险资金\n"))
	if len(r.Money) == 0 {
		b.WriteString(in("none\n", "无\n"))
	}
	for _, m := range r.Money {
		kind, by := words{string(m.Kind), m.Kind.Text().ZH}.in(lang), words{string(m.By), m.By.Text().ZH}.in(lang)
		fmt.Fprintf(&b, in("%s %s, %s, left by %s: %s%s\n", "%s %s，%s，责任方 %s：%s%s\n"),
			world.FormatAmount(m.Amount, m.Currency), m.Currency, kind, by, sayIn(m.Why, lang), eventsText(m.Events, lang))
	}
	return b.String()
}

// eventsText names events by their numbers; of many, the first ones.
func eventsText(events []uint64, lang string) string {
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
	return words{" [events ", " [事件 "}.in(lang) + strings.Join(all, ", ") + "]"
}
