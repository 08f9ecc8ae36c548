package suite

import (
	"crypto/tls"
	"errors"
	"slices"
	"strings"

	"github.com/acqsim/acqsim/faults"
	"github.com/acqsim/acqsim/scenarios"
	"github.com/acqsim/acqsim/scenarios/world"
	"github.com/acqsim/acqsim/simulator"
	"github.com/acqsim/acqsim/simulator/dialect"
)

// skip says why a scenario can't be run at a terminal; nil: it can.
type skip struct{ why world.Bilingual }

// Error is the reason.
func (s *skip) Error() string { return s.why.EN }

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
		return &skip{world.Say("a person has to bring it about: run it with --terminal manual", "须由人造成：请用 --terminal manual 执行")}
	}
	if len(c.Scenario.Actions) == 0 {
		return &skip{world.Say("it has no actions", "没有操作")}
	}
	return o.fits(c)
}

// fits is applies, whatever the terminal is.
func (o *Options) fits(c *Case) error {
	if slices.Contains(c.Scenario.Needs, scenarios.NeedKeys) && !hasKeys(o.Dialect) {
		return &skip{world.Say("it needs working keys, and a sign-on in %s brings none", "需要工作密钥，而 %s 的签到不下发密钥", o.Dialect.Name())}
	}
	if o.Listen != "" && !o.TLS && needsTLS(c.Scenario, o) {
		return &skip{world.Say("it needs TLS, and the terminal connects to %s without: say that it has TLS, if it has (--tls)",
			"需要 TLS，而终端不用 TLS 连接 %s：如终端支持 TLS，请加 --tls", o.Listen)}
	}
	if o.TLS && slices.Contains(c.Scenario.Needs, scenarios.NeedPlain) {
		return &skip{world.Say("over TLS the handshake would fail before it could be shown", "使用 TLS 时，握手会先失败，无法演示")}
	}
	if err := c.Scenario.Fits(o.listener(true)); err != nil {
		first, _, _ := strings.Cut(err.Error(), "\n")
		why := world.Same(first)
		var misfit *faults.MisfitError
		if errors.As(err, &misfit) {
			why = world.Bilingual(misfit.Text()) // its place in the file is no use here
		}
		return &skip{world.Say("it can't be shown in %s here: %s", "在 %s 下无法演示：%s", o.Dialect.Name(), why)}
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
		name := world.Same(r.Name)
		if r.Name == "" {
			name = world.Say("it gave no name", "未报名称")
		}
		return &skip{world.Say("the terminal has no %s (%s)", "终端不支持 %s（%s）", strings.Join(lacks, ", "), name)}
	}
	return nil
}

// isSkip reports whether an error is only a reason not to run a scenario.
func isSkip(err error) (why world.Bilingual, ok bool) {
	var s *skip
	if errors.As(err, &s) {
		return s.why, true
	}
	return world.Bilingual{}, false
}

// hasKeys reports whether terminals of a dialect have keys for MACs.
func hasKeys(d *dialect.Dialect) bool {
	return d.MACField() > 0 && (d.DUKPT() || d.TellsBatch())
}
