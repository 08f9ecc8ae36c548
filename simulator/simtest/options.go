package simtest

import (
	"crypto/tls"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/acqsim/acqsim/scenarios"
	"github.com/acqsim/acqsim/scenarios/library"
	"github.com/acqsim/acqsim/scenarios/profile"
	"github.com/acqsim/acqsim/scenarios/world"
	"github.com/acqsim/acqsim/simulator"
	"github.com/acqsim/acqsim/simulator/dialect"
	"github.com/acqsim/acqsim/simulator/suite"
)

// DefaultDialect is spoken where no other is asked for.
const DefaultDialect = "unionpay-pos"

// Option is a choice for [Start].
type Option func(*settings)

type settings struct {
	causes, files    []string
	dialect, profile string
	world            *world.World
	worldFile        string
	pace             suite.Pace
	terminal         string
	tls, triggers    bool
	expect           bool
	seed             uint64
	err              error // a value that can't be
}

// Cause brings causes of the library about (acqsim causes lists them), for
// everything that the terminal sends from the start on. Those that a person
// brings about in the shop can't be had.
func Cause(names ...string) Option {
	return func(s *settings) { s.causes = append(s.causes, names...) }
}

// Scenario brings the scenario in a file about, like [Cause].
func Scenario(file string) Option {
	return func(s *settings) { s.files = append(s.files, file) }
}

// Expect has the verdict count what the scenario expects, too, and not only the
// rules. There has to be one cause or scenario; the test makes the terminal
// perform its actions, and says so with [Server.Act] and [Server.Report] under
// their numbers, from 1.
func Expect() Option { return func(s *settings) { s.expect = true } }

// Triggers lets the last two digits of an amount choose a cause, as acqsim serve
// --triggers does: x.00 is honest. Causes that can't be shown here are honest,
// too.
func Triggers() Option { return func(s *settings) { s.triggers = true } }

// World is what the host decides from. Default: the embedded one, in which
// every terminal, merchant and card is welcome. It must not change any more.
func World(w *world.World) Option {
	return func(s *settings) { s.world, s.worldFile = w, "" }
}

// WorldFile is [World] from a file.
func WorldFile(file string) Option {
	return func(s *settings) { s.world, s.worldFile = nil, file }
}

// Dialect is the name of a dialect, or its file. Default: [DefaultDialect].
func Dialect(name string) Option { return func(s *settings) { s.dialect = name } }

// Profile is the name of a profile, or its file: how the terminal is meant to
// behave, by which it is judged. Default: strict.
func Profile(name string) Option { return func(s *settings) { s.profile = name } }

// Pace is how long the terminal waits where that is not as its profile says: it
// is judged by that, and faults whose times are in timeouts go by it. A zero
// time is the profile's. Default: [suite.Quick], one second for a reply.
func Pace(p suite.Pace) Option { return func(s *settings) { s.pace = p } }

// ResponseTimeout changes only how long the terminal waits for a reply.
func ResponseTimeout(d time.Duration) Option {
	return func(s *settings) {
		if d <= 0 {
			s.err = fmt.Errorf("ResponseTimeout: %v is no time to wait for a reply", d)
		}
		s.pace.Response = d
	}
}

// Terminal is the one under test (DE 41). Default: [suite.DefaultTerminal], or
// the one that a cause is about.
func Terminal(id string) Option { return func(s *settings) { s.terminal = id } }

// TLS has the server speak TLS only; [Server.TLS] is what a client needs. Causes
// of the TLS handshake need it.
func TLS() Option { return func(s *settings) { s.tls = true } }

// Seed is where keys, approval codes and random draws come from. Default: 1.
func Seed(n uint64) Option { return func(s *settings) { s.seed = n } }

// options loads what the settings name.
func (s *settings) options() (o suite.Options, err error) {
	if s.err != nil {
		return o, s.err
	}
	o = suite.Options{Name: "simtest", Pace: s.pace, World: s.world, Terminal: s.terminal, TLS: s.tls, Seed: s.seed, Program: "simtest"}
	if o.Dialect, err = dialect.Open(s.dialect); err != nil {
		return o, err
	}
	if s.worldFile != "" {
		src, err := os.ReadFile(s.worldFile)
		if err != nil {
			return o, fmt.Errorf("the world can't be read: %w", err)
		}
		o.WorldSource.Name, o.WorldSource.Text = s.worldFile, string(src)
		if o.World, err = world.Load(s.worldFile, src); err != nil {
			return o, err
		}
	}
	if o.Profile, err = s.openProfile(&o); err != nil {
		return o, err
	}
	for _, name := range s.causes {
		if _, err := library.Source(name); err != nil {
			return o, err
		}
	}
	names := slices.Clone(s.causes)
	for _, file := range s.files {
		if !strings.ContainsAny(file, paths) {
			file = "./" + file // a name would be a cause
		}
		names = append(names, file)
	}
	if len(names) > 0 {
		if o.Cases, err = suite.Cases(o.World, names...); err != nil {
			return o, err
		}
	}
	if s.triggers {
		o.Triggers, err = triggers(o.Dialect, s.tls)
	}
	return o, err
}

// paths are the characters of which a path has one, and a name none.
const paths = `./\`

func (s *settings) openProfile(o *suite.Options) (*profile.Profile, error) {
	o.ProfileSource.Name = s.profile
	if !strings.ContainsAny(s.profile, paths) {
		return profile.Open(s.profile)
	}
	src, err := os.ReadFile(s.profile)
	if err != nil {
		return nil, fmt.Errorf("the profile can't be read: %w", err)
	}
	o.ProfileSource.Text = string(src)
	return profile.Load(s.profile, src)
}

// triggers are the amounts whose causes a server can show.
func triggers(d *dialect.Dialect, secure bool) (*scenarios.Triggers, error) {
	l := simulator.Listener{Dialect: d}
	if secure {
		l.TLS = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	all, err := library.All()
	if err != nil {
		return nil, err
	}
	var shown []*scenarios.Scenario
	for _, s := range all {
		if s.Fits(scenarios.Listener{Layer: l.Layer()}) == nil {
			shown = append(shown, s)
		}
	}
	return scenarios.NewTriggers(shown, nil)
}
