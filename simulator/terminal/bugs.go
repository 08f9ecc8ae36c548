package terminal

import "github.com/acqsim/acqsim/scenarios/world"

// Bug is a known bug of terminal firmware that a [Terminal] can have.
type Bug string

// The bugs. [Bugs] says what each does.
const (
	BugForgetsReversal       Bug = "forgets-reversal"
	BugReversesOtherAmount   Bug = "reverses-other-amount"
	BugReversesOther         Bug = "reverses-other-transaction"
	BugReversesDecline       Bug = "reverses-after-decline"
	BugNextSaleFirst         Bug = "next-sale-first"
	BugAcceptsAnySTAN        Bug = "accepts-any-stan"
	BugAcceptsAnyAmount      Bug = "accepts-any-amount"
	BugAcceptsMissingMAC     Bug = "accepts-missing-mac"
	BugAcceptsWrongMAC       Bug = "accepts-wrong-mac"
	BugLateReplyApproves     Bug = "late-reply-approves"
	BugTakesPreviousReply    Bug = "takes-previous-reply"
	BugReusesSTAN            Bug = "reuses-stan"
	BugForgetsAtPowerCut     Bug = "forgets-at-power-cut"
	BugResendsSale           Bug = "resends-sale"
	BugReconnectStorm        Bug = "reconnect-storm"
	BugNeverRepeats          Bug = "never-repeats-reversal"
	BugClearFallback         Bug = "falls-back-to-clear"
	BugIgnoresSignOn         Bug = "ignores-sign-on-demand"
	BugCountsUnanswered      Bug = "counts-unanswered"
	BugParsesTruncated       Bug = "parses-truncated"
	BugAsksPINForever        Bug = "asks-pin-forever"
	BugShowsConnectAsDecline Bug = "shows-connect-failure-as-decline"
	BugSkipsUpload           Bug = "skips-upload"
)

// BugDoc says what a bug is.
type BugDoc struct {
	Bug   Bug
	Does  world.Bilingual // what the firmware does, in one sentence
	Right string          // what it should do
	Rule  string          // the rule that convicts it
}

// Bugs lists every bug, in a fixed order. The rules are those of the verdict.
func Bugs() []BugDoc {
	return []BugDoc{
		{BugForgetsReversal, world.Bilingual{EN: "After a sale without an answer it keeps nothing to reverse.", ZH: "消费没有得到应答后，不保留待冲正交易。"}, "Keep the reversal, and send it.", "reversal-follows-no-answer"},
		{BugReversesOtherAmount, world.Bilingual{EN: "Its reversal has another amount than its original.", ZH: "冲正的金额与原交易不同。"}, "Repeat DE 4.", "reversal-names-its-original"},
		{BugReversesOther, world.Bilingual{EN: "Its reversal names the STAN that follows its original's.", ZH: "冲正所指的流水号是原交易的下一个。"}, "Name the original.", "reversal-names-its-original"},
		{BugReversesDecline, world.Bilingual{EN: "It reverses what the host has declined.", ZH: "对主机已拒绝的交易也做冲正。"}, "Reverse only what may have been charged.", "no-reversal-after-decline"},
		{BugNextSaleFirst, world.Bilingual{EN: "It sends the next sale before the pending reversal.", ZH: "先发下一笔消费，后发待冲正交易。"}, "Reverse first.", "reversal-blocks-next"},
		{BugAcceptsAnySTAN, world.Bilingual{EN: "It does not compare the STAN of a reply.", ZH: "不比对应答的流水号。"}, "Compare DE 11.", "mismatch-not-accepted"},
		{BugAcceptsAnyAmount, world.Bilingual{EN: "It does not compare the amount of a reply.", ZH: "不比对应答的金额。"}, "Compare DE 4.", "mismatch-not-accepted"},
		{BugAcceptsMissingMAC, world.Bilingual{EN: "It accepts an approval without a MAC.", ZH: "接受没有 MAC 的批准应答。"}, "Demand the MAC.", "missing-mac-not-accepted"},
		{BugAcceptsWrongMAC, world.Bilingual{EN: "It does not check the MAC of a reply.", ZH: "不校验应答的 MAC。"}, "Check it.", "bad-mac-not-accepted"},
		{BugLateReplyApproves, world.Bilingual{EN: "It goes on listening after its timeout, and takes what comes for an approval.", ZH: "超时之后继续监听，并把此时收到的应答当作批准。"}, "A reply after the timeout is none.", "late-reply-ignored"},
		{BugTakesPreviousReply, world.Bilingual{EN: "It takes whatever message comes next for the reply, such as one to the sale before.", ZH: "把下一个收到的报文当作应答，哪怕是上一笔消费的。"}, "Match replies; clear the line.", "late-reply-ignored"},
		{BugReusesSTAN, world.Bilingual{EN: "It does not count its STAN on.", ZH: "流水号不递增。"}, "A new STAN for each request.", "stan-advances"},
		{BugForgetsAtPowerCut, world.Bilingual{EN: "It has its reversals in memory only.", ZH: "待冲正交易只存放在内存中。"}, "Store them before sending.", "reversal-survives-restart"},
		{BugResendsSale, world.Bilingual{EN: "Instead of reversing, it sends the sale again.", ZH: "不冲正，而是重发消费。"}, "Reverse.", "reversal-follows-no-answer"},
		{BugReconnectStorm, world.Bilingual{EN: "It tries to connect ten times as often as it may, without a pause.", ZH: "重连次数是允许的十倍，且没有间隔。"}, "Wait longer each time, and give up.", "reconnects-with-care"},
		{BugNeverRepeats, world.Bilingual{EN: "It drops a reversal that got no answer.", ZH: "冲正没有得到应答后即丢弃。"}, "Repeat it.", "reversal-repeats"},
		{BugClearFallback, world.Bilingual{EN: "When TLS fails it connects without.", ZH: "TLS 失败后改用不加密的连接。"}, "Send nothing.", "no-clear-fallback"},
		{BugIgnoresSignOn, world.Bilingual{EN: "It does not sign on when it is told to.", ZH: "被要求签到时不签到。"}, "Sign on before the next transaction.", "signs-on-when-told"},
		{BugCountsUnanswered, world.Bilingual{EN: "Its totals have sales in them that got no answer.", ZH: "没有得到应答的消费也计入总额。"}, "Count approvals only.", "totals-agree"},
		{BugParsesTruncated, world.Bilingual{EN: "It makes an approval of a reply that can't be read.", ZH: "把无法解析的应答当作批准。"}, "Reverse.", "no-approval-without-reply"},
		{BugAsksPINForever, world.Bilingual{EN: "It asks for a PIN more often than allowed.", ZH: "要求输入密码的次数超过允许。"}, "Three rounds at most.", "pin-retry-is-new"},
		{BugShowsConnectAsDecline, world.Bilingual{EN: "It shows a failed connect as a decline.", ZH: "把连接失败显示为交易被拒绝。"}, "Say that there is no connection.", "connection-errors-are-not-declines"},
		{BugSkipsUpload, world.Bilingual{EN: "It does not upload a batch that does not balance.", ZH: "对账不平时不上送批明细。"}, "Upload it.", "totals-agree"},
	}
}
