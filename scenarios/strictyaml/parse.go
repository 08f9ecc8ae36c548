package strictyaml

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// Parse reads a file and returns its top value. file is used in messages only.
//
// The error is Problems. With a mistake in the syntax there is no Node (kind
// Missing); with a mistake such as a duplicate key the Node can be used all the
// same, so that whatever else is wrong can be reported together with it. An
// empty file is a Node of kind Null.
func Parse(file string, src []byte) (Node, error) {
	doc := &document{file: file}
	src = bytes.TrimPrefix(src, []byte("\ufeff"))
	if len(src) > MaxSize {
		return Node{}, Problems{{File: file, Message: fmt.Sprintf("the file has %d bytes, more than the %d that are read", len(src), MaxSize)}}
	}
	doc.lines = strings.Split(string(src), "\n")
	if p := doc.encoding(); p != nil {
		return Node{}, Problems{p}
	}
	if p := doc.blankLines(src); p != nil {
		return Node{}, Problems{p}
	}
	top, err := doc.parse(string(src))
	if err != nil {
		return Node{}, Problems{doc.syntaxProblem(err)}
	}
	c := converter{doc: doc, anchors: map[string]*value{}}
	root := c.document(top)
	return Node{doc: doc, v: root}, c.problems.Err()
}

// encoding complains of what is not UTF-8 text.
func (d *document) encoding() *Problem {
	for i, line := range d.lines {
		column := 1
		for len(line) > 0 {
			r, n := utf8.DecodeRuneInString(line)
			if r == utf8.RuneError && n == 1 || r == 0 {
				what := "is not UTF-8 text"
				if r == 0 {
					what = "is a zero byte, which a text does not have"
				}
				return &Problem{File: d.file, Line: i + 1, Column: column, Message: fmt.Sprintf("byte %#02x %s", line[0], what),
					Hint: "save the file as UTF-8", Source: strings.ToValidUTF8(d.line(i+1), "·")}
			}
			line = line[n:]
			column++
		}
	}
	return nil
}

// blankLines refuses long runs of blank lines: the library's time for those at
// the end of a block text grows with the square of their number.
func (d *document) blankLines(src []byte) *Problem {
	line, run := 1, 0
	for _, c := range src {
		switch c {
		case '\n', '\r':
			if c == '\n' {
				line++
			}
			if run++; run > maxBlank {
				return &Problem{File: d.file, Line: min(line, len(d.lines)), Column: 1,
					Message: fmt.Sprintf("more than %d line ends in a row", maxBlank), Hint: "remove the blank lines"}
			}
		case ' ', '\t':
		default:
			run = 0
		}
	}
	return nil
}

// parse runs the YAML library, whose panics become errors.
func (d *document) parse(src string) (f *ast.File, err error) {
	defer func() {
		if r := recover(); r != nil {
			f, err = nil, fmt.Errorf("the YAML reader gave up on this file (%v)", r)
		}
	}()
	tokens := lexer.Tokenize(src)
	if err := bounded(tokens); err != nil {
		return nil, err
	}
	return parser.Parse(tokens, 0, parser.AllowDuplicateMapKey())
}

