package dialect

import (
	"slices"

	"github.com/acqsim/acqsim/scenarios/world"
)

// mtiRules are the recognition rules of one MTI, in the order of the file.
type mtiRules struct {
	mti   uint16
	rules []recognition
}

// recognition is one row of the table: all conditions hold, and the message is
// of the type.
type recognition struct {
	is   world.TransactionType
	when []condition
}

// condition asks for one of several values.
type condition struct {
	at     path
	values []pattern
}

// pattern is a whole value, or the beginning of one. The empty whole value
// stands for "absent", and MMDD for a month and day.
type pattern struct {
	text   string
	prefix bool
}

func (p pattern) matches(b []byte) bool {
	if p.text == "MMDD" {
		n, ok := panOf(b)
		return ok && n.length == 4 && isMonthDay(n.digits)
	}
	if p.prefix {
		return len(b) >= len(p.text) && string(b[:len(p.text)]) == p.text
	}
	return string(b) == p.text
}

// recogniseType finds the first rule that fits the message. A repeat is of the
// type of the message it repeats.
func (d *Dialect) recogniseType(req *Request) world.TransactionType {
	return d.typeUnder(req, firstMTI(req.MTI))
}

// typeUnder is the type that the message would have under another MTI.
func (d *Dialect) typeUnder(req *Request, mti uint16) world.TransactionType {
	for i := range d.conv.recognise {
		if d.conv.recognise[i].mti != mti {
			continue
		}
		rules := d.conv.recognise[i].rules
		for j := range rules {
			if d.holds(req, rules[j].when, mti != firstMTI(req.MTI)) {
				return rules[j].is
			}
		}
	}
	return world.Unrecognised
}

// holds reports whether a message fulfils all conditions. What a message of
// another type says of itself, its network or function code, says nothing of the
// transaction that it is about.
func (d *Dialect) holds(req *Request, conditions []condition, other bool) bool {
	var buf [80]byte
	for i := range conditions {
		c := &conditions[i]
		if other && slices.Contains(d.conv.networkCode, c.at) {
			continue
		}
		var b []byte
		at := c.at
		if at.length == 0 && d.fields[at.field].translated() && req.Index.Units(int(at.field)) > int(at.offset)+len(buf) {
			at.length = uint16(len(buf)) // no value is as long
		}
		b = d.text(req, at, buf[:])
		if !anyMatches(c.values, b) {
			return false
		}
	}
	return true
}

func anyMatches(values []pattern, b []byte) bool {
	for _, p := range values {
		if p.matches(b) {
			return true
		}
	}
	return false
}
