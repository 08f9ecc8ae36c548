package main

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"

	"golang.org/x/text/width"

	"github.com/acqsim/acqsim/simulator/frame"
)

// decodeText writes decoded messages for people.
type decodeText struct {
	b       strings.Builder
	lang    string
	offsets bool
}

func (t *decodeText) line(format string, args ...any) { fmt.Fprintf(&t.b, format+"\n", args...) }

// say returns the text in the language of the output.
func (t *decodeText) say(w words) string { return w.in(t.lang) }

// message writes one message; which says which it is of how many, or nothing.
func (t *decodeText) message(m *decoded, which string) {
	if m.KeepAlives > 0 {
		t.line("%s%d × keep-alive: a length of zero, nothing to answer", which, m.KeepAlives)
		return
	}
	if m.Dialect == "" {
		t.line("%s%d bytes, no message", which, m.Bytes)
		t.problem(m)
		return
	}
	what := "message without a frame"
	if m.Frame != nil {
		what = "frame"
		if m.Frame.Length == "" {
			what = "frame without its length header"
		}
	}
	head := fmt.Sprintf("%s%s, %s of %d bytes", which, m.Dialect, what, m.Bytes)
	if m.MTI != "" {
		head += ": " + m.MTI + " " + t.say(*m.Means)
		if m.Transaction != nil {
			head += ", " + t.say(*m.Transaction)
		}
	}
	t.line("%s", head)
	if len(m.Also) > 0 {
		t.line("  (%s reads it as well: --dialect chooses)", strings.Join(m.Also, ", "))
	}
	t.fields(m)
	if len(m.Hidden) > 0 {
		var hidden []string
		for _, s := range m.Hidden {
			hidden = append(hidden, fmt.Sprintf("%s (%d)", t.say(secretName(s)), s.Field))
		}
		t.line("\n  Hidden: %s. --unsafe shows it.", strings.Join(hidden, ", "))
	}
	if m.Warning != "" {
		t.line("\n  Wrong: %s", m.Warning)
	}
	t.problem(m)
	for i, cause := range m.Likely {
		if i == 0 {
			t.line("\n  Likely, as far as the bytes tell:")
		}
		t.line("  - %s", cause)
	}
}

// row is a line of the list of fields.
type row struct{ offset, path, name, value, means string }

func (t *decodeText) fields(m *decoded) {
	var rows []row
	if f := m.Frame; f != nil {
		at := 0
		for _, part := range []struct {
			name      words
			hex, text string
			means     words
		}{
			{words{"Length header", "报文长度"}, f.Length, f.lengthText, lengthMeans(m)},
			{words{"TPDU", "TPDU"}, f.TPDU, f.TPDU, f.tpduMeans},
			{words{"Header", "报文头"}, f.Header, f.Header, f.headerMeans},
		} {
			if part.hex != "" {
				rows = append(rows, row{offsetText(at), "-", t.say(part.name), part.text, t.say(part.means)})
				at += len(part.hex) / 2
			}
		}
	}
	rows = t.rows(rows, m.Fields, "")
	var paths, names, values int
	for _, r := range rows {
		paths = max(paths, displayWidth(r.path))
		names = max(names, displayWidth(r.name))
		if w := displayWidth(r.value); w <= widestValue {
			values = max(values, w)
		}
	}
	if len(rows) > 0 {
		t.line("")
	}
	for _, r := range rows {
		text := "  "
		if t.offsets {
			text += r.offset + "  "
		}
		text += pad(r.path, paths) + "  " + pad(r.name, names) + "  " + r.value
		if r.means != "" {
			text += strings.Repeat(" ", max(values-displayWidth(r.value), 0)) + "  " + r.means
		}
		t.line("%s", strings.TrimRight(text, " "))
	}
}

// widestValue is the widest value that others are aligned with.
const widestValue = 40

func (t *decodeText) rows(rows []row, fields []fieldView, indent string) []row {
	for _, f := range fields {
		r := row{offset: offsetText(f.Offset), path: indent + f.Path, name: t.say(f.Name), value: visibleText(f.Value)}
		switch f.Path {
		case "0":
			r.path, r.name = "-", t.say(words{"Message type", "消息类型"})
		case "1":
			r.path, r.name = "-", t.say(words{"Bitmap", "位图"})
		}
		if f.Means != nil {
			r.means = t.say(*f.Means)
		}
		if note := t.say(f.note); note != "" {
			r.means = strings.TrimPrefix(r.means+"; "+note, "; ")
		}
		rows = append(rows, r)
		rows = t.rows(rows, f.Parts, indent+"  ")
	}
	return rows
}

