package faults

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestMessageBitmap(t *testing.T) {
	d := planned(t, make1(t, "message.bitmap"))
	assert.Equal(t, []int{38}, d.Bitmap)
	assert.Equal(t, MACValid, d.MAC)
	assert.Equal(t, []int{4}, planned(t, make1(t, "message.bitmap", "field", "4")).Bitmap)
}
