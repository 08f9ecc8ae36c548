package terminal

import "github.com/acqsim/acqsim/scenarios/display"

// Outcome is how a transaction ended for the person at the terminal: one of
// the closed list that scenarios and rules use as well.
type Outcome = display.Outcome

// The outcomes.
const (
	NoOutcome       = display.NoOutcome
	Approved        = display.Approved        // a valid, matching, approving reply
	Declined        = display.Declined        // a valid, matching reply that refuses
	NoAnswer        = display.NoAnswer        // sent, and no valid reply in time: 商户无应答
	CannotConnect   = display.CannotConnect   // no connection: refused, timed out, or TLS failed
	SendFailed      = display.SendFailed      // the connection broke while sending
	Garbled         = display.Garbled         // a frame or message that can't be read
	MACError        = display.MACError        // a reply whose MAC is wrong, or missing where required
	Mismatch        = display.Mismatch        // a reply for another request, terminal or amount
	CardDeclined    = display.CardDeclined    // the host approved, the card refused
	ReversalPending = display.ReversalPending // a pending reversal blocks this transaction
	Cancelled       = display.Cancelled       // stopped by the operator
	NotPossible     = display.NotPossible     // the terminal refuses by itself
)
