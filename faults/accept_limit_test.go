package faults

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestAcceptLimit(t *testing.T) {
	for then, want := range map[string]AcceptPlan{
		"close":  {Steps: []Step{{Op: FIN, Rude: true}}},
		"reset":  {Steps: []Step{{Op: RST}}},
		"silent": {Unread: true},
	} {
		f := make1(t, "accept.limit", "max", "5", "then", then).(AcceptFault)
		assert.Equal(t, AcceptPlan{}, f.OnAccept(&Conn{Open: 5}, someDraw()))
		assert.Equal(t, want, f.OnAccept(&Conn{Open: 6}, someDraw()), then)
	}
}
