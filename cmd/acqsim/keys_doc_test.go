package main

import (
	"bytes"
	"context"
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

// TestKeysDocument does what docs/keys.md says: it changes the dialect as told,
// and runs every command. Each line of output that the document shows must come,
// in that order; … stands for anything.
func TestKeysDocument(t *testing.T) {
	src, err := os.ReadFile(filepath.Join("..", "..", "docs", "keys.md"))
	require.NoError(t, err)
	t.Chdir(t.TempDir())
	own := changedDialect(t, string(src))
	require.NoError(t, os.WriteFile("my.yaml", []byte(own), 0o600))
	o := simulator.Options{}
	for _, name := range []string{"my.yaml", "unionpay-pos"} {
		d, err := dialect.Open(name)
		require.NoError(t, err)
		o.Listeners = append(o.Listeners, simulator.Listener{Address: "127.0.0.1:0", Dialect: d})
	}
	s, err := simulator.Start(context.Background(), o)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })

	ran := 0
	for _, block := range regexp.MustCompile("(?s)```console\n\\$ (.*?)\n(.*?)```").FindAllStringSubmatch(string(src), -1) {
		args := strings.Fields(block[1])[1:]
		if args[0] == "send" {
			to := s.Addr(1)
			if strings.Contains(block[1], "my.yaml") {
				to = s.Addr(0)
			}
			args = append(args, "--to", to.String())
		}
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
	assert.Equal(t, 3, ran, "the document's commands were not found")
}

// changedDialect is iso87-ascii with the document's lines in place of those that
// begin alike; keys are new and follow the MAC.
func changedDialect(t *testing.T, document string) string {
	t.Helper()
	src, err := dialect.Source("iso87-ascii")
	require.NoError(t, err)
	block := regexp.MustCompile("(?s)```yaml\n(  mac: .*?\n)(  keys: .*?\n)(    \"53\": .*?\n)```").FindStringSubmatch(document)
	require.NotNil(t, block, "the document's changes of the dialect were not found")
	own := string(src)
	for beginning, lines := range map[string]string{"  mac: ": block[1] + block[2], `    "53": `: block[3]} {
		old := regexp.MustCompile(`(?m)^` + beginning + `.*\n`)
		require.Len(t, old.FindAllString(own, -1), 1)
		own = old.ReplaceAllLiteralString(own, lines)
	}
	require.NoError(t, dialect.Lint("my.yaml", []byte(own)))
	return own
}
