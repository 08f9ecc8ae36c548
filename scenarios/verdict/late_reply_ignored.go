package verdict

import (
	"slices"

	"github.com/acqsim/acqsim/scenarios/display"
	"github.com/acqsim/acqsim/scenarios/transcript"
	"github.com/acqsim/acqsim/scenarios/world"
)

var lateReplyIgnored = Rule{
	Name: "late-reply-ignored",
	Fails: world.Bilingual{EN: "A reply after the timeout turns the outcome into approved, or is taken for the next transaction's.",
		ZH: "超时之后到达的应答使交易变为成功，或被当作下一笔交易的应答。"},
	Why:   world.Bilingual{EN: "What was given up is being reversed: goods leave without money, or two sales share one approval.", ZH: "已放弃的交易正被冲正：商品交付却没有收款，或两笔交易共用一个批准。"},
	Needs: Either,
	judge: judgeLateReplyIgnored,
}

func judgeLateReplyIgnored(s *story) finding {
	var t tally
	for _, x := range s.exchanges {
		if !x.online() {
			continue
		}
		i := slices.IndexFunc(x.replies, func(a arrival) bool {
			return s.valid(&a.Reading) && approves(a.Code) && x.when(&a) == late
		})
		if is, _ := s.answer(x); i < 0 || is != noReply {
			continue
		}
		s.judgeTaken(&t, x, &x.replies[i], world.Say("a reply that came after its timeout", "超时后到达的应答"),
			world.Say("no late reply was taken for an approval", "没有把迟到的应答当作批准"))
	}
	return t.finding(world.Say("no approval came late", "没有迟到的批准"))
}

// judgeTaken judges whether a message that must not count was taken for an
// approval: of its own request, or of the next one.
func (s *story) judgeTaken(t *tally, x *exchange, a *arrival, what, good world.Bilingual) {
	if x.shown() == display.Approved {
		t.failed(world.Say("%s was shown as approved on %s; it should have been refused, because nobody knows whether it was paid",
			"%s凭%s显示为成功；应当拒绝，因为无人知道是否已付款", x.name(), what), append(x.seqs(), a.event.Seq)...)
		return
	}
	for _, y := range s.after(x.req.Seq) {
		if !y.online() {
			continue
		}
		// Who takes one reply for the next request's is one behind from then on, as
		// long as the connection lasts.
		if y.req.Conn != a.event.Conn && y.req.Seq > a.event.Seq {
			break
		}
		is, own := s.answer(y)
		unpaid := is == noReply || is == answer && !approves(own.Code)
		if y.shown() == display.Approved && unpaid && (x.when(a) == late || y.req.Seq < a.event.Seq) {
			t.failed(world.Say("%s was shown as approved on %s to %s; a reply counts only for its own request",
				"%s凭%s（属于%s）显示为成功；应答只对其自身的请求有效", y.name(), what, x.name()), append(y.seqs(), a.event.Seq)...)
			return
		}
		if y.req.Seq > a.event.Seq && is == noReply {
			break
		}
	}
	switch {
	case x.shown() != display.NoOutcome, len(s.reversals(x)) > 0:
		events := append(x.seqs(), a.event.Seq)
		for _, r := range s.reversals(x) {
			events = append(events, r.req.Seq)
		}
		t.passed(good, events...)
	default:
		t.open(world.Say("no driver reported how %s ended, and it was not reversed: the wire does not show what the terminal made of %s",
			"没有驱动程序上报%s的结果，也没有冲正：仅凭报文无法判断终端如何处理%s", x.name(), what), append(x.seqs(), a.event.Seq)...)
	}
}

// judgeAccepted judges requests whose approving replies in time all have
// something wrong with them.
func (s *story) judgeAccepted(t *tally, wrong func(*transcript.Reading) bool, what, good world.Bilingual) {
	for _, x := range s.exchanges {
		if !x.online() {
			continue
		}
		i := slices.IndexFunc(x.replies, func(a arrival) bool { return wrong(&a.Reading) && x.when(&a) != late })
		if is, _ := s.answer(x); i < 0 || is != noReply {
			continue
		}
		s.judgeTaken(t, x, &x.replies[i], what, good)
	}
}
