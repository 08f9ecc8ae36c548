package faults

import (
	"fmt"
	"math/big"
	"strings"
)

// EditOp is what a FieldEdit does.
type EditOp uint8

// The edits of a data element.
const (
	SetField       EditOp = iota + 1 // to Value
	RemoveField                      // with its bit
	IncrementField                   // the decimal number in it by one, 9…9 to 0…0
	RandomField                      // each digit and letter to another one of its class
	SpoilTag                         // of DE 55: every byte of the value of Tag changed
	RemoveTag                        // of DE 55: Tag is left out
)

// FieldEdit changes one data element of a reply before it is encoded.
type FieldEdit struct {
	Field int // 0: the MTI
	Op    EditOp
	Value string
	Tag   string // of DE 55, in upper-case hexadecimal
	Draw  Draw   // of RandomField
}

// Apply returns the value of the element after the edit, and whether the
// message then has it. A value is text; a binary element's is in upper-case
// hexadecimal. Edits of what is not there change nothing, except SetField.
func (e FieldEdit) Apply(value string, present bool) (string, bool) {
	if e.Op == SetField {
		return e.Value, true
	}
	if !present {
		return "", false
	}
	switch e.Op {
	case RemoveField:
		return "", false
	case IncrementField:
		return increment(value), true
	case RandomField:
		return e.random(value), true
	case SpoilTag, RemoveTag:
		return e.tag(value)
	}
	return value, true
}

// Unchanged says why the edit changed nothing about a reply that has the
// element, or has not. It is for when it did not.
func (e FieldEdit) Unchanged(present bool) string {
	does := map[EditOp]string{RemoveField: "remove", IncrementField: "increment", RandomField: "change"}[e.Op]
	switch {
	case e.Op == SpoilTag:
		return fmt.Sprintf("the reply has no tag %s in data element %d that could be wrong", e.Tag, e.Field)
	case e.Op == RemoveTag:
		return fmt.Sprintf("the reply has no tag %s in data element %d that could be missing", e.Tag, e.Field)
	case e.Op == SetField && e.Field == 0:
		return "the reply has the message type " + e.Value + " anyway"
	case e.Op == SetField:
		return fmt.Sprintf("data element %d of the reply is anyway what it is set to", e.Field)
	case !present:
		return fmt.Sprintf("the reply has no data element %d to %s", e.Field, does)
	}
	return fmt.Sprintf("data element %d of the reply has nothing in it to %s", e.Field, does)
}

// keepsLength says that the edit leaves what stands behind its element where it
// is.
func (e FieldEdit) keepsLength() bool {
	return e.Op == IncrementField || e.Op == RandomField || e.Op == SpoilTag
}

// increment adds one to the last run of digits in s, which keeps its length.
func increment(s string) string {
	end := strings.LastIndexFunc(s, func(r rune) bool { return r >= '0' && r <= '9' }) + 1
	from := end
	for from > 0 && digit(s[from-1]) {
		from--
	}
	if from == end {
		return s
	}
	n, _ := new(big.Int).SetString(s[from:end], 10)
	next := n.Add(n, big.NewInt(1)).String()
	if len(next) > end-from {
		next = next[1:] // 1000 to 000
	}
	return s[:from] + strings.Repeat("0", end-from-len(next)) + next + s[end:]
}

// random changes every digit and letter to one of the same class. At least
// the last of them differs from before.
func (e FieldEdit) random(value string) string {
	b := []byte(value)
	d := e.Draw
	last := -1
	for i, c := range b {
		if class, _ := classOf(c); class == 0 {
			continue
		}
		last = i
		b[i] = other(c, d.Uint64(), 0)
	}
	if last >= 0 && string(b) == value {
		b[last] = other(b[last], d.Uint64(), 1)
	}
	return string(b)
}

// classOf returns the first character of c's class and the size of that; 0 if
// c is neither digit nor letter.
func classOf(c byte) (first byte, size uint64) {
	switch {
	case digit(c):
		return '0', 10
	case c >= 'A' && c <= 'F': // a digit of a binary element, maybe
		return 'A', 6
	case c > 'F' && c <= 'Z':
		return 'G', 20
	case c >= 'a' && c <= 'z':
		return 'a', 26
	}
	return 0, 0
}

// other returns a character of c's class, which is not c itself if least is 1.
func other(c byte, draw, least uint64) byte {
	first, size := classOf(c)
	return first + byte((uint64(c-first)+least+draw%(size-least))%size)
}
