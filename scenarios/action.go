package scenarios

import (
	"fmt"
	"reflect"
	"strings"

	"github.com/acqsim/acqsim/faults"
	"github.com/acqsim/acqsim/scenarios/schema"
	"github.com/acqsim/acqsim/scenarios/strictyaml"
	"github.com/acqsim/acqsim/scenarios/world"
)

// Action is one thing that is done at a terminal: a mapping with one key,
// which is its name. Exactly one of the pointers is not nil.
type Action struct {
	Name string // as files have it, such as "sale" or "power_cut"

	Transaction *Transaction
	Wait        *faults.Duration
	PowerCut    *PowerCut
	Restart     *Restart
	Press       *Press
	Together    []Action // done at the same time
	Place       strictyaml.Node
}

// Transaction is a transaction at a terminal.
type Transaction struct {
	Type     world.TransactionType `yaml:"-"`
	Terminal quoted                `yaml:"terminal" doc:"Which terminal does it; without it, the scenario's."`
	Amount   *money                `yaml:"amount" doc:"DE 4, such as \"10.00\"."`
	Card     string                `yaml:"card" doc:"A card of the world by its name; without it, the runner chooses one in order."`
	Entry    Entry                 `yaml:"entry" doc:"How the card is read: swiped, chip or typed."`
	PIN      PINEntry              `yaml:"pin" doc:"The PIN that is keyed in: right (the default), wrong (and the holder gives up), wrong-each-time the terminal asks, or none."`
	Of       int                   `yaml:"of" doc:"The number of the action that this one is about: the sale that is voided, the pre-authorisation that is completed."`
	Cash     *money                `yaml:"cash" doc:"Of cash_back: how much of the amount is cash."`
	After    CardAfter             `yaml:"after_approval" doc:"What happens at the terminal after an approval: ok, card-declines (the chip refuses), printer-fails or card-removed."`
}

// Money is an amount as a file has it; the currency is the card's account's.
type money string

// UnmarshalNode reads the text of an amount.
func (m *money) UnmarshalNode(n strictyaml.Node) error {
	text, err := n.NeedText()
	if err != nil {
		return err
	}
	whole, fraction, _ := strings.Cut(text, ".")
	if !digits(whole) || fraction != "" && !digits(fraction) || strings.HasSuffix(text, ".") || len(text) > 16 {
		return n.Errorf(`%q is no amount such as "10.00"`, clip(text))
	}
	*m = money(text)
	return nil
}

// JSONSchema is an amount.
func (money) JSONSchema() schema.Object {
	return schema.OneOf(schema.Text(`^[0-9]+(\.[0-9]+)?$`), schema.Object{"type": "number", "minimum": 0})
}

// Entry is how a card is read.
type Entry string

// PINEntry is what is keyed in as a PIN.
type PINEntry string

// CardAfter is what happens at the terminal after an approval.
type CardAfter string

// Point is a point within the next transaction.
type Point string

// Key is a key of a terminal.
type Key string

var (
	entryWords = []string{"swiped", "chip", "typed"}
	pinWords   = []string{"right", "wrong", "wrong-each-time", "none"}
	afterWords = []string{"ok", "card-declines", "printer-fails", "card-removed"}
	pointWords = []string{"idle", "before-connect", "before-send", "after-send", "after-reply"}
	keyWords   = []string{"cancel", "clear", "enter"}
)

// UnmarshalNode reads a word.
func (e *Entry) UnmarshalNode(n strictyaml.Node) error {
	return choose(e, n, "way to read a card", entryWords)
}

// JSONSchema lists the words.
func (Entry) JSONSchema() schema.Object { return schema.Enum(entryWords) }

// UnmarshalNode reads a word.
func (p *PINEntry) UnmarshalNode(n strictyaml.Node) error { return choose(p, n, "PIN entry", pinWords) }

// JSONSchema lists the words.
func (PINEntry) JSONSchema() schema.Object { return schema.Enum(pinWords) }

// UnmarshalNode reads a word.
func (c *CardAfter) UnmarshalNode(n strictyaml.Node) error {
	return choose(c, n, "event after an approval", afterWords)
}

// JSONSchema lists the words.
func (CardAfter) JSONSchema() schema.Object { return schema.Enum(afterWords) }

// UnmarshalNode reads a word.
func (p *Point) UnmarshalNode(n strictyaml.Node) error {
	return choose(p, n, "point of a transaction", pointWords)
}

// JSONSchema lists the words.
func (Point) JSONSchema() schema.Object { return schema.Enum(pointWords) }

// UnmarshalNode reads a word.
func (k *Key) UnmarshalNode(n strictyaml.Node) error { return choose(k, n, "key", keyWords) }

