package suite

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/acqsim/acqsim/faults/wire"
	"github.com/acqsim/acqsim/scenarios"
	"github.com/acqsim/acqsim/scenarios/profile"
	"github.com/acqsim/acqsim/scenarios/transcript"
	"github.com/acqsim/acqsim/scenarios/world"
	"github.com/acqsim/acqsim/simulator/dialect"
	"github.com/acqsim/acqsim/simulator/ledger"
)

// DefaultTerminal is the terminal under test (DE 41) where nothing else is said.
const DefaultTerminal = "10000001"

// Options describe a suite. Cases, Driver and Dialect are required.
type Options struct {
	Cases   []Case
	Driver  Driver
	Dialect *dialect.Dialect

	// Name is what the report calls the driver. Flags are those, besides profile,
	// dialect, seed and world, that have the command run a scenario in this way.
	Name  string
	Flags []string

	// Profile is how the terminal is meant to behave, and where it is from.
	// Default: the default profile. Pace changes its times.
	Profile       *profile.Profile
	ProfileSource transcript.Source
	Pace          Pace

	// World is what scenarios are laid over, and where it is from. Default: the
	// default world.
	World       *world.World
	WorldSource transcript.Source

	// Terminal is the one under test (DE 41) where a scenario does not say.
	// Default: DefaultTerminal.
	Terminal string

	// Listen is the address of every server, one after the other, for terminals
	// that can't change their host. They are cleaned up before each scenario.
	// Without TLS, scenarios that need it are skipped. Default: a free port on
	// loopback for each.
	Listen string

	TLS bool // every scenario over TLS, not only those that need it

	// Authority issues the certificates of servers, where terminals trust one
	// already. Default: a new one.
	Authority *wire.Authority

	Lang string // en (default) or zh: of displays
	Seed uint64

	// Triggers let amounts and cards choose causes besides. Default: nothing does.
	Triggers *scenarios.Triggers

	Repeat   int           // how often each scenario is run; default: once
	Parallel int           // scenarios at a time; default: as many as driver and machine bear
	Limit    time.Duration // of one action; default: a generous one, by the profile's timeouts; none for a person
	Program  string        // as headers of transcripts name it

	// Progress is called as scenarios begin (done false, and only the names
	// filled in) and end. Calls do not overlap.
	Progress func(r *Result, done bool)

	states string // folder of state files
}

// Run runs scenarios. Whatever happens in one is its result; the error says
// that the suite as a whole could not be run, was interrupted, or could not go
// on at its one address (*CleanUpError): then the report has what was done so
// far.
func Run(ctx context.Context, o Options) (*Report, error) {
	if err := o.complete(); err != nil {
		return nil, err
	}
	var err error
	if o.states, err = os.MkdirTemp("", "acqsim-run-"); err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(o.states) }() // only a temporary folder
	began := time.Now()
	report := &Report{
		Version: ReportVersion, Program: o.Program, Started: began, Terminal: o.Name, Profile: o.Profile.Name,
		Dialect: o.Dialect.Name(), Seed: o.Seed, Lang: o.Lang, Flags: o.Flags, Results: o.plan(),
	}
	err = o.all(ctx, report.Results)
	report.Elapsed = time.Since(began)
	return report, err
}

func (o *Options) complete() error {
	switch {
	case len(o.Cases) == 0:
		return errors.New("suite: there is nothing to run")
	case o.Driver == nil || o.Dialect == nil:
		return errors.New("suite: it needs a driver and a dialect")
	}
	if err := o.equip(); err != nil {
		return err
	}
	o.Repeat = max(o.Repeat, 1)
	if o.Parallel <= 0 {
		o.Parallel = 6 * runtime.GOMAXPROCS(0) // most of the time, terminals wait
	}
	if n := o.Driver.Sessions(); n > 0 {
		o.Parallel = min(o.Parallel, n)
	}
	if o.Listen != "" {
		o.Parallel = 1
	}
	if o.Limit <= 0 && !o.person() {
		t := o.Profile.Timeouts
		o.Limit = 20*(t.Connect+t.Response+o.Profile.Connecting.Backoff) + 30*time.Second
	}
	if o.Progress == nil {
		o.Progress = func(*Result, bool) {}
	}
	return nil
}

// equip fills in what servers need.
func (o *Options) equip() (err error) {
	if o.Profile == nil {
		p, err := openProfile(o.ProfileSource)
		if err != nil {
			return err
		}
		o.Profile = p
	}
	o.Profile = o.Pace.Apply(o.Profile)
	if o.World == nil {
		o.World = world.Default()
	}
	o.Terminal = cmp.Or(o.Terminal, DefaultTerminal)
	if o.Authority == nil {
		o.Authority, err = wire.NewAuthority(time.Now())
	}
	return err
}

// address is what servers listen on.
func (o *Options) address() string { return cmp.Or(o.Listen, "127.0.0.1:0") }

var interrupted = world.Say("it was not run: the suite was interrupted", "未执行：测试被中断")

// plan lists what is to be run.
func (o *Options) plan() (all []Result) {
	for i := range o.Cases {
		for n := range o.Repeat {
			r := Result{Scenario: o.Cases[i].Scenario.Name, Title: o.Cases[i].Scenario.Title, Seed: o.Seed + uint64(n), //nolint:gosec // not negative
				Status: Errored, Why: interrupted}
			if o.Repeat > 1 {
				r.Repeat = n + 1
			}
			all = append(all, r)
		}
	}
	return all
}

