package faults

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestConnectRefuse(t *testing.T) {
	f := make1(t, "connect.refuse").(ListenFault)
	assert.Equal(t, ListenPlan{Refuse: true}, f.OnListen())
	assert.Equal(t, Listening, f.Stage())
	assert.Error(t, Compose(f, make1(t, "connect.blackhole")))
}
