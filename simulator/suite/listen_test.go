package suite_test

import (
	"context"
	"crypto/tls"
	"errors"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/acqsim/acqsim/faults/wire"
	"github.com/acqsim/acqsim/scenarios/display"
	"github.com/acqsim/acqsim/scenarios/profile"
	"github.com/acqsim/acqsim/scenarios/transcript"
	"github.com/acqsim/acqsim/scenarios/world"
	"github.com/acqsim/acqsim/simulator/dialect"
	"github.com/acqsim/acqsim/simulator/suite"
)

// options are those of a suite on one address.
func options(t *testing.T, dialectName, profileName string, scenarios ...string) suite.Options {
	t.Helper()
	cases, err := suite.Cases(nil, scenarios...)
	require.NoError(t, err)
	d, err := dialect.Load(dialectName)
	require.NoError(t, err)
	p, err := profile.Open(profileName)
	require.NoError(t, err)
	return suite.Options{Cases: cases, Driver: &suite.Builtin{}, Dialect: d, Profile: p, Pace: suite.Quick(), Listen: "127.0.0.1:0"}
}

// TestOneAddressJudgesAlike holds that a terminal which keeps its host, its keys
// and its batch from one scenario to the next is judged as one that begins
// anew each time.
func TestOneAddressJudgesAlike(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ dialect, profile string }{{"unionpay-pos", "strict"}, {"iso87-ascii", "nac"}} {
		t.Run(c.dialect, func(t *testing.T) {
			t.Parallel()
			o := options(t, c.dialect, c.profile,
				"reply-lost", "merchant-suspended", "terminal-not-registered", "wrong-category-chosen", "keys-out-of-step",
				"merchant-off-hours-silent", "reversal-reply-lost", "batch-out-of-balance", "mac-wrong", "insufficient-funds",
				"terminal-not-signed-on", "outdated-software", "system-malfunction", "reset-before-reply", "request-lost")
			at, err := suite.Run(t.Context(), o)
			require.NoError(t, err)
			o.Listen = ""
			apart, err := suite.Run(t.Context(), o)
			require.NoError(t, err)
			addresses := map[string]int{}
			for i, want := range apart.Results {
				got := at.Results[i]
				assert.Equal(t, want.Status, got.Status, "%s: %s, and by itself: %s", got.Scenario, got.Why, want.Why)
				assert.Equal(t, want.Rule, got.Rule, got.Scenario)
				for _, e := range got.Events {
					if e.Kind == transcript.Listening {
						addresses[e.Text]++
					}
				}
			}
			assert.Len(t, addresses, 1, "all are run at one address")
			assert.GreaterOrEqual(t, at.Count(suite.Passed), 10)
		})
	}
}

// TestNothingIsLeftForTheNext has a scenario leave a reversal that is due, and
// one leave the merchant suspended: what comes next is a plain sale, with the
// keys of the clean-up.
func TestNothingIsLeftForTheNext(t *testing.T) {
	t.Parallel()
	o := options(t, "unionpay-pos", "strict", "reply-lost", "merchant-suspended", "insufficient-funds")
	first := &o.Cases[0].Scenario.Actions
	*first = (*first)[:1] // the reversal would come with the second sale
	r, err := suite.Run(t.Context(), o)
	require.NoError(t, err)
	var types []world.TransactionType
	for _, e := range r.Results[2].Events {
		if e.Kind == transcript.Received {
			types = append(types, e.Type)
			assert.Equal(t, transcript.MACOK, e.MAC)
		}
	}
	require.NotEmpty(t, types)
	for _, is := range types {
		assert.Equal(t, world.Sale, is)
	}
	assert.Equal(t, suite.Passed, r.Results[2].Status, r.Results[2].Why)
}

// TestTLSAtOneAddress holds that scenarios which need TLS are run where all are.
func TestTLSAtOneAddress(t *testing.T) {
	t.Parallel()
	o := options(t, "iso87-ascii", "strict", "tls-unknown-ca", "insufficient-funds")
	r, err := suite.Run(t.Context(), o)
	require.NoError(t, err)
	assert.Equal(t, suite.Skipped, r.Results[0].Status)
	assert.Contains(t, r.Results[0].Why.EN, "it needs TLS")
	assert.Equal(t, suite.Passed, r.Results[1].Status, r.Results[1].Why)
	o.TLS = true
	r, err = suite.Run(t.Context(), o)
	require.NoError(t, err)
	for _, x := range r.Results {
		assert.Equal(t, suite.Passed, x.Status, "%s: %s", x.Scenario, x.Why)
	}
}

// TestTerminalsMayTrustAnAuthorityAlready holds that a terminal which nobody
// tells a CA before each run can verify the host, by whichever of its names.
func TestTerminalsMayTrustAnAuthorityAlready(t *testing.T) {
	authority, err := wire.NewAuthority(time.Now())
	require.NoError(t, err)
	o := options(t, "iso87-ascii", "strict", "insufficient-funds")
	o.Listen, o.TLS, o.Authority = "0.0.0.0:0", true, authority
	rig, err := suite.StartRig(t.Context(), o)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, rig.Close()) })
	assert.Equal(t, string(authority.PEM()), rig.Hello().TLS.CA)
	machine, err := os.Hostname()
	require.NoError(t, err)
	for _, name := range []string{"127.0.0.1", "localhost", machine} {
		c, err := tls.Dial("tcp", rig.Hello().Host, &tls.Config{RootCAs: authority.Pool(), ServerName: name, MinVersion: tls.VersionTLS12})
		require.NoError(t, err, name)
		require.NoError(t, c.Close())
	}
}

