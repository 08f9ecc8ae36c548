package journal

import (
	"unsafe"

	"github.com/acqsim/acqsim/scenarios/transcript"
)

// segmentsKept is how many segments memory has room for at least, so that
// letting go of the oldest one leaves most of the log.
const segmentsKept = 8

// A segment holds up to segmentEvents events, so that memory is taken, let go
// and used again in pieces rather than event by event. slabBytes is about what
// the frames of so many events take.
const (
	segmentEvents = 256
	slabBytes     = 32 << 10
	// spareSlabs are kept when a segment is emptied; a run of large frames
	// must not hold its memory for ever.
	spareSlabs = 2
	// firstRows is what a table of a segment begins with.
	firstRows = 16
)

const eventBytes = int(unsafe.Sizeof(transcript.Event{}))

// segment is a piece of the log. What is in it never changes, so a reader that
// has pinned it reads without the journal's lock.
//
// The events of ordinary exchanges, which are nearly all, are not kept as such:
// they are made when they are read, from the exchange and its reply.
type segment struct {
	first     uint64 // number of the first event
	refs      []ref  // by event, what it is made from
	events    table[transcript.Event]
	exchanges table[transcript.Exchange]
	replies   table[reply]
	raw       slabs[byte]
	secrets   slabs[transcript.Secret]
	postings  slabs[transcript.Posting]
	bytes     int // memory that all of this takes
	pins      int // readers; guarded by the journal's lock
}

// ref is what an event is made from: a kind, and a row of that kind's table.
type ref uint32

const (
	refKind ref = 3 << 30

	wholeEvent    ref = 0 << 30
	receivedEvent ref = 1 << 30
	decidedEvent  ref = 2 << 30
	sentEvent     ref = 3 << 30
)

func (r ref) row() int { return int(r &^ refKind) }

// reply is the reply to an exchange of the same segment.
type reply struct {
	exchange ref
	transcript.Reply
}

// demand is room that something takes in a segment.
type demand struct {
	refs, events, exchanges, replies int
	raw, secrets, postings, text     int
}

func demandOf(e *transcript.Event) demand {
	return demand{refs: 1, events: 1, raw: len(e.Raw), secrets: len(e.Secrets), postings: len(e.Postings),
		text: len(e.Why) + len(e.Text)} // the other strings are shared by many events
}

func newSegment(events int) *segment {
	return &segment{refs: make([]ref, 0, events), bytes: events * int(unsafe.Sizeof(ref(0)))}
}

// segmentBytes is about what a segment of events takes.
func segmentBytes(events int) int { return events * eventBytes }

// full reports whether s takes no further n events: it has its number of them,
// or their frames and texts take more than the given bytes.
func (s *segment) full(n, bytes int) bool {
	return len(s.refs)+n > cap(s.refs) || s.bytes > bytes && !s.empty()
}

func (s *segment) empty() bool { return len(s.refs) == 0 }

// end returns the number after that of the last event.
func (s *segment) end() uint64 { return s.first + uint64(len(s.refs)) }

// hasRoom reports whether what d says fits without more memory.
func (s *segment) hasRoom(d *demand) bool {
	return s.raw.hasRoom(d.raw) && s.exchanges.hasRoom(d.exchanges) && s.replies.hasRoom(d.replies) && s.events.hasRoom(d.events) &&
		s.secrets.hasRoom(d.secrets) && s.postings.hasRoom(d.postings)
}

// needs returns how much memory must be added before d fits.
func (s *segment) needs(d *demand) int {
	return s.raw.needs(d.raw, slabBytes) + s.secrets.needs(d.secrets, slabBytes/8) + s.postings.needs(d.postings, slabBytes/8) +
		s.events.needs(d.events, cap(s.refs)) + s.exchanges.needs(d.exchanges, cap(s.refs)) + s.replies.needs(d.replies, cap(s.refs)) + d.text
}

// reserve makes room for d and returns how much memory that added.
func (s *segment) reserve(d *demand) int {
	more := s.raw.reserve(d.raw, slabBytes) + s.secrets.reserve(d.secrets, slabBytes/8) + s.postings.reserve(d.postings, slabBytes/8) +
		s.events.reserve(d.events, cap(s.refs)) + s.exchanges.reserve(d.exchanges, cap(s.refs)) + s.replies.reserve(d.replies, cap(s.refs)) + d.text
	s.bytes += more
	return more
}

