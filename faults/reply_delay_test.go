package faults

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestReplyDelay(t *testing.T) {
	for given, want := range map[string]time.Duration{"2s": 2 * time.Second, "1 timeout": 10 * time.Second, "0.25 timeouts": 2500 * time.Millisecond} {
		f := make1(t, "reply.delay", "delay", given)
		o := outbound(t, f)
		assert.Equal(t, put(sample().Frame), o.Steps[len(o.Steps)-1])
		assert.Equal(t, want, planned(t, f).Delay)
		assert.Equal(t, Step{Op: Wait, For: want}, o.Steps[0], "others pass meanwhile")
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

func TestReplyDelayOfNothing(t *testing.T) {
	k, err := Find("reply.delay")
	require.NoError(t, err)
	for _, zero := range []string{"0s", "0 timeouts", "uniform(0s, 0s)", "normal(0s, 0s)", "lognormal(0s, 0.5)"} {
		_, err := k.Make(map[string]string{"delay": zero})
		assert.EqualError(t, err, "reply.delay: delay: keeps nothing back: give a time above 0, or a jitter", zero)
	}
	f := make1(t, "reply.delay", "delay", "0s", "jitter", "2s")
	seen := planned(t, f).Delay
	assert.True(t, seen >= 0 && seen <= 2*time.Second, seen)
	make1(t, "reply.delay", "delay", "uniform(0s, 1 timeout)")
	make1(t, "reply.delay", "delay", "normal(0s, 1s)")
}
