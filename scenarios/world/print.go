package world

import (
	"bufio"
	"crypto/des" //nolint:gosec // the check value of a DES key is made with DES
	"encoding/hex"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"
)

// WriteYAML writes the world as a file that loads again to the same world. PINs
// and card numbers are test data and stand in it as they are. A key does not:
// in its place is a comment with its check value, so that a print can be pasted
// into a report, and a world loaded from it lacks the keys.
func (w *World) WriteYAML(out io.Writer) error { return w.write(out, false) }

// WriteYAMLWithKeys is WriteYAML with the keys in clear: what it writes loads
// again to an equal world.
func (w *World) WriteYAMLWithKeys(out io.Writer) error { return w.write(out, true) }

func (w *World) write(out io.Writer, keys bool) error {
	p := printer{out: bufio.NewWriter(out), keys: keys, w: w}
	p.world()
	return p.out.Flush() // bufio keeps the first error
}

// printer writes one world. Lines are put together from pairs, of which those
// with an ordinary value are left out.
type printer struct {
	out  *bufio.Writer
	keys bool
	w    *World
}

func (p *printer) line(indent int, format string, args ...any) {
	p.out.WriteString(strings.Repeat("  ", indent))
	fmt.Fprintf(p.out, format, args...)
	p.out.WriteByte('\n')
}

// pair writes "key: value" unless the value is empty.
func (p *printer) pair(indent int, key, value string) {
	if value != "" {
		p.line(indent, "%s: %s", key, value)
	}
}

// unless writes a state's name, unless it is the ordinary one.
func unless[E ~uint8](state E, text fmt.Stringer) string {
	if state == 0 {
		return ""
	}
	return text.String()
}

func number(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}

// quote writes a text as YAML reads it back; an empty one is left out.
func quote(s string) string {
	if s == "" {
		return ""
	}
	return strconv.Quote(s) // Go's escapes of printable text are YAML's
}

func bilingual(b Bilingual) string {
	if b == (Bilingual{}) {
		return ""
	}
	return fmt.Sprintf("{en: %q, zh: %q}", b.EN, b.ZH)
}

func list[T fmt.Stringer](all []T) string {
	if len(all) == 0 {
		return ""
	}
	texts := make([]string, len(all))
	for i, v := range all {
		texts[i] = strconv.Quote(v.String())
	}
	return "[" + strings.Join(texts, ", ") + "]"
}

func amount(n int64, c Currency) string {
	if n == 0 {
		return ""
	}
	return strconv.Quote(FormatAmount(n, c))
}

// code writes a currency so that the loader knows it, whatever its code.
func code(c Currency) string { return strconv.Quote(c.Alpha()) }

func (p *printer) key(indent int, name string, key []byte) {
	switch {
	case len(key) == 0:
	case p.keys:
		p.line(indent, "%s: %q", name, strings.ToUpper(hex.EncodeToString(key)))
	default:
		p.line(indent, "# %s: not shown, check value %s", name, checkValue(key))
	}
}

// checkValue is the first 3 bytes of zeros encrypted under a double-length key
// (ANSI X9.24-1, key check value), in hexadecimal.
func checkValue(key []byte) string {
	if len(key) != keyBytes {
		return "unknown"
	}
	block, err := des.NewTripleDESCipher(append(slices.Clone(key), key[:8]...)) //nolint:gosec // DES is what terminals use
	if err != nil {
		return "unknown"
	}
	var b [8]byte
	block.Encrypt(b[:], b[:])
	return strings.ToUpper(hex.EncodeToString(b[:3]))
}

func section[V any](p *printer, name string, m map[string]*V, do func(*V)) {
	if len(m) == 0 {
		return
	}
	p.line(0, "\n%s:", name)
	each(m, func(key string, v *V) {
		p.line(1, "%s:", strconv.Quote(key))
		do(v)
	})
}

func (p *printer) world() {
	p.line(0, "base: none")
	a := p.w.Acquirer
	p.line(0, "\nacquirer:")
	p.pair(1, "id", quote(a.ID))
	p.pair(1, "name", bilingual(a.Name))
	p.line(1, "currency: %s", code(a.Currency))
	p.pair(1, "hold_days", number(a.HoldDays))
	p.key(1, "base_key", a.BaseKey)
	section(p, "issuers", p.w.Issuers, p.issuer)
	section(p, "accounts", p.w.Accounts, p.account)
	section(p, "cards", p.w.Cards, p.card)
	section(p, "merchants", p.w.Merchants, p.merchant)
	section(p, "terminals", p.w.Terminals, p.terminal)
	section(p, "holidays", p.w.Holidays, p.holidays)
	p.downloads()
}

