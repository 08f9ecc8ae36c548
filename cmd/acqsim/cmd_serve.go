package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"
	"golang.org/x/term"

	"github.com/acqsim/acqsim/scenarios/transcript"
	"github.com/acqsim/acqsim/scenarios/world"
	"github.com/acqsim/acqsim/simulator"
	"github.com/acqsim/acqsim/simulator/frame"
	"github.com/acqsim/acqsim/simulator/host"
	"github.com/acqsim/acqsim/simulator/journal"
	"github.com/acqsim/acqsim/simulator/ledger"
	"github.com/acqsim/acqsim/simulator/security"
)

// journalTimeout is how long the end waits for the journal's file.
const journalTimeout = 10 * time.Second

func newServeCommand(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Answer terminals as an acquirer does, until interrupted",
		Long: `Listen for POS terminals and answer them as an honest acquirer does: decide,
keep books, and say why. It needs no configuration. Each exchange prints one
line: time, terminal, transaction, amount, outcome and code, milliseconds, why.

With --cause, --scenario or --triggers it is not honest any more: it brings
about why a terminal gets no (good) answer, and the log names the fault on the
line that it hit.

By default the world is open: an unknown terminal, merchant or card is enrolled
as active, with a generous account, so that any terminal works at once.`,
		Example: `  acqsim serve --cause reply-lost
  acqsim serve --cause reply-late@10000001 --cause mac-wrong@10000002
  acqsim serve --scenario my.yaml --profile nac
  acqsim serve --triggers`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			e, err := a.load(cmd)
			if err != nil {
				return err
			}
			simulator.TuneMemory()
			return a.serve(cmd.Context(), e)
		},
	}
	addSettings(cmd)
	return cmd
}

// serve runs until ctx ends.
func (a *app) serve(ctx context.Context, e *effective) (err error) {
	w, places, err := readWorld(e.World)
	if err != nil {
		return err
	}
	o := simulator.Options{MaxConnections: e.MaxConnections, Metrics: simulator.NewMetrics()}
	if o.Listeners, err = e.serverListeners(); err != nil {
		return err
	}
	arms, err := e.arm(w, places, o.Listeners)
	if err != nil {
		return exitWith(exitUsage, err)
	}
	w = arms.world
	o.Now = e.businessClock(arms.clock)
	arms.equip(&o)

	o.Journal = journal.New(journal.Options{Program: versionText(), OnTrouble: func(t journal.Trouble) {
		_, _ = fmt.Fprintf(a.stderr, "acqsim: %s\n", t)
	}})
	defer func() {
		end, cancel := context.WithTimeout(context.WithoutCancel(ctx), journalTimeout)
		defer cancel()
		err = errors.Join(err, o.Journal.Close(end))
	}()
	lines := o.Journal.Subscribe(1 << 14)
	defer lines.Close()
	if e.Journal != "" {
		if err := o.Journal.OpenFile(e.Journal); err != nil {
			return usagef("the journal can't be written: %w", err)
		}
	}

	book, state, err := e.openBook(o.Journal)
	if err != nil {
		return err
	}
	if state != nil {
		o.State = state
		defer func() { err = errors.Join(err, state.Close()) }()
	}
	tmk := e.TMK.Key
	if tmk.IsZero() {
		tmk = security.DefaultTMK()
	}
	if o.Host, err = host.New(host.Options{World: w, Book: book, Strict: e.Strict, Seed: e.Seed, TMK: tmk, BDK: e.BDK.Key}); err != nil {
		return err
	}

	metrics, err := e.listenMetrics(o.Metrics)
	if err != nil {
		return exitWith(exitNoConnection, err)
	}
	s, err := simulator.Start(ctx, o)
	if err != nil {
		metrics.close()
		var busy *simulator.ListenError
		if errors.As(err, &busy) {
			return exitWith(exitNoConnection, fmt.Errorf("%w (--listen ADDR=DIALECT, or listeners in %s)", err, configName))
		}
		return err
	}
	arms.server.Store(s)
	a.greet(e, s, w, tmk, state, metrics, arms)

	// The log prints until the journal has told that the server stopped.
	log := newExchangeLog(a.stdout, w, e.Log == logJSON, e.coloured(a.stdout))
	logged := make(chan error, 1)
	go func() { logged <- log.follow(context.WithoutCancel(ctx), lines) }()

	var g errgroup.Group
	g.Go(metrics.serve)
	g.Go(func() error { return syncState(ctx, state, o.Journal) })
	g.Go(func() error { return arms.watch(ctx, o.Journal) })
	<-ctx.Done()
	end, cancel := context.WithTimeout(context.WithoutCancel(ctx), e.ShutdownTimeout)
	defer cancel()
	if e.Log == logText {
		a.say("stopping: finishing what is in flight, %v at most", e.ShutdownTimeout)
	}
	if err := s.Shutdown(end); err != nil && e.Log == logText {
		a.say("the time to finish was over: the connections that were left were cut off, and answers that were due are lost; --shutdown-timeout gives more")
	}
	metrics.close()
	err = g.Wait()
	lines.Close()
	return errors.Join(err, <-logged)
}

