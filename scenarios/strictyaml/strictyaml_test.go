package strictyaml_test

import (
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/acqsim/acqsim/scenarios/strictyaml"
)

// shout is a type that reads a text; it refuses whispers.
type shout string

var errWhisper = errors.New("too quiet")

func (s *shout) UnmarshalText(b []byte) error {
	if len(b) == 0 || b[0] >= 'a' && b[0] <= 'z' {
		return errWhisper
	}
	*s = shout(b)
	return nil
}

// either is a type of two shapes: a text or a list of them.
type either []string

func (e *either) UnmarshalNode(n strictyaml.Node) error {
	if n.Kind() == strictyaml.List {
		return n.Decode((*[]string)(e))
	}
	*e = []string{""}
	return n.Decode(&(*e)[0])
}

type card struct {
	PAN     string `yaml:"pan,required"`
	Balance int64  `yaml:"balance"`
	Place   strictyaml.Node
	hidden  int //nolint:unused // unexported fields are not part of a file
}

type file struct {
	Name    string               `yaml:"name"`
	Code    shout                `yaml:"code"`
	On      bool                 `yaml:"on"`
	Small   uint8                `yaml:"small"`
	Ratio   float64              `yaml:"ratio"`
	Wait    time.Duration        `yaml:"wait"`
	List    []string             `yaml:"list"`
	ByDE    map[int]string       `yaml:"by_de"`
	Cards   strictyaml.Map[card] `yaml:"cards"`
	Maybe   *int                 `yaml:"maybe"`
	Either  either               `yaml:"either"`
	Any     any                  `yaml:"any"`
	Raw     strictyaml.Node      `yaml:"raw"`
	Ignored string
	Out     string `yaml:"-"`
}

func TestDecodeFillsEveryKindOfField(t *testing.T) {
	src := "\ufeff---\n" + `name: 天天便利店
code: 12.50
on: true
small: 255
ratio: 0.25
wait: 1.5s
list: [a, "0200", '005']
by_de: {2: PAN, 39: code}
cards:
  lost: {pan: "4111111111111111", balance: -5}
  good: &good
    pan: "5555555555554444"
  again: *good
maybe: 7
either: [x, y]
any: {n: 1, f: 1.5, t: "x", l: [true, ~]}
raw: {a: [1, {b: 2}]}
` + "\r\n"
	f := file{Ignored: "kept"}
	require.NoError(t, strictyaml.Decode("w.yaml", []byte(src), &f))

	assert.Equal(t, "天天便利店", f.Name)
	assert.Equal(t, shout("12.50"), f.Code, "an unquoted number is kept as written")
	assert.True(t, f.On)
	assert.Equal(t, uint8(255), f.Small)
	assert.InDelta(t, 0.25, f.Ratio, 0)
	assert.Equal(t, 1500*time.Millisecond, f.Wait)
	assert.Equal(t, []string{"a", "0200", "005"}, f.List)
	assert.Equal(t, map[int]string{2: "PAN", 39: "code"}, f.ByDE)
	assert.Equal(t, []string{"lost", "good", "again"}, f.Cards.Keys(), "the file's order")
	again, ok := f.Cards.Get("again")
	require.True(t, ok)
	assert.Equal(t, "5555555555554444", again.PAN, "aliases are followed")
	lost, _ := f.Cards.Get("lost")
	assert.Equal(t, int64(-5), lost.Balance)
	require.NotNil(t, f.Maybe)
	assert.Equal(t, 7, *f.Maybe)
	assert.Equal(t, either{"x", "y"}, f.Either)
	assert.Equal(t, map[string]any{"n": int64(1), "f": 1.5, "t": "x", "l": []any{true, nil}}, f.Any)
	assert.Equal(t, "2", f.Raw.At("a", 1, "b").Text())
	assert.Equal(t, "raw.a[1].b", f.Raw.At("a", 1, "b").Path())
	assert.Equal(t, "kept", f.Ignored)
}

