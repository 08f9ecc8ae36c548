package suite

import (
	"fmt"
	"strings"

	"github.com/acqsim/acqsim/scenarios/display"
	"github.com/acqsim/acqsim/scenarios/transcript"
	"github.com/acqsim/acqsim/scenarios/world"
)

// meanings are those of the outcomes, in Chinese.
var meanings = map[display.Outcome]string{
	display.Approved:        "收到有效、匹配的批准应答",
	display.Declined:        "收到有效、匹配的拒绝应答；显示的是应答码的文字",
	display.NoAnswer:        "请求已发出，超时前没有收到有效应答",
	display.CannotConnect:   "在连接时限内没有连上、被拒绝，或TLS握手失败",
	display.SendFailed:      "发送过程中连接断开",
	display.Garbled:         "收到无法解析的报文",
	display.MACError:        "应答的MAC错误，或应有而没有",
	display.Mismatch:        "应答属于另一笔请求、另一台终端或另一金额",
	display.CardDeclined:    "主机已批准，卡片拒绝",
	display.ReversalPending: "有未完成的冲正，本笔交易不能做",
	display.Cancelled:       "操作员取消",
	display.NotPossible:     "终端自己拒绝：无电、批次满、须先签到等",
}

// tasks are what a person is asked to do.
var tasks = map[string]world.Bilingual{
	"inquiry":           {EN: "ask for the balance of a card", ZH: "余额查询"},
	"sale":              {EN: "make a sale", ZH: "消费"},
	"void":              {EN: "void a sale", ZH: "消费撤销"},
	"refund":            {EN: "make a refund", ZH: "退货"},
	"pre_auth":          {EN: "make a pre-authorisation", ZH: "预授权"},
	"pre_auth_void":     {EN: "void a pre-authorisation", ZH: "预授权撤销"},
	"completion":        {EN: "complete a pre-authorisation", ZH: "预授权完成（请求）"},
	"completion_void":   {EN: "void a completion", ZH: "预授权完成撤销"},
	"completion_advice": {EN: "complete a pre-authorisation by advice", ZH: "预授权完成（通知）"},
	"cash":              {EN: "pay out cash", ZH: "取现"},
	"cash_back":         {EN: "make a sale with cash back", ZH: "消费返现"},
	"offline_sale":      {EN: "enter an offline sale", ZH: "离线结算"},
	"adjustment":        {EN: "adjust a sale", ZH: "结算调整"},
	"tip":               {EN: "add a tip to a sale", ZH: "追加小费"},
	"sign_on":           {EN: "sign on", ZH: "签到"},
	"sign_off":          {EN: "sign off", ZH: "签退"},
	"echo":              {EN: "test the line (echo)", ZH: "线路测试（回响）"},
	"settle":            {EN: "settle the batch", ZH: "结算"},
	"status":            {EN: "send the terminal's status", ZH: "状态上送"},
	"download":          {EN: "download parameters", ZH: "参数下载"},
	"signature":         {EN: "send the signature", ZH: "电子签名上送"},
}

// what is a transaction in a phrase, with its amount.
func (s *manualSession) what(a *Action) string {
	t, known := tasks[a.Do]
	if !known {
		t = world.Bilingual{EN: a.Do, ZH: a.Do}
	}
	text := s.in(t.EN, t.ZH)
	if a.Text != "" {
		text += s.in(" of ", " ") + a.Text
	}
	if a.Cash > 0 {
		cur := world.Currency(a.Currency) //nolint:gosec // ISO 4217
		cash := world.FormatAmount(a.Cash, cur) + " " + cur.String()
		text += s.in(", "+cash+" of it in cash", "（其中返现 "+cash+"）")
	}
	return text
}

var (
	entries = map[string]world.Bilingual{
		"swiped": {EN: "swiped", ZH: "刷卡"},
		"chip":   {EN: "inserted (chip)", ZH: "插卡（芯片）"},
		"typed":  {EN: "keyed in", ZH: "手输卡号"},
	}
	afters = map[string]world.Bilingual{
		"card-declines": {EN: "with a card that refuses after the host has approved", ZH: "使用在主机批准后拒绝交易的卡"},
		"printer-fails": {EN: "with the paper taken out of the printer", ZH: "事先取出打印纸"},
		"card-removed":  {EN: "and take the card out as soon as the host has approved", ZH: "主机批准后立即拔卡"},
	}
	points = map[string]world.Bilingual{
		"before-connect": {EN: "before it connects", ZH: "在它建立连接之前"},
		"before-send":    {EN: "when it has connected, before it sends", ZH: "在连接之后、发送之前"},
		"after-send":     {EN: "right after it has sent", ZH: "在刚刚发送之后"},
		"after-reply":    {EN: "right after the reply has come", ZH: "在刚刚收到应答之后"},
	}
)

