package faults

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestLineStopReading(t *testing.T) {
	f := make1(t, "line.stop-reading").(AcceptFault)
	assert.Equal(t, AcceptPlan{Unread: true}, f.OnAccept(request().Conn, someDraw()))
	assert.True(t, f.SmallWindow())
	assert.Error(t, Compose(f, make1(t, "accept.silent")))
}
