package dialect

import (
	"errors"
	"fmt"

	"github.com/acqsim/acqsim/scenarios/world"
)

// settlementRule is how a dialect's messages settle a batch. A rule whose
// field is 0 is one that the dialect does not have.
type settlementRule struct {
	totals   positions // what the terminal says its batch amounts to
	records  positions // of an upload that holds several transactions in one field
	original positions // of an upload whose message is itself one transaction
	count    positions // of the end of an upload: how many transactions there were
}

// positions are the digits of a field that mean something by where they stand.
type positions struct {
	field   uint8
	counted int // digits in front that say how often the pieces follow; 0: they stand once
	pieces  []piece
	size    int // of all pieces
	least   int // of the pieces that a value must have
}

// piece is one meaning and how many digits it has.
type piece struct {
	is     pieceKind
	length int
}

// pieceKind is what a piece means.
type pieceKind uint8

const (
	skipPiece pieceKind = iota
	debitCount
	debitAmount
	creditCount
	creditAmount
	foreignDebitCount
	foreignDebitAmount
	foreignCreditCount
	foreignCreditAmount
	resultPiece
	foreignResult
	kindPiece
	stanPiece
	cardPiece
	amountPiece
	rrnPiece
	mtiPiece
	countPiece

	pieceKindCount
)

var pieceNames = [pieceKindCount]string{
	skipPiece:           "skip",
	debitCount:          "debit-count",
	debitAmount:         "debit-amount",
	creditCount:         "credit-count",
	creditAmount:        "credit-amount",
	foreignDebitCount:   "foreign-debit-count",
	foreignDebitAmount:  "foreign-debit-amount",
	foreignCreditCount:  "foreign-credit-count",
	foreignCreditAmount: "foreign-credit-amount",
	resultPiece:         "result",
	foreignResult:       "foreign-result",
	kindPiece:           "kind",
	stanPiece:           "stan",
	cardPiece:           "card",
	amountPiece:         "amount",
	rrnPiece:            "rrn",
	mtiPiece:            "mti",
	countPiece:          "count",
}

// Sums are counts and amounts (minor units) of sales and of refunds.
type Sums struct {
	DebitCount, CreditCount   int
	DebitAmount, CreditAmount int64
}

// IsZero reports whether there was nothing.
func (s Sums) IsZero() bool { return s == Sums{} }

// Plus adds two sums.
func (s Sums) Plus(t Sums) Sums {
	return Sums{
		s.DebitCount + t.DebitCount, s.CreditCount + t.CreditCount,
		s.DebitAmount + t.DebitAmount, s.CreditAmount + t.CreditAmount,
	}
}

// BatchTotals are what a terminal says that its batch amounts to: in one sum,
// or, as UnionPay terminals do, apart for domestic and foreign cards.
type BatchTotals struct{ Domestic, Foreign Sums }

// All is everything together.
func (t BatchTotals) All() Sums { return t.Domestic.Plus(t.Foreign) }

// UploadRecord is one transaction of the batch that a terminal uploads.
type UploadRecord struct {
	STAN      uint32 // of the transaction, not of the upload
	Card      PAN    // zero: not stated
	Amount    int64  // minor units; valid if HasAmount
	HasAmount bool
	RRN       ID     // zero: not stated
	MTI       uint16 // of the transaction; 0: not stated
	// Type is what the transaction was, where the record is a whole message
	// that says it; Unrecognised: a record of a few digits.
	Type world.TransactionType
}

// TellsResult reports whether the answer to a settlement says in digits of its
// own whether the totals agree (UnionPay: DE 48), so that its response code
// says 00 in either case.
func (d *Dialect) TellsResult() bool {
	for _, p := range d.conv.settlement.totals.pieces {
		if p.is == resultPiece {
			return true
		}
	}
	return false
}

// FollowsBatch reports whether a terminal that comes with another batch number
// than the open one is followed. Otherwise it is told to sign on.
func (d *Dialect) FollowsBatch() bool { return d.conv.followBatch }

// Totals reads what a settlement says the batch amounts to. An error says what
// is wrong with the field.
func (d *Dialect) Totals(req *Request) (BatchTotals, error) {
	var buf [maxDigits]byte
	p := &d.conv.settlement.totals
	digits, err := d.digits(req, p, buf[:])
	if err != nil {
		return BatchTotals{}, err
	}
	t, err := p.totals(digits)
	if err != nil {
		return BatchTotals{}, fmt.Errorf("DE %d: %w", p.field, err)
	}
	return t, nil
}

// UploadCount reads how many transactions the end of an upload says there
// were; false if it doesn't say.
func (d *Dialect) UploadCount(req *Request) (int, bool) {
	var buf [maxDigits]byte
	p := &d.conv.settlement.count
	digits, err := d.digits(req, p, buf[:])
	if err != nil || len(digits) != p.size {
		return 0, false
	}
	for _, x := range p.pieces {
		n, ok := digitsNumber(digits[:x.length])
		if x.is == countPiece {
			return int(n), ok //nolint:gosec // at most 9 digits
		}
		digits = digits[x.length:]
	}
	return 0, false
}

