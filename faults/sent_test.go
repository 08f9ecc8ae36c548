package faults

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// one is a fault and its parameters, as make1 takes them.
func one(kind string, given ...string) []string { return append([]string{kind}, given...) }

func TestWhatDoesNotGoOutCannotBeStruck(t *testing.T) {
	truncate := func(at string) []string { return one("frame.truncate", "at", at) }
	split := func(at string) []string { return one("frame.split", "at", at) }
	aabb := one("frame.garbage", "bytes", "aabb")
	for _, c := range []struct {
		first, second []string
		no            string // what there is not; empty: they compose
	}{
		{truncate("10"), split("20"), "byte 20 to split at"},
		{truncate("10"), split("10"), "byte 10 to split at"},
		{truncate("10"), split("9"), ""},
		{truncate("10"), split("-10"), "byte -10 to split at"},
		{truncate("10"), split("-9"), ""},
		{truncate("-10"), split("20"), ""},
		{truncate("-65530"), split("20"), "byte 20 to split at"},
		{one("line.close", "when", "mid-reply", "at", "5"), split("5"), "byte 5 to split at"},
		{one("line.reset", "when", "mid-reply"), split("10"), "byte 10 to split at"},
		{one("line.cut", "when", "mid-reply", "at", "3"), split("-3"), "byte -3 to split at"},
		{one("line.close", "when", "after-reply"), split("500"), ""},
		{aabb, split("20"), "byte 20 to split at"},
		{aabb, split("1"), ""},
		{aabb, split("-1"), ""},
		{aabb, split("-2"), "byte -2 to split at"},
		{aabb, one("frame.drip", "bytes", "2"), "second piece"},
		{one("frame.garbage"), split("64"), "byte 64 to split at"},
		{one("frame.garbage"), split("63"), ""},
		{one("frame.http"), split("1000"), "byte 1000 to split at"},
		{truncate("10"), one("frame.drip", "bytes", "10"), "second piece"},
		{truncate("10"), one("frame.drip", "bytes", "9"), ""},
		{truncate("10"), one("frame.corrupt", "at", "50"), "byte 50 to damage"},
		{truncate("10"), one("frame.corrupt", "at", "9"), ""},
		{truncate("10"), one("frame.corrupt", "at", "-1"), "byte -1 to damage"}, // no reply has fewer than 12
		{truncate("10"), one("frame.corrupt", "at", "-10"), ""},
		{truncate("-5"), one("frame.corrupt", "at", "-5"), "byte -5 to damage"},
		{truncate("-5"), one("frame.corrupt", "at", "-6"), ""},
		{truncate("12"), one("frame.corrupt", "field", "4"), "data element 4 to damage"},
		{truncate("13"), one("frame.corrupt", "field", "4"), ""},
		{truncate("2"), one("frame.corrupt"), "byte 2 to damage"},
		{truncate("12"), one("message.mac"), "MAC"},
		{truncate("12"), one("message.mac", "edit", "missing"), ""}, // the length header tells
		{truncate("12"), one("message.field", "field", "11", "edit", "increment"), "data element 11 to change"},
		{truncate("12"), one("message.field", "field", "11", "edit", "remove"), ""},
		{truncate("0"), one("message.code"), "data element 39 to change"},
		{truncate("2"), one("message.mti"), "message type to change"},
		{truncate("4"), one("message.bitmap"), "bitmap to change"},
		{truncate("2"), one("frame.tpdu"), "TPDU to change"},
		{truncate("2"), one("frame.header"), "header to change"},
		{truncate("0"), one("frame.length"), "length header to change"},
		{truncate("1"), one("frame.length"), ""},
		{one("message.field", "field", "11", "edit", "remove"), one("frame.corrupt", "field", "11"), "data element 11 to damage"},
		{one("message.field", "field", "11", "edit", "remove"), one("frame.corrupt", "field", "4"), ""},
		{one("message.mac", "edit", "missing"), one("frame.corrupt", "field", "64"), "data element 64 to damage"},
		{one("message.mac"), one("frame.corrupt", "field", "64"), ""},
	} {
		a, b := make1(t, c.first[0], c.first[1:]...), make1(t, c.second[0], c.second[1:]...)
		ab, ba := Compose(a, b), Compose(b, a)
		if c.no == "" {
			assert.NoError(t, ab, "%v, %v", c.first, c.second)
			assert.NoError(t, ba, "%v, %v", c.first, c.second)
			continue
		}
		assert.EqualError(t, ab, c.first[0]+" and "+c.second[0]+" exclude each other: what goes out then has no "+c.no, "%v, %v", c.first, c.second)
		assert.EqualError(t, ba, c.second[0]+" and "+c.first[0]+" exclude each other: what goes out then has no "+c.no, "%v, %v", c.first, c.second)
	}
}

