package verdict

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/acqsim/acqsim/scenarios"
	"github.com/acqsim/acqsim/scenarios/display"
	"github.com/acqsim/acqsim/scenarios/transcript"
	"github.com/acqsim/acqsim/scenarios/world"
)

// Expectation is the verdict on one thing that a scenario expects.
type Expectation struct {
	Number  int               `json:"number"` // in the scenario's list, from 1
	Verdict scenarios.Verdict `json:"verdict"`
	Events  []uint64          `json:"events,omitempty"`
	Why     world.Bilingual   `json:"why"`

	rule string
}

// expect judges what the scenario expects.
func (r *Report) expect(in *Input, stories []*story) {
	if in.Scenario == nil {
		return
	}
	for i := range in.Scenario.Expect {
		e := &in.Scenario.Expect[i]
		x := Expectation{Number: i + 1}
		var f finding
		switch {
		case e.Rule != nil:
			x.rule = e.Rule.Name
			f = r.expectRule(e.Rule)
		case e.Outcome != nil:
			f = expectOutcome(in, e.Outcome, stories)
		case e.Field != nil:
			f = expectField(in, e.Field, stories)
		case e.Ledger != nil && e.Ledger.Action != 0:
			f = expectState(e.Ledger, stories)
		case e.Ledger != nil:
			f = expectAccount(in, e.Ledger)
		default:
			f = expectSequence(e.Sequence, stories)
		}
		x.Verdict, x.Events, x.Why = f.is, f.events, f.why
		r.Expect = append(r.Expect, x)
	}
}

func pass(why world.Bilingual, events ...uint64) finding {
	return finding{scenarios.Pass, order(events), why}
}

func fail(why world.Bilingual, events ...uint64) finding {
	return finding{scenarios.Fail, order(events), why}
}

func notApplicable(why world.Bilingual, events ...uint64) finding {
	return finding{scenarios.NotApplicable, order(events), why}
}

func (r *Report) expectRule(e *scenarios.RuleExpected) finding {
	i := slices.IndexFunc(r.Rules, func(x Result) bool { return x.Rule == e.Name })
	if i < 0 {
		return fail(world.Say("there is no rule %s", "没有名为 %s 的规则", e.Name))
	}
	x := &r.Rules[i]
	switch {
	case x.Verdict == e.Is:
		return pass(world.Say("%s: %s, as expected: %s", "%s：%s，与预期一致：%s", x.Rule, x.Verdict.Text(), x.Why), x.Events...)
	case x.Verdict == scenarios.NotApplicable:
		return notApplicable(world.Say("%s: %s", "%s：%s", x.Rule, x.Why), x.Events...)
	}
	return fail(world.Say("%s: %s, but %s was expected: %s", "%s：%s，但预期为%s：%s", x.Rule, x.Verdict.Text(), e.Is.Text(), x.Why), x.Events...)
}

// actionOf finds an action by its number.
func actionOf(number int, stories []*story) (*story, *action) {
	for _, s := range stories {
		for _, a := range s.actions {
			if int64(a.number) == int64(number) && (a.act != nil || a.report != nil || a.main != nil) {
				return s, a
			}
		}
	}
	return nil, nil
}

func expectOutcome(in *Input, e *scenarios.OutcomeExpected, stories []*story) finding {
	s, a := actionOf(e.Action, stories)
	if a == nil || a.shown() == display.NoOutcome {
		return notApplicable(world.Say("no driver reported how action %d ended",
			"没有驱动程序上报操作 %d 的结果", e.Action))
	}
	wanted := make([]world.Bilingual, len(e.Is))
	for i, o := range e.Is {
		wanted[i] = shownText(o)
	}
	if !slices.Contains(e.Is, a.shown()) {
		if a.shown() == display.NotPossible && s.signOnFailed(a, e.Is) {
			return notApplicable(world.Say("action %d ended as %s: it needed a sign-on first, which failed", "操作 %d 的结果为“%s”：须先签到，而签到失败", e.Action, shownText(a.shown())), a.reported())
		}
		return fail(world.Say("action %d ended as %s, but %s was expected", "操作 %d 的结果为“%s”，但预期为“%s”", e.Action, shownText(a.shown()), world.Join(or, wanted...)), a.reported())
	}
	// What the terminal refuses by itself has no code.
	if code := string(e.Code); code != "" && a.shown() != display.NotPossible && !slices.Contains(in.meanings(a.main, a.report.Code), code) {
		return fail(world.Say("action %d ended with code %q, but %q was expected",
			"操作 %d 的应答码为 %q，但预期为 %q", e.Action, a.report.Code, code), a.reported())
	}
	return pass(world.Say("action %d ended as %s", "操作 %d 的结果为“%s”", e.Action, shownText(a.shown())), a.reported())
}

