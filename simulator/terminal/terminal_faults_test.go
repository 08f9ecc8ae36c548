package terminal_test

import (
	"context"
	"errors"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/acqsim/acqsim/scenarios"
	"github.com/acqsim/acqsim/scenarios/profile"
	"github.com/acqsim/acqsim/scenarios/world"
	"github.com/acqsim/acqsim/simulator"
	"github.com/acqsim/acqsim/simulator/terminal"
)

// brief is the response timeout of terminals whose host does not answer.
const brief = 400 * time.Millisecond

// withRules arms a scenario with the given rules, in YAML.
func withRules(t *testing.T, rules string) func(*simulator.Options) {
	t.Helper()
	head := "name: under-test\ntitle: {en: A test, zh: 测试}\nlayer: reply\nsymptom: no-answer\nseed: 7\nrules:\n"
	s, err := scenarios.Load("under-test.yaml", []byte(head+rules), nil)
	require.NoError(t, err)
	p := scenarios.NewPlanner(scenarios.PlannerOptions{Seed: 1})
	require.NoError(t, p.Arm(scenarios.Arming{Scenario: s, At: time.Now()}))
	return func(o *simulator.Options) { o.Planner, o.ResponseTimeout = p, brief }
}

func first(fault string) string {
	return "  - match: {type: [sale, void, completion]}\n    when: {nth: 1}\n    fault: " + fault + "\n"
}

func impatient(c *terminal.Config) { c.Profile.Timeouts.Response = brief }

// types are the messages that a transaction took.
func types(r *terminal.Result) (all []string) {
	for _, x := range r.Exchanges {
		if x.Request.Type != world.SignOn {
			all = append(all, x.Request.Type.String())
		}
	}
	return all
}

var saleOf1000 = terminal.Transaction{Type: world.Sale, Amount: 1000}

func TestNoAnswerIsReversed(t *testing.T) {
	for _, fault := range []string{"reply.drop", "request.drop", "line.reset", "{frame.truncate: {at: 20, then: close}}"} {
		t.Run(fault, func(t *testing.T) {
			everyProfile(t, func(t *testing.T, name, prof string) {
				s := newSite(t, name, prof, impatient, withRules(t, first(fault)))
				s.must(terminal.Transaction{Type: world.Inquiry})
				r := s.try(saleOf1000)
				assert.NotEqual(t, terminal.Approved, r.Outcome)
				if prof == "nac" {
					assert.Equal(t, []string{"sale", "reversal"}, types(r))
				}
				s.restart()
				next := s.must(terminal.Transaction{Type: world.Sale, Amount: 2000})
				if prof == "strict" {
					assert.Equal(t, []string{"reversal", "sale"}, types(next))
				}
				if !strings.Contains(fault, "truncate") || prof != "unionpay-bctc" {
					s.agree()
				}
				assert.Equal(t, int64(2000), s.State().Totals.Sales.Amount)
			})
		})
	}
}

func TestAMismatchIsReversedOrDeleted(t *testing.T) {
	for _, prof := range profile.Names() {
		s := newSite(t, "unionpay-pos", prof, impatient, withRules(t, first("{message.field: {field: 11, edit: increment}}")))
		r := s.try(saleOf1000)
		assert.Equal(t, terminal.Mismatch.String(), r.Outcome.String(), r.Why)
		s.must(saleOf1000)
		if prof == "unionpay-bctc" {
			assert.Equal(t, 2, s.book.Terminal(pos).Totals.DebitCount, "the profile leaves the sale with the host")
			continue
		}
		s.agree()
	}
}

func TestAReversalThatGetsNoAnswer(t *testing.T) {
	for prof, want := range map[string]terminal.Outcome{
		"strict": terminal.ReversalPending, "unionpay-bctc": terminal.Approved,
	} {
		slips := 0
		s := newSite(t, "iso87-bcd", prof, func(c *terminal.Config) {
			c.Profile.Timeouts.Response = 150 * time.Millisecond
			c.Profile.Reversal.Repeats = 1
			c.Print = func(r terminal.Receipt) error {
				if strings.Contains(r.English(), "NOT CONFIRMED") {
					slips++
				}
				return nil
			}
		}, withRules(t, first("reply.drop")+"  - match: {type: reversal}\n    fault: request.drop\n"))
		assert.Equal(t, terminal.NoAnswer, s.try(saleOf1000).Outcome)
		r := s.try(saleOf1000)
		assert.Equal(t, want.String(), r.Outcome.String(), prof)
		assert.Equal(t, []string{"reversal", "reversal"}, types(r)[:2], prof)
		if want == terminal.Approved {
			assert.Equal(t, 1, slips)
			continue
		}
		assert.Equal(t, []string{"reversal"}, types(s.try(saleOf1000)), "and goes on blocking")
	}
}

