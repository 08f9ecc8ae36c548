package strictyaml_test

import (
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/acqsim/acqsim/scenarios/strictyaml"
)

// FuzzDecode: no input panics, and every mistake has a place within the file.
func FuzzDecode(f *testing.F) {
	for _, seed := range []string{
		"", "name: a\nsmall: 1\nlist: [a, b]\n", "cards:\n  good: {pan: \"4111\", balance: 1}\n",
		"name: 0200\nnmae: x\n", "any: &x [1, *x]\nraw: *x\n", "? a\n: b\n", "a: |\n  x\n  y\n", "- - - a\n",
		"any: !!binary aGk=\n", "<<: {a: 1}\n", "---\na\n...\n---\nb\n", "\ufeffname: \"\\u4e2d\\x41\"\r\n", "wait: 1s\non: true\n",
		"either: [a]\nby_de: {2: x}\n", "any: {a: {b: {c: [~, .inf, .nan, 1e3, 0x1f, 0o17, 1_000]}}}\n", "%YAML 1.1\n---\na: yes\n",
		"&a a: &b b\n*a : *b\n", "a: >-\n  folded\n\n  text\n", "{a: 1, b, \"c\": 'd''e'}", "'\n", "\"\\", "a:\n\t- b\n",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, src string) {
		var v file
		err := strictyaml.Decode("f.yaml", []byte(src), &v)
		if err == nil {
			return
		}
		var all strictyaml.Problems
		if !errors.As(err, &all) || len(all) == 0 {
			t.Fatalf("not Problems but %T", err)
		}
		_ = err.Error()
		lines := strings.Split(strings.TrimPrefix(src, "\ufeff"), "\n")
		for _, p := range all {
			if p.Line == 0 {
				if !strings.Contains(p.Message, "gave up") && !strings.Contains(p.Message, "bytes") {
					t.Errorf("%q has no place", p.Message)
				}
				continue
			}
			if p.Line > len(lines) || p.Column < 1 || p.Column > utf8.RuneCountInString(lines[p.Line-1])+1 {
				t.Errorf("%s is outside the file", p)
			}
		}
	})
}