// Each case is one mistake with the place, words and help that its author needs.
func TestDecodeReportsMistakes(t *testing.T) {
	for name, c := range map[string]struct{ src, want string }{
		"misspelt key":           {"nmae: x", "f.yaml:1:1: unknown key `nmae` (did you mean `name`?)"},
		"unknown key":            {"cards: {a: {pan: \"1\", colour: red}}", "f.yaml:1:23: unknown key `colour` (the keys are balance, pan)"},
		"duplicate key":          {"name: a\nsmall: 1\nname: b", "f.yaml:3:1: the key `name` is already there in line 1 (remove one of them)"},
		"missing key":            {"cards:\n  good:\n    balance: 5\n", "f.yaml:3:5: the key `pan` is missing in cards.good"},
		"unquoted MTI":           {"name: 0200", "f.yaml:1:7: a text is wanted, but YAML reads an unquoted 0200 as a number (quote it: \"0200\")"},
		"unquoted code":          {"list: [00, 005]", "f.yaml:1:8: a text is wanted, but YAML reads an unquoted 00 as a number (quote it: \"00\")"},
		"unquoted true":          {"name: true", "f.yaml:1:7: a text is wanted, but YAML reads an unquoted true as true or false (quote it: \"true\")"},
		"unquoted key":           {"cards:\n  0200: {pan: \"1\"}", "f.yaml:2:3: a text is wanted, but YAML reads an unquoted 0200 as a number (quote it: \"0200\")"},
		"octal for a text type":  {"code: 0200", "f.yaml:1:7: a text is wanted, but YAML reads an unquoted 0200 as a number (quote it: \"0200\")"},
		"hex for a text type":    {"code: 0x1F", "f.yaml:1:7: a text is wanted, but YAML reads an unquoted 0x1F as a number (quote it: \"0x1F\")"},
		"octal number":           {"small: 010", "f.yaml:1:8: the number 010 can be read in more than one way (write it in plain decimal digits, without zeros in front)"},
		"number too large":       {"small: 256", "f.yaml:1:8: the number \"256\" does not fit here"},
		"number negative":        {"small: -1", "f.yaml:1:8: the number \"-1\" does not fit here"},
		"quoted number":          {"small: \"1\"", "f.yaml:1:8: a whole number is wanted, not \"1\""},
		"fraction for a number":  {"small: 1.5", "f.yaml:1:8: a whole number is wanted, not \"1.5\""},
		"yes for true":           {"on: yes", "f.yaml:1:5: true or false is wanted, not \"yes\""},
		"text for a list":        {"list: a", "f.yaml:1:7: a list is wanted, not \"a\""},
		"list for a text":        {"name: [a]", "f.yaml:1:7: a text is wanted, not a list"},
		"list for a mapping":     {"cards: [a]", "f.yaml:1:8: a mapping is wanted, not a list"},
		"text for a struct":      {"cards: {a: b}", "f.yaml:1:12: a mapping is wanted, not \"b\" (the keys are balance, pan)"},
		"no value for a text":    {"small: 1\nname:\n", "f.yaml:2:6: a text is wanted, but there is no value"},
		"duration without unit":  {"wait: 5", "f.yaml:1:7: a duration is wanted, not \"5\" (such as \"1.5s\" or \"300ms\")"},
		"text type refuses":      {"中文: 1\ncode: hush", "f.yaml:2:7: too quiet"},
		"unmarshaler refuses":    {"either: [a, 1]", "f.yaml:1:13: a text is wanted, but YAML reads an unquoted 1 as a number (quote it: \"1\")"},
		"tag":                    {"name: !!str 5", "f.yaml:1:7: tags such as !!str are not used in this file (leave the tag out)"},
		"merge key":              {"any: &x {a: 1}\nraw:\n  <<: *x", "f.yaml:3:3: merge keys (<<) are not used in this file (write the values out)"},
		"unknown alias":          {"any: &good 1\nraw: *goood", "f.yaml:2:6: no anchor &goood stands before this alias (did you mean `good`?)"},
		"alias within itself":    {"any: &x [*x]", "f.yaml:1:10: no anchor &x stands before this alias"},
		"two documents":          {"name: a\n---\nname: b", "f.yaml:3:1: a second document begins here (put each into its own file)"},
		"list as a key":          {"any:\n  ? [a]\n  : 1", "f.yaml:3:3: found an invalid key for this map"},
		"top is a list":          {"- a", "f.yaml:1:1: a mapping is wanted, not a list (the keys are any, by_de, cards, code, either, list, maybe, name, on, ratio, raw, small, wait)"},
		"tab":                    {"any:\n\tb: 1", "f.yaml:2:1: found character '\t' that cannot start any token (indent with spaces, not with tabs)"},
		"open bracket":           {"list: [a", "f.yaml:1:7: sequence end token ']' not found"},
		"not UTF-8":              {"name: a\nlist: [\xff]", "f.yaml:2:8: byte 0xff is not UTF-8 text (save the file as UTF-8)"},
		"UTF-16":                 {"n\x00a\x00", "f.yaml:1:2: byte 0x00 is a zero byte, which a text does not have (save the file as UTF-8)"},
		"windows line ends":      {"name: a\r\nsmall: x\r\n", "f.yaml:2:8: a whole number is wanted, not \"x\""},
		"column counts letters":  {"any: {中文中文: 1}\ncards: {中文: {pan: 5}}", "f.yaml:2:19: a text is wanted, but YAML reads an unquoted 5 as a number (quote it: \"5\")"},
		"place in a block text":  {"small: |\n  abc\n", "f.yaml:1:8: a whole number is wanted, not \"abc\\n\""},
		"map key of wrong type":  {"by_de: {two: x}", "f.yaml:1:9: a whole number is wanted, not \"two\""},
		"number not finite here": {"small: .inf", "f.yaml:1:8: a whole number is wanted, not \".inf\""},
	} {
		t.Run(name, func(t *testing.T) {
			var f file
			err := strictyaml.Decode("f.yaml", []byte(c.src), &f)
			var p *strictyaml.Problem
			require.ErrorAs(t, err, &p)
			first := *p
			if name == "text type refuses" { // two mistakes; the second is the one meant
				var all strictyaml.Problems
				require.ErrorAs(t, err, &all)
				first = *all[1]
				assert.ErrorIs(t, err, errWhisper)
			}
			if name == "column counts letters" {
				assert.NotEmpty(t, first.Source)
			}
			assert.Equal(t, c.want, first.Error())
		})
	}
}

