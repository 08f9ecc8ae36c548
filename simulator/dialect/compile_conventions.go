package dialect

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/acqsim/acqsim/scenarios/strictyaml"
	"github.com/acqsim/acqsim/scenarios/world"
	"github.com/acqsim/acqsim/simulator/security"
)

func keys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

func (c *compiler) conventions(f *conventionsFile) {
	conv := &c.d.conv
	c.transactions(f.Transactions)
	conv.batch = c.part(f.Place.At("batch"), f.Batch)
	conv.invoice = c.part(f.Place.At("invoice"), f.Invoice)
	for i, text := range f.NetworkCode {
		conv.networkCode = append(conv.networkCode, c.part(f.Place.At("network_code", i), text))
	}
	if f.Software == "header" {
		conv.inHeader = true
		if c.file.Frame.Header < 2 {
			c.fail(f.Place.At("software").Errorf("the frame has no header to take the software version from"))
		}
	} else {
		conv.software = c.part(f.Place.At("software"), f.Software)
	}
	c.originals(f.Originals)
	conv.rememberUnmatched = f.RememberUnmatched == nil || *f.RememberUnmatched
	c.edges(f)
	switch f.Clock {
	case "", "host":
	case "echo":
		conv.echoClock = true
	default:
		c.fail(f.Place.At("clock").Errorf("%q is neither host nor echo", f.Clock))
	}
	for i, text := range f.Duplicates.Key {
		conv.duplicateKey = append(conv.duplicateKey, c.path(f.Duplicates.Place.At("key", i), text))
	}
	switch f.Duplicates.Policy {
	case "", "answer-94":
	case "repeat-answer":
		conv.repeatsAnswer = true
	default:
		c.fail(f.Duplicates.Place.At("policy").Errorf("%q is neither answer-94 nor repeat-answer", f.Duplicates.Policy))
	}
	c.secrets(f)
	c.balance(&f.Balance)
	c.settlement(f)
	c.parameters(f.Parameters)
	c.replies(f)
	c.batches(f)
}

// path compiles "60" or "60.2". An empty text is the zero path.
func (c *compiler) path(at strictyaml.Node, text pathText) (p path) {
	if text == "" {
		return path{}
	}
	number, id, hasPart := strings.Cut(string(text), ".")
	n, err := strconv.Atoi(number)
	if err != nil || n < 2 || n > MaxField {
		c.fail(at.Errorf("%q is no field (2 to %d) nor part of one such as 60.2", text, MaxField))
		return path{}
	}
	if c.defined(at, n) == nil {
		return path{}
	}
	p.field = uint8(n)
	if !hasPart {
		return p
	}
	var ids []string
	for _, part := range c.d.parts[n] {
		if part.id == id {
			p.offset, p.length = uint16(part.offset), uint16(part.length) //nolint:gosec // within a field
			return p
		}
		ids = append(ids, part.id)
	}
	c.fail(at.Errorf("field %d has no part %q; it has %s", n, id, orNone(ids)))
	return path{}
}

// part compiles a path whose value is read as a number.
func (c *compiler) part(at strictyaml.Node, text pathText) path {
	p := c.path(at, text)
	if p.isSet() && c.d.fields[p.field].value == hexBytes {
		c.fail(at.Errorf("field %d is binary and cannot be read as a number", p.field))
	}
	return p
}

func orNone(ids []string) string {
	if len(ids) == 0 {
		return "none"
	}
	return strings.Join(ids, ", ")
}

func (c *compiler) mtiNumber(at strictyaml.Node, text string) (uint16, bool) {
	n, err := strconv.ParseUint(text, 10, 16)
	if err != nil || len(text) != 4 {
		c.fail(at.Errorf("%q is no MTI: it has 4 digits, in quotes", text))
		return 0, false
	}
	if n%2 != 0 {
		c.fail(at.Errorf("%q is a repeat's MTI; repeats are recognised by the MTI of the message they repeat", text))
		return 0, false
	}
	return uint16(n), true
}

func (c *compiler) transactionType(at strictyaml.Node, text string) (world.TransactionType, bool) {
	t, err := world.ParseTransactionType(text)
	if err != nil {
		var names []string
		for _, t := range world.TransactionTypes() {
			names = append(names, t.String())
		}
		c.fail(at.Errorf("%w", err).Suggest(text, names))
		return 0, false
	}
	return t, true
}

