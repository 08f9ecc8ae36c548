package suite

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/acqsim/acqsim/scenarios"
	"github.com/acqsim/acqsim/scenarios/display"
	"github.com/acqsim/acqsim/scenarios/profile"
	"github.com/acqsim/acqsim/scenarios/world"
	"github.com/acqsim/acqsim/simulator/dialect"
	"github.com/acqsim/acqsim/simulator/security"
	"github.com/acqsim/acqsim/simulator/terminal"
)

// known is what drivers of this package are told besides.
type known struct {
	dialect *dialect.Dialect
	profile *profile.Profile
	world   *world.World
	now     clock
}

// Builtin is the reference terminal, in this process. The zero value is correct
// firmware that keeps its connection between transactions.
type Builtin struct {
	Bugs []terminal.Bug // to have
	// LinePerTransaction makes it open a connection for each transaction.
	LinePerTransaction bool

	mu     sync.Mutex
	stores map[string]terminal.Store // by Hello.State
}

// Sessions is 0: any number.
func (b *Builtin) Sessions() int { return 0 }

// Open switches the terminal on.
func (b *Builtin) Open(_ context.Context, h *Hello) (Session, error) {
	s := &builtinSession{hello: h, world: h.known.world, records: map[int]terminal.Record{}}
	if err := b.configure(&s.c, h); err != nil {
		return nil, &DriverError{What: toGetReady, Err: err}
	}
	s.c.At = s.at
	s.c.PIN = s.askAgain
	if err := s.switchOn(); err != nil {
		return nil, &DriverError{What: toSwitchOn, Err: err}
	}
	return s, nil
}

func (b *Builtin) configure(c *terminal.Config, h *Hello) (err error) {
	*c = terminal.Config{
		Profile: h.known.profile, Hosts: []string{h.Host}, Terminal: h.Terminal, Merchant: h.Merchant,
		Currency: world.Currency(h.Currency), Bugs: b.Bugs, KeepLine: !b.LinePerTransaction, Now: h.known.now, //nolint:gosec // ISO 4217
		Store: b.store(h.State),
	}
	if c.Messages, err = terminal.MessagesFor(h.known.dialect); err != nil {
		return err
	}
	if c.TMK, err = security.ParseKey(h.MasterKey); err != nil {
		return err
	}
	if h.TLS != nil {
		roots := x509.NewCertPool()
		roots.AppendCertsFromPEM([]byte(h.TLS.CA))
		c.TLS = &tls.Config{RootCAs: roots, ServerName: h.TLS.ServerName, MinVersion: tls.VersionTLS12}
	}
	if h.KSN == "" {
		return nil
	}
	if c.KSN, err = security.ParseKSN(h.KSN); err != nil {
		return err
	}
	c.Initial, err = security.ParseKey(h.InitialKey)
	return err
}

// store keeps a terminal's state for as long as the driver lives.
func (b *Builtin) store(path string) terminal.Store {
	b.mu.Lock()
	defer b.mu.Unlock()
	if path == "" {
		return &terminal.MemoryStore{}
	}
	if b.stores == nil {
		b.stores = map[string]terminal.Store{}
	}
	if b.stores[path] == nil {
		b.stores[path] = &terminal.MemoryStore{}
	}
	return b.stores[path]
}

// builtinSession is one reference terminal.
type builtinSession struct {
	c     terminal.Config
	hello *Hello
	world *world.World

	mu      sync.Mutex // one action after the other
	t       *terminal.Terminal
	off     bool // it has no power
	records map[int]terminal.Record
	again   string // PIN that is keyed in when the terminal asks again; empty: none

	cutAt, pressAt terminal.Point // of the next transaction
	cancel         context.CancelFunc
}

// darkTime is how long it takes at least until somebody notices that a terminal
// has no power. It is long for what was sent before to arrive.
const darkTime = 300 * time.Millisecond

// errPower is a power cut.
var errPower = errors.New("the power is gone")

// Ready lists what there are messages for.
func (s *builtinSession) Ready() *Ready {
	r := &Ready{Protocol: Protocol, Name: "acqsim reference terminal", Can: []string{"power_cut", "restart", "press", "tls"}}
	for _, t := range s.c.Messages.Types() {
		if name := scenarios.ActionName(t); name != "" {
			r.Can = append(r.Can, name)
		}
	}
	if s.hasPIN() {
		r.Can = append(r.Can, "pin")
	}
	if s.hello.known.dialect.ChipField() != 0 {
		r.Can = append(r.Can, "chip")
	}
	return r
}

// hasPIN reports whether the terminal comes by the keys for a PIN block.
func (s *builtinSession) hasPIN() bool {
	d := s.hello.known.dialect
	return d.Defines(fieldPIN) && (d.DUKPT() && !s.c.Initial.IsZero() || d.TellsBatch())
}

// fieldPIN is DE 52.
const fieldPIN = 52

// Close takes the terminal off the line.
func (s *builtinSession) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.t == nil {
		return nil
	}
	return s.t.Close()
}

// switchOn makes a terminal of what is stored.
func (s *builtinSession) switchOn() (err error) {
	s.off = false
	s.t, err = terminal.New(s.c)
	return err
}

