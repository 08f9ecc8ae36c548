package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/acqsim/acqsim/scenarios/profile"
	"github.com/acqsim/acqsim/scenarios/world"
	"github.com/acqsim/acqsim/simulator/security"
	"github.com/acqsim/acqsim/simulator/terminal"
)

// statusAction and bugsAction are what `acqsim terminal` does besides
// transactions.
const (
	statusAction = "status"
	bugsAction   = "bugs"
)

// terminalFlags are the flags of `acqsim terminal`.
type terminalFlags struct {
	sendFlags
	backups        []string
	profile, state string
	of             uint32
	bugs           []string
	chinese        bool
}

func newTerminalCommand(a *app) *cobra.Command {
	f := &terminalFlags{}
	cmd := &cobra.Command{
		Use:   "terminal ACTION [AMOUNT]",
		Short: "Be a POS terminal: sell, reverse what got no answer, settle",
		Long: `Behave as the firmware of a POS terminal does, by a profile. What the terminal
has to remember is in its state file, which is written before anything is sent:
a sale that got no answer is reversed before the next one, whenever that is.

ACTION is one of ` + strings.Join(terminalActions(), ", ") + `.
status says what the terminal remembers; bugs lists the firmware bugs for --bug.
AMOUNT is written with its decimals, such as 10.00. A void, refund, completion,
adjustment or tip names its original by its STAN, with --of.

The state file holds card numbers in clear; only its owner can read it.

The exit code is that of acqsim send; what the terminal refuses by itself is 3.`,
		Example: `  acqsim terminal sale 10.00
  acqsim terminal void --of 2
  acqsim terminal pre-auth 100.00
  acqsim terminal completion 80.00 --of 4
  acqsim terminal settle
  acqsim terminal status
  acqsim terminal sale 10.00 --profile unionpay-bctc --bug forgets-reversal`,
		Args: cobra.RangeArgs(1, 2),
		RunE: func(cmd *cobra.Command, args []string) error { return a.terminal(cmd, f, args) },
		ValidArgsFunction: func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			if len(args) > 0 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			return terminalActions(), cobra.ShellCompDirectiveNoFileComp
		},
	}
	s := cmd.Flags()
	f.defineHost(s)
	f.defineCard(s)
	s.StringArrayVar(&f.backups, "backup", nil, "also try `HOST:PORT` when connecting fails; can be given several times")
	s.StringVar(&f.profile, "profile", profile.Default, "behave by the profile `NAME`, or by that in a YAML file: "+strings.Join(profile.Names(), ", "))
	s.StringVar(&f.state, "state", "acqsim-terminal.json", "keep in `FILE` what the terminal has to remember")
	s.DurationVar(&f.timeout, "timeout", 0, "`TIME` to wait for a reply (default the profile's)")
	s.DurationVar(&f.connect, "connect-timeout", 0, "`TIME` to wait for a connection (default the profile's)")
	s.Uint32Var(&f.of, "of", 0, "`STAN` of the transaction that this one is about")
	s.StringVar(&f.tip, "tip", "", "of the amount of a tip, the `AMOUNT` that was added")
	s.StringVar(&f.cash, "cash", "", "of the amount of a cash-back, the `AMOUNT` that is paid out")
	s.StringArrayVar(&f.bugs, "bug", nil, "have the firmware bug `NAME`; can be given several times")
	s.BoolVar(&f.chinese, "chinese", false, "print display and receipt in Chinese")
	addSettings(cmd, "world", "tmk", "bdk", "color")
	return cmd
}

// terminalActions are what a terminal does.
func terminalActions() []string {
	var names []string
	for _, t := range []world.TransactionType{
		world.SignOn, world.SignOff, world.Echo, world.Inquiry, world.Sale, world.Void, world.Refund, world.PreAuth,
		world.PreAuthVoid, world.Completion, world.CompletionVoid, world.CompletionAdvice, world.Cash, world.CashBack,
		world.OfflineSale, world.Adjustment, world.Tip,
	} {
		names = append(names, t.String())
	}
	return append(names, "settle", statusAction, bugsAction)
}

