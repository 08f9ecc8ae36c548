package device

import (
	"strconv"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/acqsim/acqsim/scenarios/transcript"
	"github.com/acqsim/acqsim/scenarios/world"
	"github.com/acqsim/acqsim/simulator/terminal"
)

// question is something that the display asks for.
type question uint8

const (
	askCard     question = iota // one at hand, or the first digit of another
	askNumber                   // the rest of its number
	askExpiry                   // as printed on the card, the year first
	askAmount                   // digits shift in from the right
	askPIN                      // shown as asterisks
	askOriginal                 // its trace number
	askBatch                    // of an original that is in no batch here
	askDay                      // the same
	askRRN                      // the same
	askConfirm
)

// The lengths of what is keyed in.
const (
	longestPIN  = 12
	shortestPIN = 4
	longestPAN  = 19
	shortestPAN = 12
	sixDigits   = 6
	rrnDigits   = 12
	fourDigits  = 4

	longestAmount = 12 // DE 4
)

// longest is how many digits an answer can have.
func (q question) longest() int {
	switch q {
	case askNumber:
		return longestPAN
	case askExpiry, askDay:
		return fourDigits
	case askAmount:
		return longestAmount
	case askPIN:
		return longestPIN
	case askOriginal, askBatch:
		return sixDigits
	case askRRN:
		return rrnDigits
	}
	return 0
}

// answer takes a key of an answer.
func (m *Model) answer(key string) tea.Cmd {
	q := m.asks[0]
	switch {
	case key == keyCancel:
		m.rest()
	case q == askCard:
		return m.pick(key)
	case key == keyEnter:
		return m.enter(q)
	case q == askAmount && m.typed == "" && key == "0":
		// A leading zero is none.
	default:
		m.edit(key, q.longest())
	}
	return nil
}

// pick chooses a card at hand; a digit begins the number of another.
func (m *Model) pick(key string) tea.Cmd {
	switch {
	case key == keyUp:
		m.chosen = max(m.chosen-1, 0)
	case key == keyDown:
		m.chosen = min(m.chosen+1, len(m.o.Cards)-1)
	case key == keyEnter && len(m.o.Cards) > 0:
		m.draft.Card = m.o.Cards[m.chosen].Card
		m.asks = m.asks[1:]
		return m.next(nil)
	case isDigit(key):
		m.asks = m.asks[1:]
		cmd := m.next([]question{askNumber, askExpiry})
		m.typed = key
		return cmd
	}
	return nil
}

// enter ends an answer.
func (m *Model) enter(q question) tea.Cmd {
	more, problem := m.accept(q)
	if problem.EN != "" {
		m.problem = problem
		if q == askPIN {
			m.typed = ""
		}
		return nil
	}
	m.asks = m.asks[1:]
	return m.next(more)
}

// accept checks an answer and puts it into the transaction. What it brings up
// is asked next.
func (m *Model) accept(q question) (more []question, problem world.Bilingual) {
	typed, d := m.typed, &m.draft
	number, _ := strconv.ParseInt(orZero(typed), 10, 64) // of 12 digits at most, where it is one
	switch q {
	case askNumber:
		if len(typed) < shortestPAN {
			return nil, world.Bilingual{EN: "12 to 19 digits", ZH: "卡号为12至19位"}
		}
		d.Card = terminal.Card{PAN: typed}
		for _, c := range m.o.Cards {
			if c.Card.PAN == typed {
				d.Card.Expiry = c.Card.Expiry
			}
		}
	case askExpiry:
		if typed == "" {
			break // as at hand, or none
		}
		if _, err := time.Parse("0601", typed); err != nil {
			return nil, world.Bilingual{EN: "Year and month: YYMM", ZH: "请按年月输入（YYMM）"}
		}
		d.Card.Expiry = typed
	case askAmount:
		if number == 0 && d.Of != 0 && d.Batch == 0 {
			break // that of the original
		}
		if number == 0 {
			return nil, world.Bilingual{EN: "Key in an amount", ZH: "请输入金额"}
		}
		d.Amount = number
	case askPIN:
		if problem := checkPIN(typed); problem.EN != "" {
			return nil, problem
		}
		d.Card.PIN = typed
	case askOriginal:
		return m.acceptOriginal(uint32(number)) //nolint:gosec // 6 digits
	case askBatch:
		if number == 0 {
			return nil, world.Bilingual{EN: "6 digits, on the receipt", ZH: "请输入签购单上的批次号"}
		}
		d.Batch = uint32(number) //nolint:gosec // 6 digits
	case askDay:
		day, err := time.Parse("0102", typed)
		if err != nil {
			return nil, world.Bilingual{EN: "Month and day: MMDD", ZH: "请按月日输入（MMDD）"}
		}
		d.On = day
	case askRRN:
		if len(typed) != rrnDigits {
			return nil, world.Bilingual{EN: "12 digits, on the receipt", ZH: "请输入12位参考号"}
		}
		d.RRN = typed
	}
	return more, problem
}

