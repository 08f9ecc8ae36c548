package journal

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sort"
	"syscall"
	"time"

	"github.com/acqsim/acqsim/scenarios/transcript"
)

// The file is written by a goroutine of its own, which follows the log with a
// cursor and encodes there: encoding in Append would cost every message more
// than all the rest of the journal, and would still have to hand its bytes to
// another goroutine. The log in memory is the queue, so no second one can
// overflow; where the file lags a whole memory behind, appends wait for it.
const (
	// collect is how long events gather before they are written.
	collect = 100 * time.Millisecond
	// writeBytes is about how much is encoded for one write.
	writeBytes = 256 << 10
	// troubleEvery is the least time between two reports of the same trouble.
	troubleEvery = 30 * time.Second
)

// file is the writing side of a journal. What the lock guards is guarded by
// the journal's.
type file struct {
	w    io.Writer
	stop chan struct{}
	done chan struct{}
	rush chan struct{} // buffered: don't wait for more events

	// Guarded by the lock.
	next    uint64 // number of the first event not taken yet
	skipped uint64 // events before the file's first
	stats   FileStats
	room    chan struct{} // closed when the file has moved on; nil: nobody waits
	told    time.Time     // when trouble was reported last
	err     error         // of Close

	// Only the goroutine uses these.
	pending []byte // encoded, not written
	ends    []int  // in pending, behind each event's line
	// what is encoded at the moment
	event    transcript.Event
	postings [2]transcript.Posting
}

// Persist writes all events, from the oldest that is kept, to w as a
// transcript in JSON Lines. The header comes first. Events are written at most
// 200 ms after they came, and on Close; w is closed then if it is an
// io.Closer. A journal has one file at most.
//
// While w fails, nothing stops: events gather in memory, and w is tried again.
// Events that leave memory meanwhile are counted as lost, and an event of kind
// Missing stands in their place.
func (j *Journal) Persist(w io.Writer, name string) error {
	return j.persist(w, name, nil)
}

// persist is Persist with something to write before the header.
func (j *Journal) persist(w io.Writer, name string, first []byte) error {
	head := transcript.Header{Started: j.o.Now(), Program: j.o.Program}
	f := &file{
		w:       w,
		stop:    make(chan struct{}),
		done:    make(chan struct{}),
		rush:    make(chan struct{}, 1),
		pending: transcript.AppendHeader(first, head),
	}
	f.stats.Name = name
	j.mu.Lock()
	defer j.mu.Unlock()
	switch {
	case j.closed:
		return ErrClosed
	case j.file != nil:
		return ErrPersisting
	}
	f.next = j.oldest()
	f.skipped = f.next - 1
	j.file = f
	waiter := &waiter{wake: make(chan struct{}, 1)}
	j.waiters = append(j.waiters, waiter)
	go f.run(j, waiter)
	return nil
}

// holds reports whether s has events that the file still needs. The lock is
// held.
func (f *file) holds(s *segment) bool { return !f.stats.Failing && s.end() > f.next }

// hurry makes the file write now where it is far behind. The lock is held.
func (f *file) hurry(j *Journal) {
	kept := uint64(j.kept())
	filled := j.kept() > j.o.Keep/2 || j.bytes > j.o.Bytes/2
	if behind := j.last + 1 - f.next; filled && behind > kept/4 {
		select {
		case f.rush <- struct{}{}:
		default:
		}
	}
}

// waitForFile lets go of the lock until the file has moved on or has stalled.
func (j *Journal) waitForFile() {
	f := j.file
	if f.room == nil {
		f.room = make(chan struct{})
	}
	room := f.room
	j.waits++
	select {
	case f.rush <- struct{}{}:
	default:
	}
	j.mu.Unlock()
	stall := time.NewTimer(j.o.Stall)
	defer stall.Stop()
	moved := true
	select {
	case <-room:
	case <-stall.C:
		moved = false
	}
	j.mu.Lock()
	if moved || f.stats.Failing {
		return
	}
	f.fail(j, ErrStalled)
}

// fail notes an error of the file and reports it, if that wasn't done just now.
// The lock is held, but let go for the report.
func (f *file) fail(j *Journal, err error) {
	f.stats.Failing = true
	f.stats.Errors++
	f.stats.LastError = err
	f.moveOn()
	if now := time.Now(); f.told.IsZero() || now.Sub(f.told) >= troubleEvery {
		f.told = now
		f.report(j, err)
	}
}

func (f *file) report(j *Journal, err error) {
	t := Trouble{File: f.stats.Name, Err: err, Lost: f.lost(j)}
	j.mu.Unlock()
	defer j.mu.Lock()
	j.o.OnTrouble(t)
}

// lost counts the events that are missing from the file, those included that
// it has yet to notice. The lock is held.
func (f *file) lost(j *Journal) uint64 {
	return f.stats.Lost + max(j.oldest(), f.next) - f.next
}

// moveOn lets waiting appends look again. The lock is held.
func (f *file) moveOn() {
	if f.room != nil {
		close(f.room)
		f.room = nil
	}
}

// run writes until the journal is closed, and then what is left.
func (f *file) run(j *Journal, w *waiter) {
	defer close(f.done)
	for stopped := false; !stopped; {
		stopped = f.wait(j, w)
		for f.encode(j) {
			err := f.write(j)
			if err == nil {
				continue
			}
			if stopped {
				f.finish(j, err)
				return
			}
			stopped = f.pause(j.o.Retry)
		}
	}
	f.finish(j, nil)
}

