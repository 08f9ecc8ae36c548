package simtest_test

import (
	"bytes"
	"crypto/tls"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/acqsim/acqsim/scenarios"
	"github.com/acqsim/acqsim/scenarios/display"
	"github.com/acqsim/acqsim/scenarios/transcript"
	"github.com/acqsim/acqsim/scenarios/verdict"
	"github.com/acqsim/acqsim/scenarios/world"
	"github.com/acqsim/acqsim/simulator/simtest"
	"github.com/acqsim/acqsim/simulator/suite"
	"github.com/acqsim/acqsim/simulator/terminal"
)

// rule is the verdict of a rule.
func rule(t *testing.T, r *verdict.Report, name string) scenarios.Verdict {
	t.Helper()
	for _, x := range r.Rules {
		if x.Rule == name {
			return x.Verdict
		}
	}
	require.Fail(t, "there is no rule", name)
	return ""
}

func TestHonest(t *testing.T) {
	s := simtest.Start(t)
	assert.Equal(t, suite.DefaultTerminal, s.Terminal)
	assert.Equal(t, time.Second, s.Timeout)
	assert.Nil(t, s.TLS)
	x := newTill(t, s)
	assert.Equal(t, display.Approved, x.do(1, "sale", 1000))
	assert.Equal(t, display.Approved, x.do(2, "settle", 0))
	e := s.Await("sale", func(e *transcript.Event) bool { return e.Kind == transcript.Received && e.Type == world.Sale })
	assert.Equal(t, int64(1000), e.Amount)
	assert.Equal(t, s.Terminal, e.Terminal)
	assert.Equal(t, s.Merchant, e.Merchant)
	assert.NotEmpty(t, s.Transcript())
	assert.True(t, s.Check(t))
	assert.Equal(t, scenarios.Pass, rule(t, s.Verdict(), "approved-is-honoured"))
	assert.Empty(t, s.Verdict().Expect)
}

func TestCauses(t *testing.T) {
	run := func(t *testing.T, bugs ...terminal.Bug) *simtest.Server {
		s := simtest.Start(t, simtest.Cause("reply-lost"), simtest.Dialect("iso87-ascii"))
		x := newTill(t, s, bugs...)
		assert.Equal(t, display.NoAnswer, x.do(1, "sale", 1000))
		assert.Equal(t, display.Approved, x.do(2, "sale", 2000))
		return s
	}
	t.Run("good firmware", func(t *testing.T) {
		run(t).RequireVerdict(t)
	})
	t.Run("a bug", func(t *testing.T) {
		s := run(t, terminal.BugForgetsReversal)
		r := attempt(t, func(t testing.TB) {
			assert.False(t, s.Check(t))
			s.RequireVerdict(t)
			t.Fatalf("it went on")
		})
		assert.True(t, r.failed)
		said := r.log.String()
		assert.Contains(t, said, "acqsim: the terminal is at fault in reply-lost\n")
		assert.Regexp(t, `(?m)^rule reversal-follows-no-answer: the sale of 10.00 CNY \(STAN 000001\) got no valid reply and was not reversed .+ \[\d+( \d+)*\]$`, said)
		assert.Contains(t, said, "  why it matters: The host may have charged the customer")
		assert.Regexp(t, `(?m)^money at risk: 10.00 CNY, charged-not-delivered, left by terminal: `, said)
		assert.Regexp(t, `(?m)^ +\d+ +\d+\.\d{3}  received 0200 sale STAN 000001 10.00 CNY$`, said)
		assert.Regexp(t, `(?m)^ +\d+ +\d+\.\d{3}  reported action 1 no-answer$`, said)
		assert.NotContains(t, said, "it went on")
		assert.False(t, s.Verdict().Passed())
	})
}

// Rules about outcomes judge what the test reports, and nothing else.
func TestReports(t *testing.T) {
	s := simtest.Start(t, simtest.Cause("reply-lost"))
	x := newTill(t, s)
	x.silent = true
	assert.Equal(t, display.NoAnswer, x.do(1, "sale", 1000))
	s.Report(1, display.Approved, "00") // a lie
	assert.Equal(t, scenarios.Fail, rule(t, s.Verdict(), "no-approval-without-reply"))

	s = simtest.Start(t, simtest.Cause("reply-lost"))
	x = newTill(t, s)
	x.silent = true
	assert.Equal(t, display.NoAnswer, x.do(1, "sale", 1000))
	assert.Equal(t, scenarios.NotApplicable, rule(t, s.Verdict(), "no-approval-without-reply"))
}

