package world

import (
	"regexp"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/acqsim/acqsim/scenarios/strictyaml"
)

// DefaultBalance is the opening balance, in major units, of the account of a
// card that names none and has no `balance`.
const DefaultBalance = 10_000

// Prefixes of the accounts of cards and merchants that name none.
const (
	ownCard     = "card/"
	ownMerchant = "merchant/"
)

// Load reads a world file and lays it over the default world, see
// [World.Overlay]. With `base: none` in the file the world has nothing but what
// the file says. file is used in messages only. The error is
// [strictyaml.Problems]: every mistake with its place.
func Load(file string, src []byte) (*World, error) {
	return Default().Overlay(file, src)
}

// Overlay returns a copy of w changed by a world file: what the file names is
// changed in the keys that the file mentions and otherwise kept, and what w does
// not have is added. `cards: {good: {balance: "5.00"}}` changes one balance.
// Lists, opening hours and a calendar's days are replaced as a whole.
//
//   - A card that names no account gets one of its own, called "card/" and its
//     alias, in the acquirer's currency, with 10,000 major units in it.
//   - A card's `balance` is that of its account.
//   - A merchant that names no account settles to "merchant/" and its ID, which
//     begins empty and in the acquirer's currency.
//   - A terminal that names no merchant belongs to whichever its requests name.
func (w *World) Overlay(file string, src []byte) (*World, error) {
	var found strictyaml.Problems
	n, err := strictyaml.Parse(file, src)
	found.Add(err)
	if !n.Exists() {
		return nil, Redact(found.Err())
	}
	laid, err := w.OverlayNode(n)
	found.Add(err)
	if err := found.Err(); err != nil {
		return nil, Redact(err)
	}
	return laid, nil
}

// OverlayNode is Overlay for a world that is a part of another file, such as a
// scenario.
func (w *World) OverlayNode(n strictyaml.Node) (*World, error) {
	l := loader{world: w.Clone()}
	l.found.Add(n.Decode(&l.file))
	for _, p := range l.found {
		l.broken = append(l.broken, p.Path)
	}
	if b := l.file.Base; b != nil {
		switch *b {
		case "none":
			l.world = New()
		case "default":
		default:
			l.complain(l.file.Place.At("base"), "no base is called %q; write default or none", clip(*b))
		}
	}
	l.apply()
	v := validator{w: l.world, root: n, complain: l.complain}
	v.world()
	if err := l.found.Err(); err != nil {
		return nil, Redact(err)
	}
	return l.world, nil
}

// secrets finds the values of keys and PINs in a line of a file.
var secrets = regexp.MustCompile(`\b(?:pin|imk_ac|master_key|base_key)["']?\s*:\s*["']?([^"',}]*)`)

// Redact hides keys and PINs in the lines that mistakes quote, in place so that
// carets still point right. What this package returns has been redacted.
func Redact(err error) error {
	found, ok := err.(strictyaml.Problems)
	if !ok {
		return err
	}
	for _, p := range found {
		for _, m := range secrets.FindAllStringSubmatchIndex(p.Source, -1) {
			value := p.Source[m[2]:m[3]]
			if stars := strings.Repeat("*", utf8.RuneCountInString(value)); len(stars) == len(value) {
				p.Source = p.Source[:m[2]] + stars + p.Source[m[3]:]
			} else {
				p.Source = p.Source[:m[2]] + "***"
				break
			}
		}
	}
	return err
}

// loader applies a file to a world and gathers what is wrong with it.
type loader struct {
	file   worldFile
	world  *World
	found  strictyaml.Problems
	broken []string // paths that were not decoded, so that nothing more is said of them
}

// complain files a mistake, unless its place was not even decoded.
func (l *loader) complain(at strictyaml.Node, format string, args ...any) *strictyaml.Problem {
	p := at.Errorf(format, args...)
	for _, b := range l.broken {
		if rest, within := strings.CutPrefix(p.Path, b); within && (b == "" || rest == "" || rest[0] == '.' || rest[0] == '[') {
			return p
		}
	}
	l.found = append(l.found, p)
	return p
}

func set[T any](to *T, from *T) {
	if from != nil {
		*to = *from
	}
}