// transactions sorts the recognition table by MTI, keeping its order.
func (c *compiler) transactions(rows []transactionFile) {
	for i := range rows {
		row := &rows[i]
		t, _ := c.transactionType(row.Place.At("is"), row.Is)
		rule := recognition{is: t}
		for j := range row.When {
			rule.when = append(rule.when, c.condition(&row.When[j]))
		}
		if len(row.MTI) == 0 {
			c.fail(row.Place.At("mti").Errorf("at least one MTI is needed"))
		}
		for j, text := range row.MTI {
			mti, ok := c.mtiNumber(row.Place.At("mti", j), text)
			if !ok {
				continue
			}
			table := &c.d.conv.recognise
			at := slices.IndexFunc(*table, func(r mtiRules) bool { return r.mti == mti })
			if at < 0 {
				at = len(*table)
				*table = append(*table, mtiRules{mti: mti})
			}
			(*table)[at].rules = append((*table)[at].rules, rule)
		}
	}
}

func (c *compiler) condition(e *strictyaml.MapEntry[[]string]) condition {
	cond := condition{at: c.path(e.AtKey, pathText(e.Key))}
	if len(e.Value) == 0 {
		c.fail(e.At.Errorf("at least one value is needed; \"\" stands for an absent field"))
	}
	longest := 0xFFFF
	if cond.at.isSet() {
		l := &c.d.fields[cond.at.field]
		longest = int(l.max)
		if l.translated() {
			longest = min(longest, longestPattern)
		}
	}
	cond.values = c.patterns(e.At, e.Value, longest)
	return cond
}

// longestPattern is the longest value of a condition on a field whose text does
// not stand on the line as it is: shorter than what of it is looked at.
const longestPattern = 79

// patterns compiles values, each a whole one or a beginning with * after it.
func (c *compiler) patterns(at strictyaml.Node, texts []string, longest int) (all []pattern) {
	for i, text := range texts {
		p := pattern{text: text}
		if p.text, p.prefix = strings.CutSuffix(text, "*"); strings.Contains(p.text, "*") {
			c.fail(at.At(i).Errorf("%q: * may stand at the end only", text))
		}
		if len(p.text) > longest {
			c.fail(at.At(i).Errorf("%q is longer than the field, which has at most %d", text, longest))
		}
		all = append(all, p)
	}
	return all
}

func (c *compiler) originals(rules []originalFile) {
	for i := range rules {
		f := &rules[i]
		r := originalRule{
			stan:  c.part(f.Place.At("stan"), f.STAN),
			batch: c.part(f.Place.At("batch"), f.Batch),
			mti:   c.part(f.Place.At("mti"), f.MTI),
			date:  c.part(f.Place.At("date"), f.Date),
		}
		r.own = r.stan.field == 11
		for j, name := range f.For {
			at := f.Place.At("for", j)
			t, ok := c.transactionType(at, name)
			if !ok {
				continue
			}
			if !hasOriginal(t) {
				c.fail(at.Errorf("a %s has no original; void, refund, reversal and the like have", t))
			}
			r.types |= 1 << t
		}
		c.d.conv.originals = append(c.d.conv.originals, r)
	}
}

func (c *compiler) secrets(f *conventionsFile) {
	conv := &c.d.conv
	conv.macPolicy, conv.pinField = security.MACOff, 0
	if m := f.MAC; m != nil {
		conv.macAlgorithm, conv.macPolicy = m.Algorithm, m.Policy
		if l := c.defined(m.Place.At("field"), m.Field); l != nil {
			conv.macField = uint8(m.Field) //nolint:gosec // at most MaxField
			if l.max != 8 || l.prefix != fixedLength || l.value != anyBytes && l.value != hexBytes {
				c.fail(m.Place.At("field").Errorf("the MAC field %d must be a Binary of fixed length 8, in Binary or HexToASCII", m.Field))
			}
		}
	}
	pin := 52
	if p := f.PIN; p != nil {
		conv.pinFormat = p.Format
		if p.Field != 0 {
			pin = p.Field
		}
		if l := c.defined(p.Place.At("field"), pin); l != nil {
			c.pinBlock(p, pin, l)
		}
	}
	if c.d.Defines(pin) {
		conv.pinField = uint8(pin) //nolint:gosec // at most MaxField
	}
	if f.Keys != nil {
		c.keys(f.Keys)
	}
	if f.Chip != nil {
		c.chip(f.Chip)
	}
}

// pinBlock wants a field that a PIN block of the format fits.
func (c *compiler) pinBlock(p *pinFile, n int, l *layout) {
	at := p.Place
	if at.At("format").Exists() {
		at = at.At("format")
	}
	size := p.Format.BlockSize()
	if room := int(l.max); !l.binary() || room < size || room > size && l.prefix == fixedLength {
		c.fail(at.Errorf("a PIN block of %s has %d bytes: make field %d a Binary of length %d, in Binary or HexToASCII, or choose a format of that length", p.Format, size, n, size))
	}
}

