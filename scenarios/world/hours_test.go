package world_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/acqsim/acqsim/scenarios/world"
)

func window(t *testing.T, s string) world.Window {
	t.Helper()
	w, err := world.ParseWindow(s)
	require.NoError(t, err)
	return w
}

func windows(t *testing.T, all ...string) (ws []world.Window) {
	t.Helper()
	for _, s := range all {
		ws = append(ws, window(t, s))
	}
	return ws
}

// In and out times of each kind of opening hours. 2026-10-02 is a Friday and,
// in the calendar used here, a holiday.
func TestOpen(t *testing.T) {
	shanghai, err := time.LoadLocation("Asia/Shanghai")
	require.NoError(t, err)
	berlin, err := time.LoadLocation("Europe/Berlin")
	require.NoError(t, err)

	office := windows(t, "09:00-12:00", "13:00-18:00")
	daily := func(ws []world.Window) map[time.Weekday][]world.Window {
		m := map[time.Weekday][]world.Window{}
		for d := time.Sunday; d <= time.Saturday; d++ {
			m[d] = ws
		}
		return m
	}
	holidays := &world.Holidays{Days: map[string]world.Bilingual{"2026-10-02": {EN: "National Day"}}}

	for name, c := range map[string]struct {
		hours    world.Hours
		calendar *world.Holidays
		in, out  []string // RFC 3339
	}{
		"office days": {
			hours: world.Hours{Zone: shanghai, Weekly: map[time.Weekday][]world.Window{time.Friday: office}},
			in:    []string{"2026-10-09T09:00:00+08:00", "2026-10-09T11:59:59+08:00", "2026-10-09T13:00:00+08:00", "2026-10-09T17:59:59+08:00", "2026-10-09T01:00:00Z"},
			out:   []string{"2026-10-09T08:59:59+08:00", "2026-10-09T12:00:00+08:00", "2026-10-09T18:00:00+08:00", "2026-10-10T10:00:00+08:00", "2026-10-09T10:00:00Z"},
		},
		"over midnight": {
			hours: world.Hours{Zone: shanghai, Weekly: map[time.Weekday][]world.Window{time.Friday: windows(t, "22:00-26:00")}},
			in:    []string{"2026-10-09T22:00:00+08:00", "2026-10-10T00:00:00+08:00", "2026-10-10T01:30:00+08:00", "2026-10-10T01:59:59+08:00"},
			out:   []string{"2026-10-09T01:30:00+08:00", "2026-10-09T21:59:00+08:00", "2026-10-10T02:00:00+08:00", "2026-10-10T22:30:00+08:00"},
		},
		"over the year's end": {
			hours: world.Hours{Zone: shanghai, Weekly: map[time.Weekday][]world.Window{time.Thursday: windows(t, "20:00-03:00")}},
			in:    []string{"2026-12-31T23:59:00+08:00", "2027-01-01T02:59:00+08:00"},
			out:   []string{"2026-12-31T02:00:00+08:00", "2027-01-01T03:00:00+08:00"},
		},
		"closed on a holiday": {
			hours: world.Hours{Zone: shanghai, Weekly: daily(office)}, calendar: holidays,
			in:  []string{"2026-10-01T10:00:00+08:00", "2026-10-03T10:00:00+08:00"},
			out: []string{"2026-10-02T10:00:00+08:00"},
		},
		"other hours on a holiday": {
			hours: world.Hours{Zone: shanghai, Weekly: daily(office), Holiday: windows(t, "20:00-26:00")}, calendar: holidays,
			in:  []string{"2026-10-02T21:00:00+08:00", "2026-10-03T01:00:00+08:00", "2026-10-03T10:00:00+08:00"},
			out: []string{"2026-10-02T10:00:00+08:00", "2026-10-03T02:00:00+08:00", "2026-10-03T21:00:00+08:00"},
		},
		"the evening before a holiday lasts into it": {
			hours: world.Hours{Zone: shanghai, Weekly: daily(windows(t, "22:00-26:00"))}, calendar: holidays,
			in:  []string{"2026-10-02T01:00:00+08:00"},
			out: []string{"2026-10-02T22:30:00+08:00", "2026-10-03T01:00:00+08:00"},
		},
		"a holiday is a day of the shop's zone": {
			hours: world.Hours{Zone: shanghai, Weekly: daily(windows(t, "00:00-24:00"))}, calendar: holidays,
			in:  []string{"2026-10-01T15:59:59Z", "2026-10-02T16:00:00Z"},
			out: []string{"2026-10-01T16:00:00Z", "2026-10-02T15:59:59Z"},
		},
		"all day": {
			hours: world.Hours{Weekly: daily(windows(t, "00:00-24:00"))},
			in:    []string{"2026-10-02T00:00:00Z", "2026-10-02T23:59:59Z"},
		},
		"never": {
			hours: world.Hours{Zone: shanghai},
			out:   []string{"2026-10-02T00:00:00Z", "2026-10-02T12:00:00Z"},
		},
		// Berlin skips 02:00–03:00 on 2026-03-29 and has 02:00–03:00 twice on 2026-10-25.
		"summer time begins": {
			hours: world.Hours{Zone: berlin, Weekly: map[time.Weekday][]world.Window{time.Sunday: windows(t, "01:00-03:00", "09:00-17:00")}},
			in:    []string{"2026-03-29T00:59:59Z", "2026-03-29T07:00:00Z", "2026-03-22T08:00:00Z"},
			out:   []string{"2026-03-29T01:00:00Z", "2026-03-29T15:00:00Z", "2026-03-22T07:59:00Z"},
		},
		"summer time ends": {
			hours: world.Hours{Zone: berlin, Weekly: map[time.Weekday][]world.Window{time.Sunday: windows(t, "02:00-03:00")}},
			in:    []string{"2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z"},
			out:   []string{"2026-10-24T23:59:00Z", "2026-10-25T02:00:00Z"},
		},
		"over midnight when summer time begins": {
			hours: world.Hours{Zone: berlin, Weekly: map[time.Weekday][]world.Window{time.Saturday: windows(t, "22:00-27:30")}},
			in:    []string{"2026-03-29T00:59:00Z", "2026-03-29T01:29:00Z"},
			out:   []string{"2026-03-29T01:30:00Z"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			for _, s := range c.in {
				at, err := time.Parse(time.RFC3339, s)
				require.NoError(t, err)
				assert.True(t, c.hours.Open(at, c.calendar), "%s should be open", s)
			}
			for _, s := range c.out {
				at, err := time.Parse(time.RFC3339, s)
				require.NoError(t, err)
				assert.False(t, c.hours.Open(at, c.calendar), "%s should be closed", s)
			}
		})
	}
}

