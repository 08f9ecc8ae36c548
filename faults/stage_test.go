package faults

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestStages(t *testing.T) {
	assert.Len(t, Stages(), 7)
	for i, s := range Stages() {
		assert.NotContains(t, s.String(), "stage ")
		for _, sel := range s.Selectors() {
			assert.True(t, s.Knows(sel))
			assert.LessOrEqual(t, KnownFrom(sel), s)
		}
		if i > 0 {
			before := Stages()[i-1]
			assert.Greater(t, len(s.Selectors()), len(before.Selectors()), "more is known at %v", s)
		}
	}
	assert.Equal(t, []Selector{ByListener, BySource}, SYN.Selectors())
	assert.True(t, Idle.Knows(ByTerminal))
	assert.False(t, Accepted.Knows(ByTerminal))
	assert.False(t, Requesting.Knows(ByOutcome))
	assert.True(t, Replying.Knows(ByCode))
	assert.False(t, Replying.Knows("colour"))
	assert.Zero(t, KnownFrom("colour"))
	assert.Equal(t, Hello, KnownFrom(ByServerName))
	assert.Equal(t, "stage 99", Stage(99).String())
}

func TestStepTexts(t *testing.T) {
	for s, want := range map[string]Step{
		"write 3 bytes":            put([]byte("abc")),
		"gap 2s":                   {Op: Gap, For: 2e9},
		"wait 1s":                  {Op: Wait, For: 1e9},
		"cut 3s":                   {Op: Cut, For: 3e9},
		"FIN":                      {Op: FIN},
		"FIN without close_notify": {Op: FIN, Rude: true},
		"RST":                      {Op: RST},
		"mute":                     {Op: Mute},
		"operation 77":             {Op: 77},
	} {
		assert.Equal(t, s, want.String())
	}
	assert.True(t, Mute.Final())
	assert.False(t, Wait.Final())
}