// add copies e, for which room has been reserved.
func (s *segment) add(e *transcript.Event) *transcript.Event {
	kept := s.events.next()
	*kept = *e
	kept.Raw = s.raw.copy(e.Raw)
	kept.Secrets = s.secrets.copy(e.Secrets)
	kept.Postings = s.postings.copy(e.Postings)
	s.refs = append(s.refs, wholeEvent|ref(s.events.len()-1)) //nolint:gosec // few
	return kept
}

// addExchange copies x, for which room has been reserved.
func (s *segment) addExchange(x *transcript.Exchange) {
	kept := s.exchanges.next()
	*kept = *x
	kept.Raw = s.raw.copy(x.Raw)
	row := ref(s.exchanges.len() - 1) //nolint:gosec // few
	s.refs = append(s.refs, receivedEvent|row, decidedEvent|row)
}

// addReply copies the reply to x, for which room has been reserved.
func (s *segment) addReply(x *transcript.Exchange, r *transcript.Reply) {
	kept := s.replies.next()
	if x.Seq >= s.first {
		kept.exchange = ref(s.refs[x.Seq-s.first].row()) //nolint:gosec // few
	} else {
		again := s.exchanges.next()
		*again = *x
		again.Raw = nil                            // it stands with the request
		kept.exchange = ref(s.exchanges.len() - 1) //nolint:gosec // few
	}
	kept.At, kept.Elapsed = r.At, r.Elapsed
	kept.Raw = s.raw.copy(r.Raw)
	s.refs = append(s.refs, sentEvent|ref(s.replies.len()-1)) //nolint:gosec // few
}

// reset empties a segment that nobody reads and that is used again at once.
// What stood in it stays until it is overwritten: to clear it would fetch all of
// it from memory once more.
func (s *segment) reset() {
	s.refs = s.refs[:0]
	s.bytes = cap(s.refs)*int(unsafe.Sizeof(ref(0))) + s.events.reset() + s.exchanges.reset() + s.replies.reset() +
		s.raw.reset() + s.secrets.reset() + s.postings.reset()
}

// seal lets go of what still stands behind the last row of each table, from
// when the segment was used before: it may hold on to memory elsewhere. It is
// called when the segment takes no more.
func (s *segment) seal() {
	s.events.seal()
	s.exchanges.seal()
	s.replies.seal()
}

// table is rows that are added one after the other.
type table[T any] struct {
	rows []T
	used int // rows that hold something, of this use of the memory or the last
}

func (t *table[T]) len() int           { return len(t.rows) }
func (t *table[T]) hasRoom(n int) bool { return cap(t.rows)-len(t.rows) >= n }

// grown is how many rows there is to be room for, so that n more fit.
func (t *table[T]) grown(n, most int) int {
	return max(min(max(2*cap(t.rows), firstRows), most), len(t.rows)+n)
}

// needs returns the bytes that must be added before n more rows fit; most is how
// many there will be at most.
func (t *table[T]) needs(n, most int) int {
	if t.hasRoom(n) {
		return 0
	}
	var one T
	return (t.grown(n, most) - cap(t.rows)) * int(unsafe.Sizeof(one))
}

// reserve is needs, and makes the room. Readers of the old rows keep them.
func (t *table[T]) reserve(n, most int) int {
	bytes := t.needs(n, most)
	if bytes > 0 {
		t.used = 0
		t.rows = append(make([]T, 0, t.grown(n, most)), t.rows...)
	}
	return bytes
}

// next adds a row, whatever that holds.
func (t *table[T]) next() *T {
	t.rows = t.rows[:len(t.rows)+1]
	return &t.rows[len(t.rows)-1]
}

func (t *table[T]) seal() {
	if n := len(t.rows); n < t.used {
		clear(t.rows[n:t.used])
		t.used = n
	}
}

// reset empties the table and returns the bytes that it keeps.
func (t *table[T]) reset() int {
	var one T
	t.used = max(t.used, len(t.rows))
	t.rows = t.rows[:0]
	return cap(t.rows) * int(unsafe.Sizeof(one))
}
