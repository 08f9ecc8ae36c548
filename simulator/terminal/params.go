package terminal

import (
	"fmt"
	"io"
	"log/slog"
	"strconv"
	"strings"
	"time"

	"github.com/acqsim/acqsim/scenarios/transcript"
	"github.com/acqsim/acqsim/scenarios/world"
)

// Params are the values of one transaction. A zero value is one that is not
// given: fields that need it are left out of the message.
type Params struct {
	Terminal string // DE 41
	Merchant string // DE 42
	Card     Card

	Amount    int64 // minor units; counts if HasAmount
	HasAmount bool
	Cash      int64 // of Amount, what is paid out in cash; 0: none
	Tip       int64 // of Amount, what was added to the sale; 0: none
	Currency  world.Currency

	STAN     uint32
	Batch    uint32
	RRN      string // of the original, for voids and refunds
	Approval string // of the original
	Operator string // two digits; default "01"

	// Original is what a void, refund, completion, reversal or the like is about.
	Original Original

	// Reason is DE 39 of a reversal. Default 98: no answer came.
	Reason string

	// Sales and Refunds are what a settlement says the batch amounts to, Uploaded
	// how many transactions the end of an upload counts, and OutOfBalance that
	// the upload was of a batch that did not balance.
	Sales, Refunds Sum
	Uploaded       int
	OutOfBalance   bool

	// Block are further transactions in the same message of an upload, if the
	// message can hold several.
	Block []Params

	// Download is what a status upload, download or its end is about (default the
	// public keys), Told how many of a list the terminal knows already, and Wanted
	// the one that it wants, in hexadecimal.
	Download Download
	Told     int
	Wanted   string

	// Time is the terminal's clock: DE 7, 12 and 13 where the dialect has them.
	Time time.Time

	// Repeat makes the message a repeat: MTI 0401 for 0400.
	Repeat bool

	// Fields replace fields of the message (0: the MTI) or, if empty, remove
	// them. Binary fields are given in hexadecimal.
	Fields map[int]string
}

// Download is a kind of what terminals download.
type Download uint8

// The kinds.
const (
	PublicKeys Download = iota
	ChipParameters
	TerminalParameters
)

// Sum is how many transactions there were, and what they came to in minor
// units.
type Sum struct {
	Count  int
	Amount int64
}

// Original names an earlier transaction of the terminal.
type Original struct {
	Type  world.TransactionType // default: what such a message is usually about, else a sale
	STAN  uint32
	Batch uint32    // default: the batch of the transaction itself
	Time  time.Time // when it was; zero: not known
}

// Card is what a terminal reads from a card and its holder. It never prints
// more of it than a masked number.
type Card struct {
	PAN    string
	Expiry string // YYMM
	Track2 string // "PAN=YYMM…"; with it the card counts as swiped, else as typed in
	PIN    string // 4 to 12 digits; goes into DE 52 only, encrypted

	// Chip is the chip, with the card in the reader; nil: it is not used. Where
	// the dialect has a field for its data, it asks the issuer in inquiries,
	// purchases and pre-authorisations.
	Chip *ChipCard
}

// String masks the number.
func (c Card) String() string { return transcript.MaskPAN(c.PAN) }

// Format writes [Card.String] whatever the verb.
func (c Card) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, c.String()) }

// LogValue is [Card.String].
func (c Card) LogValue() slog.Value { return slog.StringValue(c.String()) }

