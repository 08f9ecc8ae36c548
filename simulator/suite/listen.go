package suite

import (
	"cmp"
	"context"
	"net"
	"slices"
	"time"

	"github.com/acqsim/acqsim/scenarios/display"
	"github.com/acqsim/acqsim/scenarios/transcript"
	"github.com/acqsim/acqsim/scenarios/world"
	"github.com/acqsim/acqsim/simulator/ledger"
)

// A terminal that can't change its host takes from one scenario into the next
// what real terminals keep: working keys, a batch and its number, STANs, and
// perhaps a reversal that is due. Between scenarios it is cleaned up: nothing
// goes wrong, the merchant is in order, the books are still those of the
// scenario, so that a reversal finds its original and totals agree. Then
// scenarios begin with new books, which know of the terminal no more than its
// keys and the number of its empty batch.

const (
	saleTries   = 5 // of a clean-up
	settleTries = 3

	cleanUpAmount = 100 // of the honest sale, minor units
)

// CleanUpError says that a terminal could not be brought back in order, so that
// the suite can't go on. The report has the results until then.
type CleanUpError struct {
	Terminal string
	After    string          // scenario; empty: before the first
	Shown    display.Outcome // what the terminal showed last, if anything
	Code     string          // with Shown, the response code
	Err      error
	Output   string // of the driver

	Events []transcript.Event // of the clean-up
}

// Error says when it was, what the terminal showed, and why that won't do.
func (e *CleanUpError) Error() string { return e.Text().EN }

// Text is Error in both languages.
func (e *CleanUpError) Text() world.Bilingual {
	when := world.Bilingual{EN: "before the first scenario", ZH: "第一个场景之前"}
	if e.After != "" {
		when = world.Say("after %s", "场景 %s 之后", e.After)
	}
	t := world.Say("terminal %s could not be cleaned up %s: %s", "终端 %s 在%s清理失败：%s", e.Terminal, when, world.TextOf(e.Err))
	if e.Shown == display.NoOutcome {
		return t
	}
	shown := world.Bilingual{EN: e.Shown.String(), ZH: e.Shown.Display().ZH}
	t = world.Say("%s; it shows %s", "%s；终端显示“%s”", t, shown)
	if e.Code != "" {
		t = world.Say("%s (%s)", "%s（%s）", t, e.Code)
	}
	return t
}

// Unwrap returns what went wrong.
func (e *CleanUpError) Unwrap() error { return e.Err }

// inTurn runs scenarios at one address, one after the other.
func (o *Options) inTurn(ctx context.Context, results []Result, tell func(r *Result, done bool)) error {
	book, clean, last := ledger.New(ledger.Options{}), map[string]bool{}, ""
	tidy := func(terminals ...string) error {
		for _, id := range terminals {
			if clean[id] {
				continue
			}
			if err := o.cleanUp(ctx, id, book); err != nil {
				if ctx.Err() == nil {
					err.After = last
					notRun(results, err)
					return err
				}
				return ctx.Err()
			}
			clean[id] = true
		}
		book = carryOver(book)
		return nil
	}
	for i := range results {
		c, r := &o.Cases[i/o.Repeat], &results[i]
		if o.applies(c) == nil {
			if err := tidy(cmp.Or(string(c.Scenario.Terminal), o.Terminal)); err != nil {
				return err
			}
		}
		tell(r, false)
		began := time.Now()
		acted := o.one(ctx, c, r, book)
		r.Elapsed = time.Since(began)
		tell(r, true)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if len(acted) == 0 || i == len(results)-1 {
			continue
		}
		last = r.Scenario
		for _, id := range acted {
			delete(clean, id)
		}
		if err := tidy(acted...); err != nil {
			return err
		}
	}
	return nil
}

// notRun says of what comes after a failed clean-up that it was not run.
func notRun(results []Result, because *CleanUpError) {
	for i := range results {
		if r := &results[i]; r.Status == Errored && r.Why == interrupted {
			r.Why = world.Say("it was not run: %s", "未执行：%s", because.Text())
		}
	}
}

// carryOver makes new books, which know of each terminal what it agreed with
// the host: its keys, and the number of its batch.
func carryOver(from *ledger.Book) *ledger.Book {
	to := ledger.New(ledger.Options{})
	for t := range from.Terminals {
		n := to.Terminal(t.ID)
		to.SetSession(n, t.Session)
		to.SetBatch(n, t.Batch)
	}
	return to
}

// cleanUp brings a terminal back in order, with the books of what it has been
// through.
func (o *Options) cleanUp(ctx context.Context, id string, book *ledger.Book) *CleanUpError {
	plain := *o
	plain.World = inOrder(o.World, id)
	failed := &CleanUpError{Terminal: id}
	g, err := plain.rigUp(ctx, nil, o.Seed, book)
	if err != nil {
		failed.Err = err
		return failed
	}
	if o.address() != g.address() {
		o.Listen = g.address() // a free port was asked for: it is taken again
	}
	p := &performance{
		rig: g, world: g.world, profile: o.Profile, terminal: id, limit: o.Limit, sessions: map[string]Session{},
		open: func(ctx context.Context, terminal string) (Session, error) {
			return o.Driver.Open(ctx, g.hello(terminal, o.stateFile(nil, terminal)))
		},
	}
	x := &cleaning{p: p, g: g, id: id, books: book.Terminal(id)}
	err = x.all(ctx)
	if e := p.close(); err == nil {
		err = e
	}
	events, e := g.stop(ctx)
	if err == nil {
		err = e
	}
	if err == nil {
		return nil
	}
	failed.Err, failed.Output, failed.Events = err, outputOf(err), events
	if x.shown != nil {
		failed.Shown, failed.Code = x.shown.Is, x.shown.Code
	}
	return failed
}