func TestExpect(t *testing.T) {
	s := simtest.Start(t, simtest.Cause("insufficient-funds"), simtest.Expect())
	x := newTill(t, s)
	assert.Equal(t, display.Declined, x.do(1, "sale", 1000))
	assert.Equal(t, display.Approved, x.do(2, "sale", 500))
	s.RequireVerdict(t)
	assert.NotEmpty(t, s.Verdict().Expect)

	s = simtest.Start(t, simtest.Cause("insufficient-funds"), simtest.Expect())
	assert.Equal(t, display.Declined, newTill(t, s).do(1, "sale", 1000))
	r := attempt(t, func(t testing.TB) { s.Check(t) })
	assert.True(t, r.failed)
	assert.Contains(t, r.log.String(), "expectation 5: account good has 5.00 CNY, but 0.00 CNY was expected")
}

// Late replies belong to the run: the verdict waits for them.
func TestVerdictWaitsForLateReplies(t *testing.T) {
	s := simtest.Start(t, simtest.Cause("reply-late"), simtest.ResponseTimeout(300*time.Millisecond))
	assert.Equal(t, 300*time.Millisecond, s.Timeout)
	assert.Equal(t, display.NoAnswer, newTill(t, s).do(1, "sale", 1000))
	s.Verdict()
	late := 0
	for _, e := range s.Transcript() {
		if e.Strike != nil && e.Kind != transcript.Struck {
			late++
		}
	}
	assert.Equal(t, 1, late)
}

func TestSeveralCauses(t *testing.T) {
	s := simtest.Start(t, simtest.Cause("insufficient-funds"), simtest.Cause("reply-duplicated"))
	x := newTill(t, s)
	assert.Equal(t, display.Declined, x.do(1, "sale", 1000))
	assert.Equal(t, display.Approved, x.do(2, "sale", 500))
	struck := s.Await("duplicate", func(e *transcript.Event) bool { return e.Kind == transcript.Struck })
	assert.Equal(t, "reply-duplicated", struck.Strike.Scenario)
	s.RequireVerdict(t)
}

// A cause that never struck has shown nothing.
func TestACauseThatDoesNotComeAbout(t *testing.T) {
	s := simtest.Start(t, simtest.Cause("reply-lost"))
	assert.Equal(t, display.Approved, newTill(t, s).do(1, "echo", 0))
	r := attempt(t, func(t testing.TB) { s.RequireVerdict(t) })
	assert.True(t, r.failed)
	assert.Equal(t, "acqsim: reply-lost: it did not come about: the terminal never did what its rules strike\n", r.log.String())
	assert.True(t, s.Verdict().Passed())
}

func TestTriggers(t *testing.T) {
	s := simtest.Start(t, simtest.Triggers(), simtest.ResponseTimeout(300*time.Millisecond))
	x := newTill(t, s)
	assert.Equal(t, display.Approved, x.do(1, "sale", 1000))
	assert.Equal(t, display.NoAnswer, x.do(2, "sale", 1012))
	assert.Equal(t, display.Declined, x.do(3, "sale", 1051))
	s.RequireVerdict(t)
}

func TestTLS(t *testing.T) {
	s := simtest.Start(t, simtest.TLS())
	require.NotNil(t, s.TLS)
	assert.Equal(t, display.Approved, newTill(t, s).do(1, "sale", 1000))
	c, err := tls.Dial("tcp", s.Addr, s.TLS)
	require.NoError(t, err)
	require.NoError(t, c.Close())
	s.RequireVerdict(t)

	s = simtest.Start(t, simtest.TLS(), simtest.Cause("tls-expired-certificate"))
	_, err = tls.Dial("tcp", s.Addr, s.TLS)
	require.ErrorContains(t, err, "expired")
}

const shop = `
name: till-closed
title: A till that its acquirer refuses
layer: host
symptom: declined
given:
  merchants: {"999000000000077": {status: suspended}}
terminal: "77000001"
`

func TestFiles(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	for name, text := range map[string]string{
		"shop.yaml": `
merchants: {"999000000000077": {name: {en: Seventy-seven, zh: 七十七}}}
terminals: {"77000001": {merchant: "999000000000077"}}
`,
		"closed.yaml": shop,
		"mine.yaml":   "name: mine\nbased_on: nac\ntimeouts: {response: 7s}\n",
	} {
		require.NoError(t, os.WriteFile(name, []byte(text), 0o600))
	}
	s := simtest.Start(t, simtest.WorldFile("shop.yaml"), simtest.Scenario("closed.yaml"), simtest.Profile("./mine.yaml"), simtest.Pace(suite.Pace{}))
	assert.Equal(t, "77000001", s.Terminal)
	assert.Equal(t, "999000000000077", s.Merchant)
	assert.Equal(t, 7*time.Second, s.Timeout)
	assert.NotEqual(t, display.Approved, newTill(t, s).do(1, "sale", 1000))
	s.RequireVerdict(t)
	assert.Equal(t, "mine", s.Verdict().Profile)

	w, err := world.Load("shop.yaml", mustRead(t, "shop.yaml"))
	require.NoError(t, err)
	s = simtest.Start(t, simtest.World(w), simtest.Terminal("77000001"))
	assert.Equal(t, "999000000000077", s.Merchant)
}

