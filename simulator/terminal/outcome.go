package terminal

import (
	_ "embed"
	"fmt"
	"strings"
	"sync"

	"github.com/acqsim/acqsim/scenarios/world"
)

// Outcome is how a transaction ended for the person at the terminal. The list
// is closed: drivers, rules and procedures use no others.
//
// The zero value, NoOutcome, is no outcome.
type Outcome uint8

// The outcomes; domain/displays.tsv has their texts.
const (
	NoOutcome       Outcome = iota
	Approved                // a valid, matching, approving reply
	Declined                // a valid, matching reply that refuses
	NoAnswer                // sent, and no valid reply in time: 商户无应答
	CannotConnect           // no connection: refused, timed out, or TLS failed
	SendFailed              // the connection broke while sending
	Garbled                 // a frame or message that can't be read
	MACError                // a reply whose MAC is wrong, or missing where required
	Mismatch                // a reply for another request, terminal or amount
	CardDeclined            // the host approved, the card refused
	ReversalPending         // a pending reversal blocks this transaction
	Cancelled               // stopped by the operator
	NotPossible             // the terminal refuses by itself

	outcomeCount
)

var outcomeNames = [outcomeCount]string{
	NoOutcome:       "none",
	Approved:        "approved",
	Declined:        "declined",
	NoAnswer:        "no-answer",
	CannotConnect:   "cannot-connect",
	SendFailed:      "send-failed",
	Garbled:         "garbled",
	MACError:        "mac-error",
	Mismatch:        "mismatch",
	CardDeclined:    "card-declined",
	ReversalPending: "reversal-pending",
	Cancelled:       "cancelled",
	NotPossible:     "not-possible",
}

// Outcomes lists every outcome, in a fixed order.
func Outcomes() []Outcome {
	all := make([]Outcome, 0, outcomeCount-1)
	for o := Approved; o < outcomeCount; o++ {
		all = append(all, o)
	}
	return all
}

// ParseOutcome returns the outcome with the given name, such as "no-answer".
func ParseOutcome(name string) (Outcome, error) {
	for _, o := range Outcomes() {
		if outcomeNames[o] == name {
			return o, nil
		}
	}
	return NoOutcome, fmt.Errorf("no outcome at a terminal is called %q", name)
}

// String returns the outcome's name, such as "no-answer".
func (o Outcome) String() string {
	if o < outcomeCount {
		return outcomeNames[o]
	}
	return fmt.Sprintf("outcome(%d)", uint8(o))
}

// MarshalText writes the name.
func (o Outcome) MarshalText() ([]byte, error) { return []byte(o.String()), nil }

// UnmarshalText reads a name.
func (o *Outcome) UnmarshalText(b []byte) (err error) {
	*o, err = ParseOutcome(string(b))
	return err
}

// Display returns what a terminal's display says, in both languages. A decline
// says more with the text of its code: see [ResponseText].
func (o Outcome) Display() world.Bilingual { return displays()[o.String()].text }

// Meaning explains the outcome in one English phrase.
func (o Outcome) Meaning() string { return displays()[o.String()].meaning }

//go:embed domain/displays.tsv
var displaysTSV string

type display struct {
	text    world.Bilingual
	meaning string
}

var displays = sync.OnceValue(func() map[string]display {
	all := map[string]display{}
	for _, row := range rows(displaysTSV, 4) {
		all[row[0]] = display{world.Bilingual{EN: row[1], ZH: row[2]}, row[3]}
	}
	return all
})

// rows returns the lines of a table without its comments and its head, each
// with exactly the given number of columns.
func rows(tsv string, columns int) (all [][]string) {
	head := true
	for line := range strings.Lines(tsv) {
		line = strings.TrimRight(line, "\r\n")
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		if head {
			head = false
			continue
		}
		row := strings.Split(line, "\t")
		for len(row) < columns {
			row = append(row, "")
		}
		all = append(all, row[:columns])
	}
	return all
}
