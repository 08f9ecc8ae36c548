package scenarios

import (
	"github.com/acqsim/acqsim/scenarios/display"
	"github.com/acqsim/acqsim/scenarios/schema"
	"github.com/acqsim/acqsim/scenarios/strictyaml"
	"github.com/acqsim/acqsim/scenarios/world"
)

// Word is one word of a closed list, with what it says to people.
type Word struct {
	Name string
	Text world.Bilingual
}

// Layer is where a cause sits.
type Layer string

// Symptom is what the person at the terminal meets.
type Symptom string

// Step is a human step that finds a cause.
type Step string

// Need is something that not every terminal and dialect have.
type Need string

// The needs.
const (
	NeedKeys  Need = "keys"  // working keys: a sign-on brings them, or they are DUKPT's
	NeedPlain Need = "plain" // a line without TLS: with it, the handshake fails before anything else can
)

var needWords = []string{string(NeedKeys), string(NeedPlain)}

// UnmarshalNode reads a need.
func (d *Need) UnmarshalNode(n strictyaml.Node) error { return choose(d, n, "need", needWords) }

// JSONSchema lists the needs.
func (Need) JSONSchema() schema.Object { return schema.Enum(needWords) }

// Rule names of verdicts, outcomes and the words below are what scenarios may
// use, and nothing else.
var (
	layerWords = []Word{
		{"site", world.Bilingual{EN: "the shop", ZH: "商户现场"}},
		{"connection", world.Bilingual{EN: "the connection", ZH: "网络连接"}},
		{"request", world.Bilingual{EN: "the request on its way", ZH: "请求途中"}},
		{"reply", world.Bilingual{EN: "the reply on its way", ZH: "应答途中"}},
		{"message", world.Bilingual{EN: "what the message says", ZH: "报文内容"}},
		{"host", world.Bilingual{EN: "the host and its data", ZH: "主机与商户数据"}},
	}
	symptomWords = []Word{
		{"cannot-connect", world.Bilingual{EN: "no connection to the host", ZH: "无法连接主机"}},
		{"no-answer", world.Bilingual{EN: "no answer from the host", ZH: "商户无应答"}},
		{"garbled", world.Bilingual{EN: "a reply that cannot be used: unreadable, not authentic, or for something else", ZH: "应答无法使用（无法解析、校验错或不匹配）"}},
		{"declined", world.Bilingual{EN: "a decline", ZH: "交易被拒绝"}},
		{"slow", world.Bilingual{EN: "an answer, but after a long wait", ZH: "应答缓慢"}},
		{"none", world.Bilingual{EN: "nothing: the harm, if any, shows later", ZH: "当时无异常，隐患在后"}},
	}
	stepWords = []Word{
		{"check-hardware", world.Bilingual{EN: "check power, cables, SIM and aerial", ZH: "检查电源、网线、SIM卡和天线"}},
		{"restart", world.Bilingual{EN: "restart the terminal and wait a minute", ZH: "重启终端并等待一分钟"}},
		{"update-software", world.Bilingual{EN: "update software and certificates", ZH: "更新软件和证书"}},
		{"isolate-network", world.Bilingual{EN: "try another network", ZH: "更换网络（Wi-Fi/4G/备用线路）排查"}},
		{"check-parameters", world.Bilingual{EN: "compare address, port and TPDU with the parameter sheet", ZH: "核对主机地址、端口和TPDU参数"}},
		{"echo-test", world.Bilingual{EN: "run the line test", ZH: "做回响（线路）测试"}},
		{"sign-on", world.Bilingual{EN: "sign on again", ZH: "重新签到"}},
		{"reload-keys", world.Bilingual{EN: "have the keys loaded anew", ZH: "重新灌装密钥"}},
		{"find-second-device", world.Bilingual{EN: "look for a second device with the same terminal ID", ZH: "查找占用同一终端号的其他设备"}},
		{"check-category", world.Bilingual{EN: "check that the right transaction was chosen", ZH: "确认选择了正确的交易类型"}},
		{"check-trading-hours", world.Bilingual{EN: "check the trading hours agreed with the acquirer", ZH: "核对收单协议的营业时间"}},
		{"verify-account", world.Bilingual{EN: "have the acquirer check merchant and account", ZH: "请收单机构核实商户与账户状态"}},
		{"check-transaction", world.Bilingual{EN: "ask what became of the transaction, before it is done again", ZH: "重做前先查询原交易状态"}},
		{"try-other-card", world.Bilingual{EN: "try another card", ZH: "换卡重试"}},
		{"retry-later", world.Bilingual{EN: "wait ten minutes and try again", ZH: "等待十分钟后重试"}},
		{"settle", world.Bilingual{EN: "settle the batch", ZH: "做批结算"}},
		{"call-support", world.Bilingual{EN: "call the acquirer's support", ZH: "致电收单机构客服"}},
	}
)

