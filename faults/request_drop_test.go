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
	assert.ErrorContains(t, Compose(f, f), "both set what becomes of the request")
}
