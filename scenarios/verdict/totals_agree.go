package verdict

import (
	"slices"

	"github.com/acqsim/acqsim/scenarios/display"
	"github.com/acqsim/acqsim/scenarios/transcript"
	"github.com/acqsim/acqsim/scenarios/world"
)

var totalsAgree = Rule{
	Name:  "totals-agree",
	Fails: world.Bilingual{EN: "At settlement the terminal's totals differ from what it is obliged to know, or a 95 is not followed by an upload.", ZH: "批结算时终端的总计与其应当掌握的账目不符，或收到95后未上送批明细。"},
	Why:   world.Bilingual{EN: "The merchant is paid another sum than its receipts say.", ZH: "商户收到的款项与签购单不符。"},
	Needs: Wire,
	judge: judgeTotalsAgree,
}

func judgeTotalsAgree(s *story) finding {
	var t tally
	for _, x := range s.exchanges {
		if x.req.Type != world.Settlement || x.decided == nil {
			continue
		}
		balanced := x.decided.Outcome == world.Approved && !x.different
		if !balanced && !x.different && x.decided.Outcome != world.OutOfBalance {
			t.open(world.Say("%s was refused (%s): nothing was compared",
				"%s被拒绝（%s）：没有比对", x.name(), x.decided.Outcome.Text()), x.req.Seq, x.decided.Seq)
			continue
		}
		if balanced {
			t.passed(world.Say("the terminal's totals are the host's", "终端总计与主机一致"), x.req.Seq, x.decided.Seq)
			continue
		}
		s.judgeDifference(&t, x)
		s.judgeUpload(&t, x)
	}
	return t.finding(world.Say("nothing was settled", "没有批结算"))
}

// judgeDifference judges totals that differ: what the host was told to say, and
// money that the terminal can't know of, are not its doing.
func (s *story) judgeDifference(t *tally, x *exchange) {
	for i := range s.events {
		e := &s.events[i]
		if e.Kind == transcript.Struck && e.Conn == x.req.Conn && e.Message == x.req.Message {
			t.open(world.Say("a rule of the scenario struck the settlement: that the totals differ may be its doing", "场景规则影响了这次批结算：总计不符可能由此造成"), x.req.Seq, e.Seq)
			return
		}
	}
	for _, r := range s.risks() {
		if r.By != ByTerminal && r.at < x.req.Seq {
			t.open(world.Say("the totals differ, but money is at risk that the terminal can't know of", "总计不符，但其中有终端无从知晓的风险资金"), append(slices.Clone(r.Events), x.req.Seq)...)
			return
		}
	}
	for _, y := range s.exchanges {
		is, _ := s.answer(y)
		switch {
		case y.req.Seq > x.req.Seq:
		case is == doubtful:
			t.open(world.Say("the totals differ, but %s", "总计不符，但%s", s.inDoubtWhy(y)), y.req.Seq, x.req.Seq)
			return
		case is == noReply && y.financial() && !s.p.Reverses(y.req.Type) && y.shown() != display.Approved && s.posted(y):
			t.open(world.Say("the totals differ, but %s got no valid reply and is not reversed by profile %s: the terminal can't know that it was posted",
				"总计不符，但%s没有收到有效应答，且按终端规范 %s 不冲正：终端无从知晓其已记账", y.name(), s.p.Name), append(y.seqs(), x.req.Seq)...)
			return
		}
	}
	t.failed(world.Say("the terminal's totals differ from the host's; it should have counted what was approved, and reversed what got no answer", "终端总计与主机不符；应统计已批准的交易，并冲正没有应答的交易"), x.req.Seq, x.decided.Seq)
}

// posted reports whether the host has moved money for a request.
func (s *story) posted(x *exchange) bool { return s.charged(x) && len(x.decided.Postings) > 0 }

func (s *story) judgeUpload(t *tally, x *exchange) {
	if is, _ := s.answer(x); is != answer {
		return
	}
	for _, y := range s.after(x.req.Seq) {
		if y.req.Type == world.BatchUpload || y.req.Type == world.BatchEnd || y.req.Type == world.SettlementEnd {
			t.passed(world.Say("what was out of balance was uploaded", "对账不平后已上送批明细"), x.req.Seq, y.req.Seq)
			return
		}
	}
	next := firstAfter(s, x.req.Seq)
	if next == nil && x.report() == 0 {
		t.open(world.Say("the run ended before the upload was due", "运行结束时尚未到上送时限"), x.seqs()...)
		return
	}
	t.failed(world.Say("the host answered that the batch is out of balance (95), and no upload followed; the terminal should have uploaded its batch, because nobody finds the difference otherwise", "主机应答对账不平（95），但没有上送批明细；终端应上送，否则无法查出差异"), x.seqs()...)
}
