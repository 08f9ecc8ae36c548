package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/acqsim/acqsim/scenarios"
	"github.com/acqsim/acqsim/scenarios/library"
)

// TestReadmeListsTheCauses holds the README's table of causes to the library.
func TestReadmeListsTheCauses(t *testing.T) {
	const begin, end = "<!-- causes: go test ./cmd/acqsim -update -->\n", "<!-- end of causes -->"
	path := filepath.Join("..", "..", "README.md")
	src, err := os.ReadFile(path)
	require.NoError(t, err)
	text := strings.ReplaceAll(string(src), "\r\n", "\n")
	before, rest, ok := strings.Cut(text, begin)
	require.True(t, ok, "the README has no table of causes")
	got, after, ok := strings.Cut(rest, end)
	require.True(t, ok)
	want := causesTable(t)
	if *update {
		require.NoError(t, os.WriteFile(path, []byte(before+begin+want+end+after), 0o644))
		got = want
	}
	assert.Equal(t, want, got, "README.md is out of date: run go test ./cmd/acqsim -update")
}

func causesTable(t *testing.T) string {
	var b strings.Builder
	b.WriteString("\n| cause | | 中文 | what the terminal meets |\n| --- | --- | --- | --- |\n")
	for _, layer := range scenarios.Layers() {
		for _, name := range library.Names() {
			s, err := library.Load(name, nil)
			require.NoError(t, err)
			if string(s.Layer) != layer.Name {
				continue
			}
			fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", name, s.Title.EN, s.Title.ZH, s.Symptom.Text().EN)
		}
	}
	return b.String() + "\n"
}