// acceptOriginal finds the transaction that this one is about. A refund may be
// of one that is in no batch here any more; the rest is then on the receipt.
func (m *Model) acceptOriginal(stan uint32) (more []question, problem world.Bilingual) {
	if stan == 0 {
		return nil, world.Bilingual{EN: "It is on the receipt", ZH: "请输入签购单上的凭证号"}
	}
	m.draft.Of = stan
	if m.original() != nil {
		return nil, problem
	}
	if m.draft.Type != world.Refund {
		m.draft.Of = 0
		return nil, world.Bilingual{EN: "No such trace number", ZH: "无此凭证号"}
	}
	return []question{askBatch, askDay, askRRN, askCard}, problem
}

// original is the transaction that this one is about; nil: it is not in the
// batch.
func (m *Model) original() *terminal.Record {
	all := m.t.State().Transactions
	for i := len(all) - 1; i >= 0; i-- {
		if all[i].STAN == m.draft.Of {
			return &all[i]
		}
	}
	return nil
}

// checkPIN says what is wrong with a PIN. An empty one is none: the holder signs.
func checkPIN(typed string) world.Bilingual {
	if typed != "" && len(typed) < shortestPIN {
		return world.Bilingual{EN: "4 to 12 digits", ZH: "密码为4至12位"}
	}
	return world.Bilingual{}
}

// prompt is what the display asks.
func (m *Model) prompt() world.Bilingual {
	switch m.asks[0] {
	case askNumber:
		return world.Bilingual{EN: "Card number", ZH: "卡号"}
	case askExpiry:
		return world.Bilingual{EN: "Expiry (YYMM), or ENTER", ZH: "有效期（YYMM），或按确认"}
	case askAmount:
		if o := m.original(); o != nil && m.draft.Batch == 0 {
			all := world.FormatAmount(o.Amount, o.Currency)
			return world.Bilingual{EN: "Amount (ENTER: " + all + ")", ZH: "金额（确认：" + all + "）"}
		}
		return world.Bilingual{EN: "Amount", ZH: "金额"}
	case askPIN:
		return world.Bilingual{EN: "PIN, or ENTER without", ZH: "请输入密码，无密码按确认"}
	case askOriginal:
		return world.Bilingual{EN: "Trace number", ZH: "原凭证号"}
	case askBatch:
		return world.Bilingual{EN: "Its batch number", ZH: "原批次号"}
	case askDay:
		return world.Bilingual{EN: "Its day (MMDD)", ZH: "原交易日期（MMDD）"}
	case askRRN:
		return world.Bilingual{EN: "Its reference number", ZH: "原参考号"}
	}
	return world.Bilingual{EN: "ENTER: go on   CANCEL: stop", ZH: "确认：继续  取消：退出"}
}

// answered is what the display shows of the answer so far.
func (m *Model) answered() string {
	switch m.asks[0] {
	case askAmount:
		n, _ := strconv.ParseInt(orZero(m.typed), 10, 64) // 12 digits at most
		return world.FormatAmount(n, m.currency()) + " " + m.currency().Alpha()
	case askPIN:
		return strings.Repeat("*", len(m.typed))
	}
	return m.typed
}

// about is what a confirmation is about.
func (m *Model) about() []string {
	if o := m.original(); o != nil {
		amount := world.FormatAmount(o.Amount, o.Currency) + " " + o.Currency.Alpha()
		return []string{m.in(terminal.Title(o.Type)) + " " + amount, transcript.MaskPAN(o.PAN)}
	}
	return m.totals()
}

func orZero(s string) string {
	if s == "" {
		return "0"
	}
	return s
}
