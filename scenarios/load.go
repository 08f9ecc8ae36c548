package scenarios

import (
	"errors"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/acqsim/acqsim/faults"
	"github.com/acqsim/acqsim/scenarios/schema"
	"github.com/acqsim/acqsim/scenarios/strictyaml"
	"github.com/acqsim/acqsim/scenarios/world"
)

var (
	nameForm    = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,63}$`)
	codeForm    = regexp.MustCompile(`^[0-9A-Z]{2,4}$`)
	triggerForm = regexp.MustCompile(`^[0-9]{2}$`)
)

// Load reads a scenario file. It is checked against the world that it will be
// laid over; nil is the default world. file is used in messages only. The
// error is [strictyaml.Problems]: every mistake with its place.
func Load(file string, src []byte, w *world.World) (*Scenario, error) {
	if w == nil {
		w = world.Default()
	}
	var found strictyaml.Problems
	n, err := strictyaml.Parse(file, src)
	found.Add(err)
	if !n.Exists() {
		return nil, world.Redact(found.Err())
	}
	s := new(Scenario)
	found.Add(n.Decode(s))
	c := checker{world: w, s: s}
	for _, p := range found {
		c.broken = append(c.broken, p.Path)
	}
	c.check()
	found.Add(c.found.Err())
	if err := found.Err(); err != nil {
		return nil, world.Redact(err)
	}
	return s, nil
}

// Schema returns the JSON Schema of scenario files.
func Schema() schema.Object { return schema.File("acqsim scenario", reflect.TypeFor[Scenario]()) }

// checker checks what a scenario means.
type checker struct {
	s      *Scenario
	world  *world.World // with what is given laid over it
	found  strictyaml.Problems
	broken []string // paths that were not decoded, so that nothing more is said of them
}

// bad files a mistake, unless its place was not even decoded.
func (c *checker) bad(at strictyaml.Node, format string, args ...any) {
	c.file(at, at.Errorf(format, args...))
}

// unknown files that nothing of a kind has the name.
func (c *checker) unknown(at strictyaml.Node, what, name string, known []string) {
	c.file(at, at.Errorf("no %s is called %q", what, clip(name)).Suggest(name, known))
}

func (c *checker) file(at strictyaml.Node, p *strictyaml.Problem) {
	for _, b := range c.broken {
		if b == p.Path || b == "" && at.Kind() == strictyaml.Missing {
			return
		}
		if rest, within := strings.CutPrefix(p.Path, b); within && b != "" && (rest[0] == '.' || rest[0] == '[') {
			return
		}
		// Of a part that is broken, the whole is not judged.
		if rest, within := strings.CutPrefix(b, p.Path); within && p.Path != "" && (rest[0] == '.' || rest[0] == '[') {
			return
		}
	}
	c.found = append(c.found, p)
}

func (c *checker) check() {
	s, at := c.s, c.s.Place.At
	if s.Name != "" && !nameForm.MatchString(s.Name) {
		c.bad(at("name"), "a scenario's name has small letters, digits and hyphens, up to 64")
	}
	c.texts()
	s.Given.concerns()
	c.chooses()
	if laid, err := Apply(c.world, s); err != nil {
		var all strictyaml.Problems
		if errors.As(err, &all) {
			c.found = append(c.found, all...)
		}
	} else {
		c.world = laid
	}
	if s.Terminal != "" {
		c.pattern(at("terminal"), string(s.Terminal), maxTerminal, false)
	}
	for i := range s.Given.Outcome {
		d := &s.Given.Outcome[i]
		c.match(&d.Match, faults.Requesting, "what the host decides")
		if is := d.Place; is.Kind() == strictyaml.Mapping {
			c.given(is.At("is"), d.Is)
		} else {
			c.given(is, d.Is)
		}
		c.add(d.When.check())
	}
	for i := range s.Rules {
		c.rule(&s.Rules[i])
	}
	c.compositions()
	c.trigger()
	c.checkActions(s.Actions)
	c.checkExpect(s.Expect, s.Actions)
}

func (c *checker) add(err error) {
	var all strictyaml.Problems
	if errors.As(err, &all) {
		c.found = append(c.found, all...)
	}
}

// given refuses what no host can be given to decide.
func (c *checker) given(at strictyaml.Node, o world.Outcome) {
	if o == world.Approved {
		c.bad(at, "the host can't be given to approve: money moves only for a reason; change the world, so that it approves by itself")
	}
}

// texts checks what a scenario says to people, and that a cause of the shop is
// one.
func (c *checker) texts() {
	s, at := c.s, c.s.Place.At
	site := s.Site.EN != "" || s.Site.ZH != ""
	switch {
	case s.IsSite() && !site:
		c.bad(at("site"), "a cause of the shop needs `site`: what a person does to bring it about")
	case !s.IsSite() && site:
		c.bad(at("site"), "`site` goes with layer: site")
	case s.IsSite() && len(s.Rules) > 0:
		c.bad(at("rules"), "a cause of the shop has no rules: acqsim does not bring it about")
	case s.IsSite() && s.Trigger != nil:
		c.bad(at("trigger"), "a cause of the shop has no trigger: acqsim does not bring it about")
	}
}

const (
	maxTerminal = 8  // DE 41
	maxMerchant = 15 // DE 42
)

func (c *checker) pattern(at strictyaml.Node, text string, most int, wildcards bool) {
	switch {
	case text == "":
		c.bad(at, "the ID is empty")
	case len(strings.ReplaceAll(text, "*", "")) > most:
		c.bad(at, "%q is longer than the %d characters of an ID", clip(text), most)
	case !wildcards && strings.ContainsAny(text, "*?"):
		c.bad(at, "one ID is wanted here, without * and ?")
	}
}

func (c *checker) knownCard(at strictyaml.Node, name string) {
	if c.world.Cards[name] == nil {
		c.unknown(at, "card", name, sortedKeys(c.world.Cards))
	}
}

// currency is that of a card's account; of no card, the acquirer's.
func (c *checker) currency(card string) world.Currency {
	if k := c.world.Cards[card]; k != nil {
		if a := c.world.Accounts[k.Account]; a != nil {
			return a.Currency
		}
	}
	return c.world.Acquirer.Currency
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

func (c *checker) rule(r *Rule) {
	c.add(r.When.check())
	stage, what := faults.Replying, "faults of the reply"
	for _, f := range r.Fault {
		if f.Stage() < stage {
			stage, what = f.Stage(), f.Kind()
		}
	}
	c.match(&r.Match, stage, what)
	var conflict *faults.ConflictError
	if err := faults.Compose(r.Fault.all()...); errors.As(err, &conflict) {
		c.bad(r.Fault[conflict.Second].At, "%w", err)
	}
	if (stage == faults.Listening || stage == faults.SYN) && !countless(&r.When) {
		c.bad(r.When.Place, "%s has nothing that could be counted or drawn, since it strikes before there is a connection: `when` can have window and armed_for here", what)
	}
}

// countless reports whether a When rests on time alone.
func countless(w *When) bool {
	return len(w.Nth) == 0 && w.First == 0 && w.Every == 0 && w.After == 0 && w.Until == 0 && w.Limit == 0 && w.Probability == nil && w.Count == ""
}

// match resolves a match and reports selectors that nothing is known of yet
// when the fault strikes.
func (c *checker) match(m *Match, stage faults.Stage, what string) {
	at := m.Place.At
	for _, k := range keys {
		if !at(k.key).Exists() || stage.Knows(k.selector) {
			continue
		}
		c.bad(m.Place.KeyNode(k.key), "%s strikes at the stage %q, when nothing is known of `%s`: that is known from the stage %q on", what, stage, k.key, faults.KnownFrom(k.selector))
	}
	element := func(key string, i int) strictyaml.Node { // of one value, or of a list
		if at(key).Kind() == strictyaml.List {
			return at(key, i)
		}
		return at(key)
	}
	for i, x := range m.Terminal {
		c.pattern(element("terminal", i), string(x), maxTerminal, true)
	}
	for i, x := range m.Merchant {
		c.pattern(element("merchant", i), string(x), maxMerchant, true)
	}
	if m.SourceOf != "" {
		c.pattern(at("source_of"), string(m.SourceOf), maxTerminal, false)
	}
	for i, x := range m.Card {
		if !digits(x) {
			c.knownCard(element("card", i), string(x))
		}
	}
	for i := range m.Amount {
		c.add(asProblems(m.Amount[i].resolve(c.world.Acquirer.Currency)))
	}
	m.mti = nil
	for i, x := range m.MTI {
		if !mtiForm.MatchString(string(x)) {
			c.bad(element("mti", i), "%q is no message type of four digits such as \"0200\"", clip(string(x)))
			continue
		}
		v, _ := strconv.ParseUint(string(x), 10, 16)
		m.mti = append(m.mti, uint16(v))
	}
	for i, x := range m.Code {
		if !codeForm.MatchString(string(x)) {
			c.bad(element("code", i), "%q is no response code such as \"51\"", clip(string(x)))
		}
	}
	m.fields = nil
	for _, n := range slices.Sorted(maps.Keys(m.Field)) {
		if n < 2 || n > highestField {
			c.bad(at("field").KeyNode(strconv.Itoa(n)), "data elements are 2 to %d; the message type has the key `mti`", highestField)
			continue
		}
		f := m.Field[n]
		m.fields = append(m.fields, fieldTest{n, &f})
	}
}

func asProblems(err error) error {
	var found strictyaml.Problems
	found.Add(err)
	return found.Err()
}

// compositions reports rules that can strike together and exclude each other.
func (c *checker) compositions() {
	rules := c.s.Rules
	for j := range rules {
		if !rules[j].Also {
			continue
		}
		for i := range j {
			if disjoint(&rules[i], &rules[j]) {
				continue
			}
			if k, err := together(&rules[i], &rules[j]); err != nil {
				c.bad(rules[j].Fault[k].At, "this rule can join rule %d, but %w", i+1, err)
			}
		}
	}
}

// together composes the faults of two rules; k is the fault of the second one
// that does not get along.
func together(a, b *Rule) (k int, err error) {
	for _, x := range a.Fault {
		for k, y := range b.Fault {
			if err := faults.Compose(x.Fault, y.Fault); err != nil {
				return k, err
			}
		}
	}
	return 0, nil
}

// trigger reports triggers that could do harm to others.
func (c *checker) trigger() {
	t := c.s.Trigger
	if t == nil || t.Amount == "" {
		return
	}
	at := t.Place.At
	switch {
	case !triggerForm.MatchString(string(t.Amount)):
		c.bad(at("amount"), "%q is not the last two digits of an amount, such as \"51\"", clip(string(t.Amount)))
		return
	case t.Amount == honestEnding:
		c.bad(at("amount"), "amounts that end in 00 are always honest")
		return
	}
	c.given(at("outcome"), t.Outcome)
	t.ending, _ = strconv.ParseInt(string(t.Amount), 10, 64)
	for i := range c.s.Rules {
		r := &c.s.Rules[i]
		if len(r.Fault) > 0 && r.Fault.stage() < faults.Accepted {
			c.bad(at("amount"), "rule %d (%s) strikes all terminals alike, so no amount can trigger it", i+1, strings.Join(r.Fault.names(), ", "))
		}
	}
	if len(c.s.Rules) == 0 && len(c.s.Given.Outcome) == 0 && t.Outcome == world.Undecided {
		c.bad(t.Place, "what this scenario changes is the world, which an amount can't: say what the host decides instead, with `outcome`")
	}
}

const honestEnding = "00"
