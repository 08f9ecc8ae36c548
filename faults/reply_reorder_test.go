package faults

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestReplyReorder(t *testing.T) {
	d := planned(t, make1(t, "reply.reorder", "within", "3s"))
	assert.Equal(t, &Partner{Role: AfterNextReply, Within: 3 * time.Second}, d.Partner)
	assert.Equal(t, []Step{put(sample().Frame)}, d.Outbound(sample()).Steps)
	assert.Equal(t, 10*time.Second, planned(t, make1(t, "reply.reorder")).Partner.Within)
	assert.Equal(t, "another reply on this connection", d.Partner.String())
	assert.ErrorContains(t, Compose(make1(t, "reply.reorder"), make1(t, "frame.drip")), "can't be cut up")
}
