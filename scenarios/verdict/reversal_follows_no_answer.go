package verdict

import (
	"github.com/acqsim/acqsim/scenarios/world"
)

var reversalFollowsNoAnswer = Rule{
	Name: "reversal-follows-no-answer",
	Fails: world.Bilingual{EN: "A request with money that got no valid reply is not reversed by the time its profile says.",
		ZH: "涉及资金的请求未收到有效应答，却没有按终端配置的时限冲正。"},
	Why:   world.Bilingual{EN: "The host may have charged the customer, and nobody gives the money back.", ZH: "主机可能已扣款，而款项无人退回。"},
	Needs: Wire,
	judge: judgeReversalFollowsNoAnswer,
}

func judgeReversalFollowsNoAnswer(s *story) finding {
	var t tally
	for _, x := range s.exchanges {
		s.judgeReversed(&t, x, x.req.Seq)
	}
	return t.finding(world.Say("every request that is reversed on no answer was answered", "每个无应答即须冲正的请求都得到了应答"))
}

// judgeReversed judges whether a request that got no valid reply was reversed
// after an event, and before it was due.
func (s *story) judgeReversed(t *tally, x *exchange, after uint64) {
	switch s.owes(x) {
	case nothing:
		return
	case unclear:
		t.open(s.inDoubtWhy(x), x.seqs()...)
		return
	case deleted:
		t.open(world.Say("the reply to %s did not match or could not be read: profile %s then deletes the reversal",
			"%s的应答不匹配或无法解析：按终端规范 %s 删除冲正", x.name(), s.p.Name), x.seqs()...)
		return
	}
	by, late := s.due(x)
	for _, r := range s.reversals(x) {
		if r.req.Seq > after && (by == nil || r.req.Seq < by.req.Seq) {
			t.passed(world.Say("each request that got no valid reply was reversed before the next one", "每个没有有效应答的请求都在下一笔之前冲正"), append(x.seqs(), r.req.Seq)...)
			return
		}
	}
	switch {
	case by != nil:
		t.failed(world.Say("%s got no valid reply and was not reversed before %s; it should have been, because the host may have charged the customer",
			"%s没有收到有效应答，且在%s之前没有冲正；本应冲正，因为主机可能已扣款", x.name(), by.name()), append(x.seqs(), by.req.Seq)...)
	case late:
		t.failed(world.Say("%s got no valid reply and was not reversed within %v; it should have been, because the host may have charged the customer",
			"%s没有收到有效应答，且 %v 内没有冲正；本应冲正，因为主机可能已扣款", x.name(), s.p.Reversal.Within), x.seqs()...)
	default:
		t.open(world.Say("the run ended before the reversal of %s was due",
			"运行结束时，%s的冲正尚未到时限", x.name()), x.seqs()...)
	}
}
