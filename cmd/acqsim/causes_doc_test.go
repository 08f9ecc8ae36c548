package main

import (
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestCausesDocument does what docs/causes.md says: each part starts its server
// and sends to it. Of the output each line that the document shows must come, in
// that order; so must, in the server's log, the lines of text blocks.
func TestCausesDocument(t *testing.T) {
	src, err := os.ReadFile(filepath.Join("..", "..", "docs", "causes.md"))
	require.NoError(t, err)
	t.Chdir(t.TempDir())
	servers, commands := 0, 0
	for part := range strings.SplitSeq("\n"+string(src), "\n## ") {
		heading, _, _ := strings.Cut(part, "\n")
		t.Run(heading, func(t *testing.T) {
			blocks := regexp.MustCompile("(?s)```(console|text)\n(.*?)```").FindAllStringSubmatch(part, -1)
			var logged []string
			for _, block := range blocks {
				if block[1] == "text" {
					logged = append(logged, block[2])
				}
			}
			l, err := net.Listen("tcp", "127.0.0.1:0")
			require.NoError(t, err)
			address := l.Addr().String()
			require.NoError(t, l.Close())
			for _, block := range blocks {
				if block[1] != "console" {
					continue
				}
				for _, step := range strings.Split("\n"+block[2], "\n$ ")[1:] {
					command, shown, _ := strings.Cut(step, "\n")
					args := strings.Fields(command)
					commands++
					switch {
					case args[0] == "cat":
						require.NoError(t, os.WriteFile(args[1], []byte(shown), 0o600))
					case args[1] == "serve":
						servers++
						args = append(args[1:], "--listen", address+"=unionpay-pos", "--metrics", "off")
						serveUntilTheEnd(t, args, address, func(said string) {
							for _, lines := range logged {
								inOrder(t, lines, said, command)
							}
						})
					case args[1] == "send":
						documented(t, append(args[1:], "--to", address), shown)
					default:
						documented(t, args[1:], shown)
					}
				}
			}
		})
	}
	assert.Equal(t, 4, servers, "the document's servers were not found")
	assert.Equal(t, 18, commands, "the document's commands were not found")
}
