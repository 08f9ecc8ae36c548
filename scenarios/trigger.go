package scenarios

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"sync"

	"github.com/acqsim/acqsim/faults"
	"github.com/acqsim/acqsim/scenarios/strictyaml"
	"github.com/acqsim/acqsim/scenarios/world"
)

// Triggers let a person who has only a terminal choose a cause: by the last two
// digits of an amount, or by the card.
//
// Only first-time requests trigger: never reversals, advices, voids, repeats or
// uploads, nor a request that is sent again as it was (see Keyed). A triggering request begins an episode of its terminal: the cause's
// rules, with fresh counts, concern this request and all that the terminal
// sends (its reversal, for one) until its next first-time request. What the
// rules say about terminals, merchants, cards, amounts and where requests come
// from does not count: the trigger has chosen. Rules of connections concern the
// next connection from the terminal's address; the triggering request itself
// is then answered.
type Triggers struct {
	amounts     [100]*Scenario
	cards       map[string]*Scenario
	rules       map[*Scenario][]Rule
	smallWindow bool
}

// NewTriggers makes a table of the causes that have a trigger amount; byCard
// has further ones by the world's name of a card. Two causes with one amount
// are an error.
func NewTriggers(causes []*Scenario, byCard map[string]*Scenario) (*Triggers, error) {
	t := &Triggers{cards: byCard, rules: map[*Scenario][]Rule{}}
	var found strictyaml.Problems
	var taken []*Scenario
	for _, s := range causes {
		if s.Trigger == nil {
			continue
		}
		at := &t.amounts[s.Trigger.ending]
		if *at != nil {
			taken = append(taken, s)
			continue
		}
		*at = s
		t.add(s)
	}
	for _, s := range taken {
		p := s.Trigger.Place.At("amount").Errorf("amounts that end in %s trigger %s already", s.Trigger.Amount, t.amounts[s.Trigger.ending].Name)
		p.Hint = t.free()
		found.Add(p)
	}
	for _, card := range slices.Sorted(maps.Keys(byCard)) {
		s := byCard[card]
		if err := s.byCard(); err != nil {
			found.Add(fmt.Errorf("card %s has a cause: %w", card, err))
			continue
		}
		t.add(s)
	}
	if err := found.Err(); err != nil {
		return nil, err
	}
	return t, nil
}

// free names endings that choose nothing yet.
func (t *Triggers) free() string {
	const enough = 3
	var all []string
	for ending := 1; ending < len(t.amounts) && len(all) < enough; ending++ {
		if t.amounts[ending] == nil {
			all = append(all, fmt.Sprintf("%02d", ending))
		}
	}
	if len(all) == 0 {
		return "no ending is free"
	}
	return "free are " + strings.Join(all, ", ")
}

// Amount returns the cause that amounts with these last two digits choose; nil:
// none.
func (t *Triggers) Amount(ending int) *Scenario {
	if ending < 0 || ending >= len(t.amounts) {
		return nil
	}
	return t.amounts[ending]
}

// add prepares the rules of a cause for episodes.
func (t *Triggers) add(s *Scenario) {
	var rules []Rule
	for _, r := range s.Rules {
		m := r.Match
		m.Terminal, m.Merchant, m.Card, m.Amount = nil, nil, nil, nil
		m.Listener, m.Source, m.SourceOf, m.Connection, m.Open = nil, nil, "", nil, nil
		r.Match = m
		rules = append(rules, r)
		t.smallWindow = t.smallWindow || r.Fault.smallWindow()
	}
	t.rules[s] = rules
}

// Keyed is what the Request of an exchange can know as well, so that a request
// that is sent again as it was, and not as a repeat, is known by that.
type Keyed interface {
	// DuplicateKey is equal for two requests of a terminal with the same STAN
	// if they are the same one, sent again. 0: that can't be told.
	DuplicateKey() uint64
}

// triggers are the episodes under way.
type triggers struct {
	seed uint64

	mu       sync.Mutex
	episodes map[string]*live         // by terminal
	next     map[netip.Addr]*nextConn // by source
	sent     map[string][]firstSent   // the last first-time requests, by terminal
	rounds   counter                  // episodes so far, by terminal, so that each draws afresh
}

// firstSent is a first-time request that came.
type firstSent struct {
	stan uint32
	key  uint64
}

