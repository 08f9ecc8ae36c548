package suite

import (
	"time"

	"github.com/acqsim/acqsim/scenarios/profile"
	"github.com/acqsim/acqsim/scenarios/transcript"
)

// Pace is how long a terminal waits, where that is not as its profile says. A
// zero time is the profile's.
type Pace struct {
	Connect, Response time.Duration // its timeouts
	Backoff           time.Duration // before it tries to connect again
	Within            time.Duration // at most before a reversal that it sends at once
}

// Quick is a pace for software terminals on the same machine: faults whose
// times are in timeouts shrink with it, and a whole library takes seconds.
func Quick() Pace {
	return Pace{Connect: 500 * time.Millisecond, Response: time.Second, Backoff: 400 * time.Millisecond, Within: time.Second}
}

// Apply returns a copy of the profile at that pace.
func (p Pace) Apply(to *profile.Profile) *profile.Profile {
	c := *to
	for _, x := range []struct {
		given time.Duration
		into  *time.Duration
	}{
		{p.Connect, &c.Timeouts.Connect}, {p.Response, &c.Timeouts.Response},
		{p.Backoff, &c.Connecting.Backoff}, {p.Within, &c.Reversal.Within},
	} {
		if x.given > 0 && *x.into > 0 {
			*x.into = x.given
		}
	}
	return &c
}

func paceOf(r *transcript.Run) Pace {
	return Pace{Connect: r.Connect, Response: r.Response, Backoff: r.Backoff, Within: r.Within}
}
