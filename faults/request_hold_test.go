package faults

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestRequestHold(t *testing.T) {
	f := make1(t, "request.hold", "hold", "1.5 timeouts")
	assert.Equal(t, RequestPlan{Hold: 15 * time.Second}, PlanRequest(request(), someDraw(), []Fault{f}))

	f = make1(t, "request.hold", "hold", "uniform(1s, 3s)")
	p := PlanRequest(request(), someDraw(), []Fault{f})
	assert.True(t, p.Hold >= time.Second && p.Hold <= 3*time.Second, p.Hold)
	assert.Equal(t, p, PlanRequest(request(), someDraw(), []Fault{f}))
	assert.NotEqual(t, p, PlanRequest(request(), ExchangeDraw(7, "rule", "T0000001", 2), []Fault{f}))
}
