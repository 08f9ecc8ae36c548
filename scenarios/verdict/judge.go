package verdict

import (
	"slices"

	"github.com/acqsim/acqsim/scenarios"
	"github.com/acqsim/acqsim/scenarios/profile"
	"github.com/acqsim/acqsim/scenarios/transcript"
	"github.com/acqsim/acqsim/scenarios/world"
)

// Input is what a verdict rests on. It is not changed.
type Input struct {
	Events  []transcript.Event // of one run, in order
	Profile *profile.Profile   // nil: the default one. Its timeouts are those the terminal had

	// Scenario says what is expected besides the rules; nil: nothing.
	Scenario *scenarios.Scenario
	// World has the opening balances for what a scenario expects of them; nil:
	// they are not known.
	World *world.World
	// Terminal is the one that is judged (DE 41); "": those that the driver
	// worked, else the scenario's, else the first that sent a request.
	Terminal string
	// Field reads a data element of the message in an event, 0 being the MTI;
	// nil: only what stands in the event itself.
	Field func(e *transcript.Event, field int) (value string, present, readable bool)
	// Means returns the response codes of ISO 8583:1987, which scenarios name,
	// that mean the same as one in the answer to a request of another dialect;
	// nil: nobody knows.
	Means func(request *transcript.Event, code string) []string
}

// Report is all that a verdict says.
type Report struct {
	Terminals []string      `json:"terminals,omitempty"` // that were judged
	Profile   string        `json:"profile"`
	Rules     []Result      `json:"rules"`            // all, in a fixed order
	Expect    []Expectation `json:"expect,omitempty"` // of the scenario, in its order
	Money     []Risk        `json:"money,omitempty"`  // that is at risk at the end
}

// Passed reports whether no rule failed and nothing expected is missing. A rule
// that the scenario expects to fail does not count.
func (r *Report) Passed() bool {
	return len(r.Failures()) == 0 && !slices.ContainsFunc(r.Expect, func(e Expectation) bool { return e.Verdict == scenarios.Fail })
}

// Failures lists the rules that failed, but for those that the scenario expects
// to.
func (r *Report) Failures() (all []Result) {
	for _, x := range r.Rules {
		asExpected := slices.ContainsFunc(r.Expect, func(e Expectation) bool { return e.rule == x.Rule && e.Verdict == scenarios.Pass })
		if x.Verdict == scenarios.Fail && !asExpected {
			all = append(all, x)
		}
	}
	return all
}

// Judge judges a run. Equal inputs give equal reports.
func Judge(in Input) (*Report, error) {
	if in.Profile == nil {
		p, err := profile.Open(profile.Default)
		if err != nil {
			return nil, err
		}
		in.Profile = p
	}
	ids := judged(&in)
	r := &Report{Terminals: ids, Profile: in.Profile.Name}
	stories := make([]*story, len(ids))
	for i, id := range ids {
		stories[i] = tell(&in, id, len(ids) == 1)
		r.Money = append(r.Money, stories[i].risks()...)
	}
	for i := range rules {
		r.Rules = append(r.Rules, rules[i].over(stories))
	}
	r.expect(&in, stories)
	return r, nil
}

// over judges each terminal: the worst counts.
func (r *Rule) over(stories []*story) Result {
	var t tally
	nothing := world.Say("no terminal sent anything", "没有终端发送过任何数据")
	for _, s := range stories {
		f := r.judge(s)
		switch f.is {
		case scenarios.Fail:
			t.failed(f.why, f.events...)
		case scenarios.Pass:
			t.passed(f.why, f.events...)
		default:
			t.open(f.why, f.events...)
		}
	}
	f := t.finding(nothing)
	return Result{r.Name, f.is, f.events, f.why}
}

// judged lists the terminals under test.
func judged(in *Input) (ids []string) {
	if in.Terminal != "" {
		return []string{in.Terminal}
	}
	first := ""
	for i := range in.Events {
		e := &in.Events[i]
		switch e.Kind {
		case transcript.Acted, transcript.Reported:
			if e.Terminal != "" && !slices.Contains(ids, e.Terminal) {
				ids = append(ids, e.Terminal)
			}
		case transcript.Received:
			if first == "" {
				first = e.Terminal
			}
		}
	}
	switch {
	case len(ids) > 0:
		return ids
	case in.Scenario != nil && in.Scenario.Terminal != "":
		return []string{string(in.Scenario.Terminal)}
	case first != "":
		return []string{first}
	}
	return nil
}
