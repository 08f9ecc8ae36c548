package main

import (
	"strings"

	"github.com/acqsim/acqsim/simulator/dialect"
	"github.com/acqsim/acqsim/simulator/security"
)

// withMAC returns the dialect of a listener under its MAC policy: its own, or
// else the configuration's.
func (e *effective) withMAC(l *listener, d *dialect.Dialect) (*dialect.Dialect, error) {
	policy := l.MAC
	if policy == "" {
		policy = e.MAC
	}
	if policy != macOfDialect {
		var p security.MACPolicy
		if err := p.UnmarshalText([]byte(policy)); err != nil {
			return nil, exitWith(exitUsage, err)
		}
		if p != security.MACOff && d.MACField() == 0 {
			return nil, usagef("listener %s: dialect %s has no MAC field, so the MAC policy can't be %s", l.Name, d.Name(), p)
		}
		d = d.WithMACPolicy(p)
	}
	if unsignable(d) {
		return nil, usagef("listener %s on %s: "+neverSigned+"give this listener another policy (`mac: off` in its entry of acqsim.yaml), or serve a dialect with `keys:` (`acqsim dialects show %s` prints one to add them to)",
			l.Name, l.Address, d.Name(), baseName(d))
	}
	return d, nil
}

// neverSigned says what is wrong with a dialect that is unsignable.
const neverSigned = "the MAC policy is require, but dialect %s has no `keys:`, so no terminal can sign and every one would be told to sign on, for ever; "

// unsignable reports whether a dialect requires a MAC that no terminal can make.
func unsignable(d *dialect.Dialect) bool {
	return d.MACPolicy() == security.MACRequire && !d.HasKeys()
}

// baseName is a dialect's name without its variant.
func baseName(d *dialect.Dialect) string {
	name, _, _ := strings.Cut(d.Name(), "/")
	return name
}
