package terminal

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// template is the value of a field with names in braces.
type template []piece

// piece is a literal text, a value by its name, or a field of the original.
type piece struct {
	text     string
	value    func(*Params) string // nil: a literal
	original int                  // field of the original message; 0: none
	isMTI    bool                 // {original_mti}

	isRecords bool // {records}: value is set when it is known what one holds
}

// parseTemplate reads "22{batch}000". Braces stand for nothing else: fields
// that are wanted with one in them are set by Params.Fields.
func parseTemplate(s string) (t template, err error) {
	for s != "" {
		open := strings.IndexAny(s, "{}")
		if open < 0 {
			return append(t, piece{text: s}), nil
		}
		if open > 0 {
			t = append(t, piece{text: s[:open]})
		}
		end := strings.IndexByte(s[open:], '}')
		if s[open] == '}' || end < 0 {
			return nil, fmt.Errorf("%q has a brace without its partner", s)
		}
		p, err := parsePiece(s[open+1 : open+end])
		if err != nil {
			return nil, err
		}
		t, s = append(t, p), s[open+end+1:]
	}
	return t, nil
}

func parsePiece(name string) (piece, error) {
	if name == "original_mti" {
		return piece{isMTI: true}, nil
	}
	if name == "records" {
		return piece{isRecords: true}, nil
	}
	if n, ok := strings.CutPrefix(name, "original."); ok {
		field, err := strconv.Atoi(n)
		if err != nil || field < 2 || field > 128 {
			return piece{}, fmt.Errorf("{%s} names no field from 2 to 128", name)
		}
		return piece{original: field}, nil
	}
	value, ok := values[name]
	if !ok {
		return piece{}, &unknownNameError{name}
	}
	return piece{value: value}, nil
}

// unknownNameError lets the reader of a file suggest the right name.
type unknownNameError struct{ name string }

func (e *unknownNameError) Error() string {
	return fmt.Sprintf("there is no value called {%s}", e.name)
}

// expand returns the text of the template; false if it names a value that is
// not given.
func (t template) expand(p *Params, original *rendered) (string, bool) {
	var b strings.Builder
	for _, piece := range t {
		text := piece.text
		switch {
		case piece.isMTI && original != nil:
			text = original.mti
		case piece.original > 0 && original != nil:
			text = original.fields[piece.original]
		case piece.value != nil:
			text = piece.value(p)
		}
		if text == "" {
			return "", false
		}
		b.WriteString(text)
	}
	return b.String(), true
}

// ofOne reports whether the template can stand for each of several transactions.
func (t template) ofOne() bool {
	return !slices.ContainsFunc(t, func(p piece) bool { return p.isRecords || p.isMTI || p.original > 0 })
}

// repeat returns the template's text once for each transaction that a message
// holds; empty if one of them lacks something.
func (t template) repeat(p *Params) string {
	var b strings.Builder
	one := func(p *Params) bool {
		text, ok := t.expand(p, nil)
		b.WriteString(text)
		return ok
	}
	if !one(p) {
		return ""
	}
	for i := range p.Block {
		if !one(&p.Block[i]) {
			return ""
		}
	}
	return b.String()
}
