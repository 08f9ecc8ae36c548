package simulator_test

import (
	"crypto/tls"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/acqsim/acqsim/scenarios"
	"github.com/acqsim/acqsim/scenarios/library"
	"github.com/acqsim/acqsim/scenarios/world"
	terminals "github.com/acqsim/acqsim/simulator/terminal"
)

// What the files expect at the terminal is what a terminal's line reports. A
// file is played up to the first action that is no transaction.
func TestTheOutcomesThatCausesOfTheWayExpect(t *testing.T) {
	for _, name := range library.Names() {
		tested, known := wayCause(name)
		if !known {
			continue
		}
		t.Run(name, func(t *testing.T) {
			if tested.needsFilter {
				linux(t)
			}
			t.Parallel()
			r := rigUp(t, name, "unionpay-pos", tested.secure)
			seenVictim(t, r)
			r.arm()
			c := &cashier{r: r, t: t, stan: 100}
			var outcomes []terminals.Outcome
			for _, a := range r.cause.Actions {
				if a.Transaction == nil {
					break
				}
				outcomes = append(outcomes, c.do(a.Transaction))
			}
			c.hangUp()
			checked := 0
			for _, e := range r.cause.Expect {
				if e.Outcome == nil || e.Outcome.Action > len(outcomes) {
					continue
				}
				checked++
				assert.Contains(t, e.Outcome.Is, outcomes[e.Outcome.Action-1], "action %d: %s", e.Outcome.Action, outcomes[e.Outcome.Action-1])
			}
			assert.Positive(t, checked, "nothing was checked")
			r.trade()
		})
	}
}

// cashier sells with a careful terminal: what got no answer is reversed before
// the next transaction, on a new connection.
type cashier struct {
	r       *rig
	t       *testing.T
	line    *terminals.Line
	stan    uint32
	pending uint32 // STAN of what is to be reversed; 0: nothing
}

func (c *cashier) do(a *scenarios.Transaction) terminals.Outcome {
	c.t.Helper()
	if c.pending != 0 && a.Type.Financial() {
		if o := c.send(world.Reversal, terminals.Params{STAN: c.pending, Original: terminals.Original{Type: world.Sale, STAN: c.pending}}); o != terminals.Approved && o != terminals.Declined {
			return terminals.ReversalPending
		}
		c.pending = 0
	}
	c.stan++
	p := terminals.Params{STAN: c.stan}
	o := c.send(a.Type, p)
	switch o {
	case terminals.NoAnswer, terminals.Garbled, terminals.Mismatch, terminals.MACError, terminals.SendFailed:
		if a.Type == world.Sale {
			c.pending = c.stan
		}
	}
	return o
}

func (c *cashier) send(is world.TransactionType, p terminals.Params) terminals.Outcome {
	c.t.Helper()
	d := c.r.healthy.d
	if c.line == nil {
		nc, err := c.r.connect(responseTimeout)
		if err != nil {
			return terminals.CannotConnect
		}
		c.t.Cleanup(func() { _ = nc.Close() })
		if c.r.tls != nil {
			require.NoError(c.t, nc.SetDeadline(time.Now().Add(responseTimeout)))
			secure := tls.Client(nc, c.r.tls)
			if secure.HandshakeContext(c.t.Context()) != nil {
				return terminals.CannotConnect
			}
			require.NoError(c.t, nc.SetDeadline(time.Time{}))
			nc = secure
		}
		c.line, err = terminals.NewLine(nc, terminals.Options{Dialect: d, ResponseTimeout: c.r.timeout})
		require.NoError(c.t, err)
	}
	m, err := terminals.MessagesFor(d)
	require.NoError(c.t, err)
	card := world.Default().Cards["good"]
	p.Terminal, p.Merchant, p.Currency = shopTerminal, shopMerchant, world.Default().Acquirer.Currency
	p.Batch = 1
	p.Card = terminals.Card{PAN: card.PAN, Expiry: card.Expiry}
	p.Amount, p.HasAmount, p.Time = saleAmount, is != world.Inquiry, time.Now()
	req, err := m.Request(is, p, nil)
	require.NoError(c.t, err)
	x, err := c.line.Exchange(c.t.Context(), req)
	require.NoError(c.t, err)
	if x.Outcome != terminals.Approved && x.Outcome != terminals.Declined {
		c.hangUp()
	}
	return x.Outcome
}

func (c *cashier) hangUp() {
	if c.line != nil {
		_ = c.line.Close()
		c.line = nil
	}
}