func TestDecodeReportsAllMistakesInOrder(t *testing.T) {
	src := `nmae: x
name: 0200
cards:
  good: {balance: x, blance: 1}
  good: {pan: "1"}
small: 999
`
	var f file
	err := strictyaml.Decode("f.yaml", []byte(src), &f)
	var all strictyaml.Problems
	require.ErrorAs(t, err, &all)
	var lines []string
	for _, p := range all {
		lines = append(lines, p.Error())
	}
	assert.Equal(t, []string{
		"f.yaml:1:1: unknown key `nmae` (did you mean `name`?)",
		"f.yaml:2:7: a text is wanted, but YAML reads an unquoted 0200 as a number (quote it: \"0200\")",
		"f.yaml:4:9: the key `pan` is missing in cards.good",
		"f.yaml:4:19: a whole number is wanted, not \"x\"",
		"f.yaml:4:22: unknown key `blance` (did you mean `balance`?)",
		"f.yaml:5:3: the key `good` is already there in line 4 (remove one of them)",
		"f.yaml:6:8: the number \"999\" does not fit here",
	}, lines)
	assert.Equal(t, "cards.good.balance", all[3].Path)
}

func TestExcerptPutsTheCaretBelowTheMistake(t *testing.T) {
	var f file
	err := strictyaml.Decode("f.yaml", []byte("any: {中文: 1}\ncards: {中文: {pan: 5}}"), &f)
	assert.Equal(t, "f.yaml:2:19: a text is wanted, but YAML reads an unquoted 5 as a number (quote it: \"5\")\n"+
		"     2 | cards: {中文: {pan: 5}}\n"+
		"       |                     ^", err.Error(), "a Chinese character is two columns wide on a screen")

	long := "any: [" + strings.Repeat("a, ", 5000) + "]\nname: " + strings.Repeat("x", 500) + "\nlist: {" + strings.Repeat("a, ", 300) + "b: 1}"
	err = strictyaml.Decode("f.yaml", []byte(long), &f)
	require.Error(t, err)
	for line := range strings.Lines(err.Error()) {
		assert.Less(t, len(line), 300)
	}

	p := strictyaml.Problem{Line: 1, Column: 3, Source: "\ta\x1b[31mb"}
	assert.Equal(t, "     1 | \ta·[31mb\n       | \t ^\n", p.Excerpt(), "tabs stay, controls do not reach a terminal")
	assert.Empty(t, (&strictyaml.Problem{Message: "x"}).Excerpt())
	assert.Equal(t, "x", (&strictyaml.Problem{Message: "x"}).Error())
}

