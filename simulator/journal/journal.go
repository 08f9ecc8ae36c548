// Package journal keeps the events of a server: the newest in memory, all of
// them in a file where one is wanted, and live for whoever subscribes. It loses
// no event that it accepted without saying how many.
//
// Appending is on the path of every message, so it takes one short lock, copies
// the event into memory that is used again and again, and encodes nothing.
// Readers and the file's own goroutine follow with cursors; none of them can
// slow an append, but for one case that [Options].Stall bounds: the memory is
// full of events that a healthy file has not taken yet.
package journal

import (
	"sync"
	"time"

	"github.com/acqsim/acqsim/scenarios/transcript"
)

// Options are the settings of a journal. The zero value is a valid one.
type Options struct {
	// Keep is how many events are kept in memory at most; default 100,000.
	Keep int
	// Bytes bounds the memory that kept events take, with their frames and
	// texts; default 64 MiB. At least the newest few are always kept.
	Bytes int
	// Now is the clock that stamps events without a time; default time.Now.
	Now func() time.Time
	// Program is named in the header of a file, such as "acqsim 1.2.0".
	Program string
	// Stall is how long an append waits at most for a file that takes events
	// more slowly than they come; default 5 s. After that the file counts as
	// failing, and what it can't take is counted as lost to it.
	Stall time.Duration
	// Retry is how often a failing file is tried again; default 1 s.
	Retry time.Duration
	// OnTrouble is called when the file begins to fail, every 30 s while it
	// does, and when it works again. It must not append. Default: nothing is
	// called, and only Stats tells.
	OnTrouble func(Trouble)
}

// The defaults of Options.
const (
	DefaultKeep  = 100_000
	DefaultBytes = 64 << 20
	DefaultStall = 5 * time.Second
	DefaultRetry = time.Second
)

func (o Options) withDefaults() Options {
	if o.Keep <= 0 {
		o.Keep = DefaultKeep
	}
	if o.Bytes <= 0 {
		o.Bytes = DefaultBytes
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Stall <= 0 {
		o.Stall = DefaultStall
	}
	if o.Retry <= 0 {
		o.Retry = DefaultRetry
	}
	if o.OnTrouble == nil {
		o.OnTrouble = func(Trouble) {}
	}
	return o
}

// Journal is the log of one server. All its methods may be called from several
// goroutines at once. Make one with [New].
type Journal struct {
	o    Options
	size int // events in one segment

	mu       sync.Mutex
	segments []*segment // oldest first; the last one takes events
	spare    *segment   // an emptied one, to be used again
	bytes    int        // memory of all segments
	last     uint64     // number of the newest event
	closed   bool
	waiters  []*waiter
	waiting  int // waiters that wait
	missed   uint64
	waits    uint64
	file     *file
}

// New returns an empty journal. Close it when the server has stopped.
func New(o Options) *Journal {
	o = o.withDefaults()
	size := min(o.Keep, o.Bytes/eventBytes) / (2 * segmentsKept)
	return &Journal{o: o, size: min(max(size, 1), segmentEvents)}
}

// Append adds events and numbers them, from 1 and without gaps, in the order in
// which they come; it returns the number of the first of them. What the slices
// of an event hold is copied, so the caller may use its buffers again; strings
// are kept as they are. An event without a time gets the present one. A closed
// journal accepts nothing and returns 0.
//
// Append waits only where memory is full of events that a healthy file has not
// taken yet, and never longer than Options.Stall.
func (j *Journal) Append(events ...transcript.Event) (first uint64) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for i := range events {
		d := demandOf(&events[i])
		s := j.segmentFor(&d)
		if s == nil {
			return first
		}
		j.last++
		if first == 0 {
			first = j.last
		}
		kept := s.add(&events[i])
		kept.Seq = j.last
		if kept.At.IsZero() {
			kept.At = j.o.Now()
		}
	}
	if j.waiting > 0 {
		j.wake()
	}
	return first
}

