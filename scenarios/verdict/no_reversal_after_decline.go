package verdict

import (
	"github.com/acqsim/acqsim/scenarios/world"
)

var noReversalAfterDecline = Rule{
	Name: "no-reversal-after-decline",
	Fails: world.Bilingual{EN: "A valid decline that came in time (05, 51, 55, 68, 91, 98 and others) is followed by a reversal of it.",
		ZH: "终端及时收到有效的拒绝应答（05、51、55、68、91、98等），却又冲正。"},
	Why:   world.Bilingual{EN: "A decline moved no money: reversing it loads the host and hides real reversals.", ZH: "被拒绝的交易没有资金变动，冲正只会增加主机负担并掩盖真正的冲正。"},
	Needs: Wire,
	judge: judgeNoReversalAfterDecline,
}

func judgeNoReversalAfterDecline(s *story) finding {
	var t tally
	for _, x := range s.exchanges {
		is, a := s.answer(x)
		if !x.financial() || is == noReply || approves(a.Code) {
			continue
		}
		if is == doubtful {
			t.open(s.inDoubtWhy(x), x.seqs()...)
			continue
		}
		if rs := s.reversals(x); len(rs) > 0 {
			t.failed(world.Say("%s was declined with %s in time, and reversed all the same; a decline is not reversed, because no money moved",
				"%s及时被拒绝（%s），却仍被冲正；被拒绝的交易不冲正，因为没有资金变动", x.name(), a.Code), append(x.seqs(), rs[0].req.Seq)...)
			continue
		}
		t.passed(world.Say("no decline was reversed", "没有冲正被拒绝的交易"), x.seqs()...)
	}
	return t.finding(world.Say("nothing was declined in time", "没有交易及时被拒绝"))
}
