package suite

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/acqsim/acqsim/scenarios/display"
)

var (
	askHello  = &message{Hello: &Hello{}}
	askSale   = &message{Action: &Action{ID: 3, Do: "sale"}}
	askToCut  = &message{Action: &Action{ID: 3, Do: "power_cut"}}
	goodHello = `{"hello": {"protocol": 1, "name": "x", "can": ["sale", "tls"]}}`
)

func TestAnswers(t *testing.T) {
	for _, c := range []struct {
		name string
		to   *message
		line string
		err  string // "": it is taken
	}{
		{"a hello", askHello, goodHello, ""},
		{"a hello without a list", askHello, `{"hello": {"protocol": 1}}`, ""},
		{"white space around", askHello, "  " + goodHello + "\r", ""},
		{"another version", askHello, `{"hello": {"protocol": 2}}`, `speaks version 2 of the protocol ("protocol"), and this acqsim version 1`},
		{"no version", askHello, `{"hello": {}}`, "version 0"},
		{"no such action", askHello, `{"hello": {"protocol": 1, "can": ["sail"]}}`, `has "sail" in "can", which is no action: there are inquiry, sale,`},
		{"a key too many", askHello, `{"hello": {"protocol": 1, "nmae": "x"}}`, `unknown field "nmae"`},
		{"an outcome to a hello", askHello, `{"outcome": {"id": 0}}`, "is no hello, which was asked for"},
		{"an outcome", askSale, `{"outcome": {"id": 3, "is": "declined", "code": "51", "stan": "000012", "display": "x", "receipt": "y"}}`, ""},
		{"no outcome", askSale, `{"outcome": {"id": 3}}`, ""},
		{"no outcome in a word", askSale, `{"outcome": {"id": 3, "is": "none"}}`, ""},
		{"a misspelt outcome", askSale, `{"outcome": {"id": 3, "is": "aproved"}}`, `has "aproved" in "is", which is no outcome: there are approved, declined,`},
		{"another's outcome", askSale, `{"outcome": {"id": 4, "is": "approved"}}`, `has "id" 4, and the action has 3`},
		{"nobody's outcome", askSale, `{"outcome": {"is": "approved"}}`, `has no "id"`},
		{"no code", askSale, `{"outcome": {"id": 3, "is": "declined", "code": "it said 51"}}`, `has "it said 51" in "code"`},
		{"no STAN", askSale, `{"outcome": {"id": 3, "stan": "1234567"}}`, `has "1234567" in "stan"`},
		{"a number for a text", askSale, `{"outcome": {"id": 3, "code": 51}}`, "is not as docs/drivers.md says"},
		{"nothing in it", askSale, `{"outcome": null}`, "has no object in it"},
		{"a hello to an action", askSale, goodHello, "is no outcome, which was asked for"},
		{"what a power cut looks like", askToCut, `{"outcome": {"id": 3, "is": "approved"}}`, "nothing comes of power_cut by itself"},
		{"a power cut", askToCut, `{"outcome": {"id": 3}}`, ""},
		{"two keys", askSale, `{"outcome": {"id": 3}, "error": {"why": "x"}}`, "is not an object with one key"},
		{"no key", askSale, `{}`, "is not an object with one key"},
		{"another key", askSale, `{"result": {}}`, `has "result" where`},
		{"two objects", askSale, `{"outcome": {"id": 3}} {"outcome": {"id": 3}}`, "is more than one JSON object"},
		{"no JSON", askSale, "Traceback (most recent call last):", `its answer "Traceback (most recent call last):" is no JSON object`},
		{"half of it", askSale, `{"outcome": {"id"`, "it ends too early"},
		{"no object", askSale, `[1]`, "is no JSON object"},
		{"another character set", askSale, "{\"outcome\": {\"id\": 3, \"display\": \"\xbd\xbb\xd2\xd7\"}}", "is not UTF-8"},
		{"too much", askSale, `{"outcome": {"id": 3, "display": "` + strings.Repeat("x", maxAnswer) + `"}}`, "is longer than 65536 bytes"},
		{"it can't", askSale, `{"error": {"why": "no paper"}}`, "it says: no paper"},
		{"it can't, and does not say why", askSale, `{"error": {}}`, `is an error without "why"`},
		{"a card number", askSale, `{"6225881234567898": 1}`, "6225880000007898"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := c.to.answering([]byte(c.line))
			if c.err == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, c.err)
			assert.Less(t, len(err.Error()), 1000, "an error is short")
			assert.NotContains(t, err.Error(), "6225881234567898")
		})
	}
}

func TestOutcomeIsReadInFull(t *testing.T) {
	a, err := askSale.answering([]byte(`{"outcome": {"id": 3, "is": "declined", "code": "51", "stan": "000012", "display": "余额不足", "receipt": "y"}}`))
	require.NoError(t, err)
	assert.Equal(t, &Outcome{ID: 3, Is: display.Declined, Code: "51", STAN: "000012", Display: "余额不足", Receipt: "y"}, a.outcome)
}

// FuzzAnswer holds that any line is either refused or means exactly what it
// says when it is written again.
func FuzzAnswer(f *testing.F) {
	for _, s := range []string{
		goodHello, `{"outcome": {"id": 3, "is": "declined", "code": "51"}}`, `{"error": {"why": "x"}}`, `{"outcome": {"id": 3, "is": "none"}}`,
		`{"hello": {"protocol": 1}} x`, `{"outcome": {"id": 1e2}}`, `{"a":1,"b":2}`, "", "null", `"x"`, `{"outcome": [1]}`, "{\"error\": {\"why\": \"\xff\"}}",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		a, err := parseAnswer(line)
		if err != nil {
			require.Less(t, len(err.Error()), 1500)
			return
		}
		var again []byte
		switch {
		case a.hello != nil:
			again, err = json.Marshal(map[string]any{"hello": a.hello})
		case a.outcome != nil:
			again, err = json.Marshal(map[string]any{"outcome": a.outcome})
		case a.refusal != nil:
			again, err = json.Marshal(map[string]any{"error": map[string]string{"why": *a.refusal}})
		default:
			t.Fatal("it is an answer, and none")
		}
		require.NoError(t, err)
		b, err := parseAnswer(again)
		if len(again) > maxAnswer { // escapes can make it longer
			return
		}
		require.NoError(t, err, "%s", again)
		require.Equal(t, a, b)
	})
}

func TestTailMasks(t *testing.T) {
	h := &Hello{MasterKey: "0123456789ABCDEFFEDCBA9876543210", Cards: map[string]Card{"good": {PAN: "6225881234567898"}}}
	text := func(write ...string) string {
		var x tail
		for _, w := range write {
			_, _ = fmt.Fprint(&x, w)
		}
		return x.text(secretsOf(h))
	}
	assert.Equal(t, "pan 6225880000007898.", text("pan 62258812", "34567898.\n"))
	assert.NotContains(t, text("key 0123456789abcdeffedcba9876543210"), "89abcdef")
	assert.NotContains(t, text(`{"pin": "123456"}`), "123456")
	assert.NotContains(t, text("6225 8812 3456 7898"), "8812")
	// However much came before, and wherever the cut is: never more of a number
	// than may be shown.
	for n := shownTail - 40; n < keptTail+40; n++ {
		if strings.Contains(text("6225881234567898", strings.Repeat("x", n)), "1234567") {
			t.Fatalf("with %d characters after it, the number is seen", n)
		}
	}
	long := text(strings.Repeat("a line\n", 10_000))
	assert.Less(t, len(long), shownTail+10)
	assert.True(t, strings.HasPrefix(long, "…\na line\n"), "it begins with a whole line")
}
