package main

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// document compares a file of docs with what the program's tables say.
func document(t *testing.T, name, want string) {
	t.Helper()
	path := filepath.Join("..", "..", "docs", name)
	if *update {
		require.NoError(t, os.WriteFile(path, []byte(want), 0o644))
	}
	got, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, want, strings.ReplaceAll(string(got), "\r\n", "\n"),
		"docs/%s is out of date: run go test ./cmd/acqsim -update", name)
}

func TestExitCodesAreDocumented(t *testing.T) {
	var b strings.Builder
	b.WriteString(`# Exit codes

<!-- Made from cmd/acqsim/exit.go by go test ./cmd/acqsim -update. -->

Every command of acqsim ends with one of these codes. They change with a major
version only.

| code | meaning | for example |
| ---: | --- | --- |
`)
	seen := map[int]bool{}
	for _, c := range exitCodes {
		assert.False(t, seen[c.code], "code %d is there twice", c.code)
		seen[c.code] = true
		fmt.Fprintf(&b, "| %d | %s | %s |\n", c.code, c.meaning, c.cases)
	}
	b.WriteString(`
Messages about what went wrong go to standard error, one line for each mistake:

` + "```" + `
acqsim: what is wrong, where, and what to do
` + "```" + `
`)
	document(t, "exit-codes.md", b.String())
}

func TestConfigurationIsDocumented(t *testing.T) {
	var b strings.Builder
	b.WriteString(`# Configuration

<!-- Made from cmd/acqsim/settings.go by go test ./cmd/acqsim -update. -->

acqsim needs no configuration. What it is told comes from flags, from
environment variables, from ` + "`acqsim.yaml`" + ` in the current folder (or the file
that ` + "`--config`" + ` or ` + "`ACQSIM_CONFIG`" + ` names), and from the defaults, in that order:
the first that has a value decides, for lists as well. ` + "`acqsim config`" + ` prints
the result, and where each value came from.

An unknown key, an unknown ` + "`ACQSIM_`" + ` variable and a value out of bounds are
errors, never ignored. Paths in the file are relative to the file. Lists in
environment variables are separated by commas.

| key | flag | environment variable | meaning | default |
| --- | --- | --- | --- | --- |
`)
	defaults := defaultConfig()
	for _, s := range settings {
		var value any = "see below"
		if !s.isList() && !s.secret {
			value = show(s, &defaults)
		}
		if s.key == "dialects" || s.key == "token" {
			value = ""
		}
		fmt.Fprintf(&b, "| `%s` | `--%s` | `%s` | %s | %v |\n", s.key, s.flag, s.env(), s.help(), value)
	}
	b.WriteString(`
The default listeners are ` + "`:8583=unionpay-pos`, `:8584=iso87-bcd` and `:8585=iso87-ascii`" + `.

The default terminal master key is the well-known test key ` + "`0123456789ABCDEF`" + `
` + "`FEDCBA9876543210`" + ` (check value 08D7B4FB), and so is the default base derivation key. Terminals with
real cards in them deserve other ones.

In the file a listener is ` + "`ADDR=DIALECT`" + `, as for ` + "`--listen`" + `, or a mapping:

` + "```yaml" + `
listeners:
  - :8585=iso87-ascii
  - name: branch            # in the journal; default: the dialect's name
    address: 0.0.0.0:8586
    dialect: unionpay-pos   # a name, or name/variant
    mac: require            # default: the key mac, above; needs a dialect with keys
    max_connections: 50     # default: no limit of its own
    tls:                    # default: plain TCP
      cert: server.pem
      key: server.key
      client_ca: ca.pem     # with it, clients need a certificate signed by it
` + "```" + `
`)
	document(t, "configuration.md", b.String())
}

func TestPlatformLimitsAreDocumented(t *testing.T) {
	doc, err := os.ReadFile(filepath.Join("..", "..", "docs", "platforms.md"))
	require.NoError(t, err)
	text := strings.Join(strings.Fields(string(doc)), " ")
	for _, goos := range []string{"linux", "windows", "darwin", "solaris"} {
		for _, limit := range platformLimits(goos) {
			assert.Contains(t, text, limit, "docs/platforms.md does not say what %s lacks", goos)
		}
	}
	assert.Empty(t, platformLimits("linux"), "Linux is the whole program")
}

// Each field of config has one setting and the other way round: a key without
// a flag, or a flag that sets nothing, would not be noticed otherwise.
func TestSettingsAndConfigAgree(t *testing.T) {
	var keys, flags []string
	for _, s := range settings {
		keys = append(keys, s.key)
		flags = append(flags, s.flag)
		assert.Equal(t, strings.ReplaceAll(s.flag, "-", "_"), strings.ToLower(strings.TrimPrefix(s.env(), envPrefix)))
	}
	var fields []string
	for i := range reflect.TypeFor[config]().NumField() {
		fields = append(fields, reflect.TypeFor[config]().Field(i).Tag.Get("yaml"))
	}
	assert.Equal(t, fields, keys, "the fields of config and settings, in the same order")
	assert.Len(t, flags, len(unique(flags)), "a flag is there twice")
}

func unique(all []string) map[string]bool {
	set := map[string]bool{}
	for _, s := range all {
		set[s] = true
	}
	return set
}

// Every command says what it does, completes, and names its flags in a
// sentence.
func TestCommandsAreDescribed(t *testing.T) {
	var visit func(cmd *cobra.Command)
	visit = func(cmd *cobra.Command) {
		assert.NotEmpty(t, cmd.Short, cmd.CommandPath())
		assert.False(t, strings.HasSuffix(cmd.Short, "."), "%s: the short text is no sentence with a full stop", cmd.CommandPath())
		for _, sub := range cmd.Commands() {
			visit(sub)
		}
	}
	visit(newRoot(&app{}))
}
