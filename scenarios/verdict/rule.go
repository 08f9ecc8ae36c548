// Package verdict judges a terminal: terminal rules, and what a scenario
// expects, are pure folds over a transcript. It waits for nothing and looks at
// nothing else, so the same transcript always gives the same verdict.
package verdict

import (
	"fmt"
	"slices"

	"github.com/acqsim/acqsim/scenarios"
	"github.com/acqsim/acqsim/scenarios/world"
)

// Needs is what a rule needs besides the wire.
type Needs uint8

// What rules need.
const (
	Wire   Needs = iota // the messages are enough
	Driver              // the terminal's driver has to report how actions ended
	Either              // it sees more with a driver's reports, and does without
)

// Text says it for people.
func (n Needs) Text() world.Bilingual {
	switch n {
	case Driver:
		return world.Bilingual{EN: "a driver that reports how each action ended", ZH: "需要驱动程序上报每个操作的结果"}
	case Either:
		return world.Bilingual{EN: "the messages; with a driver's reports it sees more", ZH: "仅凭报文即可；有驱动程序上报时判断更全面"}
	}
	return world.Bilingual{EN: "the messages", ZH: "仅凭报文"}
}

// Rule is a terminal rule.
type Rule struct {
	Name  string
	Fails world.Bilingual // what it convicts
	Why   world.Bilingual // what harm that does
	Needs Needs

	judge func(*story) finding
}

// finding is what a rule finds about one terminal.
type finding struct {
	is     scenarios.Verdict
	events []uint64
	why    world.Bilingual
}

// Result is the verdict of a rule.
type Result struct {
	Rule    string            `json:"rule"`
	Verdict scenarios.Verdict `json:"verdict"`
	Events  []uint64          `json:"events,omitempty"` // positions in the journal that it rests on
	Why     world.Bilingual   `json:"why"`
}

// rules are all of them, in the order of the documentation.
var rules = []Rule{
	noApprovalWithoutReply, approvedIsHonoured, reversalFollowsNoAnswer, reversalBlocksNext,
	reversalNamesItsOriginal, reversalRepeats, reversalSurvivesRestart, noReversalAfterDecline,
	lateReplyIgnored, mismatchNotAccepted, badMACNotAccepted, missingMACNotAccepted,
	duplicateReplyHarmless, oneInFlight, stanAdvances, reconnectsWithCare,
	connectionErrorsAreNotDeclines, noClearFallback, signsOnWhenTold, pinRetryIsNew,
	totalsAgree, noSecretInClear, moneyIsSafe,
}

// Rules lists all rules, in a fixed order.
func Rules() []Rule { return slices.Clone(rules) }

// Find returns the rule with the given name.
func Find(name string) (Rule, error) {
	for i := range rules {
		if rules[i].Name == name {
			return rules[i], nil
		}
	}
	return Rule{}, fmt.Errorf("unknown rule %q; acqsim rules lists them", name)
}

// tally gathers what a rule finds case by case: one conviction convicts, and
// what could not be judged counts only where nothing else was found.
type tally struct {
	fail, pass, unknown *finding
}

func (t *tally) failed(why world.Bilingual, events ...uint64) {
	if t.fail == nil {
		t.fail = &finding{scenarios.Fail, order(events), why}
	}
}

func (t *tally) passed(why world.Bilingual, events ...uint64) {
	if t.pass == nil {
		t.pass = &finding{scenarios.Pass, nil, why}
	}
	t.pass.events = order(append(t.pass.events, events...))
}

func (t *tally) open(why world.Bilingual, events ...uint64) {
	if t.unknown == nil {
		t.unknown = &finding{scenarios.NotApplicable, order(events), why}
	}
}

// finding is the verdict; nothing is what is said where no case came up.
func (t *tally) finding(nothing world.Bilingual) finding {
	for _, f := range []*finding{t.fail, t.pass, t.unknown} {
		if f != nil {
			return *f
		}
	}
	return finding{is: scenarios.NotApplicable, why: nothing}
}

// order sorts event numbers, each once; 0 is none.
func order(events []uint64) []uint64 {
	events = slices.DeleteFunc(slices.Clone(events), func(n uint64) bool { return n == 0 })
	slices.Sort(events)
	return slices.Compact(events)
}
