package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/acqsim/acqsim/scenarios/world"
	"github.com/acqsim/acqsim/simulator/dialect"
	"github.com/acqsim/acqsim/simulator/terminal"
)

// fill makes the values of the transaction from flags and world.
func (s *sending) fill(w *world.World, amount []string) (err error) {
	f, p := s.f, &s.p
	now := time.Now()
	if p.Time, err = clockTime(f.time, now); err != nil {
		return err
	}
	if p.STAN = f.stan; p.STAN == 0 {
		p.STAN = clockSTAN(now)
	}
	p.Batch, p.RRN, p.Approval, p.Reason, p.Repeat = f.batch, f.rrn, f.approval, f.reason, f.repeat
	if first := firstTerminal(w); f.terminal != "" {
		p.Terminal = f.terminal
	} else if w.Terminals[first] != nil {
		p.Terminal = first
	}
	if p.Merchant = f.merchant; p.Merchant == "" {
		if t := w.Terminals[p.Terminal]; t != nil {
			p.Merchant = t.Merchant
		}
	}
	if err := checkID(s.d, "terminal", terminalField, f.terminal); err != nil {
		return err
	}
	if err := checkID(s.d, "merchant", merchantField, f.merchant); err != nil {
		return err
	}
	if err := s.fillOriginal(); err != nil {
		return err
	}
	card, err := s.fillCard(w)
	if err != nil {
		return err
	}
	if p.Currency, err = f.currencyOf(w, card); err != nil {
		return err
	}
	if p.Fields, err = fieldChanges(f.fields); err != nil {
		return err
	}
	if p.Sales, err = sumOf("sales", f.sales, p.Currency); err != nil {
		return err
	}
	if p.Refunds, err = sumOf("refunds", f.refunds, p.Currency); err != nil {
		return err
	}
	p.Uploaded, p.OutOfBalance, p.Told, p.Wanted = f.uploaded, f.outOfBalance, f.told, f.wanted
	var known bool
	if p.Download, known = downloads[f.download]; !known {
		return fmt.Errorf("--download: there is no list %q; there are %s", f.download, strings.Join(sortedKeys(downloads), ", "))
	}
	if err := s.fillAmount(amount); err != nil {
		return err
	}
	return s.checkRepeat()
}

// The data elements with the numbers of terminal and merchant.
const (
	terminalField = 41
	merchantField = 42
)

// checkID reports a number of a terminal or merchant that its field can't hold.
// What is shorter is filled up.
func checkID(d *dialect.Dialect, flag string, n int, id string) error {
	field := d.Spec().Fields[n]
	switch {
	case field == nil:
		return nil
	case utf8.RuneCountInString(id) > field.Spec().Length:
		return fmt.Errorf("--%s: %q has %d characters: DE %d has %d", flag, id, utf8.RuneCountInString(id), n, field.Spec().Length)
	case strings.ContainsFunc(id, func(r rune) bool { return r < ' ' || r > '~' }):
		return fmt.Errorf("--%s: %q can't be sent: DE %d has letters and digits", flag, id, n)
	}
	return nil
}

func (s *sending) fillOriginal() (err error) {
	f, o := s.f, &s.p.Original
	o.STAN, o.Batch = f.original, f.originalBatch
	if f.originalDate != "" {
		if o.Time, err = time.Parse("0102", f.originalDate); err != nil {
			return fmt.Errorf("--original-date: %q is no date: write MMDD, such as 1224", f.originalDate)
		}
	}
	if f.originalType == "" {
		return nil
	}
	if o.Type, err = world.ParseTransactionType(f.originalType); err != nil {
		return fmt.Errorf("--original-type: %w", err)
	}
	return nil
}

// fillCard takes the card from the world, by alias or number, or from its
// number alone. It returns nil for a card that the world does not have.
func (s *sending) fillCard(w *world.World) (*world.Card, error) {
	name := s.f.card
	if name == "" {
		name = "good"
	}
	card := w.Cards[name]
	if card == nil && isDigits(name) {
		for _, c := range w.Cards {
			if c.PAN == name {
				card = c
			}
		}
	}
	switch {
	case card != nil:
		s.p.Card = terminal.Card{PAN: card.PAN, Expiry: card.Expiry}
	case isDigits(name) && len(name) >= 12 && len(name) <= 19:
		s.p.Card = terminal.Card{PAN: name}
	case isDigits(name):
		// The number is not repeated: it may be a real one, mistyped.
		return nil, errors.New("--card: a card number has 12 to 19 digits")
	case s.f.card != "":
		return nil, fmt.Errorf("--card: the world has no card %q; it has %s", name, strings.Join(sortedKeys(w.Cards), ", "))
	}
	switch {
	case s.f.pin == autoPIN && (card == nil || card.PIN == ""):
		return nil, errors.New("--pin: the world knows no PIN of this card: give it")
	case s.f.pin == autoPIN:
		s.p.Card.PIN = card.PIN
	case s.f.pin != "" && (!isDigits(s.f.pin) || len(s.f.pin) < 4 || len(s.f.pin) > 12):
		return nil, errors.New("--pin: a PIN has 4 to 12 digits")
	default:
		s.p.Card.PIN = s.f.pin
	}
	if s.f.chip {
		if err := s.insert(card); err != nil {
			return nil, err
		}
	}
	if s.f.signOnChanged && !s.f.signOn && (s.f.mac || s.f.pin != "") && !s.d.DUKPT() {
		return nil, errors.New("--sign-on=false: a MAC or PIN needs the keys of a sign-on")
	}
	return card, nil
}

