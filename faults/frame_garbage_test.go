package faults

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestFrameGarbage(t *testing.T) {
	for then, op := range map[string]Op{"silence": Mute, "close": FIN, "reset": RST} {
		o := outbound(t, make1(t, "frame.garbage", "bytes", "de ad be ef", "then", then))
		assert.Equal(t, []Step{put([]byte{0xde, 0xad, 0xbe, 0xef}), {Op: op}}, o.Steps)
	}
}

func TestFrameGarbageIsDrawn(t *testing.T) {
	one := outbound(t, make1(t, "frame.garbage"))
	assert.Len(t, one.Steps[0].Bytes, 64)
	assert.Equal(t, one, outbound(t, make1(t, "frame.garbage")), "and the same again")
	d := PlanReply(request(), ExchangeDraw(8, "rule", "T0000001", 1), []Fault{make1(t, "frame.garbage", "length", "64")})
	assert.NotEqual(t, one, d.Outbound(sample()), "another seed")
	assert.Len(t, outbound(t, make1(t, "frame.garbage", "length", "5")).Steps[0].Bytes, 5)
}

func TestFrameGarbageStaysAsItIs(t *testing.T) {
	f := make1(t, "frame.garbage", "bytes", "00")
	outbound(t, f).Steps[0].Bytes[0] = 1
	assert.Equal(t, []byte{0}, outbound(t, f).Steps[0].Bytes)
}
