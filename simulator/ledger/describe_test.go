package ledger

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// describe writes down all that a book knows, but for the serial numbers of
// days, of which a restart may leave some out.
func describe(b *Book) string {
	var s strings.Builder
	for a := range b.Accounts {
		fmt.Fprintf(&s, "account %d %q cur %d opening %d booked %d held %d\n",
			a.n, a.Name, a.Currency, a.Opening, a.Booked, a.Held)
	}
	for _, h := range b.keptHolds() {
		fmt.Fprintf(&s, "hold %s known %v of %q for %q card %x approval %x amount %d cur %d at %d expires %d\n",
			describeHold(h), h.at >= 0, h.Account.Name, h.Merchant, h.Card, h.Approval, h.Amount, h.Currency, h.At.UnixNano(), h.Expires.UnixNano())
		for older := b.holds.byKey[h.key()]; older != nil; older = older.older {
			fmt.Fprintf(&s, "  %d", older.id)
		}
	}
	fmt.Fprintf(&s, "live %d\n", b.holds.live)
	for _, card := range b.usedCards() {
		fmt.Fprintf(&s, "card %x %+v\n", card, b.cards[card])
	}
	for t := range b.Terminals {
		fmt.Fprintf(&s, "terminal %d %q batch %d %+v session %+v serial %d moved %v\n",
			t.n, t.ID, t.Batch, t.Totals, t.Session, t.Serial, t.moved)
		for _, c := range t.closed {
			fmt.Fprintf(&s, "  closed %d %+v\n", c.Batch, c.Totals)
			if c.Settlement != nil {
				fmt.Fprintf(&s, "  settled %+v\n", *c.Settlement)
			}
		}
		if t.Told != nil {
			fmt.Fprintf(&s, "  told %+v\n", *t.Told)
		}
		for _, stan := range slices.Sorted(maps.Keys(t.unmatched)) {
			for _, x := range t.unmatched[stan] {
				fmt.Fprintf(&s, "  waits for %d: %d\n", stan, x.serial)
			}
		}
		for x := range t.open.from(0) {
			fmt.Fprintf(&s, "  %s\n", describeTxn(b, x))
		}
	}
	fmt.Fprintf(&s, "open %d, oldest first:", b.open)
	for _, q := range b.queue[b.head:] {
		if b.isOpen(q) {
			fmt.Fprintf(&s, " %d/%d", q.terminal, q.serial)
		}
	}
	return s.String()
}

func describeTxn(b *Book, x *Txn) string {
	name := func(a *Account) string {
		if a == nil {
			return "-"
		}
		return a.Name
	}
	original := "-"
	if o := x.Original; o != nil && !b.hasLeft(o) {
		original = fmt.Sprintf("%d/%d", o.Terminal.n, o.serial)
	}
	_, zone := x.At.Zone()
	return fmt.Sprintf("%d: %v %v %v marks %d batch %d stan %d de3 %d mti %d cur %d approval %x rrn %x invoice %d about %d/%d "+
		"amount %d card %x %s>%s at %d.%d%+d key %x original %s refunded %d adjusted %d hold %s",
		x.serial, x.Type, x.Outcome, x.State, x.marks, x.Batch, x.STAN, x.Processing, x.MTI, x.Currency,
		x.Approval, x.RRN, x.Invoice, x.OriginalSTAN, x.OriginalBatch, x.Amount, x.Card, name(x.From), name(x.To),
		x.At.Unix(), x.At.Nanosecond(), zone, x.Key, original, x.Refunded, x.Adjusted, describeHold(x.Hold))
}

func describeHold(h *Hold) string {
	if h == nil {
		return "-"
	}
	return fmt.Sprintf("%d %v", h.id, h.State)
}
