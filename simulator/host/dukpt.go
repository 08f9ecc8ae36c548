package host

import (
	"fmt"

	"github.com/acqsim/acqsim/scenarios/transcript"
	"github.com/acqsim/acqsim/scenarios/world"
	"github.com/acqsim/acqsim/simulator/security"
)

// baseKey is the key that all DUKPT keys come from: the world's, or else the
// one that the host was given, or else a well-known one.
func baseKey(o *Options) (security.Key, error) {
	if len(o.World.Acquirer.BaseKey) > 0 {
		k, err := security.NewKey(o.World.Acquirer.BaseKey)
		if err != nil {
			return k, fmt.Errorf("host: the world's base derivation key: %w", err)
		}
		return k, nil
	}
	if o.BDK.IsZero() {
		return security.DefaultBDK(), nil
	}
	return o.BDK, nil
}

// deriveKeys makes the keys of a request that says by a key serial number which
// they are. Without one, or with one that counts no transaction, there are none.
func (h *Host) deriveKeys(j *Job) {
	if j.Request.KSN.IsZero() {
		return
	}
	initial, err := security.InitialKey(h.bdk, j.Request.KSN)
	if err != nil {
		return
	}
	if j.key, err = security.DeriveTransaction(initial, j.Request.KSN); err != nil {
		return
	}
	if j.Request.MAC == nil || j.Dialect.MACPolicy() == security.MACOff {
		return
	}
	if k, err := j.key.MACRequest(); err == nil {
		// The dialect has no algorithm that such a key is no good for.
		j.mac, _ = security.NewMAC(j.Dialect.MACAlgorithm(), k)
	}
}

// authenticByKSN is authentic for a dialect with DUKPT, in which nobody needs to
// sign on for keys.
func (c *call) authenticByKSN() bool {
	session := c.terminal.books.Session
	switch policy := c.d.MACPolicy(); {
	case session.Generation > 0 && !session.SignedOn:
		c.refuse(world.NotSignedOn, "the terminal has signed off")
		return false
	case policy == security.MACOff:
	case c.dec.MAC == transcript.MACAbsent && policy == security.MACRequire:
		c.refuse(world.MACWrong, "the MAC is absent, and the dialect requires one")
		return false
	case c.dec.MAC == transcript.MACAbsent:
	case c.dec.MAC == transcript.MACUnchecked:
		c.refuse(world.MACWrong, "a MAC, but "+c.noKSN())
		return false
	case c.dec.MAC == transcript.MACIsWrong:
		c.refuse(world.MACWrong, "the MAC does not verify with the key of "+c.ksnText()+
			": terminal and host differ in the base derivation key, or the message was changed")
		return false
	default:
		k, err := c.d.ReplyMACKey(c.key)
		if err == nil {
			c.dec.Response.MAC, err = security.NewMAC(c.d.MACAlgorithm(), k)
		}
		if err != nil {
			c.refuse(world.SystemMalfunction, "the reply can't be signed: "+err.Error())
			return false
		}
	}
	c.followKSN()
	return true
}

// noKSN says why there are no keys.
func (c *call) noKSN() string {
	if c.req.KSN.IsZero() {
		return "no key serial number that can be read: there is no key for it"
	}
	return c.ksnText() + " counts no transaction: its counter is 0 or has more than 10 one-bits"
}

func (c *call) ksnText() string { return "key serial number " + c.req.KSN.String() }

// followKSN notes whether the terminal's key serial number advances. A terminal
// that gets another device, with a number of its own, begins anew.
func (c *call) followKSN() {
	t, ksn := c.terminal, c.req.KSN
	if c.key.IsZero() {
		return
	}
	if t.ksn.Device() == ksn.Device() && ksn.Counter() <= t.ksn.Counter() {
		c.staleKSN = true
		return
	}
	t.ksn = ksn
}

// freshKSN refuses a request whose keys were used before, where the dialect says
// so. Repeats have been answered before it is asked, and reversals are not
// asked: money that moved must be able to move back.
func (c *call) freshKSN() bool {
	if !c.staleKSN || c.req.Repeat || !c.d.RefusesRepeatedKSN() {
		return true
	}
	c.staleKSN = false // the reason says it
	c.refuse(world.KeyRepeated, c.ksnText()+" does not follow "+c.terminal.ksn.String()+", the terminal's last: its keys may be known")
	return false
}

// remarkOnKSN adds to the reason what was not reason enough.
func (c *call) remarkOnKSN() {
	if c.staleKSN && !c.req.Repeat {
		c.dec.Why += "; " + c.ksnText() + " does not follow " + c.terminal.ksn.String()
	}
}

// pinKey returns the key of the request's PIN block; the zero key if there is
// none to be had. A false result has declined the request.
func (c *call) pinKey() (security.Key, bool) {
	if !c.d.DUKPT() {
		return c.terminal.keys.PIN, true
	}
	if c.key.IsZero() {
		c.decline(world.PINBlockWrong, "a PIN block, but "+c.noKSN())
		return security.Key{}, false
	}
	k, err := c.key.PIN()
	if err != nil {
		c.decline(world.SystemMalfunction, "the PIN block can't be opened: "+err.Error())
		return security.Key{}, false
	}
	return k, true
}
