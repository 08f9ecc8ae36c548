package main

import (
	"strings"

	"github.com/acqsim/acqsim/scenarios/world"
	"github.com/acqsim/acqsim/simulator/terminal"
)

// terminalResult prints what was sent, what the terminal shows, its receipt, and
// slips that were printed before it.
func (a *app) terminalResult(f *terminalFlags, r *terminal.Result, slips []terminal.Receipt) error {
	for _, x := range r.Exchanges {
		is := sayIn(x.Request.Type.Text(), f.lang)
		a.say("%s%s", is+gap(is, 13), sayIn(exchanged(x), f.lang))
	}
	in, last := terminal.Receipt.English, strings.ReplaceAll(r.Outcome.String(), "-", " ")+": "+r.Display().EN
	if f.lang == langZH {
		in, last = terminal.Receipt.Chinese, "结果："+r.Display().ZH
	}
	text := in(r.Receipt)
	for _, slip := range slips {
		if t := in(slip); t != text {
			a.say("\n%s", t)
		}
	}
	a.say("\n%s\n%s", text, last)
	if r.Why.EN != "" {
		a.say("%s", sayIn(r.Why, f.lang))
	}
	return ending(exitOf(r.Outcome))
}

// exchanged is what came of a request, in a line.
func exchanged(x *terminal.Exchange) world.Bilingual {
	line := world.Bilingual{EN: x.Outcome.String(), ZH: x.Outcome.Display().ZH}
	if x.Code != "" {
		line = world.Say("%s %s", "%s %s", line, x.Code)
	}
	if x.Why.EN != "" {
		line = world.Say("%s: %s", "%s：%s", line, x.Why)
	}
	if x.Second != nil {
		line = world.Say("%s; chip: ARPC %s, %s", "%s；芯片：ARPC %s，%s", line, x.Chip.Text(), x.Second)
	}
	return line
}

// terminalStatus prints what the terminal remembers.
func (a *app) terminalStatus(s *terminal.State, f *terminalFlags) error {
	say := func(en, zh string, args ...any) { a.say("%s", sayIn(world.Say(en, zh, args...), f.lang)) }
	if s == nil {
		say("%s: there is no state yet", "%s：尚无状态", f.state)
		return nil
	}
	say("terminal %s of merchant %s, %s", "终端 %s，商户 %s，%s", s.Terminal, s.Merchant, s.Dialect)
	say("batch %06d, last STAN %06d, %s", "批次 %06d，最近流水号 %06d，%s", s.Batch, s.STAN, s.Totals.Text(world.CNY))
	if s.SignOn {
		say("a sign-on is due", "须先签到")
	}
	if s.Settling != nil {
		say("a settlement is not finished", "有未完成的结算")
	}
	for _, p := range s.Pending {
		say("to be reversed: %s", "待冲正：%s", p.Text())
	}
	for _, v := range s.Advices {
		say("to be advised: %s", "待上送：%s", v.Text())
	}
	for _, t := range s.Transactions {
		if t.Undone {
			say("  %s, undone", "  %s（已撤销）", t.Text())
			continue
		}
		say("  %s", "  %s", t.Text())
	}
	return nil
}
