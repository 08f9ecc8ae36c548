package faults

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestLineReset(t *testing.T) {
	whole := sample().Frame
	assert.Equal(t, []Step{{Op: RST}}, outbound(t, make1(t, "line.reset")).Steps)
	assert.Equal(t, []Step{put(whole[:3]), {Op: RST}}, outbound(t, make1(t, "line.reset", "when", "mid-reply", "at", "3")).Steps)
	assert.Equal(t, []Step{put(whole), {Op: Wait, For: time.Second}, {Op: RST}},
		outbound(t, make1(t, "line.reset", "when", "after-reply", "after", "1s")).Steps)
}
