package suite

import (
	"slices"
	"time"

	"github.com/acqsim/acqsim/scenarios"
	"github.com/acqsim/acqsim/scenarios/transcript"
	"github.com/acqsim/acqsim/scenarios/verdict"
	"github.com/acqsim/acqsim/scenarios/world"
)

// ReportVersion is the version of a Report as JSON.
const ReportVersion = 1

// Status is how a scenario ended.
type Status string

// The ways to end.
const (
	Passed  Status = "passed"  // no rule failed, and nothing expected is missing
	Failed  Status = "failed"  // the terminal did something wrong
	Errored Status = "error"   // it could not be run: the driver, the server, the scenario
	Skipped Status = "skipped" // it does not apply to this terminal
)

// Text says the status for people.
func (s Status) Text() world.Bilingual { return world.Bilingual{EN: string(s), ZH: statusTexts[s]} }

var statusTexts = map[Status]string{Passed: "通过", Failed: "不通过", Errored: "出错", Skipped: "跳过"}

// Report is what came of a suite. Its JSON is documented in docs/suites.md.
type Report struct {
	Version  int           `json:"version"`
	Program  string        `json:"program"`
	Started  time.Time     `json:"started"`
	Elapsed  time.Duration `json:"elapsed_ns"`
	Terminal string        `json:"terminal"` // the driver, as the user named it
	Profile  string        `json:"profile"`
	Dialect  string        `json:"dialect"`
	Seed     uint64        `json:"seed"`
	Lang     string        `json:"-"`       // en or zh: in which a page opens; empty: in that of its reader
	Flags    []string      `json:"-"`       // of the command, to run a scenario again
	Results  []Result      `json:"results"` // in the order of the scenarios, repeats behind one another
}

// Result is what came of a scenario.
type Result struct {
	Scenario string          `json:"scenario"`
	Title    world.Bilingual `json:"title"`
	Repeat   int             `json:"repeat,omitempty"` // from 1; 0: it was run once
	Seed     uint64          `json:"seed"`
	Status   Status          `json:"status"`
	// Rule is the first rule that failed; "": none, or something else that the
	// scenario expects.
	Rule string `json:"rule,omitempty"`
	// Why is one sentence: what failed, why it could not be run, or was not.
	Why     world.Bilingual `json:"why,omitzero"`
	Output  string          `json:"output,omitempty"` // of the driver, where it is to blame
	Elapsed time.Duration   `json:"elapsed_ns"`
	Verdict *verdict.Report `json:"verdict,omitempty"`

	Header transcript.Header  `json:"-"`
	Events []transcript.Event `json:"-"` // what Verdict rests on
}

// Count returns how many scenarios ended so.
func (r *Report) Count(s Status) (n int) {
	for i := range r.Results {
		if r.Results[i].Status == s {
			n++
		}
	}
	return n
}

// conclude fills in what a verdict says.
func (r *Result) conclude(v *verdict.Report) {
	r.Verdict = v
	r.Status = Passed
	if v.Passed() {
		return
	}
	r.Status = Failed
	if failed := v.Failures(); len(failed) > 0 {
		r.Rule, r.Why = failed[0].Rule, failed[0].Why
		return
	}
	i := slices.IndexFunc(v.Expect, func(e verdict.Expectation) bool { return e.Verdict == scenarios.Fail })
	r.Why = v.Expect[i].Why
}
