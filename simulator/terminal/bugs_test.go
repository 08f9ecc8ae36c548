package terminal_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/acqsim/acqsim/scenarios/world"
	"github.com/acqsim/acqsim/simulator"
	"github.com/acqsim/acqsim/simulator/terminal"
)

// twoSales are what came of two sales, the second after a restart if that is
// wanted: outcomes, messages, and the money on both sides.
func twoSales(restart bool) func(*site) string {
	return func(s *site) string {
		one := s.try(saleOf1000)
		if restart {
			s.restart()
		}
		two := s.try(terminal.Transaction{Type: world.Sale, Amount: 2000})
		return s.story(one, two)
	}
}

func (s *site) story(all ...*terminal.Result) string {
	var b strings.Builder
	for _, r := range all {
		fmt.Fprintf(&b, "%s %v; ", r.Outcome, types(r))
		for _, x := range r.Exchanges {
			m, err := s.d.Unpack(x.Request.Body)
			require.NoError(s.t, err)
			stan, _ := m.GetString(11)
			amount, _ := m.GetString(4)
			fmt.Fprintf(&b, "%s/%s ", stan, amount)
		}
	}
	fmt.Fprintf(&b, "pending %d, terminal %d, host %d", len(s.State().Pending), s.State().Totals.Sales.Amount, s.book.Terminal(pos).Totals.DebitAmount)
	return b.String()
}

