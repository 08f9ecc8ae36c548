package suite

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/acqsim/acqsim/scenarios"
	"github.com/acqsim/acqsim/scenarios/profile"
	"github.com/acqsim/acqsim/scenarios/world"
)

// performance is a scenario's actions at its terminals.
type performance struct {
	rig      *Rig
	world    *world.World
	profile  *profile.Profile
	terminal string // that does what names no other
	open     func(ctx context.Context, terminal string) (Session, error)
	limit    time.Duration // of one action; 0: none

	actions []scenarios.Action
	cards   []string // that are taken where an action names none, in turn

	mu       sync.Mutex
	sessions map[string]Session
	taken    int // of cards
}

// perform does all actions in order.
func (p *performance) perform(ctx context.Context) error {
	for i := range p.actions {
		a := &p.actions[i]
		var err error
		switch {
		case a.Wait != nil:
			err = wait(ctx, a.Wait.In(p.profile.Timeouts.Response))
		case a.Together != nil:
			// What the terminals are told is made in order, so that it is the same each time.
			var g errgroup.Group
			for j := range a.Together {
				order := p.order(&a.Together[j], i+1)
				g.Go(func() error {
					_, err := p.do(ctx, order)
					return err
				})
			}
			err = g.Wait()
		default:
			_, err = p.do(ctx, p.order(a, i+1))
		}
		if err != nil {
			return fail("action %d, %s: %s", "操作 %d（%s）：%s", i+1, named(a.Name), err)
		}
	}
	return nil
}

func wait(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// order makes what a driver is told of a scenario's action.
func (p *performance) order(a *scenarios.Action, number int) *Action {
	o := &Action{ID: number, Do: a.Name, Terminal: p.terminal}
	elsewhere := func(terminal string) {
		if terminal != "" {
			o.Terminal = terminal
		}
	}
	switch {
	case a.PowerCut != nil:
		elsewhere(string(a.PowerCut.Terminal))
		o.At = cmp.Or(string(a.PowerCut.At), "idle")
	case a.Restart != nil:
		elsewhere(string(a.Restart.Terminal))
	case a.Press != nil:
		elsewhere(string(a.Press.Terminal))
		o.At, o.Key = cmp.Or(string(a.Press.At), "idle"), string(a.Press.Key)
	case a.Transaction != nil:
		elsewhere(string(a.Transaction.Terminal))
		p.transaction(o, a.Transaction)
	}
	return o
}

func (p *performance) transaction(o *Action, t *scenarios.Transaction) {
	if !t.Type.Financial() {
		return
	}
	o.Original, o.Card = t.Of, t.Card
	was := p.original(t.Of)
	if o.Card == "" && was != nil {
		o.Card = was.Card
	}
	if o.Card == "" {
		o.Card = p.nextCard()
	}
	card := p.world.Cards[o.Card]
	currency := world.CNY
	if a := p.world.Accounts[card.Account]; a != nil {
		currency = a.Currency
	}
	o.Currency = int(currency)
	amount := t.Amount
	if amount == nil && was != nil {
		amount = was.Amount
	}
	if amount != nil && t.Type != world.Inquiry {
		o.Amount, _ = world.ParseAmount(string(*amount), currency) // checked when the file was loaded
		o.Text = world.FormatAmount(o.Amount, currency) + " " + currency.String()
	}
	if t.Cash != nil {
		o.Cash, _ = world.ParseAmount(string(*t.Cash), currency)
	}
	o.Entry, o.After, o.PINGiven = string(t.Entry), string(t.After), t.PIN != ""
	switch {
	case t.PIN == "none":
	case t.PIN == "wrong":
		o.PIN = otherPIN(card.PIN)
	case t.PIN == "wrong-each-time":
		o.PIN = otherPIN(card.PIN)
		o.PINAgain = o.PIN
	default:
		o.PIN = card.PIN
	}
}

// original is the transaction of an action; nil: there is none.
func (p *performance) original(number int) *scenarios.Transaction {
	if number < 1 || number > len(p.actions) {
		return nil
	}
	return p.actions[number-1].Transaction
}

func (p *performance) nextCard() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	name := p.cards[p.taken%len(p.cards)]
	p.taken++
	return name
}

// otherPIN is a PIN of the same length with every digit another.
func otherPIN(pin string) string {
	b := []byte(pin)
	for i := range b {
		b[i] = '0' + (b[i]-'0'+1)%10
	}
	return cmp.Or(string(b), "0000")
}

// soundCards lists the cards without any fault: "good" first, then by name.
func soundCards(w *world.World) (names []string) {
	for name, c := range w.Cards {
		a := w.Accounts[c.Account]
		if c.Status == world.CardOK && a != nil && !a.Frozen && a.Currency == world.CNY && a.Balance > 0 {
			names = append(names, name)
		}
	}
	slices.SortFunc(names, func(a, b string) int {
		switch {
		case a == "good":
			return -1
		case b == "good" || a > b:
			return 1
		}
		return -1
	})
	return names
}

// do has a terminal do something, and records it.
func (p *performance) do(ctx context.Context, o *Action) (*Outcome, error) {
	s, err := p.session(ctx, o.Terminal)
	if err != nil {
		return nil, err
	}
	p.rig.Act(o)
	limited, cancel := ctx, context.CancelFunc(func() {})
	if p.limit > 0 {
		limited, cancel = context.WithTimeout(ctx, p.limit)
	}
	defer cancel()
	out, err := s.Do(limited, o)
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case limited.Err() != nil && err != nil:
		return nil, &DriverError{What: toDo(o.Do), Err: unanswered(p.limit), Output: outputOf(err)}
	case err != nil:
		return nil, err
	}
	p.rig.Report(o, out)
	return out, nil
}

// session is that of a terminal, which is opened when it is needed first.
func (p *performance) session(ctx context.Context, terminal string) (Session, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if s := p.sessions[terminal]; s != nil {
		return s, nil
	}
	s, err := p.open(ctx, terminal)
	if err != nil {
		return nil, err
	}
	p.sessions[terminal] = s
	return s, nil
}

// terminals lists those that have sessions, sorted.
func (p *performance) terminals() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Sorted(maps.Keys(p.sessions))
}

// close ends all sessions.
func (p *performance) close() (err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, s := range p.sessions {
		if e := s.Close(); err == nil {
			err = e
		}
	}
	clear(p.sessions)
	return err
}
