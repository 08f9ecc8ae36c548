package capture

import (
	"container/list"
	"encoding/binary"
	"net/netip"
	"slices"
	"time"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
	"github.com/gopacket/gopacket/reassembly"

	"github.com/acqsim/acqsim/simulator/dialect"
)

// The limits of what is kept.
const (
	sweepEvery  = 1000             // packets
	gapTime     = 30 * time.Second // after which missing bytes count as lost
	lingerTime  = time.Minute      // for which packets of a connection that ended are known as such
	maxStreams  = 10_000           // open at once
	maxPages    = 64               // of 1,900 bytes: what came out of order in one direction
	maxPagesAll = 16 << 10         // of all streams
	maxWaiting  = 16 << 20         // bytes of requests that wait for their replies
	maxBuffered = 64 << 20         // bytes of all streams in which no frame has been found yet
	farOutside  = 1 << 24          // bytes from where a stream is: no window is as large
)

// table holds the streams of a capture.
type table struct {
	dialects []*dialect.Dialect
	each     func(*Item) error
	failed   error // of each: nothing more is told
	sum      Summary
	now      time.Time // of the latest packet

	streams   map[tuple]*stream
	live      int    // of them, those that have not ended
	made      uint64 // streams, for the library's keys
	assembler *reassembly.Assembler
	current   *stream   // that of the packet at hand
	over      []*stream // those that a reset has ended and that the library still has

	waiting      list.List // requests that wait for their replies, oldest first
	waitingBytes int64
	buffered     int // bytes of all streams

	collecting map[*stream][]*Item // while all streams are flushed; otherwise nil
}

// tuple is a connection, whichever way its packets go.
type tuple struct{ low, high netip.AddrPort }

// tupleOf returns the tuple of two addresses, and whether the first is the high
// one.
func tupleOf(from, to netip.AddrPort) (t tuple, high bool) {
	if from.Compare(to) <= 0 {
		return tuple{from, to}, false
	}
	return tuple{to, from}, true
}

func newTable(dialects []*dialect.Dialect, each func(*Item) error) *table {
	t := &table{dialects: dialects, each: each, streams: map[tuple]*stream{}}
	t.assembler = reassembly.NewAssembler(reassembly.NewStreamPool(t))
	t.assembler.AssemblerOptions = reassembly.AssemblerOptions{
		MaxBufferedPagesPerConnection: maxPages, MaxBufferedPagesTotal: maxPagesAll,
	}
	return t
}

// New gives the library the stream of the packet at hand.
func (t *table) New(_, _ gopacket.Flow, _ *layers.TCP, _ reassembly.AssemblerContext) reassembly.Stream {
	return t.current
}

// captured is what the library keeps of a packet. The number of the packet
// stands in InterfaceIndex.
type captured gopacket.CaptureInfo

// GetCaptureInfo returns it.
func (c *captured) GetCaptureInfo() gopacket.CaptureInfo { return gopacket.CaptureInfo(*c) }

// streamEndpoint marks flows that stand for a stream and not for addresses:
// two connections one after the other between the same ports are two streams.
const streamEndpoint = gopacket.EndpointType(8583)

// segment takes one TCP segment.
func (t *table) segment(from, to netip.AddrPort, tcp *layers.TCP, at time.Time) {
	key, high := tupleOf(from, to)
	s := t.streams[key]
	opens := tcp.SYN && !tcp.ACK
	if s != nil && opens && s.reopened(high, tcp.Seq) {
		t.drop(s)
		s = nil
	}
	if s == nil {
		if !tcp.SYN && len(tcp.Payload) == 0 {
			return // of a connection that is over, or silent
		}
		if t.live >= maxStreams {
			t.makeRoom()
		}
		s = t.begin(key, high, tcp)
	}
	s.seen = t.now
	if s.ended {
		return
	}
	if tcp.RST {
		s.reset, s.resetHigh, s.resetAt, s.resetIn = true, high, at, t.sum.Packets
	}
	if s.side(high).accept(tcp) {
		t.assemble(s, high, tcp, at)
	}
	if s.reset && !s.ended {
		t.over = append(t.over, s)
	}
	t.dropOver()
}

