package faults

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestAcceptSilent(t *testing.T) {
	f := make1(t, "accept.silent").(AcceptFault)
	assert.Equal(t, AcceptPlan{Unread: true}, f.OnAccept(request().Conn, someDraw()))
	assert.False(t, f.SmallWindow())
}
