package reports

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/acqsim/acqsim/scenarios"
	"github.com/acqsim/acqsim/scenarios/library"
	"github.com/acqsim/acqsim/scenarios/transcript"
	"github.com/acqsim/acqsim/scenarios/verdict"
	"github.com/acqsim/acqsim/scenarios/world"
	"github.com/acqsim/acqsim/simulator/suite"
)

// evidence is what a failed scenario rests on, as text: the rules that failed,
// what was expected, and the money at risk, each with its events; and how to see
// it again.
func evidence(report *suite.Report, r *suite.Result) string {
	if r.Verdict == nil {
		return r.Why.EN
	}
	var b strings.Builder
	for _, x := range r.Verdict.Failures() {
		fmt.Fprintf(&b, "rule %s: %s%s\n", x.Rule, x.Why, eventsOf(x.Events))
		if rule, err := verdict.Find(x.Rule); err == nil {
			fmt.Fprintf(&b, "  why it matters: %s\n", rule.Why.EN)
		}
	}
	for _, x := range r.Verdict.Expect {
		if x.Verdict == scenarios.Fail {
			fmt.Fprintf(&b, "expectation %d: %s%s\n", x.Number, x.Why, eventsOf(x.Events))
		}
	}
	for _, m := range r.Verdict.Money {
		fmt.Fprintf(&b, "money at risk: %s %s, %s, left by %s: %s%s\n",
			world.FormatAmount(m.Amount, m.Currency), m.Currency, m.Kind, m.By, m.Why, eventsOf(m.Events))
	}
	fmt.Fprintf(&b, "run it again: %s\n", again(report, r))
	return b.String()
}

// again is the command line that runs a scenario again, as it was run.
func again(report *suite.Report, r *suite.Result) string {
	run := r.Header.Run
	if run == nil {
		run = &transcript.Run{}
	}
	name, profile, dialect := r.Scenario, report.Profile, report.Dialect
	if _, err := library.Source(name); err != nil || run.Scenario.Name != name+".yaml" {
		name = cmp.Or(run.Scenario.Name, name) // a file
	}
	if run.Profile.Text != "" {
		profile = run.Profile.Name
	}
	if run.Dialect.Text != "" {
		dialect = run.Dialect.Name
	}
	words := []string{"acqsim", "run", name, "--terminal", report.Terminal, "--profile", profile, "--dialect", dialect, "--seed", fmt.Sprint(r.Seed)}
	if run.World.Name != "" {
		words = append(words, "--world", run.World.Name)
	}
	words = append(words, report.Flags...)
	for i, w := range words {
		if strings.ContainsFunc(w, func(r rune) bool { return !strings.ContainsRune(plainInShell, r) }) {
			words[i] = "'" + strings.ReplaceAll(w, "'", `'\''`) + "'"
		}
	}
	return strings.Join(words, " ")
}

// plainInShell are the characters that shells take for what they are.
const plainInShell = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./:,@%+="

// eventsOf names events by their numbers in the transcript.
func eventsOf(events []uint64) string {
	if len(events) == 0 {
		return ""
	}
	return " " + strings.ReplaceAll(fmt.Sprintf("%d", events), " ", ", ")
}
