package scenarios_test

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/acqsim/acqsim/scenarios"
	"github.com/acqsim/acqsim/scenarios/profile"
	"github.com/acqsim/acqsim/scenarios/schema"
	"github.com/acqsim/acqsim/scenarios/world"
)

var update = flag.Bool("update", false, "rewrite the tables in docs/scenarios.md")

const docs = "../docs/scenarios.md"

// What the documentation shows can be used as it is written.
func TestTheDocumentationIsTriedAsWritten(t *testing.T) {
	text, err := os.ReadFile(docs)
	require.NoError(t, err)
	blocks := regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllStringSubmatch(strings.ReplaceAll(string(text), "\r\n", "\n"), -1)
	require.Greater(t, len(blocks), 5)
	for i, b := range blocks {
		name, src := fmt.Sprintf("block-%d.yaml", i+1), []byte(b[1])
		switch {
		case strings.Contains(b[1], "layer:"):
			_, err = scenarios.Load(name, src, nil)
		case strings.Contains(b[1], "based_on:"):
			_, err = profile.Load(name, src)
		default:
			_, err = world.Load(name, src)
		}
		assert.NoError(t, err, b[1])
	}
}

// The tables of keys and words are those of the types.
func TestTheTablesOfTheDocumentation(t *testing.T) {
	tables := map[string]func(*strings.Builder){
		"keys: scenario":    func(b *strings.Builder) { keyTable(b, schema.Of(reflect.TypeFor[scenarios.Scenario]()), "") },
		"keys: rule":        func(b *strings.Builder) { keyTable(b, schema.Of(reflect.TypeFor[scenarios.Rule]()), "") },
		"keys: match":       func(b *strings.Builder) { keyTable(b, schema.Of(reflect.TypeFor[scenarios.Match]()), "") },
		"keys: when":        func(b *strings.Builder) { keyTable(b, schema.Of(reflect.TypeFor[scenarios.When]()), "") },
		"keys: given":       func(b *strings.Builder) { keyTable(b, schema.Of(reflect.TypeFor[scenarios.Given]()), "") },
		"keys: trigger":     func(b *strings.Builder) { keyTable(b, schema.Of(reflect.TypeFor[scenarios.Trigger]()), "") },
		"keys: transaction": func(b *strings.Builder) { keyTable(b, schema.Of(reflect.TypeFor[scenarios.Transaction]()), "") },
		"keys: power cut":   func(b *strings.Builder) { keyTable(b, schema.Of(reflect.TypeFor[scenarios.PowerCut]()), "") },
		"keys: press":       func(b *strings.Builder) { keyTable(b, schema.Of(reflect.TypeFor[scenarios.Press]()), "") },
		"keys: expect":      func(b *strings.Builder) { keyTable(b, schema.Of(reflect.TypeFor[scenarios.Expect]()), "") },
		"keys: profile":     func(b *strings.Builder) { keyTable(b, schema.Of(reflect.TypeFor[profile.Profile]()), "") },
		"words":             wordTables,
		"actions":           func(b *strings.Builder) { list(b, "The actions are", scenarios.ActionNames()) },
		"rules":             func(b *strings.Builder) { list(b, "The terminal rules are", scenarios.VerdictRules()) },
	}
	src, err := os.ReadFile(docs)
	require.NoError(t, err)
	text := strings.ReplaceAll(string(src), "\r\n", "\n")
	used := map[string]bool{}
	want := regexp.MustCompile(`<!-- ([a-z: ]+) -->\n(?:(?:[^<]|<[^!])*<!-- end -->\n)?`).ReplaceAllStringFunc(text, func(old string) string {
		name := regexp.MustCompile(`<!-- ([a-z: ]+) -->`).FindStringSubmatch(old)[1]
		write, known := tables[name]
		if !assert.True(t, known, "no table is called %s", name) {
			return old
		}
		used[name] = true
		var b strings.Builder
		write(&b)
		return "<!-- " + name + " -->\n\n" + b.String() + "\n<!-- end -->\n"
	})
	for name := range tables {
		assert.True(t, used[name], "the documentation lacks %s", name)
	}
	if *update {
		require.NoError(t, os.WriteFile(docs, []byte(want), 0o644))
		return
	}
	assert.Equal(t, want, text, "run with -update and review the difference")
}

func keyTable(b *strings.Builder, o schema.Object, prefix string) {
	if prefix == "" {
		b.WriteString("| key | meaning |\n| --- | --- |\n")
	}
	properties, _ := o["properties"].(schema.Object)
	required, _ := o["required"].([]string)
	for _, key := range slices.Sorted(maps.Keys(properties)) {
		property, _ := properties[key].(schema.Object)
		doc, _ := property["description"].(string)
		if doc == "" && prefix == "" {
			doc = "As in a world file."
		}
		if slices.Contains(required, key) {
			doc += " Required."
		}
		fmt.Fprintf(b, "| `%s%s` | %s |\n", prefix, key, strings.ReplaceAll(doc, "|", "\\|"))
		if _, nested := property["properties"].(schema.Object); nested && (prefix != "" || isProfile(o)) {
			keyTable(b, property, prefix+key+".")
		}
	}
}

// isProfile says that a table shows the keys of its parts as well.
func isProfile(o schema.Object) bool {
	properties, _ := o["properties"].(schema.Object)
	_, is := properties["timeouts"]
	return is
}

func wordTables(b *strings.Builder) {
	for i, list := range []struct {
		title string
		words []scenarios.Word
	}{{"layer", scenarios.Layers()}, {"symptom", scenarios.Symptoms()}, {"found_by", scenarios.Steps()}} {
		if i > 0 {
			b.WriteByte('\n')
		}
		fmt.Fprintf(b, "| `%s` | | |\n| --- | --- | --- |\n", list.title)
		for _, w := range list.words {
			fmt.Fprintf(b, "| `%s` | %s | %s |\n", w.Name, w.Text.EN, w.Text.ZH)
		}
	}
}

func list(b *strings.Builder, lead string, words []string) {
	b.WriteString(lead + " `" + strings.Join(words, "`, `") + "`.\n")
}