// Layers lists the layers, from the shop to the host.
func Layers() []Word { return layerWords }

// Symptoms lists the symptoms.
func Symptoms() []Word { return symptomWords }

// Steps lists the human steps.
func Steps() []Word { return stepWords }

// verdictRules are the terminal rules that an expectation can name.
var verdictRules = []string{
	"no-approval-without-reply", "approved-is-honoured", "reversal-follows-no-answer", "reversal-blocks-next",
	"reversal-names-its-original", "reversal-repeats", "reversal-survives-restart", "no-reversal-after-decline",
	"late-reply-ignored", "mismatch-not-accepted", "bad-mac-not-accepted", "missing-mac-not-accepted",
	"duplicate-reply-harmless", "one-in-flight", "stan-advances", "reconnects-with-care",
	"connection-errors-are-not-declines", "no-clear-fallback", "signs-on-when-told", "pin-retry-is-new",
	"totals-agree", "no-secret-in-clear", "money-is-safe",
}

// VerdictRules lists the terminal rules that an expectation can name.
func VerdictRules() []string { return append([]string(nil), verdictRules...) }

// Text returns what the layer is called for people.
func (l Layer) Text() world.Bilingual { return textOf(string(l), layerWords) }

// Text returns what the symptom is called for people.
func (s Symptom) Text() world.Bilingual { return textOf(string(s), symptomWords) }

// Text returns what the step says to people.
func (s Step) Text() world.Bilingual { return textOf(string(s), stepWords) }

func textOf(name string, words []Word) world.Bilingual {
	for _, w := range words {
		if w.Name == name {
			return w.Text
		}
	}
	return world.Bilingual{}
}

func namesOf(words []Word) []string {
	all := make([]string, len(words))
	for i, w := range words {
		all[i] = w.Name
	}
	return all
}

func choose[E ~string](to *E, n strictyaml.Node, what string, words []string) error {
	word, err := n.Choose(what, words)
	if err == nil {
		*to = E(word)
	}
	return err
}

// UnmarshalNode reads a layer.
func (l *Layer) UnmarshalNode(n strictyaml.Node) error {
	return choose(l, n, "layer", namesOf(layerWords))
}

// JSONSchema lists the layers.
func (Layer) JSONSchema() schema.Object { return schema.Enum(namesOf(layerWords)) }

// UnmarshalNode reads a symptom.
func (s *Symptom) UnmarshalNode(n strictyaml.Node) error {
	return choose(s, n, "symptom", namesOf(symptomWords))
}

// JSONSchema lists the symptoms.
func (Symptom) JSONSchema() schema.Object { return schema.Enum(namesOf(symptomWords)) }

// UnmarshalNode reads a step.
func (s *Step) UnmarshalNode(n strictyaml.Node) error {
	return choose(s, n, "human step", namesOf(stepWords))
}

// JSONSchema lists the steps.
func (Step) JSONSchema() schema.Object { return schema.Enum(namesOf(stepWords)) }

// Outcomes is one outcome at the terminal, or several of which each will do.
type Outcomes []display.Outcome

// UnmarshalNode reads one outcome or a list.
func (o *Outcomes) UnmarshalNode(n strictyaml.Node) error {
	var names Some[outcomeWord]
	err := names.UnmarshalNode(n)
	*o = nil
	for _, w := range names {
		*o = append(*o, display.Outcome(w))
	}
	return err
}

// JSONSchema lists the outcomes.
func (Outcomes) JSONSchema() schema.Object {
	return Some[outcomeWord]{}.JSONSchema()
}

// outcomeWord reads an outcome with a suggestion for a misspelt one.
type outcomeWord display.Outcome

func (o *outcomeWord) UnmarshalNode(n strictyaml.Node) error {
	word, err := n.Choose("outcome at a terminal", display.OutcomeNames())
	if err != nil {
		return err
	}
	parsed, err := display.ParseOutcome(word)
	*o = outcomeWord(parsed)
	return err
}

func (outcomeWord) JSONSchema() schema.Object { return schema.Enum(display.OutcomeNames()) }
