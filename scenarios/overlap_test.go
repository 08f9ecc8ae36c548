package scenarios

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"pgregory.net/rapid"

	"github.com/acqsim/acqsim/scenarios/strictyaml"
	"github.com/acqsim/acqsim/scenarios/world"
)

// Two patterns meet if some text fits both: every text up to a length that
// would show it is tried.
func TestMeet(t *testing.T) {
	const longest = 5
	texts := []string{""}
	for from := 0; from < len(texts); from++ {
		if len(texts[from]) < longest {
			texts = append(texts, texts[from]+"a", texts[from]+"b")
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		pattern := rapid.StringMatching(`[ab?]{0,2}\*?[ab?]{0,2}`)
		a, b := pattern.Draw(t, "a"), pattern.Draw(t, "b")
		some := false
		for _, text := range texts {
			some = some || wild(a, text) && wild(b, text)
		}
		if got := meet(a, b); got != some && len(a)+len(b) <= longest {
			t.Fatalf("meet(%q, %q) = %v", a, b, got)
		}
		if some && !meet(a, b) {
			t.Fatalf("%q and %q do meet", a, b)
		}
		assert.Equal(t, meet(a, b), meet(b, a))
	})
}

// Amounts that are said to be apart have no amount in common.
func TestAmountsMeet(t *testing.T) {
	read := func(text string) Amount {
		a := Amount{text: text, place: strictyaml.Node{}}
		assert.NoError(t, a.resolve(world.CNY), text)
		return a
	}
	texts := []string{"1.00", "0.51", "1.51", "0.00..0.50", "0.52..1.50", "1.00..", "..0.99", "x.51", "x.00", "x1.51", "x1"}
	for _, x := range texts {
		for _, y := range texts {
			a, b := read(x), read(y)
			some := false
			for minor := range int64(2000) {
				some = some || a.Contains(minor) && b.Contains(minor)
			}
			assert.Equal(t, some, amountsMeet(&a, &b), "%s and %s", x, y)
		}
	}
}
