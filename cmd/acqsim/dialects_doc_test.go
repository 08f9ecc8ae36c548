package main

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/acqsim/acqsim/scenarios/world"
)

// TestDialectsDocument does what docs/dialects.md says, from the vendor's sample
// to a sale at a server that speaks the new dialect: it makes every change to the
// file, and runs every command. Of its output each line that the document shows
// must come, in that order.
func TestDialectsDocument(t *testing.T) {
	src, err := os.ReadFile(filepath.Join("..", "..", "docs", "dialects.md"))
	require.NoError(t, err)
	t.Chdir(t.TempDir())
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	address := l.Addr().String()
	require.NoError(t, l.Close())
	changes, commands := 0, 0
	for _, block := range regexp.MustCompile("(?s)```(console|diff)\n(.*?)```").FindAllStringSubmatch(string(src), -1) {
		if block[1] == "diff" {
			change(t, "alder.yaml", block[2])
			changes++
			continue
		}
		for _, step := range strings.Split("\n"+block[2], "\n$ ")[1:] {
			command, shown, _ := strings.Cut(step, "\n")
			args := strings.Fields(strings.ReplaceAll(command, "127.0.0.1:9000", address))
			commands++
			switch {
			case args[0] == "cat":
				require.NoError(t, os.WriteFile(args[1], []byte(shown), 0o600))
			case args[1] == "serve":
				serveUntilTheEnd(t, args[1:], address, func(said string) {
					assert.Contains(t, said, "alder", "the server says what it serves")
				})
			default:
				require.Equal(t, "acqsim", args[0])
				documented(t, args[1:], shown)
			}
		}
	}
	assert.Equal(t, 10, changes, "the document's changes were not found")
	assert.Equal(t, 11, commands, "the document's commands were not found")
	for _, o := range world.Outcomes() {
		assert.Contains(t, string(src), "`"+o.String()+"`", "the document does not name the outcome")
	}
}

// change replaces the lines of a file that a diff takes out by those that it puts
// in. What it takes out of a line is its beginning.
func change(t *testing.T, file, diff string) {
	t.Helper()
	var old, with []string
	for _, line := range strings.Split(strings.TrimSuffix(diff, "\n"), "\n") {
		if text, out := strings.CutPrefix(line, "-"); out {
			old = append(old, text)
			continue
		}
		text, in := strings.CutPrefix(line, "+")
		require.True(t, in, line)
		with = append(with, text)
	}
	src, err := os.ReadFile(file)
	require.NoError(t, err)
	text := strings.Join(old, "\n")
	require.Contains(t, string(src), "\n"+text, "the file has no such lines")
	if len(with) == 0 {
		text += "\n"
	}
	require.NoError(t, os.WriteFile(file, []byte(strings.Replace(string(src), text, strings.Join(with, "\n"), 1)), 0o600))
}

// serveUntilTheEnd runs acqsim serve until the test is over, and then has
// checked what it said.
func serveUntilTheEnd(t *testing.T, args []string, address string, check func(said string)) {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan struct{})
	log, err := os.Create("serve.log") // a server writes to both from several goroutines
	require.NoError(t, err)
	go func() {
		defer close(done)
		run(ctx, args, strings.NewReader(""), log, log)
	}()
	t.Cleanup(func() {
		stop()
		<-done
		assert.NoError(t, log.Close())
		said, err := os.ReadFile(log.Name())
		assert.NoError(t, err)
		check(string(said))
	})
	require.NoError(t, waitFor(t.Context(), address))
}

// documented runs a command and looks for the lines that the document shows.
func documented(t *testing.T, args []string, shown string) {
	t.Helper()
	var out, bad bytes.Buffer
	run(t.Context(), args, strings.NewReader(""), &out, &bad)
	inOrder(t, shown, out.String(), fmt.Sprintf("%v (%s)", args, bad.String()))
}

// inOrder looks for the lines that a document shows in what a command printed.
// One whose end the document leaves out has … there.
func inOrder(t *testing.T, shown, printed, command string) {
	t.Helper()
	rest := "\n" + normal(printed) + "\n"
	for _, want := range strings.Split(normal(shown), "\n") {
		if strings.TrimSpace(want) == "" || strings.TrimSpace(want) == "…" {
			continue
		}
		want, open := strings.CutSuffix(want, "…")
		if !open {
			want += "\n"
		}
		at := strings.Index(rest, "\n"+want)
		if !assert.GreaterOrEqual(t, at, 0, "%s does not print %q, or elsewhere; it prints:\n%s", command, want, printed) {
			return
		}
		rest = rest[at+len(want):] // the line break before the next line is still there
	}
}
