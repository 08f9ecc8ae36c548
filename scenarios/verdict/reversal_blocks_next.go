package verdict

import (
	"github.com/acqsim/acqsim/scenarios/profile"
	"github.com/acqsim/acqsim/scenarios/world"
)

var reversalBlocksNext = Rule{
	Name: "reversal-blocks-next",
	Fails: world.Bilingual{EN: "A financial request goes out while a reversal is pending, before the profile allows it.",
		ZH: "冲正未完成时，终端在配置不允许的情况下发出了下一笔金融交易。"},
	Why:   world.Bilingual{EN: "The pending reversal is overtaken, and may be forgotten or hit the wrong batch.", ZH: "未完成的冲正被后续交易超越，可能被遗忘或落入错误的批次。"},
	Needs: Wire,
	judge: judgeReversalBlocksNext,
}

func judgeReversalBlocksNext(s *story) finding {
	var t tally
	for _, x := range s.exchanges {
		if s.owes(x) != aReversal {
			continue
		}
		rs := s.reversals(x)
		for _, y := range s.after(x.req.Seq) {
			if !y.online() {
				continue
			}
			switch s.pendingBefore(rs, y) {
			case settledFirst:
				t.passed(world.Say("no financial request overtook a pending reversal", "没有金融交易超越未完成的冲正"), append(x.seqs(), y.req.Seq)...)
			case maySettle:
				t.open(world.Say("the reply to the reversal of %s came at about the time the terminal gave up",
					"%s的冲正应答大约在终端放弃等待时到达", x.name()), append(x.seqs(), y.req.Seq)...)
			case exhausted:
				t.passed(world.Say("no financial request overtook a reversal that profile %s had not given up",
					"没有金融交易超越终端规范 %s 尚未放弃的冲正", s.p.Name), append(x.seqs(), y.req.Seq)...)
			case stillPending:
				if s.pendingAt(y) < s.p.Reversal.Pending {
					continue
				}
				t.failed(world.Say("%s went out while the reversal of %s was pending; it should have waited for the reversal's answer, because a reversal that is overtaken may be lost",
					"%[2]s的冲正尚未完成时，%[1]s已发出；应等待冲正的应答，因为被超越的冲正可能丢失", y.name(), x.name()), append(x.seqs(), y.req.Seq)...)
			}
			break
		}
	}
	return t.finding(world.Say("no financial request followed a pending reversal", "未完成的冲正之后没有金融交易"))
}

// state is that of a reversal when another request goes out.
type state uint8

const (
	stillPending state = iota
	settledFirst
	maySettle
	exhausted
)

// pendingBefore is the state of the reversal with these attempts when y goes out.
func (s *story) pendingBefore(rs []*exchange, y *exchange) state {
	tries := 0
	for _, r := range rs {
		if r.req.Seq > y.req.Seq {
			break
		}
		tries++
		if s.settled(r) {
			return settledFirst
		}
		if is, a := s.answer(r); is == doubtful && s.p.Reversal.SettledBy.Has(a.Code) {
			return maySettle
		}
	}
	if s.p.Reversal.OnRepeatsExhausted != profile.Keep && tries > s.p.Reversal.Repeats {
		return exhausted
	}
	return stillPending
}

// pendingAt counts the other reversals that are pending when y goes out.
func (s *story) pendingAt(y *exchange) (n int) {
	for _, x := range s.exchanges {
		if x.req.Seq < y.req.Seq && s.owes(x) == aReversal && s.pendingBefore(s.reversals(x), y) == stillPending {
			n++
		}
	}
	return n
}