func TestPlacesServeLaterChecks(t *testing.T) {
	var f file
	require.NoError(t, strictyaml.Decode("f.yaml", []byte("cards:\n  good:\n    pan: \"4111\"\n"), &f))
	c := f.Cards[0]
	assert.Equal(t, "f.yaml:3:10: no Luhn", c.Value.Place.At("pan").Errorf("no Luhn").Error())
	absent := c.Value.Place.At("limits", "daily", 3)
	assert.False(t, absent.Exists())
	assert.Equal(t, "cards.good.limits.daily[3]", absent.Path())
	assert.Equal(t, "f.yaml:3:5: none", absent.Errorf("none").Error(), "the nearest place that is there")
	assert.Equal(t, "f.yaml:2:3: bad name", c.AtKey.Errorf("bad name").Error())
	assert.Equal(t, "f.yaml:3:5: bad key", c.At.KeyNode("pan").Errorf("bad key").Error())

	var none strictyaml.Node
	assert.Equal(t, "x", none.At("a", 1).Errorf("x").Error(), "a value from nowhere has no place")
	assert.Empty(t, none.Items())
	assert.Empty(t, none.Entries())
	require.Error(t, none.Decode(&f))
	require.Error(t, c.At.Decode(f), "not a pointer")
}

func TestProblemsGather(t *testing.T) {
	var ps strictyaml.Problems
	require.NoError(t, ps.Err())
	ps.Add(nil)
	ps.Add((*strictyaml.Problem)(nil))
	require.NoError(t, ps.Err())
	ps.Add(errWhisper)
	ps.Add(&strictyaml.Problem{File: "b", Line: 2, Column: 1, Message: "late"})
	ps.Add(strictyaml.Problems{{File: "b", Line: 1, Column: 9, Message: "early"}, {File: "b", Line: 1, Column: 9, Message: "early"}})
	err := ps.Err()
	require.ErrorIs(t, err, errWhisper)
	assert.Equal(t, "too quiet\nb:1:9: early\nb:2:1: late", err.Error())

	for range 3 * strictyaml.MaxProblems {
		ps = append(ps, &strictyaml.Problem{File: "b", Line: 1 + len(ps), Message: "m"})
	}
	var all strictyaml.Problems
	require.ErrorAs(t, ps.Err(), &all)
	require.Len(t, all, strictyaml.MaxProblems+1)
	assert.Contains(t, all[strictyaml.MaxProblems].Message, "2003 more mistakes follow")
}

