package terminal_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/acqsim/acqsim/scenarios/world"
	"github.com/acqsim/acqsim/simulator/dialect"
	"github.com/acqsim/acqsim/simulator/terminal"
)

func TestResponseTexts(t *testing.T) {
	c, ok := terminal.ResponseText("51")
	require.True(t, ok)
	assert.Equal(t, terminal.ResponseCode{
		Code: "51", Meaning: world.Bilingual{EN: "Insufficient funds", ZH: "无足够的存款"},
		Display: "余额不足，请查询", Class: "C",
	}, c)
	c, ok = terminal.ResponseText("68")
	require.True(t, ok)
	assert.Equal(t, "timeout", c.Perceived)
	_, ok = terminal.ResponseText("ZZ")
	assert.False(t, ok)
	_, ok = terminal.ResponseText("code")
	assert.False(t, ok, "the head of the table is no code")

	for code, approves := range map[string]bool{"00": true, "11": true, "A2": true, "51": false, "68": false, "A0": false} {
		c, ok := terminal.ResponseText(code)
		require.True(t, ok, code)
		assert.Equal(t, approves, c.Approves(), code)
	}
}

// TestEveryCodeThatAHostAnswersHasAText keeps table and dialects together.
func TestEveryCodeThatAHostAnswersHasAText(t *testing.T) {
	for _, name := range dialects {
		d, err := dialect.Load(name)
		require.NoError(t, err)
		for _, mti := range []uint16{100, 200, 220, 320, 400, 500, 600, 800} {
			for _, o := range world.Outcomes() {
				code := d.Code(mti, o)
				c, ok := terminal.ResponseText(code)
				if assert.True(t, ok, "%s: %s is %s", name, o, code) {
					assert.NotEmpty(t, c.Meaning.EN, "%s", c.Code)
					assert.Equal(t, o == world.Approved, c.Approves(), "%s: %s is %s", name, o, code)
				}
			}
		}
	}
}
