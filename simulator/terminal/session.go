package terminal

import (
	"errors"
	"fmt"

	"github.com/acqsim/acqsim/scenarios/world"
	"github.com/acqsim/acqsim/simulator/dialect"
	"github.com/acqsim/acqsim/simulator/security"
)

// Session is what a terminal has from its last sign-on: working keys, and the
// batch that the host wants it to be in; or what its DUKPT keys come from. It
// prints keys as their check values.
type Session struct {
	Keys     security.SessionKeys
	Batch    uint32 // counts if HasBatch
	HasBatch bool

	// KSN is the key serial number of the next request, where the dialect
	// derives keys by DUKPT. It advances with every request that is made with
	// the session, which one goroutine does at a time; zero: used up.
	KSN security.KSN

	mac     *security.MAC
	initial security.Key // of DUKPT
}

// keyField is where a key download stands.
const keyField = 62

// ErrNoDownload says that the reply to a sign-on has no keys in it.
var ErrNoDownload = errors.New("the reply to the sign-on holds no keys")

// OpenSession opens the reply to a sign-on under the terminal master key. A
// reply without keys is ErrNoDownload; a *security.CheckValueError says that
// terminal and host hold different master keys.
func OpenSession(d *dialect.Dialect, tmk security.Key, reply *Reply) (*Session, error) {
	s := &Session{Batch: reply.facts.batch, HasBatch: reply.facts.hasBatch}
	m, err := d.Unpack(reply.Body)
	if err != nil {
		return nil, fmt.Errorf("terminal: sign-on: %w", err)
	}
	keys, err := m.GetBytes(keyField)
	if err != nil || len(keys) == 0 {
		return nil, fmt.Errorf("terminal: %w", ErrNoDownload)
	}
	if s.Keys, err = security.OpenCryptogram(tmk, keys); err != nil {
		return nil, fmt.Errorf("terminal: sign-on: %w", err)
	}
	if s.mac, err = security.NewMAC(d.MACAlgorithm(), s.Keys.MAC); err != nil {
		return nil, fmt.Errorf("terminal: sign-on: %w", err)
	}
	return s, nil
}

// NewSession makes a session of keys that are known already.
func NewSession(d *dialect.Dialect, keys security.SessionKeys) (*Session, error) {
	mac, err := security.NewMAC(d.MACAlgorithm(), keys.MAC)
	if err != nil {
		return nil, fmt.Errorf("terminal: %w", err)
	}
	return &Session{Keys: keys, mac: mac}, nil
}

// NewDUKPTSession makes the session of a terminal with an initial key (IPEK)
// loaded, for a dialect with DUKPT. Next is the key serial number of its first
// request.
func NewDUKPTSession(d *dialect.Dialect, initial security.Key, next security.KSN) (*Session, error) {
	if !d.DUKPT() {
		return nil, fmt.Errorf("terminal: dialect %s does not derive keys by DUKPT: sign on for them", d.Name())
	}
	if _, err := security.DeriveTransaction(initial, next); err != nil {
		return nil, fmt.Errorf("terminal: %w", err)
	}
	return &Session{KSN: next, initial: initial}, nil
}

// requestKeys are the keys of one exchange; nil and zero ones are not there.
type requestKeys struct {
	pin   security.Key
	mac   *security.MAC // signs the request
	reply *security.MAC // is the reply's
	ksn   security.KSN
}

// keysFor returns the keys of a request of this type: none before the first
// sign-on, and none in network management and settlement: terminals sign neither.
func (s *Session) keysFor(d *dialect.Dialect, t world.TransactionType) (k requestKeys, err error) {
	switch {
	case s == nil || t == world.SignOn || t == world.SignOff || t == world.Echo || t >= world.Settlement:
		return k, nil
	case d.DUKPT():
		return s.nextKeys(d)
	}
	k.pin = s.Keys.PIN
	if d.MACField() > 0 {
		k.mac, k.reply = s.mac, s.mac
	}
	return k, nil
}

// nextKeys derives the keys of the next request under DUKPT and counts on.
func (s *Session) nextKeys(d *dialect.Dialect) (k requestKeys, err error) {
	if s.initial.IsZero() {
		return k, nil
	}
	if s.KSN.IsZero() {
		return k, security.ErrKeysUsedUp
	}
	key, err := security.DeriveTransaction(s.initial, s.KSN)
	if err != nil {
		return k, err
	}
	if k.pin, err = key.PIN(); err != nil {
		return k, err
	}
	if d.MACField() > 0 {
		request, err := key.MACRequest()
		if err != nil {
			return k, err
		}
		if k.mac, err = security.NewMAC(d.MACAlgorithm(), request); err != nil {
			return k, err
		}
		reply, err := d.ReplyMACKey(key)
		if err != nil {
			return k, err
		}
		if k.reply, err = security.NewMAC(d.MACAlgorithm(), reply); err != nil {
			return k, err
		}
	}
	k.ksn = s.KSN
	if s.KSN, err = s.KSN.Next(); err != nil {
		s.KSN = security.KSN{} // this was the last
	}
	return k, nil
}