// AppendExchanges adds the Received and the Decided event of each exchange, as
// [Journal.Append] adds events, and notes their numbers in the exchanges, for
// [Journal.AppendReplies]; a closed journal leaves 0 there. Secrets are kept as
// they are.
func (j *Journal) AppendExchanges(xs []transcript.Exchange) {
	if j.size < smallestMixed {
		j.appendWhole(xs, nil)
		return
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	for i := range xs {
		x := &xs[i]
		d := demand{refs: 2, exchanges: 1, raw: len(x.Raw), text: len(x.Why)}
		s := j.segmentFor(&d)
		if s == nil {
			x.Seq = 0
			continue
		}
		x.Seq = j.last + 1
		j.last += 2
		s.addExchange(x)
	}
	if j.waiting > 0 {
		j.wake()
	}
}

// AppendReplies adds the Sent event of each exchange that has been appended: the
// first reply is to the first, and so on.
func (j *Journal) AppendReplies(xs []transcript.Exchange, replies []transcript.Reply) {
	if j.size < smallestMixed {
		j.appendWhole(xs, replies)
		return
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	for i := range replies {
		// The exchange is needed where it is in another segment.
		d := demand{refs: 1, exchanges: 1, replies: 1, raw: len(replies[i].Raw)}
		s := j.segmentFor(&d)
		if s == nil {
			return
		}
		j.last++
		s.addReply(&xs[i], &replies[i])
	}
	if j.waiting > 0 {
		j.wake()
	}
}

// smallestMixed is the least number of events in a segment that takes exchanges,
// which are two events at once.
const smallestMixed = 4

// appendWhole appends the events of exchanges, or those of the replies to them,
// as such.
func (j *Journal) appendWhole(xs []transcript.Exchange, replies []transcript.Reply) {
	var received, decided, sent transcript.Event
	for i := range replies {
		xs[i].Sent(&sent, &replies[i])
		j.Append(sent)
	}
	for i := range xs[len(replies):] {
		x := &xs[i]
		x.Received(&received)
		x.Decided(&decided, nil)
		x.Seq = j.Append(received, decided)
	}
}

// segmentFor returns the newest segment, with room for what d says; nil once the
// journal is closed. The lock is held, but may be let go for a while.
func (j *Journal) segmentFor(d *demand) *segment {
	if s := j.tail(d); s != nil {
		return s
	}
	return j.room(d)
}

// tail returns the newest segment, if it has the room as it is and no limit is
// near; nil if that takes a closer look. It is room for nearly every event.
func (j *Journal) tail(d *demand) *segment {
	n := len(j.segments)
	if n == 0 || j.closed {
		return nil
	}
	s := j.segments[n-1]
	if s.full(d.refs, j.o.Bytes/segmentsKept) || j.kept()+d.refs > j.o.Keep || !s.hasRoom(d) || j.bytes+d.text > j.o.Bytes {
		return nil
	}
	s.bytes += d.text
	j.bytes += d.text
	return s
}

// room returns the segment that takes what d says, with room for it; nil once
// the journal is closed. While it waits for the file it lets go of the lock.
func (j *Journal) room(d *demand) *segment {
	for !j.closed {
		n := len(j.segments)
		var tail *segment
		if n > 0 {
			tail = j.segments[n-1]
		}
		switch {
		case tail == nil, n == 1 && !tail.empty() && !j.takes(tail, d):
			j.open()
		case tail.empty() && n == 1, j.takes(tail, d):
			j.bytes += tail.reserve(d)
			return tail
		case tail.full(d.refs, j.o.Bytes/segmentsKept) && j.fitsSegment():
			j.open()
		case j.file != nil && j.file.holds(j.segments[0]):
			j.waitForFile()
		default:
			j.evict()
		}
	}
	return nil
}

// takes reports whether s, the newest segment, can take d within the limits.
func (j *Journal) takes(s *segment, d *demand) bool {
	return !s.full(d.refs, j.o.Bytes/segmentsKept) && j.kept()+d.refs <= j.o.Keep && j.bytes+s.needs(d) <= j.o.Bytes
}

// fitsSegment reports whether another segment is within the limits.
func (j *Journal) fitsSegment() bool {
	bytes := segmentBytes(j.size)
	if j.spare != nil {
		bytes = max(bytes, j.spare.bytes)
	}
	return j.kept()+j.size <= j.o.Keep && j.bytes+bytes <= j.o.Bytes
}

// kept returns how many events are in memory.
func (j *Journal) kept() int {
	if len(j.segments) == 0 {
		return 0
	}
	return int(j.last + 1 - j.segments[0].first)
}

// oldest returns the number of the oldest event in memory, or of the next one
// where there is none.
func (j *Journal) oldest() uint64 { return j.last + 1 - uint64(j.kept()) }

// open adds an empty segment.
func (j *Journal) open() {
	if n := len(j.segments); n > 0 {
		j.segments[n-1].seal()
	}
	s := j.spare
	j.spare = nil
	if s == nil {
		s = newSegment(j.size)
	}
	s.first = j.last + 1
	j.segments = append(j.segments, s)
	j.bytes += s.bytes
	if j.file != nil {
		j.file.hurry(j)
	}
}

// evict forgets the oldest segment. Its memory is used again unless somebody
// still reads from it.
func (j *Journal) evict() {
	s := j.segments[0]
	j.segments = append(j.segments[:0], j.segments[1:]...)
	j.bytes -= s.bytes
	if s.pins == 0 {
		s.reset()
		j.spare = s
	}
}

// waiter is a reader that waits for events. wake is buffered, so that waking
// never blocks.
type waiter struct {
	wake    chan struct{}
	waiting bool
}

// wake wakes everybody who waits. The lock is held.
func (j *Journal) wake() {
	for _, w := range j.waiters {
		j.wakeOne(w)
	}
}

func (j *Journal) wakeOne(w *waiter) {
	if !w.waiting {
		return
	}
	w.waiting = false
	j.waiting--
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// Stats are the counters of a journal.
type Stats struct {
	Appended uint64 // events accepted; also the number of the newest
	Kept     int    // events in memory
	Bytes    int    // memory that they take
	Missed   uint64 // events that slow subscribers were told they missed
	Waits    uint64 // appends that had to wait for the file
	File     FileStats
}

// Stats returns the counters.
func (j *Journal) Stats() Stats {
	j.mu.Lock()
	defer j.mu.Unlock()
	s := Stats{Appended: j.last, Kept: j.kept(), Bytes: j.bytes, Missed: j.missed, Waits: j.waits}
	if j.file != nil {
		s.File = j.file.stats
		s.File.Lost = j.file.lost(j)
		s.File.Behind = j.last - s.File.Written - s.File.Lost - j.file.skipped
	}
	return s
}
