package verdict

import (
	"github.com/acqsim/acqsim/scenarios/transcript"
	"github.com/acqsim/acqsim/scenarios/world"
)

var badMACNotAccepted = Rule{
	Name:  "bad-mac-not-accepted",
	Fails: world.Bilingual{EN: "A reply whose MAC is wrong is accepted.", ZH: "MAC错误的应答被接受。"},
	Why:   world.Bilingual{EN: "Whoever can reach the line can approve.", ZH: "任何能接触线路的人都能伪造批准。"},
	Needs: Either,
	judge: func(s *story) finding {
		var t tally
		s.judgeAccepted(&t, func(r *transcript.Reading) bool { return s.matches(r) && r.MAC == transcript.MACIsWrong },
			world.Say("a reply whose MAC is wrong", "MAC错误的应答"), world.Say("no reply with a wrong MAC was accepted", "没有接受MAC错误的应答"))
		return t.finding(world.Say("no reply had a wrong MAC", "没有MAC错误的应答"))
	},
}
