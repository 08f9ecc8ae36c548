package dialect

import (
	"errors"
	"fmt"
	"slices"
)

// sumField is one of several fields that hold the totals of a settlement, as
// ISO 8583 has them in DE 74 to 89.
type sumField struct {
	is sumKind
	at path
}

// sumKind is what a field of totals means.
type sumKind uint8

const (
	debitCountField sumKind = iota
	debitAmountField
	creditCountField
	creditAmountField
	debitReversalCount // taken off the debits
	debitReversalAmount
	creditReversalCount
	creditReversalAmount
)

var sumNames = []string{
	debitCountField:      "debit-count",
	debitAmountField:     "debit-amount",
	creditCountField:     "credit-count",
	creditAmountField:    "credit-amount",
	debitReversalCount:   "debit-reversal-count",
	debitReversalAmount:  "debit-reversal-amount",
	creditReversalCount:  "credit-reversal-count",
	creditReversalAmount: "credit-reversal-amount",
}

// sums compiles totals that stand in fields of their own.
func (c *compiler) sums(f *positionsFile) (all []sumField) {
	if f.Field != "" || len(f.Pieces) > 0 {
		c.fail(f.Place.At("fields").Errorf("totals stand in pieces of one field, or in fields of their own, not both"))
	}
	for _, e := range f.Fields {
		k := slices.Index(sumNames, e.Key)
		if k < 0 {
			c.fail(e.AtKey.Errorf("no total is called %q", e.Key).Suggest(e.Key, sumNames))
			continue
		}
		if p := c.part(e.At, e.Value); p.isSet() {
			all = append(all, sumField{sumKind(k), p}) //nolint:gosec // few kinds
		}
	}
	return all
}

// sums reads the fields of a settlement's totals. A field that is absent counts
// as zero, but one must be there.
func (d *Dialect) sums(req *Request) (t BatchTotals, err error) {
	var n [8]int64
	seen := false
	for _, s := range d.conv.settlement.sums {
		if !req.Index.Has(int(s.at.field)) {
			continue
		}
		v, ok := d.number(req, s.at)
		longest := uint64(1e15)
		if s.is%2 == 0 {
			longest = 1e9
		}
		if !ok || v >= longest {
			return t, fmt.Errorf("DE %d is not a %s, or too large", s.at.field, sumNames[s.is])
		}
		n[s.is], seen = int64(v), true //nolint:gosec // below 1e15
	}
	if !seen {
		return t, errors.New("it has none of the fields that hold totals")
	}
	net := Sums{
		DebitCount: int(n[debitCountField] - n[debitReversalCount]), CreditCount: int(n[creditCountField] - n[creditReversalCount]),
		DebitAmount: n[debitAmountField] - n[debitReversalAmount], CreditAmount: n[creditAmountField] - n[creditReversalAmount],
	}
	if min(int64(net.DebitCount), int64(net.CreditCount), net.DebitAmount, net.CreditAmount) < 0 {
		return t, errors.New("more is reversed than there was")
	}
	return BatchTotals{Domestic: net}, nil
}
