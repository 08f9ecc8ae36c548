package verdict

import (
	"fmt"
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
		s.judgeTaken(&t, x, &x.replies[i], "a reply that came after its timeout",
			"no late reply was taken for an approval")
	}
	return t.finding("no approval came late")
}

// judgeTaken judges whether a message that must not count was taken for an
// approval: of its own request, or of the next one.
func (s *story) judgeTaken(t *tally, x *exchange, a *arrival, what, good string) {
	if x.shown() == display.Approved {
		t.failed(fmt.Sprintf("%s was shown as approved on %s; it should have been refused, because nobody knows whether it was paid", x.name(), what), append(x.seqs(), a.event.Seq)...)
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
			t.failed(fmt.Sprintf("%s was shown as approved on %s to %s; a reply counts only for its own request", y.name(), what, x.name()), append(y.seqs(), a.event.Seq)...)
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
		t.open(fmt.Sprintf("no driver reported how %s ended, and it was not reversed: the wire does not show what the terminal made of %s", x.name(), what), append(x.seqs(), a.event.Seq)...)
	}
}

// judgeAccepted judges requests whose approving replies in time all have
// something wrong with them.
func (s *story) judgeAccepted(t *tally, wrong func(*transcript.Reading) bool, what, good string) {
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