// bounded refuses, before the recursive parser sees them, files that nest too
// deep (its stack cannot be recovered) or are too long for it.
func bounded(tokens token.Tokens) error {
	if len(tokens) > maxTokens {
		return &yaml.SyntaxError{Message: fmt.Sprintf("the file has %d words and signs, more than the %d that are read", len(tokens), maxTokens), Token: tokens[maxTokens]}
	}
	var flow, prefixes int
	var blocks []block // the open block collections, by rising column
	for _, t := range tokens {
		switch t.Type {
		case token.MappingStartType, token.SequenceStartType:
			flow++
		case token.MappingEndType, token.SequenceEndType:
			flow--
		case token.TagType, token.AnchorType:
			prefixes++
		}
		// A value ends a run of tags and anchors, which the parser nests as well.
		switch t.Type {
		case token.StringType, token.IntegerType, token.MappingValueType, token.SingleQuoteType, token.DoubleQuoteType:
			if t.PreviousType() != token.AnchorType {
				prefixes = 0
			}
		}
		if flow <= 0 {
			blocks = open(blocks, t)
		}
		if flow+len(blocks) > MaxDepth || prefixes > MaxDepth {
			return &yaml.SyntaxError{Message: fmt.Sprintf("nested deeper than %d levels", MaxDepth), Token: t}
		}
		if n := len(blocks); n > 0 && blocks[n-1].entries > maxEntries {
			return &yaml.SyntaxError{Message: fmt.Sprintf("more than %d entries in one mapping", maxEntries), Token: t}
		}
	}
	return nil
}

type block struct{ column, entries int }

// open keeps the stack of block collections: the token's column closes those
// to its right, and a dash or a key opens one.
func open(blocks []block, t *token.Token) []block {
	at := t
	switch t.Type {
	case token.SequenceEntryType, token.MappingKeyType:
	case token.MappingValueType:
		if t.Prev != nil && t.Prev.Position.Line == t.Position.Line {
			at = t.Prev
		}
	default:
		return blocks
	}
	for n := len(blocks); n > 0 && blocks[n-1].column > at.Position.Column; n-- {
		blocks = blocks[:n-1]
	}
	if n := len(blocks); n == 0 || blocks[n-1].column < at.Position.Column {
		blocks = append(blocks, block{column: at.Position.Column})
	}
	blocks[len(blocks)-1].entries++
	return blocks
}

func (d *document) syntaxProblem(err error) *Problem {
	p := &Problem{File: d.file}
	var located yaml.Error
	if !errors.As(err, &located) {
		p.Message = err.Error()
	} else { // its Error would print the whole file
		p.Message = located.GetMessage()
		if t := located.GetToken(); t != nil && t.Position != nil {
			p.Line, p.Column = d.clamp(t.Position.Line, t.Position.Column)
			p.Source = d.line(p.Line)
			if strings.HasPrefix(strings.TrimLeft(p.Source, " "), "\t") {
				p.Hint = "indent with spaces, not with tabs"
			}
		}
	}
	return p
}

// clamp keeps a place within the file, whatever the library says.
func (d *document) clamp(line, column int) (int, int) {
	line = min(max(line, 1), len(d.lines))
	return line, min(max(column, 1), utf8.RuneCountInString(d.line(line))+1)
}

// converter turns the library's tree into values.
type converter struct {
	doc      *document
	anchors  map[string]*value // complete ones only, so that no alias is within itself
	problems Problems
}

func (c *converter) complain(v *value, hint, format string, args ...any) {
	p := Node{doc: c.doc, v: v}.Errorf(format, args...)
	p.Hint = hint
	c.problems = append(c.problems, p)
}

func (c *converter) at(n ast.Node, k Kind) *value {
	v := &value{kind: k, line: 1, column: 1}
	if n != nil {
		if t := n.GetToken(); t != nil && t.Position != nil {
			v.line, v.column = c.doc.clamp(t.Position.Line, t.Position.Column)
		}
	}
	return v
}

func (c *converter) document(f *ast.File) *value {
	var root *value
	for _, d := range f.Docs {
		if d == nil || d.Body == nil {
			continue
		}
		v := c.value(d.Body)
		if root != nil {
			c.complain(v, "put each into its own file", "a second document begins here")
			break
		}
		root = v
	}
	if root == nil {
		root = &value{kind: Null, line: 1, column: 1}
	}
	return root
}

