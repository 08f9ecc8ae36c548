package main

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/acqsim/acqsim/scenarios/strictyaml"
)

// envPrefix begins the name of every environment variable of acqsim.
const envPrefix = "ACQSIM_"

// setting describes one key of the configuration.
type setting struct {
	key    string   // in acqsim.yaml
	flag   string   // without dashes; the environment variable is named after it
	value  string   // what stands for the value in help texts; empty: a switch
	usage  string   // one sentence without its full stop
	words  []string // all there are, where it takes one of a few
	path   bool     // names files: relative to the configuration file it stands in
	secret bool     // is never shown
}

var macPolicies = []string{macOfDialect, "require", "verify-if-present", "off"}

// settings are all keys, in the order in which they are shown.
var settings = []setting{
	{key: "listeners", flag: "listen", value: "ADDR=DIALECT", usage: "listen at this address, in this dialect"},
	{key: "dialects", flag: "dialect", value: "FILE", usage: "load a dialect from this file", path: true},
	{key: "world", flag: "world", value: "FILE", usage: "take merchants, terminals, cards and accounts from this file (empty: the embedded world)", path: true},
	{key: "strict", flag: "strict", usage: "refuse terminals, merchants and cards that the world does not name, instead of enrolling them"},
	{key: "tmk", flag: "tmk", value: "HEX", usage: "terminal master key; acqsim keys shows how to key it in", secret: true},
	{key: "bdk", flag: "bdk", value: "HEX", usage: "base derivation key of DUKPT, for a world without its own; acqsim keys --ksn shows a terminal's initial key", secret: true},
	{key: "mac", flag: "mac", value: "POLICY", usage: "what to do about a request's MAC", words: macPolicies},
	{key: "seed", flag: "seed", value: "N", usage: "seed of keys, approval codes and random draws: the same seed gives the same run"},
	{key: "clock", flag: "clock", value: "TIME", usage: "business time, RFC 3339, which then stands still (empty: the machine's clock)"},
	{key: "causes", flag: "cause", value: "NAME[@TERMINAL]", usage: "bring this cause about, for all terminals or one; acqsim causes lists them"},
	{key: "scenarios", flag: "scenario", value: "FILE", usage: "bring about what this scenario file says; an edited file is read again", path: true},
	{key: "triggers", flag: "triggers", usage: "let the last two digits of the amount choose the cause; acqsim causes --sheet prints them"},
	{key: "profile", flag: "profile", value: "NAME", usage: "profile of the terminals, or its file: how long they wait, which delays are counted in"},
	{key: "tls_authority", flag: "tls-authority", value: "FILE", usage: "CA that the terminals trust, certificate and key in PEM; it issues the certificates of TLS causes", path: true},
	{key: "state", flag: "state", value: "DIR", usage: "keep books, batches and session keys in this directory (empty: a restart forgets)", path: true},
	{key: "journal", flag: "journal", value: "FILE", usage: "append every event to this file, as JSON lines (empty: in memory only)", path: true},
	{key: "log", flag: "log", value: "FORMAT", usage: "how exchanges are printed", words: []string{logText, logJSON}},
	{key: "color", flag: "color", value: "WHEN", usage: "when to colour the output", words: []string{colorAuto, colorAlways, colorNever}},
	{key: "metrics", flag: "metrics", value: "ADDR", usage: "address of the HTTP side with /metrics, or off; beyond this machine it needs a token"},
	{key: "token", flag: "token", value: "TEXT", usage: "bearer token that the HTTP side asks for, 16 characters or more; safer in ACQSIM_TOKEN than on a command line", secret: true},
	{key: "max_connections", flag: "max-connections", value: "N", usage: "connections at once, all listeners together"},
	{key: "max_frame", flag: "max-frame", value: "BYTES", usage: "longest frame, length header not counted"},
	{key: "frame_timeout", flag: "frame-timeout", value: "TIME", usage: "how long a frame that has begun may take"},
	{key: "idle_timeout", flag: "idle-timeout", value: "TIME", usage: "how long a connection may be silent between two frames (0s: for ever)"},
	{key: "shutdown_timeout", flag: "shutdown-timeout", value: "TIME", usage: "how long a shutdown waits for exchanges in flight"},
	{key: "max_open_transactions", flag: "max-open-transactions", value: "N", usage: "transactions kept in open batches; beyond it the oldest leave"},
}

