package simtest

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/acqsim/acqsim/scenarios"
	"github.com/acqsim/acqsim/scenarios/transcript"
	"github.com/acqsim/acqsim/scenarios/verdict"
	"github.com/acqsim/acqsim/scenarios/world"
	"github.com/acqsim/acqsim/simulator/suite"
)

// hinted says which option an error asks for.
func hinted(err error) error {
	if errors.Is(err, suite.ErrNeedsTLS) {
		return fmt.Errorf("%w: add simtest.TLS(), and connect with Server.TLS", err)
	}
	return err
}

// evidence is why a run failed, for the log of a test.
func evidence(r *suite.Result) string {
	var b strings.Builder
	b.WriteString("acqsim: the terminal is at fault")
	if r.Scenario != "" {
		fmt.Fprintf(&b, " in %s", r.Scenario)
	}
	b.WriteByte('\n')
	var cited []uint64
	say := func(what string, why world.Bilingual, events []uint64) {
		fmt.Fprintf(&b, "%s: %s %v\n", what, why.EN, events)
		cited = append(cited, events...)
	}
	for _, x := range r.Verdict.Failures() {
		say("rule "+x.Rule, x.Why, x.Events)
		if rule, err := verdict.Find(x.Rule); err == nil {
			fmt.Fprintf(&b, "  why it matters: %s\n", rule.Why.EN)
		}
	}
	for _, x := range r.Verdict.Expect {
		if x.Verdict == scenarios.Fail {
			say(fmt.Sprintf("expectation %d", x.Number), x.Why, x.Events)
		}
	}
	for _, m := range r.Verdict.Money {
		say(fmt.Sprintf("money at risk: %s %s, %s, left by %s", world.FormatAmount(m.Amount, m.Currency), m.Currency, m.Kind, m.By), m.Why, m.Events)
	}
	b.WriteString("These events, by number and seconds:\n")
	for i := range r.Events {
		if e := &r.Events[i]; slices.Contains(cited, e.Seq) {
			fmt.Fprintf(&b, "  %3d  %8.3f  %s\n", e.Seq, e.At.Sub(r.Events[0].At).Seconds(), eventText(e))
		}
	}
	return b.String()
}

// eventText is an event in one line.
func eventText(e *transcript.Event) string {
	parts := []string{e.Kind.String()}
	add := func(format string, args ...any) { parts = append(parts, fmt.Sprintf(format, args...)) }
	if e.Action != 0 {
		add("action %d", e.Action)
	}
	if e.MTI != 0 {
		add("%04d", e.MTI)
	}
	if e.Type != world.Unrecognised {
		add("%s", e.Type)
	}
	if e.HasSTAN {
		add("STAN %06d", e.STAN)
	}
	if e.Amount != 0 {
		add("%s %s", world.FormatAmount(e.Amount, e.Currency), e.Currency)
	}
	if e.Outcome != world.Undecided {
		add("%s", e.Outcome)
	}
	if e.Kind == transcript.Reported {
		add("%s", e.Shown)
	}
	if e.Code != "" {
		add("code %s", e.Code)
	}
	if e.Strike != nil {
		add("(%s)", e.Strike.Scenario)
	}
	if e.Why != "" {
		add("– %s", e.Why)
	}
	return strings.Join(parts, " ")
}