func TestParseIsBounded(t *testing.T) {
	deepList := func(n int) string { return strings.Repeat("- ", n) + "x" }
	var indented strings.Builder
	for i := range 2000 {
		indented.WriteString(strings.Repeat(" ", i) + "a:\n")
	}
	var laughs strings.Builder
	laughs.WriteString("any:\n- &a0 [lol, lol]\n")
	for i := range 40 {
		a, b := "a"+string(rune('0'+i/10))+string(rune('0'+i%10)), "a"+string(rune('0'+(i+1)/10))+string(rune('0'+(i+1)%10))
		if i == 0 {
			a = "a0"
		}
		laughs.WriteString("- &" + b + " [*" + a + ", *" + a + "]\n")
	}
	for name, c := range map[string]struct{ src, want string }{
		"size":               {strings.Repeat("#", strictyaml.MaxSize+1), "bytes, more than"},
		"brackets":           {"any: " + strings.Repeat("[", 100_000), "nested deeper than 64 levels"},
		"braces":             {"any: " + strings.Repeat("{a: ", 134_000), "words and signs"},
		"dashes":             {deepList(100_000), "nested deeper than 64 levels"},
		"question marks":     {strings.Repeat("? ", 100_000), "nested deeper than 64 levels"},
		"indentation":        {indented.String(), "nested deeper than 64 levels"},
		"tags":               {"any: " + strings.Repeat("!a ", 100_000), "nested deeper than 64 levels"},
		"tags over lines":    {"any:\n" + strings.Repeat("  !a\n", 100_000), "nested deeper than 64 levels"},
		"anchors":            {"any: " + strings.Repeat("&a ", 100_000) + "x", "nested deeper than 64 levels"},
		"entries":            {strings.Repeat("a: 1\n", 20_002), "more than 20000 entries"},
		"blank lines":        {"name: |\n" + strings.Repeat(" \n", 100_000), "more than 200 line ends in a row"},
		"aliases of aliases": {laughs.String(), "aliases expand to more than"},
	} {
		t.Run(name, func(t *testing.T) {
			var f file
			err := strictyaml.Decode("f.yaml", []byte(c.src), &f)
			require.ErrorContains(t, err, c.want)
		})
	}
	var f struct {
		Any any `yaml:"any"`
	}
	require.NoError(t, strictyaml.Decode("f.yaml", []byte("any: "+strings.Repeat("[", 60)+strings.Repeat("]", 60)), &f))
}

func TestEmptyFileLeavesDefaults(t *testing.T) {
	for _, src := range []string{"", "# nothing but a comment\n", "---\n", "name: &x\n"[:0], "~"} {
		f := file{Name: "default"}
		require.NoError(t, strictyaml.Decode("f.yaml", []byte(src), &f), "%q", src)
		assert.Equal(t, "default", f.Name)
	}
	var c card
	require.ErrorContains(t, strictyaml.Decode("f.yaml", nil, &c), "f.yaml:1:1: the key `pan` is missing")
}

func TestDecodeMergesIntoWhatIsThere(t *testing.T) {
	v := struct {
		M map[string]card  `yaml:"m"`
		P map[string]*card `yaml:"p"`
	}{
		M: map[string]card{"a": {PAN: "1", Balance: 1}, "b": {PAN: "2"}},
		P: map[string]*card{"a": {PAN: "1", Balance: 1}},
	}
	require.NoError(t, strictyaml.Decode("f.yaml", []byte("m: {a: {pan: \"9\"}}\np: {a: {pan: \"9\"}}"), &v))
	assert.Equal(t, "9", v.M["a"].PAN)
	assert.Equal(t, int64(1), v.M["a"].Balance)
	assert.Equal(t, "2", v.M["b"].PAN)
	assert.Equal(t, int64(1), v.P["a"].Balance)
}

func TestClosest(t *testing.T) {
	keys := []string{"balance", "currency", "frozen", "id"}
	for written, want := range map[string]string{
		"blance": "balance", "balnace": "balance", "Balance": "balance", "freezen": "frozen",
		"di": "id", "x": "", "": "", "balance": "", "merchant": "", strings.Repeat("b", 200): "",
	} {
		assert.Equal(t, want, strictyaml.Closest(written, keys), written)
	}
}

func TestFloatsAndBigNumbers(t *testing.T) {
	var v struct {
		F float64 `yaml:"f"`
		I int64   `yaml:"i"`
		U uint64  `yaml:"u"`
		N float32 `yaml:"n"`
	}
	require.NoError(t, strictyaml.Decode("f.yaml", []byte("f: 3\ni: -9223372036854775808\nu: 18446744073709551615\nn: -0.5"), &v))
	assert.InDelta(t, 3, v.F, 0)
	assert.Equal(t, int64(math.MinInt64), v.I)
	assert.Equal(t, uint64(math.MaxUint64), v.U)
	assert.InDelta(t, -0.5, float64(v.N), 0)
	require.ErrorContains(t, strictyaml.Decode("f.yaml", []byte("f: .nan"), &v), "f.yaml:1:4: ")
}