// wait waits for events, and then a little for more of them. It reports
// whether the journal is closed.
func (f *file) wait(j *Journal, w *waiter) (stopped bool) {
	j.mu.Lock()
	if idle := f.next > j.last && len(f.pending) == 0; idle {
		if !w.waiting {
			w.waiting = true
			j.waiting++
		}
		j.mu.Unlock()
		select {
		case <-w.wake:
		case <-f.stop:
			return true
		}
	} else {
		j.mu.Unlock()
	}
	more := time.NewTimer(collect)
	defer more.Stop()
	select {
	case <-more.C:
	case <-f.rush:
	case <-f.stop:
		return true
	}
	return false
}

// pause waits before a failing file is tried again. It reports whether the
// journal was closed meanwhile; then the file is tried once more.
func (f *file) pause(d time.Duration) (stopped bool) {
	retry := time.NewTimer(d)
	defer retry.Stop()
	select {
	case <-retry.C:
		return false
	case <-f.stop:
		return true
	}
}

// encode fills pending up with the next events and reports whether there is
// anything to write. What could not be written before comes first; it may begin
// in the middle of a line, so that nothing in the file is torn.
func (f *file) encode(j *Journal) bool {
	for len(f.pending) < writeBytes {
		v, gap := f.take(j)
		if gap.Lost > 0 {
			f.pending = append(transcript.AppendJSON(f.pending, &gap), '\n')
		}
		events := 0
		for p := range v.parts {
			for i := range v.parts[p].refs {
				v.parts[p].event(i, &f.event, &f.postings)
				f.pending = append(transcript.AppendJSON(f.pending, &f.event), '\n')
				f.ends = append(f.ends, len(f.pending))
			}
			events += len(v.parts[p].refs)
		}
		j.release(v)
		if events == 0 {
			break
		}
	}
	return len(f.pending) > 0
}

// take pins the next events, which may leave the log's memory from now on. The
// gap, if its Lost isn't 0, stands for those before them that have left it
// already.
func (f *file) take(j *Journal) (v view, gap transcript.Event) {
	j.mu.Lock()
	defer j.mu.Unlock()
	v = j.viewLocked(f.next, segmentEvents)
	if v.missed > 0 {
		f.stats.Lost += v.missed
		gap = transcript.Event{
			Seq:   f.next + v.missed - 1,
			At:    j.o.Now(),
			Kind:  transcript.Missing,
			Actor: transcript.Acqsim,
			Lost:  v.missed,
			Why:   "could not be written",
		}
		if f.stats.LastError != nil {
			gap.Why += ": " + f.stats.LastError.Error()
		}
	}
	f.next = v.next
	f.moveOn()
	return v, gap
}

// write writes what is pending. What could not be written stays pending.
func (f *file) write(j *Journal) error {
	n, err := f.w.Write(f.pending)
	if err == nil && n < len(f.pending) {
		err = io.ErrShortWrite
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	f.wrote(min(max(n, 0), len(f.pending)))
	if err != nil {
		f.fail(j, err)
		return err
	}
	if f.stats.Failing {
		f.stats.Failing = false
		f.told = time.Time{}
		f.report(j, nil)
	}
	return nil
}

// wrote forgets the first n bytes of what is pending, and counts the events that
// are in the file with them: whole lines only. The lock is held.
func (f *file) wrote(n int) {
	whole := sort.SearchInts(f.ends, n+1)
	f.stats.Written += uint64(whole)
	f.ends = f.ends[:copy(f.ends, f.ends[whole:])]
	for i := range f.ends {
		f.ends[i] -= n
	}
	f.pending = f.pending[:copy(f.pending, f.pending[n:])]
}

// finish counts what never got into the file and closes it.
func (f *file) finish(j *Journal, err error) {
	if s, ok := f.w.(interface{ Sync() error }); ok && err == nil {
		// Pipes and devices can't be synced, and needn't be.
		if err = s.Sync(); errors.Is(err, errors.ErrUnsupported) || errors.Is(err, syscall.EINVAL) {
			err = nil
		}
	}
	if c, ok := f.w.(io.Closer); ok {
		err = errors.Join(err, c.Close())
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	f.moveOn()
	f.stats.Lost = j.last - f.skipped - f.stats.Written
	f.next = j.last + 1
	if err == nil && f.stats.Lost > 0 {
		err = f.stats.LastError
	}
	if err != nil {
		f.err = fmt.Errorf("journal: %s: %d of %d events are missing from the file: %w",
			f.stats.Name, f.stats.Lost, j.last-f.skipped, err)
	}
}

// Close refuses further events, lets subscribers read to the end, writes what is
// left to the file and closes it. Its error says what is missing from the file;
// where the context ends first, the file is left to finish by itself. Closing
// again waits again and returns the same.
func (j *Journal) Close(ctx context.Context) error {
	j.mu.Lock()
	f := j.file
	if !j.closed {
		j.closed = true
		for _, w := range j.waiters {
			j.wakeOne(w)
		}
		if f != nil {
			close(f.stop)
			f.moveOn()
		}
	}
	j.mu.Unlock()
	if f == nil {
		return nil
	}
	select {
	case <-f.done:
		return f.err
	case <-ctx.Done():
		return fmt.Errorf("journal: %s is not finished: %w", f.stats.Name, ctx.Err())
	}
}