// stubborn is a driver whose terminals stop doing what they should with the
// n-th clean-up.
type stubborn struct {
	suite.Builtin
	from int // 1: at once
	do   func(a *suite.Action, o *suite.Outcome) error

	mu       sync.Mutex
	cleanUps int
}

func (d *stubborn) Open(ctx context.Context, h *suite.Hello) (suite.Session, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	s, err := d.Builtin.Open(ctx, h)
	if h.Scenario != "" || err != nil {
		return s, err
	}
	if d.cleanUps++; d.cleanUps < d.from {
		return s, nil
	}
	return &stubbornSession{Session: s, do: d.do}, nil
}

type stubbornSession struct {
	suite.Session
	do func(a *suite.Action, o *suite.Outcome) error
}

func (s *stubbornSession) Do(ctx context.Context, a *suite.Action) (*suite.Outcome, error) {
	o, err := s.Session.Do(ctx, a)
	if err == nil {
		err = s.do(a, o)
	}
	return o, err
}

func TestCleanUpThatFails(t *testing.T) {
	t.Parallel()
	stuck := &suite.DriverError{What: world.Say("do sale", "完成消费"), Err: errors.New("the arm is stuck"), Output: "click, click"}
	for _, c := range []struct {
		name string
		d    *stubborn
		err  string
		want suite.CleanUpError // but for Err and Events
	}{
		{"it does not sign on", &stubborn{from: 1, do: shows("sign_on", suite.Outcome{Is: display.NoAnswer})},
			"terminal 10000001 could not be cleaned up before the first scenario: in 5 tries it has not signed on; it shows no-answer",
			suite.CleanUpError{Shown: display.NoAnswer}},
		{"it does not sell", &stubborn{from: 2, do: shows("sale", suite.Outcome{Is: display.Declined, Code: "96"})},
			"terminal 10000001 could not be cleaned up after system-malfunction: in 5 tries no sale was approved; it shows declined (96)",
			suite.CleanUpError{After: "system-malfunction", Shown: display.Declined, Code: "96"}},
		{"it does not settle", &stubborn{from: 2, do: shows("settle", suite.Outcome{})},
			"terminal 10000001 could not be cleaned up after system-malfunction: in 3 tries it has not settled",
			suite.CleanUpError{After: "system-malfunction"}},
		{"the driver fails", &stubborn{from: 2, do: func(*suite.Action, *suite.Outcome) error { return stuck }},
			"terminal 10000001 could not be cleaned up after system-malfunction: the driver could not do sale: the arm is stuck",
			suite.CleanUpError{After: "system-malfunction", Output: "click, click"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			o := options(t, "unionpay-pos", "strict", "system-malfunction", "insufficient-funds", "unknown-response-code")
			o.Driver = c.d
			o.Pace.Backoff = 1
			r, err := suite.Run(t.Context(), o)
			require.EqualError(t, err, c.err)
			var failed *suite.CleanUpError
			require.ErrorAs(t, err, &failed)
			assert.NotEmpty(t, failed.Events)
			c.want.Terminal, c.want.Err, c.want.Events = "10000001", failed.Err, failed.Events
			assert.Equal(t, &c.want, failed)
			ran := c.d.from - 1
			for i, x := range r.Results {
				if i < ran {
					assert.Equal(t, suite.Passed, x.Status, x.Why)
					continue
				}
				assert.Equal(t, suite.Errored, x.Status)
				assert.Equal(t, "it was not run: "+c.err, x.Why.EN)
			}
		})
	}
}

// shows has an action end otherwise.
func shows(do string, o suite.Outcome) func(*suite.Action, *suite.Outcome) error {
	return func(a *suite.Action, was *suite.Outcome) error {
		if a.Do == do {
			*was = o
		}
		return nil
	}
}

// TestCleanUpBelievesTheHost has a terminal claim approvals of which the host
// knows nothing.
func TestCleanUpBelievesTheHost(t *testing.T) {
	t.Parallel()
	o := options(t, "unionpay-pos", "strict", "insufficient-funds")
	o.Driver = liar{}
	o.Pace.Backoff = 1
	_, err := suite.Run(t.Context(), o)
	require.ErrorContains(t, err, "no sale was approved by the host and not reversed; it shows approved")
}

// liar shows that everything is approved.
type liar struct{}

func (liar) Sessions() int                                             { return 0 }
func (liar) Open(context.Context, *suite.Hello) (suite.Session, error) { return liar{}, nil }
func (liar) Ready() *suite.Ready                                       { return &suite.Ready{} }
func (liar) Close() error                                              { return nil }
func (liar) Do(_ context.Context, a *suite.Action) (*suite.Outcome, error) {
	return &suite.Outcome{ID: a.ID, Is: display.Approved}, nil
}
