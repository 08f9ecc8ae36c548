package suite_test

import (
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/acqsim/acqsim/scenarios"
	"github.com/acqsim/acqsim/scenarios/profile"
	"github.com/acqsim/acqsim/scenarios/verdict"
	"github.com/acqsim/acqsim/simulator/dialect"
	"github.com/acqsim/acqsim/simulator/suite"
)

// everything says that make test-all runs the tests: every dialect in every
// profile, every bug in every scenario, twenty seeds.
func everything() bool { return os.Getenv("ACQSIM_TEST_ALL") != "" }

// libraryOptions are those of the whole library, or of some causes, in a dialect and a
// profile.
func libraryOptions(t *testing.T, inDialect, inProfile string, causes ...string) suite.Options {
	t.Helper()
	cases, err := suite.Cases(nil, causes...)
	require.NoError(t, err)
	d, err := dialect.Load(inDialect)
	require.NoError(t, err)
	p, err := profile.Open(inProfile)
	require.NoError(t, err)
	return suite.Options{Cases: cases, Driver: &suite.Builtin{}, Dialect: d, Profile: p, Pace: suite.Quick()}
}

// acquitted checks that nothing failed and nothing went wrong.
func acquitted(t *testing.T, r *suite.Report) {
	t.Helper()
	for i := range r.Results {
		x := &r.Results[i]
		if x.Status == suite.Failed || x.Status == suite.Errored {
			record, err := suite.Record(x.Header, x.Events)
			require.NoError(t, err)
			t.Errorf("%s in %s, profile %s: %s: %s %s\n%s", x.Scenario, r.Dialect, r.Profile, x.Status, x.Rule, x.Why, record)
		}
	}
}

// onePerProfile are the dialects that profiles are tried in, each of them once.
var onePerProfile = map[string][]string{"strict": {"unionpay-pos"}, "unionpay-bctc": {"iso87-bcd"}, "nac": {"iso93-ascii"}}

// TestTheCorrectTerminalIsAcquitted by every cause of the library that applies,
// and shows its symptom. Each rule passes in one of them at least: that it does
// not apply is no excuse.
func TestTheCorrectTerminalIsAcquitted(t *testing.T) {
	passed, ran := map[string]bool{}, map[string]bool{}
	for _, inProfile := range profile.Names() {
		dialects := onePerProfile[inProfile]
		if everything() {
			dialects = dialect.Names()
		}
		for _, inDialect := range dialects {
			o := libraryOptions(t, inDialect, inProfile)
			r, err := suite.Run(t.Context(), o)
			require.NoError(t, err)
			acquitted(t, r)
			for i := range r.Results {
				x := &r.Results[i]
				showsItsSymptom(t, &o, x)
				ran[x.Scenario] = ran[x.Scenario] || x.Status != suite.Skipped
				if x.Verdict == nil {
					continue
				}
				for _, v := range x.Verdict.Rules {
					passed[v.Rule] = passed[v.Rule] || v.Verdict == scenarios.Pass
				}
			}
		}
	}
	for _, rule := range verdict.Rules() {
		assert.True(t, passed[rule.Name], "%s passes nowhere", rule.Name)
	}
	cases, err := suite.Cases(nil)
	require.NoError(t, err)
	for _, c := range cases {
		if !c.Scenario.IsSite() {
			assert.True(t, ran[c.Scenario.Name], "%s was run nowhere", c.Scenario.Name)
		}
	}
}

// TestTheLibraryOverTLS acquits the terminal, too.
func TestTheLibraryOverTLS(t *testing.T) {
	o := libraryOptions(t, "unionpay-pos", "strict")
	if !everything() {
		o = libraryOptions(t, "unionpay-pos", "strict", "reply-lost", "closed-on-arrival", "connection-limit", "reset-before-reply", "cable-pulled-mid-transaction", "tls-stalled", "line-blackholed")
	}
	o.TLS = true
	r, err := suite.Run(t.Context(), o)
	require.NoError(t, err)
	acquitted(t, r)
}

// TestATerminalWithALinePerTransaction is correct, too.
func TestATerminalWithALinePerTransaction(t *testing.T) {
	o := libraryOptions(t, "iso87-ascii", "strict")
	if !everything() {
		o = libraryOptions(t, "iso87-ascii", "strict", "reply-lost", "reply-late", "closed-on-arrival", "reset-on-arrival", "peak-hour-queue", "reply-duplicated", "no-power")
	}
	o.Driver = &suite.Builtin{LinePerTransaction: true}
	r, err := suite.Run(t.Context(), o)
	require.NoError(t, err)
	acquitted(t, r)
}

// TestTheSameSeedGivesTheSameVerdicts, and so does every other one.
func TestTheSameSeedGivesTheSameVerdicts(t *testing.T) {
	o := libraryOptions(t, "unionpay-pos", "strict", "reply-lost", "bits-flipped", "garbage", "peak-hour-queue")
	o.Repeat = 3
	if everything() {
		o = libraryOptions(t, "unionpay-pos", "strict")
		o.Repeat = 20
	}
	r, err := suite.Run(t.Context(), o)
	require.NoError(t, err)
	acquitted(t, r)
}