// currencyOf is the currency to pay in: asked for, of the card's account, or
// the acquirer's.
func (f *sendFlags) currencyOf(w *world.World, card *world.Card) (world.Currency, error) {
	if f.currency != "" {
		c, err := world.ParseCurrency(f.currency)
		if err != nil {
			return 0, fmt.Errorf("--currency: %w", err)
		}
		return c, nil
	}
	if card != nil {
		if account := w.Accounts[card.Account]; account != nil && account.Currency != 0 {
			return account.Currency, nil
		}
	}
	if w.Acquirer.Currency != 0 {
		return w.Acquirer.Currency, nil
	}
	return world.CNY, nil
}

func (s *sending) fillAmount(given []string) error {
	wanted := false
	for _, names := range s.m.Needs(s.is) {
		for _, n := range names {
			wanted = wanted || n == "amount"
		}
	}
	switch {
	case len(given) == 0:
		return nil // the message says if it needs one
	case !slices.Contains(s.m.Types(), s.is):
		return nil // there is no such message, which is said next
	case !wanted:
		return fmt.Errorf("%s takes no amount, but was given %s", s.is, given[0])
	}
	minor, err := world.ParseAmount(given[0], s.p.Currency)
	if err != nil {
		return err
	}
	s.p.Amount, s.p.HasAmount = minor, true
	for _, part := range []struct {
		flag, text string
		into       *int64
	}{{"cash", s.f.cash, &s.p.Cash}, {"tip", s.f.tip, &s.p.Tip}} {
		if part.text == "" {
			continue
		}
		if *part.into, err = world.ParseAmount(part.text, s.p.Currency); err != nil {
			return fmt.Errorf("--%s: %w", part.flag, err)
		}
	}
	return nil
}

// clockTime reads --time: what it leaves out is today's.
func clockTime(text string, now time.Time) (time.Time, error) {
	const layout = "060102150405"
	if text == "" {
		return now, nil
	}
	if n := len(layout) - len(text); n == 0 || n == 2 || n == 6 {
		if t, err := time.ParseInLocation(layout, now.Format(layout)[:n]+text, now.Location()); err == nil {
			return t, nil
		}
	}
	return now, fmt.Errorf("--time: %q is no time: write hhmmss, MMDDhhmmss or YYMMDDhhmmss", text)
}

// checkRepeat makes sure that a repeat of a transaction is one: that it has the
// STAN and the time of its first message. ISO 8583 has a repeat differ in its
// MTI only, hosts know it by these fields, and to them anything else is a new
// transaction, which moves money once more. A reversal is known by its original.
func (s *sending) checkRepeat() error {
	if !s.p.Repeat || !s.is.Financial() || s.is == world.Inquiry || s.is == world.Reversal {
		return nil
	}
	var missing []string
	if _, given := s.p.Fields[stanField]; s.f.stan == 0 && !given {
		missing = append(missing, fmt.Sprintf("--stan (DE %d)", stanField))
	}
	fields, err := s.m.ClockFields(s.is, s.p)
	if err != nil {
		return nil //nolint:nilerr // what is missing is said when the message is made
	}
	if s.f.time == "" && len(fields) > 0 {
		var names []string
		for _, n := range fields {
			names = append(names, fmt.Sprint(n))
		}
		missing = append(missing, "--time (DE "+strings.Join(names, ", ")+")")
	}
	if len(missing) == 0 {
		return nil
	}
	return fmt.Errorf("--repeat: the host would take it for a new %s, and post it again: give what the first message had, %s", s.is, strings.Join(missing, " and "))
}

// stanField is where every dialect has the STAN.
const stanField = 11

// clockSTAN is a number that advances with the clock, ten thousand times a
// second, so that transactions by hand or in a script are no duplicates of each
// other: a connection alone takes longer.
func clockSTAN(now time.Time) uint32 {
	return uint32(now.UnixMicro()/100%999_999) + 1 //nolint:gosec // below a million
}

func isDigits(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}
