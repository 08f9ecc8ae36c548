package verdict

import (
	"strings"

	"github.com/acqsim/acqsim/scenarios/transcript"
	"github.com/acqsim/acqsim/scenarios/world"
)

var noClearFallback = Rule{
	Name:  "no-clear-fallback",
	Fails: world.Bilingual{EN: "After a TLS failure the terminal sends anything in clear.", ZH: "TLS失败后，终端以明文发送数据。"},
	Why:   world.Bilingual{EN: "Whoever breaks TLS on purpose then reads the card data.", ZH: "蓄意破坏TLS的人就能读取卡数据。"},
	Needs: Wire,
	judge: judgeNoClearFallback,
}

func judgeNoClearFallback(s *story) finding {
	var t tally
	secure := map[string]bool{}
	var failed *transcript.Event
	for i := range s.events {
		e := &s.events[i]
		switch {
		case e.Kind == transcript.Listening:
			secure[e.Listener] = e.TLS
		case e.Kind == transcript.Closed && strings.Contains(e.Why, handshakeFailed):
			if failed != nil && strings.Contains(e.Why, notTLS) {
				s.inClear(&t, failed, e)
			} else if !strings.Contains(e.Why, notTLS) {
				failed = e
				t.passed(world.Say("nothing was sent in clear after TLS had failed", "TLS失败后没有明文发送数据"), e.Seq)
			}
		case failed != nil && !secure[e.Listener] && e.Listener != "" &&
			(e.Kind == transcript.Received && e.Terminal == s.terminal || e.Kind == transcript.BadFrame && s.alone):
			s.inClear(&t, failed, e)
		}
	}
	return t.finding(world.Say("no TLS handshake failed", "没有TLS握手失败"))
}

func (s *story) inClear(t *tally, failed, e *transcript.Event) {
	t.failed(world.Say("after a TLS handshake had failed, it sent data in clear; it should have given up, because whoever breaks TLS wants just that", "TLS握手失败后以明文发送数据；应当放弃，因为破坏TLS的人正希望如此"), failed.Seq, e.Seq)
}

// notTLS is how package crypto/tls says that a peer speaks without TLS.
const notTLS = "first record does not look like a TLS handshake"
