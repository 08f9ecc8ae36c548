package faults

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestAcceptSilent(t *testing.T) {
	f := make1(t, "accept.silent").(AcceptFault)
	assert.Equal(t, AcceptPlan{Unread: true, Hold: 30 * time.Second}, f.OnAccept(request().Conn, someDraw()))
	assert.Equal(t, time.Minute, make1(t, "accept.silent", "for", "1m").(AcceptFault).OnAccept(request().Conn, someDraw()).Hold)
	assert.False(t, f.SmallWindow())
}
