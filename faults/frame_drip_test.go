package faults

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestFrameDrip(t *testing.T) {
	whole := sample().Frame
	o := outbound(t, make1(t, "frame.drip", "bytes", "20", "every", "1s"))
	gap := Step{Op: Gap, For: time.Second}
	assert.Equal(t, []Step{put(whole[:20]), gap, put(whole[20:40]), gap, put(whole[40:])}, o.Steps)
	assert.Len(t, outbound(t, make1(t, "frame.drip")).Steps, 2*len(whole)-1)
	assert.Equal(t, []Step{put(whole)}, outbound(t, make1(t, "frame.drip", "bytes", "42")).Steps)
	assert.NoError(t, Fits(make1(t, "frame.drip", "bytes", "41"), Layer{MaxFrame: 42}))
	assert.EqualError(t, Fits(make1(t, "frame.drip", "bytes", "42"), Layer{MaxFrame: 42}),
		"frame.drip: bytes: one piece is all of the reply: none is longer than 42 bytes")
}
