package capture

import (
	"math"
	"time"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
	"github.com/gopacket/gopacket/reassembly"
)

// stream is a connection that is being read.
type stream struct {
	t         *table
	id        uint64
	key       tuple
	pub       *Stream
	firstHigh bool // its first packet came from the high address
	client    bool // the client is the high address
	sure      bool // who is the client is known
	halves    [2]half
	seen      time.Time
	ended     bool

	reset, resetHigh bool
	resetAt          time.Time
	resetIn          int

	pending   []*Item // requests that wait for their replies, oldest first
	finishing bool    // everything is held
}

// half is one direction of a stream.
type half struct {
	s       *stream
	high    bool // the sender is the high address
	started bool
	first   uint32 // sequence number that it started with
	next    uint32 // of the next byte to be delivered
	end     uint32 // behind the last byte seen
	acked   uint32 // by the other side, if wasAcked
	isAcked bool

	fin, finTold bool
	finAt        time.Time
	finIn        int
	finSeq       uint32

	cut  cutter
	held []*Item // what it said at its end, and something earlier is not told yet
}

func (s *stream) side(high bool) *half {
	if high {
		return &s.halves[1]
	}
	return &s.halves[0]
}

// orient says who is the client.
func (s *stream) orient(clientHigh bool) {
	s.client = clientHigh
	s.pub.Client, s.pub.Server = s.key.low, s.key.high
	if clientHigh {
		s.pub.Client, s.pub.Server = s.key.high, s.key.low
	}
}

// reopened reports whether a SYN from the given side begins another connection
// between the same ports, rather than being a repeat of this one's.
func (s *stream) reopened(high bool, seq uint32) bool {
	h := s.side(high)
	return s.ended || !h.started || h.first != seq
}

// accept looks at a segment before the library does. False: it is far outside
// of what can belong to the stream.
func (h *half) accept(tcp *layers.TCP) bool {
	seq := tcp.Seq
	if tcp.SYN {
		seq++
	}
	if !h.started {
		h.started = true
		h.first, h.next, h.end = tcp.Seq, seq, seq
	}
	if d := int32(seq - h.next); d > farOutside || d < -farOutside {
		if !tcp.RST {
			h.s.t.sum.Strange++
		}
		return false
	}
	end := seq + uint32(len(tcp.Payload))
	if int32(end-h.end) > 0 {
		h.end = end
	}
	if tcp.FIN && !h.fin {
		h.fin, h.finSeq, h.finAt, h.finIn = true, end, h.s.t.now, h.s.t.sum.Packets
	}
	if other := h.s.side(!h.high); tcp.ACK && (!other.isAcked || int32(tcp.Ack-other.acked) > 0) {
		other.acked, other.isAcked = tcp.Ack, true
	}
	return true
}

// ahead reports whether bytes have come that wait for others before them.
func (h *half) ahead() bool { return h.started && int32(h.end-h.next) > 0 }

// Accept has a direction without a SYN start with what comes first.
func (s *stream) Accept(_ *layers.TCP, _ gopacket.CaptureInfo, _ reassembly.TCPFlowDirection, next reassembly.Sequence, start *bool, _ reassembly.AssemblerContext) bool {
	if next < 0 {
		*start = true
	}
	return true
}

// ReassembledSG takes what has come in order.
func (s *stream) ReassembledSG(sg reassembly.ScatterGather, _ reassembly.AssemblerContext) {
	way, _, end, skip := sg.Info()
	h := s.side(s.firstHigh != (way == reassembly.TCPDirServerToClient))
	if skip > 0 {
		h.miss(int64(skip))
	}
	n, _ := sg.Lengths()
	if n > 0 {
		h.deliver(sg, n)
	}
	if end && h.fin && h.next == h.finSeq {
		h.tellFIN()
	}
	h.s.letGo(math.MaxInt)
}

// deliver hands bytes to the cutter, packet by packet.
func (h *half) deliver(sg reassembly.ScatterGather, n int) {
	b := sg.Fetch(n)
	one := sg.Stats().Chunks == 1
	for from := 0; from < n; {
		ci := sg.CaptureInfo(from)
		to := from + 1
		for to < n && (one || sg.CaptureInfo(to).InterfaceIndex == ci.InterfaceIndex) {
			to++
		}
		h.next += uint32(to - from)
		h.cut.feed(b[from:to], mark{at: ci.Timestamp, packet: ci.InterfaceIndex})
		from = to
	}
}

// miss tells that bytes are not in the capture.
func (h *half) miss(n int64) {
	h.next += uint32(n)
	h.cut.gap(n)
}

// tellFIN tells that this side closed.
func (h *half) tellFIN() {
	if h.finTold {
		return
	}
	h.finTold = true
	h.cut.stop(Unfinished)
	if h.high != h.s.client {
		h.s.giveUp() // the server says nothing more
	}
	h.s.tell(&Item{Kind: FIN, At: h.finAt, Packet: h.finIn}, h)
}

// ReassemblyComplete is called when both directions have ended.
func (s *stream) ReassemblyComplete(reassembly.AssemblerContext) bool {
	s.t.finish(s)
	return true
}

// finish tells what is left when nothing more can come.
func (s *stream) finish() {
	s.finishing = true
	one, other := &s.halves[0], &s.halves[1]
	s.pub.OneWay = one.started != other.started && (one.next != one.first || other.next != other.first)
	client, server := s.side(s.client), s.side(!s.client)
	for _, h := range []*half{client, server} {
		last := h.next
		if h.fin {
			last = h.finSeq
		} else if h.isAcked {
			last = h.acked
		}
		// A FIN that is not in the capture is acknowledged as a byte.
		if n := int32(last - h.next); h.started && (n > 1 || n == 1 && h.fin) && n <= farOutside {
			h.miss(int64(n))
		}
		switch {
		case h.fin:
			h.tellFIN()
		case s.reset && h.high == s.resetHigh:
			h.cut.stop(Unfinished)
		default:
			h.cut.stop(CutShort)
		}
	}
	s.giveUp()
	s.finishing = false
	s.letGo(math.MaxInt)
	if s.reset {
		s.tell(&Item{Kind: RST, At: s.resetAt, Packet: s.resetIn}, s.side(s.resetHigh))
	}
}