// MarshalText is [Card.String].
func (c Card) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// The names that templates use, and what stands for each. A value that is not
// given is empty.
var values = map[string]func(*Params) string{
	"pan":    func(p *Params) string { return p.Card.PAN },
	"expiry": func(p *Params) string { return p.Card.Expiry },
	"track2": func(p *Params) string { return p.Card.Track2 },
	// Point of service entry mode: 01 typed, 02 swiped, 05 chip; then 1 with
	// PIN, 2 without.
	"entry": func(p *Params) string {
		mode, pin := "01", "2"
		if p.Card.Track2 != "" {
			mode = "02"
		}
		if p.Card.Chip != nil {
			mode = "05"
		}
		if p.Card.PIN != "" {
			pin = "1"
		}
		return mode + pin
	},
	"amount": func(p *Params) string {
		if !p.HasAmount {
			return ""
		}
		return fmt.Sprintf("%012d", p.Amount)
	},
	"cash": func(p *Params) string { return twelveDigits(p.Cash) },
	"tip":  func(p *Params) string { return twelveDigits(p.Tip) },
	"currency": func(p *Params) string {
		if p.Currency == 0 {
			return ""
		}
		return fmt.Sprintf("%03d", uint16(p.Currency))
	},
	"terminal": func(p *Params) string { return p.Terminal },
	"merchant": func(p *Params) string { return p.Merchant },
	"stan":     func(p *Params) string { return sixDigits(p.STAN) },
	"batch":    func(p *Params) string { return sixDigits(p.Batch) },
	"rrn":      func(p *Params) string { return p.RRN },
	"approval": func(p *Params) string { return p.Approval },
	"operator": func(p *Params) string { return orElse(p.Operator, "01") },
	"reason":   func(p *Params) string { return orElse(p.Reason, "98") },
	// What ISO 8583:1993 has in place of entry mode and reason.
	"pos_data":       posData,
	"message_reason": messageReason,
	"timestamp":      func(p *Params) string { return clock(p.Time, "060102150405", "") },
	"day":            func(p *Params) string { return clock(p.Time, "060102", "") },
	"date":           func(p *Params) string { return clock(p.Time, "0102", "") },
	"time":           func(p *Params) string { return clock(p.Time, "150405", "") },
	"datetime":       func(p *Params) string { return clock(p.Time, "0102150405", "") },

	"sales_count":    func(p *Params) string { return fmt.Sprintf("%03d", p.Sales.Count) },
	"sales_amount":   func(p *Params) string { return fmt.Sprintf("%012d", p.Sales.Amount) },
	"refunds_count":  func(p *Params) string { return fmt.Sprintf("%03d", p.Refunds.Count) },
	"refunds_amount": func(p *Params) string { return fmt.Sprintf("%012d", p.Refunds.Amount) },
	"record_count":   func(p *Params) string { return fmt.Sprintf("%02d", 1+len(p.Block)) },
	"uploaded":       func(p *Params) string { return fmt.Sprintf("%04d", p.Uploaded) },
	// UnionPay's DE 60.3 at the end of an upload.
	"upload_end": func(p *Params) string {
		if p.OutOfBalance {
			return "202"
		}
		return "207"
	},
	// UnionPay's DE 60.3 of downloads, and the question for a list.
	"list_code":    func(p *Params) string { return p.Download.code() + "2" },
	"part_code":    func(p *Params) string { return p.Download.code() + "0" },
	"download_end": func(p *Params) string { return p.Download.code() + "1" },
	"told":         func(p *Params) string { return fmt.Sprintf("%X", fmt.Sprintf("1%02d", p.Told)) },
	"wanted":       func(p *Params) string { return p.Wanted },
	// The card number in 20 digits, zeros in front.
	"pan20": func(p *Params) string {
		if n := p.Card.number(); n != "" {
			return strings.Repeat("0", max(0, 20-len(n))) + n
		}
		return ""
	},
	// Of an upload; zeros: not known.
	"original_rrn": func(p *Params) string { return orElse(p.RRN, "000000000000") },

	"original_stan": func(p *Params) string { return sixDigits(p.Original.STAN) },
	"original_batch": func(p *Params) string {
		if p.Original.Batch != 0 {
			return sixDigits(p.Original.Batch)
		}
		return sixDigits(p.Batch)
	},
	// Without a date of its own, the original was today.
	"original_date": func(p *Params) string {
		return clock(p.Original.Time, "0102", clock(p.Time, "0102", ""))
	},
	"original_timestamp": func(p *Params) string { return clock(p.Original.Time, "060102150405", "000000000000") },
	"original_datetime":  func(p *Params) string { return clock(p.Original.Time, "0102150405", "0000000000") },
}

