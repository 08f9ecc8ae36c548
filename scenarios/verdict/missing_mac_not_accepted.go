package verdict

import (
	"fmt"

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
			return t.finding(fmt.Sprintf("profile %s accepts replies without a MAC", s.p.Name))
		}
		s.judgeAccepted(&t, func(r *transcript.Reading) bool { return s.matches(r) && r.MAC == transcript.MACAbsent },
			"a reply without a MAC", "no reply without a MAC was accepted")
		return t.finding("no reply was without its MAC")
	},
}
