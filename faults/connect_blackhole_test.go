package faults

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestConnectBlackhole(t *testing.T) {
	f := make1(t, "connect.blackhole").(ListenFault)
	assert.Equal(t, ListenPlan{Blackhole: true}, f.OnListen(), "whose SYNs, the rule says")
	assert.True(t, f.Stage().Knows(BySource))
}
