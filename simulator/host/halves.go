package host

import (
	"github.com/acqsim/acqsim/scenarios/world"
	"github.com/acqsim/acqsim/simulator/dialect"
	"github.com/acqsim/acqsim/simulator/ledger"
)

// UnionPay terminals tell their totals in two halves, of domestic (RMB) and of
// foreign cards (外卡), and each half has its result. So each is compared with
// the host's own.

// foreignRanges are the numbers of cards that are foreign to UnionPay: Visa,
// Mastercard with Maestro, American Express, JCB, Diners Club and Discover. All
// others are domestic: UnionPay's 62, and what Chinese banks issued without it.
var foreignRanges = []world.BINRange{
	{From: "4", To: "4"},
	{From: "5", To: "5"}, {From: "2221", To: "2720"},
	{From: "34", To: "34"}, {From: "37", To: "37"},
	{From: "35", To: "35"},
	{From: "300", To: "305"}, {From: "3095", To: "3095"}, {From: "36", To: "36"}, {From: "38", To: "39"},
	{From: "6011", To: "6011"}, {From: "644", To: "649"}, {From: "65", To: "65"},
}

// isForeign reports whether a card number is none of UnionPay or a Chinese bank.
func isForeign(pan string) bool {
	for _, r := range foreignRanges {
		if r.Contains(pan) {
			return true
		}
	}
	return false
}

// noteForeign remembers a card that is foreign: transactions hold no more of
// their card than the hash.
func (r *registry) noteForeign(pan string, hash uint64) {
	if isForeign(pan) {
		r.foreign[hash] = struct{}{}
	}
}

// halves are the totals of a terminal's open batch, apart for domestic and
// foreign cards. What is not known to be of a foreign card is domestic: so they
// add up to the totals, even when transactions have left memory.
func (h *Host) halves(t *ledger.Terminal) dialect.BatchTotals {
	var foreign dialect.Sums
	if len(h.reg.foreign) > 0 {
		for x := range h.book.Open(t) {
			if x.State == ledger.Posted && ledger.Counts(x.Type) && h.paidByForeign(x) {
				if x.Type == world.Refund {
					foreign.CreditCount++
					foreign.CreditAmount += x.Worth()
				} else {
					foreign.DebitCount++
					foreign.DebitAmount += x.Worth()
				}
			}
		}
	}
	all := t.Totals
	return dialect.BatchTotals{Foreign: foreign, Domestic: dialect.Sums{
		DebitCount: all.DebitCount - foreign.DebitCount, DebitAmount: all.DebitAmount - foreign.DebitAmount,
		CreditCount: all.CreditCount - foreign.CreditCount, CreditAmount: all.CreditAmount - foreign.CreditAmount,
	}}
}

// paidByForeign reports whether a transaction is of a foreign card, its own or
// that of what it completes or refunds.
func (h *Host) paidByForeign(x *ledger.Txn) bool {
	id := x.Card
	if id == 0 && x.Hold != nil {
		id = x.Hold.Card
	}
	if id == 0 && x.Original != nil {
		id = x.Original.Card
	}
	_, foreign := h.reg.foreign[id]
	return foreign
}

// compareTotals compares what a terminal tells of its open batch with what the host
// has: the results of both halves, and an empty reason if they are balanced. A
// terminal that tells all of its cards in the domestic half, and nothing in the
// other, as those without foreign acquiring do, is compared by the sum.
func (c *call) compareTotals(told dialect.BatchTotals) (results [2]byte, why string) {
	results = [2]byte{balanced, balanced}
	all := ledger.Totals(told.All())
	host := c.terminal.books.Totals
	if (told.Foreign.IsZero() || !c.d.TellsForeignResult()) && all == host {
		return results, ""
	}
	has := dialect.BatchTotals{Domestic: dialect.Sums(host)}
	if c.d.TellsForeignResult() {
		has = c.h.halves(c.terminal.books)
	}
	if told.Foreign.IsZero() && has.Foreign.IsZero() || !c.d.TellsForeignResult() {
		results[0] = notBalanced
		return results, "out of balance: " + c.bothSides(dialect.Sums(all), dialect.Sums(host))
	}
	if told.Domestic != has.Domestic {
		results[0] = notBalanced
		why = "domestic cards out of balance: " + c.bothSides(told.Domestic, has.Domestic)
	}
	if told.Foreign != has.Foreign {
		results[1] = notBalanced
		if why != "" {
			why += "; "
		}
		why += "foreign cards out of balance: " + c.bothSides(told.Foreign, has.Foreign)
	}
	return results, why
}

// bothSides says what terminal and host have.
func (c *call) bothSides(told, host dialect.Sums) string {
	return "the terminal has " + describeTotals(ledger.Totals(told), c.currency()) +
		"; the host has " + describeTotals(ledger.Totals(host), c.currency())
}
