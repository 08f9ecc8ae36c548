package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/acqsim/acqsim/scenarios/strictyaml"
)

// loadFile loads a configuration from the text of a file alone.
func loadFile(t *testing.T, text string) (*effective, error) {
	t.Helper()
	name := filepath.Join(t.TempDir(), configName)
	require.NoError(t, os.WriteFile(name, []byte(text), 0o600))
	return (&app{configFile: name}).load(&cobra.Command{})
}

func TestLoadGivesTypedValues(t *testing.T) {
	e, err := loadFile(t, `
clock: 2026-02-28T23:30:00+08:00
frame_timeout: 1.5s
max_connections: 7
seed: 18446744073709551615
metrics: "off"
listeners: [":0=iso87-bcd", ":0=iso87-bcd"]
`)
	require.NoError(t, err)
	assert.True(t, time.Date(2026, 2, 28, 15, 30, 0, 0, time.UTC).Equal(e.Clock.Time))
	assert.Equal(t, 1500*time.Millisecond, e.FrameTimeout)
	assert.Equal(t, 7, e.MaxConnections)
	assert.Equal(t, uint64(1<<64-1), e.Seed)
	assert.Equal(t, metricsOff, e.Metrics)
	assert.Len(t, e.Listeners, 2, "two listeners may both ask for any free port")
	assert.Equal(t, defaultConfig().MaxFrame, e.MaxFrame)
}

func TestLoadOfAnEmptyFileIsTheDefault(t *testing.T) {
	for _, text := range []string{"", "# nothing\n", "listeners: ~\n", "dialects:\n"} {
		e, err := loadFile(t, text)
		require.NoError(t, err, "%q", text)
		assert.Equal(t, defaultConfig(), e.config, "%q", text)
		assert.Equal(t, fromDefault, e.origins["seed"])
	}
}

func TestDefaultsAreValid(t *testing.T) {
	e := effective{config: defaultConfig()}
	assert.NoError(t, e.check())
}

func TestReportChoosesTheExitCode(t *testing.T) {
	full := errors.New("disk full")
	for name, tc := range map[string]struct {
		err  error
		code int
		text string
	}{
		"nothing":         {nil, exitOK, ""},
		"a plain error":   {full, exitInternal, "acqsim: disk full\n"},
		"with a code":     {exitWith(exitNoAnswer, full), exitNoAnswer, "acqsim: disk full\n"},
		"a silent code":   {exitWith(exitNegative, nil), exitNegative, ""},
		"wrapped":         {fmt.Errorf("send: %w", exitWith(exitNoConnection, full)), exitNoConnection, "acqsim: disk full\n"},
		"an interruption": {fmt.Errorf("waiting: %w", context.Canceled), exitInterrupted, "acqsim: waiting: context canceled\n"},
		"several lines":   {usagef("first\n\tsecond"), exitUsage, "acqsim: first second\n"},
		"several mistakes": {
			exitWith(exitUsage, strictyaml.Problems{{File: "a", Line: 1, Column: 2, Message: "x"}, {Message: "y"}}),
			exitUsage, "acqsim: a:1:2: x\nacqsim: y\n",
		},
	} {
		t.Run(name, func(t *testing.T) {
			var stderr bytes.Buffer
			assert.Equal(t, tc.code, report(&stderr, tc.err))
			assert.Equal(t, tc.text, stderr.String())
		})
	}
}

// A command's own error is internal; cobra's are the user's.
func TestErrorsOfCommandsAreMarked(t *testing.T) {
	full := errors.New("disk full")
	cmd := &cobra.Command{Args: noArgs, RunE: func(*cobra.Command, []string) error { return full }}
	markErrors(cmd)
	assert.Equal(t, exitInternal, report(&bytes.Buffer{}, cmd.RunE(cmd, nil)))
	assert.Equal(t, exitUsage, report(&bytes.Buffer{}, cmd.Args(cmd, []string{"x"})))
}

func TestRunStopsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	var stdout, stderr bytes.Buffer
	assert.Equal(t, exitOK, run(ctx, []string{"version"}, strings.NewReader(""), &stdout, &stderr))
	assert.Equal(t, versionText(), strings.SplitN(stdout.String(), "\n", 2)[0])
	assert.Empty(t, stderr.String())
}

// FuzzConfigFile: whatever the file holds, loading ends with a configuration
// that passes its own checks and prints as a file that can be loaded again, or
// with mistakes of one line each.
func FuzzConfigFile(f *testing.F) {
	for _, seed := range []string{
		"", "seed: 1\n", "tmk: 0011223344556677", "tmk: [1]", "tmk: &a x\ntoken: *a",
		"listeners: [:1=a, {address: ':2', dialect: b, tls: {cert: c, key: d}}]", "listeners: {}",
		"clock: 2026-02-28T23:30:00+08:00", "strict: yes\nlog: xml\nidle_timeout: 5", "\tseed: 1",
		"world: '# a: b'\njournal: 'a é b'\nstate: '~'\ndialects: ['- a', '|', '0x1', 'null', ' ']", "? tmk\n: x",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		e, err := loadFile(t, string(text))
		if err != nil {
			var stderr bytes.Buffer
			require.Equal(t, exitUsage, report(&stderr, err))
			for line := range strings.Lines(stderr.String()) {
				require.True(t, strings.HasPrefix(line, "acqsim: "), "%q", line)
			}
			return
		}
		require.NoError(t, e.check())
		if e.Token.text != "" {
			return // it is not printed, and may be needed
		}
		printed, err := e.yaml()
		require.NoError(t, err)
		again, err := loadFile(t, string(printed))
		require.NoError(t, err, "%s", printed)
		for _, s := range settings {
			if !s.secret {
				require.Equal(t, shown(show(s, &e.config)), shown(show(s, &again.config)), "%s in\n%s", s.key, printed)
			}
		}
	})
}
