package faults

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestFrameHeader(t *testing.T) {
	x := sample() // header 60 31 00 31 12 34
	for _, c := range []struct {
		given []string
		want  string
	}{
		{nil, "\x60\x31\x03\x31\x12\x34"},
		{[]string{"value", "1"}, "\x60\x31\x01\x31\x12\x34"},
		{[]string{"edit", "status"}, "\x60\x31\x10\x31\x12\x34"},
		{[]string{"edit", "status", "value", "9"}, "\x60\x31\x90\x31\x12\x34"},
		{[]string{"edit", "wrong"}, "\x71\x31\x00\x31\x12\x34"},
	} {
		got := only1(t, make1(t, "frame.header", c.given...))
		assert.Equal(t, c.want, string(got[7:13]), c.given)
		assert.Equal(t, x.Frame[13:], got[13:])
	}
	d := planned(t, make1(t, "frame.header"))
	x.Header = Span{7, 7}
	assert.Equal(t, []string{"the frame has no header with flags"}, d.Outbound(x).Notes)
	assert.Error(t, Fits(make1(t, "frame.header"), Layer{}))
}

func TestFrameHeaderThatIsTheSameAnyway(t *testing.T) {
	d := planned(t, make1(t, "frame.header", "edit", "status", "value", "0"))
	assert.Equal(t, []string{"the header of the reply has this flag anyway"}, d.Outbound(sample()).Notes)
}