// signOnFailed reports whether an action came to nothing because the terminal has
// to sign on first, by itself, and could not: where a terminal that signs on only
// when told to shows what became of the action's own request.
func (s *story) signOnFailed(a *action, expected []display.Outcome) bool {
	if a.main != nil || slices.Contains(expected, display.Approved) {
		return false
	}
	sent := false
	for _, x := range s.exchanges {
		if x.action == a && (x.req.Type != world.SignOn || s.approved(x)) {
			return false
		}
		sent = sent || x.action == a
	}
	// It could not even be sent where the line is what fails.
	return sent || slices.ContainsFunc(expected, isCommunication)
}

func expectField(in *Input, e *scenarios.FieldExpected, stories []*story) finding {
	s, a := actionOf(e.Action, stories)
	if a == nil || a.main == nil {
		return fail(world.Say("no request of action %d reached the host",
			"操作 %d 的请求没有到达主机", e.Action))
	}
	x := a.main
	if strings.HasPrefix(string(e.Message), "reversal") {
		rs := s.reversals(x)
		if len(rs) == 0 {
			return fail(world.Say("action %d was not reversed, but a data element of its reversal is expected",
				"操作 %d 没有被冲正，但预期检查其冲正请求中的域", e.Action), x.req.Seq)
		}
		x = rs[0]
	}
	event := x.req
	if strings.HasSuffix(string(e.Message), "reply") {
		if len(x.replies) == 0 {
			return fail(world.Say("no reply to %s left, but a data element of it is expected",
				"%s没有应答发出，但预期检查其应答中的域", x.name()), x.req.Seq)
		}
		event = x.replies[0].event
	}
	value, present, readable := in.field(event, e.Number)
	switch {
	case !readable:
		return notApplicable(world.Say("DE %d of the %s of action %d can't be read from the transcript",
			"无法从记录中读出域 %d（操作 %[3]d 的%[2]s）", e.Number, e.Message.Text(), e.Action), event.Seq)
	case e.Is.Fits([]byte(value), present), e.Number == fieldCode && slices.ContainsFunc(in.meanings(x, value), func(code string) bool { return e.Is.Fits([]byte(code), present) }):
		return pass(world.Say("DE %d of the %s of action %d is as expected",
			"域 %d（操作 %[3]d 的%[2]s）与预期一致", e.Number, e.Message.Text(), e.Action), event.Seq)
	case !present:
		return fail(world.Say("DE %d of the %s of action %d is absent, but expected",
			"域 %d（操作 %[3]d 的%[2]s）不存在，但预期应有", e.Number, e.Message.Text(), e.Action), event.Seq)
	}
	return fail(world.Say("DE %d of the %s of action %d is %q, which is not what is expected",
		"域 %d（操作 %[3]d 的%[2]s）为 %[4]q，与预期不符", e.Number, e.Message.Text(), e.Action, value), event.Seq)
}

// fieldCode is the response code.
const fieldCode = 39

// meanings are a response code, and those of ISO 8583:1987 that mean the same:
// scenarios name the latter whatever the dialect.
func (in *Input) meanings(x *exchange, code string) []string {
	all := []string{code}
	if x != nil && in.Means != nil {
		all = append(all, in.Means(x.req, code)...)
	}
	return all
}

// field reads a data element: by the caller's means, else from the event.
func (in *Input) field(e *transcript.Event, n int) (value string, present, readable bool) {
	if in.Field != nil {
		return in.Field(e, n)
	}
	if e.Kind != transcript.Received {
		return "", false, false
	}
	switch n {
	case 0:
		return fmt.Sprintf("%04d", e.MTI), true, true
	case 11:
		return fmt.Sprintf("%06d", e.STAN), e.HasSTAN, true
	case 41:
		return e.Terminal, e.Terminal != "", true
	case 42:
		return e.Merchant, e.Merchant != "", true
	}
	return "", false, false
}

func expectState(e *scenarios.LedgerExpected, stories []*story) finding {
	s, a := actionOf(e.Action, stories)
	state := scenarios.TxnState("absent")
	var events []uint64
	if a != nil && a.main != nil {
		state = s.state(a.main)
		events = a.main.seqs()
	}
	if state != e.State {
		return fail(world.Say("in the books action %d is %s, but %s was expected",
			"账务中操作 %d 为“%s”，但预期为“%s”", e.Action, state.Text(), e.State.Text()), events...)
	}
	return pass(world.Say("in the books action %d is %s",
		"账务中操作 %d 为“%s”", e.Action, state.Text()), events...)
}

