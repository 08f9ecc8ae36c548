package main

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/acqsim/acqsim/scenarios/profile"
	"github.com/acqsim/acqsim/scenarios/world"
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
	backups              []string
	profile, state, lang string
	of                   uint32
	bugs                 []string
	after                string
}

// afterApprovals are what --after can be.
var afterApprovals = map[string]terminal.AfterApproval{
	"card-declines": terminal.CardDeclines, "card-removed": terminal.CardRemoved, "printer-fails": terminal.PrinterFails,
}

func newTerminalCommand(a *app) *cobra.Command {
	f := &terminalFlags{}
	cmd := &cobra.Command{
		Use:   "terminal [ACTION [AMOUNT]]",
		Short: "Be a POS terminal: sell, reverse what got no answer, settle",
		Long: `Behave as the firmware of a POS terminal does, by a profile. What the terminal
has to remember is in its state file, which is written before anything is sent:
a sale that got no answer is reversed before the next one, whenever that is.

Without an ACTION, in a terminal window, it is a POS with display, keypad and
paper: choose a function with a digit, a card with the arrows or by its number,
key in amount and PIN, and press Enter. Esc is CANCEL, Backspace CLEAR, and
Ctrl-C leaves.

ACTION is one of ` + strings.Join(terminalActions(), ", ") + `.
status says what the terminal remembers; bugs lists the firmware bugs for --bug.
AMOUNT is written with its decimals, such as 10.00. A void, refund, completion,
adjustment or tip names its original by its STAN, with --of. One that is in no
batch of this terminal any more needs --original-batch, --original-date and --rrn
as well, from its receipt.

The state file holds card numbers in clear; only its owner can read it.

The exit code is that of acqsim send; what the terminal refuses or ends by itself,
whatever the host said, is 3.`,
		Example: `  acqsim terminal
  acqsim terminal sale 10.00 --host 192.0.2.7:8583
  acqsim terminal void --of 2
  acqsim terminal pre-auth 100.00
  acqsim terminal completion 80.00 --of 4
  acqsim terminal settle
  acqsim terminal status
  acqsim terminal sale 10.00 --profile unionpay-bctc --bug forgets-reversal`,
		Args: cobra.MaximumNArgs(2),
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
	// A terminal has a host, as --backup says; what send calls --to works here, too.
	s.SetNormalizeFunc(func(_ *pflag.FlagSet, name string) pflag.NormalizedName {
		if name == "to" {
			name = "host"
		}
		return pflag.NormalizedName(name)
	})
	s.StringArrayVar(&f.backups, "backup", nil, "also try `HOST:PORT` when connecting fails; can be given several times")
	s.StringVar(&f.profile, "profile", profile.Default, "behave by the profile `NAME`, or by that in a YAML file: "+strings.Join(profile.Names(), ", "))
	s.StringVar(&f.state, "state", "acqsim-terminal.json", "keep in `FILE` what the terminal has to remember")
	s.DurationVar(&f.timeout, "timeout", 0, "`TIME` to wait for a reply (default the profile's)")
	s.DurationVar(&f.connect, "connect-timeout", 0, "`TIME` to wait for a connection (default the profile's)")
	s.Uint32Var(&f.of, "of", 0, "`STAN` of the transaction that this one is about")
	s.StringVar(&f.tip, "tip", "", "of the amount of a tip, the `AMOUNT` that was added")
	s.StringVar(&f.cash, "cash", "", "of the amount of a cash-back, the `AMOUNT` that is paid out")
	s.StringArrayVar(&f.bugs, "bug", nil, "have the firmware bug `NAME`; can be given several times")
	s.StringVar(&f.rrn, "rrn", "", "retrieval reference `NUMBER` of the original")
	s.StringVar(&f.approval, "approval", "", "approval `CODE` of the original, or of an offline sale")
	s.Uint32Var(&f.originalBatch, "original-batch", 0, "batch `NUMBER` of an original that is in no batch here any more")
	s.StringVar(&f.originalDate, "original-date", "", "date of such an original, `MMDD` (default today)")
	s.StringVar(&f.after, "after", "", "`EVENT` at the terminal after an approval: "+strings.Join(sortedKeys(afterApprovals), ", "))
	s.StringVar(&f.lang, "lang", langEN, "`LANGUAGE` of what is shown and printed: "+strings.Join(faultLangs, ", "))
	completeWords(cmd, "lang", faultLangs)
	completeWords(cmd, "after", sortedKeys(afterApprovals))
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
	if err := oneOf(faultLangs, f.lang); err != nil {
		return usagef("--lang: %w", err)
	}
	if len(args) == 0 {
		return a.terminalDevice(cmd, f)
	}
	switch {
	case !slices.Contains(terminalActions(), args[0]):
		return usagef("a terminal has no action %q; it has %s", args[0], strings.Join(terminalActions(), ", "))
	case len(args) > 1 && (args[0] == statusAction || args[0] == bugsAction):
		return usagef("%s takes no AMOUNT, but was given %s", args[0], args[1])
	case args[0] == bugsAction:
		for _, b := range terminal.Bugs() {
			a.say("%-34s %s", b.Bug, sayIn(b.Does, f.lang))
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
	m, err := a.makeTerminal(cmd, f, args, state)
	if err != nil {
		return err
	}
	var slips []terminal.Receipt
	m.c.Store = store
	m.c.Print = func(r terminal.Receipt) error {
		slips = append(slips, r)
		return nil
	}
	t, err := terminal.New(m.c)
	if err != nil {
		return exitWith(exitUsage, err)
	}
	defer func() { _ = t.Close() }() // what there was to say has been said
	if m.x.Card.PIN != "" && !t.TakesPIN() {
		return usagef("--pin: dialect %s brings terminals no keys, and without keys there is no PIN", m.s.d.Name())
	}
	r, err := t.Do(cmd.Context(), m.x)
	if errors.Is(err, context.Canceled) {
		return exitWith(exitInterrupted, errors.New("interrupted before there was an answer; what may have been charged is reversed before the next transaction"))
	}
	if err != nil {
		return terminalMistake(&m.x, err)
	}
	return a.terminalResult(f, r, slips)
}

// terminalMistake tells mistakes of the command line from what acqsim failed in.
func terminalMistake(x *terminal.Transaction, err error) error {
	var missing *terminal.MissingError
	var unknown *terminal.UnknownTypeError
	var value *terminal.ValueError
	switch {
	case errors.As(err, &missing):
		return usagef("%s needs %s", x.Type, strings.Join(neededBy(x, missing.Missing), ", "))
	case errors.As(err, &unknown):
		return usagef("dialect %s has no message for %s", unknown.Dialect, x.Type)
	case errors.As(err, &value):
		return usagef("%s", strings.TrimPrefix(value.Error(), "terminal: "))
	}
	return err
}

// neededBy says which flags a transaction needs. One about an original needs
// --of, with which the terminal knows card, amount and numbers.
func neededBy(x *terminal.Transaction, missing [][]string) []string {
	names := func(of ...string) func([]string) bool {
		return func(either []string) bool {
			return slices.ContainsFunc(either, func(n string) bool { return slices.Contains(of, n) })
		}
	}
	switch x.Type {
	case world.Void, world.Refund, world.PreAuthVoid, world.Completion, world.CompletionVoid, world.CompletionAdvice, world.Adjustment, world.Tip:
		if x.Of == 0 && slices.ContainsFunc(missing, names("original_stan", "rrn", "approval")) {
			rest := slices.DeleteFunc(slices.Clone(missing), names("original_stan", "rrn", "approval", "card", "amount"))
			return append([]string{"--of"}, neededFlags(rest, "")...)
		}
	}
	return neededFlags(missing, "--of")
}
