package main

import (
	"fmt"
	"strings"

	"github.com/acqsim/acqsim/scenarios/world"
	"github.com/acqsim/acqsim/simulator/terminal"
)

// terminalResult prints what the terminal shows, its receipt, and slips that
// were printed before it.
func (a *app) terminalResult(f *terminalFlags, r *terminal.Result, slips []terminal.Receipt) error {
	for _, x := range r.Exchanges {
		line := fmt.Sprintf("%-12s %s", x.Request.Type, x.Outcome)
		if x.Code != "" {
			line += " " + x.Code
		}
		if x.Why != "" {
			line += ": " + x.Why
		}
		if x.Second != nil {
			line += fmt.Sprintf("; chip: ARPC %s, %s", x.Chip, x.Second)
		}
		a.say("%s", line)
	}
	in, display := terminal.Receipt.English, r.Display().EN
	if f.lang == langZH {
		in, display = terminal.Receipt.Chinese, r.Display().ZH
	}
	text := in(r.Receipt)
	for _, slip := range slips {
		if t := in(slip); t != text {
			a.say("\n%s", t)
		}
	}
	a.say("\n%s\n%s: %s", text, strings.ReplaceAll(r.Outcome.String(), "-", " "), display)
	if r.Why != "" {
		a.say("%s", r.Why)
	}
	return ending(exitOf(r.Outcome))
}

// terminalStatus prints what the terminal remembers.
func (a *app) terminalStatus(s *terminal.State, f *terminalFlags) error {
	if s == nil {
		a.say("%s: there is no state yet", f.state)
		return nil
	}
	a.say("terminal %s of merchant %s, %s", s.Terminal, s.Merchant, s.Dialect)
	a.say("batch %06d, last STAN %06d, %s", s.Batch, s.STAN, s.Totals.Text(world.CNY).EN)
	if s.SignOn {
		a.say("a sign-on is due")
	}
	if s.Settling != nil {
		a.say("a settlement is not finished")
	}
	for _, p := range s.Pending {
		a.say("to be reversed: %s", p.Record)
	}
	for _, v := range s.Advices {
		a.say("to be advised: %s", v.Record)
	}
	for _, t := range s.Transactions {
		undone := ""
		if t.Undone {
			undone = ", undone"
		}
		a.say("  %s%s", t, undone)
	}
	return nil
}
