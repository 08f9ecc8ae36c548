package verdict

import (
	"github.com/acqsim/acqsim/scenarios/profile"
	"github.com/acqsim/acqsim/scenarios/transcript"
	"github.com/acqsim/acqsim/scenarios/world"
)

var missingMACNotAccepted = Rule{
	Name:  "missing-mac-not-accepted",
	Fails: world.Bilingual{EN: "A reply without the MAC that its dialect has is accepted.", ZH: "缺少MAC的应答被接受。"},
	Why:   world.Bilingual{EN: "Leaving the MAC out must not be easier than forging it.", ZH: "去掉MAC不应比伪造MAC更容易得逞。"},
	Needs: Either,
	judge: func(s *story) finding {
		var t tally
		if s.p.Replies.MissingMAC == profile.AcceptMAC {
			return t.finding(world.Say("profile %s accepts replies without a MAC",
				"终端规范 %s 接受没有MAC的应答", s.p.Name))
		}
		s.judgeAccepted(&t, func(r *transcript.Reading) bool { return s.matches(r) && r.MAC == transcript.MACAbsent },
			world.Say("a reply without a MAC", "没有MAC的应答"), world.Say("no reply without a MAC was accepted", "没有接受缺少MAC的应答"))
		return t.finding(world.Say("no reply was without its MAC", "没有缺少MAC的应答"))
	},
}
