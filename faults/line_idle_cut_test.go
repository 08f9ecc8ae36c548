package faults

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestLineIdleCut(t *testing.T) {
	f := make1(t, "line.idle-cut", "idle", "30s").(IdleFault)
	assert.Equal(t, IdlePlan{After: 30 * time.Second, Steps: []Step{{Op: Cut, For: 30 * time.Second}}}, f.OnIdle(request().Conn, someDraw()))
	assert.Error(t, Fits(f, Layer{}))

	f = make1(t, "line.idle-cut", "idle", "30s", "then", "reset").(IdleFault)
	assert.Equal(t, IdlePlan{After: 30 * time.Second, OnInput: true, Steps: []Step{{Op: RST}}}, f.OnIdle(request().Conn, someDraw()))
	assert.NoError(t, Fits(f, Layer{}), "an RST can be had everywhere")
}
