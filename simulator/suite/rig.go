package suite

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"sync/atomic"
	"time"

	"github.com/acqsim/acqsim/faults"
	"github.com/acqsim/acqsim/faults/wire"
	"github.com/acqsim/acqsim/scenarios"
	"github.com/acqsim/acqsim/scenarios/display"
	"github.com/acqsim/acqsim/scenarios/transcript"
	"github.com/acqsim/acqsim/scenarios/world"
	"github.com/acqsim/acqsim/simulator"
	"github.com/acqsim/acqsim/simulator/host"
	"github.com/acqsim/acqsim/simulator/journal"
	"github.com/acqsim/acqsim/simulator/ledger"
	"github.com/acqsim/acqsim/simulator/security"
)

// clock is a business clock.
type clock = func() time.Time

// rig is a server of one scenario: its world, its books, and what goes wrong.
type rig struct {
	o        *Options
	scenario *scenarios.Scenario // nil: nothing goes wrong
	world    *world.World
	terminal string
	secure   bool // over TLS
	now      clock

	journal   *journal.Journal
	planner   *scenarios.Planner
	server    atomic.Pointer[simulator.Server]
	bystander Session // another terminal on whose line a fault sends replies; nil: none
}

// rigUp starts a server with the world of a scenario (nil: the plain one). What
// goes wrong does so from arm on.
func (o *Options) rigUp(ctx context.Context, s *scenarios.Scenario, seed uint64, book *ledger.Book) (r *rig, err error) {
	r = &rig{o: o, scenario: s, world: o.World, terminal: o.Terminal, secure: o.TLS}
	began, at := time.Now(), time.Time{}
	if s != nil {
		if r.world, err = scenarios.Apply(o.World, s); err != nil {
			return nil, err
		}
		at = s.Given.Clock
		r.terminal = orElse(string(s.Terminal), o.Terminal)
		r.secure = r.secure || needsTLS(s, o)
	}
	if at.IsZero() {
		at = defaultClock
	}
	r.now = func() time.Time { return at.Add(time.Since(began)) }
	r.journal = journal.New(journal.Options{Keep: 1 << 16, Program: o.Program})
	h, err := host.New(host.Options{World: r.world, Book: book, Seed: seed})
	if err != nil {
		return nil, err
	}
	r.planner = scenarios.NewPlanner(scenarios.PlannerOptions{Seed: seed, SourceOf: r.sourceOf})
	so := simulator.Options{
		Listeners: []simulator.Listener{{Name: listenerName, Address: o.address(), Dialect: o.Dialect}},
		Host:      h, Journal: r.journal, Now: r.now, Planner: r.planner,
		ResponseTimeout: o.Profile.Timeouts.Response, Authority: o.authority,
	}
	if r.secure {
		if so.Listeners[0].TLS, err = o.certificate(); err != nil {
			return nil, err
		}
	}
	server, err := simulator.Start(ctx, so)
	if err != nil {
		return nil, err
	}
	r.server.Store(server)
	return r, nil
}

// listenerName is what the listener of a run is called.
const listenerName = "suite"

// defaultClock is when scenarios that don't say begin: on a working day, within
// all business hours.
var defaultClock = time.Date(2026, 11, 23, 10, 0, 0, 0, time.FixedZone("", 8*3600))

// certificate is a good one for the listener.
func (o *Options) certificate() (*tls.Config, error) {
	host, _, err := net.SplitHostPort(o.address())
	if err != nil {
		return nil, err
	}
	good, err := o.authority.Issue(reachable(host), "localhost")
	if err != nil {
		return nil, err
	}
	return &tls.Config{Certificates: []tls.Certificate{*good}, MinVersion: tls.VersionTLS12}, nil
}

// reachable is where a listener is reached on this machine.
func reachable(host string) string {
	if a, err := netip.ParseAddr(host); host == "" || err == nil && a.IsUnspecified() {
		return "127.0.0.1"
	}
	return host
}

func (r *rig) sourceOf(terminal string) (netip.Addr, bool) {
	if s := r.server.Load(); s != nil {
		return s.SourceOf(terminal)
	}
	return netip.Addr{}, false
}

// arm has the scenario's cause brought about from now on, for everybody who
// comes: a rig has one terminal under test.
func (r *rig) arm(ctx context.Context) error {
	if r.scenario == nil {
		return nil
	}
	if err := r.meetBystander(ctx); err != nil {
		return fmt.Errorf("the terminal on whose line replies are to go: %w", err)
	}
	if r.scenario.IsSite() {
		return nil // whoever acts brings it about
	}
	if err := r.planner.Arm(scenarios.Arming{Scenario: r.scenario, At: time.Now()}); err != nil {
		return err
	}
	return r.server.Load().Rearm()
}

// disarm ends the cause, and what of it is still under way.
func (r *rig) disarm() error {
	if r.scenario == nil {
		return nil
	}
	r.planner.Disarm(r.scenario.Name)
	r.server.Load().CancelDeliveries(r.scenario.Name)
	return r.server.Load().Rearm()
}

// meetBystander connects the terminal on whose line a fault sends replies.
func (r *rig) meetBystander(ctx context.Context) error {
	id := r.elsewhere()
	if id == "" {
		return nil
	}
	s, err := (&Builtin{}).Open(ctx, r.hello(id, ""))
	if err != nil {
		return err
	}
	r.bystander = s
	cards := soundCards(r.world)
	out, err := s.Do(ctx, &Action{Do: "sale", Amount: 100, Currency: int(world.CNY), Card: cards[len(cards)-1]})
	if err != nil {
		return err
	}
	if out.Is != display.Approved {
		return fmt.Errorf("terminal %s could not sell: %s", id, out.Display)
	}
	return nil
}