// with is what else a transaction takes: original, card, PIN.
func (s *manualSession) with(a *Action) string {
	var parts []string
	add := func(en, zh string) { parts = append(parts, s.in(en, zh)) }
	if a.Original != 0 {
		was := s.done[a.Original]
		if was != "" {
			was = s.in(" ("+was+")", "（"+was+"）")
		}
		add(fmt.Sprintf("the one of action %d%s", a.Original, was), fmt.Sprintf("针对第%d步%s", a.Original, was))
	}
	if a.Card != "" {
		number := grouped(transcript.MaskPAN(s.hello.Cards[a.Card].PAN))
		add(fmt.Sprintf("with the card %s (%s)", a.Card, number), fmt.Sprintf("使用卡 %s（%s）", a.Card, number))
		if e, known := entries[a.Entry]; known {
			add(e.EN, e.ZH)
		}
		switch {
		case a.PINAgain != "":
			add("PIN "+a.PIN+" if it asks for one, and "+a.PINAgain+" each time that it asks again",
				"如要求输入密码，请输入 "+a.PIN+"；再次要求时每次都输入 "+a.PINAgain)
		case a.PIN != "":
			add("PIN "+a.PIN+" if it asks for one", "如要求输入密码，请输入 "+a.PIN)
		case a.PINGiven:
			add("without a PIN", "不输入密码")
		}
	}
	if x, known := afters[a.After]; known {
		add(x.EN, x.ZH)
	}
	if len(parts) == 0 {
		return s.in(".", "。")
	}
	return s.in(", ", "，") + strings.Join(parts, s.in(", ", "，")) + s.in(".", "。")
}

// handling is what to do with the terminal itself.
func (s *manualSession) handling(a *Action) string {
	point, within := points[a.At]
	switch a.Do {
	case "power_cut":
		if within {
			return s.in("take its power away "+point.EN+": plug and battery.", point.ZH+"断电（拔掉电源并取下电池）。")
		}
		return s.in("take its power away now: plug and battery.", "现在断电（拔掉电源并取下电池）。")
	case "restart":
		return s.in("switch it off and on again, and wait until it is ready.", "关机后重新开机，等待其就绪。")
	case "press":
		if within {
			return s.in(fmt.Sprintf("press the key %s %s.", a.Key, point.EN), fmt.Sprintf("%s按 %s 键。", point.ZH, keys[a.Key]))
		}
		return s.in(fmt.Sprintf("press the key %s now.", a.Key), fmt.Sprintf("现在按 %s 键。", keys[a.Key]))
	}
	return a.Do
}

// keys are keys of a terminal, in Chinese.
var keys = map[string]string{"cancel": "取消", "clear": "清除", "enter": "确认"}

// where is how the terminal is to be set up.
func (s *manualSession) where() string {
	h := s.hello
	en := fmt.Sprintf("Set terminal %s of merchant %s to the host %s, with messages in %s", h.Terminal, h.Merchant, h.Host, h.Dialect)
	zh := fmt.Sprintf("请把终端 %s（商户 %s）的主机地址设为 %s，报文为 %s", h.Terminal, h.Merchant, h.Host, h.Dialect)
	if h.TLS != nil {
		en += ", over TLS"
		zh += "，使用TLS"
	}
	en, zh = en+".", zh+"。"
	if len(h.others) > 0 {
		en += " This machine has other addresses, too: " + strings.Join(h.others, ", ") + "."
		zh += "本机的其他地址：" + strings.Join(h.others, "、") + "。"
	}
	return s.in(en, zh)
}

// grouped is a card number in groups of four.
func grouped(pan string) string {
	var b strings.Builder
	for i, c := range pan {
		if i > 0 && i%4 == 0 {
			b.WriteByte(' ')
		}
		b.WriteRune(c)
	}
	return b.String()
}
