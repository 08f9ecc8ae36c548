package host

import (
	"fmt"

	"github.com/acqsim/acqsim/scenarios/world"
	"github.com/acqsim/acqsim/simulator/ledger"
	"github.com/acqsim/acqsim/simulator/security"
)

// signOn opens a session. With a key download it makes new working keys, which
// replace the old ones: a second device that signs on under the same terminal
// ID leaves the first one with keys that no longer verify.
func (c *call) signOn() {
	t := c.terminal
	if !c.merchantMaySignOn() {
		return
	}
	if t.books.Batch == 0 {
		n := uint32(1)
		if c.req.HasBatch && c.req.Batch > 0 {
			n = c.req.Batch
		}
		c.h.book.SetBatch(t.books, n)
	}
	session := ledger.Session{Generation: t.books.Session.Generation + 1, SignedOn: true}
	reason := "signed on"
	if download, wanted := c.d.KeyDownload(c.req); wanted {
		download = download.For(c.d.MACAlgorithm())
		keys := security.DeriveSession(c.h.seed, t.id, session.Generation, download)
		cryptogram, err := keys.Cryptogram(c.h.masterKey(t.facts), download)
		if err == nil {
			err = t.install(c.d.MACAlgorithm(), keys)
		}
		if err != nil {
			c.refuse(world.SystemMalfunction, "the key download failed: "+err.Error())
			return
		}
		session.Download, session.Keys = uint8(download), cryptogram
		c.dec.Keys = cryptogram
		reason = fmt.Sprintf("signed on, working keys no. %d sent", session.Generation)
	} else {
		// Keys of an earlier sign-on stay in force.
		session.Download, session.Keys = t.books.Session.Download, t.books.Session.Keys
	}
	c.h.book.SetSession(t.books, session)
	c.dec.Batch, c.dec.HasBatch = t.books.Batch, true
	c.done(world.ChoreSignOn)
	c.approve(reason)
}

// merchantMaySignOn refuses the sign-on of a merchant that is suspended, closed
// or not yet active. A frozen one is as good as any but for money, and trading
// hours and permissions are no matter of sign-on, either.
func (c *call) merchantMaySignOn() bool {
	switch c.merchant.facts.Status {
	case world.MerchantActive, world.Frozen:
		return true
	}
	return c.merchantMay()
}

func (c *call) signOff() {
	c.endSession(c.terminal)
	c.approve("signed off")
}

// endSession has a terminal signed off: financial requests need a sign-on from
// here.
func (c *call) endSession(t *terminal) {
	session := t.books.Session
	session.SignedOn = false
	session.Generation = max(session.Generation, 1)
	c.h.book.SetSession(t.books, session)
}

// masterKey is the key that a terminal's working keys travel under.
func (h *Host) masterKey(t *world.Terminal) security.Key {
	if len(t.MasterKey) > 0 {
		if k, err := security.NewKey(t.MasterKey); err == nil {
			return k
		}
	}
	return h.tmk
}

// install puts new working keys into force.
func (t *terminal) install(a security.MACAlgorithm, keys security.SessionKeys) error {
	mac, err := security.NewMAC(a, keys.MAC)
	if err != nil {
		return err
	}
	t.keys, t.mac, t.algorithm = keys, mac, a
	return nil
}

// macBy returns the working MAC key for an algorithm; nil without keys. One
// terminal may speak two dialects, each with its own.
func (t *terminal) macBy(a security.MACAlgorithm) *security.MAC {
	if t.mac != nil && t.algorithm != a {
		mac, err := security.NewMAC(a, t.keys.MAC)
		if err != nil {
			return nil // this algorithm has no use for such a key
		}
		t.mac, t.algorithm = mac, a
	}
	return t.mac
}

// restoreKeys takes over the working keys of a session that survived a
// restart. Cryptograms that do not open, as after a change of the terminal
// master key, leave the terminal without keys: it is told to sign on.
func (t *terminal) restoreKeys(a security.MACAlgorithm, master security.Key) {
	if len(t.books.Session.Keys) == 0 {
		return
	}
	keys, err := security.OpenCryptogram(master, t.books.Session.Keys)
	if err == nil {
		err = t.install(a, keys)
	}
	if err != nil {
		t.keys, t.mac = security.SessionKeys{}, nil
	}
}
