package simulator

import (
	"context"
	"crypto/tls"
	"errors"
	"time"

	"github.com/acqsim/acqsim/faults"
	"github.com/acqsim/acqsim/faults/wire"
	"github.com/acqsim/acqsim/scenarios/transcript"
)

// arrive asks the planner about a new connection, and does what it says. The
// ending, if any, is that of a connection that is not served.
func (c *conn) arrive() ending {
	if !c.s.watches(faults.Accepted) {
		return ending{}
	}
	facts := c.facts()
	plan, fired := c.s.o.Planner.OnAccept(&facts)
	if len(fired) == 0 {
		return ending{}
	}
	c.recordStrikes(fired)
	c.struckBy(&fired[len(fired)-1])
	switch {
	case len(plan.Steps) > 0:
		done := make(chan struct{})
		var d *wire.Delivery
		c.deliveries.under(fired[len(fired)-1].Scenario, false, func(over func()) undertaking {
			d = c.w.Deliver(facts.Now, plan.Steps, func(r wire.Result) {
				over()
				if !errors.Is(r.Err, wire.ErrCancelled) {
					c.recordTrouble(r.Err)
				}
				close(done)
			})
			return d
		})
		select {
		case <-done:
		case <-c.s.running.Done():
			d.Cancel() // what is to come only later holds up no Shutdown
		}
		return ending{transcript.Line, transcript.EndFIN, whyStruck(fired)}
	case plan.Unread:
		c.leaveUnread(plan.Hold, fired[len(fired)-1].Scenario)
		return ending{transcript.Line, transcript.EndRST, whyStruck(fired) + ": nothing was read from it"}
	}
	return ending{}
}

// leaveUnread holds the connection for a scenario, until the peer has gone, the
// time is over, or what the scenario has under way is cancelled. It ends it by
// an RST: a FIN would need what the peer has sent to be read.
func (c *conn) leaveUnread(most time.Duration, scenario string) {
	held, release := context.WithTimeout(c.s.running, most)
	defer release()
	var released func()
	c.deliveries.under(scenario, false, func(over func()) undertaking {
		released = over
		return &holding{release}
	})
	defer released()
	wire.AwaitHangup(held, c.c)
	_ = wire.Reset(c.c) // the peer may have done so
}

// holding is a connection that is held.
type holding struct{ release func() }

// Cancel lets it go.
func (h *holding) Cancel() { h.release() }

// configTLS is the listener's TLS configuration with the planner asked about
// every ClientHello.
func (c *conn) configTLS() *tls.Config {
	base := c.l.TLS
	if c.wait == nil {
		return base
	}
	config := base.Clone()
	config.GetConfigForClient = func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
		if c.s.watches(faults.Hello) {
			facts := c.facts()
			facts.ServerName = hello.ServerName
			if plan, fired := c.s.o.Planner.OnHello(&facts); len(fired) > 0 {
				c.recordStrikes(fired)
				c.struckBy(&fired[len(fired)-1])
				if plan.Stall {
					// The terminal's own limit is what is tried here.
					c.wait.handshake.Reset(max(handshakeTimeout, 3*facts.ResponseTimeout()))
				}
				return wire.Spoil(base, hello, plan, c.s.o.Authority)
			}
		}
		if base.GetConfigForClient != nil {
			return base.GetConfigForClient(hello)
		}
		return nil, nil //nolint:nilnil // that is how package tls says "go on"
	}
	return config
}

// lineEnded is told that a final step has been done to the connection.
func (c *conn) lineEnded(s faults.Step) {
	if s.Op == faults.Mute {
		return
	}
	c.ended.Store(&s)
	c.r.Interrupt()
}

// endedBy is how a connection ends with a step.
func endedBy(s faults.Step) ending {
	switch s.Op {
	case faults.RST:
		return ending{transcript.Line, transcript.EndRST, "a fault reset the connection (RST)"}
	case faults.Cut:
		return ending{transcript.Line, transcript.EndCut, "a fault cut the line: nothing passed any more"}
	}
	return ending{transcript.Line, transcript.EndFIN, "a fault closed the connection (FIN)"}
}

// handshakeTimeout bounds how long a peer may take over TLS.
const handshakeTimeout = 10 * time.Second