func (a *app) terminal(cmd *cobra.Command, f *terminalFlags, args []string) (err error) {
	switch {
	case !slices.Contains(terminalActions(), args[0]):
		return usagef("a terminal has no action %q; it has %s", args[0], strings.Join(terminalActions(), ", "))
	case args[0] == bugsAction:
		for _, b := range terminal.Bugs() {
			a.say("%-34s %s", b.Bug, b.Does)
		}
		return nil
	}
	store, err := terminal.OpenFile(f.state)
	if err != nil {
		return exitWith(exitUsage, err)
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	state, err := store.Load()
	if err != nil {
		return exitWith(exitUsage, err)
	}
	if args[0] == statusAction {
		return a.terminalStatus(state, f)
	}
	t, x, err := a.makeTerminal(cmd, f, args, store, state)
	if err != nil {
		return err
	}
	defer func() { _ = t.Close() }() // what there was to say has been said
	r, err := t.Do(cmd.Context(), x)
	if errors.Is(err, context.Canceled) {
		return exitWith(exitInterrupted, errors.New("interrupted before there was an answer; what may have been charged is reversed before the next transaction"))
	}
	if err != nil {
		var missing *terminal.MissingError
		if errors.As(err, &missing) {
			return usagef("%s needs %s", x.Type, strings.ReplaceAll(strings.TrimPrefix(missing.Error(), "terminal: "+x.Type.String()+" needs "), "original_stan", "--of"))
		}
		return err
	}
	return a.terminalResult(f, r)
}

// makeTerminal makes terminal and transaction of flags and configuration.
func (a *app) makeTerminal(cmd *cobra.Command, f *terminalFlags, args []string, store terminal.Store, state *terminal.State) (*terminal.Terminal, terminal.Transaction, error) {
	x := terminal.Transaction{Of: f.of}
	s := &sending{a: a, f: &f.sendFlags}
	fail := func(err error) (*terminal.Terminal, terminal.Transaction, error) { return nil, x, err }
	settings := &cobra.Command{}
	for _, name := range []string{"world", "tmk", "bdk", "color"} {
		settings.Flags().AddFlag(cmd.Flags().Lookup(name))
	}
	var err error
	if s.e, err = a.load(settings); err != nil {
		return fail(err)
	}
	if x.Type, err = sendType(args[0]); err != nil {
		return fail(usagef("%w", err))
	}
	s.is = x.Type
	if err := s.speak(); err != nil {
		return fail(err)
	}
	c := terminal.Config{Messages: s.m, Hosts: append([]string{s.address}, f.backups...), Store: store, TMK: s.e.TMK.Key}
	if c.Profile, err = f.openProfile(); err != nil {
		return fail(exitWith(exitUsage, err))
	}
	f.timeout, f.connect = c.Profile.Timeouts.Response, c.Profile.Timeouts.Connect
	if s.o, err = f.line(s.d, s.address); err != nil {
		return fail(usagef("%w", err))
	}
	c.TLS = s.o.TLS
	for _, b := range f.bugs {
		c.Bugs = append(c.Bugs, terminal.Bug(b))
	}
	w, err := loadWorld(s.e.World)
	if err != nil {
		return fail(err)
	}
	f.stan, f.download = 1, "public-keys"
	if state != nil {
		f.stan = state.STAN%999_999 + 1
	}
	if err := s.fill(w, args[1:]); err != nil {
		return fail(usagef("%w", err))
	}
	c.Terminal, c.Merchant, c.Currency = s.p.Terminal, s.p.Merchant, s.p.Currency
	if s.d.DUKPT() {
		if err := s.deviceKeys(w, &c); err != nil {
			return fail(err)
		}
	}
	x.Amount, x.Cash, x.Tip, x.Card = s.p.Amount, s.p.Cash, s.p.Tip, s.p.Card
	if f.of != 0 && f.card == "" {
		x.Card = terminal.Card{PIN: x.Card.PIN}
	}
	t, err := terminal.New(c)
	if err != nil {
		return fail(exitWith(exitUsage, err))
	}
	return t, x, nil
}

// deviceKeys gives the terminal its initial key of DUKPT.
func (s *sending) deviceKeys(w *world.World, c *terminal.Config) error {
	bdk, _, err := s.e.baseKeyOf(w)
	if err != nil {
		return err
	}
	if c.KSN, err = s.serialNumber(); err != nil {
		return usagef("%w", err)
	}
	c.Initial, err = security.InitialKey(bdk, c.KSN)
	return err
}

// openProfile opens the profile of that name, or the file, and changes the
// timeouts that were given.
func (f *terminalFlags) openProfile() (*profile.Profile, error) {
	p, err := profile.Open(f.profile)
	if err != nil {
		src, readErr := os.ReadFile(f.profile)
		switch {
		case errors.Is(readErr, fs.ErrNotExist):
			return nil, err
		case readErr != nil:
			return nil, readErr
		}
		if p, err = profile.Load(f.profile, src); err != nil {
			return nil, err
		}
	}
	if f.timeout < 0 || f.connect < 0 {
		return nil, errors.New("--timeout and --connect-timeout: a time above zero is wanted")
	}
	for _, x := range []struct {
		given time.Duration
		into  *time.Duration
	}{{f.timeout, &p.Timeouts.Response}, {f.connect, &p.Timeouts.Connect}} {
		if x.given > 0 {
			*x.into = x.given
		}
	}
	return p, nil
}

// terminalResult prints what the terminal shows, and its receipt.
func (a *app) terminalResult(f *terminalFlags, r *terminal.Result) error {
	for _, x := range r.Exchanges {
		line := fmt.Sprintf("%-12s %s", x.Request.Type, x.Outcome)
		if x.Code != "" {
			line += " " + x.Code
		}
		if x.Why != "" {
			line += ": " + x.Why
		}
		a.say("%s", line)
	}
	text, display := r.Receipt.English(), r.Display().EN
	if f.chinese {
		text, display = r.Receipt.Chinese(), r.Display().ZH
	}
	a.say("\n%s\n%s: %s", text, strings.ReplaceAll(r.Outcome.String(), "-", " "), display)
	if r.Why != "" {
		a.say("%s", r.Why)
	}
	return outcomeExit(r.Outcome)
}

// terminalStatus prints what the terminal remembers.
func (a *app) terminalStatus(s *terminal.State, f *terminalFlags) error {
	if s == nil {
		a.say("%s: there is no state yet", f.state)
		return nil
	}
	a.say("terminal %s of merchant %s, %s", s.Terminal, s.Merchant, s.Dialect)
	a.say("batch %06d, last STAN %06d, %s", s.Batch, s.STAN, s.Totals.Text(world.CNY).EN)
	if s.SignOn {
		a.say("a sign-on is due")
	}
	if s.Settling != nil {
		a.say("a settlement is not finished")
	}
	for _, p := range s.Pending {
		a.say("to be reversed: %s", p.Record)
	}
	for _, v := range s.Advices {
		a.say("to be advised: %s", v.Record)
	}
	for _, t := range s.Transactions {
		undone := ""
		if t.Undone {
			undone = ", undone"
		}
		a.say("  %s%s", t, undone)
	}
	return nil
}
