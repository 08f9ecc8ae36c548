package verdict

import (
	"slices"
	"strings"

	"github.com/acqsim/acqsim/scenarios/transcript"
	"github.com/acqsim/acqsim/scenarios/world"
)

var reversalNamesItsOriginal = Rule{
	Name: "reversal-names-its-original",
	Fails: world.Bilingual{EN: "A reversal's processing code, amount, card, terminal, merchant, reference or reason does not fit its original.",
		ZH: "冲正的处理码、金额、卡号、终端号、商户号、原交易信息或原因码与原交易不符。"},
	Why:   world.Bilingual{EN: "The host can't find the original, or gives back another amount.", ZH: "主机找不到原交易，或退回了错误的金额。"},
	Needs: Either,
	judge: judgeReversalNamesItsOriginal,
}

func judgeReversalNamesItsOriginal(s *story) finding {
	var t tally
	for _, r := range s.exchanges {
		if !r.isReversal() {
			continue
		}
		x := r.of
		if x == nil {
			s.judgeStranger(&t, r)
			continue
		}
		if what := differs(r.req, x.req); what != "" {
			t.failed(world.Say("%s has another %s than %s; it should have been the same, because the host reverses what it is told",
				"%s的%s与%s不同；本应相同，因为主机按收到的内容冲正", r.name(), element(what), x.name()), x.req.Seq, r.req.Seq)
			continue
		}
		if want, wrong := s.wrongReason(x, r); wrong {
			t.failed(world.Say("%s gives reason %q for %s; it should have been %s, because the reason tells the host what happened",
				"%s以原因码 %q 冲正%s；应为 %s，因为原因码告诉主机发生了什么", r.name(), r.req.Refers.Reason, x.name(), want), append(x.seqs(), r.req.Seq)...)
			continue
		}
		t.passed(world.Say("each reversal names its original", "每个冲正都与其原交易相符"), x.req.Seq, r.req.Seq)
	}
	return t.finding(world.Say("nothing was reversed", "没有冲正"))
}

// judgeStranger judges a reversal whose original was never seen: by what the
// terminal was told to do.
func (s *story) judgeStranger(t *tally, r *exchange) {
	for _, a := range slices.Backward(s.actions) {
		if a.act == nil || a.report == nil || a.act.Seq > r.req.Seq || a.main != nil || !s.p.Reverses(a.act.Type) {
			continue
		}
		// One that is under way is reversed at once, or waits for the reversal of
		// another before it.
		if a.report.Seq > r.req.Seq && a.act.Amount != r.req.Amount {
			continue
		}
		if a.act.Amount != 0 && a.act.Amount != r.req.Amount {
			t.failed(world.Say("%s follows action %d, whose request never arrived, but has another amount than its %s; it should have been the same",
				"%s在操作 %d 之后（其请求从未到达），但金额与其 %s 不同；本应相同", r.name(), a.number, money(a.act.Amount, r.req.Currency)), a.act.Seq, r.req.Seq)
			return
		}
		t.passed(world.Say("each reversal names its original", "每个冲正都与其原交易相符"), a.act.Seq, r.req.Seq)
		return
	}
	for _, x := range s.exchanges {
		if x.req.Seq < r.req.Seq && s.owes(x) == aReversal && len(s.reversals(x)) == 0 {
			t.failed(world.Say("%s names no request of this terminal; it should have named %s, because the host can't find an original otherwise",
				"%s没有指明本终端的任何请求；应指明%s，否则主机找不到原交易", r.name(), x.name()), x.req.Seq, r.req.Seq)
			return
		}
	}
	t.open(world.Say("the original of %s never arrived, and no driver reported what it was",
		"%s的原交易从未到达，也没有驱动程序上报其内容", r.name()), r.req.Seq)
}

// differs names what a reversal has otherwise than its original; "": nothing.
func differs(r, x *transcript.Event) string {
	switch {
	case r.Amount != x.Amount:
		return "amount"
	case r.Processing != x.Processing:
		return "processing code"
	case r.Terminal != x.Terminal:
		return "terminal"
	case r.Merchant != x.Merchant:
		return "merchant"
	case r.Card != 0 && x.Card != 0 && r.Card != x.Card:
		return "card"
	}
	return ""
}

// wrongReason reports whether a reversal's reason is none of those that fit.
// What carries none, as in many dialects, says nothing wrong; a profile without
// a code for one of them leaves the reason open.
func (s *story) wrongReason(x, r *exchange) (want world.Bilingual, wrong bool) {
	reasons := &s.p.Reversal.Reasons
	got := r.req.Refers.Reason
	var fit []string
	switch is, _ := s.answer(x); {
	case got == "" || is == doubtful:
		return world.Bilingual{}, false
	case is == answer:
		fit = []string{reasons.TerminalFailure, reasons.CardDeclined, reasons.Other}
		if s.disturbed(x) {
			fit = append(fit, reasons.MAC)
		}
	default:
		fit = []string{reasons.NoAnswer}
		for i := range x.replies {
			a := &x.replies[i]
			if !a.Unreadable && a.MAC != transcript.MACOK && a.MAC != transcript.MACUnchecked {
				fit = append(fit, reasons.MAC)
			}
			if a.Unreadable || !s.matches(&a.Reading) {
				fit = append(fit, reasons.Other)
			}
		}
	}
	if slices.Contains(fit, "") {
		return world.Bilingual{}, false
	}
	if len(got) == 4 {
		for i, code := range fit {
			fit[i] = reason1993(code)
		}
		if slices.Contains(fit, timeout1993) {
			fit = append(fit, late1993)
		}
	}
	if slices.Contains(fit, got) {
		return world.Bilingual{}, false
	}
	fit = slices.Compact(fit)
	return world.Bilingual{EN: strings.Join(fit, or.EN), ZH: strings.Join(fit, or.ZH)}, true
}

// Message reasons of reversals in ISO 8583:1993 (DE 25).
const (
	late1993    = "4006" // response received too late
	timeout1993 = "4021" // timeout waiting for response
)

// reason1993 is the message reason of ISO 8583:1993 for one that ISO 8583:1987
// dialects have in DE 39; what has no counterpart is unspecified.
func reason1993(code string) string {
	switch code {
	case "17":
		return "4000" // customer cancellation
	case "96":
		return "4002" // suspected malfunction
	case "A0":
		return "4020" // invalid response
	case "98":
		return timeout1993
	}
	return "4001"
}
