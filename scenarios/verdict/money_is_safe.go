package verdict

import (
	"github.com/acqsim/acqsim/scenarios/world"
)

var moneyIsSafe = Rule{
	Name:  "money-is-safe",
	Fails: world.Bilingual{EN: "At the end money is at risk (charged but not delivered, delivered but not charged), and the terminal left it there.", ZH: "结束时仍有资金风险（已扣款未交付、已交付未扣款），且由终端造成。"},
	Why:   world.Bilingual{EN: "This is what all the other rules are for.", ZH: "其他所有规则都是为此而设。"},
	Needs: Either,
	judge: judgeMoneyIsSafe,
}

func judgeMoneyIsSafe(s *story) finding {
	var t tally
	for _, r := range s.risks() {
		if r.By == ByTerminal {
			t.failed(r.Why, r.Events...)
			continue
		}
		t.passed(world.Say("the terminal left no money at risk", "终端没有使资金处于风险之中"), r.Events...)
	}
	for _, x := range s.exchanges {
		if x.financial() && x.decided != nil {
			t.passed(world.Say("the terminal left no money at risk", "终端没有使资金处于风险之中"), x.req.Seq, x.decided.Seq)
		}
	}
	return t.finding(world.Say("no request about money reached the host", "没有涉及资金的请求到达主机"))
}
