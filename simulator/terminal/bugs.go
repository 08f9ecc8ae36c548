package terminal

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
	Does  string // what the firmware does, in one sentence
	Right string // what it should do
	Rule  string // the rule that convicts it
}

// Bugs lists every bug, in a fixed order. The rules are those of the verdict.
func Bugs() []BugDoc {
	return []BugDoc{
		{BugForgetsReversal, "After a sale without an answer it keeps nothing to reverse.", "Keep the reversal, and send it.", "reversal-follows-no-answer"},
		{BugReversesOtherAmount, "Its reversal has another amount than its original.", "Repeat DE 4.", "reversal-names-its-original"},
		{BugReversesOther, "Its reversal names the STAN that follows its original's.", "Name the original.", "reversal-names-its-original"},
		{BugReversesDecline, "It reverses what the host has declined.", "Reverse only what may have been charged.", "no-reversal-after-decline"},
		{BugNextSaleFirst, "It sends the next sale before the pending reversal.", "Reverse first.", "reversal-blocks-next"},
		{BugAcceptsAnySTAN, "It does not compare the STAN of a reply.", "Compare DE 11.", "mismatch-not-accepted"},
		{BugAcceptsAnyAmount, "It does not compare the amount of a reply.", "Compare DE 4.", "mismatch-not-accepted"},
		{BugAcceptsMissingMAC, "It accepts an approval without a MAC.", "Demand the MAC.", "missing-mac-not-accepted"},
		{BugAcceptsWrongMAC, "It does not check the MAC of a reply.", "Check it.", "bad-mac-not-accepted"},
		{BugLateReplyApproves, "It goes on listening after its timeout, and takes what comes for an approval.", "A reply after the timeout is none.", "late-reply-ignored"},
		{BugTakesPreviousReply, "It takes whatever message comes next for the reply, such as one to the sale before.", "Match replies; clear the line.", "late-reply-ignored"},
		{BugReusesSTAN, "It does not count its STAN on.", "A new STAN for each request.", "stan-advances"},
		{BugForgetsAtPowerCut, "It has its reversals in memory only.", "Store them before sending.", "reversal-survives-restart"},
		{BugResendsSale, "Instead of reversing, it sends the sale again.", "Reverse.", "reversal-follows-no-answer"},
		{BugReconnectStorm, "It tries to connect ten times as often as it may, without a pause.", "Wait longer each time, and give up.", "reconnects-with-care"},
		{BugNeverRepeats, "It drops a reversal that got no answer.", "Repeat it.", "reversal-repeats"},
		{BugClearFallback, "When TLS fails it connects without.", "Send nothing.", "no-clear-fallback"},
		{BugIgnoresSignOn, "It does not sign on when it is told to.", "Sign on before the next transaction.", "signs-on-when-told"},
		{BugCountsUnanswered, "Its totals have sales in them that got no answer.", "Count approvals only.", "totals-agree"},
		{BugParsesTruncated, "It makes an approval of a reply that can't be read.", "Reverse.", "no-approval-without-reply"},
		{BugAsksPINForever, "It asks for a PIN more often than allowed.", "Three rounds at most.", "pin-retry-is-new"},
		{BugShowsConnectAsDecline, "It shows a failed connect as a decline.", "Say that there is no connection.", "connection-errors-are-not-declines"},
		{BugSkipsUpload, "It does not upload a batch that does not balance.", "Upload it.", "totals-agree"},
	}
}
