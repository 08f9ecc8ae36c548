package simtest

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/acqsim/acqsim/scenarios"
	"github.com/acqsim/acqsim/scenarios/display"
	"github.com/acqsim/acqsim/scenarios/profile"
	"github.com/acqsim/acqsim/scenarios/strictyaml"
	"github.com/acqsim/acqsim/scenarios/transcript"
	"github.com/acqsim/acqsim/scenarios/verdict"
	"github.com/acqsim/acqsim/scenarios/world"
	"github.com/acqsim/acqsim/simulator/suite"
)

// Server is an acquirer on a loopback port, and the record of what a terminal
// does there. It judges one terminal. Its methods may be called from any
// goroutine, but for those that end the test.
type Server struct {
	Addr     string // host:port to connect to
	Terminal string // under test (DE 41)
	Merchant string // whose terminal it is (DE 42)

	// Timeout is how long the terminal is meant to wait for a reply.
	Timeout time.Duration

	// TLS trusts the server's certificate; nil without the option TLS.
	TLS *tls.Config

	t      testing.TB
	rig    *suite.Rig
	hello  *suite.Hello
	expect bool

	mu    sync.Mutex
	acted map[int]*suite.Action

	once   sync.Once
	result *suite.Result
	err    error
}

// Start starts a server, which is closed when the test ends. What the options
// name wrongly ends the test.
func Start(t testing.TB, options ...Option) *Server {
	t.Helper()
	c := settings{dialect: DefaultDialect, profile: profile.Default, pace: suite.Quick(), seed: 1}
	for _, o := range options {
		o(&c)
	}
	o, err := c.options()
	if err != nil {
		t.Fatalf("simtest: %v", err)
	}
	s := &Server{t: t, expect: c.expect, acted: map[int]*suite.Action{}}
	if c.expect && len(o.Cases) != 1 {
		t.Fatalf("simtest: Expect needs one cause or scenario, and there are %d", len(o.Cases))
	}
	if s.rig, err = suite.StartRig(context.WithoutCancel(t.Context()), o); err != nil {
		t.Fatalf("simtest: %v", hinted(err))
	}
	t.Cleanup(func() { _ = s.rig.Close() }) // a test that has its verdict needs no more of it
	s.hello = s.rig.Hello()
	s.Addr, s.Terminal, s.Merchant = s.hello.Host, s.hello.Terminal, s.hello.Merchant
	s.Timeout = time.Duration(s.hello.ResponseTimeoutMS) * time.Millisecond
	if c.terminal != "" && c.terminal != s.Terminal {
		t.Fatalf("simtest: the cause is about terminal %s, so it can't be shown to %s", s.Terminal, c.terminal)
	}
	if s.hello.TLS != nil {
		roots := x509.NewCertPool()
		roots.AppendCertsFromPEM([]byte(s.hello.TLS.CA))
		s.TLS = &tls.Config{RootCAs: roots, ServerName: s.hello.TLS.ServerName, MinVersion: tls.VersionTLS12}
	}
	return s
}

// Hello is what a driver would be told: address, times, keys and the world's
// cards.
func (s *Server) Hello() *suite.Hello { return s.hello }

// Transcript returns what has happened so far. The server records a reply after
// it has left, so that a terminal may read it before.
func (s *Server) Transcript() []transcript.Event { return s.rig.Events() }

// Await returns the first event that fits, past or to come. If none comes within
// some timeouts of the terminal, the test ends.
func (s *Server) Await(what string, fits func(*transcript.Event) bool) *transcript.Event {
	s.t.Helper()
	limit := 10*s.Timeout + 5*time.Second
	ctx, cancel := context.WithTimeout(s.t.Context(), limit)
	defer cancel()
	e, err := s.rig.Await(ctx, 0, fits)
	switch {
	case err == nil:
	case errors.Is(err, context.DeadlineExceeded):
		s.t.Fatalf("simtest: in %v there was no %s", limit, what)
	default:
		s.t.Fatalf("simtest: there was no %s: %v", what, err)
	}
	return e
}

// Act says that the terminal begins action n, so that rules know what it was
// meant to do. n is from 1; do is the action's name as in scenarios, such as
// sale, void, settle, power_cut or restart; amount is in minor units, 0 where it
// has none.
func (s *Server) Act(n int, do string, amount int64) {
	s.t.Helper()
	if names := scenarios.ActionNames(); !slices.Contains(names, do) {
		p := &strictyaml.Problem{Message: "no action is called \"" + do + "\""}
		s.t.Fatalf("simtest: Act: %v", p.Suggest(do, names))
	}
	if n < 1 || n > mostActions {
		s.t.Fatalf("simtest: Act: actions are numbered from 1, and this is %d", n)
	}
	a := &suite.Action{ID: n, Do: do, Terminal: s.Terminal, Amount: amount}
	if amount != 0 {
		a.Currency = int(world.CNY)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.acted[n] != nil {
		s.t.Fatalf("simtest: Act: action %d has begun already", n)
	}
	s.acted[n] = a
	s.rig.Act(a)
}

const mostActions = 1 << 20

// Report says what the terminal showed at the end of action n, and the response
// code if it showed one. Rules about outcomes judge only what was reported.
func (s *Server) Report(n int, shown display.Outcome, code string) {
	s.t.Helper()
	s.mu.Lock()
	a := s.acted[n]
	s.mu.Unlock()
	if a == nil {
		s.t.Fatalf("simtest: Report: action %d has not begun: say so with Act, before the terminal does it", n)
	}
	s.rig.Report(a, &suite.Outcome{ID: n, Is: shown, Code: code})
}

// Verdict ends the run and judges it: it waits until late replies have been
// delivered, and stops the server. Later calls return the same.
func (s *Server) Verdict() *verdict.Report {
	s.t.Helper()
	s.conclude(s.t)
	return s.result.Verdict
}

func (s *Server) conclude(t testing.TB) {
	t.Helper()
	s.once.Do(func() { s.result, s.err = s.rig.Conclude(context.Background(), s.expect) })
	if s.err != nil {
		t.Fatalf("simtest: %v", s.err)
	}
}

// Check ends the run as [Server.Verdict] does, and lets the test fail where a
// rule failed or something expected is missing: with each of them, why, and the
// events that it rests on. A cause that never struck fails the test, too: it has
// shown nothing. Check reports whether all is well.
func (s *Server) Check(t testing.TB) bool {
	t.Helper()
	s.conclude(t)
	switch s.result.Status {
	case suite.Passed:
		return true
	case suite.Skipped:
		t.Error("acqsim: " + s.result.Why.EN)
	default:
		t.Error(evidence(s.result))
	}
	return false
}

// RequireVerdict is [Server.Check], and ends a test that fails.
func (s *Server) RequireVerdict(t testing.TB) {
	t.Helper()
	if !s.Check(t) {
		t.FailNow()
	}
}

// WriteTranscript ends the run as [Server.Verdict] does, and writes what
// happened as JSON lines: acqsim verdict judges the file again, by what it was
// judged by, and acqsim export makes a packet capture of it. What a [World] that
// is not from a file was like does not stand there.
func (s *Server) WriteTranscript(w io.Writer) error {
	s.t.Helper()
	s.conclude(s.t)
	record, err := suite.Record(s.result.Header, s.result.Events)
	if err != nil {
		return err
	}
	_, err = w.Write(record)
	return err
}
