package scenarios

import (
	"reflect"
	"slices"
	"sync/atomic"
	"time"

	"github.com/acqsim/acqsim/faults"
	"github.com/acqsim/acqsim/scenarios/schema"
	"github.com/acqsim/acqsim/scenarios/strictyaml"
	"github.com/acqsim/acqsim/scenarios/world"
)

// When says which of the occurrences that fit a rule are struck. All keys that
// are given must agree. Without any, each occurrence is struck.
//
// An occurrence is a request (or connection) that fits the rule's match while
// the scenario is armed. Occurrences are counted from 1, per terminal; for
// rules of connections, which know no terminal, per source address and
// listener. `count: overall` counts them all together.
type When struct {
	Nth   Some[int] `yaml:"nth" doc:"Strikes the nth occurrence, or each of a list."`
	First int       `yaml:"first" doc:"Strikes the first n occurrences."`
	Every int       `yaml:"every" doc:"Strikes every nth occurrence: with 3, the 3rd, 6th, 9th; after \"after\", it counts from there."`
	After int       `yaml:"after" doc:"Strikes only after the nth occurrence."`
	Until int       `yaml:"until" doc:"Strikes only up to the nth occurrence, which it still strikes."`
	Count Count     `yaml:"count" doc:"Whose occurrences are counted: per terminal (the default; of connections: per address), or overall."`

	Probability *float64      `yaml:"probability" doc:"Strikes with this probability from 0 to 1, drawn from the seed, so that a run can be repeated."`
	Window      *Hours        `yaml:"window" doc:"Strikes in these hours of business time only."`
	ArmedFor    time.Duration `yaml:"armed_for" doc:"Strikes only so long after the scenario was armed."`
	Limit       int           `yaml:"limit" doc:"Strikes so often at most, all terminals together."`
	Place       strictyaml.Node
}

// Count is whose occurrences are counted together.
type Count string

// The ways to count.
const (
	PerTerminal Count = "per-terminal" // the default
	Overall     Count = "overall"
)

var countWords = []string{string(PerTerminal), string(Overall)}

// UnmarshalNode reads a word.
func (c *Count) UnmarshalNode(n strictyaml.Node) error {
	return choose(c, n, "way to count", countWords)
}

// JSONSchema lists the words.
func (Count) JSONSchema() schema.Object { return schema.Enum(countWords) }

// Hours are windows of business time.
type Hours struct {
	Hours Some[world.Window] `yaml:"hours,required" doc:"A window such as 09:00-18:00 or 22:00-02:00, or several."`
	Days  string             `yaml:"days" doc:"Weekdays on which the windows begin: mon, mon-fri, daily (the default)."`
	Zone  string             `yaml:"zone" doc:"Time zone such as Asia/Shanghai; without one, that of the business clock."`

	hours world.Hours
}

type hoursForm Hours

// UnmarshalNode reads a window, a list of windows, or {hours, days, zone}.
func (h *Hours) UnmarshalNode(n strictyaml.Node) error {
	var form hoursForm
	var err error
	if n.Kind() == strictyaml.Mapping {
		err = n.Decode(&form)
	} else {
		err = n.Decode(&form.Hours)
	}
	if err != nil {
		return err
	}
	*h = Hours(form)
	days := h.Days
	if days == "" {
		days = "daily"
	}
	which, err := world.ParseWeekdays(days)
	if err != nil {
		return n.At("days").Errorf("%w", err)
	}
	h.hours.Weekly = make(map[time.Weekday][]world.Window, len(which))
	for _, d := range which {
		h.hours.Weekly[d] = h.Hours
	}
	if h.Zone != "" {
		if h.hours.Zone, err = world.LoadZone(h.Zone); err != nil {
			return n.At("zone").Errorf("%w", err)
		}
	}
	return nil
}

// JSONSchema is a window, a list of windows, or {hours, days, zone}.
func (Hours) JSONSchema() schema.Object {
	return schema.OneOf(Some[world.Window]{}.JSONSchema(), schema.Of(reflect.TypeFor[hoursForm]()))
}

// Open reports whether a business time is within the hours.
func (h *Hours) Open(business time.Time) bool {
	hours := h.hours
	if hours.Zone == nil {
		hours.Zone = business.Location()
	}
	return hours.Open(business, nil)
}

// check reports values that can't be.
func (w *When) check() error {
	var found strictyaml.Problems
	positive := func(key string, n int) {
		if w.Place.At(key).Exists() && n < 1 {
			found = append(found, w.Place.At(key).Errorf("occurrences are counted from 1"))
		}
	}
	positive("first", w.First)
	positive("every", w.Every)
	positive("after", w.After)
	positive("until", w.Until)
	positive("limit", w.Limit)
	for _, n := range w.Nth {
		positive("nth", n)
	}
	if p := w.Probability; p != nil && !(*p >= 0 && *p <= 1) {
		found = append(found, w.Place.At("probability").Errorf("a probability is from 0 to 1"))
	}
	if w.Place.At("armed_for").Exists() && w.ArmedFor <= 0 {
		found = append(found, w.Place.At("armed_for").Errorf("the time is longer than 0s"))
	}
	if w.Until > 0 && w.Until <= w.After {
		found = append(found, w.Place.At("until").Errorf("nothing comes after occurrence %d and until %d", w.After, w.Until))
	}
	if w.First > 0 && w.First <= w.After {
		found = append(found, w.Place.At("first").Errorf("the first %d occurrences are over after occurrence %d", w.First, w.After))
	}
	return found.Err()
}

// counts reports whether the nth occurrence is one that is struck.
func (w *When) counts(n uint64) bool {
	if len(w.Nth) > 0 && !slices.ContainsFunc(w.Nth, func(nth int) bool { return uint64(nth) == n }) { //nolint:gosec // positive
		return false
	}
	after := uint64(w.After) //nolint:gosec // positive
	switch {
	case n <= after,
		w.First > 0 && n > uint64(w.First),            //nolint:gosec // positive
		w.Until > 0 && n > uint64(w.Until),            //nolint:gosec // positive
		w.Every > 0 && (n-after)%uint64(w.Every) != 0: //nolint:gosec // positive
		return false
	}
	return true
}

// strikes decides about the nth occurrence, but for the limit.
func (w *When) strikes(n uint64, c *faults.Conn, armed time.Time, draw faults.Draw) bool {
	if !w.counts(n) || !w.during(c, armed) {
		return false
	}
	if w.Probability != nil {
		d := draw.Fork("probability")
		return d.Chance(*w.Probability)
	}
	return true
}

// during reports whether the rule is on at all at this time.
func (w *When) during(c *faults.Conn, armed time.Time) bool {
	if w.ArmedFor > 0 && c.Now.Sub(armed) >= w.ArmedFor {
		return false
	}
	return w.Window == nil || w.Window.Open(c.Business)
}

// within takes one of the times that a rule may strike; false: there is none
// left.
func (w *When) within(struck *atomic.Uint64) bool {
	if w.Limit == 0 {
		struck.Add(1)
		return true
	}
	for {
		n := struck.Load()
		if n >= uint64(w.Limit) { //nolint:gosec // positive
			return false
		}
		if struck.CompareAndSwap(n, n+1) {
			return true
		}
	}
}
