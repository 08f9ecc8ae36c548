package verdict

import (
	"github.com/acqsim/acqsim/scenarios/display"
	"github.com/acqsim/acqsim/scenarios/world"
)

var duplicateReplyHarmless = Rule{
	Name:  "duplicate-reply-harmless",
	Fails: world.Bilingual{EN: "The second copy of a reply changes anything.", ZH: "重复的应答改变了交易结果。"},
	Why:   world.Bilingual{EN: "The copy is taken for the next transaction's reply, or upsets one that was in order.", ZH: "重复应答被当作下一笔的应答，或破坏了已正常完成的交易。"},
	Needs: Either,
	judge: judgeDuplicateReplyHarmless,
}

func judgeDuplicateReplyHarmless(s *story) finding {
	var t tally
	for _, x := range s.exchanges {
		copies := 0
		for i := range x.replies {
			if s.valid(&x.replies[i].Reading) {
				copies++
			}
		}
		is, a := s.answer(x)
		if copies < 2 || is != answer || !x.online() {
			continue
		}
		shown := x.shown()
		rs := s.reversals(x)
		next := firstAfter(s, x.req.Seq)
		switch {
		case shown != display.NoOutcome && approves(a.Code) != (shown == display.Approved) && shown != display.CardDeclined:
			t.failed(world.Say("%s got its reply twice and was shown as %s, though the reply said %s; the second copy should have been ignored",
				"%s收到两次应答，显示为“%s”，而应答码为 %s；第二份应当忽略", x.name(), shownText(shown), a.Code), x.seqs()...)
		case len(rs) > 0 && !s.mayReverseApproved(rs[0]):
			t.failed(world.Say("%s got its reply twice and was reversed; the second copy should have been ignored, because the first had settled it",
				"%s收到两次应答后被冲正；第二份应当忽略，因为第一份已确定结果", x.name()), append(x.seqs(), rs[0].req.Seq)...)
		case next != nil && s.tookCopy(next):
			t.failed(world.Say("%s was shown as approved without a reply of its own, after the reply to %s had come twice; a copy counts for nothing",
				"在%[2]s的应答到达两次之后，%[1]s没有自己的应答却显示为成功；重复的应答不应计入", next.name(), x.name()), append(next.seqs(), a.event.Seq)...)
		default:
			t.passed(world.Say("the second copy of a reply changed nothing", "重复的应答没有改变任何结果"), x.seqs()...)
		}
	}
	return t.finding(world.Say("no reply came twice", "没有重复到达的应答"))
}

func (s *story) tookCopy(y *exchange) bool {
	is, _ := s.answer(y)
	return y.shown() == display.Approved && is == noReply
}