// TestSeveralReversalsCanBePending where the profile has room for them; then the
// next transaction waits, and the settlement does at once.
func TestSeveralReversalsCanBePending(t *testing.T) {
	s := newSite(t, "iso87-bcd", "strict", func(c *terminal.Config) {
		c.Profile.Timeouts.Response = 150 * time.Millisecond
		c.Profile.Reversal.Repeats, c.Profile.Reversal.Pending = 0, 2
	}, withRules(t, "  - match: {type: sale}\n    when: {nth: [1, 2]}\n    fault: reply.drop\n  - match: {type: reversal}\n    when: {nth: [1, 2, 3]}\n    fault: request.drop\n"))
	assert.Equal(t, []string{"sale"}, types(s.try(saleOf1000)))
	assert.Equal(t, terminal.ReversalPending, s.try(terminal.Transaction{Type: world.Settlement}).Outcome)
	assert.Equal(t, []string{"reversal", "sale"}, types(s.try(saleOf1000)))
	require.Len(t, s.State().Pending, 2)
	r := s.try(saleOf1000)
	assert.Equal(t, []string{"reversal"}, types(r))
	assert.Equal(t, terminal.ReversalPending, r.Outcome)
	assert.Equal(t, []string{"reversal", "reversal", "sale"}, types(s.must(saleOf1000)))
	s.agree()
}

func TestWhatHappensAfterAnApproval(t *testing.T) {
	for after, want := range map[terminal.AfterApproval]terminal.Outcome{
		terminal.CardDeclines: terminal.CardDeclined, terminal.PrinterFails: terminal.NotPossible, terminal.CardRemoved: terminal.Cancelled,
	} {
		everyProfile(t, func(t *testing.T, name, prof string) {
			s := newSite(t, name, prof, nil)
			r := s.try(terminal.Transaction{Type: world.Sale, Amount: 1000, After: after})
			assert.Equal(t, want.String(), r.Outcome.String())
			s.must(saleOf1000)
			s.agree()
		})
	}
}

func TestPINRounds(t *testing.T) {
	wrong := terminal.Card{PAN: world.Default().Cards["good"].PAN, PIN: "111111"}
	for _, c := range []struct {
		second string
		want   terminal.Outcome
		sales  int
	}{{"123456", terminal.Approved, 2}, {"222222", terminal.Declined, 3}, {"", terminal.Declined, 1}} {
		s := newSite(t, "unionpay-pos", "strict", func(x *terminal.Config) {
			x.PIN = func(int) (string, bool) { return c.second, c.second != "" }
		})
		r := s.try(terminal.Transaction{Type: world.Sale, Amount: 1000, Card: wrong})
		assert.Equal(t, c.want.String(), r.Outcome.String(), r.Code)
		assert.Len(t, types(r), c.sales)
		stans := map[string]bool{}
		for _, x := range r.Exchanges {
			stans[string(x.Request.Body)] = true
		}
		assert.Len(t, stans, len(r.Exchanges), "each under a STAN of its own")
	}
}

func TestBackupHost(t *testing.T) {
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, closed.Close())
	s := newSite(t, "iso87-ascii", "strict", func(c *terminal.Config) {
		c.Hosts = append([]string{closed.Addr().String()}, c.Hosts...)
	})
	s.must(saleOf1000)
	s.c.Hosts = s.c.Hosts[:1]
	s.restart()
	r := s.try(saleOf1000)
	assert.Equal(t, terminal.CannotConnect, r.Outcome)
	assert.Empty(t, s.State().Pending, "strict stores before it sends")
}

// TestTimeouts lets the minutes of real timeouts pass in no time.
func TestTimeouts(t *testing.T) {
	for prof, wait := range map[string]time.Duration{"strict": time.Minute, "nac": time.Minute + 2*time.Minute} {
		synctest.Test(t, func(t *testing.T) {
			_, m := load(t, "iso87-bcd")
			p, err := profile.Open(prof)
			require.NoError(t, err)
			var hosts []net.Conn
			x, err := terminal.New(terminal.Config{
				Messages: m, Profile: p, Terminal: pos, Merchant: merchant,
				Dial: func(context.Context, string) (net.Conn, error) {
					here, there := net.Pipe()
					hosts = append(hosts, there)
					go func() {
						b := make([]byte, 1024)
						for {
							if _, err := there.Read(b); err != nil {
								return
							}
						}
					}()
					return here, nil
				},
			})
			require.NoError(t, err)
			began := time.Now()
			r, err := x.Do(t.Context(), terminal.Transaction{Type: world.Sale, Amount: 1000, Card: terminal.Card{PAN: pan}})
			require.NoError(t, err)
			assert.Equal(t, terminal.NoAnswer, r.Outcome)
			if prof == "nac" {
				wait = 5 * p.Timeouts.Response // the sale, a reversal, and three repeats
			}
			assert.Equal(t, wait, time.Since(began))
			require.NoError(t, x.Close())
			for _, h := range hosts {
				_ = h.Close()
			}
			synctest.Wait()
		})
	}
}

func TestEveryTryWaitsLonger(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, m := load(t, "iso87-bcd")
		var at []time.Duration
		began := time.Now()
		x, err := terminal.New(terminal.Config{
			Messages: m, Terminal: pos, Merchant: merchant,
			Dial: func(context.Context, string) (net.Conn, error) {
				at = append(at, time.Since(began))
				return nil, errors.New("no route")
			},
		})
		require.NoError(t, err)
		r, err := x.Do(t.Context(), terminal.Transaction{Type: world.Sale, Amount: 1000, Card: terminal.Card{PAN: pan}})
		require.NoError(t, err)
		assert.Equal(t, terminal.CannotConnect, r.Outcome)
		assert.Equal(t, []time.Duration{0, time.Second, 3 * time.Second}, at)
	})
}
