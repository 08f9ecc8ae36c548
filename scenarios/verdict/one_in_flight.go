package verdict

import (
	"slices"
	"time"

	"github.com/acqsim/acqsim/scenarios/transcript"
	"github.com/acqsim/acqsim/scenarios/world"
)

var oneInFlight = Rule{
	Name:  "one-in-flight",
	Fails: world.Bilingual{EN: "Two financial requests of one terminal overlap, and the profile does not allow it.", ZH: "同一终端同时有两笔金融交易在途，而配置不允许。"},
	Why:   world.Bilingual{EN: "A terminal that does not wait can mistake one reply for another, and can't know what to reverse.", ZH: "不等待应答的终端会混淆应答，也无从判断该冲正哪一笔。"},
	Needs: Either,
	judge: judgeOneInFlight,
}

func judgeOneInFlight(s *story) finding {
	var t tally
	if !s.p.OneInFlight {
		return t.finding(world.Say("profile %s allows several requests at the same time",
			"终端规范 %s 允许同时有多笔请求", s.p.Name))
	}
	var x *exchange
	for _, y := range s.exchanges {
		if !y.online() {
			continue
		}
		if x != nil {
			if s.overlap(x, y) {
				t.failed(world.Say("%s went out while %s was still waiting for its reply; it should have waited for the end of the first",
					"%[2]s仍在等待应答时，%[1]s已发出；应等待前一笔结束", y.name(), x.name()), append(x.seqs(), y.req.Seq)...)
			} else {
				t.passed(world.Say("each financial request waited for the end of the one before", "每笔金融交易都等待前一笔结束"), x.req.Seq, y.req.Seq)
			}
		}
		x = y
	}
	return t.finding(world.Say("there were no two financial requests", "没有两笔以上的金融交易请求"))
}

// overlap reports whether y went out before anything ended x: a reply, the end
// of the connection, a report of the driver, the timeout, or a restart.
func (s *story) overlap(x, y *exchange) bool {
	timeout := s.p.Timeouts.Response
	if !y.req.At.Before(x.req.At.Add(timeout - max(100*time.Millisecond, timeout/10))) {
		return false
	}
	before := func(e *transcript.Event) bool { return e != nil && !e.At.After(y.req.At) }
	if before(x.closed) || x.action != nil && x.action.report != nil && before(x.action.report) && x.action.report.Seq > x.req.Seq {
		return false
	}
	for i := range x.replies {
		if before(x.replies[i].event) {
			return false
		}
	}
	return !slices.ContainsFunc(s.actions, func(a *action) bool {
		return a.act != nil && a.act.Seq > x.req.Seq && before(a.act) && (a.name == actPowerCut || a.name == actRestart)
	})
}
