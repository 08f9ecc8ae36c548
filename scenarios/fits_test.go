package scenarios_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/acqsim/acqsim/faults"
	"github.com/acqsim/acqsim/scenarios"
)

// A scenario is a mistake only if no listener that its rules select can show
// it; then the place is told.
func TestFits(t *testing.T) {
	short := scenarios.Listener{Name: "short", Layer: faults.Layer{MinFrame: 23, MaxFrame: 100, Has: faults.NeedTPDU}}
	long := scenarios.Listener{Name: "long", Layer: faults.Layer{MinFrame: 14, MaxFrame: 1000, Has: faults.NeedHeader}}
	for _, c := range []struct{ rules, short, long, both string }{
		{rules: "rules: [{fault: [{frame.truncate: 10}, {frame.split: 5}]}]\n"},
		{rules: "rules: [{fault: [{frame.truncate: 15}, {frame.corrupt: {at: -5}}]}]\n",
			short: "s.yaml:5:41: no listener can show it: frame.corrupt: together with frame.truncate, what goes out has no byte -5 to damage"},
		{rules: "rules: [{fault: [{frame.truncate: -80}, {frame.split: 50}]}]\n",
			short: "s.yaml:5:42: no listener can show it: frame.split: together with frame.truncate, what goes out has no byte 50 to split at"},
		{rules: "rules: [{fault: [{frame.split: 500}]}]\n",
			short: "s.yaml:5:19: no listener can show it: frame.split: at: byte 500 is beyond the end: no reply is longer than 100 bytes"},
		{rules: "rules:\n  - fault: {frame.truncate: 15}\n  - fault: {frame.corrupt: {at: -5}}\n    also: true\n",
			short: "s.yaml:7:13: this rule can join rule 1, but no listener can show both: frame.corrupt: together with frame.truncate, what goes out has no byte -5 to damage"},
		{rules: "rules:\n  - fault: frame.tpdu\n  - fault: frame.header\n    also: true\n",
			short: "s.yaml:7:12: no listener can show it: frame.header: needs a dialect with a header",
			long:  "s.yaml:6:12: no listener can show it: frame.tpdu: needs a dialect with a TPDU"},
		{rules: "rules: [{fault: [frame.tpdu, frame.header]}]\n",
			short: "s.yaml:5:30: no listener can show it: frame.header: needs a dialect with a header",
			long:  "s.yaml:5:18: no listener can show it: frame.tpdu: needs a dialect with a TPDU",
			both:  "s.yaml:5:30: no listener can show it: frame.header: needs a dialect with a header"},
	} {
		s, err := scenarios.Load("s.yaml", []byte(head+c.rules), nil)
		require.NoError(t, err)
		for _, at := range []struct {
			listeners []scenarios.Listener
			want      string
		}{{[]scenarios.Listener{short}, c.short}, {[]scenarios.Listener{long}, c.long}, {[]scenarios.Listener{short, long}, c.both}} {
			if err := s.Fits(at.listeners...); at.want == "" {
				assert.NoError(t, err, c.rules)
			} else {
				require.Error(t, err, c.rules)
				first, _, _ := strings.Cut(err.Error(), "\n")
				assert.Equal(t, at.want, first)
			}
		}
	}
}
