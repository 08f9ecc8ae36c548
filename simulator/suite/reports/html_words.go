package reports

import (
	"fmt"
	"strings"

	"github.com/acqsim/acqsim/scenarios"
	"github.com/acqsim/acqsim/scenarios/display"
	"github.com/acqsim/acqsim/scenarios/verdict"
	"github.com/acqsim/acqsim/scenarios/world"
	"github.com/acqsim/acqsim/simulator/suite"
)

// text is a text in both languages.
type text = world.Bilingual

// same is a text that needs no translation.
func same(s string) text { return text{EN: s, ZH: s} }

// say makes a text of a format for each language.
func say(en, zh string, args ...any) text {
	return text{EN: fmt.Sprintf(en, args...), ZH: fmt.Sprintf(zh, args...)}
}

// join puts texts behind one another.
func join(between text, all ...text) (t text) {
	for i, x := range all {
		if i > 0 {
			t.EN, t.ZH = t.EN+between.EN, t.ZH+between.ZH
		}
		t.EN, t.ZH = t.EN+x.EN, t.ZH+x.ZH
	}
	return t
}

var comma = text{EN: ", ", ZH: "、"}

var statusTexts = map[suite.Status]text{
	suite.Passed:  {EN: "passed", ZH: "通过"},
	suite.Failed:  {EN: "failed", ZH: "不通过"},
	suite.Errored: {EN: "error", ZH: "出错"},
	suite.Skipped: {EN: "skipped", ZH: "跳过"},
}

var verdictTexts = map[scenarios.Verdict]text{
	scenarios.Pass:          {EN: "pass", ZH: "符合"},
	scenarios.Fail:          {EN: "fail", ZH: "违反"},
	scenarios.NotApplicable: {EN: "not applicable", ZH: "不适用"},
}

var kindTexts = map[verdict.Kind]text{
	verdict.ChargedNotDelivered: {EN: "charged, but not delivered", ZH: "已扣款，未交付"},
	verdict.DeliveredNotCharged: {EN: "delivered, but not charged", ZH: "已交付，未扣款"},
}

var byTexts = map[verdict.By]text{
	verdict.ByTerminal: {EN: "the terminal", ZH: "终端"},
	verdict.ByProfile:  {EN: "the profile: correct firmware of this kind does so", ZH: "终端规范（此类终端的正确行为）"},
	verdict.ByLine:     {EN: "the line", ZH: "线路"},
	verdict.ByHost:     {EN: "the host", ZH: "主机"},
	verdict.ByPending:  {EN: "nobody: the run ended before the terminal had to act", ZH: "无（运行结束时终端尚未到处理时限）"},
}

var stateTexts = map[scenarios.TxnState]text{
	"absent": {EN: "absent", ZH: "不存在"}, "declined": {EN: "declined", ZH: "被拒绝"}, "posted": {EN: "posted", ZH: "已记账"},
	"voided": {EN: "voided", ZH: "已撤销"}, "reversed": {EN: "reversed", ZH: "已冲正"}, "no-money": {EN: "without money", ZH: "不涉及资金"},
}

var messageTexts = map[scenarios.Message]text{
	"request": {EN: "request", ZH: "请求"}, "reply": {EN: "reply", ZH: "应答"},
	"reversal": {EN: "reversal", ZH: "冲正请求"}, "reversal-reply": {EN: "reply to the reversal", ZH: "冲正应答"},
}

