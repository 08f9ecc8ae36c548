package verdict

import (
	"fmt"
	"slices"

	"github.com/acqsim/acqsim/scenarios/display"
	"github.com/acqsim/acqsim/scenarios/world"
)

var connectionErrorsAreNotDeclines = Rule{
	Name: "connection-errors-are-not-declines",
	Fails: world.Bilingual{EN: "A communication failure is shown as an issuer's decline, or the other way round.",
		ZH: "通讯故障被显示为发卡行拒绝，或将拒绝显示为通讯故障。"},
	Why:   world.Bilingual{EN: "People look for the fault in the wrong place: at the bank, or in the cable.", ZH: "人员会在错误的地方查找原因：该查线路却找银行，或者相反。"},
	Needs: Driver,
	judge: judgeConnectionErrorsAreNotDeclines,
}

func judgeConnectionErrorsAreNotDeclines(s *story) finding {
	var t tally
	for _, a := range s.actions {
		shown := a.shown()
		x := a.main
		if shown == display.NoOutcome || a.act == nil && x == nil {
			continue
		}
		if x == nil {
			if shown == display.Declined {
				t.failed(fmt.Sprintf("action %d was shown as declined, but nothing reached the host; it should have been shown as a communication failure, because no bank has decided", a.number), a.reported())
			} else if isCommunication(shown) {
				t.passed("failures of the line and declines were each shown as what they are", a.reported())
			}
			continue
		}
		is, r := s.answer(x)
		switch {
		case is == doubtful:
			t.open(fmt.Sprintf(inDoubtWhy, x.name()), x.seqs()...)
		case is == noReply && shown == display.Declined:
			t.failed(fmt.Sprintf("%s was shown as declined, but no valid reply came in time; it should have been shown as a failure of the line, because no bank has decided", x.name()), x.seqs()...)
		case is == answer && !approves(r.Code) && isCommunication(shown):
			t.failed(fmt.Sprintf("%s was declined with %s, but shown as %s; it should have been shown as declined, because the line is in order", x.name(), r.Code, shown), x.seqs()...)
		case is == noReply && shown != display.Approved, is == answer && !approves(r.Code):
			t.passed("failures of the line and declines were each shown as what they are", x.seqs()...)
		}
	}
	if !slices.ContainsFunc(s.actions, func(a *action) bool { return a.report != nil }) {
		return t.finding(needsDriver)
	}
	return t.finding("nothing failed on the line and nothing was declined")
}

func isCommunication(o display.Outcome) bool {
	switch o {
	case display.NoAnswer, display.CannotConnect, display.SendFailed, display.Garbled:
		return true
	}
	return false
}
