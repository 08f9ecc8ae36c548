package terminal

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"slices"
	"sync"
	"time"

	"github.com/acqsim/acqsim/scenarios/profile"
	"github.com/acqsim/acqsim/scenarios/world"
	"github.com/acqsim/acqsim/simulator/dialect"
	"github.com/acqsim/acqsim/simulator/security"
)

// Config describes a terminal. Messages, Terminal and Merchant, and Hosts or
// Dial, are required.
type Config struct {
	Messages *Messages

	// Profile is how the firmware behaves. Default: strict.
	Profile *profile.Profile

	// Hosts are addresses, host:port: the primary one, then backups, which are
	// tried in turn after a failed connect.
	Hosts []string

	// TLS makes the terminal use TLS. Default: plain TCP.
	TLS *tls.Config

	// Dial replaces connecting over TCP. Its errors count as failed connects.
	Dial func(ctx context.Context, address string) (net.Conn, error)

	Terminal string         // DE 41
	Merchant string         // DE 42
	Currency world.Currency // default: CNY

	// TMK is the terminal master key. Default: [security.DefaultTMK].
	TMK security.Key

	// Initial is the initial key (IPEK) where the dialect has DUKPT, and KSN the
	// key serial number of the first request ever. Zero: no PIN, no MAC.
	Initial security.Key
	KSN     security.KSN

	// SignOn makes the terminal sign on before its first transaction in every
	// dialect; default: where the host gives the batch number at sign-on.
	SignOn bool

	// KeepLine keeps the connection between transactions. Default: one
	// connection for each, with what goes before it.
	KeepLine bool

	// Store keeps the state. Default: a [MemoryStore].
	Store Store

	// PIN asks the holder for the PIN again after a wrong one; round counts from
	// 2. False: the holder gives up. Nil: nobody asks again.
	PIN func(round int) (pin string, ok bool)

	// Print gets every receipt and slip. Its error is a printer that fails, after
	// which an approved transaction is reversed. Nil: no printer is needed.
	Print func(Receipt) error

	// At is called at points of a transaction. Its error stops the terminal there
	// and then, as a power cut does.
	At func(Point) error

	Bugs []Bug // known firmware bugs to have; none in good firmware

	Now func() time.Time // default: time.Now
}

// Point is a point within a transaction.
type Point string

// The points, by the words that scenarios use.
const (
	BeforeConnect Point = "before-connect"
	BeforeSend    Point = "before-send"
	AfterSend     Point = "after-send"
	AfterReply    Point = "after-reply"
)

// Terminal is a POS terminal. Its methods can be called from several
// goroutines; it does one thing at a time.
type Terminal struct {
	c    Config
	p    *profile.Profile
	d    *dialect.Dialect
	bugs map[Bug]bool

	mu      sync.Mutex
	s       *State
	session *Session
	line    *Line
	served  bool  // something has come over the line
	lost    int   // lines of this transaction that broke before anything came
	dead    error // why nothing more can be done
}

// New makes a terminal with the state of its store.
func New(c Config) (*Terminal, error) {
	if err := c.complete(); err != nil {
		return nil, err
	}
	t := &Terminal{c: c, p: c.Profile, d: c.Messages.Dialect(), bugs: map[Bug]bool{}}
	for _, b := range c.Bugs {
		if !slices.ContainsFunc(Bugs(), func(x BugDoc) bool { return x.Bug == b }) {
			return nil, fmt.Errorf("terminal: no firmware bug is called %q", b)
		}
		t.bugs[b] = true
	}
	s, err := c.Store.Load()
	if err != nil {
		return nil, err
	}
	if s == nil {
		s = &State{
			Version: stateVersion, Dialect: t.d.Name(), Terminal: c.Terminal, Merchant: c.Merchant,
			Batch: 1, SignOn: c.SignOn || t.d.TellsBatch(),
		}
	}
	if s.Dialect != t.d.Name() || s.Terminal != c.Terminal || s.Merchant != c.Merchant {
		return nil, fmt.Errorf("terminal: the state is that of terminal %s of merchant %s, in %s: give this one a state of its own", s.Terminal, s.Merchant, s.Dialect)
	}
	t.s = s
	if err := t.openKeys(); err != nil {
		return nil, err
	}
	return t, nil
}

func (c *Config) complete() error {
	switch {
	case c.Messages == nil:
		return errors.New("terminal: it needs messages")
	case c.Terminal == "" || c.Merchant == "":
		return errors.New("terminal: it needs the numbers of terminal and merchant")
	case len(c.Hosts) == 0 && c.Dial == nil:
		return errors.New("terminal: it needs the address of a host")
	}
	if c.Profile == nil {
		p, err := profile.Open(profile.Default)
		if err != nil {
			return err
		}
		c.Profile = p
	}
	if len(c.Hosts) == 0 {
		c.Hosts = []string{"host"}
	}
	if c.Currency == 0 {
		c.Currency = world.CNY
	}
	if c.TMK.IsZero() {
		c.TMK = security.DefaultTMK()
	}
	if c.Store == nil {
		c.Store = &MemoryStore{}
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	return nil
}

// openKeys makes the session of the stored keys.
func (t *Terminal) openKeys() error {
	if t.d.DUKPT() {
		if t.c.Initial.IsZero() {
			return nil
		}
		next := t.c.KSN
		if t.s.KSN != "" {
			k, err := security.ParseKSN(t.s.KSN)
			if err != nil {
				return fmt.Errorf("terminal: state: %w", err)
			}
			next = k
		}
		session, err := NewDUKPTSession(t.d, t.c.Initial, next)
		t.session = session
		return err
	}
	if len(t.s.Keys) == 0 {
		return nil
	}
	keys, err := security.OpenCryptogram(t.c.TMK, t.s.Keys)
	if err != nil {
		return fmt.Errorf("terminal: the keys in the state: %w", err)
	}
	t.session, err = NewSession(t.d, keys)
	return err
}

// save stores the state before anything else happens. After an error the
// terminal does nothing more: what it knows and what is stored differ.
func (t *Terminal) save() error {
	if t.d.DUKPT() && t.session != nil && !t.session.KSN.IsZero() {
		t.s.KSN = t.session.KSN.String()
	}
	s := t.s
	if t.bugs[BugForgetsAtPowerCut] {
		s = s.clone()
		s.Pending = nil
	}
	if err := t.c.Store.Save(s); err != nil {
		t.dead = fmt.Errorf("the terminal's state can't be stored: %w", err)
		return t.dead
	}
	return nil
}

// at tells that a point was reached.
func (t *Terminal) at(p Point) error {
	if t.c.At == nil {
		return nil
	}
	if err := t.c.At(p); err != nil {
		t.dead = err
		return err
	}
	return nil
}

// State returns a copy of what the terminal knows.
func (t *Terminal) State() *State {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.s.clone()
}

// Close ends the connection, if there is one. The state is stored already.
func (t *Terminal) Close() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.hangUp()
}
