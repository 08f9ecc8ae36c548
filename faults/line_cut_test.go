package faults

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestLineCut(t *testing.T) {
	cut := Step{Op: Cut, For: 30 * time.Second} // three timeouts
	f := make1(t, "line.cut", "when", "connected")
	assert.Equal(t, IdlePlan{Steps: []Step{cut}}, f.(IdleFault).OnIdle(request().Conn, someDraw()))
	f = make1(t, "line.cut", "when", "idle", "idle", "3s")
	assert.Equal(t, IdlePlan{After: 3 * time.Second, Steps: []Step{cut}}, f.(IdleFault).OnIdle(request().Conn, someDraw()))

	f = make1(t, "line.cut", "when", "after-request", "for", "1m")
	assert.Equal(t, RequestPlan{Steps: []Step{{Op: Cut, For: time.Minute}}}, PlanRequest(request(), someDraw(), []Fault{f}))
	assert.Error(t, Compose(f, make1(t, "reply.delay")), "there is no reply")
	assert.NoError(t, Compose(f, make1(t, "request.hold")))

	whole := sample().Frame
	assert.Equal(t, []Step{put(whole[:10]), cut}, outbound(t, make1(t, "line.cut", "when", "mid-reply")).Steps)
	assert.Equal(t, []Step{put(whole[:len(whole)-3]), cut}, outbound(t, make1(t, "line.cut", "when", "mid-reply", "at", "-3")).Steps)
	for _, when := range []string{"connected", "after-request", "mid-reply"} {
		assert.ErrorContains(t, Fits(make1(t, "line.cut", "when", when), Layer{}), "needs acqsim running on Linux")
	}
}
