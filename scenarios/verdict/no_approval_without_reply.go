package verdict

import (
	"slices"

	"github.com/acqsim/acqsim/scenarios/display"
	"github.com/acqsim/acqsim/scenarios/world"
)

var needsDriver = world.Say("no driver reported how the terminal's actions ended", "没有驱动程序上报终端操作的结果")

// inDoubtWhy says that nobody knows whether a reply counted.
func (s *story) inDoubtWhy(x *exchange) world.Bilingual {
	if _, a := s.answer(x); a != nil && conditional(a.Code) {
		return world.Say("the reply to %s said %s, an approval with a condition, which not every terminal takes for one",
			"%s的应答码为 %s，是有条件的批准，并非所有终端都视为成功", x.name(), a.Code)
	}
	return world.Say("the reply to %s came at about the time the terminal gave up, so nobody can tell whether it counted",
		"%s的应答大约在终端放弃等待时到达，无法判断是否有效", x.name())
}

var noApprovalWithoutReply = Rule{
	Name: "no-approval-without-reply",
	Fails: world.Bilingual{EN: "The terminal reports approved, but no valid, matching, approving reply reached it before its timeout.",
		ZH: "终端显示交易成功，但超时之前并未收到有效、匹配且批准的应答。"},
	Why:   world.Bilingual{EN: "The merchant hands out goods that nobody has paid for.", ZH: "商户交付了商品，却没有人付款。"},
	Needs: Driver,
	judge: judgeNoApprovalWithoutReply,
}

func judgeNoApprovalWithoutReply(s *story) finding {
	var t tally
	for _, a := range s.actions {
		if a.shown() != display.Approved {
			continue
		}
		x := a.main
		if x == nil {
			if a.scenario != nil && !slices.Contains(storedTypes, a.scenario.Type) {
				t.failed(world.Say("action %d was shown as approved, but its request never reached the host; an approval needs the host's reply, or goods leave unpaid",
					"操作 %d 显示为成功，但其请求从未到达主机；成功须有主机应答，否则商品交付而无人付款", a.number), a.reported())
			}
			continue
		}
		if isAdvice(x.req) {
			continue
		}
		x = s.decisive(a)
		is, r := s.answer(x)
		switch {
		case is == doubtful:
			t.open(s.inDoubtWhy(x), x.seqs()...)
		case is == noReply:
			t.failed(world.Say("%s was shown as approved without a valid reply in time; it should have failed, because nobody knows whether it was paid",
				"%s没有及时收到有效应答却显示为成功；应显示失败，因为无人知道是否已付款", x.name()), x.seqs()...)
		case !approves(r.Code) && !closedOutOfBalance(x, r.Code):
			t.failed(world.Say("%s was shown as approved, but the reply said %s; it should have been declined, because it was not paid",
				"%s显示为成功，但应答码为 %s；应显示为被拒绝，因为没有付款", x.name(), r.Code), x.seqs()...)
		default:
			t.passed(world.Say("each approval that was shown rests on a valid, approving reply in time", "每个显示的成功都有及时、有效的批准应答"), x.req.Seq, r.event.Seq, x.report())
		}
	}
	if !slices.ContainsFunc(s.actions, func(a *action) bool { return a.report != nil }) {
		return t.finding(needsDriver)
	}
	return t.finding(world.Say("no action was shown as approved", "没有操作显示为成功"))
}

// decisive is the exchange by which an action ends: after a settlement out of
// balance, the end of the upload.
func (s *story) decisive(a *action) *exchange {
	if a.main.req.Type != world.Settlement {
		return a.main
	}
	for _, x := range slices.Backward(s.exchanges) {
		if x.action == a && x.req.Type == world.SettlementEnd {
			return x
		}
	}
	return a.main
}

// closedOutOfBalance reports whether the host has closed an uploaded batch and
// said that its totals differ: action code 501 of ISO 8583:1993.
func closedOutOfBalance(x *exchange, code string) bool {
	return x.req.Type == world.SettlementEnd && code == "501"
}

// storedTypes are approved by the terminal alone, and told later.
var storedTypes = []world.TransactionType{world.Refund, world.OfflineSale, world.Adjustment, world.Tip, world.CompletionAdvice}
