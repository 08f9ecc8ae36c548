package scenarios

import (
	"fmt"
	"reflect"
	"regexp"
	"strings"

	"github.com/acqsim/acqsim/scenarios/schema"
	"github.com/acqsim/acqsim/scenarios/strictyaml"
	"github.com/acqsim/acqsim/scenarios/world"
)

// Expect is one thing that must have happened at the end: a mapping with one
// key. Exactly one of the pointers is not nil.
type Expect struct {
	Outcome  *OutcomeExpected
	Rule     *RuleExpected
	Field    *FieldExpected
	Sequence []Event
	Ledger   *LedgerExpected
	Place    strictyaml.Node
}

// OutcomeExpected is how an action must have ended at the terminal.
type OutcomeExpected struct {
	Action int      `yaml:"action,required" doc:"The number of the action, from 1."`
	Is     Outcomes `yaml:"is,required" doc:"The outcome, or several of which each will do."`
	Code   quoted   `yaml:"code" doc:"The response code that the terminal got, in quotes; not-possible has none."`
}

// RuleExpected is a terminal rule whose verdict is wanted.
type RuleExpected struct {
	Name string
	Is   Verdict
}

// Verdict is what a rule says.
type Verdict string

// The verdicts.
const (
	Pass          Verdict = "pass" // the default
	Fail          Verdict = "fail"
	NotApplicable Verdict = "not-applicable"
)

var verdictWords = []string{string(Pass), string(Fail), string(NotApplicable)}

// UnmarshalNode reads a word.
func (v *Verdict) UnmarshalNode(n strictyaml.Node) error {
	return choose(v, n, "verdict", verdictWords)
}

// JSONSchema lists the words.
func (Verdict) JSONSchema() schema.Object { return schema.Enum(verdictWords) }

// ruleName reads the name of a terminal rule.
type ruleName string

func (r *ruleName) UnmarshalNode(n strictyaml.Node) error {
	return choose(r, n, "terminal rule", verdictRules)
}

func (ruleName) JSONSchema() schema.Object { return schema.Enum(verdictRules) }

type ruleForm struct {
	Name ruleName `yaml:"name,required" doc:"The rule."`
	Is   Verdict  `yaml:"is" doc:"Its verdict: pass (the default), fail or not-applicable."`
}

// UnmarshalNode reads a rule's name, which must pass, or {name, is}.
func (r *RuleExpected) UnmarshalNode(n strictyaml.Node) error {
	form := ruleForm{Is: Pass}
	var err error
	if n.Kind() == strictyaml.Mapping {
		err = n.Decode(&form)
	} else {
		err = form.Name.UnmarshalNode(n)
	}
	*r = RuleExpected{string(form.Name), form.Is}
	return err
}

// JSONSchema is a rule's name, or {name, is}.
func (RuleExpected) JSONSchema() schema.Object {
	return schema.OneOf(schema.Enum(verdictRules), schema.Of(reflect.TypeFor[ruleForm]()))
}

// Message is which message of an action is looked at.
type Message string

var messageWords = []string{"request", "reply", "reversal", "reversal-reply"}

// UnmarshalNode reads a word.
func (m *Message) UnmarshalNode(n strictyaml.Node) error {
	return choose(m, n, "message of an action", messageWords)
}

// JSONSchema lists the words.
func (Message) JSONSchema() schema.Object { return schema.Enum(messageWords) }

// FieldExpected is what a data element of a message must have been.
type FieldExpected struct {
	Action  int       `yaml:"action,required" doc:"The number of the action, from 1."`
	Message Message   `yaml:"message,required" doc:"Which of its messages: request, reply, reversal or reversal-reply."`
	Number  int       `yaml:"field,required" doc:"The data element; 0 is the MTI."`
	Is      FieldTest `yaml:"is,required" doc:"A text that it equals, or {equals, prefix, regex, absent}."`
}

// Event is a request of a sequence: by its message type or its transaction
// type.
type Event struct {
	MTI  string
	Type world.TransactionType
}

var mtiForm = regexp.MustCompile(`^[0-9]{4}$`)

// UnmarshalNode reads "0200" or sale.
func (e *Event) UnmarshalNode(n strictyaml.Node) error {
	var q quoted
	if err := q.UnmarshalNode(n); err != nil {
		return err
	}
	if mtiForm.MatchString(string(q)) {
		*e = Event{MTI: string(q)}
		return nil
	}
	t, err := world.ParseTransactionType(string(q))
	if err != nil {
		return n.Errorf("%q is no message type such as \"0200\" and no transaction type", clip(string(q))).Suggest(string(q), typeNames())
	}
	*e = Event{Type: t}
	return nil
}

// JSONSchema is an MTI or a transaction type.
func (Event) JSONSchema() schema.Object {
	return schema.OneOf(schema.Text(mtiForm.String()), schema.Enum(typeNames()))
}

func typeNames() (all []string) {
	for _, t := range world.TransactionTypes() {
		all = append(all, t.String())
	}
	return all
}

// TxnState is what must have become of a transaction in the books.
type TxnState string

var stateWords = []string{"absent", "declined", "posted", "voided", "reversed", "no-money"}

