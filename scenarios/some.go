package scenarios

import (
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"

	"github.com/acqsim/acqsim/scenarios/schema"
	"github.com/acqsim/acqsim/scenarios/strictyaml"
	"github.com/acqsim/acqsim/scenarios/world"
)

// Some is one value, or a list of values of which each will do.
type Some[T any] []T

// UnmarshalNode reads one value or a list of them.
func (s *Some[T]) UnmarshalNode(n strictyaml.Node) error {
	if n.Kind() == strictyaml.List {
		var all []T
		err := n.Decode(&all)
		if err == nil && len(all) == 0 {
			return n.Errorf("an empty list fits nothing: name at least one, or leave the key out")
		}
		*s = all
		return err
	}
	var one T
	err := n.Decode(&one)
	*s = Some[T]{one}
	return err
}

// JSONSchema is that of one value, or a list.
func (Some[T]) JSONSchema() schema.Object {
	one := schema.Of(reflect.TypeFor[T]())
	return schema.OneOf(one, schema.List(one))
}

// quoted is a text that YAML spoils without quotes: an MTI, a code, an ID. In
// contrast to a plain text, no number passes for it.
type quoted string

// UnmarshalNode insists on a text.
func (q *quoted) UnmarshalNode(n strictyaml.Node) error {
	switch n.Kind() {
	case strictyaml.Integer, strictyaml.Float, strictyaml.Bool:
		p := n.Errorf("%s is written in quotes, since YAML takes it for %s", n.Text(), n.Kind())
		p.Hint = "quote it: " + strconv.Quote(n.Text())
		return p
	}
	text, err := n.NeedText()
	*q = quoted(text)
	return err
}

// JSONSchema is a text.
func (quoted) JSONSchema() schema.Object { return schema.Object{"type": "string"} }

// Range is a range of whole numbers, both ends included.
type Range struct{ From, To int64 }

// Contains reports whether n is in the range.
func (r Range) Contains(n int64) bool { return r.From <= n && n <= r.To }

// UnmarshalNode reads 3, "2..5", "2.." or "..5".
func (r *Range) UnmarshalNode(n strictyaml.Node) error {
	text, err := n.NeedText()
	if err != nil {
		return err
	}
	parsed, err := parseRange(text, func(s string) (int64, error) {
		v, err := strconv.ParseUint(s, 10, 31)
		return int64(v), err
	})
	if err != nil {
		return n.Errorf(`%q is no range of whole numbers such as 3, "2..5" or "10.."`, clip(text))
	}
	*r = parsed
	return nil
}

// JSONSchema is a number or a range.
func (Range) JSONSchema() schema.Object {
	return schema.OneOf(schema.Object{"type": "integer", "minimum": 0}, schema.Text(`^([0-9]+|[0-9]+\.\.|[0-9]*\.\.[0-9]+)$`))
}

func parseRange(text string, number func(string) (int64, error)) (Range, error) {
	from, to, ranged := strings.Cut(text, "..")
	r := Range{0, math.MaxInt64}
	var err error
	if from != "" {
		if r.From, err = number(from); err != nil {
			return r, err
		}
	}
	switch {
	case !ranged:
		r.To = r.From
	case to != "":
		if r.To, err = number(to); err != nil {
			return r, err
		}
	}
	switch {
	case from == "" && to == "":
		return r, fmt.Errorf("no number")
	case r.To < r.From:
		return r, fmt.Errorf("it ends before it begins")
	}
	return r, nil
}

// Amount selects amounts: one, a range, or by their last digits.
type Amount struct {
	text  string
	place strictyaml.Node

	Range Range // minor units
	// Ending is what the amount's last digits are, and Modulus 10 to the
	// power of how many; Modulus 0: the range counts.
	Ending, Modulus int64
}

// UnmarshalNode keeps the text: the currency that decides about the minor unit
// is the world's.
func (a *Amount) UnmarshalNode(n strictyaml.Node) (err error) {
	a.place = n
	a.text, err = n.NeedText()
	return err
}

// JSONSchema is an amount, a range, or x.NN.
func (Amount) JSONSchema() schema.Object {
	return schema.OneOf(schema.Object{"type": "number"}, schema.Text(`^(x[.0-9]*[0-9]|[0-9.]+|[0-9.]*\.\.[0-9.]*)$`))
}

// lastDigits begins an amount of which only the last digits count.
const lastDigits = "x"

// resolve reads the text as amounts of a currency.
func (a *Amount) resolve(c world.Currency) error {
	if a.text == "" {
		return nil
	}
	if tail, ok := strings.CutPrefix(a.text, lastDigits); ok {
		digits := strings.Replace(tail, ".", "", 1)
		_, fraction, dotted := strings.Cut(tail, ".")
		n, err := strconv.ParseUint(digits, 10, 31)
		if err != nil || len(digits) > 9 || dotted && len(fraction) != c.Decimals() {
			return a.place.Errorf("%q is no ending of amounts such as x.51: after the point come the %d decimals of %s", clip(a.text), c.Decimals(), c.Alpha())
		}
		a.Ending, a.Modulus = int64(n), pow10(len(digits))
		return nil
	}
	r, err := parseRange(a.text, func(s string) (int64, error) { return world.ParseAmount(s, c) })
	if err != nil {
		p := a.place.Errorf("%q is no amount: %w", clip(a.text), err)
		p.Hint = `write "10.00", "1.00..500.00", or "x.51" for amounts that end so`
		return p
	}
	a.Range = r
	return nil
}

// Contains reports whether an amount in minor units is selected.
func (a *Amount) Contains(minor int64) bool {
	if a.Modulus > 0 {
		return minor >= 0 && minor%a.Modulus == a.Ending
	}
	return a.Range.Contains(minor)
}

func pow10(n int) int64 {
	p := int64(1)
	for range n {
		p *= 10
	}
	return p
}

// clip keeps a message readable whatever it quotes.
func clip(s string) string {
	const most = 40
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + "…"
	}
	return s
}
