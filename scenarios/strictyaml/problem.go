package strictyaml

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/text/width"
)

// Problem is one mistake in a file, with its place.
type Problem struct {
	File    string
	Line    int    // 1 is the first; 0: the mistake has no place
	Column  int    // in characters, 1 is the first
	Path    string // of the value, such as cards.good.pan or rules[2].when
	Message string // what is wrong
	Hint    string // what to do about it; may be empty
	Source  string // the offending line, without its line end

	cause error
}

// Error says place, message and hint in one line: "world.yaml:3:7: unknown key
// `blance` (did you mean `balance`?)".
func (p *Problem) Error() string {
	var b strings.Builder
	if p.File != "" {
		b.WriteString(p.File)
		b.WriteByte(':')
	}
	if p.Line > 0 {
		fmt.Fprintf(&b, "%d:%d:", p.Line, p.Column)
	}
	if b.Len() > 0 {
		b.WriteByte(' ')
	}
	b.WriteString(p.Message)
	if p.Hint != "" {
		b.WriteString(" (" + p.Hint + ")")
	}
	return b.String()
}

// Unwrap returns the error that a text or value unmarshaler gave, if any.
func (p *Problem) Unwrap() error { return p.cause }

// Suggest adds "did you mean …?" when one of the candidates is close to what
// was written. It returns p.
func (p *Problem) Suggest(written string, candidates []string) *Problem {
	if near := Closest(written, candidates); near != "" {
		p.Hint = "did you mean `" + near + "`?"
	}
	return p
}

// excerptWidth bounds how much of a long line is shown around its mistake.
const excerptWidth = 100

// Excerpt shows the offending line with a caret below the place, each line
// ended, or "" if the line is not known.
func (p *Problem) Excerpt() string {
	if p.Line < 1 || p.Source == "" {
		return ""
	}
	line := []rune(p.Source)
	at := min(max(p.Column-1, 0), len(line))
	from := 0
	if len(line) > excerptWidth {
		from = max(0, min(at-excerptWidth/2, len(line)-excerptWidth))
		line = line[from:min(len(line), from+excerptWidth)]
		at -= from
	}
	var pad strings.Builder
	for i, r := range line {
		if r != '\t' && r < ' ' || r == 0x7f {
			line[i], r = '·', '·' // a control character must not reach a terminal
		}
		if i >= at {
			continue
		}
		switch k := width.LookupRune(r).Kind(); {
		case r == '\t':
			pad.WriteByte('\t')
		case k == width.EastAsianWide || k == width.EastAsianFullwidth:
			pad.WriteString("  ")
		default:
			pad.WriteByte(' ')
		}
	}
	number := fmt.Sprintf("%6d", p.Line)
	return number + " | " + string(line) + "\n" +
		strings.Repeat(" ", len(number)) + " | " + pad.String() + "^\n"
}

// Problems are the mistakes of a file. The zero value is none.
type Problems []*Problem

// Error lists every mistake with its excerpt, in the order of their places.
func (ps Problems) Error() string {
	var b strings.Builder
	for i, p := range ps {
		if i > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(p.Error())
		if x := p.Excerpt(); x != "" {
			b.WriteByte('\n')
			b.WriteString(strings.TrimSuffix(x, "\n"))
		}
	}
	return b.String()
}

// Unwrap lets errors.As find the first mistake as a *Problem.
func (ps Problems) Unwrap() []error {
	errs := make([]error, len(ps))
	for i, p := range ps {
		errs[i] = p
	}
	return errs
}

// Add appends the mistakes that err stands for: a *Problem, Problems, or any
// other error, which becomes a mistake without a place. Nil adds nothing.
func (ps *Problems) Add(err error) {
	switch e := err.(type) {
	case nil:
	case Problems:
		*ps = append(*ps, e...)
	case *Problem:
		if e != nil {
			*ps = append(*ps, e)
		}
	default:
		*ps = append(*ps, &Problem{Message: err.Error(), cause: err})
	}
}

// Err returns the mistakes sorted by place and without repetitions, or nil if
// there are none. At most MaxProblems are kept.
func (ps Problems) Err() error {
	if len(ps) == 0 {
		return nil
	}
	sorted := slices.Clone(ps)
	slices.SortStableFunc(sorted, func(a, b *Problem) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	sorted = slices.CompactFunc(sorted, func(a, b *Problem) bool {
		return a.File == b.File && a.Line == b.Line && a.Column == b.Column && a.Message == b.Message
	})
	if more := len(sorted) - MaxProblems; more > 0 {
		last := sorted[MaxProblems-1]
		sorted = append(sorted[:MaxProblems:MaxProblems], &Problem{
			File: last.File, Line: last.Line, Column: last.Column,
			Message: fmt.Sprintf("%d more mistakes follow", more),
		})
	}
	return sorted
}
