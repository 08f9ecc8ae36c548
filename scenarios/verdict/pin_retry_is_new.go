package verdict

import (
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
			t.failed(world.Say("%s was refused with 55 and tried again under the same STAN; it should have had a new one, because the host takes it for a repeat",
				"%s被拒绝（55）后以相同流水号重试；应使用新的流水号，否则主机会当作重发", before.name()), append(before.seqs(), x.req.Seq)...)
		case retry && exceeded:
			t.failed(world.Say("%s was refused because of too many wrong PINs, and tried again all the same; it should have ended there, because the card is blocked",
				"%s因密码错误次数过多被拒绝，却仍然重试；应就此结束，因为卡已被锁定", before.name()), append(before.seqs(), x.req.Seq)...)
		case retry && rounds > s.p.PIN.Rounds:
			t.failed(world.Say("%s was the %d. round of PIN entry; profile %s allows %d, so that the card is not blocked",
				"%s是第 %d 轮密码输入；终端规范 %s 只允许 %d 轮，以免卡被锁定", x.name(), rounds, s.p.Name, s.p.PIN.Rounds), append(before.seqs(), x.req.Seq)...)
		case retry:
			t.passed(world.Say("each further PIN entry came under a new STAN, and not too often", "每次重新输入密码都使用新流水号，且次数未超限"), append(before.seqs(), x.req.Seq)...)
		}
		before, exceeded = nil, false
		if is, a := s.answer(x); is == answer {
			exceeded = x.action != nil && slices.Contains(triesExceeded, a.Code)
			if exceeded || slices.Contains(wrongPIN, a.Code) {
				before = x
			}
		}
	}
	return t.finding(world.Say("no wrong PIN was tried again", "没有在密码错误后重试"))
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
