package faults

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestFrameTruncate(t *testing.T) {
	whole := sample().Frame
	for then, op := range map[string]Op{"silence": Mute, "close": FIN, "reset": RST} {
		assert.Equal(t, []Step{put(whole[:7]), {Op: op}}, outbound(t, make1(t, "frame.truncate", "at", "7", "then", then)).Steps)
	}
	assert.Equal(t, []Step{put(whole[:37]), {Op: Mute}}, outbound(t, make1(t, "frame.truncate", "at", "-5")).Steps)
	assert.ErrorContains(t, Compose(make1(t, "frame.truncate"), make1(t, "line.close", "when", "after-reply")), "both set how the connection ends")
	assert.NoError(t, Compose(make1(t, "frame.truncate"), make1(t, "frame.drip")))
}
