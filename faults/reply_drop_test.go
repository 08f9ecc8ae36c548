package faults

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestReplyDrop(t *testing.T) {
	f := make1(t, "reply.drop")
	assert.Equal(t, Outbound{}, outbound(t, f))
	assert.True(t, planned(t, f).Lost)
	for _, k := range Kinds() {
		if k.Stages[0] == Replying {
			assert.Error(t, Compose(f, make1(t, k.Name)), k.Name)
		}
	}
	assert.ErrorContains(t, Compose(f, make1(t, "line.reset")), "both set that there is no reply", "nothing would be reset")
	assert.Error(t, Compose(f, make1(t, "line.cut")))
}
