package verdict

import (
	"fmt"
	"slices"

	"github.com/acqsim/acqsim/scenarios/display"
	"github.com/acqsim/acqsim/scenarios/profile"
	"github.com/acqsim/acqsim/scenarios/world"
)

// By is who left money at risk.
type By string

// Who.
const (
	ByTerminal By = "terminal"
	ByProfile  By = "profile" // correct firmware of this kind does so
	ByLine     By = "line"
	ByHost     By = "host"
	ByPending  By = "pending" // the run ended before the terminal had to act
)

// Kind is how money is at risk.
type Kind string

// How.
const (
	ChargedNotDelivered Kind = "charged-not-delivered"
	DeliveredNotCharged Kind = "delivered-not-charged"
)

// Risk is money that is at risk at the end of a run.
type Risk struct {
	Terminal string         `json:"terminal"`
	Kind     Kind           `json:"kind"`
	Amount   int64          `json:"amount"` // minor units
	Currency world.Currency `json:"currency"`
	By       By             `json:"by"`
	Events   []uint64       `json:"events"`
	Why      string         `json:"why"`

	at uint64 // the request
}

// charges reports whether the type takes or holds money of a card for goods.
func charges(t world.TransactionType) bool {
	switch t {
	case world.Sale, world.Cash, world.CashBack, world.PreAuth, world.Completion:
		return true
	}
	return false
}

// risks lists the money that is at risk at the end, in the order of requests.
func (s *story) risks() (all []Risk) {
	for _, x := range s.exchanges {
		if !charges(x.req.Type) || s.again(x) {
			continue
		}
		charged, delivered, known := s.charged(x), false, true
		switch shown := x.shown(); {
		case shown != display.NoOutcome:
			delivered = shown == display.Approved
		default:
			is, a := s.answer(x)
			known = is != doubtful
			delivered = is == answer && approves(a.Code) && len(s.reversals(x)) == 0 && !s.voided(x)
		}
		if !known || charged == delivered || s.voided(x) {
			continue
		}
		r := Risk{Terminal: s.terminal, Amount: x.req.Amount, Currency: x.req.Currency, Events: order(x.seqs()), at: x.req.Seq}
		if x.decided != nil {
			r.Events = order(append(r.Events, x.decided.Seq))
		}
		if charged {
			r.Kind = ChargedNotDelivered
			r.By, r.Why = s.whoCharged(x)
		} else {
			r.Kind, r.By = DeliveredNotCharged, ByTerminal
			r.Why = fmt.Sprintf("%s was shown as approved, but is not charged; it should not have been, because the goods are gone and nobody has paid", x.name())
		}
		all = append(all, r)
	}
	for _, a := range s.actions {
		if a.main == nil && a.shown() == display.Approved && a.scenario != nil && charges(a.scenario.Type) {
			r := Risk{Terminal: s.terminal, Kind: DeliveredNotCharged, By: ByTerminal, Events: order([]uint64{a.reported()}), at: a.reported(),
				Why: fmt.Sprintf("action %d was shown as approved, but never reached the host; it should not have been, because nobody has paid", a.number)}
			if a.act != nil {
				r.Amount, r.Currency = a.act.Amount, a.act.Currency
			}
			all = append(all, r)
		}
	}
	return all
}

// again reports whether a request repeats one that came before it: what
// matters is what became of that.
func (s *story) again(x *exchange) bool {
	return slices.ContainsFunc(s.exchanges, func(y *exchange) bool {
		return y.req.Seq < x.req.Seq && y.decided != nil && x.decided != nil && y.decided.RRN != "" && y.decided.RRN == x.decided.RRN
	})
}

// charged reports whether the host has posted a request, and not put it back.
func (s *story) charged(x *exchange) bool {
	if x.decided == nil || x.decided.Outcome != world.Approved {
		return false
	}
	return !slices.ContainsFunc(s.reversals(x), putBack)
}

// putBack reports whether the host has reversed what a reversal or void is
// about.
func putBack(r *exchange) bool { return r.decided != nil && r.decided.Outcome == world.Approved }

// voided reports whether a person undid the transaction.
func (s *story) voided(x *exchange) bool {
	return slices.ContainsFunc(s.exchanges, func(v *exchange) bool {
		return v.of == x && (v.req.Type == world.Void || v.req.Type == world.PreAuthVoid || v.req.Type == world.CompletionVoid || v.req.Type == world.Completion) && putBack(v) && s.charged(v)
	})
}

// whoCharged says who left a request charged that was not delivered.
func (s *story) whoCharged(x *exchange) (By, string) {
	name := x.name()
	rs := s.reversals(x)
	switch s.owes(x) {
	case unclear:
		return ByLine, name + " is charged, but not delivered: its reply came at about the time the terminal gave up"
	case deleted:
		return ByProfile, fmt.Sprintf("%s is charged, but not delivered: profile %s deletes the reversal after a reply that does not match", name, s.p.Name)
	case nothing:
		if !s.p.Reverses(x.req.Type) {
			return ByProfile, fmt.Sprintf("%s is charged, but not delivered: profile %s does not reverse it", name, s.p.Name)
		}
		if len(rs) == 0 {
			return ByTerminal, name + " is charged and its approval arrived, but it was not delivered; the terminal should have honoured or reversed it, because the customer has paid"
		}
	}
	for _, r := range rs {
		if r.decided != nil && !putBack(r) {
			if differs(r.req, x.req) != "" {
				return ByTerminal, fmt.Sprintf("%s is charged, but not delivered: its reversal names another %s, so the host refused it; it should have been the same", name, differs(r.req, x.req))
			}
			return ByHost, fmt.Sprintf("%s is charged, but not delivered: the host refused its reversal (%s)", name, r.decided.Outcome)
		}
	}
	if len(rs) > 0 {
		if next := firstAfter(s, rs[len(rs)-1].req.Seq); next == nil {
			return ByPending, name + " is charged, but not delivered: its reversal has not arrived yet, and the terminal still has time to repeat it"
		}
		if s.p.Reversal.OnRepeatsExhausted != profile.Keep && len(rs) > s.p.Reversal.Repeats {
			return ByProfile, fmt.Sprintf("%s is charged, but not delivered: profile %s gives its reversal up after %d repeats", name, s.p.Name, s.p.Reversal.Repeats)
		}
		return ByTerminal, name + " is charged, but not delivered: its reversal never arrived and was not repeated; it should have been, because the customer has paid"
	}
	if by, late := s.due(x); by == nil && !late {
		return ByPending, name + " is charged, but not delivered: the run ended before its reversal was due"
	}
	return ByTerminal, name + " is charged, but not delivered, and was never reversed; it should have been, because the customer has paid"
}