// JSONSchema lists the words.
func (Key) JSONSchema() schema.Object { return schema.Enum(keyWords) }

// PowerCut takes a terminal's power away.
type PowerCut struct {
	Terminal quoted `yaml:"terminal" doc:"Which terminal; without it, the scenario's."`
	At       Point  `yaml:"at" doc:"When: idle (now, the default), or at a point of the next transaction: before-connect, before-send, after-send or after-reply."`
}

// Restart switches a terminal off and on, or on again after a power cut.
type Restart struct {
	Terminal quoted `yaml:"terminal" doc:"Which terminal; without it, the scenario's."`
}

// Press presses a key.
type Press struct {
	Terminal quoted `yaml:"terminal" doc:"Which terminal; without it, the scenario's."`
	Key      Key    `yaml:"key,required" doc:"The key: cancel, clear or enter."`
	At       Point  `yaml:"at" doc:"When: idle (now, the default), or at a point of the next transaction."`
}

// transactionActions are the transactions that a person starts. Reversals,
// advices of the settlement and repeats are the terminal's own business.
var transactionActions = []struct {
	name string
	is   world.TransactionType
}{
	{"inquiry", world.Inquiry}, {"sale", world.Sale}, {"void", world.Void}, {"refund", world.Refund},
	{"pre_auth", world.PreAuth}, {"pre_auth_void", world.PreAuthVoid}, {"completion", world.Completion},
	{"completion_void", world.CompletionVoid}, {"completion_advice", world.CompletionAdvice},
	{"cash", world.Cash}, {"cash_back", world.CashBack}, {"offline_sale", world.OfflineSale},
	{"adjustment", world.Adjustment}, {"tip", world.Tip}, {"sign_on", world.SignOn}, {"sign_off", world.SignOff},
	{"echo", world.Echo}, {"settle", world.Settlement}, {"status", world.StatusUpload},
	{"download", world.ParameterDownload}, {"signature", world.ESignature},
}

// ActionName returns what a transaction at a terminal is called as an action;
// "" if a person starts no such transaction.
func ActionName(t world.TransactionType) string {
	for _, a := range transactionActions {
		if a.is == t {
			return a.name
		}
	}
	return ""
}

// ActionType returns the transaction type of an action; false if it is no
// transaction.
func ActionType(name string) (world.TransactionType, bool) {
	for _, a := range transactionActions {
		if a.name == name {
			return a.is, true
		}
	}
	return 0, false
}

// The other actions.
const (
	actWait     = "wait"
	actPowerCut = "power_cut"
	actRestart  = "restart"
	actPress    = "press"
	actTogether = "together"
)

// ActionNames lists the names of all actions.
func ActionNames() []string {
	var all []string
	for _, t := range transactionActions {
		all = append(all, t.name)
	}
	return append(all, actWait, actPowerCut, actRestart, actPress, actTogether)
}

// UnmarshalNode reads an action: a mapping with one key, or for an action that
// needs nothing more, its name.
func (a *Action) UnmarshalNode(n strictyaml.Node) error {
	a.Place = n
	key, value := n, strictyaml.Node{}
	if n.Kind() == strictyaml.Mapping {
		entries := n.Entries()
		if len(entries) != 1 {
			return n.Errorf("an action is one key with what it needs, such as {sale: {amount: \"10.00\"}}; begin a new list item for the next one")
		}
		key, value = entries[0].Key, entries[0].Value
	}
	name, err := key.Choose("action", ActionNames())
	if err != nil {
		return err
	}
	*a = Action{Name: name, Place: n}
	return a.body(n.Kind() == strictyaml.Mapping, value)
}

func (a *Action) body(given bool, value strictyaml.Node) error {
	decode := func(to any) error {
		if !given || value.Kind() == strictyaml.Null {
			return nil
		}
		return value.Decode(to)
	}
	switch a.Name {
	case actWait:
		d, err := waitTime(a.Place, value)
		a.Wait = &d
		return err
	case actPowerCut:
		a.PowerCut = new(PowerCut)
		return decode(a.PowerCut)
	case actRestart:
		a.Restart = new(Restart)
		return decode(a.Restart)
	case actPress:
		a.Press = new(Press)
		if !given {
			return a.Place.Errorf("name the key, such as {press: {key: cancel}}")
		}
		return value.Decode(a.Press)
	case actTogether:
		if err := value.Decode(&a.Together); err != nil {
			return err
		}
		if len(a.Together) < 2 {
			return a.Place.Errorf("together takes a list of two or more actions")
		}
		return nil
	}
	t, _ := ActionType(a.Name)
	a.Transaction = &Transaction{Type: t}
	return decode(a.Transaction)
}