// lengthMeans is how many bytes follow the length header.
func lengthMeans(m *decoded) words {
	n := m.Bytes - len(m.Frame.Length)/2
	return words{fmt.Sprintf("%d bytes follow", n), fmt.Sprintf("其后 %d 字节", n)}
}

// lengthText writes a length header: characters as such, anything else in
// hexadecimal.
func lengthText(f frame.Format, b []byte) string {
	if f.Length == frame.ASCII4 || f.Length == frame.Hex4 {
		return visibleText(string(b))
	}
	return hexText(b)
}

func offsetText(n int) string { return fmt.Sprintf("0x%04X", n) }

// visibleText is escapedText in quotes where a text is empty or has spaces at
// its ends.
func visibleText(s string) string {
	out := escapedText(s)
	if out == "" || strings.TrimSpace(out) != out {
		return `"` + out + `"`
	}
	return out
}

// escapedText writes what a screen would swallow or obey as escapes.
func escapedText(s string) string {
	var b strings.Builder
	for _, r := range s {
		if r == ' ' || unicode.IsGraphic(r) && r != unicode.ReplacementChar && !unicode.Is(unicode.Zs, r) {
			b.WriteRune(r)
			continue
		}
		escaped := strconv.QuoteRuneToASCII(r)
		b.WriteString(escaped[1 : len(escaped)-1])
	}
	return b.String()
}

// displayWidth is how many columns of a screen a text takes up.
func displayWidth(s string) (n int) {
	for _, r := range s {
		n++
		switch width.LookupRune(r).Kind() {
		case width.EastAsianWide, width.EastAsianFullwidth:
			n++
		}
	}
	return n
}

func pad(s string, to int) string { return s + strings.Repeat(" ", max(to-displayWidth(s), 0)) }

// problem writes where and why a message could not be read on, with the bytes
// around the place.
func (t *decodeText) problem(m *decoded) {
	e := m.Error
	if e == nil {
		return
	}
	if e.Field == "" {
		t.line("\n  Wrong: %s", e.Reason)
	} else {
		t.line("\n  Wrong: %s, at byte %d (%s) of %d: %s", e.place(t.lang), e.Offset, offsetText(e.Offset), m.Bytes, e.Reason)
	}
	t.line("")
	t.dump(m, e)
	if strings.Contains(e.Around, "**") {
		t.line("\n  ** are bytes that are, or could be, card numbers, tracks or PIN blocks. --unsafe shows them.")
	}
}

// place names the field.
func (e *problemView) place(lang string) string {
	name := ""
	if e.Name != nil {
		name = e.Name.in(lang)
	}
	switch {
	case e.Field == "0" || e.Field == "1" || e.Field == "end":
		return name
	case name == "":
		return "field " + e.Field
	}
	return fmt.Sprintf("field %s (%s)", e.Field, name)
}

// The bytes of a dump: whole lines from before the place to after it.
const (
	dumpWidth  = 16
	dumpBefore = 16
	dumpAfter  = 32
)

func dumpFrom(e *problemView) int { return max(e.Offset-dumpBefore, 0) / dumpWidth * dumpWidth }

func dumpTo(m *decoded, e *problemView) int {
	return min((e.Offset+dumpAfter+dumpWidth-1)/dumpWidth*dumpWidth, len(m.shown))
}

// character is a byte as a character, in the charset of the dialect if there is
// one.
func (m *decoded) character(b byte) byte {
	switch {
	case m.dialect != nil:
		return m.dialect.Character(b)
	case b < ' ' || b > '~':
		return '.'
	}
	return b
}

// dump writes the bytes around a place, with carets below the ones that it is
// about.
func (t *decodeText) dump(m *decoded, e *problemView) {
	from, to := dumpFrom(e), dumpTo(m, e)
	for at := from; at < to || at == from; at += dumpWidth {
		var hexed, text, carets strings.Builder
		for i := at; i < at+dumpWidth; i++ {
			mark := "  "
			if i >= e.Offset && i < e.Offset+max(e.extent, 1) {
				mark = "^^"
			}
			carets.WriteString(" " + mark)
			if i >= to {
				hexed.WriteString("   ")
				continue
			}
			if m.stars[i] {
				hexed.WriteString(" **")
				text.WriteByte('*')
				continue
			}
			fmt.Fprintf(&hexed, " %02X", m.shown[i])
			text.WriteByte(m.character(m.shown[i]))
		}
		t.line("  %s %s  |%s|", offsetText(at), hexed.String(), text.String())
		if marks := strings.TrimRight(carets.String(), " "); marks != "" {
			t.line("         %s", marks)
		}
	}
	if e.Offset >= to {
		t.line("  %s  the end", offsetText(len(m.shown)))
	}
}