// mostSent is how many first-time requests of a terminal are remembered: to send
// an older one again is beyond what terminals do.
const mostSent = 32

// nextConn is an episode that waits for a source's next connection, or has got
// it.
type nextConn struct {
	*live
	listener string
	nth      uint64 // 0: it has not come yet
}

// mostEpisodes bounds what is remembered: whoever invents terminals fills no
// memory.
const mostEpisodes = 1 << 16

func newTriggers(seed uint64) *triggers {
	return &triggers{seed: seed, episodes: map[string]*live{}, next: map[netip.Addr]*nextConn{}, sent: map[string][]firstSent{}}
}

// episode returns the one that a request belongs to, and begins and ends them
// as the table says; nil: the request is honest.
func (t *triggers) episode(table *Triggers, x *faults.Exchange) *live {
	first := firstTime(x)
	var cause *Scenario
	if first {
		cause = table.cause(x)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if !first || t.again(x) {
		return t.episodes[x.Terminal]
	}
	if cause == nil {
		delete(t.episodes, x.Terminal)
		return nil
	}
	id := cause.Name + "@" + number(t.rounds.next(x.Terminal))
	l := newLive(Arming{Scenario: cause, At: x.Now}, table.rules[cause], id, t.seed)
	if o := cause.Trigger; o != nil && o.Outcome != world.Undecided {
		l.decisions = []*liveRule{{of: l, id: id + "#trigger", seed: t.seed, match: &Match{Type: byDefault},
			when: &When{First: 1}, outcome: o.Outcome}}
	}
	if cause.StrikesConnections() && x.Source.IsValid() {
		makeRoom(t.next)
		t.next[x.Source.Unmap()] = &nextConn{live: l}
	}
	makeRoom(t.episodes)
	t.episodes[x.Terminal] = l
	return l
}

// again reports whether a first-time request has come before, and notes that it
// has come.
func (t *triggers) again(x *faults.Exchange) bool {
	keyed, ok := x.Request.(Keyed)
	if !ok {
		return false
	}
	it := firstSent{x.STAN, keyed.DuplicateKey()}
	if it.key == 0 {
		return false
	}
	before, known := t.sent[x.Terminal]
	if slices.Contains(before, it) {
		return true
	}
	if !known {
		makeRoom(t.sent)
	}
	if len(before) == mostSent {
		before = append(before[:0], before[1:]...)
	}
	t.sent[x.Terminal] = append(before, it)
	return false
}

// makeRoom forgets one entry of a map that is full.
func makeRoom[K comparable, V any](m map[K]V) {
	if len(m) < mostEpisodes {
		return
	}
	for k := range m {
		delete(m, k)
		return
	}
}

// cause returns what a first-time request chooses, by its card or its amount.
func (t *Triggers) cause(x *faults.Exchange) *Scenario {
	if len(t.cards) > 0 {
		if s := t.cards[x.Request.CardAlias()]; s != nil {
			return s
		}
	}
	if !x.HasAmount || x.Amount < 0 {
		return nil
	}
	return t.amounts[x.Amount%100]
}

// connection returns the episode that a connection belongs to; nil: none.
func (t *triggers) connection(c *faults.Conn, stage faults.Stage) *live {
	t.mu.Lock()
	defer t.mu.Unlock()
	source := c.Source.Unmap()
	n := t.next[source]
	switch {
	case n == nil:
		return nil
	case stage == faults.Accepted && n.nth == 0:
		n.listener, n.nth = c.Listener, c.Nth
	case n.nth == 0:
		return nil // the connection of the triggering request itself
	case n.listener != c.Listener || n.nth != c.Nth:
		if stage == faults.Accepted {
			delete(t.next, source)
		}
		return nil
	}
	return n.live
}

// firstTime reports whether a request is one that a person has just begun: a
// request with money that is no reversal, advice, void, repeat or upload. By
// the third digit of its message type a request is an advice, by the fourth one
// a repeat (ISO 8583:1987 and 1993).
func firstTime(x *faults.Exchange) bool {
	if x.MTI/10%10 == 2 || x.MTI%10 == 1 {
		return false
	}
	return slices.Contains(triggering, x.Type)
}

// triggering are the types of first-time requests.
var triggering = []string{
	world.Sale.String(), world.PreAuth.String(), world.Completion.String(), world.Refund.String(),
	world.Cash.String(), world.CashBack.String(), world.Inquiry.String(),
}
