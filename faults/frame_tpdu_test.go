package faults

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestFrameTPDU(t *testing.T) {
	x := sample()
	got := only1(t, make1(t, "frame.tpdu"))
	assert.Equal(t, x.RequestTPDU, got[2:7])
	assert.Equal(t, x.Frame[7:], got[7:])

	got = only1(t, make1(t, "frame.tpdu", "edit", "wrong"))
	assert.Equal(t, []int{3, 4}, differs(t, x.Frame, got), "the destination")
	d := planned(t, make1(t, "frame.tpdu"))
	x.TPDU = Span{}
	assert.Equal(t, []string{"the frame has no TPDU"}, d.Outbound(x).Notes)
	assert.Error(t, Fits(make1(t, "frame.tpdu"), Layer{}))
}

func TestFrameTPDUThatIsTheSameAnyway(t *testing.T) {
	d := planned(t, make1(t, "frame.tpdu"))
	x := sample()
	copy(x.RequestTPDU, x.Frame[x.TPDU.From:x.TPDU.To])
	assert.Equal(t, []string{"the reply has the TPDU of its request anyway"}, d.Outbound(x).Notes)
}
