package verdict

import (
	"fmt"
	"slices"

	"github.com/acqsim/acqsim/scenarios/display"
	"github.com/acqsim/acqsim/scenarios/world"
)

const (
	needsDriver = "no driver reported how the terminal's actions ended"
	inDoubtWhy  = "the reply to %s came at about the time the terminal gave up, so nobody can tell whether it counted"
)

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
				t.failed(fmt.Sprintf("action %d was shown as approved, but its request never reached the host; an approval needs the host's reply, or goods leave unpaid", a.number), a.reported())
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
			t.open(fmt.Sprintf(inDoubtWhy, x.name()), x.seqs()...)
		case is == noReply:
			t.failed(fmt.Sprintf("%s was shown as approved without a valid reply in time; it should have failed, because nobody knows whether it was paid", x.name()), x.seqs()...)
		case !approves(r.Code):
			t.failed(fmt.Sprintf("%s was shown as approved, but the reply said %s; it should have been declined, because it was not paid", x.name(), r.Code), x.seqs()...)
		default:
			t.passed("each approval that was shown rests on a valid, approving reply in time", x.req.Seq, r.event.Seq, x.report())
		}
	}
	if !slices.ContainsFunc(s.actions, func(a *action) bool { return a.report != nil }) {
		return t.finding(needsDriver)
	}
	return t.finding("no action was shown as approved")
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

// storedTypes are approved by the terminal alone, and told later.
var storedTypes = []world.TransactionType{world.Refund, world.OfflineSale, world.Adjustment, world.Tip, world.CompletionAdvice}
