package faults

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestRequestMisroute(t *testing.T) {
	f := make1(t, "request.misroute", "terminal", "T0000002")
	assert.Equal(t, RequestPlan{As: "T0000002", ReplyTo: &Partner{Role: ReplyElsewhere, Terminal: "T0000002", Within: 10 * time.Second, Lost: true}},
		PlanRequest(request(), someDraw(), []Fault{f}))
	assert.ErrorContains(t, Compose(f, make1(t, "reply.cross")), "both set the partner of the reply")

	f = make1(t, "request.misroute", "terminal", "T0000002", "reply", "here")
	assert.Equal(t, RequestPlan{As: "T0000002"}, PlanRequest(request(), someDraw(), []Fault{f}))
	assert.NoError(t, Compose(f, make1(t, "reply.cross")))
}