// UnmarshalNode reads a word.
func (s *TxnState) UnmarshalNode(n strictyaml.Node) error {
	return choose(s, n, "state of a transaction", stateWords)
}

// JSONSchema lists the words.
func (TxnState) JSONSchema() schema.Object { return schema.Enum(stateWords) }

// LedgerExpected is what the books must say: of an action, or of an account.
type LedgerExpected struct {
	Action int      `yaml:"action" doc:"The number of the action, from 1."`
	State  TxnState `yaml:"state" doc:"What became of it: absent (the host never saw it), declined, posted, voided, reversed or no-money."`

	Account string `yaml:"account" doc:"An account of the world by its name."`
	Balance *money `yaml:"balance" doc:"What is booked on it."`
	Held    *money `yaml:"held" doc:"What is held of it."`
	Moved   string `yaml:"moved" doc:"How its booked balance has changed, such as \"-10.00\" or \"0.00\"."`
}

// expectForm is an Expect as a mapping.
type expectForm struct {
	Outcome  *OutcomeExpected `yaml:"outcome" doc:"How an action ended at the terminal."`
	Rule     *RuleExpected    `yaml:"rule" doc:"A terminal rule that must pass; or {name, is}."`
	Field    *FieldExpected   `yaml:"field" doc:"What a data element of a message was."`
	Sequence []Event          `yaml:"sequence" doc:"Requests of the terminal in this order: message types in quotes, or transaction types. Others may come between."`
	Ledger   *LedgerExpected  `yaml:"ledger" doc:"What the books say."`
	Place    strictyaml.Node
}

// UnmarshalNode reads a mapping with one key.
func (e *Expect) UnmarshalNode(n strictyaml.Node) error {
	var form expectForm
	e.Place = n
	if err := n.Decode(&form); err != nil {
		return err
	}
	*e = Expect(form)
	if len(n.Entries()) != 1 {
		return n.Errorf("an expectation is one key with what is expected, such as {rule: money-is-safe}; begin a new list item for the next one")
	}
	return nil
}

// JSONSchema is a mapping with one key.
func (Expect) JSONSchema() schema.Object {
	o := schema.Of(reflect.TypeFor[expectForm]())
	o["type"], o["minProperties"], o["maxProperties"] = "object", 1, 1
	return o
}

// checkExpect reports expectations that can't come true.
func (c *checker) checkExpect(all []Expect, actions []Action) {
	action := func(at strictyaml.Node, n int) {
		switch {
		case n < 1 || n > len(actions):
			c.bad(at, "there is no action %d: the scenario has %s, counted from 1", n, count(len(actions), "action"))
		case actions[n-1].Transaction == nil:
			c.bad(at, "action %d is %s, which is no transaction", n, actions[n-1].Name)
		}
	}
	for i := range all {
		e := &all[i]
		switch {
		case e.Outcome != nil:
			action(e.Place.At("outcome", "action"), e.Outcome.Action)
			if code := string(e.Outcome.Code); code != "" && !codeForm.MatchString(code) {
				c.bad(e.Place.At("outcome", "code"), "%q is not a response code such as \"51\"", clip(code))
			}
		case e.Field != nil:
			action(e.Place.At("field", "action"), e.Field.Action)
			if f := e.Field.Number; f < 0 || f > highestField || f == 1 {
				c.bad(e.Place.At("field", "field"), "data elements are 0 (the MTI) and 2 to %d", highestField)
			}
		case e.Ledger != nil:
			c.checkLedger(e.Ledger, e.Place.At("ledger"), action)
		case e.Rule == nil && len(e.Sequence) == 0:
			c.bad(e.Place, "there is nothing expected here")
		}
	}
}

func (c *checker) checkLedger(l *LedgerExpected, at strictyaml.Node, action func(strictyaml.Node, int)) {
	ofAction := l.Action != 0 || l.State != ""
	ofAccount := l.Account != "" || l.Balance != nil || l.Held != nil || l.Moved != ""
	switch {
	case ofAction == ofAccount, ofAction && (l.State == "" || l.Action == 0), ofAccount && l.Account == "",
		ofAccount && l.Balance == nil && l.Held == nil && l.Moved == "":
		c.bad(at, "say of an action what became of it, {action: 1, state: reversed}, or of an account what is on it, {account: good, moved: \"0.00\"}")
		return
	case ofAction:
		action(at.At("action"), l.Action)
		return
	}
	account := c.world.Accounts[l.Account]
	if account == nil {
		c.unknown(at.At("account"), "account", l.Account, sortedKeys(c.world.Accounts))
		return
	}
	for _, x := range []struct {
		key  string
		text *money
	}{{"balance", l.Balance}, {"held", l.Held}} {
		if x.text == nil {
			continue
		}
		if _, err := world.ParseAmount(string(*x.text), account.Currency); err != nil {
			c.bad(at.At(x.key), "%w", err)
		}
	}
	if l.Moved != "" {
		if _, err := world.ParseAmount(strings.TrimPrefix(l.Moved, "+"), account.Currency); err != nil {
			c.bad(at.At("moved"), "%w", err)
		}
	}
}

// highestField is the highest data element of ISO 8583 with two bitmaps.
const highestField = 128

func count(n int, what string) string {
	switch n {
	case 0:
		return "no " + what + "s"
	case 1:
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
