package faults

import (
	"math/bits"
	"testing"

	"github.com/stretchr/testify/assert"
)

// turned counts the bits in which two frames differ.
func turned(a, b []byte) (n int) {
	for i := range a {
		n += bits.OnesCount8(a[i] ^ b[i])
	}
	return n
}

func TestFrameCorrupt(t *testing.T) {
	whole := sample().Frame
	for _, c := range []struct {
		given    []string
		from, to int // where it may differ
		bits     int
	}{
		{nil, 2, 42, 1},
		{[]string{"bits", "40"}, 2, 42, 40},
		{[]string{"at", "0"}, 0, 1, 1},
		{[]string{"at", "-1", "bits", "8"}, 41, 42, 8},
		{[]string{"at", "20", "bits", "30"}, 20, 42, 30},
		{[]string{"field", "11", "bits", "3"}, 29, 32, 3},
		{[]string{"field", "39", "bits", "1000"}, 32, 34, 16},
	} {
		got := only1(t, make1(t, "frame.corrupt", c.given...))
		assert.Equal(t, c.bits, turned(whole, got), c.given)
		for _, at := range differs(t, whole, got) {
			assert.True(t, at >= c.from && at < c.to, "%v: byte %d", c.given, at)
		}
		assert.Equal(t, got, only1(t, make1(t, "frame.corrupt", c.given...)), "the same again")
	}
}

func TestFrameCorruptOfWhatIsNotThere(t *testing.T) {
	f := make1(t, "frame.corrupt", "field", "55")
	o := outbound(t, f)
	assert.Equal(t, []Step{put(sample().Frame)}, o.Steps)
	assert.Equal(t, []string{"the reply has no data element 55 to corrupt"}, o.Notes)
	assert.EqualError(t, Fits(f, Layer{Defines: func(n int) bool { return n == 4 }}), "frame.corrupt: field: the dialect has no data element 55")
	assert.Error(t, Fits(make1(t, "frame.corrupt", "at", "99"), Layer{MaxFrame: 99}))
}

func TestTwoCorruptionsDrawDifferently(t *testing.T) {
	one := make1(t, "frame.corrupt", "bits", "20")
	got := only1(t, one, one)
	assert.NotEqual(t, sample().Frame, got, "the second does not undo the first")
}

func TestCorruptionsThatUndoEachOther(t *testing.T) {
	all := make1(t, "frame.corrupt", "at", "5", "bits", "8")
	o := outbound(t, all, all)
	assert.Equal(t, []Step{put(sample().Frame)}, o.Steps)
	assert.Equal(t, []string{"the bits that were turned over were turned back again"}, o.Notes)
}
