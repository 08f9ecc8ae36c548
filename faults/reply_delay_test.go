package faults

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestReplyDelay(t *testing.T) {
	for given, want := range map[string]time.Duration{"2s": 2 * time.Second, "0s": 0, "1 timeout": 10 * time.Second, "0.25 timeouts": 2500 * time.Millisecond} {
		f := make1(t, "reply.delay", "delay", given)
		o := outbound(t, f)
		assert.Equal(t, put(sample().Frame), o.Steps[len(o.Steps)-1])
		assert.Equal(t, want, planned(t, f).Delay)
		if want > 0 {
			assert.Equal(t, Step{Op: Wait, For: want}, o.Steps[0], "others pass meanwhile")
		} else {
			assert.Len(t, o.Steps, 1)
		}
	}
}

func TestReplyDelayIsDrawn(t *testing.T) {
	f := make1(t, "reply.delay", "delay", "1s", "jitter", "100ms")
	seen := map[time.Duration]bool{}
	for n := range uint64(100) {
		d := PlanReply(request(), ExchangeDraw(1, "rule", "T0000001", n), []Fault{f}).Delay
		assert.True(t, d >= time.Second && d <= 1100*time.Millisecond, d)
		seen[d] = true
	}
	assert.Greater(t, len(seen), 90)
}