// setList takes a list over; an empty one becomes nil, which means the same.
func setList[T any](to *[]T, from []T) {
	if from != nil {
		*to = append([]T(nil), from...)
	}
}

// named returns the entry of a name, made if it is not there.
func named[V any](in map[string]*V, name string) *V {
	v := in[name]
	if v == nil {
		v = new(V)
		in[name] = v
	}
	return v
}

// or returns the entry's value, or an empty one for a name without any.
func or[V any](v *V) *V {
	if v == nil {
		return new(V)
	}
	return v
}

func (l *loader) apply() {
	f, w := &l.file, l.world
	set(&w.Acquirer.ID, f.Acquirer.ID)
	set(&w.Acquirer.Name, f.Acquirer.Name)
	set(&w.Acquirer.Currency, f.Acquirer.Currency)
	set(&w.Acquirer.HoldDays, f.Acquirer.HoldDays)
	if f.Acquirer.BaseKey != nil {
		w.Acquirer.BaseKey = *f.Acquirer.BaseKey
	}
	for _, e := range f.Issuers {
		l.issuer(named(w.Issuers, e.Key), e.Key, or(e.Value))
	}
	for _, e := range f.Holidays {
		l.holidays(named(w.Holidays, e.Key), or(e.Value))
	}
	for _, e := range f.Accounts {
		l.account(named(w.Accounts, e.Key), e.Key, or(e.Value), e.At)
	}
	for _, e := range f.Cards {
		l.card(named(w.Cards, e.Key), e.Key, or(e.Value), e.At)
	}
	for _, e := range f.Merchants {
		l.merchant(named(w.Merchants, e.Key), e.Key, or(e.Value))
	}
	for _, e := range f.Terminals {
		l.terminal(named(w.Terminals, e.Key), e.Key, or(e.Value))
	}
	l.downloads()
}

func (l *loader) issuer(i *Issuer, alias string, f *issuerFile) {
	i.Alias = alias
	set(&i.ID, f.ID)
	set(&i.Name, f.Name)
	setList(&i.BINs, f.BINs)
	set(&i.State, f.State)
	set(&i.Delay, f.Delay)
	set(&i.About, f.About)
}

func (l *loader) holidays(h *Holidays, f *holidaysFile) {
	set(&h.Name, f.Name)
	if f.Days != nil {
		h.Days = make(map[string]Bilingual, len(f.Days))
		for _, d := range f.Days {
			h.Days[d.Key] = *or(d.Value)
		}
	}
}

func (l *loader) account(a *Account, alias string, f *accountFile, at strictyaml.Node) {
	a.Alias = alias
	if a.Currency == 0 {
		a.Currency = l.world.Acquirer.Currency
	}
	if f.Currency != nil && *f.Currency != a.Currency {
		// The amounts of another currency would be misread by its decimals.
		if f.Balance == nil && a.Balance != 0 {
			l.complain(at.At("currency"), "another currency needs its own `balance`")
		}
		if f.Held == nil {
			a.Held = 0
		}
		a.Currency = *f.Currency
	}
	l.amount(&a.Balance, f.Balance, a.Currency, at.At("balance"))
	l.amount(&a.Held, f.Held, a.Currency, at.At("held"))
	set(&a.Frozen, f.Frozen)
}

func (l *loader) amount(to *int64, from *amountFile, c Currency, at strictyaml.Node) {
	if from == nil {
		return
	}
	n, err := ParseAmount(string(*from), c)
	if err != nil {
		l.complain(at, "%w", err)
		return
	}
	*to = n
}

