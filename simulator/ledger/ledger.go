// Package ledger keeps the books of one host: accounts, the terminals' open
// batches with their transactions, batch totals, and how an earlier
// transaction is found again. Amounts are integers in minor units.
//
// A [Book] is not safe for concurrent use: the host serialises its decisions.
package ledger

import (
	"time"

	"github.com/acqsim/acqsim/scenarios/world"
)

// Account is money that belongs to somebody. Only a Book changes it.
type Account struct {
	Name     string
	Currency world.Currency
	Opening  int64 // balance when the account was opened
	Booked   int64 // balance
	Held     int64 // reserved and not available
}

// Available is what may still be spent: booked less held.
func (a *Account) Available() int64 { return a.Booked - a.Held }

// State is what has become of a transaction.
type State uint8

// The states of a transaction.
const (
	Declined State = iota // decided, no money moved
	Posted                // its money moved, and stands
	Voided                // undone by a void
	Reversed              // undone by a reversal
	NoMoney               // approved, and concerns no money of its own (a reversal of a decline)
)

// Txn is one decided transaction of an open batch.
type Txn struct {
	Terminal   *Terminal
	Type       world.TransactionType
	Outcome    world.Outcome
	State      State
	Batch      uint32
	STAN       uint32
	MTI        uint16
	Processing uint32 // DE 3
	Amount     int64
	Currency   world.Currency
	Card       uint64    // a hash of the PAN, never the PAN; 0: no card
	From, To   *Account  // Amount moves From → To; nil: nothing moves
	At         time.Time // business time of the decision
	RRN        [12]byte
	Approval   [6]byte // zero bytes: none
	Key        uint64  // the dialect's duplicate key; 0: none
	Original   *Txn    // what a void, refund or reversal is about; nil: unmatched or none
	Refunded   int64   // of a sale: how much of it has been refunded
}

// Totals are what a terminal's batch amounts to: transactions that stand.
type Totals struct {
	DebitCount, CreditCount   int
	DebitAmount, CreditAmount int64 // sales; refunds
}

// Terminal is the books of one terminal.
type Terminal struct {
	ID      string
	Batch   uint32 // number of the open batch; 0: none yet
	Totals  Totals // of the open batch
	Session Session
	Serial  uint32 // decisions recorded so far; feeds hash(seed, terminal, n)
}

// Session is what a sign-on agreed. Keys are the DE 62 cryptograms, still
// under the terminal master key.
type Session struct {
	Generation uint32 // sign-ons so far; feeds hash(seed, terminal, n)
	SignedOn   bool
	Download   uint8
	Keys       []byte
}
