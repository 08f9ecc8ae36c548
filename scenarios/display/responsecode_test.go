package display_test

import (
	"testing"

	"github.com/acqsim/acqsim/scenarios/display"
	"github.com/acqsim/acqsim/scenarios/world"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestResponseTexts(t *testing.T) {
	c, ok := display.ResponseText("51")
	require.True(t, ok)
	assert.Equal(t, display.ResponseCode{
		Code: "51", Meaning: world.Bilingual{EN: "Insufficient funds", ZH: "无足够的存款"},
		Display: "余额不足，请查询", Class: "C",
	}, c)
	c, ok = display.ResponseText("68")
	require.True(t, ok)
	assert.Equal(t, "timeout", c.Perceived)
	_, ok = display.ResponseText("ZZ")
	assert.False(t, ok)
	_, ok = display.ResponseText("code")
	assert.False(t, ok, "the head of the table is no code")

	for code, approves := range map[string]bool{"00": true, "11": true, "A2": true, "51": false, "68": false, "A0": false, "10": false, "ZZ": false} {
		c, _ := display.ResponseText(code)
		assert.Equal(t, approves, c.Approves(), code)
	}
}
