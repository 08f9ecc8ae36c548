package verdict

import (
	"slices"

	"github.com/acqsim/acqsim/scenarios/world"
)

var signsOnWhenTold = Rule{
	Name:  "signs-on-when-told",
	Fails: world.Bilingual{EN: "After 77, A0, 99 or processing request 3 of the header, the next financial request comes before a sign-on.", ZH: "收到77、A0、99或报文头处理要求3之后，未签到就发出下一笔金融交易。"},
	Why:   world.Bilingual{EN: "Its keys are out of step: every further transaction fails the same way.", ZH: "密钥已不同步，之后的每笔交易都会同样失败。"},
	Needs: Wire,
	judge: judgeSignsOnWhenTold,
}

func judgeSignsOnWhenTold(s *story) finding {
	var t tally
	for _, x := range s.exchanges {
		is, a := s.answer(x)
		if is != answer || x.req.Type == world.SignOn {
			continue
		}
		asked := world.Same(a.Code)
		if !slices.Contains(s.p.SignOn.Codes, a.Code) {
			if a.Asks != askSignOn || !s.p.SignOn.HeaderFlag {
				continue
			}
			asked = world.Say("processing request 3", "处理要求3")
		}
		judged := false
		for _, y := range s.after(x.req.Seq) {
			if y.req.Type == world.SignOn {
				t.passed(world.Say("it signed on when it was told to", "按要求重新签到"), append(x.seqs(), y.req.Seq)...)
				judged = true
				break
			}
			if y.online() {
				t.failed(world.Say("the reply to %s demanded a sign-on (%s), but %s went out first; it should have signed on, because its keys are out of step",
					"%s的应答要求签到（%s），但%s先发出；应先签到，因为密钥已不同步", x.name(), asked, y.name()), append(x.seqs(), y.req.Seq)...)
				judged = true
				break
			}
		}
		if !judged {
			t.open(world.Say("the run ended before the sign-on was due", "运行结束时尚未到签到时限"), x.seqs()...)
		}
	}
	return t.finding(world.Say("no reply demanded a sign-on", "没有应答要求签到"))
}

// askSignOn is the processing request "sign on again" of the UnionPay header.
const askSignOn = 3
