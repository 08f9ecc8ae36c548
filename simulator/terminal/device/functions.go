package device

import (
	"fmt"

	tea "charm.land/bubbletea/v2"

	"github.com/acqsim/acqsim/scenarios/world"
	"github.com/acqsim/acqsim/simulator/terminal"
)

// function is an entry of the menu.
type function struct {
	key  string
	name world.Bilingual
	is   world.TransactionType
	asks []question
}

// functions are the menu, by their keys.
func functions() []*function {
	return []*function{
		{"1", world.Bilingual{EN: "Sale", ZH: "消费"}, world.Sale, []question{askCard, askAmount, askPIN}},
		{"2", world.Bilingual{EN: "Void", ZH: "消费撤销"}, world.Void, []question{askOriginal, askConfirm}},
		{"3", world.Bilingual{EN: "Refund", ZH: "退货"}, world.Refund, []question{askOriginal, askAmount}},
		{"4", world.Bilingual{EN: "Pre-auth", ZH: "预授权"}, world.PreAuth, []question{askCard, askAmount, askPIN}},
		{"5", world.Bilingual{EN: "Completion", ZH: "预授权完成"}, world.Completion, []question{askOriginal, askAmount}},
		{"6", world.Bilingual{EN: "Inquiry", ZH: "余额查询"}, world.Inquiry, []question{askCard, askPIN}},
		{"7", world.Bilingual{EN: "Settle", ZH: "结算"}, world.Settlement, []question{askConfirm}},
		{"8", world.Bilingual{EN: "Sign on", ZH: "签到"}, world.SignOn, nil},
		{"9", world.Bilingual{EN: "Status", ZH: "状态查询"}, world.Unrecognised, nil},
		{"0", world.Bilingual{EN: "中文", ZH: "English"}, world.Unrecognised, nil},
	}
}

// choose begins a function.
func (m *Model) choose(key string) tea.Cmd {
	for _, f := range functions() {
		if f.key != key {
			continue
		}
		switch key {
		case "0":
			m.chinese = !m.chinese
			return nil
		case "9":
			m.tear(m.status())
			return nil
		}
		m.function, m.draft, m.detail = f, terminal.Transaction{Type: f.is}, world.Bilingual{}
		m.asks = f.asks
		return m.next(nil)
	}
	return nil
}

// next asks what is left to be asked, after the questions that came up; with
// none left the transaction is made.
func (m *Model) next(more []question) tea.Cmd {
	m.asks = append(more[:len(more):len(more)], m.asks...)
	if len(m.asks) > 0 && m.asks[0] == askPIN && !m.t.TakesPIN() {
		m.asks = m.asks[1:]
	}
	m.typed, m.problem = "", world.Bilingual{}
	if len(m.asks) > 0 {
		m.at = asking
		return nil
	}
	return m.start()
}

// status is a slip of what the terminal remembers.
func (m *Model) status() (r terminal.Receipt) {
	s, c := m.t.State(), m.currency()
	add := func(en, zh string) { r.Lines = append(r.Lines, world.Bilingual{EN: en, ZH: zh}) }
	add("STATUS", "状态")
	add("Merchant: "+s.Merchant, "商户号："+s.Merchant)
	add("Terminal: "+s.Terminal, "终端号："+s.Terminal)
	add(fmt.Sprintf("Batch: %06d", s.Batch), fmt.Sprintf("批次号：%06d", s.Batch))
	add(fmt.Sprintf("Last trace: %06d", s.STAN), fmt.Sprintf("最后凭证号：%06d", s.STAN))
	text := s.Totals.Text(c)
	add(text.EN, text.ZH)
	if s.SignOn {
		add("A sign-on is due", "需要签到")
	}
	if s.Settling != nil {
		add("A settlement is not finished", "结算未完成")
	}
	list := func(en, zh string, rec terminal.Record) {
		name := terminal.Title(rec.Type)
		add(en+line(rec, name.EN), zh+line(rec, name.ZH))
	}
	for _, p := range s.Pending {
		list("To be reversed: ", "待冲正：", p.Record)
	}
	for _, v := range s.Advices {
		list("To be advised: ", "待上送：", v.Record)
	}
	for _, rec := range s.Transactions {
		if rec.Undone {
			list("Undone: ", "已撤销：", rec)
			continue
		}
		list("", "", rec)
	}
	return r
}

// line is a transaction on one line of a slip.
func line(r terminal.Record, name string) string {
	return fmt.Sprintf("%06d %s %s", r.STAN, name, world.FormatAmount(r.Amount, r.Currency))
}

// currency is the terminal's.
func (m *Model) currency() world.Currency {
	if c := m.o.Terminal.Currency; c != 0 {
		return c
	}
	return world.CNY
}
