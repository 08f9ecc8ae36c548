package verdict

import (
	"slices"

	"github.com/acqsim/acqsim/scenarios/profile"
	"github.com/acqsim/acqsim/scenarios/world"
)

var reversalRepeats = Rule{
	Name: "reversal-repeats",
	Fails: world.Bilingual{EN: "An unanswered reversal is not repeated as the profile says, changes on the way, or is repeated too often.",
		ZH: "无应答的冲正未按配置重发、重发时内容改变，或重发次数超限。"},
	Why:   world.Bilingual{EN: "A lost reversal leaves the customer charged; a changed one reverses something else.", ZH: "冲正丢失会使顾客白白扣款；内容改变则会冲正错误的交易。"},
	Needs: Wire,
	judge: judgeReversalRepeats,
}

func judgeReversalRepeats(s *story) finding {
	var t tally
	for _, group := range s.reversalGroups() {
		for i, r := range group {
			is, _ := s.answer(r)
			if i > 0 && s.judgeRepeat(&t, group, i) {
				break
			}
			if is != noReply || i+1 < len(group) {
				continue
			}
			if s.p.Reversal.OnRepeatsExhausted != profile.Keep && i >= s.p.Reversal.Repeats {
				t.passed(world.Say("unanswered reversals were repeated unchanged, as often as the profile says", "没有应答的冲正按配置的次数原样重发"), r.seqs()...)
				continue
			}
			next := slices.IndexFunc(s.after(r.req.Seq), (*exchange).online)
			if next < 0 {
				t.open(world.Say("the run ended before %s was to be repeated",
					"运行结束时，%s尚未到重发时限", r.name()), r.seqs()...)
				continue
			}
			y := s.after(r.req.Seq)[next]
			t.failed(world.Say("%s got no answer and was not repeated before %s; it should have been, because it may never have arrived",
				"%s没有应答，且在%s之前没有重发；本应重发，因为它可能从未到达", r.name(), y.name()), append(r.seqs(), y.req.Seq)...)
		}
	}
	return t.finding(world.Say("no reversal went unanswered", "每个冲正都有应答"))
}

// judgeRepeat judges the i-th attempt, and reports whether it was convicted.
func (s *story) judgeRepeat(t *tally, group []*exchange, i int) bool {
	r, before := group[i], group[i-1]
	if what := differs(r.req, before.req); what != "" {
		t.failed(world.Say("%s was repeated with another %s; a repeat should be unchanged, because it may reverse something else",
			"%s重发时%s改变了；重发应保持不变，否则可能冲正其他交易", before.name(), element(what)), before.req.Seq, r.req.Seq)
		return true
	}
	if r.req.STAN != before.req.STAN && s.p.Reversal.RepeatSTAN == profile.OriginalSTAN {
		t.failed(world.Say("%s was repeated under another STAN; profile %s repeats it under the same one, so that the host knows it again",
			"%s以另一流水号重发；终端规范 %s 以相同流水号重发，使主机能够识别", before.name(), s.p.Name), before.req.Seq, r.req.Seq)
		return true
	}
	if tries := s.tries(group, i); tries > 1+s.p.Reversal.Repeats {
		t.failed(world.Say("%s was repeated %d times; profile %s allows %d",
			"%s重发了 %d 次；终端规范 %s 只允许 %d 次", before.name(), tries-1, s.p.Name, s.p.Reversal.Repeats), group[0].req.Seq, r.req.Seq)
		return true
	}
	t.passed(world.Say("unanswered reversals were repeated unchanged, as often as the profile says", "没有应答的冲正按配置的次数原样重发"), before.req.Seq, r.req.Seq)
	return false
}

// tries counts the attempts up to the i-th that the limit is about: all of
// them, but with a profile that keeps the record those of the same action.
func (s *story) tries(group []*exchange, i int) int {
	if s.p.Reversal.OnRepeatsExhausted != profile.Keep {
		return i + 1
	}
	n := 0
	for _, r := range group[:i+1] {
		if r.action != nil && r.action == group[i].action {
			n++
		}
	}
	return n
}

// reversalGroups are the reversals with their repeats, by what they are about.
func (s *story) reversalGroups() (groups [][]*exchange) {
	type about struct {
		x    *exchange
		stan uint32
	}
	at := map[about]int{}
	for _, r := range s.exchanges {
		if !r.isReversal() {
			continue
		}
		key := about{x: r.of}
		if r.of == nil && r.req.Refers != nil {
			key.stan = r.req.Refers.STAN
		}
		i, known := at[key]
		if !known {
			i = len(groups)
			at[key] = i
			groups = append(groups, nil)
		}
		groups[i] = append(groups[i], r)
	}
	return groups
}