// TestEveryBugShows runs each bug where it matters, and the terminal without
// it: they must not do the same.
func TestEveryBugShows(t *testing.T) {
	signedOn := func(run func(*site) string) func(*site) string {
		return func(s *site) string {
			s.must(terminal.Transaction{Type: world.SignOn})
			return run(s)
		}
	}
	tests := map[terminal.Bug]struct {
		dialect string // default: iso87-bcd
		rules   string
		config  func(*terminal.Config)
		observe func(*site) string
	}{
		terminal.BugForgetsReversal:     {rules: first("reply.drop"), observe: twoSales(false)},
		terminal.BugReversesOtherAmount: {rules: first("reply.drop"), observe: twoSales(false)},
		terminal.BugReversesOther:       {rules: first("reply.drop"), observe: twoSales(false)},
		terminal.BugReversesDecline: {observe: func(s *site) string {
			return s.story(s.try(terminal.Transaction{Type: world.Sale, Amount: 100_000_000_0}), s.try(saleOf1000))
		}},
		terminal.BugNextSaleFirst:     {rules: first("reply.drop"), observe: twoSales(false)},
		terminal.BugAcceptsAnySTAN:    {rules: first("{message.field: {field: 11, edit: increment}}"), observe: twoSales(false)},
		terminal.BugAcceptsAnyAmount:  {rules: first("{message.field: {field: 4, edit: increment}}"), observe: twoSales(false)},
		terminal.BugAcceptsMissingMAC: {dialect: "unionpay-pos", rules: first("{message.mac: {edit: missing}}"), observe: signedOn(twoSales(false))},
		terminal.BugAcceptsWrongMAC:   {dialect: "unionpay-pos", rules: first("{message.mac: {edit: wrong}}"), observe: signedOn(twoSales(false))},
		terminal.BugLateReplyApproves: {rules: first("{reply.delay: {delay: 1.5 timeouts}}"), observe: twoSales(false)},
		terminal.BugTakesPreviousReply: {
			rules: first("reply.duplicate"), config: func(c *terminal.Config) { c.KeepLine = true },
			observe: func(s *site) string {
				one := s.try(saleOf1000)
				two := s.try(terminal.Transaction{Type: world.Sale, Amount: 100_000_000_0})
				return s.story(one, two)
			},
		},
		terminal.BugReusesSTAN:        {observe: twoSales(false)},
		terminal.BugForgetsAtPowerCut: {rules: first("reply.drop"), observe: twoSales(true)},
		terminal.BugResendsSale:       {rules: first("reply.drop"), observe: twoSales(false)},
		terminal.BugReconnectStorm: {
			config: func(c *terminal.Config) { c.Hosts = []string{"127.0.0.1:1"} },
			observe: func(s *site) string {
				n := 0
				s.c.Hosts, s.c.Profile.Connecting.Backoff = nil, 0
				s.c.Dial = counting(&n)
				s.restart()
				s.try(saleOf1000)
				return fmt.Sprint(n)
			},
		},
		terminal.BugNeverRepeats: {rules: first("reply.drop") + "  - match: {type: reversal}\n    when: {nth: 1}\n    fault: request.drop\n", observe: twoSales(false)},
		terminal.BugClearFallback: {
			config: func(c *terminal.Config) {
				c.TLS = &tls.Config{MinVersion: tls.VersionTLS12}
				c.Profile.Timeouts.Connect, c.Profile.Connecting.Retries = brief, 0
			},
			observe: twoSales(false),
		},
		terminal.BugIgnoresSignOn: {dialect: "unionpay-pos", rules: first("{frame.header: {edit: request, value: 3}}"), observe: signedOn(func(s *site) string {
			s.must(saleOf1000)
			return fmt.Sprint(len(s.try(saleOf1000).Exchanges))
		})},
		terminal.BugCountsUnanswered: {rules: first("reply.drop"), observe: twoSales(false)},
		terminal.BugParsesTruncated:  {rules: first("{frame.truncate: {at: 20, then: close}}"), observe: twoSales(false)},
		terminal.BugAsksPINForever: {
			dialect: "unionpay-pos", config: func(c *terminal.Config) { c.PIN = func(int) (string, bool) { return "222222", true } },
			observe: func(s *site) string {
				return s.story(s.try(terminal.Transaction{Type: world.Sale, Amount: 1000, Card: terminal.Card{PAN: world.Default().Cards["good"].PAN, PIN: "111111"}}))
			},
		},
		terminal.BugShowsConnectAsDecline: {
			config: func(c *terminal.Config) { n := 0; c.Dial = counting(&n) }, observe: twoSales(false),
		},
		terminal.BugSkipsUpload: {observe: func(s *site) string {
			s.must(saleOf1000)
			state := s.State()
			state.Transactions[0].Amount++
			require.NoError(s.t, s.c.Store.Save(state))
			s.restart()
			return s.story(s.try(terminal.Transaction{Type: world.Settlement}))
		}},
	}
	for _, b := range terminal.Bugs() {
		t.Run(string(b.Bug), func(t *testing.T) {
			t.Parallel()
			require.NotEmpty(t, b.Does.EN)
			require.Regexp(t, `^\p{Han}.*。$|^TLS `, b.Does.ZH)
			require.NotEmpty(t, b.Right)
			require.NotEmpty(t, b.Rule)
			test, ok := tests[b.Bug]
			require.True(t, ok, "no test")
			seen := [2]string{}
			for i, bugs := range [][]terminal.Bug{nil, {b.Bug}} {
				d := test.dialect
				if d == "" {
					d = "iso87-bcd"
				}
				var server []func(*simulator.Options)
				if test.rules != "" {
					server = append(server, withRules(t, test.rules))
				}
				s := newSite(t, d, "strict", func(c *terminal.Config) {
					impatient(c)
					c.Profile.Connecting.Backoff = time.Microsecond
					c.Bugs = bugs
					if test.config != nil {
						test.config(c)
					}
				}, server...)
				seen[i] = test.observe(s)
			}
			assert.NotEqual(t, seen[0], seen[1])
		})
	}
	assert.Len(t, tests, len(terminal.Bugs()))
}

func TestAnUnknownBug(t *testing.T) {
	_, m := load(t, "iso87-bcd")
	_, err := terminal.New(terminal.Config{Messages: m, Terminal: pos, Merchant: merchant, Hosts: []string{"h:1"}, Bugs: []terminal.Bug{"none"}})
	assert.ErrorContains(t, err, "none")
}

// counting counts attempts to connect, which all fail.
func counting(n *int) func(context.Context, string) (net.Conn, error) {
	return func(context.Context, string) (net.Conn, error) {
		*n++
		return nil, errors.New("no route")
	}
}
