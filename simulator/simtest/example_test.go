package simtest_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/acqsim/acqsim/scenarios"
	"github.com/acqsim/acqsim/simulator/simtest"
	"github.com/acqsim/acqsim/simulator/suite"
	"github.com/acqsim/acqsim/simulator/terminal"
)

// The terminal here forgets the reversal of a sale that got no answer. In your
// test, t is the test's own, and instead of the last lines stands
// s.RequireVerdict(t).
func Example() {
	t := &exampleTest{}
	defer t.end()
	s := simtest.Start(t, simtest.Cause("reply-lost"))

	pos, err := newPOS(s) // your terminal, which connects to s.Addr
	if err != nil {
		t.Fatalf("the terminal does not start: %v", err)
	}
	defer pos.Close()
	for n, amount := range []int64{1000, 2000} {
		s.Act(n+1, "sale", amount)
		out, err := pos.Do(t.Context(), &suite.Action{ID: n + 1, Do: "sale", Amount: amount, Currency: 156, Card: "good"})
		if err != nil {
			t.Fatalf("the terminal does not sell: %v", err)
		}
		s.Report(n+1, out.Is, out.Code)
	}

	for _, rule := range s.Verdict().Rules {
		if rule.Verdict == scenarios.Fail {
			fmt.Println(rule.Rule)
		}
	}
	// Output:
	// reversal-follows-no-answer
	// reversal-blocks-next
	// money-is-safe
}

// newPOS is acqsim's reference terminal, with a bug.
func newPOS(s *simtest.Server) (suite.Session, error) {
	b := &suite.Builtin{Bugs: []terminal.Bug{terminal.BugForgetsReversal}}
	return b.Open(context.Background(), s.Hello())
}

// exampleTest stands for a *testing.T, which examples have not.
type exampleTest struct {
	testing.TB
	cleanups []func()
}

func (t *exampleTest) Helper()                           {}
func (t *exampleTest) Context() context.Context          { return context.Background() }
func (t *exampleTest) Cleanup(f func())                  { t.cleanups = append(t.cleanups, f) }
func (t *exampleTest) Fatalf(format string, args ...any) { panic(fmt.Sprintf(format, args...)) }

func (t *exampleTest) end() {
	for _, f := range t.cleanups {
		f()
	}
}