// env is the setting's environment variable, such as ACQSIM_MAX_FRAME.
func (s setting) env() string {
	return envPrefix + strings.ToUpper(strings.ReplaceAll(s.flag, "-", "_"))
}

// help is the usage with the words that the setting takes.
func (s setting) help() string {
	if len(s.words) == 0 {
		return s.usage
	}
	return s.usage + ": " + strings.Join(s.words, ", ")
}

// in returns the setting's field of c, addressable.
func (s setting) in(c *config) reflect.Value {
	v := reflect.ValueOf(c).Elem()
	for i := range v.NumField() {
		if v.Type().Field(i).Tag.Get("yaml") == s.key {
			return v.Field(i)
		}
	}
	return reflect.Value{}
}

// isList reports whether the flag may be given several times.
func (s setting) isList() bool {
	var c config
	return s.in(&c).Kind() == reflect.Slice
}

// addSettings gives cmd the flags of the settings with these keys, or of all.
// The values are read with app.load, never from the flags.
func addSettings(cmd *cobra.Command, keys ...string) {
	defaults := defaultConfig()
	for _, s := range settings {
		if len(keys) > 0 && !slices.Contains(keys, s.key) {
			continue
		}
		shown := show(s, &defaults)
		if s.isList() {
			cmd.Flags().Var(&listFlag{value: s.value}, s.flag, s.help()+"; can be given several times"+defaultText(shown))
			continue
		}
		f := cmd.Flags().VarPF(&textFlag{value: s.value}, s.flag, "", s.help()+defaultText(shown))
		if s.value == "" {
			f.NoOptDefVal = "true"
		}
		if len(s.words) > 0 {
			words := s.words
			// The error is for a flag that is unknown or has a completion already.
			_ = cmd.RegisterFlagCompletionFunc(s.flag, cobra.FixedCompletions(words, cobra.ShellCompDirectiveNoFileComp))
		}
	}
}

func defaultText(shown any) string {
	switch v := shown.(type) {
	case nil:
		return ""
	case bool:
		return ""
	case string:
		if v == "" {
			return ""
		}
	case []string:
		return ""
	case []listener:
		var all []string
		for _, l := range v {
			all = append(all, l.Address+"="+l.Dialect)
		}
		return " (default " + strings.Join(all, ", ") + ")"
	}
	return fmt.Sprintf(" (default %v)", shown)
}

// textFlag keeps a flag's text; load gives it its meaning, so that the same
// mistake reads the same wherever the value came from.
type textFlag struct{ value, text string }

func (f *textFlag) String() string     { return f.text }
func (f *textFlag) Set(s string) error { f.text = s; return nil }
func (f *textFlag) Type() string       { return f.value }

// listFlag keeps the texts of a flag that may be given several times.
type listFlag struct {
	value string
	texts []string
}

func (f *listFlag) String() string     { return strings.Join(f.texts, ",") }
func (f *listFlag) Set(s string) error { f.texts = append(f.texts, s); return nil }
func (f *listFlag) Type() string       { return f.value }

var (
	_ pflag.Value = (*textFlag)(nil)
	_ pflag.Value = (*listFlag)(nil)
)

// oneOf reports a word that is none of the known ones.
func oneOf(words []string, word string) error {
	if slices.Contains(words, word) {
		return nil
	}
	hint := "it takes " + strings.Join(words, ", ")
	if near := strictyaml.Closest(word, words); near != "" {
		hint = "did you mean `" + near + "`?"
	}
	return fmt.Errorf("%q is not known (%s)", word, hint)
}