func (p *printer) downloads() {
	if len(p.w.Parameters) > 0 {
		p.line(0, "\nparameters:")
	}
	for _, tag := range sortedKeys(p.w.Parameters) {
		p.line(1, "%q: %q", tag, p.w.Parameters[tag])
	}
	section(p, "public_keys", p.w.PublicKeys, func(k *PublicKey) {
		p.pair(2, "modulus", quote(fmt.Sprintf("%X", k.Modulus)))
		p.pair(2, "exponent", quote(fmt.Sprintf("%X", k.Exponent)))
		p.pair(2, "expires", quote(k.Expires))
	})
	section(p, "chip_applications", p.w.Applications, func(a *ChipApplication) {
		p.pair(2, "data", quote(fmt.Sprintf("%X", a.Data)))
	})
}

func (p *printer) issuer(i *Issuer) {
	p.pair(2, "id", quote(i.ID))
	p.pair(2, "name", bilingual(i.Name))
	p.pair(2, "bins", list(i.BINs))
	p.pair(2, "state", unless(i.State, i.State))
	if i.Delay != 0 {
		p.pair(2, "delay", i.Delay.String())
	}
	p.pair(2, "about", bilingual(i.About))
}

func (p *printer) account(a *Account) {
	p.line(2, "balance: %q", FormatAmount(a.Balance, a.Currency))
	p.pair(2, "held", amount(a.Held, a.Currency))
	p.line(2, "currency: %s", code(a.Currency))
	if a.Frozen {
		p.line(2, "frozen: true")
	}
}

func (p *printer) card(c *Card) {
	p.pair(2, "pan", quote(c.PAN))
	if c.NoLuhn {
		p.line(2, "luhn: false")
	}
	p.pair(2, "expiry", quote(c.Expiry))
	p.pair(2, "pin", quote(c.PIN))
	p.pair(2, "account", quote(c.Account))
	p.pair(2, "status", unless(c.Status, c.Status))
	p.pair(2, "pin_tries", number(c.PINTries))
	if c.Limits != (Limits{}) {
		p.line(2, "limits:")
		currency := CNY
		if a := p.w.Accounts[c.Account]; a != nil {
			currency = a.Currency
		}
		p.pair(3, "single", amount(c.Limits.Single, currency))
		p.pair(3, "daily", amount(c.Limits.Daily, currency))
		p.pair(3, "daily_count", number(c.Limits.DailyCount))
	}
	p.pair(2, "permitted", list(c.Permitted))
	p.key(2, "imk_ac", c.IMKAC)
	p.pair(2, "psn", quote(c.PSN))
	p.pair(2, "derivation", unless(c.Derivation, c.Derivation))
	p.pair(2, "cause", quote(c.Cause))
	p.pair(2, "about", bilingual(c.About))
}

func (p *printer) merchant(m *Merchant) {
	p.pair(2, "name", bilingual(m.Name))
	p.pair(2, "mcc", quote(m.MCC))
	p.pair(2, "status", unless(m.Status, m.Status))
	p.pair(2, "when_refused", unless(m.WhenRefused, m.WhenRefused))
	if h := m.Hours; h != nil {
		p.line(2, "hours:")
		zone := h.Zone
		if zone == nil {
			zone = time.UTC
		}
		p.pair(3, "zone", quote(zone.String()))
		p.line(3, "weekly: {%s}", weekly(h.Weekly))
		p.pair(3, "calendar", quote(h.Calendar))
		p.pair(3, "holiday", list(h.Holiday))
	}
	p.pair(2, "permitted", list(m.Permitted))
	p.pair(2, "account", quote(m.Account))
	p.pair(2, "about", bilingual(m.About))
}

// weekly groups neighbouring days with equal windows.
func weekly(h map[time.Weekday][]Window) string {
	var parts []string
	for i := 0; i < len(weekdays); {
		last := i
		for last+1 < len(weekdays) && slices.Equal(h[weekdays[last+1].day], h[weekdays[i].day]) {
			last++
		}
		key := weekdays[i].name
		switch {
		case i == 0 && last == len(weekdays)-1:
			key = "daily"
		case last > i:
			key += "-" + weekdays[last].name
		}
		if windows := list(h[weekdays[i].day]); windows != "" {
			parts = append(parts, key+": "+windows)
		}
		i = last + 1
	}
	return strings.Join(parts, ", ")
}

func (p *printer) terminal(t *Terminal) {
	p.pair(2, "merchant", quote(t.Merchant))
	p.pair(2, "status", unless(t.Status, t.Status))
	p.key(2, "master_key", t.MasterKey)
	p.pair(2, "minimum_software", number(t.MinimumSoftware))
	p.pair(2, "asked", unless(t.Asked, t.Asked))
	p.pair(2, "cause", quote(t.Cause))
	p.pair(2, "about", bilingual(t.About))
}

func (p *printer) holidays(h *Holidays) {
	p.pair(2, "name", bilingual(h.Name))
	if len(h.Days) == 0 {
		return
	}
	p.line(2, "days:")
	for _, day := range sortedKeys(h.Days) {
		p.line(3, "%s: {en: %q, zh: %q}", day, h.Days[day].EN, h.Days[day].ZH)
	}
}
