package world

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/acqsim/acqsim/scenarios/strictyaml"
)

const (
	maxMerchantID = 15 // DE 42
	maxTerminalID = 8  // DE 41
	maxAcquirerID = 11 // DE 32
	minPAN        = 12
	maxPAN        = 19 // DE 2
	minPIN        = 4  // ISO 9564-1
	maxPIN        = 12
	maxPINTries   = 99
	maxDelay      = time.Hour
	maxAlias      = 64
)

// Validate checks a world that was not read from a file: that what it names is
// there, and that every value has the form that messages and files need. Load
// and Overlay check the same. The error is [strictyaml.Problems], without
// places.
func (w *World) Validate() error {
	var found strictyaml.Problems
	v := validator{w: w, complain: func(at strictyaml.Node, format string, args ...any) *strictyaml.Problem {
		p := at.Errorf(format, args...)
		found = append(found, p)
		return p
	}}
	v.world()
	return found.Err()
}

type validator struct {
	w        *World
	root     strictyaml.Node // of the file that changed the world, if one did
	complain func(at strictyaml.Node, format string, args ...any) *strictyaml.Problem
}

// thing is one entry of the world, by what files call it.
type thing struct {
	v    *validator
	what string // "card good"
	at   strictyaml.Node
}

func (v *validator) thing(what, section, name string) thing {
	return thing{v, what + " " + name, v.root.At(section, name)}
}

// bad complains of one key, or of the whole thing with key "".
func (t thing) bad(key, format string, args ...any) *strictyaml.Problem {
	at := t.at
	if key != "" {
		at = at.At(key)
	}
	return t.v.complain(at, "%s: %s", t.what, fmt.Sprintf(format, args...))
}

func (t thing) text(key string, b Bilingual) {
	if strings.ContainsFunc(b.EN+b.ZH, func(r rune) bool { return !unicode.IsGraphic(r) }) {
		t.bad(key, "`%s` has characters that cannot be printed", key)
	}
}

func (t thing) currency(c Currency) {
	if c == 0 || c > 999 {
		t.bad("currency", "the currency is missing, or no number of three digits")
	}
}

