package world

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"golang.org/x/text/width"
)

// WriteTable writes the world for people: what there is to type into a terminal
// and what each entry is good for. Keys are shown by their check values; card
// numbers and PINs, which are test data, in clear.
func (w *World) WriteTable(out io.Writer) error {
	b := bufio.NewWriter(out)
	fmt.Fprintf(b, "Acquirer %s %s, %s\n", w.Acquirer.ID, both(w.Acquirer.Name), w.Acquirer.Currency)
	for _, t := range []table{w.cardTable(), w.merchantTable(), w.terminalTable(), w.issuerTable(), w.holidayTable()} {
		t.write(b)
	}
	return b.Flush() // bufio keeps the first error
}

type table struct {
	title string
	head  []string
	rows  [][]string
}

func (w *World) cardTable() table {
	t := table{"Cards", []string{"NAME", "NUMBER", "EXPIRY", "PIN", "BALANCE", "STATE", "ABOUT"}, nil}
	each(w.Cards, func(alias string, c *Card) {
		balance, state := "", []string{c.Status.String()}
		if a := w.Accounts[c.Account]; a != nil {
			balance = FormatAmount(a.Balance, a.Currency) + " " + a.Currency.Alpha()
			if a.Frozen {
				state = append(state, "account frozen")
			}
		}
		if c.IMKAC != nil {
			state = append(state, "chip key "+checkValue(c.IMKAC))
		}
		if c.Cause != "" {
			state = append(state, "causes "+c.Cause)
		}
		expiry, pin := c.Expiry, c.PIN
		if len(expiry) == 4 {
			expiry = expiry[2:] + "/" + expiry[:2]
		}
		if pin == "" {
			pin = "any"
		}
		t.rows = append(t.rows, []string{alias, c.PAN, expiry, pin, balance, strings.Join(state, ", "), both(c.About)})
	})
	return t
}

func (w *World) merchantTable() table {
	t := table{"Merchants", []string{"ID", "NAME", "MCC", "STATE", "ABOUT"}, nil}
	each(w.Merchants, func(id string, m *Merchant) {
		state := m.Status.String()
		if m.WhenRefused == RefuseSilently {
			state += ", silent"
		}
		t.rows = append(t.rows, []string{id, both(m.Name), m.MCC, state, both(m.About)})
	})
	return t
}

func (w *World) terminalTable() table {
	t := table{"Terminals", []string{"ID", "MERCHANT", "STATE", "ABOUT"}, nil}
	each(w.Terminals, func(id string, x *Terminal) {
		state, merchant := []string{x.Status.String()}, x.Merchant
		if x.MasterKey != nil {
			state = append(state, "key "+checkValue(x.MasterKey))
		}
		if x.Cause != "" {
			state = append(state, "causes "+x.Cause)
		}
		if merchant == "" {
			merchant = "any"
		}
		t.rows = append(t.rows, []string{id, merchant, strings.Join(state, ", "), both(x.About)})
	})
	return t
}

func (w *World) issuerTable() table {
	t := table{"Issuers", []string{"NAME", "ID", "BANK", "CARDS", "STATE"}, nil}
	each(w.Issuers, func(alias string, i *Issuer) {
		bins := make([]string, len(i.BINs))
		for n, r := range i.BINs {
			bins[n] = r.String()
		}
		state := i.State.String()
		if i.Delay != 0 && i.State != IssuerUp {
			state += ", " + i.Delay.String()
		}
		t.rows = append(t.rows, []string{alias, i.ID, both(i.Name), strings.Join(bins, " "), state})
	})
	return t
}

func (w *World) holidayTable() table {
	t := table{"Holiday calendars", []string{"NAME", "CALENDAR", "DAYS"}, nil}
	each(w.Holidays, func(name string, h *Holidays) {
		days := ""
		if all := sortedKeys(h.Days); len(all) > 0 {
			days = fmt.Sprintf("%d, from %s to %s", len(all), all[0], all[len(all)-1])
		}
		t.rows = append(t.rows, []string{name, both(h.Name), days})
	})
	return t
}

// both shows a text in both languages.
func both(b Bilingual) string {
	switch {
	case b.ZH == "" || b.ZH == b.EN:
		return b.EN
	case b.EN == "":
		return b.ZH
	}
	return b.EN + " " + b.ZH
}

// write aligns the columns by what the characters take up on a screen.
func (t table) write(b *bufio.Writer) {
	if len(t.rows) == 0 {
		return
	}
	widths := make([]int, len(t.head))
	for _, row := range append([][]string{t.head}, t.rows...) {
		for i, cell := range row {
			widths[i] = max(widths[i], columns(cell))
		}
	}
	fmt.Fprintf(b, "\n%s\n", t.title)
	for _, row := range append([][]string{t.head}, t.rows...) {
		var line strings.Builder
		for i, cell := range row {
			line.WriteString("  " + cell + strings.Repeat(" ", widths[i]-columns(cell)))
		}
		b.WriteString(strings.TrimRight(line.String(), " ") + "\n")
	}
}

// columns is how many columns of a screen a text takes up.
func columns(s string) int {
	n := 0
	for _, r := range s {
		n++
		switch width.LookupRune(r).Kind() {
		case width.EastAsianWide, width.EastAsianFullwidth:
			n++
		}
	}
	return n
}
