package main

import (
	"encoding"
	"errors"
	"log/slog"
	"time"

	"github.com/acqsim/acqsim/scenarios/strictyaml"
	"github.com/acqsim/acqsim/simulator/frame"
	"github.com/acqsim/acqsim/simulator/security"
)

// config is the program's configuration. The yaml names are the keys of
// acqsim.yaml; settings describes each key for flags, environment and docs.
type config struct {
	Listeners []listener `yaml:"listeners"`
	Dialects  []string   `yaml:"dialects"` // files, besides the embedded ones
	World     string     `yaml:"world"`    // file; empty: the embedded world
	Strict    bool       `yaml:"strict"`
	TMK       masterKey  `yaml:"tmk"` // the zero key: security.DefaultTMK
	BDK       baseKey    `yaml:"bdk"` // the zero key: security.DefaultBDK
	MAC       string     `yaml:"mac"` // of listeners that name none themselves
	Seed      uint64     `yaml:"seed"`
	Clock     instant    `yaml:"clock"` // zero: the machine's clock

	Causes    []string `yaml:"causes"`    // NAME or NAME@TERMINAL
	Scenarios []string `yaml:"scenarios"` // files
	Triggers  bool     `yaml:"triggers"`  // amounts choose causes
	Profile   string   `yaml:"profile"`   // of the terminals: a name or a file
	Authority string   `yaml:"tls_authority"`

	State   string `yaml:"state"`   // directory; empty: a restart forgets
	Journal string `yaml:"journal"` // file; empty: in memory only
	Log     string `yaml:"log"`
	Color   string `yaml:"color"`

	Metrics string `yaml:"metrics"` // host:port or "off"
	Token   secret `yaml:"token"`   // bearer token of the HTTP side; empty: none asked for

	MaxConnections      int           `yaml:"max_connections"`
	MaxFrame            int           `yaml:"max_frame"`
	FrameTimeout        time.Duration `yaml:"frame_timeout"`
	IdleTimeout         time.Duration `yaml:"idle_timeout"` // 0: no limit
	ShutdownTimeout     time.Duration `yaml:"shutdown_timeout"`
	MaxOpenTransactions int           `yaml:"max_open_transactions"`
}

// The words of settings that take one of a few.
const (
	macOfDialect = "dialect"
	logText      = "text"
	logJSON      = "json"
	colorAuto    = "auto"
	colorAlways  = "always"
	colorNever   = "never"
	metricsOff   = "off"
)

// defaultConfig is what `acqsim serve` does when it is told nothing.
func defaultConfig() config {
	return config{
		Listeners: []listener{
			{Name: "unionpay-pos", Address: ":8583", Dialect: "unionpay-pos"},
			{Name: "iso87-bcd", Address: ":8584", Dialect: "iso87-bcd"},
			{Name: "iso87-ascii", Address: ":8585", Dialect: "iso87-ascii"},
		},
		Dialects:            []string{},
		Causes:              []string{},
		Scenarios:           []string{},
		Profile:             "strict",
		MAC:                 macOfDialect,
		Seed:                1,
		Log:                 logText,
		Color:               colorAuto,
		Metrics:             "127.0.0.1:9583",
		MaxConnections:      20_000,
		MaxFrame:            frame.DefaultMax,
		FrameTimeout:        frame.DefaultFrame,
		ShutdownTimeout:     10 * time.Second,
		MaxOpenTransactions: 1_000_000,
	}
}

// masterKey is a key that is read from text and never shown.
type masterKey struct{ security.Key }

// UnmarshalText reads hexadecimal digits; its errors do not repeat them.
func (k *masterKey) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*k = masterKey{}
		return nil
	}
	parsed, err := security.ParseKey(string(text))
	if err != nil {
		return errors.New("a terminal master key is 16, 32 or 48 hexadecimal digits")
	}
	k.Key = parsed
	return nil
}

// UnmarshalNode reads the key from a file.
func (k *masterKey) UnmarshalNode(n strictyaml.Node) error { return unmarshalSecret(n, k) }

// baseKey is a base derivation key, read and hidden like a masterKey.
type baseKey struct{ security.Key }

// UnmarshalText reads hexadecimal digits; its errors do not repeat them.
func (k *baseKey) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*k = baseKey{}
		return nil
	}
	parsed, err := security.ParseKey(string(text))
	if err != nil || parsed.Len() != 16 {
		return errors.New("a base derivation key is 32 hexadecimal digits")
	}
	k.Key = parsed
	return nil
}

// UnmarshalNode reads the key from a file.
func (k *baseKey) UnmarshalNode(n strictyaml.Node) error { return unmarshalSecret(n, k) }

// secret is a text that is never shown.
type secret struct{ text string }

// UnmarshalText takes any text of at least shortestToken visible ASCII
// characters, so that it fits an HTTP header and can't be guessed.
func (s *secret) UnmarshalText(text []byte) error {
	for _, c := range text {
		if c <= ' ' || c > '~' {
			return errors.New("a token has visible ASCII characters only, no spaces")
		}
	}
	if len(text) > 0 && len(text) < shortestToken {
		return errors.New("a token of fewer than 16 characters can be guessed; take a longer one")
	}
	s.text = string(text)
	return nil
}

const shortestToken = 16

// UnmarshalNode reads the text from a file.
func (s *secret) UnmarshalNode(n strictyaml.Node) error { return unmarshalSecret(n, s) }

// String does not show the text.
func (s secret) String() string {
	if s.text == "" {
		return "none"
	}
	return "set"
}

// GoString is String: %#v shows no more than %v.
func (s secret) GoString() string { return s.String() }

// LogValue is String.
func (s secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// unmarshalSecret keeps the file's line, and with it the secret, out of the
// error.
func unmarshalSecret(n strictyaml.Node, to encoding.TextUnmarshaler) error {
	var p *strictyaml.Problem
	switch n.Kind() {
	case strictyaml.Null:
		return nil
	case strictyaml.Text:
		err := to.UnmarshalText([]byte(n.Text()))
		if err == nil {
			return nil
		}
		p = n.Errorf("%w", err)
	default:
		p = n.Errorf("a text is wanted: put it into quotation marks")
	}
	p.Source = ""
	return p
}

// instant is a business time: RFC 3339, with its zone.
type instant struct{ time.Time }

// UnmarshalText reads a time; an empty text is none.
func (i *instant) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*i = instant{}
		return nil
	}
	t, err := time.Parse(time.RFC3339, string(text))
	if err != nil {
		return errors.New("a time is wanted, such as 2026-02-28T23:30:00+08:00 (RFC 3339)")
	}
	i.Time = t
	return nil
}

// String is the time as it is written in the configuration, or nothing.
func (i instant) String() string {
	if i.IsZero() {
		return ""
	}
	return i.Format(time.RFC3339)
}
