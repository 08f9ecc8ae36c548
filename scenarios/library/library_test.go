package library_test

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/acqsim/acqsim/scenarios"
	"github.com/acqsim/acqsim/scenarios/display"
	"github.com/acqsim/acqsim/scenarios/library"
	"github.com/acqsim/acqsim/scenarios/schema/schematest"
	"github.com/acqsim/acqsim/scenarios/strictyaml"
	"github.com/acqsim/acqsim/scenarios/world"
)

func TestEveryCauseIsComplete(t *testing.T) {
	judge := schematest.New(t, scenarios.Schema())
	all, err := library.All()
	require.NoError(t, err)
	require.NotEmpty(t, all)
	for i, s := range all {
		assert.Equal(t, library.Names()[i], s.Name, "a cause is called as its file")
		for what, text := range map[string]world.Bilingual{"title": s.Title, "story": s.Story} {
			assert.NotEmpty(t, text.EN, "%s: %s", s.Name, what)
			assert.NotEmpty(t, text.ZH, "%s: %s", s.Name, what)
			assert.NotEqual(t, text.EN, text.ZH, "%s: %s", s.Name, what)
		}
		assert.NotEmpty(t, s.Source, "%s: where has it been seen?", s.Name)
		assert.NotEmpty(t, s.FoundBy, s.Name)
		if !s.IsSite() {
			assert.NotEmpty(t, s.Actions, s.Name)
			assert.NotEmpty(t, s.Expect, s.Name)
		}
		src, err := library.Source(s.Name)
		require.NoError(t, err)
		judge.Accepts(s.Name, src)
	}
}

// Two causes that do the same would be one cause with two names.
func TestNoTwoCausesAreTheSame(t *testing.T) {
	first := map[string]string{}
	for _, name := range library.Names() {
		src, err := library.Source(name)
		require.NoError(t, err)
		var file map[string]any
		require.NoError(t, strictyaml.Decode(name, src, &file))
		does, err := json.Marshal([]any{file["given"], file["rules"], file["actions"], file["site"]})
		require.NoError(t, err)
		if other, twice := first[string(does)]; twice {
			t.Errorf("%s and %s have equal given, rules and actions", other, name)
		}
		first[string(does)] = name
	}
}

func TestTriggersAreUnique(t *testing.T) {
	all, err := library.All()
	require.NoError(t, err)
	triggers, err := scenarios.NewTriggers(all, nil)
	require.NoError(t, err)
	assert.Equal(t, "insufficient-funds", triggers.Amount(51).Name)
	assert.Nil(t, triggers.Amount(0))
}

func TestAMisspeltCause(t *testing.T) {
	_, err := library.Load("replylost", nil)
	require.ErrorContains(t, err, "did you mean `reply-lost`?")
	_, err = library.Load("../world/default", nil)
	require.Error(t, err)
}

// lenient are causes that some correct terminals don't meet at all.
var lenient = map[string]string{
	"mac-missing":           "profiles differ on replies without a MAC",
	"nat-forgot-connection": "a terminal with a connection for each transaction has none to forget",
}

// TestWhatACauseExpectsShowsItsSymptom: an expectation that takes an approval as
// well would show nothing.
func TestWhatACauseExpectsShowsItsSymptom(t *testing.T) {
	shows := map[scenarios.Symptom][]display.Outcome{
		"cannot-connect": {display.CannotConnect},
		"no-answer":      {display.NoAnswer},
		"garbled":        {display.Garbled, display.MACError, display.Mismatch},
		"declined":       {display.Declined, display.CardDeclined},
		"slow":           {display.Approved},
		"none":           {display.Approved},
	}
	all, err := library.All()
	require.NoError(t, err)
	for _, s := range all {
		if s.IsSite() {
			continue
		}
		require.NotEmpty(t, shows[s.Symptom], s.Symptom)
		shown := false
		for _, e := range s.Expect {
			if e.Outcome == nil {
				continue
			}
			is := e.Outcome.Is
			either := len(is) > 1 && slices.Contains(is, display.Approved)
			if either {
				assert.Contains(t, lenient, s.Name, "action %d may be approved or not", e.Outcome.Action)
			}
			shown = shown || slices.ContainsFunc(is, func(o display.Outcome) bool { return slices.Contains(shows[s.Symptom], o) })
		}
		assert.True(t, shown, "%s expects no outcome that is %s", s.Name, s.Symptom)
	}
}
