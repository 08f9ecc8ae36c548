package strictyaml

import (
	"fmt"
	"strconv"
	"strings"
)

// Kind is what a value is in YAML.
type Kind uint8

// The kinds. Missing is the zero Node, or a place that the file does not have.
const (
	Missing Kind = iota
	Null
	Text
	Integer
	Float
	Bool
	List
	Mapping
)

var kindNames = [...]string{
	Missing: "nothing", Null: "nothing", Text: "a text", Integer: "a number", Float: "a number",
	Bool: "true or false", List: "a list", Mapping: "a mapping",
}

// String names the kind for people, with its article.
func (k Kind) String() string { return kindNames[k] }

// value is one value of a file. Aliases share it, so it must not change after
// parsing.
type value struct {
	kind         Kind
	text         string // of a scalar, as written
	line, column int
	items        []*value
	entries      []entry
}

type entry struct{ key, value *value }

type document struct {
	file  string
	lines []string
}

// Node is a value in a file, with its place. The zero Node has kind Missing and
// no place; all methods can be used on it.
type Node struct {
	doc  *document
	v    *value
	path string
	// missing marks the place of a value that is not there: v is the nearest
	// one that is, and path the wanted one.
	missing bool
}

// Kind says what the value is.
func (n Node) Kind() Kind {
	if n.v == nil || n.missing {
		return Missing
	}
	return n.v.kind
}

// Exists reports whether the file has the value; null counts as there.
func (n Node) Exists() bool { return n.Kind() != Missing }

// Text returns a scalar's text as written (0200 stays "0200"), quotes and
// escapes resolved. Of a list, a mapping and nothing it is "".
func (n Node) Text() string {
	if n.Kind() == Missing {
		return ""
	}
	return n.v.text
}

// Path names the value within its file, such as cards.good.pan or bins[0].
func (n Node) Path() string { return n.path }

// Position returns file, line and column; line 0 says that there is no place.
func (n Node) Position() (file string, line, column int) {
	if n.doc != nil {
		file = n.doc.file
	}
	if n.v == nil {
		return file, 0, 0
	}
	return file, n.v.line, n.v.column
}

// At follows string keys and int indexes. Where the file has no such value the
// result has kind Missing and the place of the nearest enclosing one, so that
// what is absent can be complained of as well.
func (n Node) At(path ...any) Node {
	for _, step := range path {
		switch s := step.(type) {
		case string:
			n = n.Key(s)
		case int:
			n = n.index(s)
		default:
			n.missing = true
			n.path += fmt.Sprintf("[%v]", step)
		}
	}
	return n
}

// Key returns the value of a mapping's key, or its missing place.
func (n Node) Key(key string) Node {
	at := n.child(key)
	if n.Kind() == Mapping {
		for _, e := range n.v.entries {
			if e.key.text == key {
				at.v = e.value
				return at
			}
		}
	}
	at.missing = true
	return at
}

// KeyNode returns the key itself, for complaints about the key rather than its
// value.
func (n Node) KeyNode(key string) Node {
	at := n.child(key)
	if n.Kind() == Mapping {
		for _, e := range n.v.entries {
			if e.key.text == key {
				at.v = e.key
				return at
			}
		}
	}
	at.missing = true
	return at
}

func (n Node) index(i int) Node {
	at := n.element(i)
	if n.Kind() == List && i >= 0 && i < len(n.v.items) {
		at.v = n.v.items[i]
		return at
	}
	at.missing = true
	return at
}

// Items returns the elements of a list; of anything else, none.
func (n Node) Items() []Node {
	if n.Kind() != List {
		return nil
	}
	all := make([]Node, len(n.v.items))
	for i, v := range n.v.items {
		all[i] = n.element(i)
		all[i].v = v
	}
	return all
}

// Entry is a key of a mapping with its value.
type Entry struct{ Key, Value Node }

// Entries returns a mapping's keys and values in the file's order; of anything
// else, none.
func (n Node) Entries() []Entry {
	if n.Kind() != Mapping {
		return nil
	}
	all := make([]Entry, len(n.v.entries))
	for i, e := range n.v.entries {
		at := n.child(e.key.text)
		all[i].Key, all[i].Value = at, at
		all[i].Key.v, all[i].Value.v = e.key, e.value
	}
	return all
}

// child and element return n with the path of a part; the caller sets its value.
func (n Node) child(key string) Node {
	if !plainKey(key) {
		key = strconv.Quote(key)
	}
	if n.path != "" {
		key = n.path + "." + key
	}
	n.path = key
	return n
}

func (n Node) element(i int) Node {
	n.path += "[" + strconv.Itoa(i) + "]"
	return n
}

func plainKey(s string) bool {
	return s != "" && !strings.ContainsAny(s, ".[]\"' \t\r\n")
}

// Errorf makes a mistake at the node's place; %w keeps an error to unwrap.
func (n Node) Errorf(format string, args ...any) *Problem {
	err := fmt.Errorf(format, args...)
	p := &Problem{Path: n.path, Message: err.Error()}
	if u, ok := err.(interface{ Unwrap() error }); ok {
		p.cause = u.Unwrap()
	}
	p.File, p.Line, p.Column = n.Position()
	if n.doc != nil {
		p.Source = n.doc.line(p.Line)
	}
	return p
}

func (d *document) line(n int) string {
	if n < 1 || n > len(d.lines) {
		return ""
	}
	return strings.TrimSuffix(d.lines[n-1], "\r")
}
