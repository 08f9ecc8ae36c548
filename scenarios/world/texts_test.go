package world_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/acqsim/acqsim/scenarios/world"
)

func TestSayPutsEachLanguageIntoItsOwnText(t *testing.T) {
	sale := world.Sale.Text()
	both := world.Say("the %s of %d", "%[2]d 元的%[1]s", sale, 10)
	assert.Equal(t, world.Bilingual{EN: "the sale of 10", ZH: "10 元的消费"}, both)
	assert.Equal(t, world.Bilingual{EN: "it was void, not sale", ZH: "是消费撤销，不是消费"},
		world.Say("it was %s, not %s", "是%s，不是%s", world.Void.Text(), sale))
	assert.Equal(t, "the sale of 10", both.String())
}

func TestJoinPutsSomethingBetween(t *testing.T) {
	or := world.Bilingual{EN: " or ", ZH: "或"}
	assert.Equal(t, world.Bilingual{}, world.Join(or))
	assert.Equal(t, world.Same("A"), world.Join(or, world.Same("A")))
	assert.Equal(t, world.Bilingual{EN: "A or sale", ZH: "A或消费"}, world.Join(or, world.Same("A"), world.Sale.Text()))
}

// said is an error in both languages.
type said struct{ world.Bilingual }

func (s said) Error() string         { return s.EN }
func (s said) Text() world.Bilingual { return s.Bilingual }

func TestTextOfAnErrorIsItsOwn(t *testing.T) {
	late := said{world.Say("too late", "太迟")}
	assert.Equal(t, late.Bilingual, world.TextOf(late))
	assert.Equal(t, world.Same("vendor: too late"), world.TextOf(fmt.Errorf("vendor: %w", late)))
}

func TestEachNameHasAChineseText(t *testing.T) {
	chinese := func(text world.Bilingual, name string) {
		assert.Equal(t, name, text.EN)
		assert.True(t, isChinese(text.ZH), "%s: %q", name, text.ZH)
	}
	seen := map[string]string{}
	for _, o := range append(world.Outcomes(), world.Undecided) {
		chinese(o.Text(), o.String())
		assert.Empty(t, seen[o.Text().ZH], "%s and another one are %s", o, o.Text().ZH)
		seen[o.Text().ZH] = o.String()
	}
	clear(seen)
	for _, x := range append(world.TransactionTypes(), world.Unrecognised) {
		chinese(x.Text(), x.String())
		assert.Empty(t, seen[x.Text().ZH], "%s and another one are %s", x, x.Text().ZH)
		seen[x.Text().ZH] = x.String()
	}
	assert.Equal(t, world.Same("outcome(255)"), world.Outcome(255).Text())
	assert.Equal(t, world.Same("transaction type(255)"), world.TransactionType(255).Text())
}

var verbs = regexp.MustCompile(`%(?:\[(\d+)\])?[-+# 0]*\d*(?:\.\d+)?([a-zA-Z%])`)

// operands lists which argument each verb of a format takes, with the verb.
func operands(format string) (all []string) {
	next := 1
	for _, m := range verbs.FindAllStringSubmatch(format, -1) {
		if m[2] == "%" {
			continue
		}
		if m[1] != "" {
			next, _ = strconv.Atoi(m[1])
		}
		all = append(all, strconv.Itoa(next)+m[2])
		next++
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// TestBothLanguagesSayTheSame reads every call in the module with an English and
// a Chinese text: go vet looks at no format with another one behind it.
func TestBothLanguagesSayTheSame(t *testing.T) {
	const root = "../.."
	calls := 0
	require.NoError(t, filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || filepath.Ext(path) != ".go" {
			return err
		}
		files := token.NewFileSet()
		file, err := parser.ParseFile(files, path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		ast.Inspect(file, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok || len(call.Args) < 2 {
				return true
			}
			en, zh := literal(call.Args[0]), literal(call.Args[1])
			if en == "" || !isChinese(zh) || isChinese(en) {
				return true
			}
			calls++
			at := files.Position(call.Pos())
			assert.Equal(t, operands(en), operands(zh), "%s: %q and %q", at, en, zh)
			if called(call) == "Say" && !call.Ellipsis.IsValid() {
				last := 0
				for _, o := range operands(en) {
					n, _ := strconv.Atoi(strings.TrimRight(o, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"))
					last = max(last, n)
				}
				assert.Len(t, call.Args[2:], last, "%s: %q", at, en)
			}
			return true
		})
		return nil
	}))
	assert.Greater(t, calls, 300)
}

func isChinese(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool { return unicode.Is(unicode.Han, r) })
}

func called(call *ast.CallExpr) string {
	switch f := call.Fun.(type) {
	case *ast.SelectorExpr:
		if x, ok := f.X.(*ast.Ident); ok && x.Name == "world" {
			return f.Sel.Name
		}
	case *ast.Ident:
		return f.Name
	}
	return ""
}

func literal(e ast.Expr) string {
	l, ok := e.(*ast.BasicLit)
	if !ok || l.Kind != token.STRING {
		return ""
	}
	s, err := strconv.Unquote(l.Value)
	if err != nil {
		return ""
	}
	return s
}
