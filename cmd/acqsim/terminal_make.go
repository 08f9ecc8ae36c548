package main

import (
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/acqsim/acqsim/scenarios/profile"
	"github.com/acqsim/acqsim/scenarios/world"
	"github.com/acqsim/acqsim/simulator/security"
	"github.com/acqsim/acqsim/simulator/terminal"
)

// madeTerminal is what flags and configuration say of terminal and transaction.
type madeTerminal struct {
	c terminal.Config // but for its store and printer
	x terminal.Transaction
	s *sending
	w *world.World
}

// makeTerminal reads flags and configuration. Args are the action and its
// amount; of none, the transaction is what a sale would begin with.
func (a *app) makeTerminal(cmd *cobra.Command, f *terminalFlags, args []string, state *terminal.State) (*madeTerminal, error) {
	s := &sending{a: a, f: &f.sendFlags, toFlag: "host", is: world.Sale}
	m := &madeTerminal{s: s}
	settings := &cobra.Command{}
	for _, name := range []string{"world", "tmk", "bdk", "color"} {
		settings.Flags().AddFlag(cmd.Flags().Lookup(name))
	}
	var err error
	if s.e, err = a.load(settings); err != nil {
		return nil, err
	}
	if len(args) > 0 {
		if s.is, err = sendType(args[0]); err != nil {
			return nil, usagef("%w", err)
		}
		args = args[1:]
	}
	if err := s.speak(); err != nil {
		return nil, err
	}
	c := &m.c
	c.Messages, c.Hosts, c.TMK = s.m, append([]string{s.address}, f.backups...), s.e.TMK.Key
	for _, b := range f.backups {
		if err := checkAddress(b); err != nil {
			return nil, usagef("--backup: %w", err)
		}
	}
	if c.Profile, err = f.openProfile(cmd.Flags()); err != nil {
		return nil, exitWith(exitUsage, err)
	}
	f.timeout, f.connect = c.Profile.Timeouts.Response, c.Profile.Timeouts.Connect
	if s.o, err = f.line(s.d, s.address); err != nil {
		return nil, usagef("%w", err)
	}
	c.TLS = s.o.TLS
	for _, b := range f.bugs {
		c.Bugs = append(c.Bugs, terminal.Bug(b))
	}
	if m.w, err = loadWorld(s.e.World); err != nil {
		return nil, err
	}
	f.stan, f.download = 1, "public-keys"
	if state != nil {
		f.stan = state.STAN%999_999 + 1
	}
	if err := s.fill(m.w, args); err != nil {
		return nil, usagef("%w", err)
	}
	if s.p.HasAmount && s.p.Amount == 0 {
		return nil, usagef("%s: an AMOUNT of %s is none: write one such as 10.00", s.is, args[0])
	}
	c.Terminal, c.Merchant, c.Currency = s.p.Terminal, s.p.Merchant, s.p.Currency
	switch {
	case c.Terminal == "":
		return nil, usagef("the world has no terminal: give --terminal and --merchant")
	case c.Merchant == "":
		return nil, usagef("the world has no terminal %s: give its merchant, too, with --merchant", c.Terminal)
	}
	if s.d.DUKPT() {
		if err := s.deviceKeys(m.w, c); err != nil {
			return nil, err
		}
	}
	return m, m.transaction(f)
}

// transaction makes the transaction of what was filled in.
func (m *madeTerminal) transaction(f *terminalFlags) error {
	p := &m.s.p
	m.x = terminal.Transaction{
		Type: m.s.is, Amount: p.Amount, Cash: p.Cash, Tip: p.Tip, Card: p.Card,
		Of: f.of, RRN: p.RRN, Approval: p.Approval, Batch: p.Original.Batch, On: p.Original.Time,
	}
	if f.of != 0 && f.card == "" && f.originalBatch == 0 {
		m.x.Card = terminal.Card{PIN: p.Card.PIN} // that of the original
	}
	if f.after == "" {
		return nil
	}
	var known bool
	if m.x.After, known = afterApprovals[f.after]; !known {
		return usagef("--after: %w", oneOf(sortedKeys(afterApprovals), f.after))
	}
	return nil
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
func (f *terminalFlags) openProfile(given *pflag.FlagSet) (*profile.Profile, error) {
	p, err := openProfile(f.profile)
	if err != nil {
		return nil, err
	}
	if err := checkTimes(given); err != nil {
		return nil, err
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
