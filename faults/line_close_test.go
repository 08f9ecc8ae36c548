package faults

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestLineClose(t *testing.T) {
	whole := sample().Frame
	fin := Step{Op: FIN}
	for _, c := range []struct {
		given []string
		want  []Step
	}{
		{nil, []Step{fin}},
		{[]string{"close-notify", "missing"}, []Step{{Op: FIN, Rude: true}}},
		{[]string{"when", "mid-reply"}, []Step{put(whole[:10]), fin}},
		{[]string{"when", "mid-reply", "at", "0"}, []Step{fin}},
		{[]string{"when", "mid-reply", "at", "-1"}, []Step{put(whole[:len(whole)-1]), fin}},
		{[]string{"when", "after-reply"}, []Step{put(whole), fin}},
		{[]string{"when", "after-reply", "after", "2s"}, []Step{put(whole), {Op: Wait, For: 2 * time.Second}, fin}},
	} {
		assert.Equal(t, Outbound{Steps: c.want}, outbound(t, make1(t, "line.close", c.given...)), c.given)
	}
}

func TestLineCloseBeyondTheEnd(t *testing.T) {
	f := make1(t, "line.close", "when", "mid-reply", "at", "500")
	whole := sample().Frame
	o := outbound(t, f)
	assert.Equal(t, []Step{put(whole[:len(whole)-1]), {Op: FIN}}, o.Steps)
	assert.Equal(t, []string{"the reply has 42 bytes: byte 500 is taken to be 41"}, o.Notes)
	assert.NoError(t, Fits(f, Layer{}))
	assert.NoError(t, Fits(f, Layer{MaxFrame: 501}))
	assert.EqualError(t, Fits(f, Layer{MaxFrame: 500}), "line.close: at: byte 500 is beyond the end: no reply is longer than 500 bytes")
	assert.Error(t, Fits(make1(t, "line.close", "when", "mid-reply", "at", "-501"), Layer{MaxFrame: 500}))
}

func TestLineCloseComposes(t *testing.T) {
	before, amid, after := make1(t, "line.close"), make1(t, "line.close", "when", "mid-reply"), make1(t, "line.close", "when", "after-reply")
	assert.ErrorContains(t, Compose(before, make1(t, "reply.delay")), "there is no reply to change")
	assert.ErrorContains(t, Compose(amid, make1(t, "reply.duplicate")), "ends within the reply")
	assert.ErrorContains(t, Compose(after, amid), "both set how the connection ends")
	assert.ErrorContains(t, Compose(after, make1(t, "reply.reorder")), "can't end the connection")
	whole := sample().Frame
	assert.Equal(t, []Step{put(whole), put(whole), {Op: FIN}}, outbound(t, after, make1(t, "reply.duplicate")).Steps)
}
