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
)

const eventBytes = int(unsafe.Sizeof(transcript.Event{}))

// segment is a piece of the log. Its events never change once they are in it,
// so a reader that has pinned it reads without the journal's lock.
type segment struct {
	first    uint64 // number of events[0]
	events   []transcript.Event
	raw      slabs[byte]
	secrets  slabs[transcript.Secret]
	postings slabs[transcript.Posting]
	bytes    int // memory that all of this takes
	pins     int // readers; guarded by the journal's lock
}

func newSegment(events int) *segment {
	return &segment{events: make([]transcript.Event, 0, events), bytes: segmentBytes(events)}
}

// segmentBytes is the memory of an empty segment.
func segmentBytes(events int) int { return events * eventBytes }

// full reports whether s takes no more events: it has its number of them, or
// their frames and texts take more than the given bytes.
func (s *segment) full(bytes int) bool {
	return len(s.events) == cap(s.events) || s.bytes > bytes && !s.empty()
}

func (s *segment) empty() bool { return len(s.events) == 0 }

// end returns the number after that of the last event.
func (s *segment) end() uint64 { return s.first + uint64(len(s.events)) }

// needs returns how much memory must be added before e fits.
func (s *segment) needs(e *transcript.Event) int {
	return s.raw.needs(len(e.Raw), slabBytes) + s.secrets.needs(len(e.Secrets), slabBytes/8) +
		s.postings.needs(len(e.Postings), slabBytes/8) + textBytes(e)
}

// textBytes counts the strings that are made for one event; the others are
// shared by many.
func textBytes(e *transcript.Event) int { return len(e.Why) + len(e.Text) }

// reserve makes room for e and returns how much memory that added.
func (s *segment) reserve(e *transcript.Event) int {
	more := s.raw.reserve(len(e.Raw), slabBytes) + s.secrets.reserve(len(e.Secrets), slabBytes/8) +
		s.postings.reserve(len(e.Postings), slabBytes/8) + textBytes(e)
	s.bytes += more
	return more
}

// add copies e, for which room has been reserved.
func (s *segment) add(e *transcript.Event) *transcript.Event {
	n := len(s.events)
	s.events = s.events[:n+1]
	kept := &s.events[n]
	*kept = *e
	kept.Raw = s.raw.copy(e.Raw)
	kept.Secrets = s.secrets.copy(e.Secrets)
	kept.Postings = s.postings.copy(e.Postings)
	return kept
}

// reset empties a segment that nobody reads and that is used again at once.
// What stood in it stays until it is overwritten: to clear it would fetch all of
// it from memory once more.
func (s *segment) reset() {
	s.events = s.events[:0]
	s.bytes = segmentBytes(cap(s.events)) + s.raw.reset() + s.secrets.reset() + s.postings.reset()
}

// slabs are pieces of memory that small slices are cut from.
type slabs[T any] struct {
	all [][]T // the one in use is all[at]
	at  int
}

func (s *slabs[T]) size() int {
	var one T
	return int(unsafe.Sizeof(one))
}

// hasRoom reports whether the slab in use has room for n.
func (s *slabs[T]) hasRoom(n int) bool {
	return n == 0 || s.at < len(s.all) && cap(s.all[s.at])-len(s.all[s.at]) >= n
}

// fits returns the slab, from the one in use on, that has room for n, or the
// number of slabs.
func (s *slabs[T]) fits(n int) int {
	at := s.at
	for at < len(s.all) && cap(s.all[at])-len(s.all[at]) < n {
		at++
	}
	return at
}

func (s *slabs[T]) slab(n, bytes int) int { return max(n, bytes/s.size()) }

// needs returns the bytes of the slab that must be made before n more fit;
// bytes is the usual size of a slab.
func (s *slabs[T]) needs(n, bytes int) int {
	if n == 0 || s.fits(n) < len(s.all) {
		return 0
	}
	return s.slab(n, bytes) * s.size()
}

// reserve is needs, and makes the slab.
func (s *slabs[T]) reserve(n, bytes int) int {
	if n == 0 {
		return 0
	}
	if s.at = s.fits(n); s.at < len(s.all) {
		return 0
	}
	s.all = append(s.all, make([]T, 0, s.slab(n, bytes)))
	return s.slab(n, bytes) * s.size()
}

// copy copies v into the slab in use; nothing stays nil.
func (s *slabs[T]) copy(v []T) []T {
	if len(v) == 0 {
		return nil
	}
	slab := &s.all[s.at]
	from := len(*slab)
	*slab = append(*slab, v...)
	return (*slab)[from:len(*slab):len(*slab)]
}

// reset empties the slabs, keeps the first few and returns their bytes.
func (s *slabs[T]) reset() int {
	if len(s.all) > spareSlabs {
		clear(s.all[spareSlabs:])
		s.all = s.all[:spareSlabs]
	}
	bytes := 0
	for i := range s.all {
		s.all[i] = s.all[i][:0]
		bytes += cap(s.all[i]) * s.size()
	}
	s.at = 0
	return bytes
}
