package simtest_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/acqsim/acqsim/scenarios/display"
	"github.com/acqsim/acqsim/simulator/simtest"
	"github.com/acqsim/acqsim/simulator/suite"
	"github.com/acqsim/acqsim/simulator/terminal"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// recorder is a test that may fail: it keeps what it is told.
type recorder struct {
	testing.TB
	failed bool
	log    strings.Builder
}

func (r *recorder) Error(args ...any) {
	r.failed = true
	fmt.Fprintln(&r.log, args...)
}

func (r *recorder) Fatalf(format string, args ...any) {
	r.Error(fmt.Sprintf(format, args...))
	r.FailNow()
}

func (r *recorder) FailNow() {
	r.failed = true
	runtime.Goexit()
}

// attempt runs a test in a test, and returns what became of it. What it starts
// ends with t.
func attempt(t *testing.T, test func(t testing.TB)) *recorder {
	t.Helper()
	r := &recorder{TB: t}
	done := make(chan struct{})
	go func() {
		defer close(done)
		test(r)
	}()
	<-done
	return r
}

// till is a reference terminal at a server, with bugs if the test wants some.
type till struct {
	t       *testing.T
	s       *simtest.Server
	session suite.Session
	silent  bool // it does not report
}

func newTill(t *testing.T, s *simtest.Server, bugs ...terminal.Bug) *till {
	t.Helper()
	session, err := (&suite.Builtin{Bugs: bugs}).Open(t.Context(), s.Hello())
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, session.Close()) })
	return &till{t: t, s: s, session: session}
}

// do has the terminal do something, and reports it.
func (x *till) do(n int, what string, amount int64) display.Outcome {
	x.t.Helper()
	x.s.Act(n, what, amount)
	a := &suite.Action{ID: n, Do: what, Amount: amount, Terminal: x.s.Terminal}
	if amount != 0 {
		a.Card, a.Currency = "good", 156
	}
	out, err := x.session.Do(x.t.Context(), a)
	require.NoError(x.t, err)
	if !x.silent {
		x.s.Report(n, out.Is, out.Code)
	}
	return out.Is
}
