package faults

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestMessageMAC(t *testing.T) {
	got := only1(t, make1(t, "message.mac"))
	assert.Equal(t, []int{34, 35, 36, 37, 38, 39, 40, 41}, differs(t, sample().Frame, got), "all of the MAC, and nothing else")
	assert.Regexp(t, "^[0-9A-F]{8}$", string(got[34:]), "it looks like one")
	assert.Equal(t, MACMissing, planned(t, make1(t, "message.mac", "edit", "missing")).MAC)

	d := planned(t, make1(t, "message.mac"))
	x := sample()
	x.MACField = 0
	assert.Equal(t, []string{"the reply has no MAC that could be wrong"}, d.Outbound(x).Notes)
	assert.Error(t, Fits(make1(t, "message.mac"), Layer{}))
}

func TestSpoilChangesEveryByte(t *testing.T) {
	for c := range 256 {
		b := []byte{byte(c)}
		spoil(b)
		assert.NotEqual(t, byte(c), b[0])
	}
}