// defined returns the layout of field n, or nil after a complaint.
func (c *compiler) defined(at strictyaml.Node, n int) *layout {
	if n < 2 || n > MaxField {
		c.fail(at.Errorf("%d is no field number: 2 to %d", n, MaxField))
		return nil
	}
	if !c.d.fields[n].defined {
		if !c.broken[n] {
			c.fail(at.Errorf("field %d is not defined in the spec", n))
		}
		return nil
	}
	return &c.d.fields[n]
}

func (c *compiler) balance(f *balanceFile) {
	b := &c.d.conv.balance
	b.account = f.Account
	if f.Account != "" && (len(f.Account) != 2 || badDigit([]byte(f.Account)) >= 0) {
		c.fail(f.Place.At("account").Errorf("the account type %q is not 2 digits", f.Account))
	}
	for i, a := range f.Amounts {
		switch a {
		case "booked":
			b.booked = true
		case "available":
			b.available = true
		default:
			c.fail(f.Place.At("amounts", i).Errorf("no amount is called %q; there are booked and available", a))
		}
	}
	if len(f.Amounts) == 0 {
		b.available = true
	}
}

// hostFields are the fields that a host can add. The key field and the MAC
// field are others, named in the file.
var hostFields = []int{12, 13, 15, 32, 37, 38, 39, 44, 54}

// clockLengths are the lengths that fields of the host's clock can have: hhmmss or
// YYMMDDhhmmss (1993), MMDD, and MMDD or YYMMDD (1993).
var clockLengths = map[int][]int{12: {6, 12}, 13: {4}, 15: {4, 6}}

// replies compiles the reply of each class; a class that the file does not name
// has that of `other`.
func (c *compiler) replies(f *conventionsFile) {
	var given [classCount]bool
	for i := range f.Replies {
		e := &f.Replies[i]
		at := slices.Index(classNames[:], e.Key)
		if at < 0 {
			c.fail(e.AtKey.Errorf("no class of messages is called %q", e.Key).Suggest(e.Key, classNames[:]))
			continue
		}
		given[at] = true
		rule := &c.d.conv.replies[at]
		for j, text := range e.Value.Echo {
			c.echo(rule, e.Value.Place.At("echo", j), text)
		}
		for j, n := range e.Value.Host {
			place := e.Value.Place.At("host", j)
			if c.defined(place, n) == nil {
				continue
			}
			if !slices.Contains(hostFields, n) && n != int(c.d.conv.keyField) && n != int(c.d.conv.macField) && !c.d.settles(n) && n != int(c.d.conv.parameters.field) {
				c.fail(place.Errorf("the host has nothing to put into field %d; it adds %v, the key field, the MAC field and the results of a settlement", n, hostFields))
				continue
			}
			if want := clockLengths[n]; len(want) > 0 && !slices.Contains(want, int(c.d.fields[n].max)) {
				c.fail(place.Errorf("field %d has %d digits; the host's clock fills %v", n, c.d.fields[n].max, want))
				continue
			}
			rule.host[(n-1)/64] |= 1 << (63 - (n-1)%64)
		}
	}
	if !given[otherClass] {
		c.fail(f.Place.At("replies").Errorf("the class `other` is missing: it says how to answer what has no class of its own"))
	}
	for class := range c.d.conv.replies {
		rule := &c.d.conv.replies[class]
		if !given[class] {
			*rule = c.d.conv.replies[otherClass]
		}
		if e, _ := f.Replies.Get(classNames[class]); given[class] && !slices.Contains(e.Host, 39) {
			c.fail(f.Place.At("replies", classNames[class]).Errorf("the host must add field 39 (response code): a reply without it says nothing"))
		}
	}
}

// plainEchoes finds the fields of each rule that only need to be copied.
func (c *compiler) plainEchoes() {
	for i := range c.d.conv.replies {
		rule := &c.d.conv.replies[i]
		rule.plain = rule.echo
		for _, p := range append([]path{c.d.conv.batch}, rule.limits...) {
			if n := int(p.field); n > 0 {
				rule.plain[(n-1)/64] &^= 1 << (63 - (n-1)%64)
			}
		}
	}
}

// secretFields never go into a reply: tracks and PIN block.
var secretFields = []int{35, 36, 45, 52}

func (c *compiler) echo(rule *replyRule, at strictyaml.Node, text pathText) {
	p := c.path(at, text)
	if !p.isSet() {
		return
	}
	n := int(p.field)
	if slices.Contains(secretFields, n) || n == int(c.d.conv.macField) {
		c.fail(at.Errorf("field %d is never echoed", n))
		return
	}
	if !p.whole() {
		if l := &c.d.fields[n]; l.prefix == fixedLength || l.value == bcdRight {
			c.fail(at.Errorf("only a field of variable length that is not right-aligned BCD can be echoed in part; field %d is another", n))
			return
		}
		rule.limits = append(rule.limits, p)
	}
	rule.echo[(n-1)/64] |= 1 << (63 - (n-1)%64)
}