// all fills in the results.
func (o *Options) all(ctx context.Context, results []Result) error {
	var g errgroup.Group
	g.SetLimit(o.Parallel)
	var talk sync.Mutex
	tell := func(r *Result, done bool) {
		talk.Lock()
		defer talk.Unlock()
		o.Progress(r, done)
	}
	if o.Listen != "" {
		return o.inTurn(ctx, results, tell)
	}
	for i := range results {
		g.Go(func() error {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			r := &results[i]
			tell(r, false)
			began := time.Now()
			_ = o.one(ctx, &o.Cases[i/o.Repeat], r, ledger.New(ledger.Options{})) // nobody uses the terminals again
			r.Elapsed = time.Since(began)
			tell(r, true)
			return ctx.Err()
		})
	}
	return g.Wait()
}

// one runs a scenario with the given book, and returns which terminals have
// acted in it.
func (o *Options) one(ctx context.Context, c *Case, r *Result, book *ledger.Book) (acted []string) {
	r.Why = world.Bilingual{}
	err := o.applies(c)
	if err == nil {
		acted, err = o.run(ctx, c, r, book)
	}
	if why, ok := isSkip(err); ok {
		r.Status, r.Why = Skipped, why
		return acted
	}
	if err != nil {
		r.Status, r.Why, r.Output = Errored, whyOf(err), outputOf(err)
		if ctx.Err() != nil {
			r.Why = world.Say("it did not end: the suite was interrupted", "未结束：测试被中断")
		}
	}
	return acted
}

// run brings the cause about, has the terminal act, and judges.
func (o *Options) run(ctx context.Context, c *Case, r *Result, book *ledger.Book) (acted []string, err error) {
	g, err := o.rigUp(ctx, []Case{*c}, r.Seed, book)
	if err != nil {
		return nil, err
	}
	r.Header = g.header()
	acted, played := o.play(ctx, c, g)
	events, err := g.stop(ctx)
	if played != nil {
		r.Events = events
		return acted, played
	}
	if err != nil {
		return acted, err
	}
	if err := r.judge(events, g); err != nil {
		return acted, err
	}
	if r.Status == Passed && !broughtAbout(c.Scenario, r.Events) {
		return acted, &skip{notBroughtAbout}
	}
	return acted, nil
}

// judge judges what was recorded.
func (r *Result) judge(events []transcript.Event, g *Rig) error {
	// Judged is what can be judged again: what the file says, and not what is
	// more exact in memory.
	record, err := Record(r.Header, events)
	if err != nil {
		return err
	}
	if r.Header, r.Events, err = LastRun(bytes.NewReader(record), r.Scenario); err != nil {
		return err
	}
	v, err := judgeIn(r.Header, r.Events, g.o.World)
	if err != nil {
		return fail("the run can't be judged: %s", "运行结果无法判定：%s", err)
	}
	r.conclude(v)
	return nil
}

var notBroughtAbout = world.Say("it did not come about: the terminal never did what its rules strike", "没有发生：终端没有做过规则所针对的事")

// broughtAbout reports whether a scenario with something to strike has struck:
// a terminal that closes its line after each transaction never meets what
// happens to idle ones.
func broughtAbout(s *scenarios.Scenario, events []transcript.Event) bool {
	return len(s.Rules)+len(s.Given.Outcome) == 0 || slices.ContainsFunc(events, func(e transcript.Event) bool {
		return e.Kind == transcript.Struck && (e.Strike == nil || e.Strike.Scenario == s.Name)
	})
}

// play has the terminals perform the actions, and returns which have.
func (o *Options) play(ctx context.Context, c *Case, g *Rig) (acted []string, err error) {
	p := &performance{
		rig: g, world: g.world, profile: o.Profile, terminal: g.terminal, limit: o.Limit,
		actions: c.Scenario.Actions, cards: soundCards(g.world), sessions: map[string]Session{},
	}
	p.open = func(ctx context.Context, terminal string) (Session, error) {
		return o.Driver.Open(ctx, g.hello(terminal, o.stateFile(c, terminal)))
	}
	defer func() {
		if e := p.close(); err == nil {
			err = e
		}
	}()
	first, err := p.session(ctx, g.terminal)
	if err != nil {
		return nil, err
	}
	if err := can(c, g.secure, first.Ready()); err != nil {
		return nil, err
	}
	if err := g.arm(ctx); err != nil {
		return nil, err
	}
	defer func() { acted = p.terminals() }()
	if err := p.perform(ctx); err != nil {
		return nil, err
	}
	return nil, g.settle(ctx)
}

// stateFile is where a terminal may keep its state.
func (o *Options) stateFile(c *Case, terminal string) string {
	dir := o.states
	if o.Listen == "" {
		var err error
		if dir, err = os.MkdirTemp(o.states, c.Scenario.Name+"-"); err != nil {
			return ""
		}
	}
	return filepath.Join(dir, "terminal-"+terminal+".state")
}

// whyOf puts an error into words. Those of the system and of other packages are
// English.
func whyOf(err error) world.Bilingual {
	if t := world.TextOf(err); t.EN != t.ZH {
		return t
	}
	return world.Say("%s", "无法执行：%s", err.Error())
}

// outputOf is what a driver left behind.
func outputOf(err error) string {
	var d *DriverError
	if errors.As(err, &d) {
		return d.Output
	}
	return ""
}