// cleaning is one clean-up under way.
type cleaning struct {
	p     *performance
	g     *Rig
	id    string
	books *ledger.Terminal
	can   []string // empty: everything
	shown *Outcome // last
}

// all signs on, sells until nothing is pending, and settles.
func (x *cleaning) all(ctx context.Context) error {
	s, err := x.p.session(ctx, x.id)
	if err != nil {
		return err
	}
	x.can = s.Ready().Can
	if len(soundCards(x.g.world)) == 0 {
		return fail("the world has no card in order to sell with", "世界文件中没有可用于消费的正常卡")
	}
	if err := x.sell(ctx); err != nil {
		return err
	}
	if !x.does("settle") {
		return nil
	}
	for range settleTries {
		if err := x.do(ctx, &Action{Do: "settle"}); err != nil {
			return err
		}
		if x.shown.Is == display.Approved && x.books.Totals == (ledger.Totals{}) {
			return nil
		}
	}
	if x.shown.Is == display.Approved {
		return fail("in %d tries it has not settled: the host's batch is still open", "%d 次尝试后仍未结算：主机的批次仍未关闭", settleTries)
	}
	return fail("in %d tries it has not settled", "%d 次尝试后仍未结算", settleTries)
}

// sell signs on and makes a sale until that is approved at both ends, and no
// reversal follows.
func (x *cleaning) sell(ctx context.Context) error {
	signedOn := !x.does("sign_on")
	for range saleTries {
		if !signedOn {
			if err := x.do(ctx, &Action{Do: "sign_on"}); err != nil {
				return err
			}
			signedOn = x.shown.Is == display.Approved
		}
		if signedOn {
			if err := x.do(ctx, x.sale()); err != nil {
				return err
			}
			if x.shown.Is == display.Approved && x.sold() {
				return nil
			}
		}
		// Some terminals wait a while after a connection that failed.
		if err := wait(ctx, x.g.o.Profile.Connecting.Backoff); err != nil {
			return err
		}
	}
	switch {
	case !signedOn:
		return fail("in %d tries it has not signed on", "%d 次尝试后仍未签到", saleTries)
	case x.shown.Is == display.Approved:
		return fail("in %d tries no sale was approved by the host and not reversed", "%d 次尝试后仍没有一笔消费被主机批准且未冲正", saleTries)
	}
	return fail("in %d tries no sale was approved", "%d 次尝试后仍没有一笔消费被批准", saleTries)
}

func (x *cleaning) does(action string) bool { return len(x.can) == 0 || slices.Contains(x.can, action) }

func (x *cleaning) sale() *Action {
	card := soundCards(x.g.world)[0]
	return &Action{
		Do: "sale", Amount: cleanUpAmount, Currency: int(world.CNY), Card: card, Entry: "swiped", PIN: x.g.world.Cards[card].PIN,
		Text: world.FormatAmount(cleanUpAmount, world.CNY) + " " + world.CNY.String(),
	}
}

// do has the terminal do something, and keeps what it shows.
func (x *cleaning) do(ctx context.Context, a *Action) (err error) {
	a.Terminal = x.id
	x.shown, err = x.p.do(ctx, a)
	return err
}

// sold reports whether the last that the host heard of money is a sale that it
// has approved.
func (x *cleaning) sold() bool {
	events, _ := x.g.journal.Since(0, 1<<16) // far more than there can be
	for _, e := range slices.Backward(events) {
		if e.Kind == transcript.Decided && e.Type.Financial() {
			return e.Type == world.Sale && e.Outcome == world.Approved
		}
	}
	return false
}

// inOrder is a world in which a terminal can sell: it, its merchant and the
// money on a card are in order, whatever the world has them for.
func inOrder(w *world.World, id string) *world.World {
	w = w.Clone()
	if t := w.Terminals[id]; t != nil {
		t.Status, t.MinimumSoftware, t.Asked = world.TerminalActive, 0, 0
		if m := w.Merchants[t.Merchant]; m != nil {
			m.Status, m.Hours, m.Permitted, m.WhenRefused = world.MerchantActive, nil, nil, 0
		}
	}
	const purse = "clean-up"
	if cards := soundCards(w); len(cards) > 0 {
		w.Accounts[purse] = &world.Account{Alias: purse, Currency: world.CNY, Balance: 1_000_000_00}
		w.Cards[cards[0]].Account = purse
	}
	return w
}

// address is where the rig listens.
func (r *Rig) address() string {
	_, port, _ := net.SplitHostPort(r.server.Load().Addr(0).String())
	host, _, _ := net.SplitHostPort(r.o.address())
	return net.JoinHostPort(host, port)
}
