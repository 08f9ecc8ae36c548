package verdict

import (
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
				t.failed(world.Say("action %d was shown as declined, but nothing reached the host; it should have been shown as a communication failure, because no bank has decided",
					"操作 %d 显示为被拒绝，但主机没有收到任何数据；应显示为通讯故障，因为没有银行作出决定", a.number), a.reported())
			} else if isCommunication(shown) {
				t.passed(world.Say("failures of the line and declines were each shown as what they are", "通讯故障与拒绝均如实显示"), a.reported())
			}
			continue
		}
		is, r := s.answer(x)
		switch {
		case is == doubtful:
			t.open(s.inDoubtWhy(x), x.seqs()...)
		case is == noReply && shown == display.Declined:
			t.failed(world.Say("%s was shown as declined, but no valid reply came in time; it should have been shown as a failure of the line, because no bank has decided",
				"%s显示为被拒绝，但没有及时收到有效应答；应显示为通讯故障，因为没有银行作出决定", x.name()), x.seqs()...)
		case is == answer && !approves(r.Code) && isCommunication(shown):
			t.failed(world.Say("%s was declined with %s, but shown as %s; it should have been shown as declined, because the line is in order",
				"%s被拒绝（%s），却显示为“%s”；应显示为被拒绝，因为线路正常", x.name(), r.Code, shownText(shown)), x.seqs()...)
		case is == noReply && shown != display.Approved, is == answer && !approves(r.Code):
			t.passed(world.Say("failures of the line and declines were each shown as what they are", "通讯故障与拒绝均如实显示"), x.seqs()...)
		}
	}
	if !slices.ContainsFunc(s.actions, func(a *action) bool { return a.report != nil }) {
		return t.finding(needsDriver)
	}
	return t.finding(world.Say("nothing failed on the line and nothing was declined", "没有通讯故障，也没有拒绝"))
}

func isCommunication(o display.Outcome) bool {
	switch o {
	case display.NoAnswer, display.CannotConnect, display.SendFailed, display.Garbled:
		return true
	}
	return false
}
