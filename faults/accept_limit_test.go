package faults

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestAcceptLimit(t *testing.T) {
	for then, want := range map[string]AcceptPlan{
		"close":  {Steps: []Step{{Op: FIN, Rude: true}}},
		"reset":  {Steps: []Step{{Op: RST}}},
		"silent": {Unread: true, Hold: 2 * time.Second},
	} {
		f := make1(t, "accept.limit", "max", "5", "then", then, "for", "2s").(AcceptFault)
		assert.Equal(t, AcceptPlan{}, f.OnAccept(&Conn{Open: 5}, someDraw()))
		assert.Equal(t, want, f.OnAccept(&Conn{Open: 6}, someDraw()), then)
	}
	f := make1(t, "accept.limit", "max", "0", "then", "reset", "after", "20ms").(AcceptFault)
	assert.Equal(t, []Step{{Op: Wait, For: 20 * time.Millisecond}, {Op: RST}}, f.OnAccept(&Conn{Open: 1}, someDraw()).Steps)
}
