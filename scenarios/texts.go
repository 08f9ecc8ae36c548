package scenarios

import "github.com/acqsim/acqsim/scenarios/world"

// Text says the verdict for people.
func (v Verdict) Text() world.Bilingual { return world.Bilingual{EN: string(v), ZH: verdictTexts[v]} }

var verdictTexts = map[Verdict]string{Pass: "符合", Fail: "违反", NotApplicable: "不适用"}

// Text says the state for people.
func (s TxnState) Text() world.Bilingual { return world.Bilingual{EN: string(s), ZH: stateTexts[s]} }

var stateTexts = map[TxnState]string{
	"absent": "不存在", "declined": "被拒绝", "posted": "已记账", "voided": "已撤销", "reversed": "已冲正", "no-money": "不涉及资金",
}

// Text says for people which message it is.
func (m Message) Text() world.Bilingual { return world.Bilingual{EN: string(m), ZH: messageTexts[m]} }

var messageTexts = map[Message]string{"request": "请求", "reply": "应答", "reversal": "冲正请求", "reversal-reply": "冲正应答"}
