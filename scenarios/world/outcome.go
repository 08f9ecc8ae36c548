package world

import (
	"fmt"

	"github.com/acqsim/acqsim/scenarios/strictyaml"
)

// Outcome is what the honest host decided about a request: a business fact
// with a name, never a response code. A dialect maps outcomes to DE 39.
//
// The zero value, Undecided, is no outcome; a host never answers with it.
type Outcome uint8

// The outcomes. The comment names the usual ISO 8583:1987 / UnionPay DE 39.
// Their values may stand in state files: append only.
const (
	Undecided Outcome = iota

	Approved // 00

	// The merchant, its terminal and the hours.
	MerchantUnknown       // 03
	MerchantSuspended     // 03
	MerchantFrozen        // 03
	MerchantClosed        // 03
	MerchantNotYetActive  // 03: applied for, not yet in force
	OffHours              // 58: outside the merchant's trading hours
	NotPermittedMerchant  // 58: transaction type not permitted to the merchant
	TerminalUnknown       // 97
	TerminalInactive      // 58: known, but stopped or not installed
	TerminalOtherMerchant // 03: the terminal belongs to another merchant
	SoftwareOutdated      // 30: terminal software below the minimum

	// Sign-on, keys and batches.
	NotSignedOn    // 77: no working keys; sign on
	BatchOutOfStep // 77: the batch is closed or not the open one; sign on
	MACWrong       // A0: does not verify, or is absent where required
	PINBlockWrong  // 99: the PIN block cannot be decrypted or has a wrong format

	// The message.
	FormatError         // 30
	UnsupportedFunction // 40
	InvalidTransaction  // 12: contradicts what happened before (voided twice, …)
	InvalidAmount       // 13: absent, zero, or not representable
	WrongCurrency       // 12: a currency that the account does not have
	Duplicate           // 94

	// Originals.
	OriginalNotFound      // 25
	OriginalAmountDiffers // 64
	ReversedBeforeArrival // 12: its reversal came first and was remembered
	RefundExceedsOriginal // 64

	// Card, account and issuer.
	CardUnknown        // 14
	IssuerUnknown      // 15
	CardExpired        // 54
	CardFrozen         // 62
	CardLost           // 41
	CardStolen         // 43
	CardRestricted     // 36
	NotPermittedCard   // 57
	AccountFrozen      // 05
	AccountUnknown     // 42
	InsufficientFunds  // 51
	ExceedsAmountLimit // 61
	ExceedsCountLimit  // 65
	IncorrectPIN       // 55
	PINTriesExceeded   // 75
	IssuerDown         // 91
	IssuerTimeout      // 98 UnionPay, 68 elsewhere
	DoNotHonour        // 05
	SystemMalfunction  // 96
	CutOver            // 90

	// Cryptography of card and terminal. The usual codes of issuers differ by
	// network; 05 and 63 are the ones that every list has.
	CryptogramWrong // 05: the chip's cryptogram does not verify
	KeyRepeated     // 63: a DUKPT key serial number that does not advance

	// Settlement.
	OutOfBalance // 95: the terminal's totals are not the host's; upload the batch

	outcomeCount
)

// outcomeNames are the names that files, flags and the journal use.
var outcomeNames = [outcomeCount]string{
	Undecided:             "undecided",
	Approved:              "approved",
	MerchantUnknown:       "merchant-unknown",
	MerchantSuspended:     "merchant-suspended",
	MerchantFrozen:        "merchant-frozen",
	MerchantClosed:        "merchant-closed",
	MerchantNotYetActive:  "merchant-not-yet-active",
	OffHours:              "off-hours",
	NotPermittedMerchant:  "not-permitted-merchant",
	TerminalUnknown:       "terminal-unknown",
	TerminalInactive:      "terminal-inactive",
	TerminalOtherMerchant: "terminal-other-merchant",
	SoftwareOutdated:      "software-outdated",
	NotSignedOn:           "not-signed-on",
	BatchOutOfStep:        "batch-out-of-step",
	MACWrong:              "mac-wrong",
	PINBlockWrong:         "pin-block-wrong",
	FormatError:           "format-error",
	UnsupportedFunction:   "unsupported-function",
	InvalidTransaction:    "invalid-transaction",
	InvalidAmount:         "invalid-amount",
	WrongCurrency:         "wrong-currency",
	Duplicate:             "duplicate",
	OriginalNotFound:      "original-not-found",
	OriginalAmountDiffers: "original-amount-differs",
	ReversedBeforeArrival: "reversed-before-arrival",
	RefundExceedsOriginal: "refund-exceeds-original",
	CardUnknown:           "card-unknown",
	IssuerUnknown:         "issuer-unknown",
	CardExpired:           "card-expired",
	CardFrozen:            "card-frozen",
	CardLost:              "card-lost",
	CardStolen:            "card-stolen",
	CardRestricted:        "card-restricted",
	NotPermittedCard:      "not-permitted-card",
	AccountFrozen:         "account-frozen",
	AccountUnknown:        "account-unknown",
	InsufficientFunds:     "insufficient-funds",
	ExceedsAmountLimit:    "exceeds-amount-limit",
	ExceedsCountLimit:     "exceeds-count-limit",
	IncorrectPIN:          "incorrect-pin",
	PINTriesExceeded:      "pin-tries-exceeded",
	IssuerDown:            "issuer-down",
	IssuerTimeout:         "issuer-timeout",
	DoNotHonour:           "do-not-honour",
	SystemMalfunction:     "system-malfunction",
	CutOver:               "cut-over",
	CryptogramWrong:       "cryptogram-wrong",
	KeyRepeated:           "key-repeated",
	OutOfBalance:          "out-of-balance",
}

// String returns the outcome's name, such as "insufficient-funds".
func (o Outcome) String() string { return name(o, outcomeNames[:], "outcome") }

// Outcomes lists every outcome a host can decide, in a fixed order.
func Outcomes() []Outcome { return members[Outcome](outcomeCount) }

// ParseOutcome returns the outcome with the given name.
func ParseOutcome(s string) (Outcome, error) {
	return parseName[Outcome](s, outcomeNames[:], "outcome")
}

// MarshalText writes the name.
func (o Outcome) MarshalText() ([]byte, error) { return []byte(o.String()), nil }

// UnmarshalText reads a name; an unknown one is an error that lists none of them.
func (o *Outcome) UnmarshalText(b []byte) (err error) {
	*o, err = ParseOutcome(string(b))
	return err
}

func name[E ~uint8](e E, names []string, what string) string {
	if int(e) < len(names) {
		return names[e]
	}
	return fmt.Sprintf("%s(%d)", what, e)
}

// members lists the values 1 … count-1 of an enumeration whose zero is "none".
func members[E ~uint8](count E) []E {
	all := make([]E, 0, count-1)
	for e := E(1); e < count; e++ {
		all = append(all, e)
	}
	return all
}

func parseName[E ~uint8](s string, names []string, what string) (E, error) {
	for i, n := range names {
		if n == s && i > 0 {
			return E(i), nil
		}
	}
	return 0, fmt.Errorf("no %s is called %q", what, s)
}

// UnmarshalNode reads a name in a file, and suggests one for a misspelt one.
func (o *Outcome) UnmarshalNode(n strictyaml.Node) error {
	name, err := n.Choose("outcome", outcomeNames[1:])
	if err != nil {
		return err
	}
	*o, err = ParseOutcome(name)
	return err
}
