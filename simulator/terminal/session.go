package terminal

import (
	"errors"
	"fmt"

	"github.com/acqsim/acqsim/scenarios/world"
	"github.com/acqsim/acqsim/simulator/dialect"
	"github.com/acqsim/acqsim/simulator/security"
)

// Session is what a terminal has from its last sign-on: working keys, and the
// batch that the host wants it to be in. It prints keys as their check values.
type Session struct {
	Keys     security.SessionKeys
	Batch    uint32 // counts if HasBatch
	HasBatch bool

	mac *security.MAC
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

// macFor returns what signs a request of this type: nothing before the first
// sign-on, and nothing in network management, which needs no keys.
func (s *Session) macFor(d *dialect.Dialect, t world.TransactionType) *security.MAC {
	if s == nil || d.MACField() == 0 || t == world.SignOn || t == world.SignOff || t == world.Echo {
		return nil
	}
	return s.mac
}