func (t *table) assemble(s *stream, high bool, tcp *layers.TCP, at time.Time) {
	id := binary.BigEndian.AppendUint64(nil, s.id)
	from, to := append(id[:8:8], 0), append(id[:8:8], 1)
	if high {
		from, to = to, from
	}
	t.current = s
	ci := captured{Timestamp: at, InterfaceIndex: t.sum.Packets}
	t.assembler.AssembleWithContext(gopacket.NewFlow(streamEndpoint, from, to), tcp, &ci)
}

// dropOver drops streams that were reset and miss nothing any more.
func (t *table) dropOver() {
	t.over = slices.DeleteFunc(t.over, func(s *stream) bool {
		if s.ended {
			return true
		}
		if s.halves[0].ahead() || s.halves[1].ahead() {
			return false
		}
		t.drop(s)
		return true
	})
}

// drop ends a stream and has the library forget it: with a reset of either
// direction, right where it is.
func (t *table) drop(s *stream) {
	for i := range s.halves {
		h := &s.halves[i]
		low, high := layers.TCPPort(s.key.low.Port()), layers.TCPPort(s.key.high.Port())
		if h.high {
			low, high = high, low
		}
		if !s.ended {
			t.assemble(s, h.high, &layers.TCP{SrcPort: low, DstPort: high, Seq: h.next, RST: true}, t.now)
		}
	}
	t.finish(s)
}

// begin makes a stream of its first segment.
func (t *table) begin(key tuple, high bool, tcp *layers.TCP) *stream {
	t.made++
	t.live++
	t.sum.Streams++
	s := &stream{t: t, id: t.made, key: key, firstHigh: high}
	s.pub = &Stream{Number: t.sum.Streams, Begun: tcp.SYN}
	fromPort, toPort := key.low.Port(), key.high.Port()
	if high {
		fromPort, toPort = toPort, fromPort
	}
	switch {
	case tcp.SYN: // with ACK it is the server's
		s.orient(high != tcp.ACK)
		s.sure = true
	default: // as long as no message says better
		s.orient(high == (fromPort >= toPort))
	}
	for i := range s.halves {
		h := &s.halves[i]
		h.s, h.high = s, i == 1
		h.cut = cutter{h: h, lost: true, midst: !tcp.SYN, reason: NoFrame}
	}
	t.streams[key] = s
	return s
}

// sweep gives up waiting for bytes that have been missing for long, and forgets
// connections that ended long ago.
func (t *table) sweep() {
	t.together(func() { t.assembler.FlushWithOptions(reassembly.FlushOptions{T: t.now.Add(-gapTime)}) })
	for key, s := range t.streams {
		if s.ended && s.seen.Before(t.now.Add(-lingerTime)) {
			delete(t.streams, key)
		}
	}
}

// makeRoom forgets what ended, and ends the half of the connections that was
// silent for longest.
func (t *table) makeRoom() {
	all := t.sorted()
	slices.SortStableFunc(all, func(a, b *stream) int { return a.seen.Compare(b.seen) })
	for i, s := range all {
		if !s.ended && i < len(all)/2 {
			t.drop(s)
			t.sum.Dropped++
		}
		if s.ended {
			delete(t.streams, s.key)
		}
	}
}

// finish ends a stream.
func (t *table) finish(s *stream) {
	if s.ended {
		return
	}
	s.ended = true
	t.live--
	s.finish()
}

// end ends all streams.
func (t *table) end() {
	t.together(func() { t.assembler.FlushAll() })
	for _, s := range t.sorted() {
		t.finish(s)
	}
}

// sorted returns the streams in the order in which they began.
func (t *table) sorted() []*stream {
	all := make([]*stream, 0, len(t.streams))
	for _, s := range t.streams {
		all = append(all, s)
	}
	slices.SortFunc(all, func(a, b *stream) int { return int(int64(a.id) - int64(b.id)) })
	return all
}

// together lets f, which touches all streams in any order, tell what it has to
// in the order of the streams.
func (t *table) together(f func()) {
	t.collecting = map[*stream][]*Item{}
	f()
	found := t.collecting
	t.collecting = nil
	for _, s := range t.sorted() {
		for _, x := range found[s] {
			t.tell(s, x)
		}
	}
	t.dropOver()
}

// tell hands out an item.
func (t *table) tell(s *stream, x *Item) {
	switch {
	case t.collecting != nil:
		t.collecting[s] = append(t.collecting[s], x)
	case t.failed == nil:
		t.failed = t.each(x)
	}
}
