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
	var seen texts
	for i := range d.conv.recognise {
		if d.conv.recognise[i].mti != mti {
			continue
		}
		rules := d.conv.recognise[i].rules
		for j := range rules {
			if d.holds(req, rules[j].when, mti != firstMTI(req.MTI), &seen) {
				return rules[j].is
			}
		}
	}
	return world.Unrecognised
}

// holds reports whether a message fulfils all conditions. What a message of
// another type says of itself, its network or function code, says nothing of the
// transaction that it is about.
func (d *Dialect) holds(req *Request, conditions []condition, other bool, seen *texts) bool {
	for i := range conditions {
		c := &conditions[i]
		if other && slices.Contains(d.conv.networkCode, c.at) {
			continue
		}
		if !anyMatches(c.values, d.textOnce(req, c.at, seen)) {
			return false
		}
	}
	return true
}

// texts remembers what the conditions of one message have looked at, where that
// had to be translated: several rules ask for the same few fields.
type texts struct {
	at   [4]path
	ends [4]uint8 // of the texts in buf, one behind the other
	n    int
	buf  [96]byte
}

// textOnce is text, from what has been seen if it is there.
func (d *Dialect) textOnce(req *Request, at path, seen *texts) []byte {
	if !d.fields[at.field].translated() {
		return d.text(req, at, nil)
	}
	from := 0
	for i := range seen.n {
		to := int(seen.ends[i])
		if seen.at[i] == at {
			return seen.buf[from:to]
		}
		from = to
	}
	const longest = 80 // no value is as long
	whole := at
	if at.length == 0 && req.Index.Units(int(at.field)) > int(at.offset)+longest {
		whole.length = longest
	}
	if len(seen.buf)-from < longest || seen.n == len(seen.at) {
		seen.n, from = 0, 0
	}
	b := d.text(req, whole, seen.buf[from:])
	if from+len(b) <= len(seen.buf) {
		seen.at[seen.n], seen.ends[seen.n] = at, uint8(from+len(b)) //nolint:gosec // at most 96
		seen.n++
	}
	return b
}

func anyMatches(values []pattern, b []byte) bool {
	for _, p := range values {
		if p.matches(b) {
			return true
		}
	}
	return false
}
