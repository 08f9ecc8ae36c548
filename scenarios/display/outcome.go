// Package display has what the person at a terminal sees: the closed list of
// outcomes that terminals, drivers, scenarios, rules and procedures use.
package display

import (
	"fmt"

	"github.com/acqsim/acqsim/scenarios/world"
)

// Outcome is how a transaction ended for the person at the terminal. The list
// is closed: drivers, rules and procedures use no others.
//
// The zero value, NoOutcome, is no outcome.
type Outcome uint8

// The outcomes.
const (
	NoOutcome Outcome = iota
	Approved
	Declined
	NoAnswer
	CannotConnect
	SendFailed
	Garbled
	MACError
	Mismatch
	CardDeclined
	ReversalPending
	Cancelled
	NotPossible

	outcomeCount
)

// outcomes are the names, what a display says, and the meaning in one phrase.
var outcomes = [outcomeCount]struct{ name, en, zh, meaning string }{
	NoOutcome:       {name: "none"},
	Approved:        {"approved", "Approved", "交易成功", "a valid, matching, approving reply"},
	Declined:        {"declined", "Declined", "交易失败", "a valid, matching reply that refuses; the text is the code's own"},
	NoAnswer:        {"no-answer", "No answer from merchant host", "商户无应答", "request sent, no valid reply before the timeout"},
	CannotConnect:   {"cannot-connect", "Cannot connect", "无法连接主机", "no connection within the connect timeout, refused, or TLS failed"},
	SendFailed:      {"send-failed", "Sending failed", "发送失败", "the connection broke while sending"},
	Garbled:         {"garbled", "Unreadable reply", "应答报文错误", "a frame or message that can't be read"},
	MACError:        {"mac-error", "Reply not authentic", "MAC校验错", "a reply whose MAC is wrong, or missing where required"},
	Mismatch:        {"mismatch", "Reply does not match", "应答不匹配", "a reply for another request, terminal or amount"},
	CardDeclined:    {"card-declined", "Card declined", "卡片拒绝交易", "the host approved, the card refused"},
	ReversalPending: {"reversal-pending", "Reversal first", "请先完成冲正", "a pending reversal blocks this transaction"},
	Cancelled:       {"cancelled", "Cancelled", "交易取消", "stopped by the operator"},
	NotPossible:     {"not-possible", "Not possible", "无法交易", "the terminal refuses by itself: no power, batch full, sign on first"},
}

// Outcomes lists every outcome, in a fixed order.
func Outcomes() []Outcome {
	all := make([]Outcome, 0, outcomeCount-1)
	for o := Approved; o < outcomeCount; o++ {
		all = append(all, o)
	}
	return all
}

// OutcomeNames lists the names of [Outcomes], in the same order.
func OutcomeNames() []string {
	names := make([]string, 0, outcomeCount-1)
	for _, o := range Outcomes() {
		names = append(names, o.String())
	}
	return names
}

// ParseOutcome returns the outcome with the given name, such as "no-answer".
func ParseOutcome(name string) (Outcome, error) {
	for _, o := range Outcomes() {
		if outcomes[o].name == name {
			return o, nil
		}
	}
	return NoOutcome, fmt.Errorf("no outcome at a terminal is called %q", name)
}

// String returns the outcome's name, such as "no-answer".
func (o Outcome) String() string {
	if o < outcomeCount {
		return outcomes[o].name
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

// Display returns what a terminal's display says, in both languages. After a
// decline, terminals show the text of its response code instead.
func (o Outcome) Display() world.Bilingual {
	if o >= outcomeCount {
		return world.Bilingual{}
	}
	return world.Bilingual{EN: outcomes[o].en, ZH: outcomes[o].zh}
}

// Meaning explains the outcome in one English phrase.
func (o Outcome) Meaning() string {
	if o >= outcomeCount {
		return ""
	}
	return outcomes[o].meaning
}
