// Package simulator puts the parts together: a server that reads frames, lets
// the honest host decide, and writes the replies. It decides no business
// itself.
package simulator

import (
	"crypto/tls"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/acqsim/acqsim/faults/wire"
	"github.com/acqsim/acqsim/scenarios/world"
	"github.com/acqsim/acqsim/simulator/dialect"
	"github.com/acqsim/acqsim/simulator/frame"
	"github.com/acqsim/acqsim/simulator/host"
	"github.com/acqsim/acqsim/simulator/journal"
	"github.com/acqsim/acqsim/simulator/ledger"
)

// Options describe a server. Only Listeners is required: the zero value of
// everything else is an open default world, books in memory, and a journal in
// memory.
type Options struct {
	Listeners []Listener

	Host    *host.Host       // default: an open host of the default world
	Journal *journal.Journal // default: one of its own, which Close closes

	// State is flushed before replies leave, so that no answered transaction
	// is lost if the process is killed. Default: nothing is kept.
	State State

	// Now is the business clock. Default: the time of day.
	Now func() time.Time

	// Planner says what goes wrong. Default: nothing does.
	Planner Planner

	// ResponseTimeout is how long the terminals wait for a reply: what
	// "timeouts" in scenarios are multiples of. Default: that of faults.
	ResponseTimeout time.Duration

	// Authority issues the certificates of spoilt TLS handshakes. Terminals
	// tell what is wrong with one only if they trust it. Default: one of its
	// own, which nobody trusts.
	Authority *wire.Authority

	// MaxConnections bounds the connections of all listeners together.
	// Default 20,000; negative: no limit.
	MaxConnections int

	Metrics *Metrics // default: counted and not shown
}

// State is where the books are kept over a restart: [ledger.State].
type State interface {
	// Flush writes what has changed; after it, a kill loses none of it.
	Flush() error
}

var _ State = (*ledger.State)(nil)

// Listener is one address that terminals connect to.
type Listener struct {
	Name    string // in the journal; default: the dialect's name
	Address string // host:port, as for net.Listen; port 0 takes a free one
	Dialect *dialect.Dialect
	TLS     *tls.Config // nil: plain TCP

	Limits         frame.Limits  // of frames; the zero value is their defaults
	WriteTimeout   time.Duration // a peer that does not read for so long, or up to twice, is cut off; default 30 s
	MaxConnections int           // of this listener; default: only the server's limit
}

const (
	defaultMaxConnections = 20_000
	defaultWriteTimeout   = 30 * time.Second
)

// complete fills in the defaults and reports what can't be.
func (o *Options) complete() error {
	if len(o.Listeners) == 0 {
		return errors.New("a server needs at least one listener")
	}
	for i := range o.Listeners {
		l := &o.Listeners[i]
		if l.Dialect == nil {
			return fmt.Errorf("listener %d (%s) has no dialect", i+1, l.Address)
		}
		if l.Name == "" {
			l.Name = l.Dialect.Name()
		}
		if l.WriteTimeout == 0 {
			l.WriteTimeout = defaultWriteTimeout
		}
		if err := l.Limits.Validate(); err != nil {
			return fmt.Errorf("listener %s: %w", l.Name, err)
		}
	}
	if o.MaxConnections == 0 {
		o.MaxConnections = defaultMaxConnections
	}
	if o.Metrics == nil {
		o.Metrics = NewMetrics()
	}
	if o.Planner != nil && o.Authority == nil && slices.ContainsFunc(o.Listeners, func(l Listener) bool { return l.TLS != nil }) {
		a, err := wire.NewAuthority(time.Now())
		if err != nil {
			return err
		}
		o.Authority = a
	}
	if o.Host == nil {
		h, err := host.New(host.Options{World: world.Default(), Book: ledger.New(ledger.Options{})})
		if err != nil {
			return err
		}
		o.Host = h
	}
	return nil
}
