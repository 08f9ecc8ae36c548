package terminal

import (
	"strconv"

	"github.com/acqsim/acqsim/scenarios/world"
)

// Balance is what an inquiry was told.
type Balance struct {
	Amount   int64 // minor units; negative: overdrawn
	Currency world.Currency
}

// String is the amount with its currency.
func (b Balance) String() string {
	return world.FormatAmount(b.Amount, b.Currency) + " " + b.Currency.Alpha()
}

// fieldAmounts is DE 54: amounts of 20 characters, each account type 2, amount
// type 2 (01 booked, 02 available), currency 3, C or D, amount 12 (ISO 8583:1987).
const fieldAmounts = 54

// balanceOf reads the available balance out of a reply, else the booked one;
// nil: it tells none.
func balanceOf(r *Reply) (found *Balance) {
	const size = 20
	for text := r.facts.fields[fieldAmounts]; len(text) >= size; text = text[size:] {
		kind, sign := text[2:4], text[7]
		if kind != "01" && kind != "02" || sign != 'C' && sign != 'D' {
			continue
		}
		currency, err := strconv.ParseUint(text[4:7], 10, 16)
		amount, err2 := strconv.ParseUint(text[8:size], 10, 63)
		if err != nil || err2 != nil {
			continue
		}
		b := Balance{int64(amount), world.Currency(currency)} //nolint:gosec // 12 digits
		if sign == 'D' {
			b.Amount = -b.Amount
		}
		if kind == "02" {
			return &b
		}
		found = &b
	}
	return found
}
