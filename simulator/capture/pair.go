package capture

import (
	"math"
	"slices"

	"github.com/acqsim/acqsim/simulator/dialect"
	"github.com/acqsim/acqsim/simulator/frame"
)

// pairKey is what a reply has in common with its request.
type pairKey struct {
	mti      uint16 // of the reply
	stan     uint32
	hasSTAN  bool
	terminal dialect.ID
}

// message takes a frame with a message.
func (h *half) message(x *Item, f frame.Frame) {
	s := h.s
	var req dialect.Request
	err := x.Dialect.Read(frame.Frame{Raw: f.Raw, TPDU: f.TPDU, Header: f.Header, Body: f.Body}, &req)
	isRequest := req.Answerable()
	readable := err == nil && req.MTI != 0
	x.IsReply = readable && !isRequest
	if readable && !s.sure {
		s.sure = true
		s.orient(h.high == isRequest)
	}
	x.Stream, x.ByClient = s.pub, h.high == s.client
	key := pairKey{req.MTI, req.STAN, req.HasSTAN, req.Terminal}
	switch {
	case readable && isRequest:
		key.mti, _ = dialect.ReplyMTI(req.MTI)
		s.wait(x, key)
	case readable && s.answer(x, key):
	default:
		s.t.tell(s, x)
	}
}

// waiter is a request in the queue of all streams.
type waiter struct {
	s *stream
	x *Item
}

// wait keeps a request until its reply comes. Where too much waits, the oldest
// requests of all streams go unanswered.
func (s *stream) wait(x *Item, key pairKey) {
	t := s.t
	x.key = key
	x.queued = t.waiting.PushBack(waiter{s, x})
	t.waitingBytes += int64(len(x.Bytes)) + itemBytes
	s.pending = append(s.pending, x)
	for t.waitingBytes > maxWaiting {
		oldest := t.waiting.Front().Value.(waiter) //nolint:forcetypeassert // nothing else is in there
		oldest.s.release(0)
	}
}

// itemBytes is about what an item takes besides its bytes.
const itemBytes = 256

// answer gives a reply to the oldest request that it can answer. A reply
// without a terminal, or with another one, answers by STAN alone.
func (s *stream) answer(reply *Item, key pairKey) bool {
	fits := func(x *Item) bool { return x.key == key && x.ByClient != reply.ByClient }
	at := slices.IndexFunc(s.pending, fits)
	if at < 0 && key.hasSTAN {
		at = slices.IndexFunc(s.pending, func(x *Item) bool {
			return x.key.mti == key.mti && x.key.hasSTAN && x.key.stan == key.stan && x.ByClient != reply.ByClient
		})
	}
	if at < 0 {
		return false
	}
	reply.IsReply = false
	s.pending[at].Reply = reply
	s.release(at)
	return true
}

// release tells a request that waits no longer.
func (s *stream) release(at int) {
	x := s.pending[at]
	s.pending = slices.Delete(s.pending, at, at+1)
	s.t.waiting.Remove(x.queued)
	x.queued = nil
	s.t.waitingBytes -= int64(len(x.Bytes)) + itemBytes
	if s.finishing {
		s.side(x.ByClient == s.client).insert(x)
		return
	}
	s.tellNow(x)
	s.letGo(math.MaxInt)
}

// giveUp tells the requests that get no reply.
func (s *stream) giveUp() {
	for len(s.pending) > 0 {
		s.release(0)
	}
}