func (l *loader) card(c *Card, alias string, f *cardFile, at strictyaml.Node) {
	c.Alias = alias
	set(&c.PAN, f.PAN)
	set(&c.Expiry, f.Expiry)
	set(&c.PIN, (*string)(f.PIN))
	set(&c.Status, f.Status)
	set(&c.PINTries, f.PINTries)
	setList(&c.Permitted, f.Permitted)
	if f.IMKAC != nil {
		c.IMKAC = *f.IMKAC
	}
	set(&c.PSN, f.PSN)
	set(&c.Derivation, f.Derivation)
	if f.Luhn != nil {
		c.NoLuhn = !*f.Luhn
	}
	set(&c.About, f.About)

	set(&c.Cause, f.Cause)
	set(&c.Account, f.Account)
	if c.Account == "" {
		c.Account = ownCard + alias
		if l.world.Accounts[c.Account] == nil {
			currency := l.world.Acquirer.Currency
			l.world.Accounts[c.Account] = &Account{Alias: c.Account, Currency: currency, Balance: DefaultBalance * pow10(currency.Decimals())}
		}
	}
	account := l.world.Accounts[c.Account]
	if account == nil { // validate says so
		account = &Account{Currency: l.world.Acquirer.Currency}
	}
	if f.Balance != nil {
		l.cardBalance(account, c.Account, f, at)
	}
	if f.Limits != nil {
		limits := at.At("limits")
		l.amount(&c.Limits.Single, f.Limits.Single, account.Currency, limits.At("single"))
		l.amount(&c.Limits.Daily, f.Limits.Daily, account.Currency, limits.At("daily"))
		set(&c.Limits.DailyCount, f.Limits.DailyCount)
	}
}

// cardBalance sets the balance of a card's account, unless the file says it
// elsewhere as well.
func (l *loader) cardBalance(a *Account, alias string, f *cardFile, at strictyaml.Node) {
	for _, other := range l.file.Accounts {
		if other.Key == alias && or(other.Value).Balance != nil {
			l.complain(at.At("balance"), "the balance of account %s is given there as well", alias)
			return
		}
	}
	for _, other := range l.file.Cards {
		if other.Value == f {
			break
		}
		if other.Value != nil && other.Value.Balance != nil && l.world.Cards[other.Key].Account == alias {
			l.complain(at.At("balance"), "the balance of account %s is given with card %s as well", alias, other.Key)
			return
		}
	}
	l.amount(&a.Balance, f.Balance, a.Currency, at.At("balance"))
}

func (l *loader) merchant(m *Merchant, id string, f *merchantFile) {
	m.ID = id
	set(&m.Name, f.Name)
	set(&m.MCC, f.MCC)
	set(&m.Status, f.Status)
	set(&m.WhenRefused, f.WhenRefused)
	setList(&m.Permitted, f.Permitted)
	set(&m.About, f.About)
	if f.Hours != nil {
		m.Hours = l.hours(f.Hours)
	}
	set(&m.Account, f.Account)
	if m.Account == "" {
		m.Account = ownMerchant + id
		if l.world.Accounts[m.Account] == nil {
			l.world.Accounts[m.Account] = &Account{Alias: m.Account, Currency: l.world.Acquirer.Currency}
		}
	}
}

func (l *loader) hours(f *hoursFile) *Hours {
	h := &Hours{Weekly: map[time.Weekday][]Window{}}
	if f.Zone != nil {
		h.Zone = f.Zone.Location
	} else {
		l.complain(f.Place.At("zone"), "opening hours need a `zone`, such as Asia/Shanghai")
	}
	if !f.Place.At("weekly").Exists() {
		l.complain(f.Place.At("weekly"), "opening hours need `weekly` windows, such as {mon-fri: [\"09:00-18:00\"]}")
	}
	seen := map[time.Weekday]string{}
	for _, e := range f.Weekly {
		days, err := ParseWeekdays(e.Key)
		if err != nil {
			l.complain(e.AtKey, "%w", err)
		}
		for _, d := range days {
			if before, twice := seen[d]; twice {
				l.complain(e.AtKey, "%s is within `%s` already", d, before)
				break
			}
			seen[d] = e.Key
			if len(e.Value) > 0 {
				h.Weekly[d] = append([]Window(nil), e.Value...)
			}
		}
	}
	set(&h.Calendar, f.Calendar)
	if len(f.Holiday) > 0 {
		h.Holiday = f.Holiday
	}
	return h
}

func (l *loader) terminal(t *Terminal, id string, f *terminalFile) {
	t.ID = id
	set(&t.Merchant, f.Merchant)
	set(&t.Status, f.Status)
	if f.MasterKey != nil {
		t.MasterKey = *f.MasterKey
	}
	set(&t.MinimumSoftware, f.MinimumSoftware)
	set(&t.Asked, f.Asked)
	set(&t.Cause, f.Cause)
	set(&t.About, f.About)
}

func pow10(n int) int64 {
	p := int64(1)
	for range n {
		p *= 10
	}
	return p
}