// Do performs an action.
func (s *builtinSession) Do(ctx context.Context, a *Action) (*Outcome, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	o := &Outcome{ID: a.ID}
	failed := func(err error) (*Outcome, error) {
		return nil, &DriverError{What: toDo(a.Do), Err: err}
	}
	switch a.Do {
	case "power_cut":
		if s.cutAt = pointOf(a.At); s.cutAt == "" {
			s.off = true
			_ = s.t.Close() // nothing more is said
		}
		return o, nil
	case "press":
		if a.Key == "cancel" {
			s.pressAt = pointOf(a.At)
		}
		return o, nil
	case "restart":
		_ = s.t.Close() // what was said has been said
		s.cutAt, s.pressAt = "", ""
		if err := s.switchOn(); err != nil {
			return failed(err)
		}
		return o, nil
	}
	if s.off {
		return o, nil // the display is dark
	}
	x, err := s.transaction(a)
	if err != nil {
		return failed(err)
	}
	r, err := s.perform(ctx, x)
	if errors.Is(err, errPower) {
		s.off = true
		return o, wait(ctx, darkTime) // until somebody notices
	}
	if err != nil && r.Outcome != display.Cancelled {
		return failed(err)
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	s.records[a.ID] = r.Record
	o.Is, o.Code, o.Receipt = r.Outcome, r.Code, r.Receipt.English()
	o.Display = r.Display().EN
	if s.hello.Lang == "zh" {
		o.Display, o.Receipt = r.Display().ZH, r.Receipt.Chinese()
	}
	if r.Record.STAN != 0 {
		o.STAN = fmt.Sprintf("%06d", r.Record.STAN)
	}
	return o, nil
}

// perform does a transaction, which a key or a power cut may end.
func (s *builtinSession) perform(ctx context.Context, x terminal.Transaction) (*terminal.Result, error) {
	if s.cutAt != "" || s.pressAt != "" {
		if err := s.getReady(ctx); err != nil {
			return &terminal.Result{}, err
		}
	}
	pressed, cancel := context.WithCancel(ctx)
	defer cancel()
	s.cancel = cancel
	r, err := s.t.Do(pressed, x)
	s.cutAt, s.pressAt = "", ""
	return r, err
}

// getReady signs on where that is due, so that what is to happen at a point of
// the transaction happens in its own message.
func (s *builtinSession) getReady(ctx context.Context) error {
	if !s.t.State().SignOn {
		return nil
	}
	cutAt, pressAt := s.cutAt, s.pressAt
	s.cutAt, s.pressAt = "", ""
	_, err := s.t.Do(ctx, terminal.Transaction{Type: world.SignOn})
	s.cutAt, s.pressAt = cutAt, pressAt
	return err
}

// at is called at the points of a transaction, by Do.
func (s *builtinSession) at(p terminal.Point) error {
	if s.pressAt == p {
		s.pressAt = ""
		s.cancel()
	}
	if s.cutAt == p {
		return errPower
	}
	return nil
}

func pointOf(word string) terminal.Point {
	if word == "idle" {
		return ""
	}
	return terminal.Point(word)
}

// transaction makes the terminal's transaction of an action.
func (s *builtinSession) transaction(a *Action) (x terminal.Transaction, err error) {
	var ok bool
	if x.Type, ok = scenarios.ActionType(a.Do); !ok {
		return x, fail("there is no action %s", "没有操作 %s", a.Do)
	}
	x.Amount, x.Cash = a.Amount, a.Cash
	was, known := s.records[a.Original]
	if a.Original != 0 {
		if !known || was.STAN == 0 {
			return x, fail("action %d, which this one is about, was not made", "本操作所针对的操作 %d 没有做成", a.Original)
		}
		x.Of = was.STAN
		x.RRN, x.Approval, x.Batch = was.RRN, was.Approval, was.Batch
	}
	if x.Type == world.Tip {
		x.Tip = x.Amount - was.Amount
	}
	switch a.After {
	case "card-declines":
		x.After = terminal.CardDeclines
	case "printer-fails":
		x.After = terminal.PrinterFails
	case "card-removed":
		x.After = terminal.CardRemoved
	}
	if a.Card != "" {
		return x, s.insert(a, &x)
	}
	return x, nil
}

// insert gives the transaction its card.
func (s *builtinSession) insert(a *Action, x *terminal.Transaction) error {
	card := s.hello.Cards[a.Card]
	x.Card = terminal.Card{PAN: card.PAN, Expiry: card.Expiry}
	// Firmware that may not send a track in clear, and has no key for it, sends none.
	if a.Entry != "typed" && s.c.Profile.TrackInClear {
		x.Card.Track2 = card.Track2
	}
	if a.Entry == "chip" {
		chip, err := terminal.NewChipCard(s.world.Cards[a.Card])
		if err != nil {
			return err
		}
		chip.Counter = uint16(a.ID) //nolint:gosec // a position in a list
		x.Card.Chip = chip
	}
	s.again = a.PINAgain
	if a.PIN != "" && s.hasPIN() && (a.PINGiven || asksPIN(x.Type)) {
		x.Card.PIN = a.PIN
	}
	return nil
}

// asksPIN reports whether terminals ask for a PIN in such a transaction.
func asksPIN(t world.TransactionType) bool {
	return slices.Contains([]world.TransactionType{world.Inquiry, world.Sale, world.PreAuth, world.Cash, world.CashBack}, t)
}

// askAgain is the holder of the card after a wrong PIN.
func (s *builtinSession) askAgain(int) (string, bool) { return s.again, s.again != "" }
