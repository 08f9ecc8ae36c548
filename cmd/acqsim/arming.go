package main

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/acqsim/acqsim/faults/wire"
	"github.com/acqsim/acqsim/scenarios"
	"github.com/acqsim/acqsim/scenarios/library"
	"github.com/acqsim/acqsim/scenarios/profile"
	"github.com/acqsim/acqsim/scenarios/strictyaml"
	"github.com/acqsim/acqsim/scenarios/world"
	"github.com/acqsim/acqsim/simulator"
)

// armament is what serve brings about: causes, scenario files and triggers,
// and the world that they take for granted.
type armament struct {
	planner   *scenarios.Planner // nil: nothing; the host is honest
	files     *scenarios.Files
	all       []scenarios.Arming
	own       []*scenarios.Scenario          // of files, that amounts choose as they do those of the library
	byCard    map[string]*scenarios.Scenario // that a card of the world triggers, by its name
	listeners []simulator.Listener
	sites     []*scenarios.Scenario // that a person brings about
	triggers  bool
	unfit     []string // trigger amounts whose causes no listener can show
	world     *world.World
	places    strictyaml.Node // of the world's file
	clock     time.Time       // zero: no scenario says
	profile   *profile.Profile
	authority *wire.Authority

	server atomic.Pointer[simulator.Server] // once it is up
}

// arm loads what is to be brought about and checks it against the world and
// the listeners. places is the world's file.
func (e *effective) arm(w *world.World, places strictyaml.Node, listeners []simulator.Listener) (*armament, error) {
	arms := &armament{world: w, places: places, files: scenarios.NewFiles(os.ReadFile, w), listeners: listeners}
	var err error
	if arms.profile, err = openProfile(e.Profile); err != nil {
		return nil, err
	}
	now := time.Now()
	var found strictyaml.Problems
	for _, text := range strings.FieldsFunc(strings.Join(e.Causes, ","), func(r rune) bool { return r == ',' }) {
		s, terminal, err := loadCause(strings.TrimSpace(text), w)
		if err != nil {
			found.Add(err)
			continue
		}
		arms.add(s, terminal, now)
	}
	for _, path := range e.Scenarios {
		s, err := arms.files.Add(path)
		if err != nil {
			found.Add(err)
			continue
		}
		if e.Triggers && s.Trigger != nil {
			arms.own = append(arms.own, s)
			continue
		}
		arms.add(s, "", now)
	}
	chosen, byCard, err := scenarios.Chosen(w, places, causeFor(w), now)
	found.Add(err)
	for _, c := range chosen {
		arms.add(c.Scenario, c.Terminals, now)
	}
	if err := found.Err(); err != nil {
		return nil, err
	}
	arms.triggers, arms.byCard = e.Triggers, byCard
	if len(arms.all) == 0 && len(byCard) == 0 && !e.Triggers {
		return arms, nil
	}
	return arms, arms.load(e)
}

// loadCause reads a cause as --cause has it, NAME or NAME@TERMINAL.
func loadCause(text string, w *world.World) (s *scenarios.Scenario, terminal string, err error) {
	name, terminal, forOne := strings.Cut(text, "@")
	if s, err = library.Load(name, w); err != nil || !forOne {
		return s, "", err
	}
	const longest = 8 // DE 41
	if strings.TrimSpace(terminal) == "" || strings.Contains(terminal, "@") || len(strings.ReplaceAll(terminal, "*", "")) > longest {
		return nil, "", fmt.Errorf("%s: name a terminal after @, one to %d characters such as %s@10000001, or leave the @ out to bring it about for all", text, longest, name)
	}
	s, err = s.For(terminal)
	return s, terminal, err
}

// causeFor finds causes by name, for a world.
func causeFor(w *world.World) func(name string) (*scenarios.Scenario, error) {
	return func(name string) (*scenarios.Scenario, error) { return library.Load(name, w) }
}

func (m *armament) add(s *scenarios.Scenario, terminal string, now time.Time) {
	if s.IsSite() {
		m.sites = append(m.sites, s)
		return
	}
	m.all = append(m.all, scenarios.Arming{Scenario: s, Terminals: terminal, At: now})
}

// load makes the planner, and the world that the scenarios take for granted.
func (m *armament) load(e *effective) (err error) {
	given := make([]*scenarios.Scenario, len(m.all))
	for i, a := range m.all {
		given[i] = a.Scenario
	}
	if err := m.fitAll(given); err != nil {
		return err
	}
	if m.world, err = scenarios.Apply(m.world, given...); err != nil {
		return err
	}
	if m.clock, err = e.givenClock(given); err != nil {
		return err
	}
	if m.authority, err = e.authority(); err != nil {
		return err
	}
	m.planner = scenarios.NewPlanner(scenarios.PlannerOptions{Seed: e.Seed, SourceOf: m.sourceOf})
	if err := m.planner.Arm(m.all...); err != nil {
		return err
	}
	if !m.triggers && len(m.byCard) == 0 {
		return nil
	}
	t, err := m.table(m.own)
	if err != nil {
		return err
	}
	m.planner.Trigger(t)
	return nil
}

// fitAll reports faults that no listener can show: of what is armed, and of what
// amounts and cards choose by the user's own wish.
func (m *armament) fitAll(given []*scenarios.Scenario) error {
	for _, s := range slices.Concat(given, m.own) {
		if err := fits(s, m.listeners); err != nil {
			return err
		}
	}
	for _, card := range sortedKeys(m.byCard) {
		if err := fits(m.byCard[card], m.listeners); err != nil {
			return m.asChosenBy(card, err)
		}
	}
	return nil
}

