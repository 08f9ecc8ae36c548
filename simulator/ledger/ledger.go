// Package ledger keeps the books of one host: accounts, the terminals' open
// batches with their transactions, batch totals, and how an earlier
// transaction is found again. Amounts are integers in minor units.
//
// A [Book] is not safe for concurrent use: the host serialises its decisions.
// A [State] keeps a book on disk, so that it survives a restart and a kill.
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

	n uint32 // position in Book.accounts
}

// Available is what may still be spent: booked less held.
func (a *Account) Available() int64 { return a.Booked - a.Held }

// TxnState is what has become of a transaction.
type TxnState uint8

// The states of a transaction. Their values are in state files: append only.
const (
	Declined TxnState = iota // decided, no money moved
	Posted                   // its money moved, and stands
	Voided                   // undone by a void
	Reversed                 // undone by a reversal
	NoMoney                  // approved, and concerns no money of its own (a reversal of a decline)

	stateCount
)

// String returns the state's name, such as "posted".
func (s TxnState) String() string {
	switch s {
	case Declined:
		return "declined"
	case Posted:
		return "posted"
	case Voided:
		return "voided"
	case Reversed:
		return "reversed"
	case NoMoney:
		return "no money"
	default:
		return "unknown state"
	}
}

// Txn is one decided transaction of an open batch. A Txn that a Book returned
// belongs to the book: it is read-only, and it is history once its batch is
// closed or it has been evicted.
type Txn struct {
	Terminal   *Terminal
	Type       world.TransactionType
	Outcome    world.Outcome
	State      TxnState
	marks      marks
	Batch      uint32
	STAN       uint32
	Processing uint32 // DE 3
	MTI        uint16
	Currency   world.Currency
	Approval   [6]byte // zero bytes: none
	RRN        [12]byte
	// OriginalSTAN is, of a reversal, the STAN that it says its original has
	// (DE 61, DE 90). Zero stands for the reversal's own STAN.
	OriginalSTAN uint32
	// OriginalBatch is, of a reversal, the batch that it says its original is
	// in. Zero stands for the open batch.
	OriginalBatch uint32
	serial        uint32 // Terminal.Serial when it was recorded: its name within the terminal
	Amount        int64
	Card          uint64    // a hash of the PAN, never the PAN; 0: no card
	From, To      *Account  // Amount moves From → To; either nil: nothing moves
	At            time.Time // business time of the decision
	Key           uint64    // the dialect's duplicate key; 0: none
	Original      *Txn      // what a void, refund or reversal is about; nil: unmatched or none
	Refunded      int64     // of a sale: how much of it has been refunded

	next     *Txn // in the batch, oldest first
	sameSTAN *Txn // in the chain by STAN, newest first
	newer    *Txn // in the chain by STAN, the other way
	sameRRN  *Txn // in the chain by RRN, newest first
}

// marks are facts about a transaction that only the book needs.
type marks uint8

const unmatched marks = 1 << iota // a reversal that waits for its late original

// awaits is the STAN of the original that a reversal is about.
func (x *Txn) awaits() uint32 {
	if x.OriginalSTAN != 0 {
		return x.OriginalSTAN
	}
	return x.STAN
}

// Totals are what a terminal's batch amounts to: transactions that stand.
type Totals struct {
	DebitCount, CreditCount   int
	DebitAmount, CreditAmount int64 // sales; refunds
}

// count adds n (1 or -1) transactions of the given type and amount.
func (s *Totals) count(t world.TransactionType, amount int64, n int) {
	switch t {
	case world.Sale:
		s.DebitCount += n
		s.DebitAmount += int64(n) * amount
	case world.Refund:
		s.CreditCount += n
		s.CreditAmount += int64(n) * amount
	}
}

// Terminal is the books of one terminal. Only a Book changes it.
type Terminal struct {
	ID      string
	Batch   uint32 // number of the open batch; 0: none yet
	Totals  Totals // of the open batch
	Session Session
	Serial  uint32 // decisions recorded so far; feeds hash(seed, terminal, n)

	n         uint32 // position in Book.terminals
	open      openBatch
	unmatched map[uint32][]*Txn // remembered reversals by the STAN they await, oldest first
	closed    []closedBatch     // oldest first, at most keptClosed
	moved     bool              // money has moved in the open batch
	shared    bool              // a transaction elsewhere refers to one of the open batch
	leaving   int               // transactions that the eviction under way has taken
}

// closedBatch is what is kept of a closed batch.
type closedBatch struct {
	batch  uint32
	totals Totals
}

// Session is what a sign-on agreed. Keys are the DE 62 cryptograms, still
// under the terminal master key.
type Session struct {
	Generation uint32 // sign-ons so far; feeds hash(seed, terminal, n)
	SignedOn   bool
	Download   uint8
	Keys       []byte
}