// UploadRecords appends the transactions that an upload holds to dst: those of
// its field of records, else the one that the message itself is. An error says
// what is wrong with the message.
func (d *Dialect) UploadRecords(dst []UploadRecord, req *Request) ([]UploadRecord, error) {
	p := &d.conv.settlement.records
	if p.field == 0 || !req.Index.Has(int(p.field)) {
		r, err := d.uploadedMessage(req)
		if err != nil {
			return dst, err
		}
		return append(dst, r), nil
	}
	var buf [maxDigits]byte
	digits, err := d.digits(req, p, buf[:])
	if err != nil {
		return dst, err
	}
	n, err := p.count(digits)
	if err != nil {
		return dst, fmt.Errorf("DE %d: %w", p.field, err)
	}
	digits = digits[p.counted:]
	for i := range n {
		r, err := p.record(digits[i*p.size : (i+1)*p.size])
		if err != nil {
			return dst, fmt.Errorf("DE %d, record %d: %w", p.field, i+1, err)
		}
		dst = append(dst, r)
	}
	return dst, nil
}

// uploadedMessage is the record of an upload that is one transaction, with the
// fields that this had.
func (d *Dialect) uploadedMessage(req *Request) (UploadRecord, error) {
	r := UploadRecord{STAN: req.STAN, Card: req.Card, Amount: req.Amount, HasAmount: req.HasAmount, RRN: req.RRN}
	if p := &d.conv.settlement.original; p.field != 0 && req.Index.Has(int(p.field)) && req.Index.Units(int(p.field)) == p.size {
		var buf [maxDigits]byte
		digits, err := d.digits(req, p, buf[:])
		if err != nil {
			return r, err
		}
		o, err := p.record(digits)
		if err != nil {
			return r, fmt.Errorf("DE %d: %w", p.field, err)
		}
		r.STAN, r.MTI = o.STAN, o.MTI
		if !o.RRN.IsZero() {
			r.RRN = o.RRN
		}
	}
	if r.STAN == 0 {
		return r, errors.New("nothing in the message says which transaction it is")
	}
	mtis := []uint16{200, 220, 100}
	if r.MTI != 0 {
		mtis = []uint16{firstMTI(r.MTI)}
	}
	for _, mti := range mtis {
		if r.Type = d.typeUnder(req, mti); r.Type != world.Unrecognised {
			r.MTI = mti
			break
		}
	}
	return r, nil
}

// IsAdvice reports whether the transaction was told by advice, if that is
// known: then the terminal had it approved without this host.
func (r *UploadRecord) IsAdvice() bool { return classOf(r.MTI) == adviceClass && r.MTI != 0 }

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

// settlementResult appends the totals as the terminal sent them, with the
// results of the comparison in their places.
func (d *Dialect) settlementResult(dst []byte, req *Request, results [2]byte) []byte {
	p := &d.conv.settlement.totals
	var buf [maxDigits]byte
	digits, err := d.digits(req, p, buf[:])
	if err != nil {
		return dst
	}
	from := len(dst)
	dst = append(dst, digits...)
	for _, x := range p.pieces {
		if from+x.length > len(dst) {
			break
		}
		switch x.is {
		case resultPiece:
			dst[from] = results[0]
		case foreignResult:
			dst[from] = results[1]
		}
		from += x.length
	}
	return dst
}

// OutOfBalance reports whether a reply to a settlement says in digits of its own
// that the totals do not agree.
func (d *Dialect) OutOfBalance(reply []byte) bool {
	var req Request
	if _, err := d.Index(reply, &req.Index); err != nil || !d.TellsResult() {
		return false
	}
	req.Frame.Body = reply
	p := &d.conv.settlement.totals
	var buf [maxDigits]byte
	digits, err := d.digits(&req, p, buf[:])
	for _, x := range p.pieces {
		if err != nil || len(digits) < x.length {
			return false
		}
		if (x.is == resultPiece || x.is == foreignResult) && digits[0] != '1' {
			return true
		}
		digits = digits[x.length:]
	}
	return false
}

// settles reports whether field n is one that the answer to a settlement
// repeats: with results, or the count of the end of an upload.
func (d *Dialect) settles(n int) bool {
	s := &d.conv.settlement
	return n == int(s.totals.field) && d.TellsResult() || n == int(s.count.field) && n != 0
}

// settlementField says whether the answer to req holds field n, one of
// those of settles.
func (d *Dialect) settlementField(n int, req *Request, resp *Response) bool {
	switch req.Type {
	case world.Settlement, world.SettlementEnd:
		return n == int(d.conv.settlement.totals.field) && resp.Results[0] != 0 && req.Index.Has(n)
	case world.BatchEnd:
		return n == int(d.conv.settlement.count.field) && req.Index.Has(n)
	}
	return false
}

// settlementValue appends a field that settlementField says is there.
func (d *Dialect) settlementValue(dst []byte, req *Request, resp *Response) []byte {
	if req.Type != world.BatchEnd {
		return d.settlementResult(dst, req, resp.Results)
	}
	var buf [maxDigits]byte
	digits, err := d.digits(req, &d.conv.settlement.count, buf[:])
	if err != nil {
		return dst
	}
	return append(dst, digits...)
}
