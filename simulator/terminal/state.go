package terminal

import (
	"slices"
	"time"

	"github.com/acqsim/acqsim/scenarios/transcript"
	"github.com/acqsim/acqsim/scenarios/world"
)

// stateVersion is the version of the state's format.
const stateVersion = 1

// State is everything that a terminal knows from one moment to the next. It
// holds card numbers in clear, as a terminal must that is to reverse, and
// working keys only as the host sent them: under the master key.
type State struct {
	Version  int    `json:"version"`
	Dialect  string `json:"dialect"`
	Terminal string `json:"terminal"`
	Merchant string `json:"merchant"`

	STAN  uint32 `json:"stan"` // the last one used
	Batch uint32 `json:"batch"`

	Keys   []byte `json:"keys,omitempty"` // DE 62 of the last sign-on
	KSN    string `json:"ksn,omitempty"`  // of the next request, under DUKPT
	SignOn bool   `json:"sign_on"`        // a sign-on has to come before the next transaction

	Pending      []Pending  `json:"pending,omitempty"`      // reversals, oldest first
	Advices      []Advice   `json:"advices,omitempty"`      // to be sent, oldest first
	Transactions []Record   `json:"transactions,omitempty"` // of the batch, and pre-authorisations
	Settling     *Settling  `json:"settling,omitempty"`     // a settlement that is not finished
	Totals       SumsOfSide `json:"totals"`                 // of the batch
}

// SumsOfSide are the two sides of a batch.
type SumsOfSide struct {
	Sales   Sum `json:"sales"`
	Refunds Sum `json:"refunds"`
}

// Record is a transaction as the terminal keeps it.
type Record struct {
	Type     world.TransactionType `json:"type"`
	STAN     uint32                `json:"stan"`
	Batch    uint32                `json:"batch"`
	Time     time.Time             `json:"time"`
	PAN      string                `json:"pan"`
	Expiry   string                `json:"expiry,omitempty"`
	Entry    string                `json:"entry,omitempty"` // DE 22 as it was sent
	Amount   int64                 `json:"amount"`          // minor units
	Cash     int64                 `json:"cash,omitempty"`
	Tip      int64                 `json:"tip,omitempty"`
	Currency world.Currency        `json:"currency"`
	RRN      string                `json:"rrn,omitempty"`
	Approval string                `json:"approval,omitempty"`

	Original *OriginalRecord `json:"original,omitempty"`

	Undone    bool `json:"undone,omitempty"`    // by a void, or refused as an advice
	Completed bool `json:"completed,omitempty"` // a pre-authorisation that was
}

// String is short, and shows no card number in full.
func (r Record) String() string {
	return r.Text().EN
}

// Text is String in both languages.
func (r Record) Text() world.Bilingual {
	return world.Say("%s %06d %s %s %s", "%s %06d %s %s %s",
		r.Type.Text(), r.STAN, world.FormatAmount(r.Amount, r.Currency), r.Currency, transcript.MaskPAN(r.PAN))
}

// OriginalRecord names the transaction that a record is about.
type OriginalRecord struct {
	Type  world.TransactionType `json:"type"`
	STAN  uint32                `json:"stan"`
	Batch uint32                `json:"batch"`
	Time  time.Time             `json:"time"`
}

// Pending is a reversal that has not been settled.
type Pending struct {
	Record
	Reason   string `json:"reason"`             // DE 39
	Attempts int    `json:"attempts,omitempty"` // how often it was sent
	NewSTAN  uint32 `json:"new_stan,omitempty"` // its own, where it has one
}

// Advice is a message about something that has happened already.
type Advice struct {
	Record
	Attempts int `json:"attempts,omitempty"`
}

// Settling is how far a settlement has come.
type Settling struct {
	STAN      uint32     `json:"stan"` // of the 0500
	Totals    SumsOfSide `json:"totals"`
	Uploading bool       `json:"uploading,omitempty"` // the host's totals are others
	Uploaded  int        `json:"uploaded,omitempty"`
	EndSTAN   uint32     `json:"end_stan,omitempty"`
}

// clone copies the state so that changes to one are none to the other.
func (s *State) clone() *State {
	c := *s
	c.Keys = slices.Clone(s.Keys)
	c.Pending = slices.Clone(s.Pending)
	c.Advices = slices.Clone(s.Advices)
	c.Transactions = slices.Clone(s.Transactions)
	if s.Settling != nil {
		settling := *s.Settling
		c.Settling = &settling
	}
	return &c
}

// counts says on which side of the totals a transaction type is; 0: on none.
func counts(t world.TransactionType) int {
	switch t {
	case world.Sale, world.Cash, world.CashBack, world.OfflineSale, world.Completion, world.CompletionAdvice:
		return 1
	case world.Refund:
		return -1
	}
	return 0
}

// total sums up the transactions that stand.
func (s *State) total() {
	s.Totals = SumsOfSide{}
	for i := range s.Transactions {
		r := &s.Transactions[i]
		if r.Undone {
			continue
		}
		switch counts(r.Type) {
		case 1:
			s.Totals.Sales.add(r.Amount)
		case -1:
			s.Totals.Refunds.add(r.Amount)
		}
	}
}

func (s *Sum) add(amount int64) {
	s.Count++
	s.Amount += amount
}

// find returns a transaction of the batch by its STAN; nil: there is none. Of
// several, the last.
func (s *State) find(stan uint32) *Record {
	for i := len(s.Transactions) - 1; i >= 0; i-- {
		if s.Transactions[i].STAN == stan {
			return &s.Transactions[i]
		}
	}
	return nil
}

// next counts a STAN on: from 999999 to 1.
func (s *State) next() uint32 {
	const highest = 999_999
	s.STAN = s.STAN%highest + 1
	return s.STAN
}

// apply enters a transaction that was approved into the batch.
func (s *State) apply(r Record) {
	if o := r.Original; o != nil {
		if was := s.find(o.STAN); was != nil {
			switch r.Type {
			case world.Void, world.PreAuthVoid:
				was.Undone = true
			case world.CompletionVoid:
				was.Undone = true
				s.reopen(was)
			case world.Completion, world.CompletionAdvice:
				was.Completed = true
			case world.Adjustment, world.Tip:
				was.Amount, was.Tip = r.Amount, r.Tip
			}
		}
	}
	s.Transactions = append(s.Transactions, r)
	s.total()
}

// reopen makes the pre-authorisation of a completion that was voided complete
// no longer.
func (s *State) reopen(completion *Record) {
	if o := completion.Original; o != nil {
		if was := s.find(o.STAN); was != nil {
			was.Completed = false
		}
	}
}

// closeBatch forgets the transactions of the batch, but for
// pre-authorisations that are still to be completed.
func (s *State) closeBatch() {
	s.Transactions = slices.DeleteFunc(s.Transactions, func(r Record) bool {
		return r.Type != world.PreAuth || r.Undone || r.Completed
	})
	s.Settling = nil
	const highest = 999_999
	s.Batch = s.Batch%highest + 1
	s.total()
}

// standing are the transactions that count in the totals.
func (s *State) standing() (all []Record) {
	for _, r := range s.Transactions {
		if !r.Undone && counts(r.Type) != 0 {
			all = append(all, r)
		}
	}
	return all
}
