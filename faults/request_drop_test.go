package faults

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestRequestDrop(t *testing.T) {
	f := make1(t, "request.drop")
	assert.Equal(t, RequestPlan{Drop: true}, PlanRequest(request(), someDraw(), []Fault{f}))
	assert.ErrorContains(t, Compose(f, make1(t, "request.hold")), "the host never sees the request")
	assert.ErrorContains(t, Compose(f, make1(t, "reply.delay")), "there is no reply")
	for _, k := range Kinds() {
		if other := make1(t, k.Name); other.Stage() == Replying {
			assert.Error(t, Compose(f, other), "%s strikes when the host has decided, and it never does", k.Name)
		}
	}
	for _, when := range []string{"before-reply", "mid-reply", "after-reply"} {
		assert.Error(t, Compose(f, make1(t, "line.close", "when", when)), when)
		assert.Error(t, Compose(make1(t, "line.reset", "when", when), f), when)
	}
	assert.ErrorContains(t, Compose(f, make1(t, "line.close")), "the host never sees the request, so that the moment of its reply never comes")
	assert.ErrorContains(t, Compose(make1(t, "frame.http", "request", "lost"), make1(t, "reply.drop")), "the moment of its reply never comes")
	assert.NoError(t, Compose(f, make1(t, "line.cut", "when", "after-request")), "the request is lost, and the cable is pulled")
	assert.ErrorContains(t, Compose(f, f), "both set what becomes of the request")
}