func TestOpenAllocatesNothing(t *testing.T) {
	w := world.Default()
	h := w.Merchants["999000000000007"].Hours
	at := time.Date(2026, 10, 9, 2, 0, 0, 0, time.UTC)
	assert.Zero(t, testing.AllocsPerRun(100, func() { h.Open(at, w.Holidays["cn"]) }))
}

func TestParseWindow(t *testing.T) {
	for s, want := range map[string]world.Window{
		"09:00-18:00": {From: 540, To: 1080}, "22:00-26:00": {From: 1320, To: 1560}, "22:00-02:00": {From: 1320, To: 1560},
		"00:00-24:00": {From: 0, To: 1440}, "09:00–18:00": {From: 540, To: 1080}, "09:00 - 18:00": {From: 540, To: 1080},
		"23:59-47:59": {From: 1439, To: 2879},
	} {
		assert.Equal(t, want, window(t, s), s)
		assert.Equal(t, want, window(t, want.String()), "%s reads back", want)
	}
	for _, s := range []string{"", "-", "09:00", "9:00-18:00", "09:00-18:60", "09:00-48:00", "24:00-25:00", "09:00-09:00", "00:00-24:01", "09:00-18:00-19:00", "ab:cd-ef:gh", "-9:00-18:00"} {
		_, err := world.ParseWindow(s)
		require.Error(t, err, s)
	}
}
