package faults

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestAcceptReset(t *testing.T) {
	f := make1(t, "accept.reset", "after", "20ms").(AcceptFault)
	assert.Equal(t, AcceptPlan{Steps: []Step{{Op: Wait, For: 20 * time.Millisecond}, {Op: RST}}}, f.OnAccept(request().Conn, someDraw()))
}
