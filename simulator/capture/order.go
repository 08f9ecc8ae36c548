package capture

import "slices"

// The end of a direction, FIN and what is skipped before it, is told after what
// came earlier and is not decided yet: bytes of the other direction in which no
// frame has been found, and requests without a reply. Nothing follows the end of
// a direction, so not much can wait. When a stream is over, what is left of both
// directions is told in the order of their packets.

// tell hands out an item of one direction.
func (s *stream) tell(x *Item, h *half) {
	x.Stream, x.ByClient = s.pub, h.high == s.client
	if s.finishing || h.finTold && s.undecided(x.Packet) {
		h.held = append(h.held, x)
		return
	}
	s.tellNow(x)
}

// tellNow hands out an item, and before it what is held and came earlier.
func (s *stream) tellNow(x *Item) {
	s.letGo(x.Packet)
	s.t.tell(s, x)
}

// letGo hands out what is held from before the given packet, as far as nothing
// earlier is undecided.
func (s *stream) letGo(before int) {
	for !s.finishing {
		h := s.side(s.client)
		if other := s.side(!s.client); len(h.held) == 0 || len(other.held) > 0 && other.held[0].Packet < h.held[0].Packet {
			h = other
		}
		if len(h.held) == 0 || h.held[0].Packet >= before || s.undecided(h.held[0].Packet) {
			return
		}
		x := h.held[0]
		h.held = h.held[1:]
		s.t.tell(s, x)
	}
}

// undecided reports whether bytes or a request from before the given packet are
// still to be told.
func (s *stream) undecided(packet int) bool {
	for i := range s.halves {
		if first := s.halves[i].cut.first(); first > 0 && first < packet {
			return true
		}
	}
	return len(s.pending) > 0 && s.pending[0].Packet <= packet
}

// insert puts a request that gets no reply among what is held.
func (h *half) insert(x *Item) {
	at := slices.IndexFunc(h.held, func(y *Item) bool { return y.Kind == FIN || y.Offset > x.Offset })
	if at < 0 {
		at = len(h.held)
	}
	h.held = slices.Insert(h.held, at, x)
}

// first returns the packet of the first bytes that are kept; 0: there are none.
// Bytes skipped count with the last of them, as their item does.
func (c *cutter) first() int {
	switch {
	case c.skip != nil:
		return c.skip.Packet
	case len(c.buf) > 0:
		return c.marks[0].packet
	}
	return 0
}