func mustRead(t *testing.T, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(name)
	require.NoError(t, err)
	return b
}

// What is written is judged again as it was.
func TestWriteTranscript(t *testing.T) {
	s := simtest.Start(t, simtest.Cause("wrong-stan"), simtest.Profile("nac"))
	assert.Equal(t, display.Mismatch, newTill(t, s).do(1, "sale", 1000))
	var b bytes.Buffer
	require.NoError(t, s.WriteTranscript(&b))
	h, events, err := suite.LastRun(&b, "transcript")
	require.NoError(t, err)
	r, err := suite.Judge(h, events)
	require.NoError(t, err)
	assert.Equal(t, s.Verdict(), r)
	assert.Equal(t, scenarios.Pass, rule(t, r, "mismatch-not-accepted"))
}

func TestTheServerEndsWithTheTest(t *testing.T) {
	var addr string
	t.Run("a test", func(t *testing.T) { addr = simtest.Start(t).Addr })
	_, err := net.Dial("tcp", addr)
	require.Error(t, err)
}

func TestMistakes(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "missing.yaml")
	start := func(options ...simtest.Option) func(testing.TB) {
		return func(t testing.TB) { simtest.Start(t, options...) }
	}
	for name, test := range map[string]struct {
		do   func(testing.TB)
		says string
	}{
		"cause":             {start(simtest.Cause("reply-lots")), "no cause is called \"reply-lots\" (did you mean `reply-lost`?)"},
		"cause, not a file": {start(simtest.Cause("reply-lost.yaml")), `no cause is called "reply-lost.yaml"`},
		"dialect":           {start(simtest.Dialect("iso87-asci")), `did you mean "iso87-ascii"?`},
		"profile":           {start(simtest.Profile("nca")), "did you mean `nac`?"},
		"profile file":      {start(simtest.Profile(missing)), "the profile can't be read"},
		"scenario":          {start(simtest.Scenario("missing")), "./missing"},
		"world":             {start(simtest.WorldFile(missing)), "the world can't be read"},
		"timeout":           {start(simtest.ResponseTimeout(0)), "no time to wait"},
		"by hand":           {start(simtest.Cause("cable-loose")), "cable-loose can't be brought about: a person does it in the shop: "},
		"without TLS":       {start(simtest.Cause("tls-stalled")), "tls-stalled can't be brought about: it needs TLS, and the server has none: add simtest.TLS(), and connect with Server.TLS"},
		"without a MAC":     {start(simtest.Cause("mac-wrong"), simtest.Dialect("iso93-ascii")), "mac-wrong can't be brought about: "},
		"two that conflict": {start(simtest.Cause("reply-lost", "reply-late")), "reply-late"},
		"two terminals":     {start(simtest.Cause("merchant-suspended"), simtest.Terminal("10000009")), "the cause is about terminal 10000001, so it can't be shown to 10000009"},
		"nothing expected":  {start(simtest.Expect()), "Expect needs one cause or scenario, and there are 0"},
		"action":            {func(t testing.TB) { simtest.Start(t).Act(1, "sael", 1000) }, "no action is called \"sael\" (did you mean `sale`?)"},
		"action number":     {func(t testing.TB) { simtest.Start(t).Act(0, "sale", 1000) }, "numbered from 1, and this is 0"},
		"action twice": {func(t testing.TB) {
			s := simtest.Start(t)
			s.Act(1, "sale", 1000)
			s.Act(1, "sale", 1000)
		}, "action 1 has begun already"},
		"report": {func(t testing.TB) { simtest.Start(t).Report(1, display.Approved, "00") }, "action 1 has not begun"},
		"await": {func(t testing.TB) {
			s := simtest.Start(t)
			s.Verdict()
			s.Await("sale", func(e *transcript.Event) bool { return e.Type == world.Sale })
		}, "there was no sale: "},
	} {
		t.Run(name, func(t *testing.T) {
			r := attempt(t, test.do)
			assert.True(t, r.failed)
			assert.Contains(t, r.log.String(), test.says)
		})
	}
}
