package faults

import "strconv"

// Less than a reply may go out, or something else in its place. A fault that
// shows in none of these bytes can't strike: that is known before there is a
// reply, whatever its size may be.

// sender is a fault that sends other bytes than the whole reply.
type sender interface {
	// sends returns how many go out when the reply has so many.
	sends(size int) int
}

// shower is a fault that shows in certain bytes only.
type shower interface {
	shows(s sent) bool
	// place names these bytes, as in "it has no …".
	place() Text
}

// sent is what is known of the bytes that go out.
type sent struct {
	size     int // of the whole reply
	n        int // of what goes out
	elements int // where the first data element begins at the earliest
}

// has reports whether the byte at a position of the reply, negative from its
// end, goes out.
func (s sent) has(at int) bool {
	if at < 0 {
		at += s.size
	}
	return at >= 0 && at < s.n
}

// The smallest parts of a frame: with the length header, the MTI, and a bitmap.
const (
	leastLength = 2
	leastMTI    = 2
	leastFrame  = leastLength + leastMTI + 8
)

// hides says what the second fault does not find any more after the first one;
// false: it may find everything.
func (l Layer) hides(first, second Fault) (Text, bool) {
	if x, ok := first.(interface{ removes(n int) bool }); ok {
		if y, ok := second.(interface{ damages() int }); ok && x.removes(y.damages()) {
			return second.(shower).place(), true
		}
	}
	x, ok := first.(sender)
	if !ok {
		return Text{}, false
	}
	y, ok := second.(shower)
	if !ok {
		return Text{}, false
	}
	least, most := max(l.MinFrame, leastFrame), l.MaxFrame
	if most <= 0 {
		most = maxFrame
	}
	for size := least; size <= most; size++ {
		if y.shows(sent{size: size, n: x.sends(size), elements: least}) {
			return Text{}, false
		}
	}
	return y.place(), true
}

// Together says whether faults that Compose takes can strike together at a
// listener with this layer, each of which Fits it. If not, the i-th of them
// has nothing to strike; the error is a *MisfitError.
func Together(l Layer, all ...Fault) (i int, err error) {
	for j, second := range all {
		for _, first := range all[:j] {
			for _, pair := range [][2]Fault{{first, second}, {second, first}} {
				if no, hidden := l.hides(pair[0], pair[1]); hidden {
					return j, &MisfitError{Kind: pair[1].Kind(), Why: Text{
						"together with " + pair[0].Kind() + ", what goes out has no " + no.EN,
						"与 " + pair[0].Kind() + " 一起时，实际发出的内容中没有" + no.ZH}}
				}
			}
		}
	}
	return 0, nil
}

// clamp turns a position, negative from the end, into one within so many
// bytes: at least the last one is behind it.
func clamp(at, size int) int {
	if at < 0 {
		at += size
	}
	return max(0, min(at, size-1))
}

func byteTo(at int, en, zh string) Text {
	n := strconv.Itoa(at)
	return Text{"byte " + n + " to " + en, "可供" + zh + "的第 " + n + " 字节"}
}

func elementTo(n int, en, zh string) Text {
	return Text{"data element " + strconv.Itoa(n) + " to " + en, "可供" + zh + "的 " + strconv.Itoa(n) + " 域"}
}