func TestTogetherAtAListener(t *testing.T) {
	l := Layer{MinFrame: 23, MaxFrame: 100}
	cut, last := make1(t, "frame.truncate", "at", "20"), make1(t, "frame.corrupt", "at", "-3")
	i, err := Together(l, make1(t, "reply.delay"), cut, last)
	assert.Equal(t, 2, i)
	assert.EqualError(t, err, "frame.corrupt: together with frame.truncate, what goes out has no byte -3 to damage")
	var misfit *MisfitError
	require.ErrorAs(t, err, &misfit)
	assert.Equal(t, "frame.corrupt：与 frame.truncate 一起时，实际发出的内容中没有可供损坏的第 -3 字节", misfit.Text().ZH)
	i, err = Together(l, last, cut)
	assert.Equal(t, 1, i)
	require.Error(t, err)
	_, err = Together(l, cut, make1(t, "frame.corrupt", "at", "-4"))
	require.NoError(t, err)
	_, err = Together(Layer{MaxFrame: 100}, make1(t, "frame.truncate", "at", "-30"), make1(t, "frame.split", "at", "70"))
	require.EqualError(t, err, "frame.split: together with frame.truncate, what goes out has no byte 70 to split at")
	_, err = Together(Layer{MaxFrame: 100}, make1(t, "frame.truncate", "at", "-30"), make1(t, "frame.split", "at", "69"))
	require.NoError(t, err)
}

// What Compose takes can strike a reply of some size: then no position is out
// of bounds, and both faults show.
func TestWhatComposesCanBeStruck(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		at := rapid.IntRange(-40, 40)
		cut := lineFault{base: base{"frame.truncate", Replying}, point: endAmid, at: at.Draw(rt, "cut"), step: Step{Op: Mute}}
		split := splitFrame{base: base{"frame.split", Replying}, at: at.Filter(func(n int) bool { return n != 0 }).Draw(rt, "split")}
		shown := false
		for size := leastFrame; size <= 120 && !shown; size++ {
			d := PlanReply(request(), someDraw(), []Fault{cut, split})
			o := d.Outbound(&Encoded{Frame: make([]byte, size)})
			shown = len(o.Steps) == 3 && len(o.Notes) == 0 // write, write, mute
		}
		require.Equal(rt, shown, Compose(cut, split) == nil)
	})
}

// What this reply turns out not to have, or not to send, is told.
func TestNotesOfWhatDoesNotShow(t *testing.T) {
	short := func(at string) Fault { return make1(t, "frame.truncate", "at", at) }
	for _, c := range []struct {
		all  []Fault
		note string
	}{
		{[]Fault{make1(t, "message.mac"), short("-8")}, "data element 64 of the reply was changed, and is not among the 34 bytes that go out"},
		{[]Fault{make1(t, "message.mac"), short("-7")}, ""},
		{[]Fault{make1(t, "frame.corrupt", "field", "39"), short("32")}, "data element 39 of the reply was changed, and is not among the 32 bytes that go out"},
		{[]Fault{make1(t, "message.field", "field", "11", "edit", "increment"), short("25")}, "data element 11 of the reply was changed, and is not among the 25 bytes that go out"},
		{[]Fault{make1(t, "message.field", "field", "11", "edit", "increment"), short("30")}, ""},
		{[]Fault{make1(t, "frame.drip", "bytes", "42")}, "of the reply, 42 bytes go out: they leave in one piece"},
		{[]Fault{make1(t, "frame.drip", "bytes", "30"), short("30"), make1(t, "frame.length", "edit", "zero")}, "of the reply, 30 bytes go out: they leave in one piece"},
		{[]Fault{make1(t, "frame.split", "at", "-42")}, "of the reply, 42 bytes go out: they leave in one piece"},
		{[]Fault{make1(t, "frame.split", "at", "-42"), make1(t, "reply.duplicate")}, "of the reply, 42 bytes go out: they leave in one piece"},
	} {
		d := PlanReply(request(), someDraw(), c.all)
		var want []string
		if c.note != "" {
			want = []string{c.note}
		}
		assert.Equal(t, want, d.Outbound(sample()).Notes)
	}
}
