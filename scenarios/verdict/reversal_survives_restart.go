package verdict

import (
	"slices"

	"github.com/acqsim/acqsim/scenarios/transcript"
	"github.com/acqsim/acqsim/scenarios/world"
)

var reversalSurvivesRestart = Rule{
	Name:  "reversal-survives-restart",
	Fails: world.Bilingual{EN: "After a power cut, a pending reversal is forgotten.", ZH: "断电重启后，未完成的冲正被遗忘。"},
	Why:   world.Bilingual{EN: "Whoever pulls the plug to get the terminal going again leaves the customer charged.", ZH: "有人断电重启终端，结果顾客被白白扣款。"},
	Needs: Driver,
	judge: judgeReversalSurvivesRestart,
}

// Names of actions that take a terminal's power.
const (
	actPowerCut = "power_cut"
	actRestart  = "restart"
)

func judgeReversalSurvivesRestart(s *story) finding {
	var t tally
	cuts := 0
	for _, a := range s.actions {
		if a.act == nil || a.name != actPowerCut && a.name != actRestart {
			continue
		}
		cuts++
		for _, x := range s.exchanges {
			// A cut that was asked for at a point of the next transaction strikes
			// that one.
			if x.req.Seq > a.act.Seq && (a.name != actPowerCut || x != firstAfter(s, a.act.Seq)) {
				break
			}
			if s.owes(x) == aReversal && s.pendingAtCut(x, a.act) {
				s.judgeReversed(&t, x, a.act.Seq)
			}
		}
	}
	if cuts == 0 {
		return t.finding(world.Say("the power was not cut", "没有断电"))
	}
	return t.finding(world.Say("no reversal was pending when the power was cut", "断电时没有未完成的冲正"))
}

func firstAfter(s *story, seq uint64) *exchange {
	for _, x := range s.after(seq) {
		if x.online() {
			return x
		}
	}
	return nil
}

func (s *story) pendingAtCut(x *exchange, cut *transcript.Event) bool {
	for _, r := range s.reversals(x) {
		if r.req.Seq < cut.Seq && s.settled(r) {
			return false
		}
	}
	return !slices.ContainsFunc(s.after(x.req.Seq), func(y *exchange) bool { return y.online() && y.req.Seq < cut.Seq })
}
