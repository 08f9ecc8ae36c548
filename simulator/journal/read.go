package journal

import (
	"context"
	"errors"
	"io"
	"slices"

	"github.com/acqsim/acqsim/scenarios/transcript"
)

// ErrClosed is what a subscription returns once its journal, or it itself, is
// closed and everything before that has been read.
var ErrClosed = errors.New("journal: closed")

// batch is how many events a subscription returns at once at most.
const batch = 1024

// Since returns events after the one numbered seq, at most max of them (all
// where max is 0 or less), and how many between seq and the first of them have
// left memory. The events are copies: they stay as they are.
func (j *Journal) Since(seq uint64, max int) (events []transcript.Event, missed uint64) {
	v := j.view(seq+1, max)
	defer j.release(v)
	return v.copy(), v.missed
}

// view is a stretch of the log that is pinned for reading.
type view struct {
	parts  []part // the stretch, by segment
	missed uint64 // asked for, but no longer there
	next   uint64 // number after the last event
}

// part is the part of a view that is in one segment, as it was when the view was
// taken.
type part struct {
	segment   *segment
	first     uint64 // number of the first event
	refs      []ref
	events    []transcript.Event
	exchanges []transcript.Exchange
	replies   []reply
}

// event makes e the i-th event. What its slices hold is the log's, or in buf,
// which has room for the postings of an exchange.
func (p *part) event(i int, e *transcript.Event, buf *[2]transcript.Posting) {
	r := p.refs[i]
	switch r & refKind {
	case receivedEvent:
		p.exchanges[r.row()].Received(e)
	case decidedEvent:
		p.exchanges[r.row()].Decided(e, buf[:0])
	case sentEvent:
		reply := &p.replies[r.row()]
		p.exchanges[reply.exchange].Sent(e, &reply.Reply)
	default:
		*e = p.events[r.row()]
	}
	e.Seq = p.first + uint64(i) //nolint:gosec // never negative
}

// view pins at most max events from number from on. Release it after reading.
func (j *Journal) view(from uint64, max int) view {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.viewLocked(from, max)
}

func (j *Journal) viewLocked(from uint64, max int) view {
	v := view{next: from}
	if oldest := j.oldest(); from < oldest {
		v.missed = oldest - from
		v.next = oldest
	}
	at, _ := slices.BinarySearchFunc(j.segments, v.next, func(s *segment, seq uint64) int {
		if s.end() <= seq {
			return -1
		}
		return 1
	})
	left := max
	for _, s := range j.segments[at:] {
		if max > 0 && left <= 0 {
			break
		}
		refs := s.refs[v.next-s.first:]
		if max > 0 && len(refs) > left {
			refs = refs[:left]
		}
		left -= len(refs)
		s.pins++
		v.parts = append(v.parts, part{s, v.next, refs, s.events.rows, s.exchanges.rows, s.replies.rows})
		v.next += uint64(len(refs))
	}
	return v
}

func (j *Journal) release(v view) {
	j.mu.Lock()
	for i := range v.parts {
		v.parts[i].segment.pins--
	}
	j.mu.Unlock()
}

// copy copies the events, and what they point to, out of the log's memory.
func (v view) copy() []transcript.Event {
	var events, raw, secrets, postings int
	var e transcript.Event
	var buf [2]transcript.Posting
	for p := range v.parts {
		for i := range v.parts[p].refs {
			v.parts[p].event(i, &e, &buf)
			events++
			raw += len(e.Raw)
			secrets += len(e.Secrets)
			postings += len(e.Postings)
		}
	}
	if events == 0 {
		return nil
	}
	out := make([]transcript.Event, events)
	rawSlab := make([]byte, 0, raw)
	secretSlab := make([]transcript.Secret, 0, secrets)
	postingSlab := make([]transcript.Posting, 0, postings)
	n := 0
	for p := range v.parts {
		for i := range v.parts[p].refs {
			e := &out[n]
			n++
			v.parts[p].event(i, e, &buf)
			rawSlab, e.Raw = cut(rawSlab, e.Raw)
			secretSlab, e.Secrets = cut(secretSlab, e.Secrets)
			postingSlab, e.Postings = cut(postingSlab, e.Postings)
		}
	}
	return out
}

// cut copies v to the end of slab, which has room, and returns the copy.
func cut[T any](slab, v []T) (longer, copied []T) {
	if len(v) == 0 {
		return slab, nil
	}
	from := len(slab)
	slab = append(slab, v...)
	return slab, slab[from:len(slab):len(slab)]
}

