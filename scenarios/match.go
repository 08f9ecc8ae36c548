package scenarios

import (
	"net/netip"
	"regexp"
	"slices"

	"github.com/acqsim/acqsim/faults"
	"github.com/acqsim/acqsim/scenarios/schema"
	"github.com/acqsim/acqsim/scenarios/strictyaml"
	"github.com/acqsim/acqsim/scenarios/world"
)

// Match selects what a rule strikes. All keys that are given must fit; within
// a list, one has to. A Match without keys fits everything.
type Match struct {
	Listener   Some[string] `yaml:"listener" doc:"Name of the listener; * and ? stand for any."`
	Source     Some[Prefix] `yaml:"source" doc:"Address of the peer, or a network such as 10.0.0.0/8."`
	SourceOf   quoted       `yaml:"source_of" doc:"The address that this terminal last came from. Refused where terminals share it."`
	Connection *Range       `yaml:"connection" doc:"The how-many-th connection of that address at that listener: 3, \"2..5\", \"10..\"."`
	Open       *Range       `yaml:"open" doc:"How many connections the listener has, this one included."`
	ServerName Some[string] `yaml:"server_name" doc:"The name that a TLS client asks for; * and ? stand for any."`

	Terminal Some[quoted]                `yaml:"terminal" doc:"DE 41; * and ? stand for any. Of a connection without a request: the terminal last seen on it."`
	Merchant Some[quoted]                `yaml:"merchant" doc:"DE 42; * and ? stand for any."`
	Card     Some[quoted]                `yaml:"card" doc:"A card of the world by its name, a card number, or its first digits."`
	Amount   Some[Amount]                `yaml:"amount" doc:"DE 4: \"10.00\", a range \"1.00..500.00\", or \"x.51\" for amounts that end so."`
	MTI      Some[quoted]                `yaml:"mti" doc:"Message type of the request in quotes, such as \"0200\"."`
	Type     Some[world.TransactionType] `yaml:"type" doc:"Transaction type."`
	Field    map[int]FieldTest           `yaml:"field" doc:"Data elements of the request by number: a text that it equals, or {equals, prefix, regex, absent}."`

	Outcome Some[world.Outcome] `yaml:"outcome" doc:"What the host decided; for faults of the reply."`
	Code    Some[quoted]        `yaml:"code" doc:"The response code that the host decided on, in quotes; for faults of the reply."`

	Place strictyaml.Node

	mti    []uint16
	fields []fieldTest // by number
}

// keys are the selectors of a Match by the key that gives them.
var keys = []struct {
	key      string
	selector faults.Selector
}{
	{"listener", faults.ByListener}, {"source", faults.BySource}, {"source_of", faults.BySource},
	{"connection", faults.ByConnection}, {"open", faults.ByOpen}, {"server_name", faults.ByServerName},
	{"terminal", faults.ByTerminal}, {"merchant", faults.ByMerchant}, {"card", faults.ByCard},
	{"amount", faults.ByAmount}, {"mti", faults.ByMTI}, {"type", faults.ByType}, {"field", faults.ByField},
	{"outcome", faults.ByOutcome}, {"code", faults.ByCode},
}

// Prefix is an address or a network.
type Prefix netip.Prefix

// UnmarshalNode reads 10.1.2.3 or 10.0.0.0/8.
func (p *Prefix) UnmarshalNode(n strictyaml.Node) error {
	text, err := n.NeedText()
	if err != nil {
		return err
	}
	if a, err := netip.ParseAddr(text); err == nil {
		*p = Prefix(netip.PrefixFrom(a.Unmap(), a.Unmap().BitLen()))
		return nil
	}
	network, err := netip.ParsePrefix(text)
	if err != nil {
		return n.Errorf("%q is no IP address and no network such as 10.0.0.0/8", clip(text))
	}
	*p = Prefix(network.Masked())
	return nil
}

// JSONSchema is a text.
func (Prefix) JSONSchema() schema.Object { return schema.Object{"type": "string"} }

// FieldTest is what is asked of a data element.
type FieldTest struct {
	Equals *string `yaml:"equals" doc:"It has exactly this value."`
	Prefix *string `yaml:"prefix" doc:"It begins so."`
	Regex  *string `yaml:"regex" doc:"It fits this regular expression (RE2)."`
	Absent *bool   `yaml:"absent" doc:"true: the message does not have it; false: it does."`
	Place  strictyaml.Node

	regex *regexp.Regexp
}

// fieldForm is a FieldTest as a mapping.
type fieldForm FieldTest

// UnmarshalNode reads a text, or a mapping with one condition.
func (f *FieldTest) UnmarshalNode(n strictyaml.Node) error {
	if n.Kind() != strictyaml.Mapping {
		var q quoted
		err := n.Decode(&q)
		text := string(q)
		*f = FieldTest{Equals: &text, Place: n}
		return err
	}
	var form fieldForm
	if err := n.Decode(&form); err != nil {
		return err
	}
	*f = FieldTest(form)
	f.Place = n
	given := 0
	for _, is := range []bool{f.Equals != nil, f.Prefix != nil, f.Regex != nil, f.Absent != nil} {
		if is {
			given++
		}
	}
	if given != 1 {
		return n.Errorf("a data element has one condition: equals, prefix, regex or absent")
	}
	if f.Regex != nil {
		var err error
		if f.regex, err = regexp.Compile(*f.Regex); err != nil {
			return n.At("regex").Errorf("the regular expression is not right: %w", err)
		}
	}
	return nil
}

