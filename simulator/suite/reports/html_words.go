package reports

import (
	"fmt"
	"strings"

	"github.com/acqsim/acqsim/scenarios"
	"github.com/acqsim/acqsim/scenarios/display"
	"github.com/acqsim/acqsim/scenarios/transcript"
	"github.com/acqsim/acqsim/scenarios/world"
)

// text is a text in both languages.
type text = world.Bilingual

var comma = text{EN: ", ", ZH: "、"}

// macTexts are how MACs are found.
var macTexts = map[transcript.MACResult]string{
	transcript.MACOK: "正确", transcript.MACIsWrong: "错误", transcript.MACAbsent: "缺少",
}

// shownText is an outcome at the terminal.
func shownText(o display.Outcome) text { return o.Display() }

// money is an amount with its currency.
func money(minor int64, c world.Currency) string {
	if c == 0 {
		return fmt.Sprint(minor)
	}
	return world.FormatAmount(minor, c) + " " + c.Alpha()
}

// expected puts what a scenario expects into words.
func expected(e *scenarios.Expect) text {
	switch {
	case e.Outcome != nil:
		var all []text
		for _, o := range e.Outcome.Is {
			all = append(all, shownText(o))
		}
		t := world.Say("action %d ends with: ", "操作 %d 的结果：", e.Outcome.Action)
		t = world.Join(text{}, t, world.Join(text{EN: " or ", ZH: "或"}, all...))
		if e.Outcome.Code != "" {
			t = world.Join(text{}, t, world.Say(" (code %s)", "（应答码 %s）", e.Outcome.Code))
		}
		return t
	case e.Rule != nil:
		return world.Join(text{EN: ": ", ZH: "："}, world.Say("rule %s", "规则 %s", e.Rule.Name), e.Rule.Is.Text())
	case e.Field != nil:
		return world.Join(text{}, world.Say("action %d: ", "操作 %d：", e.Field.Action), e.Field.Message.Text(),
			world.Say(", field %d ", "的域 %d ", e.Field.Number), fieldTest(&e.Field.Is))
	case e.Ledger != nil && e.Ledger.Action != 0:
		return world.Join(text{}, world.Say("in the books, action %d is ", "账务中操作 %d ", e.Ledger.Action), e.Ledger.State.Text())
	case e.Ledger != nil:
		return account(e.Ledger)
	}
	var all []text
	for _, x := range e.Sequence {
		if x.MTI != "" {
			all = append(all, world.Same(x.MTI))
		} else {
			all = append(all, x.Type.Text())
		}
	}
	return world.Join(text{}, text{EN: "requests in this order: ", ZH: "请求顺序："}, world.Join(world.Same(" → "), all...))
}

func account(l *scenarios.LedgerExpected) text {
	parts := []text{}
	if l.Balance != nil {
		parts = append(parts, world.Say("%s booked", "余额 %s", *l.Balance))
	}
	if l.Held != nil {
		parts = append(parts, world.Say("%s held", "冻结 %s", *l.Held))
	}
	if l.Moved != "" {
		parts = append(parts, world.Say("moved by %s", "变动 %s", l.Moved))
	}
	return world.Join(text{}, world.Say("account %s: ", "账户 %s：", l.Account), world.Join(comma, parts...))
}

func fieldTest(f *scenarios.FieldTest) text {
	switch {
	case f.Absent != nil && *f.Absent:
		return text{EN: "is absent", ZH: "不出现"}
	case f.Absent != nil:
		return text{EN: "is there", ZH: "出现"}
	case f.Prefix != nil:
		return world.Say("begins with %q", "以 %q 开头", *f.Prefix)
	case f.Regex != nil:
		return world.Say("matches %s", "匹配 %s", *f.Regex)
	case f.Equals != nil:
		return world.Say("is %q", "为 %q", *f.Equals)
	}
	return text{}
}

// visibleIn is visible for both languages.
func visibleIn(t text) text { return text{EN: visible(t.EN), ZH: visible(t.ZH)} }

// visible replaces characters that can't be seen, or would steer a screen.
func visible(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' && r != '\n' && r != '\t' || r >= 0x7f && r < 0xa0 {
			return '\uFFFD'
		}
		return r
	}, s)
}