// refers complains unless the named thing is there.
func refers[V any](t thing, key, name, what string, among map[string]*V) {
	if among[name] == nil {
		t.bad(key, "no %s is called %q", what, clip(name)).Suggest(name, sortedKeys(among))
	}
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

func each[V any](m map[string]*V, do func(name string, v *V)) {
	for _, k := range sortedKeys(m) {
		if m[k] != nil {
			do(k, m[k])
		}
	}
}

func (v *validator) world() {
	v.acquirer()
	each(v.w.Issuers, v.issuer)
	v.overlaps()
	each(v.w.Holidays, v.holidays)
	each(v.w.Accounts, v.account)
	each(v.w.Cards, v.card)
	v.samePAN()
	each(v.w.Merchants, v.merchant)
	each(v.w.Terminals, v.terminal)
	v.parameters()
	each(v.w.PublicKeys, v.publicKey)
	each(v.w.Applications, v.application)
}

func (v *validator) acquirer() {
	t := thing{v, "acquirer", v.root.At("acquirer")}
	if a := v.w.Acquirer; len(a.ID) > maxAcquirerID || !digits(a.ID) {
		t.bad("id", "the ID has up to %d digits (DE 32)", maxAcquirerID)
	}
	t.text("name", v.w.Acquirer.Name)
	t.currency(v.w.Acquirer.Currency)
	if n := v.w.Acquirer.HoldDays; n < 0 || n > maxHoldDays {
		t.bad("hold_days", "hold_days is between 0 (the default of %d) and %d", DefaultHoldDays, maxHoldDays)
	}
	if n := len(v.w.Acquirer.BaseKey); n != 0 && n != keyBytes {
		t.bad("base_key", "a key has %d bytes", keyBytes)
	}
}

const maxHoldDays = 3650

// alias checks a name that flags, files and the journal use.
func (t thing) alias(key, own string) {
	ok := key != "" && len(key) <= maxAlias && key[0] != '-'
	for _, r := range key {
		ok = ok && r < unicode.MaxASCII && (unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune("-_./", r))
	}
	switch {
	case !ok:
		t.bad("", "a name has 1 to %d letters, digits and the signs - _ . /", maxAlias)
	case own != key:
		t.bad("", "is called %q in itself", clip(own))
	}
}

// cause checks the name of a scenario; whether there is such a scenario, only
// those who know them can say.
func (t thing) cause(name string) {
	for _, r := range name {
		if len(name) > maxAlias || r != '-' && (r < 'a' || r > 'z') && (r < '0' || r > '9') {
			t.bad("cause", "a cause is called by small letters, digits and hyphens, such as reply-lost")
			return
		}
	}
}

// id checks an identifier that messages carry.
func (t thing) id(key, own string, most int, field string) {
	ok := key != "" && len(key) <= most && strings.TrimSpace(key) == key
	for i := range len(key) {
		ok = ok && key[i] >= ' ' && key[i] <= '~'
	}
	switch {
	case !ok:
		t.bad("", "an ID has 1 to %d printable ASCII characters (%s), without spaces at its ends", most, field)
	case own != key:
		t.bad("", "is called %q in itself", clip(own))
	}
}

func (v *validator) issuer(alias string, i *Issuer) {
	t := v.thing("issuer", "issuers", alias)
	t.alias(alias, i.Alias)
	t.text("name", i.Name)
	t.text("about", i.About)
	if len(i.ID) > maxAcquirerID || !digits(i.ID) {
		t.bad("id", "the ID has up to %d digits", maxAcquirerID)
	}
	if len(i.BINs) == 0 {
		t.bad("bins", "an issuer needs `bins`, such as [\"622200-622299\"]")
	}
	for n, r := range i.BINs {
		if err := r.validate(); err != nil {
			v.complain(t.at.At("bins", n), "%s: %w", t.what, err)
		}
	}
	switch {
	case i.Delay < 0 || i.Delay > maxDelay:
		t.bad("delay", "the delay is between 0 and %s", maxDelay)
	case i.State == IssuerSlow && i.Delay == 0:
		t.bad("state", "a slow issuer needs a `delay`, such as 45s")
	}
}

// overlaps finds BIN ranges of equal length that overlap. Of ranges that differ
// in length the longer one counts, so those may.
func (v *validator) overlaps() {
	type placed struct {
		BINRange
		alias string
		n     int
	}
	var all []placed
	each(v.w.Issuers, func(alias string, i *Issuer) {
		for n, r := range i.BINs {
			if r.validate() == nil {
				all = append(all, placed{r, alias, n})
			}
		}
	})
	slices.SortStableFunc(all, func(a, b placed) int {
		return cmp.Or(cmp.Compare(len(a.From), len(b.From)), cmp.Compare(a.From, b.From))
	})
	for n := 1; n < len(all); n++ {
		before, r := all[n-1], all[n]
		if len(before.From) != len(r.From) || r.From > before.To {
			continue
		}
		if !v.root.At("issuers", r.alias, "bins", r.n).Exists() { // complain of what the file says
			before, r = r, before
		}
		v.complain(v.root.At("issuers", r.alias, "bins", r.n), "issuer %s: the range %s overlaps %s of issuer %s", r.alias, r.BINRange, before.BINRange, before.alias)
	}
}

func (v *validator) holidays(name string, h *Holidays) {
	t := v.thing("calendar", "holidays", name)
	t.alias(name, name)
	t.text("name", h.Name)
	for _, day := range sortedKeys(h.Days) {
		if _, err := time.Parse(time.DateOnly, day); err != nil {
			v.complain(t.at.At("days").KeyNode(day), "%s: %q is not a date such as 2026-10-01", t.what, clip(day))
		}
		if x := h.Days[day]; strings.ContainsFunc(x.EN+x.ZH, func(r rune) bool { return !unicode.IsGraphic(r) }) {
			v.complain(t.at.At("days", day), "%s: the name of %s has characters that cannot be printed", t.what, clip(day))
		}
	}
}

func (v *validator) account(alias string, a *Account) {
	t := v.thing("account", "accounts", alias)
	card, isCard := strings.CutPrefix(alias, ownCard)
	merchant, isMerchant := strings.CutPrefix(alias, ownMerchant)
	if !(isCard && v.w.Cards[card] != nil || isMerchant && v.w.Merchants[merchant] != nil) { // those names are checked already
		t.alias(alias, a.Alias)
	}
	t.currency(a.Currency)
	if a.Held < 0 {
		t.bad("held", "what is held is not negative")
	}
}

func (v *validator) card(alias string, c *Card) {
	t := v.thing("card", "cards", alias)
	t.alias(alias, c.Alias)
	t.text("about", c.About)
	switch {
	case c.PAN == "":
		t.bad("pan", "the `pan` is missing")
	case len(c.PAN) < minPAN || len(c.PAN) > maxPAN || !digits(c.PAN):
		t.bad("pan", "a PAN has %d to %d digits", minPAN, maxPAN)
	case !c.NoLuhn && !luhn(c.PAN):
		t.bad("pan", "the PAN's last digit is not its check digit (Luhn)").Hint = "if it is meant to be so, write `luhn: false`"
	}
	if c.Expiry != "" && !isYYMM(c.Expiry) {
		t.bad("expiry", "the expiry is written YYMM, such as \"3012\" for December 2030")
	}
	if c.PIN != "" && (len(c.PIN) < minPIN || len(c.PIN) > maxPIN || !digits(c.PIN)) {
		t.bad("pin", "a PIN has %d to %d digits", minPIN, maxPIN)
	}
	refers(t, "account", c.Account, "account", v.w.Accounts)
	if c.PINTries < 0 || c.PINTries > maxPINTries {
		t.bad("pin_tries", "pin_tries is between 0 (the default of 3) and %d", maxPINTries)
	}
	if l := c.Limits; l.Single < 0 || l.Daily < 0 || l.DailyCount < 0 {
		t.bad("limits", "limits are not negative; 0 means none")
	}
	if n := len(c.IMKAC); n != 0 && n != keyBytes {
		t.bad("imk_ac", "a key has %d bytes", keyBytes)
	}
	t.cause(c.Cause)
	if c.PSN != "" && (len(c.PSN) != 2 || !digits(c.PSN)) {
		t.bad("psn", "the PAN sequence number has 2 digits, in quotes, such as \"01\"")
	}
}

func isYYMM(s string) bool {
	return len(s) == 4 && digits(s) && s[2:] >= "01" && s[2:] <= "12"
}

func (v *validator) samePAN() {
	first := make(map[string]string, len(v.w.Cards))
	each(v.w.Cards, func(alias string, c *Card) {
		if c.PAN == "" {
			return
		}
		other, twice := first[c.PAN]
		if !twice {
			first[c.PAN] = alias
			return
		}
		if !v.root.At("cards", alias, "pan").Exists() { // complain of what the file says
			alias, other = other, alias
		}
		v.thing("card", "cards", alias).bad("pan", "card %s has the same PAN", other)
	})
}

func (v *validator) merchant(id string, m *Merchant) {
	t := v.thing("merchant", "merchants", id)
	t.id(id, m.ID, maxMerchantID, "DE 42")
	t.text("name", m.Name)
	t.text("about", m.About)
	if m.MCC != "" && (len(m.MCC) != 4 || !digits(m.MCC)) {
		t.bad("mcc", "the MCC has 4 digits, in quotes, such as \"5411\"")
	}
	refers(t, "account", m.Account, "account", v.w.Accounts)
	h := m.Hours
	if h == nil {
		return
	}
	at := t.at.At("hours")
	if h.Calendar != "" {
		refers(thing{v, t.what, at}, "calendar", h.Calendar, "holiday calendar", v.w.Holidays)
	}
	for _, e := range at.At("weekly").Entries() {
		if days, err := ParseWeekdays(e.Key.Text()); err == nil {
			v.windows(t.what, h.Weekly[days[0]], e.Value)
		}
	}
	if !at.Exists() {
		for _, d := range weekdays {
			v.windows(t.what, h.Weekly[d.day], at)
		}
	}
	v.windows(t.what, h.Holiday, at.At("holiday"))
}

// windows checks that a day's windows are in order and apart.
func (v *validator) windows(what string, all []Window, at strictyaml.Node) {
	for n, w := range all {
		if err := w.validate(); err != nil {
			v.complain(at.At(n), "%s: %w", what, err)
			continue
		}
		if n == 0 {
			continue
		}
		switch before := all[n-1]; {
		case w.To <= before.From:
			v.complain(at.At(n), "%s: the window %s belongs before %s", what, w, before)
		case w.From < before.To:
			v.complain(at.At(n), "%s: the window %s overlaps %s", what, w, before)
		}
	}
}

func (v *validator) terminal(id string, x *Terminal) {
	t := v.thing("terminal", "terminals", id)
	t.id(id, x.ID, maxTerminalID, "DE 41")
	t.text("about", x.About)
	if x.Merchant != "" {
		refers(t, "merchant", x.Merchant, "merchant", v.w.Merchants)
	}
	if n := len(x.MasterKey); n != 0 && n != keyBytes {
		t.bad("master_key", "a key has %d bytes", keyBytes)
	}
	t.cause(x.Cause)
	if x.MinimumSoftware < 0 {
		t.bad("minimum_software", "minimum_software is not negative; 0 means any")
	}
}
