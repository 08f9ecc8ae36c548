package verdict

import (
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

// Text says it for people.
func (b By) Text() world.Bilingual { return byTexts[b] }

var byTexts = map[By]world.Bilingual{
	ByTerminal: {EN: "the terminal", ZH: "终端"},
	ByProfile:  {EN: "the profile: correct firmware of this kind does so", ZH: "终端规范（此类终端的正确行为）"},
	ByLine:     {EN: "the line", ZH: "线路"},
	ByHost:     {EN: "the host", ZH: "主机"},
	ByPending:  {EN: "nobody: the run ended before the terminal had to act", ZH: "无（运行结束时终端尚未到处理时限）"},
}

// Kind is how money is at risk.
type Kind string

// How.
const (
	ChargedNotDelivered Kind = "charged-not-delivered"
	DeliveredNotCharged Kind = "delivered-not-charged"
)

// Text says it for people.
func (k Kind) Text() world.Bilingual { return kindTexts[k] }

var kindTexts = map[Kind]world.Bilingual{
	ChargedNotDelivered: {EN: "charged, but not delivered", ZH: "已扣款，未交付"},
	DeliveredNotCharged: {EN: "delivered, but not charged", ZH: "已交付，未扣款"},
}

// Risk is money that is at risk at the end of a run.
type Risk struct {
	Terminal string          `json:"terminal"`
	Kind     Kind            `json:"kind"`
	Amount   int64           `json:"amount"` // minor units
	Currency world.Currency  `json:"currency"`
	By       By              `json:"by"`
	Events   []uint64        `json:"events"`
	Why      world.Bilingual `json:"why"`

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
			r.Kind = DeliveredNotCharged
			r.By, r.Why = s.whoDelivered(x)
		}
		all = append(all, r)
	}
	for _, a := range s.actions {
		if a.main == nil && a.shown() == display.Approved && a.scenario != nil && charges(a.scenario.Type) {
			r := Risk{Terminal: s.terminal, Kind: DeliveredNotCharged, By: ByTerminal, Events: order([]uint64{a.reported()}), at: a.reported(),
				Why: world.Say("action %d was shown as approved, but never reached the host; it should not have been, because nobody has paid",
					"操作 %d 显示为成功，却从未到达主机；不应显示成功，因为无人付款", a.number)}
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

// whoDelivered says who left a request delivered that is not charged.
func (s *story) whoDelivered(x *exchange) (By, world.Bilingual) {
	if is, a := s.answer(x); is == answer && approves(a.Code) && x.decided != nil && x.decided.Outcome != world.Approved {
		return ByHost, world.Say("%s was shown as approved, but is not charged: its reply said %s, though the host had refused it (%s)",
			"%s显示为成功，却没有扣款：主机已拒绝（%[3]s），应答码却为 %[2]s", x.name(), a.Code, x.decided.Outcome.Text())
	}
	return ByTerminal, world.Say("%s was shown as approved, but is not charged; it should not have been, because the goods are gone and nobody has paid",
		"%s显示为成功，却没有扣款；不应显示成功，因为商品已交付而无人付款", x.name())
}

// whoCharged says who left a request charged that was not delivered.
func (s *story) whoCharged(x *exchange) (By, world.Bilingual) {
	charged := func(en, zh string, args ...any) world.Bilingual {
		return world.Join(world.Bilingual{}, world.Say("%s is charged, but not delivered", "%s已扣款，但未交付", x.name()), world.Say(en, zh, args...))
	}
	rs := s.reversals(x)
	switch s.owes(x) {
	case unclear:
		return ByLine, charged(": its reply came at about the time the terminal gave up", "：应答大约在终端放弃等待时到达")
	case deleted:
		return ByProfile, charged(": profile %s deletes the reversal after a reply that does not match", "：按终端规范 %s，收到不匹配的应答后删除冲正", s.p.Name)
	case nothing:
		if !s.p.Reverses(x.req.Type) {
			return ByProfile, charged(": profile %s does not reverse it", "：按终端规范 %s，此交易不冲正", s.p.Name)
		}
		if is, a := s.answer(x); is == answer && !approves(a.Code) {
			return ByHost, charged(": its reply said %s, though the host had posted it", "：主机已记账，应答码却为 %s", a.Code)
		}
		if len(rs) == 0 {
			return ByTerminal, world.Say("%s is charged and its approval arrived, but it was not delivered; the terminal should have honoured or reversed it, because the customer has paid",
				"%s已扣款且批准应答已到达，但未交付；终端应当确认成功或冲正，因为顾客已付款", x.name())
		}
	}
	for _, r := range rs {
		if r.decided != nil && !putBack(r) {
			if differs(r.req, x.req) != "" {
				return ByTerminal, charged(": its reversal names another %s, so the host refused it; it should have been the same", "：其冲正的%s与原交易不同，主机因此拒绝；本应相同", element(differs(r.req, x.req)))
			}
			return ByHost, charged(": the host refused its reversal (%s)", "：主机拒绝了其冲正（%s）", r.decided.Outcome.Text())
		}
	}
	if len(rs) > 0 {
		if next := firstAfter(s, rs[len(rs)-1].req.Seq); next == nil {
			return ByPending, charged(": its reversal has not arrived yet, and the terminal still has time to repeat it", "：其冲正尚未到达，终端仍可重发")
		}
		if s.p.Reversal.OnRepeatsExhausted != profile.Keep && len(rs) > s.p.Reversal.Repeats {
			return ByProfile, charged(": profile %s gives its reversal up after %d repeats", "：按终端规范 %s，冲正重发 %d 次后放弃", s.p.Name, s.p.Reversal.Repeats)
		}
		return ByTerminal, charged(": its reversal never arrived and was not repeated; it should have been, because the customer has paid", "：其冲正从未到达，也没有重发；本应重发，因为顾客已付款")
	}
	if by, late := s.due(x); by == nil && !late {
		return ByPending, charged(": the run ended before its reversal was due", "：运行结束时冲正尚未到时限")
	}
	return ByTerminal, charged(", and was never reversed; it should have been, because the customer has paid", "，且从未冲正；本应冲正，因为顾客已付款")
}
