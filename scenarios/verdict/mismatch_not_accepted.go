package verdict

import (
	"github.com/acqsim/acqsim/scenarios/world"
)

var mismatchNotAccepted = Rule{
	Name: "mismatch-not-accepted",
	Fails: world.Bilingual{EN: "A reply with another STAN, terminal, merchant, amount, processing code or message type is accepted.",
		ZH: "流水号、终端号、商户号、金额、处理码或消息类型不符的应答被接受。"},
	Why:   world.Bilingual{EN: "Somebody else's approval is taken for one's own.", ZH: "把别人的批准当成自己的。"},
	Needs: Either,
	judge: func(s *story) finding {
		var t tally
		s.judgeAccepted(&t, s.mismatch, world.Say("a reply to another request", "属于另一请求的应答"), world.Say("no reply that did not match was accepted", "没有接受不匹配的应答"))
		return t.finding(world.Say("every reply matched its request", "每个应答都与其请求匹配"))
	},
}
