package main

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/acqsim/acqsim/scenarios/display"
	"github.com/acqsim/acqsim/scenarios/transcript"
	"github.com/acqsim/acqsim/scenarios/world"
	"github.com/acqsim/acqsim/simulator/frame"
)

// words is a text in both languages, as JSON has it.
type words struct {
	EN string `json:"en"`
	ZH string `json:"zh,omitempty"`
}

// The languages of --lang.
const (
	langEN   = "en"
	langZH   = "zh"
	langBoth = "both"
)

var langs = []string{langEN, langZH, langBoth}

// in returns the text in a language, or in the other one if it has none.
func (w words) in(lang string) string {
	switch {
	case w.EN == w.ZH || w.ZH == "" || lang == langEN && w.EN != "":
		return w.EN
	case lang == langZH || w.EN == "":
		return w.ZH
	}
	return w.EN + " " + w.ZH
}

// mtiClasses are the second digit of an MTI (ISO 8583:1987 table 1; 9 is
// UnionPay's, for electronic signatures).
var mtiClasses = [10]words{
	1: {"authorisation", "授权"},
	2: {"financial", "金融"},
	3: {"file", "文件"},
	4: {"reversal", "冲正"},
	5: {"settlement", "对账"},
	6: {"administrative", "管理"},
	7: {"fee collection", "收费"},
	8: {"network management", "网络管理"},
	9: {"private", "专用"},
}

func isKnownMTI(mti uint16) bool { return mti <= 1999 && mtiClasses[mti/100%10].EN != "" }

// mtiWords says what an MTI stands for, such as "financial request".
func mtiWords(mti uint16) words {
	class := mtiClasses[mti/100%10]
	if !isKnownMTI(mti) {
		return words{"no message type that is known", "未知消息类型"}
	}
	var w words
	switch mti / 10 % 10 {
	case 0:
		w = words{class.EN + " request", class.ZH + "请求"}
	case 1:
		w = words{"reply to a " + class.EN + " request", class.ZH + "请求应答"}
	case 2:
		w = words{class.EN + " advice", class.ZH + "通知"}
	case 3:
		w = words{"reply to a " + class.EN + " advice", class.ZH + "通知应答"}
	case 4:
		w = words{class.EN + " notification", class.ZH + "告知"}
	default:
		w = words{class.EN + " message", class.ZH + "消息"}
	}
	if class.EN[0] == 'a' {
		w.EN = strings.Replace(w.EN, "to a ", "to an ", 1)
	}
	if mti%2 == 1 {
		w.EN, w.ZH = w.EN+", repeated", w.ZH+"（重发）"
	}
	if mti >= 1000 {
		w.EN, w.ZH = w.EN+", ISO 8583:1993", w.ZH+"，ISO 8583:1993"
	}
	return w
}

// isRequest reports whether an MTI is a request's or an advice's.
func isRequest(mti uint16) bool { return mti/10%2 == 0 }

func transactionWords(t world.TransactionType) words {
	if t == world.Unrecognised {
		return words{"no transaction that acqsim serves", "acqsim 不支持的交易"}
	}
	return words(t.Text())
}

// reversalReasons is DE 39 of a request to reverse: why the terminal reverses.
var reversalReasons = map[string]words{
	"06": {"reversed for another reason", "其他原因冲正"},
	"17": {"reversed because the customer cancelled", "持卡人取消"},
	"96": {"reversed because the terminal failed after the approval", "终端故障"},
	"98": {"reversed because there was no answer", "未收到应答"},
	"A0": {"reversed because the reply's MAC was wrong", "应答 MAC 错"},
}

// meaning explains the value of some fields; empty for most.
func meaning(n int, value string, mti uint16, currency world.Currency) words {
	switch n {
	case 4:
		amount, err := strconv.ParseInt(value, 10, 64)
		if err != nil {
			return words{}
		}
		if currency == 0 {
			return words{EN: world.FormatAmount(amount, currency)}
		}
		return words{EN: world.FormatAmount(amount, currency) + " " + currency.Alpha()}
	case 24:
		if mti >= 1000 {
			return functionWords[value]
		}
	case 39:
		if mti/100%10 == 4 && isRequest(mti) {
			return reversalReasons[value]
		}
		if c, ok := display.ResponseText(value); ok {
			return words(c.Meaning)
		}
	case 49:
		if c, err := world.ParseCurrency(value); err == nil && c.Alpha() != value {
			return words{EN: c.Alpha()}
		}
	}
	return words{}
}

// processingRequests is what a UnionPay host wants next.
var processingRequests = map[frame.ProcessingRequest]words{
	frame.NoRequest:          {"nothing", "无"},
	frame.DownloadParameters: {"download parameters", "下装参数"},
	frame.UploadStatus:       {"upload status", "上传状态"},
	frame.SignOnAgain:        {"sign on again", "重新签到"},
}

// headerWords reads UnionPay's header; of any other there is nothing to say.
func headerWords(b []byte) words {
	if len(b) != frame.UnionPayHeaderSize {
		return words{}
	}
	h, err := frame.ParseUnionPayHeader(b)
	if err != nil {
		return words{}
	}
	wants, ok := processingRequests[h.ProcessingRequest]
	if !ok {
		wants = words{fmt.Sprintf("request %d", h.ProcessingRequest), fmt.Sprintf("要求 %d", h.ProcessingRequest)}
	}
	return words{
		fmt.Sprintf("application %02d, software %02d, terminal status %d, terminal asked to do: %s, sub-version %06d",
			h.ApplicationClass, h.SoftwareVersion, h.TerminalStatus, wants.EN, h.SubVersion),
		fmt.Sprintf("应用类别 %02d，软件总版本号 %02d，终端状态 %d，处理要求：%s，软件分版本号 %06d",
			h.ApplicationClass, h.SoftwareVersion, h.TerminalStatus, wants.ZH, h.SubVersion),
	}
}

func tpduWords(b []byte) words {
	if len(b) != frame.TPDUSize {
		return words{}
	}
	return words{
		fmt.Sprintf("to %X, from %X", b[1:3], b[3:5]),
		fmt.Sprintf("目的地址 %X，源地址 %X", b[1:3], b[3:5]),
	}
}

// secretWords says what was hidden.
var secretWords = map[string]words{
	"pan":       {"card number", "卡号"},
	"track":     {"track", "磁道"},
	"pin-block": {"PIN block", "密码块"},
	"key":       {"key", "密钥"},
}

func secretName(s transcript.Secret) words {
	if w, ok := secretWords[s.Kind]; ok {
		return w
	}
	return words{EN: s.Kind}
}
