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
	Posted                   // its money moved or is held, and stands
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
// belongs to the book: it is read-only, it is history once it has been evicted,
// and when its batch is closed the book may use its memory for another.
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
	Invoice       uint32 // the number that the terminal prints on its receipt; 0: none was told
	Amount        int64
	Card          uint64    // a hash of the PAN, never the PAN; 0: no card
	From, To      *Account  // Amount moves From → To; either nil: nothing moves
	At            time.Time // business time of the decision
	Key           uint64    // the dialect's duplicate key; 0: none
	Original      *Txn      // what a void, refund, adjustment or reversal is about; nil: unmatched or none
	Refunded      int64     // of a sale: how much of it has been refunded
	// Adjusted is, of a sale, by how much adjustments and tips have changed
	// it; of these, by how much they changed their original.
	Adjusted int64
	// Hold is what a pre-authorisation, its void, its completion and the
	// completion's void are about; nil: none.
	Hold *Hold
}

// Worth is what a sale or the like comes to, with what adjustments and tips
// have changed.
func (x *Txn) Worth() int64 {
	if IsAdjustment(x.Type) {
		return x.Amount
	}
	return x.Amount + x.Adjusted
}

// Moves is how much money a posting moves: its worth, but of an adjustment or
// tip only the difference.
func (x *Txn) Moves() int64 {
	switch {
	case !IsAdjustment(x.Type):
		return x.Worth()
	case x.Adjusted < 0:
		return -x.Adjusted
	}
	return x.Adjusted
}

// IsPurchase reports whether transactions of the type take money from a card
// for the merchant, and count as debits.
func IsPurchase(t world.TransactionType) bool {
	switch t {
	case world.Sale, world.Cash, world.CashBack, world.OfflineSale, world.Completion, world.CompletionAdvice:
		return true
	}
	return false
}

// IsAdjustment reports whether transactions of the type change the amount of
// an earlier one.
func IsAdjustment(t world.TransactionType) bool { return t == world.Adjustment || t == world.Tip }

// IsCompletion reports whether transactions of the type take the money of a
// pre-authorisation.
func IsCompletion(t world.TransactionType) bool {
	return t == world.Completion || t == world.CompletionAdvice
}

// Voids reports whether a void of one type undoes transactions of another.
// (A pre-authorisation is voided by its hold.)
func Voids(void, t world.TransactionType) bool {
	switch void {
	case world.Void:
		return IsPurchase(t) && !IsCompletion(t)
	case world.CompletionVoid:
		return IsCompletion(t)
	}
	return false
}

// marks are facts about a transaction that only the book needs. Their values
// are in state files: append only.
type marks uint8

const (
	unmatched marks = 1 << iota // a reversal that waits for its late original
	uploaded                    // the terminal has uploaded it
	differs                     // as something else than it is
	voidTold                    // its void has been uploaded

	marksOfUpload = uploaded | differs | voidTold
)

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
	DebitAmount, CreditAmount int64 // sales and the like, as adjusted; refunds
}

// count adds n (1 or -1) transactions of the given type and amount.
func (s *Totals) count(t world.TransactionType, amount int64, n int) {
	switch {
	case IsPurchase(t):
		s.DebitCount += n
		s.DebitAmount += int64(n) * amount
	case t == world.Refund:
		s.CreditCount += n
		s.CreditAmount += int64(n) * amount
	}
}

// Terminal is the books of one terminal. Only a Book changes it. What every
// posting needs stands first, close together: of thousands of terminals hardly
// one is in the processor's cache.
type Terminal struct {
	Batch     uint32 // number of the open batch; 0: none yet
	Serial    uint32 // decisions recorded so far; feeds hash(seed, terminal, n)
	n         uint32 // position in Book.terminals
	moved     bool   // money has moved in the open batch
	shared    bool   // a transaction elsewhere refers to one of the open batch
	Totals    Totals // of the open batch
	Session   Session
	unmatched map[uint32][]*Txn // remembered reversals by the STAN they await, oldest first
	open      openBatch
	ID        string
	// Told are the totals that the terminal gave for the open batch, which were
	// not the host's; nil: it has not settled yet.
	Told *Totals

	closed  []ClosedBatch // oldest first, at most keptClosed
	leaving int           // transactions that the eviction under way has taken
}

// Session is what a sign-on agreed. Keys are the DE 62 cryptograms, still
// under the terminal master key.
type Session struct {
	Generation uint32 // sign-ons so far; feeds hash(seed, terminal, n)
	SignedOn   bool
	Download   uint8
	Keys       []byte
}
