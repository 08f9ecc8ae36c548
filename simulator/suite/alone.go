package suite

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/acqsim/acqsim/scenarios"
	"github.com/acqsim/acqsim/scenarios/display"
	"github.com/acqsim/acqsim/scenarios/transcript"
	"github.com/acqsim/acqsim/scenarios/world"
	"github.com/acqsim/acqsim/simulator/ledger"
)

// StartRig starts a server on which all of o.Cases go wrong at the same time,
// for a terminal that something else works; without cases it is honest. Driver,
// Repeat, Parallel, Limit and Progress do not count. Errors say which case can't
// be shown, and why. The rig has to be closed; ctx is for starting only.
func StartRig(ctx context.Context, o Options) (*Rig, error) {
	if o.Dialect == nil {
		return nil, errors.New("suite: it needs a dialect")
	}
	if err := o.equip(); err != nil {
		return nil, err
	}
	for i := range o.Cases {
		if err := o.fitsAlone(&o.Cases[i]); err != nil {
			return nil, fmt.Errorf("%s can't be brought about: %w", o.Cases[i].Scenario.Name, err)
		}
	}
	r, err := o.rigUp(ctx, o.Cases, o.Seed, ledger.New(ledger.Options{}))
	if err != nil {
		return nil, err
	}
	if err := r.arm(ctx); err != nil {
		return nil, errors.Join(err, r.Close())
	}
	return r, nil
}

// ErrNeedsTLS is why [StartRig] can't bring a case about without [Options.TLS].
var ErrNeedsTLS = errors.New("it needs TLS, and the server has none")

func (o *Options) fitsAlone(c *Case) error {
	switch {
	case c.byHand():
		return errors.New("a person does it in the shop: " + c.Scenario.Site.EN)
	case !o.TLS && needsTLS(c.Scenario, o):
		return ErrNeedsTLS
	}
	return o.fits(c)
}

// Addr is where the server is reached from this machine, as host:port.
func (r *Rig) Addr() string { return r.Hello().Host }

// Hello is what a driver would be told of the terminal under test.
func (r *Rig) Hello() *Hello { return r.hello(r.terminal, "") }

// Act records that an action begins at a terminal.
func (r *Rig) Act(a *Action) {
	is, _ := scenarios.ActionType(a.Do)
	r.journal.Append(transcript.Event{
		Kind: transcript.Acted, Actor: transcript.Acqsim, Terminal: a.Terminal, Action: uint32(a.ID), Text: a.Do, //nolint:gosec // a position in a list
		Type: is, Amount: a.Amount, Currency: world.Currency(a.Currency), //nolint:gosec // ISO 4217
	})
}

// Report records how an action has ended at its terminal. Of one that nobody
// could see the end of (NoOutcome), nothing is recorded.
func (r *Rig) Report(a *Action, out *Outcome) {
	if out.Is == display.NoOutcome {
		return
	}
	shown := []byte(out.Display)
	transcript.MaskText(shown)
	r.journal.Append(transcript.Event{
		Kind: transcript.Reported, Actor: transcript.Terminal, Terminal: a.Terminal, Action: uint32(a.ID), //nolint:gosec // a position in a list
		Shown: out.Is, Code: out.Code, Text: string(shown),
	})
}

// Events returns what has been recorded so far.
func (r *Rig) Events() []transcript.Event {
	events, _ := r.journal.Since(0, 1<<20)
	return events
}

// Await waits until an event fits that is recorded after the one with the number
// after; 0: any event. The error is that of ctx, or says that the run is over.
func (r *Rig) Await(ctx context.Context, after uint64, fits func(*transcript.Event) bool) (*transcript.Event, error) {
	s := r.journal.SubscribeAfter(after, 1<<16)
	defer s.Close()
	for {
		events, _, err := s.Next(ctx)
		if err != nil {
			return nil, err
		}
		if i := slices.IndexFunc(events, func(e transcript.Event) bool { return fits(&e) }); i >= 0 {
			return &events[i], nil
		}
	}
}

// Conclude ends the run: it waits until what goes wrong has been delivered (for
// a few timeouts of the profile at most), stops the server, and judges. Without
// expect, only the rules count; with it, what the scenario expects does too:
// then there has to be one case, and its actions have to have been made, with
// their numbers. A run that passes, and in which a case never struck, is
// Skipped. Conclude is called once.
func (r *Rig) Conclude(ctx context.Context, expect bool) (*Result, error) {
	if expect && len(r.cases) != 1 {
		return nil, fmt.Errorf("%d scenarios are brought about, and what is expected can be judged of one only", len(r.cases))
	}
	x := &Result{Seed: r.o.Seed, Header: r.header()}
	if len(r.scenarios) > 0 {
		x.Scenario, x.Title = r.Hello().Scenario, r.scenarios[0].Title
	}
	if !expect {
		x.Header.Run.Scenario = transcript.Source{}
	}
	x.Header.Run.Terminal = r.terminal
	if err := r.settle(ctx); err != nil {
		return nil, errors.Join(err, r.Close())
	}
	events, err := r.stop(ctx)
	if err != nil {
		return nil, err
	}
	if err := x.judge(events, r); err != nil {
		return nil, err
	}
	for _, s := range r.scenarios {
		if x.Status == Passed && !broughtAbout(s, x.Events) {
			x.Status, x.Why = Skipped, world.Say("%s: %s", "%s：%s", s.Name, notBroughtAbout)
		}
	}
	return x, nil
}

// Close stops the server, at once. Closing it again, or after Conclude, does
// nothing.
func (r *Rig) Close() error {
	_, err := r.stop(context.Background())
	return err
}
