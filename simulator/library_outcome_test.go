package simulator_test

import (
	"crypto/tls"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/acqsim/acqsim/scenarios"
	"github.com/acqsim/acqsim/scenarios/library"
	"github.com/acqsim/acqsim/scenarios/world"
	"github.com/acqsim/acqsim/simulator/security"
	terminals "github.com/acqsim/acqsim/simulator/terminal"
)

// What the files expect at the terminal and on accounts is what a terminal's
// line reports and the books hold. A file is played up to the first action that
// the line alone can't do.
func TestTheOutcomesThatCausesExpect(t *testing.T) {
	for _, name := range library.Names() {
		tested, known := causeTested(name)
		if !known {
			continue
		}
		t.Run(name, func(t *testing.T) {
			if tested.needsFilter {
				linux(t)
			}
			t.Parallel()
			r := rigUp(t, name, "unionpay-pos", tested.secure)
			if r.cause.Layer != "host" { // there it would be refused
				seenVictim(t, r)
			}
			before := r.moved()
			r.arm()
			c := &cashier{r: r, t: t, stan: 100}
			for _, a := range r.cause.Actions {
				if a.Transaction == nil || a.Transaction.Type == world.Settlement {
					break
				}
				c.done = append(c.done, c.do(a.Transaction))
			}
			c.hangUp()
			checked := 0
			for _, e := range r.cause.Expect {
				switch {
				case e.Outcome != nil && e.Outcome.Action <= len(c.done):
					checked++
					x := c.done[e.Outcome.Action-1]
					assert.Contains(t, e.Outcome.Is, x.Outcome, "action %d: %s", e.Outcome.Action, x.Outcome)
					if want := e.Outcome.Code; want != "" {
						assert.EqualValues(t, want, x.Code, "action %d", e.Outcome.Action)
					}
				case e.Ledger != nil && e.Ledger.Account == "good" && e.Ledger.Moved != "" && c.pending == 0 && len(c.done) == len(r.cause.Actions):
					want, err := world.ParseAmount(e.Ledger.Moved, world.CNY)
					require.NoError(t, err)
					assert.Equal(t, want, r.moved()-before, "moved")
				}
			}
			assert.Positive(t, checked, "nothing was checked")
			r.trade()
		})
	}
}

// causeTested finds the test of a cause of any layer but the shop's.
func causeTested(name string) (causeTest, bool) {
	if c, ok := hostCauses[name]; ok {
		return c, true
	}
	return wayCause(name)
}

// cashier sells with a careful terminal: what got no answer is reversed before
// the next transaction, on a new connection.
type cashier struct {
	r       *rig
	t       *testing.T
	line    *terminals.Line
	session *terminals.Session // nil: not signed on
	noKeys  bool               // the keys of the sign-on could not be opened
	stan    uint32
	done    []*terminals.Exchange
	pending uint32 // STAN of what is to be reversed; 0: nothing
}

func (c *cashier) do(a *scenarios.Transaction) *terminals.Exchange {
	c.t.Helper()
	if c.pending != 0 && a.Type.Financial() {
		p := c.params(&scenarios.Transaction{Type: world.Sale})
		p.STAN, p.Original = c.pending, terminals.Original{Type: world.Sale, STAN: c.pending}
		if x := c.send(world.Reversal, p); x.Outcome != terminals.Approved && x.Outcome != terminals.Declined {
			return &terminals.Exchange{Outcome: terminals.ReversalPending}
		}
		c.pending = 0
	}
	if c.noKeys && a.Type.Financial() {
		return &terminals.Exchange{Outcome: terminals.NotPossible}
	}
	c.stan++
	x := c.send(a.Type, c.params(a))
	for round := 1; a.PIN == "wrong-each-time" && x.Code == "55" && round < 3; round++ {
		c.stan++
		x = c.send(a.Type, c.params(a))
	}
	switch x.Outcome {
	case terminals.NoAnswer, terminals.Garbled, terminals.Mismatch, terminals.MACError, terminals.SendFailed, terminals.CardDeclined:
		if a.Type == world.Sale {
			c.pending = c.stan
		}
	case terminals.Approved:
		if a.Type == world.SignOn {
			var err error
			c.session, err = terminals.OpenSession(c.r.healthy.d, security.DefaultTMK(), x.Reply)
			c.noKeys = err != nil
		}
	}
	return x
}

// params are the values of an action.
func (c *cashier) params(a *scenarios.Transaction) terminals.Params {
	c.t.Helper()
	alias := a.Card
	if alias == "" {
		alias = "good"
	}
	card := world.Default().Cards[alias]
	p := terminals.Params{
		Terminal: shopTerminal, Merchant: shopMerchant, Currency: world.CNY, Batch: 1, STAN: c.stan, Time: time.Now(),
		Card: terminals.Card{PAN: card.PAN, Expiry: card.Expiry}, Amount: saleAmount, HasAmount: a.Type != world.Inquiry,
	}
	if a.Amount != nil {
		var err error
		p.Amount, err = world.ParseAmount(string(*a.Amount), world.CNY)
		require.NoError(c.t, err)
	}
	if a.Entry == "chip" {
		var err error
		p.Card.Chip, err = terminals.NewChipCard(card)
		require.NoError(c.t, err)
	}
	if c.session != nil && a.Type == world.Sale {
		p.Card.PIN = card.PIN
		if strings.HasPrefix(string(a.PIN), "wrong") {
			p.Card.PIN = strings.Repeat("9", len(card.PIN))
		}
	}
	if a.Of > 0 {
		x := c.done[a.Of-1]
		require.NotNil(c.t, x.Reply)
		p.RRN, p.Approval = x.Reply.RRN, x.Reply.Approval
		p.Original = terminals.Original{Type: world.Sale, STAN: c.stan - uint32(len(c.done)-a.Of+1)} //nolint:gosec // never negative
	}
	return p
}

func (c *cashier) send(is world.TransactionType, p terminals.Params) *terminals.Exchange {
	c.t.Helper()
	d := c.r.healthy.d
	if c.line == nil {
		nc, err := c.r.connect(responseTimeout)
		if err != nil {
			return &terminals.Exchange{Outcome: terminals.CannotConnect}
		}
		c.t.Cleanup(func() { _ = nc.Close() })
		if c.r.tls != nil {
			require.NoError(c.t, nc.SetDeadline(time.Now().Add(responseTimeout)))
			secure := tls.Client(nc, c.r.tls)
			if secure.HandshakeContext(c.t.Context()) != nil {
				return &terminals.Exchange{Outcome: terminals.CannotConnect}
			}
			require.NoError(c.t, nc.SetDeadline(time.Time{}))
			nc = secure
		}
		c.line, err = terminals.NewLine(nc, terminals.Options{Dialect: d, ResponseTimeout: c.r.timeout})
		require.NoError(c.t, err)
	}
	m, err := terminals.MessagesFor(d)
	require.NoError(c.t, err)
	req, err := m.Request(is, p, c.session)
	require.NoError(c.t, err)
	x, err := c.line.Exchange(c.t.Context(), req)
	require.NoError(c.t, err)
	if x.Outcome != terminals.Approved && x.Outcome != terminals.Declined {
		c.hangUp()
	}
	return x
}

func (c *cashier) hangUp() {
	if c.line != nil {
		_ = c.line.Close()
		c.line = nil
	}
}
