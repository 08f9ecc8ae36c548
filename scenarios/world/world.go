// Package world holds the facts that the honest host decides from: merchants,
// terminals, cards, accounts, issuers and the trading calendar. It validates
// them and decides nothing.
package world

import "time"

// World is one complete set of facts. Maps are keyed by the name that files,
// flags and scenarios use: an alias for cards, accounts and issuers, the ID
// itself for merchants and terminals.
type World struct {
	Acquirer  Acquirer
	Merchants map[string]*Merchant // by merchant ID (DE 42), without trailing spaces
	Terminals map[string]*Terminal // by terminal ID (DE 41), without trailing spaces
	Cards     map[string]*Card     // by alias, such as "good"
	Accounts  map[string]*Account  // by alias
	Issuers   map[string]*Issuer   // by alias
	Holidays  map[string]*Holidays // by calendar name

	// What terminals download: parameters by their tag of 2 digits, public keys by
	// RID and index, chip applications by AID.
	Parameters   map[string]string
	PublicKeys   map[string]*PublicKey
	Applications map[string]*ChipApplication
}

// Acquirer is the host's own identity.
type Acquirer struct {
	ID       string // DE 32, up to 11 digits
	Name     Bilingual
	Currency Currency // of accounts that are enrolled or name none
	HoldDays int      // days until a pre-authorisation's hold expires; 0: [DefaultHoldDays]
	BaseKey  []byte   // base derivation key of DUKPT (16 bytes); nil: the host's --bdk
}

// DefaultHoldDays is for how many days a pre-authorisation holds money: 30, as
// China UnionPay's rules have it (预授权有效期30天). Elsewhere a week is common.
const DefaultHoldDays = 30

// HoldUntil is when a hold that is made at the given time expires.
func (a *Acquirer) HoldUntil(now time.Time) time.Time {
	days := a.HoldDays
	if days == 0 {
		days = DefaultHoldDays
	}
	return now.AddDate(0, 0, days)
}

// MerchantStatus is the state of a merchant.
type MerchantStatus uint8

// The merchant states; the zero value is active.
const (
	MerchantActive MerchantStatus = iota
	Suspended
	Frozen // may sign on, but move no money
	Closed
	Applied // applied for, not yet active
)

// Refusal is how a merchant that may not trade is refused.
type Refusal uint8

const (
	// RefuseByAnswer declines with a response code (the default).
	RefuseByAnswer Refusal = iota
	// RefuseSilently answers nothing at all: 商户无应答.
	RefuseSilently
)

// Merchant is one accepted merchant.
type Merchant struct {
	ID          string // DE 42, up to 15 characters
	Name        Bilingual
	MCC         string // ISO 18245 category, 4 digits
	Status      MerchantStatus
	WhenRefused Refusal
	Hours       *Hours            // nil: always open
	Permitted   []TransactionType // empty: everything
	Account     string            // alias of the settlement account
	About       Bilingual         // what it is good for, for people
}

// Terminal is one POS terminal.
type Terminal struct {
	ID              string // DE 41, up to 8 characters
	Merchant        string // ID of its merchant; empty: whichever its requests name
	Status          TerminalStatus
	MasterKey       []byte // its own terminal master key (16 bytes); nil: the host's --tmk
	MinimumSoftware int    // lowest software version that is accepted; 0: any
	Asked           Chore  // what the host asks it to do next, until it has
	Cause           string // scenario that is armed for it; empty: none
	About           Bilingual
}

// TerminalStatus is the state of a terminal at the host.
type TerminalStatus uint8

// The terminal states; the zero value is a terminal in service.
const (
	TerminalActive  TerminalStatus = iota
	TerminalStopped                // known, and stopped or not installed
	Unregistered                   // the host's registry does not know it, whatever it sends
	SignedOff                      // in service, and has to sign on before anything else
)

// Chore is what a host asks a terminal to do, where its answers can say so
// (UnionPay: the processing request in the header). Its values are UnionPay's.
type Chore uint8

// The chores; the zero value is none.
const (
	NoChore           Chore = iota
	ChoreParameters         // download its parameters
	ChoreStatusUpload       // upload its status
	ChoreSignOn             // sign on again
)

// CardStatus is the state of a card.
type CardStatus uint8

// The card states; the zero value is a card in order. A card past its expiry
// date is expired whatever its status says.
const (
	CardOK CardStatus = iota
	CardIsFrozen
	CardIsLost
	CardIsStolen
	CardIsRestricted
	CardIsExpired
)

// KeyDerivation is how a chip card's session key comes from its issuer master
// key (EMV Book 2, A1.3).
type KeyDerivation uint8

// The derivations.
const (
	DeriveNone   KeyDerivation = iota // the card key itself
	DeriveEMVCSK                      // EMV common session key
)

// Card is one payment card.
type Card struct {
	Alias      string
	PAN        string // 12 to 19 digits
	Expiry     string // YYMM; empty: not checked
	PIN        string // 4 to 12 digits; empty: any PIN is accepted, and the journal says so
	Account    string // alias
	Status     CardStatus
	PINTries   int // wrong PINs allowed before 75; 0: the default of 3
	Limits     Limits
	Permitted  []TransactionType // empty: everything
	IMKAC      []byte            // issuer master key for application cryptograms (16 bytes); nil: unknown
	PSN        string            // PAN sequence number, 2 digits
	Derivation KeyDerivation
	NoLuhn     bool   // the PAN's last digit is known not to be its check digit
	Cause      string // scenario that its first-time requests trigger; empty: none
	About      Bilingual
}

// Limits bound what a card may do; zero values mean no limit. Amounts are in
// minor units of the account's currency.
type Limits struct {
	Single     int64 // highest amount of one transaction
	Daily      int64 // highest sum in a business day
	DailyCount int   // highest number of transactions in a business day
}

// Account is money that belongs to somebody.
type Account struct {
	Alias    string
	Balance  int64 // opening balance, minor units; may be negative
	Held     int64 // of it, reserved when the host starts
	Currency Currency
	Frozen   bool
}

// IssuerState is how an issuer answers.
type IssuerState uint8

// The issuer states.
const (
	IssuerUp IssuerState = iota
	IssuerIsDown
	IssuerSlow
	IssuerIsSilent // takes requests and answers none: the host gives up on it
)

// Issuer is a bank behind a range of card numbers.
type Issuer struct {
	Alias string
	ID    string // institution code, up to 11 digits, used in DE 44 by UnionPay dialects
	Name  Bilingual
	BINs  []BINRange
	State IssuerState
	Delay time.Duration // how much later a slow issuer answers, or the host gives up on a silent one
	About Bilingual
}

// BINRange is an inclusive range of PAN prefixes of equal length, such as
// 622200–622299.
type BINRange struct{ From, To string }

// Hours are a merchant's trading hours in its own time zone.
type Hours struct {
	Zone     *time.Location
	Weekly   map[time.Weekday][]Window // a weekday that is absent is closed all day
	Calendar string                    // name of a holiday calendar; empty: none
	Holiday  []Window                  // windows on its holidays; empty: closed
}

// Window is an opening time in minutes after midnight, From included, To
// excluded. To may exceed 24*60: the window then crosses midnight.
type Window struct{ From, To int }

// Holidays are dates (local, midnight UTC) on which holiday hours apply.
type Holidays struct {
	Name Bilingual
	Days map[string]Bilingual // "2006-01-02" → what is celebrated
}