// waitTime reads how long to wait, as faults read durations.
func waitTime(action, n strictyaml.Node) (faults.Duration, error) {
	if !n.Exists() {
		return faults.Duration{}, action.Errorf(`say how long, such as {wait: 2s} or {wait: "1.5 timeouts"}`)
	}
	text, err := n.NeedText()
	if err != nil {
		return faults.Duration{}, err
	}
	v, err := faults.ParseValue(faults.Param{Name: actWait, Type: faults.TypeDuration}, text)
	if err != nil {
		return faults.Duration{}, n.Errorf("%w", err)
	}
	return faults.Values{actWait: v}.Duration(actWait), nil
}

// JSONSchema lists the actions.
func (Action) JSONSchema() schema.Object {
	body := func(t reflect.Type) schema.Object { return schema.Of(t) }
	properties := schema.Object{
		actWait:     schema.Object{"type": "string"},
		actPowerCut: body(reflect.TypeFor[PowerCut]()),
		actRestart:  body(reflect.TypeFor[Restart]()),
		actPress:    body(reflect.TypeFor[Press]()),
	}
	var names []string
	for _, t := range transactionActions {
		properties[t.name] = body(reflect.TypeFor[Transaction]())
		names = append(names, t.name)
	}
	object := schema.Object{"type": "object", "properties": properties, "additionalProperties": false, "minProperties": 1, "maxProperties": 1}
	name := schema.Enum(append(names, actPowerCut, actRestart))
	together := schema.Object{"type": "object", "additionalProperties": false, "properties": schema.Object{
		actTogether: schema.Object{"type": "array", "minItems": 2, "items": schema.OneOf(name, object)}}}
	return schema.OneOf(name, object, together)
}

// checkActions reports actions that can't be.
func (c *checker) checkActions(all []Action) {
	for i := range all {
		c.checkAction(&all[i], i+1, all)
	}
}

func (c *checker) checkAction(a *Action, number int, all []Action) {
	for i := range a.Together {
		if a.Together[i].Together != nil {
			c.bad(a.Together[i].Place, "actions that are done together are not nested")
			continue
		}
		c.checkAction(&a.Together[i], number, all)
	}
	t := a.Transaction
	if t == nil {
		return
	}
	at := a.Place.At(a.Name)
	if t.Card != "" {
		c.knownCard(at.At("card"), t.Card)
	}
	if t.Of != 0 && (t.Of < 1 || t.Of >= number || all[t.Of-1].Transaction == nil) {
		c.bad(at.At("of"), "action %d is no transaction before this one: actions are counted from 1", t.Of)
	}
	if needsOriginal(t.Type) && t.Of == 0 {
		c.bad(at, "say what is to be undone or completed: of: %s", exampleOf(number))
	}
	if t.Of != 0 && !needsOriginal(t.Type) && t.Type != world.Refund {
		c.bad(at.At("of"), "%s is about no other action", a.Name)
	}
	if t.Cash != nil && t.Type != world.CashBack {
		c.bad(at.At("cash"), "cash goes with cash_back only")
	}
	for _, key := range []string{"card", "entry", "pin", "after_approval"} {
		if at.At(key).Exists() && !t.Type.Financial() {
			c.bad(at.At(key), "%s takes no card", a.Name)
		}
	}
	if t.Amount != nil {
		if !takesAmount(t.Type) {
			c.bad(at.At("amount"), "%s has no amount", a.Name)
		} else if _, err := world.ParseAmount(string(*t.Amount), c.currency(t.Card)); err != nil {
			c.bad(at.At("amount"), "%w", err)
		}
	} else if needsAmount(t.Type) {
		c.bad(at, "%s needs an amount, such as {%s: {amount: \"10.00\"}}", a.Name, a.Name)
	}
}

func exampleOf(number int) string {
	if number > 1 {
		return fmt.Sprint(number - 1)
	}
	return "1, after an action that is a transaction"
}

func needsOriginal(t world.TransactionType) bool {
	switch t {
	case world.Void, world.PreAuthVoid, world.Completion, world.CompletionVoid, world.CompletionAdvice, world.Adjustment, world.Tip:
		return true
	}
	return false
}

// takesAmount reports whether the transaction has an amount; without one given,
// that of what it is about.
func takesAmount(t world.TransactionType) bool { return t.Financial() && t != world.Inquiry }

func needsAmount(t world.TransactionType) bool {
	return takesAmount(t) && (!needsOriginal(t) || t == world.Adjustment || t == world.Tip) && t != world.Refund
}