// JSONSchema is a text, or one condition.
func (FieldTest) JSONSchema() schema.Object {
	one := func(key string, o schema.Object) schema.Object {
		return schema.Object{"type": "object", "additionalProperties": false, "required": []string{key}, "properties": schema.Object{key: o}}
	}
	text := schema.Object{"type": "string"}
	return schema.OneOf(text, one("equals", text), one("prefix", text), one("regex", text), one("absent", schema.Object{"type": "boolean"}))
}

// Fits reports whether a data element fulfils the condition.
func (f *FieldTest) Fits(value []byte, present bool) bool {
	switch {
	case f.Absent != nil:
		return present != *f.Absent
	case !present:
		return false
	case f.Equals != nil:
		return string(value) == *f.Equals
	case f.Prefix != nil:
		return len(value) >= len(*f.Prefix) && string(value[:len(*f.Prefix)]) == *f.Prefix
	}
	return f.regex != nil && f.regex.Match(value)
}

type fieldTest struct {
	number int
	*FieldTest
}

// wild reports whether text fits a pattern in which * stands for any text and
// ? for any character.
func wild(pattern, text string) bool {
	star, back := -1, 0
	p, t := 0, 0
	for t < len(text) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, back = p, t
			p++
		case p < len(pattern) && (pattern[p] == '?' || pattern[p] == text[t]):
			p++
			t++
		case star >= 0:
			back++
			p, t = star+1, back
		default:
			return false
		}
	}
	for p < len(pattern) && pattern[p] == '*' {
		p++
	}
	return p == len(pattern)
}

// SelectsListener reports whether the listener of that name is among those that
// the match selects.
func (m *Match) SelectsListener(name string) bool {
	return len(m.Listener) == 0 || anyWild(m.Listener, name)
}

func anyWild[S ~string](patterns []S, text string) bool {
	for _, p := range patterns {
		if wild(string(p), text) {
			return true
		}
	}
	return false
}

// fitsConn reports whether a connection is selected, by what is known of it.
// from resolves source_of.
func (m *Match) fitsConn(c *faults.Conn, from sourceOf) bool {
	if len(m.Terminal) > 0 && !anyWild(m.Terminal, c.Terminal) {
		return false
	}
	return m.fitsPeer(c, from)
}

func (m *Match) fitsPeer(c *faults.Conn, from sourceOf) bool {
	if len(m.Listener) > 0 && !anyWild(m.Listener, c.Listener) {
		return false
	}
	if len(m.ServerName) > 0 && !anyWild(m.ServerName, c.ServerName) {
		return false
	}
	if m.Connection != nil && !m.Connection.Contains(int64(min(c.Nth, 1<<62))) { //nolint:gosec // bounded
		return false
	}
	if m.Open != nil && !m.Open.Contains(int64(c.Open)) {
		return false
	}
	if len(m.Source) > 0 && !slices.ContainsFunc(m.Source, func(p Prefix) bool { return netip.Prefix(p).Contains(c.Source.Unmap()) }) {
		return false
	}
	if m.SourceOf != "" {
		a, ok := from.address(string(m.SourceOf))
		return ok && a == c.Source.Unmap()
	}
	return true
}

// fits reports whether an exchange is selected. The cheap and telling keys
// come first.
func (m *Match) fits(x *faults.Exchange, from sourceOf) bool {
	if len(m.Terminal) > 0 && !anyWild(m.Terminal, x.Terminal) {
		return false
	}
	if len(m.Type) > 0 && !m.fitsType(x.Type) {
		return false
	}
	if len(m.mti) > 0 && !slices.Contains(m.mti, x.MTI) {
		return false
	}
	if len(m.Amount) > 0 && !m.fitsAmount(x) {
		return false
	}
	if len(m.Merchant) > 0 && !anyWild(m.Merchant, x.Merchant) {
		return false
	}
	if len(m.Code) > 0 && !slices.Contains(m.Code, quoted(x.Code)) {
		return false
	}
	if len(m.Outcome) > 0 && !m.fitsOutcome(x.Outcome) {
		return false
	}
	if !m.fitsPeer(x.Conn, from) {
		return false
	}
	if len(m.Card) > 0 && !m.fitsCard(x.Request) {
		return false
	}
	for _, f := range m.fields {
		if value, ok := x.Request.Field(f.number); !f.Fits(value, ok) {
			return false
		}
	}
	return true
}

func (m *Match) fitsType(name string) bool {
	for _, t := range m.Type {
		if t.String() == name {
			return true
		}
	}
	return false
}

func (m *Match) fitsOutcome(name string) bool {
	for _, o := range m.Outcome {
		if o.String() == name {
			return true
		}
	}
	return false
}

func (m *Match) fitsAmount(x *faults.Exchange) bool {
	if !x.HasAmount {
		return false
	}
	for i := range m.Amount {
		if m.Amount[i].Contains(x.Amount) {
			return true
		}
	}
	return false
}

func (m *Match) fitsCard(request faults.Message) bool {
	for _, c := range m.Card {
		if digits(string(c)) {
			// A number that is long enough to be a whole one is equal to
			// itself only; a shorter one is how numbers begin.
			if request.CardBegins(string(c), len(c) >= shortestPAN) {
				return true
			}
			continue
		}
		if request.CardAlias() == string(c) {
			return true
		}
	}
	return false
}

// shortestPAN is how many digits a number has that is taken for a whole one. The
// world knows prefixes of up to 12 digits.
const shortestPAN = 13

func digits[S ~string](s S) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}
