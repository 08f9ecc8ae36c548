package faults

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestReplyDuplicate(t *testing.T) {
	whole := put(sample().Frame)
	assert.Equal(t, []Step{whole, whole}, outbound(t, make1(t, "reply.duplicate")).Steps)
	gap := Step{Op: Wait, For: 50 * time.Millisecond}
	assert.Equal(t, []Step{whole, gap, whole, gap, whole}, outbound(t, make1(t, "reply.duplicate", "times", "2", "gap", "50ms")).Steps)

	split := make1(t, "frame.split", "at", "1", "gap", "0s")
	assert.Len(t, outbound(t, make1(t, "reply.duplicate"), split).Steps, 4, "each copy is split")
}
