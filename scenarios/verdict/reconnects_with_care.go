package verdict

import (
	"strings"
	"time"

	"github.com/acqsim/acqsim/scenarios/transcript"
	"github.com/acqsim/acqsim/scenarios/world"
)

var reconnectsWithCare = Rule{
	Name:  "reconnects-with-care",
	Fails: world.Bilingual{EN: "After a failed connect the terminal tries again faster or more often than the profile allows.", ZH: "连接失败后，终端重连过快或次数超过配置。"},
	Why:   world.Bilingual{EN: "After an outage, thousands of such terminals keep the host from coming back.", ZH: "故障之后，成千上万台这样的终端会使主机无法恢复。"},
	Needs: Wire,
	judge: judgeReconnectsWithCare,
}

func judgeReconnectsWithCare(s *story) finding {
	var t tally
	if !s.alone {
		return t.finding(world.Say("several terminals were judged: a connection on which nothing was sent is nobody's", "评判了多台终端：没有数据的连接无法归属"))
	}
	slack := max(100*time.Millisecond, s.p.Connecting.Backoff/10) // the host sees a failure late
	tries := 0
	var act, failed, began *transcript.Event // the action, the last failure, and the first connection that failed
	open := map[uint64]*transcript.Event{}
	served := map[uint64]bool{}
	for i := range s.events {
		e := &s.events[i]
		switch e.Kind {
		case transcript.Acted:
			act, tries, failed = e, 0, nil
		case transcript.Received, transcript.BadFrame, transcript.KeepAlive:
			served[e.Conn] = true
			tries, failed = 0, nil
		case transcript.Connected:
			open[e.Conn] = e
			if failed == nil {
				began = e
				continue
			}
			tries++
			gap := e.At.Sub(failed.At)
			switch {
			case gap < s.p.Connecting.Backoff-slack:
				t.failed(world.Say("after a failed connect it tried again after %v; profile %s waits at least %v, so that a host in trouble can come back",
					"连接失败后 %v 就重新连接；终端规范 %s 至少等待 %v，使故障主机得以恢复", gap.Round(time.Millisecond), s.p.Name, s.p.Connecting.Backoff), failed.Seq, e.Seq)
			case tries > s.p.Connecting.Retries:
				t.failed(world.Say("it tried to connect again %d times; profile %s allows %d for one transaction",
					"重新连接了 %d 次；终端规范 %s 每笔交易只允许 %d 次", tries, s.p.Name, s.p.Connecting.Retries), began.Seq, e.Seq)
			default:
				t.passed(world.Say("after failed connects it waited, and did not try too often", "连接失败后有等待，且次数未超限"), failed.Seq, e.Seq)
			}
		case transcript.Closed, transcript.Refused:
			if !served[e.Conn] && s.failedConnect(open[e.Conn], act, e) {
				failed = e
			}
		}
	}
	return t.finding(world.Say("no failed connect was followed by another", "没有在连接失败后再次连接"))
}

// failedConnect reports whether a connection on which nothing was served was to
// the terminal one that failed, for what it does now. One of an earlier action
// may be seen to end only after the next one has begun; and one that lasted as
// long as the terminal waits for a reply was up: it got no answer on it.
func (s *story) failedConnect(connected, act, ended *transcript.Event) bool {
	switch {
	case ended.Kind == transcript.Refused:
		return true
	case connected == nil || act != nil && connected.Seq < act.Seq:
		return false
	case strings.Contains(ended.Why, handshakeFailed):
		return true
	}
	return ended.Actor == transcript.Line && ended.At.Sub(connected.At) < s.p.Timeouts.Response*9/10
}

// handshakeFailed is how the server begins to say why a connection over TLS
// ended before its first message.
const handshakeFailed = "the TLS handshake failed"
