package faults

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestReplyCross(t *testing.T) {
	p := planned(t, make1(t, "reply.cross", "terminal", "T0000002", "within", "0.5 timeouts")).Partner
	assert.Equal(t, &Partner{Role: ReplyElsewhere, Terminal: "T0000002", Within: 5 * time.Second, Lost: true}, p)
	assert.Equal(t, "a connection of terminal T0000002", p.String())

	p = planned(t, make1(t, "reply.cross")).Partner
	assert.Equal(t, "*", p.Terminal)
	assert.Equal(t, "another terminal's connection", p.String())
}

// Faults are shared: what one delivery does to its partner is its own affair.
func TestPartnersAreNotShared(t *testing.T) {
	f := make1(t, "reply.cross")
	planned(t, f).Partner.Terminal = "changed"
	assert.Equal(t, "*", planned(t, f).Partner.Terminal)
}
