package display_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/acqsim/acqsim/scenarios/display"
	"github.com/acqsim/acqsim/scenarios/world"
)

func TestEveryOutcomeHasItsTexts(t *testing.T) {
	seen := map[string]bool{}
	for i, o := range display.Outcomes() {
		d := o.Display()
		assert.NotEmpty(t, d.EN, o)
		assert.NotEmpty(t, d.ZH, o)
		assert.NotEmpty(t, o.Meaning(), o)
		assert.False(t, seen[d.ZH], "two outcomes look alike: %s", d.ZH)
		seen[d.ZH] = true
		again, err := display.ParseOutcome(o.String())
		require.NoError(t, err)
		assert.Equal(t, o, again)
		assert.Equal(t, o.String(), display.OutcomeNames()[i])
	}
	assert.Equal(t, "商户无应答", display.NoAnswer.Display().ZH)
	_, err := display.ParseOutcome("none")
	require.Error(t, err)
	assert.Equal(t, "outcome(200)", display.Outcome(200).String())
	assert.Equal(t, world.Bilingual{}, display.Outcome(200).Display())
	assert.Empty(t, display.Outcome(200).Meaning())
}
