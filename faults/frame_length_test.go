package faults

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestFrameLength(t *testing.T) {
	whole := sample().Frame // 42 bytes, of which the header announces 40
	for _, c := range []struct {
		given []string
		want  []byte
	}{
		{[]string{"edit", "plus"}, []byte{0, 41}},
		{[]string{"edit", "plus", "by", "300"}, []byte{1, 84}},
		{[]string{"edit", "minus", "by", "10"}, []byte{0, 30}},
		{[]string{"edit", "zero"}, []byte{0, 0}},
		{[]string{"edit", "maximum"}, []byte{255, 255}},
		{[]string{"edit", "byte-swapped"}, []byte{40, 0}},
		{[]string{"edit", "ascii"}, []byte("0040")},
		{[]string{"edit", "includes-itself"}, []byte{0, 42}},
	} {
		got := only1(t, make1(t, "frame.length", c.given...))
		assert.Equal(t, append(c.want, whole[2:]...), got, c.given)
	}
}

func TestFrameLengthThatDoesNotFit(t *testing.T) {
	for given, want := range map[string]byte{"plus": 255, "minus": 0} {
		d := planned(t, make1(t, "frame.length", "edit", given, "by", "65535"))
		o := d.Outbound(sample())
		assert.Equal(t, []byte{want, want}, o.Steps[0].Bytes[:2])
		assert.Len(t, o.Notes, 1)
	}
	d := planned(t, make1(t, "frame.length", "edit", "zero"))
	x := sample()
	x.PutLength = nil
	assert.Equal(t, []string{"the frame has no length header"}, d.Outbound(x).Notes)
}

func TestFrameLengthInASCIINeedsAnother(t *testing.T) {
	assert.ErrorContains(t, Fits(make1(t, "frame.length", "edit", "ascii"), Layer{}), "length header is not in ASCII")
	assert.NoError(t, Fits(make1(t, "frame.length", "edit", "zero"), Layer{}))
}

func TestFrameLengthThatIsTheSameAnyway(t *testing.T) {
	x := sample()
	x.Announced, x.MaxLength = 40, 40
	d := planned(t, make1(t, "frame.length", "edit", "maximum"))
	assert.Equal(t, []string{"the length header says 40 anyway"}, d.Outbound(x).Notes)
	x.Frame[0] = x.Frame[1]
	d = planned(t, make1(t, "frame.length", "edit", "byte-swapped"))
	assert.Equal(t, []string{"the length header reads the same with its bytes swapped"}, d.Outbound(x).Notes)
}
