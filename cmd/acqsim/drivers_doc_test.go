//go:build !windows

package main

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/acqsim/acqsim/scenarios"
	"github.com/acqsim/acqsim/scenarios/display"
	"github.com/acqsim/acqsim/simulator/dialect"
	"github.com/acqsim/acqsim/simulator/suite"
)

// driversDocument is docs/drivers.md, and its blocks of one language.
func driversDocument(t *testing.T, language string) (src string, blocks []string) {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("..", "..", "docs", "drivers.md"))
	require.NoError(t, err)
	for _, block := range regexp.MustCompile("(?s)```"+language+"\n(.*?)```").FindAllStringSubmatch(string(b), -1) {
		blocks = append(blocks, block[1])
	}
	return string(b), blocks
}

// drive runs scenarios against a driver that stands in the document.
func drive(t *testing.T, language, file, command string, names ...string) map[string]suite.Result {
	t.Helper()
	_, blocks := driversDocument(t, language)
	require.Len(t, blocks, 1, "the document's driver was not found")
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, file), []byte(blocks[0]), 0o600))
	d, err := dialect.Load("iso87-ascii")
	require.NoError(t, err)
	cases, err := suite.Cases(nil, names...)
	require.NoError(t, err)
	r, err := suite.Run(t.Context(), suite.Options{Cases: cases, Driver: &suite.Exec{Command: command, Dir: dir}, Dialect: d, Pace: suite.Quick()})
	require.NoError(t, err)
	results := map[string]suite.Result{}
	for _, x := range r.Results {
		results[x.Scenario] = x
	}
	return results
}

func TestDriversDocumentInPython(t *testing.T) {
	if _, err := exec.LookPath("python3"); err != nil {
		t.Skip("python3 is not installed, so the driver in Python is not tried")
	}
	got := drive(t, "python", "till.py", "python3 till.py", "insufficient-funds", "closed-before-reply", "limit-exceeded", "wrong-pin")
	for _, name := range []string{"insufficient-funds", "limit-exceeded"} {
		assert.Equal(t, suite.Passed, got[name].Status, got[name].Why.EN+got[name].Output)
	}
	lost := got["closed-before-reply"]
	assert.Equal(t, suite.Failed, lost.Status, lost.Why.EN+lost.Output)
	assert.Equal(t, "reversal-follows-no-answer", lost.Rule)
	assert.Equal(t, suite.Skipped, got["wrong-pin"].Status)
}

func TestDriversDocumentInShell(t *testing.T) {
	self, err := os.Executable()
	require.NoError(t, err)
	bin := t.TempDir()
	require.NoError(t, os.Symlink(self, filepath.Join(bin, "acqsim"))) // by that name it is the program
	t.Setenv("PATH", bin+string(os.PathListSeparator)+os.Getenv("PATH"))
	for name, x := range drive(t, "sh", "pos.sh", "sh pos.sh",
		"insufficient-funds", "reply-lost", "reversal-reply-lost", "merchant-suspended", "request-lost", "batch-out-of-balance", "port-closed", "unknown-original") {
		assert.Equal(t, suite.Passed, x.Status, "%s: %s\n%s", name, x.Why, x.Output)
	}
}

// TestDriversDocumentIsComplete holds that the document has every key, action
// and outcome, and that its messages are ones.
func TestDriversDocumentIsComplete(t *testing.T) {
	src, messages := driversDocument(t, "json")
	for _, of := range []any{suite.Hello{}, suite.TLS{}, suite.Card{}, suite.Ready{}, suite.Action{}, suite.Outcome{}} {
		for field := range reflect.TypeOf(of).Fields() {
			key, _, _ := strings.Cut(field.Tag.Get("json"), ",")
			if key != "" && key != "-" {
				assert.Contains(t, src, "`"+key+"`", "%T", of)
			}
		}
	}
	for _, word := range append(append(scenarios.ActionNames(), display.OutcomeNames()...), "tls", "pin", "chip") {
		assert.Contains(t, src, "`"+word+"`")
	}
	var kinds []string
	for _, m := range messages {
		var x struct {
			Hello   json.RawMessage
			Action  *suite.Action
			Outcome *suite.Outcome
			Bye     *struct{}
		}
		strictly(t, m, &x)
		switch {
		case x.Hello != nil && len(kinds) == 0:
			var h suite.Hello
			strictly(t, string(x.Hello), &h)
			assert.Equal(t, suite.Protocol, h.Protocol)
			kinds = append(kinds, "hello")
		case x.Hello != nil:
			var r suite.Ready
			strictly(t, string(x.Hello), &r)
			assert.Equal(t, suite.Protocol, r.Protocol)
			kinds = append(kinds, "ready")
		case x.Action != nil:
			kinds = append(kinds, "action")
		case x.Outcome != nil:
			kinds = append(kinds, "outcome")
		case x.Bye != nil:
			kinds = append(kinds, "bye")
		}
	}
	assert.Equal(t, []string{"hello", "ready", "action", "outcome", "bye"}, kinds)
}

func strictly(t *testing.T, text string, into any) {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader([]byte(text)))
	d.DisallowUnknownFields()
	require.NoError(t, d.Decode(into), text)
}
