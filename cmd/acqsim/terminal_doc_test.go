package main

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/acqsim/acqsim/simulator"
	"github.com/acqsim/acqsim/simulator/dialect"
)

// TestTerminalDocument runs every command of docs/terminal.md, one after the
// other at one host, with its profile. Each line of output that the document shows
// must come, in that order; … stands for anything. The picture is a real one.
func TestTerminalDocument(t *testing.T) {
	src, err := os.ReadFile(filepath.Join("..", "..", "docs", "terminal.md"))
	require.NoError(t, err)
	views, err := os.ReadFile(filepath.Join("..", "..", "simulator", "terminal", "device", "testdata", "sale-en.golden"))
	require.NoError(t, err)
	picture := regexp.MustCompile("(?s)```\nacqsim terminal [^\n]*\n(.*?)```").FindStringSubmatch(string(src))
	require.NotNil(t, picture, "the document's picture was not found")
	assert.Contains(t, string(views), picture[1], "the device looks otherwise")

	t.Chdir(t.TempDir())
	profile := regexp.MustCompile("(?s)```yaml\n(.*?)```").FindStringSubmatch(string(src))
	require.NotNil(t, profile, "the document's profile was not found")
	require.NoError(t, os.WriteFile("impatient.yaml", []byte(profile[1]), 0o600))
	d, err := dialect.Load("unionpay-pos")
	require.NoError(t, err)
	s, err := simulator.Start(t.Context(), simulator.Options{Listeners: []simulator.Listener{{Address: "127.0.0.1:0", Dialect: d}}})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })

	ran := 0
	for _, block := range regexp.MustCompile("(?s)```console\n\\$ (.*?)\n(.*?)```").FindAllStringSubmatch(string(src), -1) {
		args := append(strings.Fields(block[1])[1:], "--to", s.Addr(0).String())
		var out, bad bytes.Buffer
		code := run(t.Context(), args, strings.NewReader(""), &out, &bad)
		assert.Zero(t, code, "%s: %s", block[1], bad.String())
		pattern := "(?s)"
		for line := range strings.Lines(block[2]) {
			pattern += strings.ReplaceAll(regexp.QuoteMeta(strings.TrimRight(line, "\n")), "…", ".*?") + "\n"
		}
		assert.Regexp(t, pattern, out.String(), block[1])
		ran++
	}
	assert.Equal(t, 5, ran, "the document's commands were not found")
}
