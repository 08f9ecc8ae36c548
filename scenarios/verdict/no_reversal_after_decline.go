package verdict

import (
	"fmt"

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
			t.open(fmt.Sprintf(inDoubtWhy, x.name()), x.seqs()...)
			continue
		}
		if rs := s.reversals(x); len(rs) > 0 {
			t.failed(fmt.Sprintf("%s was declined with %s in time, and reversed all the same; a decline is not reversed, because no money moved", x.name(), a.Code), append(x.seqs(), rs[0].req.Seq)...)
			continue
		}
		t.passed("no decline was reversed", x.seqs()...)
	}
	return t.finding("nothing was declined in time")
}
