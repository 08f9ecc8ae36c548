// Package strictyaml is the one loader of acqsim's YAML files: worlds,
// dialects, scenarios. It is stricter than YAML itself, because a file that
// decides whether a terminal passes must not be half understood:
//
//   - an unknown key, a duplicate key and a value of the wrong type are
//     mistakes, and so is an unquoted 0200 or 005 where a text is wanted (YAML
//     takes it for a number, many readers for an octal one);
//   - every mistake of a file is reported, not only the first, with file, line,
//     column, the offending line and, for a misspelt word, the likely one. A
//     mistake of the YAML syntax itself ends the reading, so it comes alone;
//   - no input makes it panic, recurse without end or expand without bound:
//     size, nesting and aliases are limited (see the Max constants);
//   - tags, merge keys and several documents in a file are refused. Anchors and
//     aliases are followed.
//
// # Decoding
//
// [Decode] fills a struct by its `yaml:"name"` tags. A field without a tag is
// not part of the file; `yaml:"pan,required"` must be there. What the file does
// not mention keeps the value it had, so defaults are set before decoding.
//
//	string                    a text; numbers and booleans must be quoted
//	bool, ints, uints, floats numbers in plain decimal notation
//	time.Duration             "1.5s", "300ms"
//	encoding.TextUnmarshaler  the scalar's text as written, so 12.50 stays exact
//	Unmarshaler               the Node itself, for a type of many shapes
//	pointer                   allocated when the key is there: nil says "absent"
//	slice, map, struct        their elements; a null leaves them as they are
//	Map[V]                    a mapping with its order and places kept
//	any                       nil, bool, int64, float64, string, []any, map[string]any
//	Node                      the value undecoded; without a tag: this mapping itself
//
// # Mistakes of meaning
//
// A struct with an untagged field of type [Node] learns where it came from, and
// a later check reports its findings in the same way as the loader:
//
//	type terminal struct {
//		Merchant string `yaml:"merchant,required"`
//		Place    strictyaml.Node
//	}
//
//	var found strictyaml.Problems
//	found.Add(strictyaml.Decode(name, src, &file))
//	…
//	found.Add(t.Place.At("merchant").Errorf("no merchant is called %q", t.Merchant).
//		Suggest(t.Merchant, known))
//	return found.Err()
package strictyaml

const (
	// MaxSize is the size in bytes of the longest file that is read.
	MaxSize = 4 << 20
	// MaxDepth is how deep lists and mappings may nest.
	MaxDepth = 64
	// MaxProblems is how many mistakes of one file are listed; one more says
	// that there are others.
	MaxProblems = 1000

	maxTokens  = 400_000 // the parser keeps some 200 bytes for each
	maxEntries = 20_000  // of one mapping: the parser needs n² time for them
	maxBlank   = 200     // line ends in a row: see blankLines
	maxDecoded = 400_000 // values, aliases counted each time they are used
)