// typeTexts are the transactions in the words of UnionPay terminals.
var typeTexts = map[world.TransactionType]string{
	world.Unrecognised: "无法识别的报文",
	world.Inquiry:      "余额查询", world.Sale: "消费", world.Void: "消费撤销", world.Refund: "退货", world.Reversal: "冲正",
	world.SignOn: "签到", world.SignOff: "签退", world.Echo: "回响测试", world.ESignature: "电子签名",
	world.PreAuth: "预授权", world.PreAuthVoid: "预授权撤销", world.Completion: "预授权完成（请求）",
	world.CompletionVoid: "预授权完成撤销", world.CompletionAdvice: "预授权完成（通知）",
	world.Cash: "取现", world.CashBack: "消费返现", world.OfflineSale: "离线结算", world.Adjustment: "结算调整", world.Tip: "追加小费",
	world.Settlement: "批结算", world.SettlementEnd: "批结算结束", world.BatchUpload: "批上送", world.BatchEnd: "批上送结束",
	world.ScriptResult: "脚本通知", world.StatusUpload: "状态上送", world.ParameterDownload: "参数下载", world.ParameterEnd: "参数下载结束",
}

func typeText(t world.TransactionType) text { return text{EN: t.String(), ZH: typeTexts[t]} }

// actionTexts are the actions that are no transactions.
var actionTexts = map[string]text{
	"power_cut": {EN: "power cut", ZH: "断电"},
	"restart":   {EN: "restart", ZH: "重启"},
	"press":     {EN: "a key is pressed", ZH: "按键"},
}

// actionText calls an action by its name in files.
func actionText(name string) text {
	if t, ok := actionTexts[name]; ok {
		return t
	}
	if t, ok := scenarios.ActionType(name); ok {
		return typeText(t)
	}
	return same(name)
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
		t := say("action %d ends with: ", "操作 %d 的结果：", e.Outcome.Action)
		t = join(text{}, t, join(text{EN: " or ", ZH: "或"}, all...))
		if e.Outcome.Code != "" {
			t = join(text{}, t, say(" (code %s)", "（应答码 %s）", e.Outcome.Code))
		}
		return t
	case e.Rule != nil:
		return join(text{EN: ": ", ZH: "："}, say("rule %s", "规则 %s", e.Rule.Name), verdictTexts[e.Rule.Is])
	case e.Field != nil:
		return join(text{}, say("action %d: ", "操作 %d：", e.Field.Action), messageTexts[e.Field.Message],
			say(", field %d ", "的域 %d ", e.Field.Number), fieldTest(&e.Field.Is))
	case e.Ledger != nil && e.Ledger.Action != 0:
		return join(text{}, say("in the books, action %d is ", "账务中操作 %d ", e.Ledger.Action), stateTexts[e.Ledger.State])
	case e.Ledger != nil:
		return account(e.Ledger)
	}
	var all []text
	for _, x := range e.Sequence {
		if x.MTI != "" {
			all = append(all, same(x.MTI))
		} else {
			all = append(all, typeText(x.Type))
		}
	}
	return join(text{}, text{EN: "requests in this order: ", ZH: "请求顺序："}, join(same(" → "), all...))
}

func account(l *scenarios.LedgerExpected) text {
	parts := []text{}
	if l.Balance != nil {
		parts = append(parts, say("%s booked", "余额 %s", *l.Balance))
	}
	if l.Held != nil {
		parts = append(parts, say("%s held", "冻结 %s", *l.Held))
	}
	if l.Moved != "" {
		parts = append(parts, say("moved by %s", "变动 %s", l.Moved))
	}
	return join(text{}, say("account %s: ", "账户 %s：", l.Account), join(comma, parts...))
}

func fieldTest(f *scenarios.FieldTest) text {
	switch {
	case f.Absent != nil && *f.Absent:
		return text{EN: "is absent", ZH: "不出现"}
	case f.Absent != nil:
		return text{EN: "is there", ZH: "出现"}
	case f.Prefix != nil:
		return say("begins with %q", "以 %q 开头", *f.Prefix)
	case f.Regex != nil:
		return say("matches %s", "匹配 %s", *f.Regex)
	case f.Equals != nil:
		return say("is %q", "为 %q", *f.Equals)
	}
	return text{}
}

// visible replaces characters that can't be seen, or would steer a screen.
func visible(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' && r != '\n' && r != '\t' || r >= 0x7f && r < 0xa0 {
			return '\uFFFD'
		}
		return r
	}, s)
}
