package faults

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestMessageARPC(t *testing.T) {
	const broken = "9F360200019108AABBCC" // shorter than it says
	wrong, missing := planned(t, make1(t, "message.arpc")), planned(t, make1(t, "message.arpc", "edit", "missing"))
	for _, c := range []struct{ value, wrong, missing string }{
		{"9F36020001910AAABBCCDDEEFF00113030", "9F36020001910A554433221100FFEECFCF", "9F36020001"},
		{"910411223344", "9104EEDDCCBB", ""},
		{"9F36020001", "9F36020001", "9F36020001"},
		{broken, broken, broken},
		{"not hexadecimal", "not hexadecimal", "not hexadecimal"},
	} {
		got, there := wrong.Fields[0].Apply(c.value, true)
		assert.Equal(t, c.wrong, got)
		assert.True(t, there)
		got, there = missing.Fields[0].Apply(c.value, true)
		assert.Equal(t, c.missing, got)
		assert.Equal(t, c.missing != "", there)
	}
	_, there := wrong.Fields[0].Apply("", false)
	assert.False(t, there)
	assert.Equal(t, 55, wrong.Fields[0].Field)
	assert.ErrorContains(t, Compose(make1(t, "message.arpc"), make1(t, "message.field", "field", "55")), "both set data element 55")
}
