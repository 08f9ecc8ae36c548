package simulator_test

import (
	"crypto/tls"
	"fmt"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/acqsim/acqsim/faults"
	"github.com/acqsim/acqsim/scenarios"
	"github.com/acqsim/acqsim/scenarios/library"
	"github.com/acqsim/acqsim/scenarios/transcript"
)

// Whoever has only a terminal brings each of these causes about by its amount:
// the sale itself meets it or, where it concerns connections, the next
// connection from there.
func TestAmountsBringCausesAbout(t *testing.T) {
	all, err := library.All()
	require.NoError(t, err)
	triggers, err := scenarios.NewTriggers(all, nil)
	require.NoError(t, err)
	for _, s := range all {
		tested, known := wayCause(s.Name)
		if !known || s.Trigger == nil {
			continue
		}
		t.Run(s.Name, func(t *testing.T) {
			if tested.needsFilter {
				linux(t)
			}
			t.Parallel()
			r := rigUp(t, s.Name, "unionpay-pos", tested.secure)
			r.planner.Trigger(triggers)
			require.NoError(t, r.Rearm())
			p := r.victim()
			amount := fmt.Sprintf("0000000010%s", s.Trigger.Amount)
			stage := faults.Replying
			for _, rule := range s.Rules {
				for _, f := range rule.Fault {
					stage = min(stage, f.Stage())
				}
			}
			changes := p.who()
			changes[4] = amount
			p.ask("sale", changes)
			if stage < faults.Requesting {
				m := p.answer()
				assert.Equal(t, "00", get(t, m, 39), "the sale itself is answered")
				assert.Equal(t, amount, get(t, m, 4))
				nextConnection(t, r, stage)
			}
			struck := one(t, events(t, r.Server, ofKind(transcript.Struck)), transcript.Struck)
			assert.Equal(t, s.Name, struck.Strike.Scenario)
			r.trade()
		})
	}
}

// In a world that is in order, an amount has the host decide as under the
// cause; the same sale with another amount is honest again.
func TestAmountsHaveTheHostDecide(t *testing.T) {
	all, err := library.All()
	require.NoError(t, err)
	triggers, err := scenarios.NewTriggers(all, nil)
	require.NoError(t, err)
	for _, name := range []string{"unionpay-pos", "iso87-ascii"} {
		t.Run(name, func(t *testing.T) {
			r := rigUp(t, "reply-lost", name, false) // which says nothing of the world
			r.planner.Trigger(triggers)
			require.NoError(t, r.Rearm())
			p := r.victim()
			tried := 0
			for _, s := range all {
				if s.Layer != "host" || s.Trigger == nil {
					continue
				}
				tried++
				assert.Equal(t, p.says(s.Trigger.Outcome), p.code("sale", 0, fields{4: "0000000010" + string(s.Trigger.Amount)}), s.Name)
				assert.Equal(t, "00", p.code("sale", 0, nil), "after %s", s.Name)
			}
			assert.Positive(t, tried)
			r.trade()
			assert.Equal(t, int64(-tried*saleAmount), r.moved(), "only the honest ones")
		})
	}
}

// nextConnection opens one that a cause is waiting for, and lets it come to
// the stage at which that strikes.
func nextConnection(t *testing.T, r *rig, stage faults.Stage) {
	t.Helper()
	c, err := r.connect(patience)
	if err != nil {
		isReset(t, err) // it can be quicker than connect
		return
	}
	t.Cleanup(func() { _ = c.Close() })
	if stage != faults.Hello {
		return
	}
	require.NoError(t, c.SetDeadline(time.Now().Add(responseTimeout)))
	require.Error(t, handshake(t, r, c))
}

// wayCause finds the test of a cause of connection, request, reply or message.
func wayCause(name string) (causeTest, bool) {
	for _, some := range []map[string]causeTest{connectionCauses, requestCauses, replyCauses, messageCauses} {
		if c, ok := some[name]; ok {
			return c, true
		}
	}
	return causeTest{}, false
}

func handshake(t *testing.T, r *rig, c net.Conn) error {
	t.Helper()
	return tls.Client(c, r.tls).HandshakeContext(t.Context())
}
