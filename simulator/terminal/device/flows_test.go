package device

import (
	"errors"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/acqsim/acqsim/scenarios/display"
	"github.com/acqsim/acqsim/scenarios/world"
	"github.com/acqsim/acqsim/simulator/terminal"
)

// TestASale shows every view of a sale, in both languages.
func TestASale(t *testing.T) {
	for name, change := range map[string]func(*Options){"sale-en": func(*Options) {}, "sale-zh": inChinese} {
		t.Run(name, func(t *testing.T) {
			s, book := atHost(t, "unionpay-pos", change)
			s.shot("menu")
			s.press("1")
			s.shot("1: sale")
			s.press(keyEnter, "12345", "backspace", "0")
			s.shot("amount 12.340, CLEAR, 0")
			s.press(keyEnter, "12")
			s.shot("two digits of a PIN")
			s.press("3456")
			s.do(keyEnter)
			s.shot("the end")
			s.press(keyEnter)
			s.shot("back at the menu")
			s.golden(name)
			assert.Equal(t, int64(12340), book.Terminal(pos).Totals.DebitAmount)
		})
	}
}

func TestTheLanguageChanges(t *testing.T) {
	s, _ := atHost(t, "iso87-ascii")
	assert.Contains(t, s.view(), "Choose a function")
	s.press("0")
	assert.Contains(t, s.view(), "请选择功能")
	s.do("8") // sign on
	assert.Contains(t, s.view(), "│ 签到")
	s.press(keyEnter, "0")
	assert.Contains(t, s.view(), "│ SIGN ON", "what is on the paper changes, too")
}

func TestAWrongPINIsAskedAgain(t *testing.T) {
	s, book := atHost(t, "unionpay-pos", inChinese)
	wanted := func() bool { return s.job != nil && s.job.again != nil }
	s.press("1", keyEnter, "1000", keyEnter, "111111", keyEnter)
	s.until(wanted)
	s.press("12")
	s.shot("the second PIN, begun")
	s.press(keyEnter)
	s.shot("two digits are none")
	s.do("123456", keyEnter)
	s.shot("right this time")
	s.golden("pin-again")
	assert.Equal(t, 1, book.Terminal(pos).Totals.DebitCount)

	s.press("1", keyEnter, "1000", keyEnter, "111111", keyEnter)
	s.until(wanted)
	s.do(keyCancel)
	assert.Equal(t, "55", s.shown.code)
	assert.Equal(t, 1, book.Terminal(pos).Totals.DebitCount)
}

// TestNoAnswer shows what a shop sees of 商户无应答, and what blocks it then.
func TestNoAnswer(t *testing.T) {
	c := config(t, "iso87-bcd", deaf(t))
	c.Profile.Timeouts.Response, c.Profile.Reversal.Repeats = 200*time.Millisecond, 0
	s := newCounter(t, c, inChinese)
	s.press("1", keyEnter, "1000", keyEnter)
	s.until(func() bool { return s.job.phase == terminal.AfterSend })
	for range 3 {
		s.take(secondMsg{s.job})
	}
	s.take(secondMsg{&job{}}) // of one before
	s.shot("waiting")
	s.until(s.over)
	s.shot("no answer")
	s.press(keyEnter)
	s.shot("a reversal is pending")
	s.do("6", keyEnter)
	s.shot("which blocks the next")
	s.press("9", keyEnter)
	s.shot("status")
	s.golden("no-answer")
	require.Len(t, s.t2().Pending, 1)
}

// t2 is the terminal's state.
func (s *counter) t2() *terminal.State { return s.Model.t.State() }