// elsewhere is a terminal on whose line a fault sends replies; "": none does.
func (r *rig) elsewhere() string {
	for i := range r.scenario.Rules {
		for _, f := range r.scenario.Rules[i].Fault {
			switch id := faults.Elsewhere(f.Fault); id {
			case "":
			case "*":
				return r.otherTerminal()
			default:
				return id
			}
		}
	}
	return ""
}

// otherTerminal is one of the world's that is in order, of the same merchant if
// there is one.
func (r *rig) otherTerminal() string {
	merchant := r.world.Terminals[r.terminal]
	var ids []string
	for id, t := range r.world.Terminals {
		if id != r.terminal && t.Status == world.TerminalActive && merchant != nil && t.Merchant == merchant.Merchant && t.MinimumSoftware == 0 {
			ids = append(ids, id)
		}
	}
	if len(ids) == 0 {
		return "BYSTAND1"
	}
	return slices.Min(ids)
}

// hello is what a terminal is told.
func (r *rig) hello(id, state string) *Hello {
	p := r.o.Profile
	_, port, _ := net.SplitHostPort(r.server.Load().Addr(0).String())
	host, _, _ := net.SplitHostPort(r.o.address())
	h := &Hello{
		Protocol: Protocol, Lang: r.o.Lang, Host: net.JoinHostPort(reachable(host), port), Dialect: r.o.Dialect.Name(),
		Terminal: id, Merchant: r.merchant(id), Currency: int(world.CNY),
		Profile: p.Name, ConnectTimeoutMS: p.Timeouts.Connect.Milliseconds(),
		ResponseTimeoutMS: p.Timeouts.Response.Milliseconds(), BackoffMS: p.Connecting.Backoff.Milliseconds(),
		Cards: map[string]Card{}, State: state, Clock: r.now(),
		known: &known{dialect: r.o.Dialect, profile: p, world: r.world, now: r.now},
	}
	if r.scenario != nil {
		h.Scenario = r.scenario.Name
		if site := r.scenario.Site; site != (world.Bilingual{}) {
			h.Site = &site
		}
	}
	if r.secure {
		h.TLS = &TLS{CA: string(r.o.authority.PEM()), ServerName: reachable(host)}
	}
	for name, c := range r.world.Cards {
		h.Cards[name] = Card{PAN: c.PAN, Expiry: c.Expiry, PIN: c.PIN, Track2: c.PAN + "=" + c.Expiry + "201"}
	}
	r.keys(h)
	return h
}

// keys are those that are in a terminal from the beginning.
func (r *rig) keys(h *Hello) {
	master := security.DefaultTMK()
	if t := r.provisioned(h.Terminal); t != nil && t.MasterKey != nil {
		if k, err := security.NewKey(t.MasterKey); err == nil { // the world was checked when it was loaded
			master = k
		}
	}
	h.MasterKey = master.RevealHex()
	if !r.o.Dialect.DUKPT() {
		return
	}
	base := security.DefaultBDK()
	if b := r.world.Acquirer.BaseKey; b != nil {
		if k, err := security.NewKey(b); err == nil {
			base = k
		}
	}
	ksn, err := security.MadeUpKSN(h.Terminal)
	if err != nil {
		return
	}
	if initial, err := security.InitialKey(base, ksn); err == nil {
		h.InitialKey, h.KSN = initial.RevealHex(), ksn.String()
	}
}

// provisioned is what the terminal itself was set up with. A scenario changes
// what the host knows: of a terminal that there is without it, not that one.
func (r *rig) provisioned(id string) *world.Terminal {
	if t := r.o.World.Terminals[id]; t != nil {
		return t
	}
	return r.world.Terminals[id]
}

// merchant is whose terminal it is; of an unknown one, some merchant that is in
// order.
func (r *rig) merchant(id string) string {
	if t := r.provisioned(id); t != nil && t.Merchant != "" {
		return t.Merchant
	}
	var sound []string
	for id, m := range r.world.Merchants {
		if m.Status == world.MerchantActive {
			sound = append(sound, id)
		}
	}
	if len(sound) == 0 {
		return "999000000000001"
	}
	return slices.Min(sound)
}

// settle waits until what the scenario has under way has been delivered, for a
// few timeouts at most: what comes late belongs to the run.
func (r *rig) settle(ctx context.Context) error {
	const often, last = 5 * time.Millisecond, 50 * time.Millisecond
	if r.scenario != nil {
		for end := time.Now().Add(4*r.o.Profile.Timeouts.Response + time.Second); time.Now().Before(end); {
			if r.server.Load().Undelivered(r.scenario.Name) == 0 {
				break
			}
			if err := wait(ctx, often); err != nil {
				return err
			}
		}
	}
	return wait(ctx, last) // what the terminal has sent may still be on its way
}

// stop ends the server and returns what it has recorded.
func (r *rig) stop(ctx context.Context) (events []transcript.Event, err error) {
	if r.bystander != nil {
		_ = r.bystander.Close() // its connection is gone in any case
	}
	_ = r.server.Load().Close() // what could not be sent is in the journal
	events, missed := r.journal.Since(0, 1<<20)
	if missed > 0 {
		err = fmt.Errorf("%d events did not fit into the journal: the scenario is too long", missed)
	}
	if e := r.journal.Close(ctx); err == nil {
		err = e
	}
	return events, err
}

// newAuthority makes the authority that all certificates of a suite are from.
func newAuthority() (*wire.Authority, error) { return wire.NewAuthority(time.Now()) }
