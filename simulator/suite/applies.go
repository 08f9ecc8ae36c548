package suite

import (
	"cmp"
	"crypto/tls"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/acqsim/acqsim/scenarios"
	"github.com/acqsim/acqsim/simulator"
	"github.com/acqsim/acqsim/simulator/dialect"
)

// skip says why a scenario can't be run at a terminal; nil: it can.
type skip struct{ why string }

// Error is the reason.
func (s *skip) Error() string { return s.why }

// listener is what the suite's listener has, without or with TLS.
func (o *Options) listener(secure bool) scenarios.Listener {
	l := simulator.Listener{Dialect: o.Dialect}
	if secure {
		l.TLS = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	return scenarios.Listener{Name: listenerName, Layer: l.Layer()}
}

// needsTLS reports whether a scenario needs a listener with TLS.
func needsTLS(s *scenarios.Scenario, o *Options) bool {
	return s.Fits(o.listener(false)) != nil
}

// applies reports with a *skip that the scenario can't be shown to this kind of
// terminal, as far as that is known before anything is tried.
func (o *Options) applies(c *Case) error {
	if c.byHand() && !o.person() {
		return &skip{"a person has to bring it about: run it with --terminal manual"}
	}
	if len(c.Scenario.Actions) == 0 {
		return &skip{"it has no actions"}
	}
	return o.fits(c)
}

// fits is applies, whatever the terminal is.
func (o *Options) fits(c *Case) error {
	if slices.Contains(c.Scenario.Needs, scenarios.NeedKeys) && !hasKeys(o.Dialect) {
		return &skip{fmt.Sprintf("it needs working keys, and a sign-on in %s brings none", o.Dialect.Name())}
	}
	if o.Listen != "" && !o.TLS && needsTLS(c.Scenario, o) {
		return &skip{"it needs TLS, and the terminal connects to " + o.Listen + " without: say that it has TLS, if it has (--tls)"}
	}
	if o.TLS && slices.Contains(c.Scenario.Needs, scenarios.NeedPlain) {
		return &skip{"over TLS the handshake would fail before it could be shown"}
	}
	if err := c.Scenario.Fits(o.listener(true)); err != nil {
		first, _, _ := strings.Cut(err.Error(), "\n")
		if _, why, ok := strings.Cut(first, scenarios.NotShown); ok {
			first = why // its place in the file is no use here
		}
		return &skip{fmt.Sprintf("it can't be shown in %s here: %s", o.Dialect.Name(), first)}
	}
	return nil
}

// person reports whether the driver has hands for what a site cause needs.
func (o *Options) person() bool {
	p, ok := o.Driver.(interface{ Person() bool })
	return ok && p.Person()
}

// can reports with a *skip what a terminal lacks for a scenario.
func can(c *Case, secure bool, r *Ready) error {
	needs := c.needs()
	if secure {
		needs = append(needs, "tls")
	}
	var lacks []string
	for _, n := range needs {
		extra := slices.Contains([]string{"tls", "pin", "chip"}, n)
		if !slices.Contains(r.Can, n) && (extra || len(r.Can) > 0) {
			lacks = append(lacks, n)
		}
	}
	if len(lacks) > 0 {
		return &skip{fmt.Sprintf("the terminal has no %s (%s)", strings.Join(lacks, ", "), cmp.Or(r.Name, "it gave no name"))}
	}
	return nil
}

// isSkip reports whether an error is only a reason not to run a scenario.
func isSkip(err error) (why string, ok bool) {
	var s *skip
	if errors.As(err, &s) {
		return s.why, true
	}
	return "", false
}

// hasKeys reports whether terminals of a dialect have keys for MACs.
func hasKeys(d *dialect.Dialect) bool {
	return d.MACField() > 0 && (d.DUKPT() || d.TellsBatch())
}
