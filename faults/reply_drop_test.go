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
		if k.Stages[0] == Replying && k.Name != "reply.drop" && k.Name != "line.close" && k.Name != "line.reset" {
			assert.Error(t, Compose(f, make1(t, k.Name)), k.Name)
		}
	}
}