// needs are the names that the needs of a message may use.
var needs = map[string]func(*Params) bool{
	"card":          func(p *Params) bool { return p.Card.PAN != "" || p.Card.Track2 != "" },
	"amount":        func(p *Params) bool { return p.HasAmount },
	"stan":          func(p *Params) bool { return p.STAN != 0 },
	"terminal":      func(p *Params) bool { return p.Terminal != "" },
	"merchant":      func(p *Params) bool { return p.Merchant != "" },
	"batch":         func(p *Params) bool { return p.Batch != 0 },
	"rrn":           func(p *Params) bool { return p.RRN != "" },
	"approval":      func(p *Params) bool { return p.Approval != "" },
	"cash":          func(p *Params) bool { return p.Cash != 0 },
	"tip":           func(p *Params) bool { return p.Tip != 0 },
	"currency":      func(p *Params) bool { return p.Currency != 0 },
	"original_stan": func(p *Params) bool { return p.Original.STAN != 0 },
}

// sixDigits writes a STAN or batch number; zero is none.
func sixDigits(n uint32) string {
	if n == 0 {
		return ""
	}
	s := strconv.FormatUint(uint64(n), 10)
	return strings.Repeat("0", max(0, 6-len(s))) + s
}

// twelveDigits writes an amount; zero is none.
func twelveDigits(n int64) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf("%012d", n)
}

func clock(t time.Time, layout, otherwise string) string {
	if t.IsZero() {
		return otherwise
	}
	return t.Format(layout)
}

func orElse(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

// check reports values that no message can carry.
func (p *Params) check() error {
	const highest = 999_999
	switch {
	case p.HasAmount && (p.Amount < 0 || p.Amount > 999_999_999_999):
		return fmt.Errorf("an amount of %d minor units does not fit DE 4: it takes 0 to 999999999999", p.Amount)
	case p.Cash < 0 || p.Cash > p.Amount || p.Tip < 0 || p.Tip > p.Amount:
		return fmt.Errorf("cash of %d and a tip of %d are not parts of the amount of %d minor units", p.Cash, p.Tip, p.Amount)
	case p.STAN > highest || p.Original.STAN > highest:
		return fmt.Errorf("a STAN has at most 6 digits, %d has more", max(p.STAN, p.Original.STAN))
	case p.Batch > highest || p.Original.Batch > highest:
		return fmt.Errorf("a batch number has at most 6 digits, %d has more", max(p.Batch, p.Original.Batch))
	case !p.Sales.fits() || !p.Refunds.fits():
		return fmt.Errorf("totals of %d sales (%d minor units) and %d refunds (%d) do not fit a settlement: it takes up to 999 of each, and 999999999999",
			p.Sales.Count, p.Sales.Amount, p.Refunds.Count, p.Refunds.Amount)
	case p.Told < 0 || p.Told > 99:
		return fmt.Errorf("a terminal can't say in 2 digits that it knows %d", p.Told)
	case p.Uploaded < 0 || p.Uploaded > 9999:
		return fmt.Errorf("an upload of %d transactions can't be counted in 4 digits", p.Uploaded)
	case p.Currency > 999:
		return fmt.Errorf("%d is no ISO 4217 number", p.Currency)
	}
	return nil
}

// code is the beginning of UnionPay's DE 60.3.
func (d Download) code() string {
	switch d {
	case ChipParameters:
		return "38"
	case TerminalParameters:
		return "36"
	default:
		return "37"
	}
}

func (s Sum) fits() bool {
	return s.Count >= 0 && s.Count <= 999 && s.Amount >= 0 && s.Amount <= 999_999_999_999
}
