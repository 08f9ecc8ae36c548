package faults

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestLineStopReading(t *testing.T) {
	f := make1(t, "line.stop-reading").(AcceptFault)
	assert.Equal(t, AcceptPlan{Unread: true, Hold: 30 * time.Second}, f.OnAccept(request().Conn, someDraw()))
	assert.Equal(t, time.Minute, make1(t, "line.stop-reading", "for", "1m").(AcceptFault).OnAccept(request().Conn, someDraw()).Hold)
	assert.True(t, f.SmallWindow())
	assert.Error(t, Compose(f, make1(t, "accept.silent")))
}
