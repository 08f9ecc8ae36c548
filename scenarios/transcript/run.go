package transcript

import (
	"math"
	"time"
)

// Run is what a run of a suite was judged by: with it, a transcript can be
// judged again without the files of that time.
type Run struct {
	Scenario, Profile, World, Dialect Source // the text is empty for embedded ones

	Terminal string // under test (DE 41); empty: the judge finds out

	// What was changed in the profile: how long the terminal waited for a
	// connection, a reply, before it tried again, and at most before a reversal
	// that it sends at once. 0: as the profile says.
	Connect, Response, Backoff, Within time.Duration
}

// Source is a file as it was read.
type Source struct {
	Name string // path, or the name of an embedded one
	Text string
}

func (r *Run) append(o *object) {
	for _, x := range r.texts() {
		if *x.to != "" {
			o.text(x.key, *x.to)
		}
	}
	for _, x := range r.durations() {
		if *x.to != 0 {
			o.integer(x.key, int64(*x.to))
		}
	}
}

// read reads the value of a key.
func (r *Run) read(s *scanner, key string) (err error) {
	for _, x := range r.texts() {
		if x.key == key {
			*x.to, err = s.string()
			return err
		}
	}
	for _, x := range r.durations() {
		if x.key == key {
			n, err := s.unsigned(math.MaxInt64)
			*x.to = time.Duration(n) //nolint:gosec // bounded by the line above
			return err
		}
	}
	return errUnknownKey
}

type runText struct {
	key string
	to  *string
}

func (r *Run) texts() []runText {
	return []runText{
		{"scenario", &r.Scenario.Name}, {"scenario_text", &r.Scenario.Text},
		{"profile", &r.Profile.Name}, {"profile_text", &r.Profile.Text},
		{"world", &r.World.Name}, {"world_text", &r.World.Text},
		{"dialect", &r.Dialect.Name}, {"dialect_text", &r.Dialect.Text},
		{"terminal", &r.Terminal},
	}
}

type runDuration struct {
	key string
	to  *time.Duration
}

func (r *Run) durations() []runDuration {
	return []runDuration{
		{"connect_ns", &r.Connect}, {"response_ns", &r.Response}, {"backoff_ns", &r.Backoff}, {"within_ns", &r.Within},
	}
}
