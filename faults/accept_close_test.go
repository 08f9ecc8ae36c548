package faults

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestAcceptClose(t *testing.T) {
	f := make1(t, "accept.close").(AcceptFault)
	assert.Equal(t, AcceptPlan{Steps: []Step{{Op: FIN, Rude: true}}}, f.OnAccept(request().Conn, someDraw()))
	assert.False(t, f.SmallWindow())

	f = make1(t, "accept.close", "after", "0.5 timeouts").(AcceptFault)
	assert.Equal(t, []Step{{Op: Wait, For: 5 * time.Second}, {Op: FIN, Rude: true}}, f.OnAccept(request().Conn, someDraw()).Steps)
	assert.Equal(t, 30*time.Second, f.OnAccept(&Conn{}, someDraw()).Steps[0].For, "of the timeout that terminals have")
}