// state is what became of a request in the books, as the decisions say.
func (s *story) state(x *exchange) scenarios.TxnState {
	switch {
	case x.decided == nil:
		return "absent"
	case x.decided.Outcome != world.Approved:
		return "declined"
	case slices.ContainsFunc(s.reversals(x), putBack):
		return "reversed"
	case s.voided(x):
		return "voided"
	case len(x.decided.Postings) == 0:
		return "no-money"
	}
	return "posted"
}

func expectAccount(in *Input, e *scenarios.LedgerExpected) finding {
	var moved int64
	var currency world.Currency
	var events []uint64
	for i := range in.Events {
		for _, p := range in.Events[i].Postings {
			switch e.Account {
			case p.From:
				moved -= p.Amount
			case p.To:
				moved += p.Amount
			default:
				continue
			}
			currency = p.Currency
			events = append(events, in.Events[i].Seq)
		}
	}
	var account *world.Account
	if in.World != nil {
		account = in.World.Accounts[e.Account]
	}
	if account != nil {
		currency = account.Currency
	}
	if e.Moved != "" {
		if currency == 0 {
			if n, err := strconv.ParseFloat(e.Moved, 64); err == nil && n == 0 {
				return pass(world.Say("nothing moved on account %s",
					"账户 %s 没有变动", e.Account))
			}
			return fail(world.Say("nothing moved on account %s, but %s was expected",
				"账户 %s 没有变动，但预期变动 %s", e.Account, e.Moved))
		}
		want, err := world.ParseAmount(strings.TrimPrefix(e.Moved, "+"), currency)
		if err != nil {
			return fail(world.Say("%s is no amount of the account's currency: %v",
				"%s 不是该账户币种的金额：%v", e.Moved, err))
		}
		if moved != want {
			return fail(world.Say("account %s moved by %s, but %s was expected",
				"账户 %s 变动 %s，但预期变动 %s", e.Account, money(moved, currency), money(want, currency)), events...)
		}
	}
	if e.Held != nil {
		return notApplicable(world.Say("the transcript does not say how much of account %s is held",
			"记录中没有账户 %s 的冻结金额", e.Account), events...)
	}
	if e.Balance != nil {
		if account == nil {
			return notApplicable(world.Say("the opening balance of account %s is not known here",
				"此处不知道账户 %s 的期初余额", e.Account), events...)
		}
		want, err := world.ParseAmount(string(*e.Balance), currency)
		if err != nil {
			return fail(world.Say("%s is no amount of the account's currency: %v",
				"%s 不是该账户币种的金额：%v", *e.Balance, err))
		}
		if account.Balance+moved != want {
			return fail(world.Say("account %s has %s, but %s was expected",
				"账户 %s 余额为 %s，但预期为 %s", e.Account, money(account.Balance+moved, currency), money(want, currency)), events...)
		}
	}
	return pass(world.Say("account %s is as expected",
		"账户 %s 与预期一致", e.Account), events...)
}

// expectSequence looks for requests in an order; others may come between.
func expectSequence(want []scenarios.Event, stories []*story) finding {
	if len(stories) == 0 {
		return fail(world.Say("%s was expected, but no terminal sent anything",
			"预期有%s，但没有终端发送过任何数据", eventName(want[0])))
	}
	var worst *finding
	for _, s := range stories {
		i := 0
		var events []uint64
		for _, x := range s.exchanges {
			if i < len(want) && fits(want[i], x.req) {
				events = append(events, x.req.Seq)
				i++
			}
		}
		if i == len(want) {
			return pass(world.Say("the requests came in the order that was expected", "请求按预期的顺序到达"), events...)
		}
		f := fail(world.Say("%s was expected as number %d of the requests, but did not come in that order",
			"预期%s为第 %d 个请求，但没有按此顺序到达", eventName(want[i]), i+1), events...)
		if worst == nil {
			worst = &f
		}
	}
	return *worst
}

func fits(want scenarios.Event, e *transcript.Event) bool {
	if want.MTI != "" {
		return fmt.Sprintf("%04d", e.MTI) == want.MTI
	}
	return e.Type == want.Type
}

func eventName(e scenarios.Event) world.Bilingual {
	if e.MTI != "" {
		return world.Same(e.MTI)
	}
	return e.Type.Text()
}
