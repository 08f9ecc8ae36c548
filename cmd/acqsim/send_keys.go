package main

import (
	"fmt"
	"strings"

	"github.com/acqsim/acqsim/scenarios/world"
	"github.com/acqsim/acqsim/simulator/security"
	"github.com/acqsim/acqsim/simulator/terminal"
)

// insert puts the card's chip into the reader.
func (s *sending) insert(card *world.Card) error {
	switch {
	case s.d.ChipField() == 0:
		return fmt.Errorf("--chip: dialect %s has no field for chip data (`chip` in its conventions)", s.d.Name())
	case !terminal.AsksIssuer(s.is):
		return fmt.Errorf("--chip: a %s asks no chip", s.is)
	case card == nil:
		return fmt.Errorf("--chip: %w", terminal.ErrNoChipKey)
	}
	chip, err := terminal.NewChipCard(card)
	if err != nil {
		return fmt.Errorf("--chip: %s", strings.TrimPrefix(err.Error(), "terminal: "))
	}
	// A card counts its transactions, and nobody keeps the card between two runs.
	chip.Counter = uint16(s.p.STAN%0xFFFF) + 1 //nolint:gosec // below 65536
	s.p.Card.Chip = chip
	return nil
}

// load gives the terminal its initial key, where the dialect derives keys by
// DUKPT and some are wanted.
func (s *sending) load(w *world.World) error {
	if !s.d.DUKPT() {
		if s.f.ksn != "" {
			return usagef("--ksn: dialect %s does not derive keys by DUKPT", s.d.Name())
		}
		return nil
	}
	if !s.f.mac && s.f.pin == "" && s.f.ksn == "" {
		return nil
	}
	ksn, err := s.serialNumber()
	if err != nil {
		return usagef("--ksn: %s", strings.TrimPrefix(err.Error(), "security: "))
	}
	bdk, _, err := s.e.baseKeyOf(w)
	if err != nil {
		return err
	}
	initial, err := security.InitialKey(bdk, ksn)
	if err != nil {
		return err
	}
	if s.session, err = terminal.NewDUKPTSession(s.d, initial, ksn); err != nil {
		return err
	}
	s.bdk, s.ksn = bdk, ksn
	if !s.f.json {
		s.a.say("keys of key serial number %s, under base derivation key %X\n", ksn, bdk.KCV())
	}
	return nil
}

// serialNumber is the key serial number that was asked for, or one that is the
// terminal's own and advances as STANs do.
func (s *sending) serialNumber() (security.KSN, error) {
	if s.f.ksn != "" {
		k, err := security.ParseKSN(s.f.ksn)
		if err != nil {
			return k, err
		}
		return k, k.Check()
	}
	k, err := security.MadeUpKSN(s.p.Terminal)
	if err != nil {
		return k, err
	}
	return k.At(s.p.STAN)
}