// asChosenBy puts a mistake of a cause where a card chooses it.
func (m *armament) asChosenBy(card string, err error) error {
	var first *strictyaml.Problem
	if errors.As(err, &first) {
		err = errors.New(first.Error()) // without its line: the world's is shown
	}
	var found strictyaml.Problems
	found.Add(m.places.At("cards", card, "cause").Errorf("card %s has a cause: %w", card, err))
	return world.Redact(found)
}

// table is what amounts and cards choose: of the library, what some listener can
// show, and scenarios of the user's own.
func (m *armament) table(own []*scenarios.Scenario) (*scenarios.Triggers, error) {
	if !m.triggers {
		return scenarios.NewTriggers(nil, m.byCard)
	}
	all, err := withOwn(own)
	if err != nil {
		return nil, err
	}
	m.unfit = nil
	var shown []*scenarios.Scenario
	for _, s := range all {
		if s.Trigger != nil && fits(s, m.listeners) != nil {
			m.unfit = append(m.unfit, fmt.Sprintf("x.%s (%s)", s.Trigger.Amount, s.Name))
			continue
		}
		shown = append(shown, s)
	}
	return scenarios.NewTriggers(shown, m.byCard)
}

// withOwn is the library with a user's own scenarios behind it. Two that the same
// amount would choose are an error, whether or not a listener can show them: the
// card of the amounts has them all.
func withOwn(own []*scenarios.Scenario) ([]*scenarios.Scenario, error) {
	all, err := library.All()
	if err != nil {
		return nil, err
	}
	all = slices.Concat(all, own)
	_, err = scenarios.NewTriggers(all, nil)
	return all, err
}

// givenClock is the business clock that scenarios set; zero: none does. One that
// the configuration sets otherwise is an error.
func (e *effective) givenClock(given []*scenarios.Scenario) (time.Time, error) {
	clock, err := scenarios.Clock(given...)
	if err != nil || clock.IsZero() || e.Clock.IsZero() || e.Clock.Equal(clock) {
		return clock, err
	}
	i := slices.IndexFunc(given, func(s *scenarios.Scenario) bool { return !s.Given.Clock.IsZero() })
	s := given[i]
	return clock, s.Place.At("given", "clock").Errorf("%s sets the business clock to %s, and the configuration (%s) to %s: leave one of them out",
		s.Name, clock.Format(time.RFC3339), e.origins["clock"], e.Clock.Format(time.RFC3339))
}

// sourceOf is the server's, once it is up.
func (m *armament) sourceOf(terminal string) (netip.Addr, bool) {
	if s := m.server.Load(); s != nil {
		return s.SourceOf(terminal)
	}
	return netip.Addr{}, false
}

// equip gives a server what it needs to bring all that about.
func (m *armament) equip(o *simulator.Options) {
	if m.planner == nil {
		return
	}
	o.Planner, o.ResponseTimeout, o.Authority = m.planner, m.profile.Timeouts.Response, m.authority
}

// authority is the CA of the terminals; nil: none was given.
func (e *effective) authority() (*wire.Authority, error) {
	if e.Authority == "" {
		return nil, nil //nolint:nilnil // none is a valid configuration
	}
	ca, err := tls.LoadX509KeyPair(e.Authority, e.Authority)
	if err != nil {
		return nil, fmt.Errorf("the CA %s, a certificate and its key in PEM, can't be used: %w", e.Authority, err)
	}
	return wire.AuthorityFrom(ca, time.Now())
}

// fits reports a fault that none of the listeners that its rule selects can
// show, with its place in the scenario.
func fits(s *scenarios.Scenario, listeners []simulator.Listener) error {
	all := make([]scenarios.Listener, len(listeners))
	for i := range listeners {
		all[i] = scenarios.Listener{Name: listeners[i].Name, Layer: listeners[i].Layer()}
	}
	return s.Fits(all...)
}

// text says what the server is, for its greeting.
func (m *armament) text() string {
	var b strings.Builder
	if m.planner == nil {
		b.WriteString("An honest acquirer: no faults.\n")
	} else {
		fmt.Fprintf(&b, "An acquirer with faults; terminals wait %v for a reply (profile %s).\n", m.profile.Timeouts.Response, m.profile.Name)
		for _, a := range m.all {
			whom := ""
			if a.Terminals != "" {
				whom = ", terminal " + a.Terminals
			}
			fmt.Fprintf(&b, "  %s%s: %s %s\n", a.Scenario.Name, whom, a.Scenario.Title.EN, a.Scenario.Title.ZH)
		}
		for _, card := range sortedKeys(m.byCard) {
			s := m.byCard[card]
			fmt.Fprintf(&b, "  %s, card %s: %s %s\n", s.Name, card, s.Title.EN, s.Title.ZH)
		}
		m.triggerText(&b)
		if len(m.unfit) > 0 {
			fmt.Fprintf(&b, "  No listener here can show these, so they are honest, too: %s.\n", strings.Join(m.unfit, ", "))
		}
	}
	for _, s := range m.sites {
		fmt.Fprintf(&b, "  %s, by hand: %s %s\n", s.Name, s.Site.EN, s.Site.ZH)
	}
	return b.String()
}

// triggerText says what amounts choose.
func (m *armament) triggerText(b *strings.Builder) {
	if !m.triggers {
		return
	}
	honest := "x.00 is honest"
	if len(m.all) > 0 {
		honest = "x.00 chooses none, but those above strike whatever the amount"
	}
	fmt.Fprintf(b, "  The last two digits of the amount choose a cause; %s (acqsim causes --sheet).\n", honest)
	for _, s := range m.own {
		fmt.Fprintf(b, "  x.%s, %s: %s %s\n", s.Trigger.Amount, s.Name, s.Title.EN, s.Title.ZH)
	}
}
