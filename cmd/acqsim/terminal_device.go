package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/acqsim/acqsim/scenarios/world"
	"github.com/acqsim/acqsim/simulator/terminal"
	"github.com/acqsim/acqsim/simulator/terminal/device"
)

// terminalDevice is the terminal with display, keypad and paper.
func (a *app) terminalDevice(cmd *cobra.Command, f *terminalFlags) (err error) {
	for _, flag := range []string{"of", "pin", "chip", "cash", "tip", "rrn", "approval", "original-batch", "original-date", "after"} {
		if cmd.Flags().Changed(flag) {
			return usagef("--%s goes with an ACTION, such as acqsim terminal sale 10.00", flag)
		}
	}
	if !isWindow(a.stdin) || !isWindow(a.stdout) {
		return usagef("without an ACTION it needs a terminal window to show its keypad in; in scripts name one, such as acqsim terminal sale 10.00 (acqsim terminal --help lists them)")
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
	m, err := a.makeTerminal(cmd, f, nil, state)
	if err != nil {
		return err
	}
	m.c.Store = store
	o := device.Options{
		Terminal: m.c, Cards: m.cards(f.card), Chinese: f.lang == langZH,
		Title: fmt.Sprintf("acqsim terminal %s  %s  %s  %s", m.c.Terminal, m.s.d.Name(), m.s.address, m.c.Profile.Name),
	}
	err = device.Run(cmd.Context(), o, a.stdin, a.stdout)
	if err != nil && !errors.Is(err, context.Canceled) {
		return exitWith(exitUsage, err)
	}
	return err
}

// isWindow reports whether a stream is a terminal window.
func isWindow(stream any) bool {
	f, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(f.Fd())) //nolint:gosec // a file descriptor fits
}

// cards are those of the world, the first one that --card names, or else good.
func (m *madeTerminal) cards(first string) (all []device.Card) {
	if first == "" {
		first = "good"
	}
	names := []string{}
	if m.w.Cards[first] != nil {
		names = append(names, first)
	} else if m.s.p.Card.PAN != "" {
		all = append(all, device.Card{Name: m.s.p.Card.String(), Card: m.s.p.Card})
	}
	for _, name := range sortedKeys(m.w.Cards) {
		if name != first {
			names = append(names, name)
		}
	}
	for _, name := range names {
		c := m.w.Cards[name]
		all = append(all, device.Card{Name: name, About: c.About, Card: m.read(c)})
	}
	return all
}

// read is what the terminal reads from a card: with its chip, where there is one
// that can be simulated.
func (m *madeTerminal) read(c *world.Card) terminal.Card {
	card := terminal.Card{PAN: c.PAN, Expiry: c.Expiry}
	if m.s.d.ChipField() == 0 {
		return card
	}
	chip, err := terminal.NewChipCard(c)
	if err != nil {
		return card // it is keyed in
	}
	// A card counts its transactions, and nobody keeps the card between two runs.
	chip.Counter = uint16(m.s.p.STAN%0xFFFF) + 1 //nolint:gosec // below 65536
	card.Chip = chip
	return card
}
