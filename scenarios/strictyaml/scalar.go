package strictyaml

import (
	"reflect"
	"strconv"
	"strings"
	"time"
)

var durationType = reflect.TypeFor[time.Duration]()

// textOf complains unless the node is a scalar whose text is what its author
// sees in any YAML reader.
func textOf(n Node) *Problem {
	switch n.Kind() {
	case Text:
		return nil
	case Integer, Float:
		if plainNumber(n.Text()) {
			return nil
		}
		return quoteIt(n)
	case Bool:
		return quoteIt(n)
	}
	return wanted(n, "a text")
}

// plainNumber reports whether a number means the same in every YAML version.
func plainNumber(s string) bool {
	digits := strings.TrimLeft(s, "+-")
	if len(digits) > 1 && digits[0] == '0' && digits[1] != '.' {
		return false
	}
	return digits != "" && strings.Trim(digits, "0123456789.") == ""
}

func quoteIt(n Node) *Problem {
	p := n.Errorf("a text is wanted, but YAML reads an unquoted %s as %s", n.Text(), n.Kind())
	p.Hint = "quote it: " + strconv.Quote(n.Text())
	return p
}

func wanted(n Node, what string) *Problem {
	if n.Kind() == Null {
		return n.Errorf("%s is wanted, but there is no value", what)
	}
	return n.Errorf("%s is wanted, not %s", what, describe(n))
}

func describe(n Node) string {
	switch n.Kind() {
	case List, Mapping:
		return n.Kind().String()
	}
	text := []rune(n.Text())
	if len(text) > 40 {
		text = append(text[:40:40], '…')
	}
	return strconv.Quote(string(text))
}

func (d *decoder) scalar(n Node, to reflect.Value) {
	switch kind := to.Kind(); {
	case to.Type() == durationType:
		v, err := time.ParseDuration(n.Text())
		if err != nil || n.Kind() != Text {
			p := wanted(n, "a duration")
			p.Hint = `such as "1.5s" or "300ms"`
			d.add(p)
			return
		}
		to.SetInt(int64(v))
	case kind == reflect.String:
		switch n.Kind() {
		case Text:
			to.SetString(n.Text())
		case Integer, Float, Bool:
			d.add(quoteIt(n))
		default:
			d.add(wanted(n, "a text"))
		}
	case kind == reflect.Bool:
		if n.Kind() != Bool {
			d.add(wanted(n, "true or false"))
			return
		}
		to.SetBool(strings.EqualFold(n.Text(), "true"))
	case to.CanInt() || to.CanUint() || to.CanFloat():
		d.number(n, to)
	default:
		d.add(n.Errorf("cannot decode into %s", to.Type()))
	}
}

func (d *decoder) number(n Node, to reflect.Value) {
	whole := to.CanInt() || to.CanUint()
	if n.Kind() != Integer && (whole || n.Kind() != Float) {
		if whole {
			d.add(wanted(n, "a whole number"))
		} else {
			d.add(wanted(n, "a number"))
		}
		return
	}
	text := n.Text()
	if n.Kind() == Integer && !plainNumber(text) {
		p := n.Errorf("the number %s can be read in more than one way", text)
		p.Hint = "write it in plain decimal digits, without zeros in front"
		d.add(p)
		return
	}
	var err error
	bits := to.Type().Bits()
	switch {
	case to.CanInt():
		var v int64
		if v, err = strconv.ParseInt(text, 10, bits); err == nil {
			to.SetInt(v)
		}
	case to.CanUint():
		var v uint64
		if v, err = strconv.ParseUint(strings.TrimPrefix(text, "+"), 10, bits); err == nil {
			to.SetUint(v)
		}
	default:
		var v float64
		if v, err = strconv.ParseFloat(text, bits); err == nil {
			to.SetFloat(v)
		}
	}
	if err != nil {
		d.add(n.Errorf("the number %s does not fit here", describe(n)))
	}
}
