package faults

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestReplyStale(t *testing.T) {
	d := planned(t, make1(t, "reply.stale"))
	x := sample()
	x.Previous = []byte("previous reply")
	assert.Equal(t, Outbound{Steps: []Step{put(x.Previous)}}, d.Outbound(x))

	o := d.Outbound(sample())
	assert.Equal(t, []Step{put(sample().Frame)}, o.Steps)
	assert.Equal(t, []string{"there is no previous reply to this terminal: it gets its own"}, o.Notes)
	assert.ErrorContains(t, Compose(make1(t, "reply.stale"), make1(t, "message.mac")), "changes to it would not be seen")
	assert.NoError(t, Compose(make1(t, "reply.stale"), make1(t, "reply.delay")))
}
