package terminal_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/acqsim/acqsim/scenarios/display"
	"github.com/acqsim/acqsim/scenarios/world"
	"github.com/acqsim/acqsim/simulator/dialect"
)

// TestEveryCodeThatAHostAnswersHasAText keeps table and dialects together.
func TestEveryCodeThatAHostAnswersHasAText(t *testing.T) {
	for _, name := range dialects {
		d, err := dialect.Load(name)
		require.NoError(t, err)
		for _, mti := range []uint16{100, 200, 220, 320, 400, 500, 600, 800} {
			for _, o := range world.Outcomes() {
				code := d.Code(mti, o)
				c, ok := display.ResponseText(code)
				if assert.True(t, ok, "%s: %s is %s", name, o, code) {
					assert.NotEmpty(t, c.Meaning.EN, "%s", c.Code)
					assert.Equal(t, o == world.Approved, c.Approves(), "%s: %s is %s", name, o, code)
				}
			}
		}
	}
}
