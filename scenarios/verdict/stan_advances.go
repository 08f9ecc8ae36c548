package verdict

import (
	"github.com/acqsim/acqsim/scenarios/world"
)

var stanAdvances = Rule{
	Name:  "stan-advances",
	Fails: world.Bilingual{EN: "A STAN is used twice for different requests of a batch.", ZH: "同一批次内，不同的请求使用了同一流水号。"},
	Why:   world.Bilingual{EN: "The host takes the second for a repeat of the first, and reversals hit the wrong one.", ZH: "主机会把第二笔当作第一笔的重发，冲正也可能冲错交易。"},
	Needs: Wire,
	judge: judgeSTANAdvances,
}

func judgeSTANAdvances(s *story) finding {
	type key struct{ batch, stan uint32 }
	var t tally
	used := map[key]*exchange{}
	var last *exchange
	for _, x := range s.exchanges {
		if !x.req.HasSTAN || x.isReversal() || x.req.MTI%2 == 1 || repeatsSTAN(x.req.Type) {
			continue
		}
		if last != nil && last.req.STAN > x.req.STAN && last.req.STAN-x.req.STAN > halfOfSTANs {
			clear(used) // the counter has gone round
		}
		at := key{x.req.Batch, x.req.STAN}
		before := used[at]
		used[at] = x
		if before != nil && s.differentRequest(before, x) {
			t.failed(world.Say("%s was sent under the STAN of %s; each request needs a new one, because hosts and reversals find it by that",
				"%s使用了%s的流水号；每个请求须用新流水号，因为主机和冲正以此查找", x.name(), before.name()), before.req.Seq, x.req.Seq)
		} else if last != nil {
			t.passed(world.Say("no STAN was used for two requests", "没有流水号用于两个请求"), last.req.Seq, x.req.Seq)
		}
		last = x
	}
	return t.finding(world.Say("there were no two requests with STANs", "没有两个以上带流水号的请求"))
}

const halfOfSTANs = 500_000

// repeatsSTAN lists what belongs to a settlement: uploads carry the STANs of
// what they tell, ends that of their beginning.
func repeatsSTAN(t world.TransactionType) bool {
	return t == world.BatchUpload || t == world.BatchEnd || t == world.SettlementEnd || t == world.Settlement
}

// differentRequest reports whether two requests are not one that was sent
// again: they differ, or the first had been answered.
func (s *story) differentRequest(a, b *exchange) bool {
	if a.req.Type != b.req.Type || a.req.MTI != b.req.MTI || differs(a.req, b.req) != "" {
		return true
	}
	is, _ := s.answer(a)
	return is == answer
}
