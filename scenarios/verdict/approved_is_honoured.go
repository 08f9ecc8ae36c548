package verdict

import (
	"slices"

	"github.com/acqsim/acqsim/scenarios/display"
	"github.com/acqsim/acqsim/scenarios/world"
)

var approvedIsHonoured = Rule{
	Name: "approved-is-honoured",
	Fails: world.Bilingual{EN: "A valid approving reply reached the terminal in time, and it reports something else, or reverses without a reason.",
		ZH: "终端及时收到有效的批准应答，却显示其他结果，或无故冲正。"},
	Why:   world.Bilingual{EN: "The customer is charged for what the merchant believes has failed.", ZH: "顾客已被扣款，商户却以为交易失败。"},
	Needs: Either,
	judge: judgeApprovedIsHonoured,
}

func judgeApprovedIsHonoured(s *story) finding {
	var t tally
	for _, x := range s.exchanges {
		if !x.online() || !s.approved(x) {
			continue
		}
		// The card or the printer may refuse after the approval.
		excused := x.shown() == display.CardDeclined || x.action != nil && x.action.scenario != nil && x.action.scenario.After != "" && x.action.scenario.After != "ok"
		shown := x.shown()
		if shown == display.NoOutcome && s.disturbed(x) && len(s.reversals(x)) > 0 {
			t.open(world.Say("before the approval of %s came a message that is no reply to it: a terminal may end there",
				"%s的批准之前先到达了不属于它的报文：终端可以就此结束", x.name()), x.seqs()...)
			continue
		}
		if shown != display.NoOutcome && shown != display.Approved && !excused {
			t.failed(world.Say("%s was approved in time, but shown as %s; it should have been shown as approved, because the customer is charged",
				"%s及时获得批准，却显示为“%s”；应显示为成功，因为顾客已被扣款", x.name(), shownText(shown)), x.seqs()...)
			continue
		}
		unfounded := slices.IndexFunc(s.reversals(x), func(r *exchange) bool { return !excused && !s.mayReverseApproved(r) })
		if unfounded >= 0 {
			r := s.reversals(x)[unfounded]
			t.failed(world.Say("%s was approved in time, and reversed all the same with reason %q; an approval is reversed only if the card or the terminal then fails, because the goods may be gone",
				"%s及时获得批准，却仍以原因码 %q 冲正；只有其后卡片或终端出错才可冲正已批准的交易，因为商品可能已交付", x.name(), r.req.Refers.Reason),
				append(x.seqs(), r.req.Seq)...)
			continue
		}
		t.passed(world.Say("each valid approval that came in time was honoured", "每个及时到达的有效批准都得到确认"), x.seqs()...)
	}
	return t.finding(world.Say("no financial request was approved in time", "没有金融交易请求及时获得批准"))
}

// mayReverseApproved reports whether a reversal gives a reason for which an
// approval may be reversed. A void or another failure behind it is told so.
func (s *story) mayReverseApproved(r *exchange) bool {
	reasons := s.p.Reversal.Reasons
	reason := r.req.Refers.Reason
	return reason != "" && reason != reasons.NoAnswer && slices.Contains([]string{reasons.TerminalFailure, reasons.CardDeclined}, reason)
}
