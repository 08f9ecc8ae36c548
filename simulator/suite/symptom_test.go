package suite_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/acqsim/acqsim/scenarios"
	"github.com/acqsim/acqsim/scenarios/display"
	"github.com/acqsim/acqsim/scenarios/library"
	"github.com/acqsim/acqsim/scenarios/transcript"
	"github.com/acqsim/acqsim/simulator/dialect"
	"github.com/acqsim/acqsim/simulator/frame"
	"github.com/acqsim/acqsim/simulator/suite"
)

// shown are the outcomes that the person at the terminal meets with a symptom.
var shown = map[scenarios.Symptom][]display.Outcome{
	"cannot-connect": {display.CannotConnect},
	"no-answer":      {display.NoAnswer},
	"garbled":        {display.Garbled, display.MACError, display.Mismatch},
	"declined":       {display.Declined, display.CardDeclined},
	"slow":           {display.Approved},
	"none":           {display.Approved},
}

// otherwise are causes that the reference terminal shows in another way than
// most: what their stories say of it.
func otherwise(cause string, d *dialect.Dialect, inProfile string) (display.Outcome, bool) {
	switch {
	case cause == "captive-portal" && d.Format().Length == frame.ASCII4:
		return display.Garbled, true // "HTTP" is no number
	case cause == "stale-reply":
		return display.NoAnswer, true // it has kept its line, and knows the inquiry's number still
	case cause == "mac-missing" && inProfile == "nac":
		return display.Approved, true // which accepts it
	}
	return display.NoOutcome, false
}

// showsItsSymptom checks what the terminal showed first of all that was no
// approval: a cause's expectations leave room for other firmware, and this is
// what the reference terminal shows every time.
func showsItsSymptom(t *testing.T, o *suite.Options, x *suite.Result) {
	t.Helper()
	cause, err := library.Load(x.Scenario, nil)
	require.NoError(t, err)
	if x.Status == suite.Skipped || cause.IsSite() {
		return
	}
	first := display.Approved
	for i := range x.Events {
		if e := &x.Events[i]; e.Kind == transcript.Reported && e.Shown != display.Approved {
			first = e.Shown
			break
		}
	}
	want := shown[cause.Symptom]
	require.NotEmpty(t, want, cause.Symptom)
	if other, ok := otherwise(x.Scenario, o.Dialect, o.Profile.Name); ok {
		want = []display.Outcome{other}
	}
	assert.True(t, slices.Contains(want, first), "%s in %s, profile %s, shows %s, and its symptom is %s", x.Scenario, o.Dialect.Name(), o.Profile.Name, first, cause.Symptom)
}
