package world

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

const minutesPerDay = 24 * 60

// Open reports whether t is within the hours. holidays is the calendar that
// the hours name; nil means that no day is one.
//
// A window belongs to the day on which it begins: with Friday 22:00–26:00 the
// shop is open on Saturday at 01:30, whatever Saturday's own hours are, and
// whether the windows of its weekday or of a holiday count is decided by that
// first day. Times are those of a clock on the shop's wall: where summer time
// skips an hour nobody is served in it, and where an hour comes twice the shop
// is open in both.
func (h *Hours) Open(t time.Time, holidays *Holidays) bool {
	zone := h.Zone
	if zone == nil {
		zone = time.UTC
	}
	t = t.In(zone)
	year, month, day := t.Date()
	minute := t.Hour()*60 + t.Minute()
	if contains(h.windows(year, month, day, holidays), minute) {
		return true
	}
	return contains(h.windows(year, month, day-1, holidays), minute+minutesPerDay)
}

// windows returns those that begin on the given day.
func (h *Hours) windows(year int, month time.Month, day int, holidays *Holidays) []Window {
	date := time.Date(year, month, day, 0, 0, 0, 0, time.UTC) // a date, not an instant
	if holidays != nil {
		var b [16]byte
		if _, ok := holidays.Days[string(date.AppendFormat(b[:0], time.DateOnly))]; ok {
			return h.Holiday
		}
	}
	return h.Weekly[date.Weekday()]
}

func contains(windows []Window, minute int) bool {
	for _, w := range windows {
		if w.From <= minute && minute < w.To {
			return true
		}
	}
	return false
}

// String writes the window as files do, such as "09:00-18:00" or "22:00-26:00".
func (w Window) String() string {
	return fmt.Sprintf("%02d:%02d-%02d:%02d", w.From/60, w.From%60, w.To/60, w.To%60)
}

// ParseWindow reads "09:00-18:00". Hours after midnight count on from 24
// ("22:00-26:00" ends at two), or the second time is simply earlier
// ("22:00-02:00"). "00:00-24:00" is all day. A window lasts at least a minute
// and at most a day, and begins before 24:00.
func ParseWindow(s string) (Window, error) {
	from, to, ok := strings.Cut(strings.Replace(s, "–", "-", 1), "-")
	var w Window
	var err error
	if ok {
		if w.From, err = parseClock(from); err == nil {
			w.To, err = parseClock(to)
		}
	}
	if !ok || err != nil {
		return Window{}, fmt.Errorf("%q is not a time window such as 09:00-18:00", clip(s))
	}
	if w.To < w.From {
		w.To += minutesPerDay
	}
	return w, w.validate()
}

func (w Window) validate() error {
	switch {
	case w.From < 0 || w.From >= minutesPerDay:
		return fmt.Errorf("the window %s begins after its day ends", w)
	case w.To <= w.From:
		return fmt.Errorf("the window %s is empty", w)
	case w.To-w.From > minutesPerDay:
		return fmt.Errorf("the window %s is longer than a day", w)
	}
	return nil
}

// parseClock reads "08:30" into minutes; hours go to 47 for windows that cross
// midnight.
func parseClock(s string) (int, error) {
	s = strings.TrimSpace(s)
	if len(s) != 5 || s[2] != ':' || !digits(s[:2]) || !digits(s[3:]) {
		return 0, fmt.Errorf("%q is not a time", s)
	}
	hour, minute := int(s[0]-'0')*10+int(s[1]-'0'), int(s[3]-'0')*10+int(s[4]-'0')
	if hour > 47 || minute > 59 {
		return 0, fmt.Errorf("%q is not a time", s)
	}
	return hour*60 + minute, nil
}

// UnmarshalText reads what ParseWindow does.
func (w *Window) UnmarshalText(b []byte) (err error) {
	*w, err = ParseWindow(string(b))
	return err
}

// MarshalText writes String.
func (w Window) MarshalText() ([]byte, error) { return []byte(w.String()), nil }

// weekdays are in the order of the working week, which files use.
var weekdays = []struct {
	name string
	day  time.Weekday
}{
	{"mon", time.Monday}, {"tue", time.Tuesday}, {"wed", time.Wednesday}, {"thu", time.Thursday},
	{"fri", time.Friday}, {"sat", time.Saturday}, {"sun", time.Sunday},
}

// ParseWeekdays reads "mon", "mon-fri" (also over the week's end: "sat-mon")
// or "daily".
func ParseWeekdays(s string) ([]time.Weekday, error) {
	if s == "daily" {
		s = "mon-sun"
	}
	first, last, ranged := strings.Cut(s, "-")
	if !ranged {
		last = first
	}
	index := func(name string) int {
		return slices.IndexFunc(weekdays, func(w struct {
			name string
			day  time.Weekday
		}) bool {
			return w.name == name
		})
	}
	from, to := index(first), index(last)
	if from < 0 || to < 0 {
		return nil, fmt.Errorf("%q names no weekday: write mon, tue, wed, thu, fri, sat, sun, a range such as mon-fri, or daily", clip(s))
	}
	var days []time.Weekday
	for i := from; ; i = (i + 1) % len(weekdays) {
		days = append(days, weekdays[i].day)
		if i == to {
			return days, nil
		}
	}
}
