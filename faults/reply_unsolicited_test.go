package faults

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestReplyUnsolicited(t *testing.T) {
	extra, own := put([]byte("extra")), put(sample().Frame)
	for _, c := range []struct {
		given []string
		want  []Step
	}{
		{nil, []Step{extra, own}},
		{[]string{"gap", "2s"}, []Step{extra, {Op: Wait, For: 2 * time.Second}, own}},
		{[]string{"when", "after"}, []Step{own, extra}},
		{[]string{"when", "after", "gap", "2s"}, []Step{own, {Op: Wait, For: 2 * time.Second}, extra}},
	} {
		d := planned(t, make1(t, "reply.unsolicited", c.given...))
		x := sample()
		x.Extras = [][]byte{[]byte("extra")}
		assert.Equal(t, Outbound{Steps: c.want}, d.Outbound(x))
		assert.Equal(t, []Step{own}, d.Outbound(sample()).Steps, "one that could not be made is left out")
	}
}

func TestUnsolicitedMessages(t *testing.T) {
	e := planned(t, make1(t, "reply.unsolicited")).Extras[0]
	assert.Len(t, e.Fields, 1)
	stan, ok := e.Fields[0].Apply("000042", true)
	assert.True(t, ok)
	assert.Regexp(t, "^[0-9]{6}$", stan)
	assert.NotEqual(t, "000042", stan)
	assert.Nil(t, e.Keep)

	e = planned(t, make1(t, "reply.unsolicited", "message", "network-request")).Extras[0]
	assert.Equal(t, FieldEdit{Op: SetField, Value: "0800"}, e.Fields[0])
	assert.Contains(t, e.Keep, 11)
	assert.NotContains(t, e.Keep, 39)

	x := request()
	x.MTI = 1200
	e = PlanReply(x, someDraw(), []Fault{make1(t, "reply.unsolicited", "message", "network-request")}).Extras[0]
	assert.Equal(t, "1804", e.Fields[0].Value)
}