func TestADay(t *testing.T) {
	s, book := atHost(t, "iso87-bcd")
	s.do("1", keyEnter, "1000", keyEnter) // no PIN: no keys
	sale := s.t2().STAN
	s.do("2", digits(sale), keyEnter, keyEnter)
	assert.Equal(t, int64(0), s.t2().Totals.Sales.Amount, "it is void")
	s.do("1", keyEnter, "2000", keyEnter)
	sale = s.t2().STAN
	s.do("3", digits(sale), keyEnter, "500", keyEnter)
	assert.Equal(t, terminal.Sum{Count: 1, Amount: 500}, s.t2().Totals.Refunds)

	s.do("4", keyEnter, "9000", keyEnter)
	hold := s.t2().STAN
	s.press("5", digits(hold), keyEnter)
	assert.Contains(t, s.view(), "Amount (ENTER: 90.00)")
	s.do("8000", keyEnter)
	s.do("4", keyEnter, "700", keyEnter)
	s.do("5", digits(s.t2().STAN), keyEnter, keyEnter) // all of it
	assert.Equal(t, terminal.Sum{Count: 3, Amount: 2000 + 8000 + 700}, s.t2().Totals.Sales)

	s.do("6", keyEnter)
	assert.Contains(t, s.view(), "CNY")
	assert.Contains(t, s.view(), "Balance: 99")

	s.press("7")
	assert.Contains(t, s.view(), "Sales: 3, 107.00")
	s.do(keyEnter)
	assert.Contains(t, s.view(), "Balanced")
	assert.Equal(t, 0, book.Terminal(pos).Totals.DebitCount)

	// The card without money, and one that is keyed in.
	s.do("1", keyDown, keyEnter, "1000", keyEnter)
	assert.Equal(t, "51", s.shown.code)
	s.do("1", "6222021234567890", keyEnter, keyEnter, "1000", keyEnter)
	assert.True(t, s.shown.good, s.view())
	s.press("9")
	assert.Contains(t, s.view(), "STATUS")
}

// TestARefundOfAClosedBatch asks for what stands on the receipt.
func TestARefundOfAClosedBatch(t *testing.T) {
	s, book := atHost(t, "iso87-ascii")
	s.do("1", keyEnter, "2000", keyEnter)
	rec := s.t2().Transactions[0]
	s.do("7", keyEnter)
	s.press("3", digits(rec.STAN), keyEnter)
	for _, x := range []struct{ wrong, problem, right string }{
		{"", "on the receipt", "1"}, {"1332", "MMDD", "1123"}, {"12", "12 digits", rec.RRN},
	} {
		s.press(x.wrong, keyEnter)
		assert.Contains(t, s.view(), x.problem)
		s.press("backspace", "backspace", "backspace", "backspace", x.right, keyEnter)
	}
	s.press(keyEnter, keyEnter)
	assert.Contains(t, s.view(), "Key in an amount")
	s.do("500", keyEnter)
	assert.True(t, s.shown.good, s.view())
	assert.Equal(t, int64(500), book.Terminal(pos).Totals.CreditAmount)
}

func TestWhatIsKeyedInWrong(t *testing.T) {
	s, _ := atHost(t, "unionpay-pos")
	s.press("2", keyEnter)
	assert.Contains(t, s.view(), "It is on the receipt")
	s.press("77", keyEnter)
	assert.Contains(t, s.view(), "No such trace number")
	s.press(keyCancel)
	assert.Equal(t, idle, s.at)
	s.press("1", "62", keyEnter)
	assert.Contains(t, s.view(), "12 to 19 digits")
	s.take(tea.PasteMsg{Content: "22 0212 3456 7890\n"})
	assert.Contains(t, s.view(), "6222021234567890")
	s.press(keyEnter, "9913", keyEnter)
	assert.Contains(t, s.view(), "Year and month")
	s.press("backspace", "2", keyEnter, keyEnter)
	assert.Contains(t, s.view(), "Key in an amount")
	s.press("0000000000000000000")
	assert.Contains(t, s.view(), "0.00 CNY")
	s.press("99999999999999999")
	assert.Contains(t, s.view(), "9999999999.99 CNY", "12 digits and no more")
	s.press(keyEnter, "123", keyEnter)
	assert.Contains(t, s.view(), "4 to 12 digits")
	assert.NotContains(t, s.view(), "***", "and it begins anew")
	s.press(keyCancel)
	assert.Zero(t, s.t2().STAN, "nothing was sent")
}

// TestCancelWhileWaiting stops a transaction; what may have been charged is kept.
func TestCancelWhileWaiting(t *testing.T) {
	for _, key := range []string{keyCancel, keyQuit} {
		s := newCounter(t, config(t, "iso87-bcd", deaf(t)))
		s.press("1", keyEnter, "1000", keyEnter)
		s.until(func() bool { return s.job.phase == terminal.AfterSend })
		s.press("1", keyEnter) // not now
		s.do(key)
		assert.Contains(t, s.view(), "Cancelled")
		assert.Len(t, s.t2().Pending, 1)
		if key == keyQuit {
			s.until(func() bool { return s.quits })
		}
	}
}

func TestLeaving(t *testing.T) {
	s := newCounter(t, config(t, "iso87-bcd", deaf(t)))
	s.press(keyQuit)
	s.until(func() bool { return s.quits })
}