func (c *converter) value(n ast.Node) *value {
	switch n := n.(type) {
	case nil, *ast.NullNode, *ast.CommentNode, *ast.CommentGroupNode:
		return c.at(n, Null)
	case *ast.StringNode:
		return c.scalar(n, Text, n.Value)
	case *ast.LiteralNode:
		v := c.at(n, Text)
		if n.Value != nil {
			v.text = n.Value.Value
		}
		return v
	case *ast.IntegerNode:
		return c.scalar(n, Integer, n.Token.Value)
	case *ast.FloatNode:
		return c.scalar(n, Float, n.Token.Value)
	case *ast.InfinityNode:
		return c.scalar(n, Float, n.Token.Value)
	case *ast.NanNode:
		return c.scalar(n, Float, n.Token.Value)
	case *ast.BoolNode:
		return c.scalar(n, Bool, n.Token.Value)
	case *ast.SequenceNode:
		return c.list(n)
	case *ast.MappingNode:
		return c.mapping(n, n.Values)
	case *ast.MappingValueNode:
		return c.mapping(n, []*ast.MappingValueNode{n})
	case *ast.AnchorNode:
		v := c.value(n.Value)
		if n.Name != nil {
			c.anchors[n.Name.GetToken().Value] = v
		}
		return v
	case *ast.AliasNode:
		return c.alias(n)
	case *ast.TagNode:
		v := c.value(n.Value)
		c.complain(c.at(n, Null), "leave the tag out", "tags such as %s are not used in this file", n.GetToken().Value)
		return v
	}
	v := c.at(n, Null)
	c.complain(v, "", "this kind of value (%s) is not used in this file", n.Type())
	return v
}

func (c *converter) scalar(n ast.Node, k Kind, text string) *value {
	v := c.at(n, k)
	v.text = text
	return v
}

func (c *converter) list(n *ast.SequenceNode) *value {
	v := c.at(n, List)
	v.items = make([]*value, 0, len(n.Values))
	for _, item := range n.Values {
		v.items = append(v.items, c.value(item))
	}
	return v
}

func (c *converter) alias(n *ast.AliasNode) *value {
	name := ""
	if n.Value != nil {
		name = n.Value.GetToken().Value
	}
	if v := c.anchors[name]; v != nil {
		return v
	}
	v := c.at(n, Null)
	known := make([]string, 0, len(c.anchors))
	for a := range c.anchors {
		known = append(known, a)
	}
	p := Node{doc: c.doc, v: v}.Errorf("no anchor &%s stands before this alias", name).Suggest(name, known)
	c.problems = append(c.problems, p)
	return v
}

func (c *converter) mapping(n ast.Node, entries []*ast.MappingValueNode) *value {
	v := c.at(n, Mapping)
	v.entries = make([]entry, 0, len(entries))
	seen := make(map[string]*value, len(entries))
	for _, e := range entries {
		key := c.key(e.Key)
		val := c.value(e.Value)
		if key == nil {
			continue
		}
		if len(v.entries) == 0 && (key.line < v.line || key.line == v.line && key.column < v.column) {
			v.line, v.column = key.line, key.column // a block mapping begins at its first key, not at the colon
		}
		if first := seen[key.text]; first != nil {
			c.complain(key, "remove one of them", "the key `%s` is already there in line %d", key.text, first.line)
			continue
		}
		seen[key.text] = key
		v.entries = append(v.entries, entry{key, val})
	}
	return v
}

// key returns a scalar key, or nil after a complaint.
func (c *converter) key(n ast.MapKeyNode) *value {
	if n == nil {
		return nil
	}
	var inner ast.Node = n
	if q, ok := n.(*ast.MappingKeyNode); ok {
		inner = q.Value
	}
	if _, merge := inner.(*ast.MergeKeyNode); merge {
		c.complain(c.at(n, Null), "write the values out", "merge keys (<<) are not used in this file")
		return nil
	}
	v := c.value(inner)
	switch v.kind {
	case Text, Integer, Float, Bool:
		return v
	}
	c.complain(v, "", "a key must be a word or a number, not %s", v.kind)
	return nil
}