// Export writes the events in memory after the one numbered seq to w, as a
// transcript in JSON Lines. Events that come meanwhile are not in it. It returns
// how many of those asked for had left memory, before or during the export.
func (j *Journal) Export(w io.Writer, seq uint64) (missed uint64, err error) {
	j.mu.Lock()
	last := j.last
	j.mu.Unlock()
	e := transcript.NewEncoder(w, transcript.Header{Started: j.o.Now(), Program: j.o.Program})
	for err == nil && seq < last {
		v := j.view(seq+1, int(min(last-seq, segmentEvents)))
		missed += min(v.missed, last-seq)
		seq = v.next - 1
		err = v.encode(e, last)
		j.release(v)
	}
	if err == nil {
		err = e.Flush()
	}
	return missed, err
}

// encode writes the events up to the one numbered last.
func (v view) encode(e *transcript.Encoder, last uint64) error {
	var one transcript.Event
	var buf [2]transcript.Posting
	for p := range v.parts {
		for i := range v.parts[p].refs {
			v.parts[p].event(i, &one, &buf)
			if one.Seq > last {
				return nil
			}
			if err := e.Encode(&one); err != nil {
				return err
			}
		}
	}
	return nil
}

// Subscription follows a journal live. One goroutine at a time may call Next;
// Close may come from any.
type Subscription struct {
	j      *Journal
	w      *waiter
	buffer uint64
	// next and closed are guarded by the journal's lock.
	next   uint64
	closed bool
}

// Subscribe follows the journal from the next event on. A subscriber that is
// more than buffer events behind skips the oldest of them and is told how many;
// 0 or less stands for as many as the journal keeps. Close the subscription
// after use.
func (j *Journal) Subscribe(buffer int) *Subscription {
	return j.subscribe(buffer, func() uint64 { return j.last + 1 })
}

// SubscribeAfter is Subscribe for a reader that has seen everything up to the
// event numbered seq, or nothing where seq is 0.
func (j *Journal) SubscribeAfter(seq uint64, buffer int) *Subscription {
	return j.subscribe(buffer, func() uint64 { return seq + 1 })
}

func (j *Journal) subscribe(buffer int, next func() uint64) *Subscription {
	s := &Subscription{j: j, w: &waiter{wake: make(chan struct{}, 1)}, buffer: uint64(max(buffer, 0))}
	j.mu.Lock()
	defer j.mu.Unlock()
	s.next = next()
	j.waiters = append(j.waiters, s.w)
	return s
}

// Next waits for events and returns at most 1,024 of them, and how many the
// subscriber missed right before the first of them. It returns ErrClosed once
// the journal is closed and read to its end, or the subscription closed, and
// the context's error when that ends first. The events are copies.
func (s *Subscription) Next(ctx context.Context) (events []transcript.Event, missed uint64, err error) {
	for {
		if v, ok := s.take(); ok {
			defer s.j.release(v)
			return v.copy(), v.missed, nil
		}
		if s.ended() {
			return nil, 0, ErrClosed
		}
		select {
		case <-s.w.wake:
		case <-ctx.Done():
			s.stopWaiting()
			return nil, 0, ctx.Err()
		}
	}
}

// take pins what there is to read, or makes the subscription wait.
func (s *Subscription) take() (view, bool) {
	j := s.j
	j.mu.Lock()
	defer j.mu.Unlock()
	if s.closed {
		return view{}, false
	}
	if s.next > j.last {
		if !j.closed && !s.w.waiting {
			s.w.waiting = true
			j.waiting++
		}
		return view{}, false
	}
	from := s.next
	if behind := j.last + 1 - from; s.buffer > 0 && behind > s.buffer {
		from += behind - s.buffer
	}
	v := j.viewLocked(from, batch)
	v.missed += from - s.next
	s.next = v.next
	j.missed += v.missed
	return v, true
}

func (s *Subscription) ended() bool {
	s.j.mu.Lock()
	defer s.j.mu.Unlock()
	return s.closed || s.j.closed && s.next > s.j.last
}

func (s *Subscription) stopWaiting() {
	s.j.mu.Lock()
	defer s.j.mu.Unlock()
	s.j.forget(s.w)
}

// forget makes a waiter wait no longer. The lock is held.
func (j *Journal) forget(w *waiter) {
	if w.waiting {
		w.waiting = false
		j.waiting--
	}
}

// Close ends the subscription; a Next that waits returns ErrClosed. Closing
// again does nothing.
func (s *Subscription) Close() {
	j := s.j
	j.mu.Lock()
	defer j.mu.Unlock()
	if s.closed {
		return
	}
	s.closed = true
	j.forget(s.w)
	j.waiters = slices.DeleteFunc(j.waiters, func(w *waiter) bool { return w == s.w })
	select {
	case s.w.wake <- struct{}{}:
	default:
	}
}
