package dialect

import (
	"errors"
	"fmt"

	"github.com/acqsim/acqsim/scenarios/world"
)

// settlementRule is how a dialect's messages settle a batch. A rule whose
// field is 0 is one that the dialect does not have.
type settlementRule struct {
	totals   positions  // what the terminal says its batch amounts to
	sums     []sumField // the same, in fields of their own
	records  positions  // of an upload that holds several transactions in one field
	original positions  // of an upload whose message is itself one transaction
	count    positions  // of the end of an upload: how many transactions there were
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
func (d *Dialect) TellsResult() bool { return d.totalsHave(resultPiece) }

// TellsForeignResult reports whether it says so of foreign cards apart.
func (d *Dialect) TellsForeignResult() bool { return d.totalsHave(foreignResult) }

func (d *Dialect) totalsHave(k pieceKind) bool {
	for _, p := range d.conv.settlement.totals.pieces {
		if p.is == k {
			return true
		}
	}
	return false
}

// EndTellsBalance reports whether the answer to the end of an upload says whether
// the terminal's totals were the host's, though the batch is closed in either
// case. Of the action codes of 1993, 501 is such a result; elsewhere "out of
// balance" (95) asks for an upload.
func (d *Dialect) EndTellsBalance() bool { return d.actions }

// FollowsBatch reports whether a terminal that comes with another batch number
// than the open one is followed. Otherwise it is told to sign on.
func (d *Dialect) FollowsBatch() bool { return d.conv.followBatch }

// Totals reads what a settlement says the batch amounts to. An error says what
// is wrong with the field.
func (d *Dialect) Totals(req *Request) (BatchTotals, error) {
	if len(d.conv.settlement.sums) > 0 {
		return d.sums(req)
	}
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
	if p := &d.conv.settlement.original; p.field != 0 && req.Index.Has(int(p.field)) && req.Index.Units(int(p.field)) >= p.size {
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
	version := req.MTI / 1000 * 1000
	mtis := []uint16{version + 200, version + 220, version + 100}
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
