package dialect

import (
	"errors"
	"fmt"
)

// maxDigits is how long a field of positions can be.
const maxDigits = 999

var errAbsent = errors.New("is absent")

// digits returns the whole value of the positions' field as characters, in
// place or in buf.
func (d *Dialect) digits(req *Request, p *positions, buf []byte) ([]byte, error) {
	if p.field == 0 {
		return nil, errors.New("the dialect has no such field")
	}
	if !req.Index.Has(int(p.field)) {
		return nil, fmt.Errorf("DE %d %w", p.field, errAbsent)
	}
	if req.Index.Units(int(p.field)) > len(buf) {
		return nil, fmt.Errorf("DE %d is longer than %d", p.field, len(buf))
	}
	return d.text(req, path{field: p.field}, buf), nil
}

// totals reads counts and amounts. Pieces of one meaning add up; a value may
// end before pieces that repeat a meaning, and zeros or spaces may follow.
func (p *positions) totals(digits []byte) (t BatchTotals, err error) {
	if len(digits) < p.least {
		return t, fmt.Errorf("it has %d digits; %d are wanted", len(digits), p.least)
	}
	at := 0
	for _, x := range p.pieces {
		if at == len(digits) {
			return t, nil
		}
		if at+x.length > len(digits) {
			return t, fmt.Errorf("it ends within %s, after %d digits", pieceNames[x.is], len(digits))
		}
		n, ok := digitsNumber(digits[at : at+x.length])
		if !ok && x.is != skipPiece {
			return t, fmt.Errorf("%s at %d is not digits", pieceNames[x.is], at+1)
		}
		at += x.length
		count, amount := int(n), int64(n) //nolint:gosec // pieces have at most 15 digits
		switch x.is {
		case debitCount:
			t.Domestic.DebitCount += count
		case debitAmount:
			t.Domestic.DebitAmount += amount
		case creditCount:
			t.Domestic.CreditCount += count
		case creditAmount:
			t.Domestic.CreditAmount += amount
		case foreignDebitCount:
			t.Foreign.DebitCount += count
		case foreignDebitAmount:
			t.Foreign.DebitAmount += amount
		case foreignCreditCount:
			t.Foreign.CreditCount += count
		case foreignCreditAmount:
			t.Foreign.CreditAmount += amount
		}
	}
	for _, c := range digits[at:] {
		if c != '0' && c != ' ' {
			return t, fmt.Errorf("it has %d digits; what follows the first %d is not known", len(digits), at)
		}
	}
	return t, nil
}

// count reads how many records there are, and checks that they are all there.
func (p *positions) count(digits []byte) (int, error) {
	if len(digits) < p.counted {
		return 0, fmt.Errorf("it has %d digits; the first %d say how many records follow", len(digits), p.counted)
	}
	n, ok := digitsNumber(digits[:p.counted])
	switch rest := len(digits) - p.counted; {
	case !ok:
		return 0, fmt.Errorf("the first %d are not digits that say how many records follow", p.counted)
	case n == 0:
		return 0, errors.New("it says that no records follow")
	case uint64(rest) != n*uint64(p.size): //nolint:gosec // not negative
		return 0, fmt.Errorf("it says that %d records of %d digits follow, but %d digits do", n, p.size, rest)
	}
	return int(n), nil //nolint:gosec // at most 9 digits
}

// record reads one transaction. The error names the piece and holds nothing of
// its value.
func (p *positions) record(digits []byte) (r UploadRecord, err error) {
	if len(digits) < p.size {
		return r, fmt.Errorf("it has %d digits; %d are wanted", len(digits), p.size)
	}
	for _, x := range p.pieces {
		value := digits[:x.length]
		digits = digits[x.length:]
		n, ok := digitsNumber(value)
		switch x.is {
		case cardPiece:
			for len(value) > 0 && value[0] == '0' {
				value = value[1:]
			}
			r.Card, ok = panOf(value)
		case stanPiece:
			r.STAN = uint32(n) //nolint:gosec // at most 6 digits
		case amountPiece:
			r.Amount, r.HasAmount = int64(n), true //nolint:gosec // at most 15 digits
		case mtiPiece:
			r.MTI = uint16(n) //nolint:gosec // 4 digits
		case rrnPiece:
			if r.RRN, ok = idOf(value), true; allZeros(value) {
				r.RRN = ID{}
			}
		default:
			ok = true
		}
		if !ok {
			return UploadRecord{}, fmt.Errorf("%s is not digits, or too many", pieceNames[x.is])
		}
	}
	return r, nil
}

func allZeros(b []byte) bool {
	for _, c := range b {
		if c != '0' {
			return false
		}
	}
	return true
}

// digitsNumber reads 1 to 19 characters as a decimal number.
func digitsNumber(b []byte) (uint64, bool) { return asText.number(b, 0, len(b)) }
