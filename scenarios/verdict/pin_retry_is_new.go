package verdict

import (
	"fmt"
	"slices"

	"github.com/acqsim/acqsim/scenarios/world"
)

var pinRetryIsNew = Rule{
	Name:  "pin-retry-is-new",
	Fails: world.Bilingual{EN: "After 55 the terminal tries again under the same STAN, or more often than allowed.", ZH: "收到55后，终端以相同流水号重试，或重试次数超限。"},
	Why:   world.Bilingual{EN: "The host answers a repeat with the first result, and the card is blocked by too many tries.", ZH: "主机会把它当作重发并返回原结果；尝试过多还会锁卡。"},
	Needs: Wire,
	judge: judgePINRetryIsNew,
}

func judgePINRetryIsNew(s *story) finding {
	var t tally
	rounds := 0
	var before *exchange // that was refused for its PIN
	exceeded := false    // for the last time
	for _, x := range s.exchanges {
		if !x.online() {
			continue
		}
		retry := before != nil && before.req.Type == x.req.Type && differs(before.req, x.req) == "" && sameAction(before, x)
		if !retry {
			rounds = 0
		}
		rounds++
		switch {
		case retry && before.req.HasSTAN && x.req.STAN == before.req.STAN:
			t.failed(fmt.Sprintf("%s was refused with 55 and tried again under the same STAN; it should have had a new one, because the host takes it for a repeat", before.name()), append(before.seqs(), x.req.Seq)...)
		case retry && exceeded:
			t.failed(fmt.Sprintf("%s was refused because of too many wrong PINs, and tried again all the same; it should have ended there, because the card is blocked", before.name()), append(before.seqs(), x.req.Seq)...)
		case retry && rounds > s.p.PIN.Rounds:
			t.failed(fmt.Sprintf("%s was the %d. round of PIN entry; profile %s allows %d, so that the card is not blocked", x.name(), rounds, s.p.Name, s.p.PIN.Rounds), append(before.seqs(), x.req.Seq)...)
		case retry:
			t.passed("each further PIN entry came under a new STAN, and not too often", append(before.seqs(), x.req.Seq)...)
		}
		before, exceeded = nil, false
		if is, a := s.answer(x); is == answer {
			exceeded = x.action != nil && slices.Contains(triesExceeded, a.Code)
			if exceeded || slices.Contains(wrongPIN, a.Code) {
				before = x
			}
		}
	}
	return t.finding("no wrong PIN was tried again")
}

// wrongPIN are the codes for it, in ISO 8583:1987 and 1993.
var wrongPIN = []string{"55", "117"}

// triesExceeded are the codes for a card that is blocked by wrong PINs.
var triesExceeded = []string{"38", "75", "106"}

// sameAction reports whether two requests belong to one action, as far as
// anybody said.
func sameAction(a, b *exchange) bool {
	return a.action == b.action
}
