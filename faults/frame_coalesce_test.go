package faults

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestFrameCoalesce(t *testing.T) {
	d := planned(t, make1(t, "frame.coalesce", "within", "2s"))
	assert.Equal(t, &Partner{Role: WithNextReply, Within: 2 * time.Second}, d.Partner)
	assert.Equal(t, []Step{put(sample().Frame)}, d.Outbound(sample()).Steps)
	assert.ErrorContains(t, Compose(make1(t, "frame.coalesce"), make1(t, "reply.reorder")), "both set the partner")
	assert.ErrorContains(t, Compose(make1(t, "frame.coalesce"), make1(t, "frame.split")), "can't be cut up")
	assert.ErrorContains(t, Compose(make1(t, "frame.coalesce"), make1(t, "reply.duplicate")), "goes out once")
}
