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
	Why     string            `json:"why"`

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

func pass(why string, events ...uint64) finding {
	return finding{scenarios.Pass, order(events), why}
}

func fail(why string, events ...uint64) finding {
	return finding{scenarios.Fail, order(events), why}
}

func notApplicable(why string, events ...uint64) finding {
	return finding{scenarios.NotApplicable, order(events), why}
}

func (r *Report) expectRule(e *scenarios.RuleExpected) finding {
	i := slices.IndexFunc(r.Rules, func(x Result) bool { return x.Rule == e.Name })
	if i < 0 {
		return fail("there is no rule " + e.Name)
	}
	x := &r.Rules[i]
	switch {
	case x.Verdict == e.Is:
		return pass(fmt.Sprintf("%s: %s, as expected: %s", x.Rule, x.Verdict, x.Why), x.Events...)
	case x.Verdict == scenarios.NotApplicable:
		return notApplicable(fmt.Sprintf("%s: %s", x.Rule, x.Why), x.Events...)
	}
	return fail(fmt.Sprintf("%s: %s, but %s was expected: %s", x.Rule, x.Verdict, e.Is, x.Why), x.Events...)
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
	_, a := actionOf(e.Action, stories)
	if a == nil || a.shown() == display.NoOutcome {
		return notApplicable(fmt.Sprintf("no driver reported how action %d ended", e.Action))
	}
	names := make([]string, len(e.Is))
	for i, o := range e.Is {
		names[i] = o.String()
	}
	if !slices.Contains(e.Is, a.shown()) {
		return fail(fmt.Sprintf("action %d ended as %s, but %s was expected", e.Action, a.shown(), strings.Join(names, " or ")), a.reported())
	}
	// What the terminal refuses by itself has no code.
	if code := string(e.Code); code != "" && a.shown() != display.NotPossible && !slices.Contains(in.meanings(a.main, a.report.Code), code) {
		return fail(fmt.Sprintf("action %d ended with code %q, but %q was expected", e.Action, a.report.Code, code), a.reported())
	}
	return pass(fmt.Sprintf("action %d ended as %s", e.Action, a.shown()), a.reported())
}

func expectField(in *Input, e *scenarios.FieldExpected, stories []*story) finding {
	s, a := actionOf(e.Action, stories)
	if a == nil || a.main == nil {
		return fail(fmt.Sprintf("no request of action %d reached the host", e.Action))
	}
	x := a.main
	if strings.HasPrefix(string(e.Message), "reversal") {
		rs := s.reversals(x)
		if len(rs) == 0 {
			return fail(fmt.Sprintf("action %d was not reversed, but a data element of its reversal is expected", e.Action), x.req.Seq)
		}
		x = rs[0]
	}
	event := x.req
	if strings.HasSuffix(string(e.Message), "reply") {
		if len(x.replies) == 0 {
			return fail(fmt.Sprintf("no reply to %s left, but a data element of it is expected", x.name()), x.req.Seq)
		}
		event = x.replies[0].event
	}
	value, present, readable := in.field(event, e.Number)
	switch {
	case !readable:
		return notApplicable(fmt.Sprintf("DE %d of the %s of action %d can't be read from the transcript", e.Number, e.Message, e.Action), event.Seq)
	case e.Is.Fits([]byte(value), present), e.Number == fieldCode && slices.ContainsFunc(in.meanings(x, value), func(code string) bool { return e.Is.Fits([]byte(code), present) }):
		return pass(fmt.Sprintf("DE %d of the %s of action %d is as expected", e.Number, e.Message, e.Action), event.Seq)
	case !present:
		return fail(fmt.Sprintf("DE %d of the %s of action %d is absent, but expected", e.Number, e.Message, e.Action), event.Seq)
	}
	return fail(fmt.Sprintf("DE %d of the %s of action %d is %q, which is not what is expected", e.Number, e.Message, e.Action, value), event.Seq)
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
	state := "absent"
	var events []uint64
	if a != nil && a.main != nil {
		state = s.state(a.main)
		events = a.main.seqs()
	}
	if state != string(e.State) {
		return fail(fmt.Sprintf("in the books action %d is %s, but %s was expected", e.Action, state, e.State), events...)
	}
	return pass(fmt.Sprintf("in the books action %d is %s", e.Action, state), events...)
}

// state is what became of a request in the books, as the decisions say.
func (s *story) state(x *exchange) string {
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
				return pass(fmt.Sprintf("nothing moved on account %s", e.Account))
			}
			return fail(fmt.Sprintf("nothing moved on account %s, but %s was expected", e.Account, e.Moved))
		}
		want, err := world.ParseAmount(strings.TrimPrefix(e.Moved, "+"), currency)
		if err != nil {
			return fail(fmt.Sprintf("%s is no amount of the account's currency: %v", e.Moved, err))
		}
		if moved != want {
			return fail(fmt.Sprintf("account %s moved by %s, but %s was expected", e.Account, money(moved, currency), money(want, currency)), events...)
		}
	}
	if e.Held != nil {
		return notApplicable(fmt.Sprintf("the transcript does not say how much of account %s is held", e.Account), events...)
	}
	if e.Balance != nil {
		if account == nil {
			return notApplicable(fmt.Sprintf("the opening balance of account %s is not known here", e.Account), events...)
		}
		want, err := world.ParseAmount(string(*e.Balance), currency)
		if err != nil {
			return fail(fmt.Sprintf("%s is no amount of the account's currency: %v", *e.Balance, err))
		}
		if account.Balance+moved != want {
			return fail(fmt.Sprintf("account %s has %s, but %s was expected", e.Account, money(account.Balance+moved, currency), money(want, currency)), events...)
		}
	}
	return pass(fmt.Sprintf("account %s is as expected", e.Account), events...)
}

// expectSequence looks for requests in an order; others may come between.
func expectSequence(want []scenarios.Event, stories []*story) finding {
	if len(stories) == 0 {
		return fail(fmt.Sprintf("%s was expected, but no terminal sent anything", eventName(want[0])))
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
			return pass("the requests came in the order that was expected", events...)
		}
		f := fail(fmt.Sprintf("%s was expected as number %d of the requests, but did not come in that order", eventName(want[i]), i+1), events...)
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

func eventName(e scenarios.Event) string {
	if e.MTI != "" {
		return e.MTI
	}
	return e.Type.String()
}
