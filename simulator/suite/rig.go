package suite

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/netip"
	"os"
	"slices"
	"sync/atomic"
	"time"

	"github.com/acqsim/acqsim/faults"
	"github.com/acqsim/acqsim/scenarios"
	"github.com/acqsim/acqsim/scenarios/display"
	"github.com/acqsim/acqsim/scenarios/transcript"
	"github.com/acqsim/acqsim/scenarios/world"
	"github.com/acqsim/acqsim/simulator"
	"github.com/acqsim/acqsim/simulator/host"
	"github.com/acqsim/acqsim/simulator/journal"
	"github.com/acqsim/acqsim/simulator/ledger"
)

// clock is a business clock.
type clock = func() time.Time

// Rig is the server of one run: its world, its books, what goes wrong, and the
// record of what happened. [Run] has one for each scenario; [StartRig] makes one
// for a terminal that something else than a [Driver] works.
type Rig struct {
	o         *Options
	cases     []Case // that go wrong; none: nothing does
	scenarios []*scenarios.Scenario
	names     []string // of the scenarios
	world     *world.World
	terminal  string // under test
	secure    bool   // over TLS
	now       clock

	journal   *journal.Journal
	planner   *scenarios.Planner
	server    atomic.Pointer[simulator.Server]
	bystander Session // another terminal on whose line a fault sends replies; nil: none
}

// rigUp starts a server with the world of scenarios (none: the plain one). What
// goes wrong does so from arm on.
func (o *Options) rigUp(ctx context.Context, cases []Case, seed uint64, book *ledger.Book) (r *Rig, err error) {
	about := "" // the scenario that says which terminal
	r = &Rig{o: o, cases: cases, terminal: o.Terminal, secure: o.TLS}
	for i := range cases {
		s := cases[i].Scenario
		r.scenarios, r.names = append(r.scenarios, s), append(r.names, s.Name)
		if s.Terminal != "" {
			if about != "" && r.terminal != string(s.Terminal) {
				return nil, fmt.Errorf("%s is about terminal %s, and %s about %s: run one of them", about, r.terminal, s.Name, s.Terminal)
			}
			r.terminal, about = string(s.Terminal), s.Name
		}
		r.secure = r.secure || needsTLS(s, o)
	}
	if r.world, err = scenarios.Apply(o.World, r.scenarios...); err != nil {
		return nil, err
	}
	at, err := scenarios.Clock(r.scenarios...)
	if err != nil {
		return nil, err
	}
	if at.IsZero() {
		at = defaultClock
	}
	began := time.Now()
	r.now = func() time.Time { return at.Add(time.Since(began)) }
	r.journal = journal.New(journal.Options{Keep: 1 << 16, Program: o.Program})
	h, err := host.New(host.Options{World: r.world, Book: book, Seed: seed})
	if err != nil {
		return nil, err
	}
	r.planner = scenarios.NewPlanner(scenarios.PlannerOptions{Seed: seed, SourceOf: r.sourceOf})
	r.planner.Trigger(o.Triggers)
	so := simulator.Options{
		Listeners: []simulator.Listener{{Name: listenerName, Address: o.address(), Dialect: o.Dialect}},
		Host:      h, Journal: r.journal, Now: r.now, Planner: r.planner,
		ResponseTimeout: o.Profile.Timeouts.Response, Authority: o.Authority,
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
	names, err := namesOf(host)
	if err != nil {
		return nil, err
	}
	good, err := o.Authority.Issue(names...)
	if err != nil {
		return nil, err
	}
	return &tls.Config{Certificates: []tls.Certificate{*good}, MinVersion: tls.VersionTLS12}, nil
}

// namesOf are the names that terminals may know a host by: those of this machine
// where it listens at all of its addresses.
func namesOf(host string) (names []string, err error) {
	names = []string{reachable(host), "localhost"}
	if host == reachable(host) {
		return names, nil
	}
	if name, err := os.Hostname(); err == nil { // one that is not known is missed by nobody
		names = append(names, name)
	}
	addresses, err := net.InterfaceAddrs()
	for _, a := range addresses {
		if n, ok := a.(*net.IPNet); ok {
			names = append(names, n.IP.String())
		}
	}
	return names, err
}

// reachable is where a listener is reached on this machine.
func reachable(host string) string {
	if a, err := netip.ParseAddr(host); host == "" || err == nil && a.IsUnspecified() {
		return "127.0.0.1"
	}
	return host
}

func (r *Rig) sourceOf(terminal string) (netip.Addr, bool) {
	if s := r.server.Load(); s != nil {
		return s.SourceOf(terminal)
	}
	return netip.Addr{}, false
}

// arm has the causes brought about from now on, for everybody who comes: a rig
// has one terminal under test.
func (r *Rig) arm(ctx context.Context) error {
	if err := r.meetBystander(ctx); err != nil {
		return fmt.Errorf("the terminal on whose line replies are to go: %w", err)
	}
	var all []scenarios.Arming
	for _, s := range r.scenarios {
		if !s.IsSite() { // else whoever acts brings it about
			all = append(all, scenarios.Arming{Scenario: s, At: time.Now()})
		}
	}
	if len(all) == 0 {
		return nil
	}
	if err := r.planner.Arm(all...); err != nil {
		return err
	}
	return r.server.Load().Rearm()
}

// meetBystander connects the terminal on whose line a fault sends replies.
func (r *Rig) meetBystander(ctx context.Context) error {
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
func (r *Rig) elsewhere() string {
	for _, s := range r.scenarios {
		for i := range s.Rules {
			for _, f := range s.Rules[i].Fault {
				switch id := faults.Elsewhere(f.Fault); id {
				case "":
				case "*":
					return r.otherTerminal()
				default:
					return id
				}
			}
		}
	}
	return ""
}

// otherTerminal is one of the world's that is in order, of the same merchant if
// there is one.
func (r *Rig) otherTerminal() string {
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

// settle waits until what scenarios have under way has been delivered, for a
// few timeouts at most: what comes late belongs to the run.
func (r *Rig) settle(ctx context.Context) error {
	const often, last = 5 * time.Millisecond, 50 * time.Millisecond
	for end := time.Now().Add(4*r.o.Profile.Timeouts.Response + time.Second); time.Now().Before(end); {
		if r.server.Load().Undelivered() == 0 {
			break
		}
		if err := wait(ctx, often); err != nil {
			return err
		}
	}
	return wait(ctx, last) // what the terminal has sent may still be on its way
}

// header says what the run is judged by. Of several scenarios nobody knows what
// they expect together.
func (r *Rig) header() transcript.Header {
	o := r.o
	run := &transcript.Run{
		Profile: o.ProfileSource, World: o.WorldSource, Dialect: transcript.Source{Name: o.Dialect.Name()},
		Connect: o.Pace.Connect, Response: o.Pace.Response, Backoff: o.Pace.Backoff, Within: o.Pace.Within,
	}
	if path, src := o.Dialect.File(); path != "" {
		run.Dialect = transcript.Source{Name: path, Text: string(src)}
	}
	if len(r.cases) == 1 {
		run.Scenario = r.cases[0].Source
	}
	if run.Profile.Name == "" {
		run.Profile.Name = o.Profile.Name
	}
	return transcript.Header{Version: transcript.Version, Started: r.now(), Program: o.Program, Run: run}
}

// stop ends the server and returns what it has recorded.
func (r *Rig) stop(ctx context.Context) (events []transcript.Event, err error) {
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