func (a *app) say(format string, args ...any) {
	_, _ = fmt.Fprintf(a.stdout, format+"\n", args...)
}

// businessClock stands still where the configuration says what time it is, and
// runs from where a scenario has set it; nil is the time of day.
func (e *effective) businessClock(given time.Time) func() time.Time {
	switch {
	case !e.Clock.IsZero():
		return func() time.Time { return e.Clock.Time }
	case !given.IsZero():
		began := time.Now()
		return func() time.Time { return given.Add(time.Since(began)) }
	}
	return nil
}

// serverListeners turns the configured listeners into the server's.
func (e *effective) serverListeners() ([]simulator.Listener, error) {
	known, err := loadDialects(e.Dialects)
	if err != nil {
		return nil, err
	}
	var all []simulator.Listener
	for i := range e.Listeners {
		l := &e.Listeners[i]
		d, err := known.open(l.Dialect)
		if err != nil {
			return nil, err
		}
		if d, err = e.withMAC(l, d); err != nil {
			return nil, err
		}
		tlsConfig, err := l.TLS.config()
		if err != nil {
			return nil, usagef("listener %s: %w", l.Name, err)
		}
		all = append(all, simulator.Listener{
			Name: l.Name, Address: l.Address, Dialect: d, TLS: tlsConfig, MaxConnections: l.MaxConnections,
			Limits: frame.Limits{Max: e.MaxFrame, Frame: e.FrameTimeout, Idle: e.IdleTimeout},
		})
	}
	return all, nil
}

// openBook opens the books: in memory, or in the state directory.
func (e *effective) openBook(j *journal.Journal) (*ledger.Book, *ledger.State, error) {
	o := ledger.Options{MaxOpen: e.MaxOpenTransactions, Evicted: func(t *ledger.Terminal, batch uint32, n int) {
		j.Append(transcript.Event{Kind: transcript.Evicted, Actor: transcript.Acqsim, Terminal: t.ID, Batch: batch,
			Text: fmt.Sprintf("%d transactions of terminal %s left batch %06d: the books are full (--max-open-transactions)", n, t.ID, batch)})
	}}
	if e.State == "" {
		return ledger.New(o), nil, nil
	}
	state, book, err := ledger.OpenState(e.State, o)
	if err != nil {
		return nil, nil, usagef("the state can't be opened: %w", unwrapPath(err))
	}
	for _, n := range state.Notes() {
		j.Append(transcript.Event{Kind: transcript.Note, Actor: transcript.Acqsim, Text: n})
	}
	return book, state, nil
}

// syncState makes the state safe from a power cut once a second; a kill of the
// process loses nothing even without.
func syncState(ctx context.Context, s *ledger.State, j *journal.Journal) error {
	if s == nil {
		return nil
	}
	t := time.NewTicker(time.Second)
	defer t.Stop()
	failed := false
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-t.C:
			err := s.Sync()
			if err != nil && !failed {
				j.Append(transcript.Event{Kind: transcript.Note, Actor: transcript.Acqsim, Text: "the state could not be written: " + err.Error()})
			}
			failed = err != nil
		}
	}
}

// coloured reports whether to colour what goes to out.
func (e *effective) coloured(out any) bool {
	switch e.Color {
	case colorAlways:
		return true
	case colorNever:
		return false
	}
	f, ok := out.(*os.File)
	return ok && term.IsTerminal(int(f.Fd())) && os.Getenv("NO_COLOR") == "" //nolint:gosec // a file descriptor is small
}

// greet prints where terminals can connect, with which cards, and what to type
// into a terminal. JSON output has nothing but events.
func (a *app) greet(e *effective, s *simulator.Server, w *world.World, tmk security.Key, state *ledger.State, m *metricsServer, arms *armament) {
	if e.Log == logJSON {
		return
	}
	a.say("%s\n%s\n", versionText(), arms.text())
	a.greetListeners(e, s)
	a.greetWorld(e, w)
	a.greetKeys(tmk)
	a.greetBaseKey(e, s, w)
	if state == nil {
		a.say("Books are in memory: a restart forgets accounts, batches and keys, and terminals\nare told to sign on (--state DIR keeps them).")
	} else {
		a.say("Books are kept in %s.", e.State)
	}
	if m != nil {
		a.say("Metrics: %s", m.url())
	}
	a.say("\nWaiting for terminals. Ctrl-C stops.\n")
}