func TestNoConnection(t *testing.T) {
	c := config(t, "iso87-bcd", "127.0.0.1:1")
	s := newCounter(t, c, inChinese)
	s.do("1", keyEnter, "1000", keyEnter)
	assert.Contains(t, s.view(), "无法连接主机")
	assert.Contains(t, s.view(), "127.0.0.1:1", "for engineers")
}

// unwritable is a state that can't be stored.
type unwritable struct{ terminal.MemoryStore }

func (*unwritable) Save(*terminal.State) error { return errors.New("the disk is full") }

func TestAStateThatCannotBeStored(t *testing.T) {
	c := config(t, "iso87-bcd", deaf(t))
	c.Store = &unwritable{}
	s := newCounter(t, c)
	s.do("1", keyEnter, "1000", keyEnter)
	assert.Contains(t, s.view(), "Not possible")
	assert.Contains(t, s.view(), "the disk is full")
}

func TestASmallWindow(t *testing.T) {
	s := newCounter(t, config(t, "iso87-bcd", deaf(t)), inChinese)
	s.take(tea.WindowSizeMsg{Width: 60, Height: 20})
	assert.Contains(t, s.view(), "窗口太小（60 x 20），请放大到78 x 22。")
	s.take(tea.WindowSizeMsg{Width: leastWidth, Height: leastHeight})
	assert.Contains(t, s.view(), "请选择功能")
}

func TestThePaperScrolls(t *testing.T) {
	s, _ := atHost(t, "iso87-ascii")
	for range 3 {
		s.do("8")
	}
	last := s.view()
	assert.Contains(t, last, "Trace: 000003")
	assert.NotContains(t, last, "Trace: 000001")
	s.press(keyHome)
	assert.Contains(t, s.view(), "Trace: 000001")
	s.press(keyPageDn, keyPageDn, keyPageDn)
	assert.Equal(t, last, s.view())
	s.press(keyPageUp)
	assert.NotEqual(t, last, s.view())
	s.press(keyEnd)
	assert.Equal(t, last, s.view())
	for range mostReceipts {
		s.press("9")
	}
	assert.Len(t, s.paper, mostReceipts)
}

// TestEveryOutcomeFitsTheDisplay, with the code and in both languages.
func TestEveryOutcomeFitsTheDisplay(t *testing.T) {
	s := newCounter(t, config(t, "iso87-bcd", deaf(t)))
	s.function, s.at = functions()[0], ended
	for _, chinese := range []bool{false, true} {
		s.chinese = chinese
		for _, code := range display.ResponseCodes() {
			text := world.Bilingual{EN: code.Meaning.EN, ZH: code.Meaning.ZH}
			if code.Display != "" {
				text.ZH = code.Display
			}
			s.shown = outcome{text: text, code: code.Code}
			lines, _ := s.outcome()
			assert.LessOrEqual(t, len(lines), displayLines, "%v", lines)
			s.view()
		}
	}
}

// TestABigBatchFits shows all of its totals.
func TestABigBatchFits(t *testing.T) {
	c := config(t, "iso87-bcd", deaf(t))
	all := []terminal.Record{}
	for i := range uint32(500) {
		is := []world.TransactionType{world.Sale, world.Refund}[i%2]
		all = append(all, terminal.Record{Type: is, STAN: i + 1, Batch: 1, Amount: 99_999_99, Currency: world.CNY})
	}
	state := &terminal.State{Version: 1, Dialect: "iso87-bcd", Terminal: pos, Merchant: merchant, STAN: 500, Batch: 1, Transactions: all}
	state.Totals = terminal.SumsOfSide{Sales: terminal.Sum{Count: 250, Amount: 250 * 99_999_99}, Refunds: terminal.Sum{Count: 250, Amount: 250 * 99_999_99}}
	require.NoError(t, c.Store.Save(state))
	for _, change := range []func(*Options){func(*Options) {}, inChinese} {
		s := newCounter(t, c, change)
		s.shot("menu")
		s.press("7")
		s.shot("7: settle")
		s.press(keyCancel, "9")
		s.shot("9: status")
		s.golden("big-batch-" + map[bool]string{false: "en", true: "zh"}[s.chinese])
	}
}

func digits(stan uint32) string {
	b := []byte{}
	for ; stan > 0; stan /= 10 {
		b = append([]byte{byte('0' + stan%10)}, b...)
	}
	return string(b)
}
