package wire

import (
	"container/heap"
	"context"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/acqsim/acqsim/faults"
)

// Writer owns the write side of one connection and a queue of what is to be
// written later. Its methods may be called from any goroutine.
//
// What waits in the queue holds up nobody: a later Write overtakes it. Between
// its first byte and its last, one write has the connection to itself.
//
// A Writer with an empty queue has no goroutine and no timer; one that waits
// has a timer.
type Writer struct {
	conn    net.Conn
	timeout time.Duration
	now     func() time.Time
	ended   func(faults.Step)
	base    time.Time // due times are counted from here

	// line is held while bytes go out. It is a channel and not a mutex so that
	// waiting for it lets the fake time of testing/synctest run on.
	line  chan struct{}
	armed time.Time // the connection's write deadline; under line

	closed atomic.Bool                // Close was called
	cut    atomic.Bool                // its context ended: give up
	failed atomic.Pointer[WriteError] // the first write that failed

	mu      sync.Mutex // guards what follows; never held while bytes go out
	queue   deliveries
	seq     uint64
	offset  time.Duration // by how much now is ahead of the real time
	timer   *time.Timer   // runs run when the first delivery is due
	gone    chan struct{} // closed when the queue is given up; made by the first gap
	running bool          // run is at work
	flying  int           // deliveries that have left the queue and are not done
	dropped int
	drained chan struct{} // made by Close; closed when nothing is left
}

// NewWriter returns a writer that owns the write side of c, its write deadline
// included.
func NewWriter(c net.Conn, o Options) *Writer {
	if o.Timeout <= 0 {
		o.Timeout = DefaultTimeout
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Writer{conn: c, timeout: o.Timeout, now: o.Now, ended: o.Ended, base: time.Now(), line: make(chan struct{}, 1)}
}

// Write writes b now, in one write of the connection, and blocks for as long
// as the peer does not read, but not beyond twice Options.Timeout. The first error,
// a *WriteError, is final: nothing of any later Write leaves, nor of what is
// queued, and each fails with a *WriteError of its own that wraps the same
// Err. After Close it returns ErrClosed.
func (w *Writer) Write(b []byte) error { return w.WriteNow(b, time.Now()) }

// WriteNow is Write for who has just asked what time it is: now is the time.
func (w *Writer) WriteNow(b []byte, now time.Time) error {
	select {
	case w.line <- struct{}{}:
	default:
		w.line <- struct{}{}
		now = time.Now() // it may have waited for long
	}
	if w.closed.Load() {
		<-w.line
		return ErrClosed
	}
	err := w.writeLocked(b, now)
	<-w.line
	if err != nil {
		w.kick()
	}
	return err
}

func (w *Writer) writeLocked(b []byte, now time.Time) error {
	if failed := w.failed.Load(); failed != nil {
		return failed.later(b)
	}
	if len(b) == 0 {
		return nil
	}
	return w.finishLocked(b, 0, now)
}

// finishLocked writes what is left of b.
func (w *Writer) finishLocked(b []byte, written int, now time.Time) error {
	n, err := 0, w.armLocked(now)
	if err == nil {
		n, err = w.conn.Write(b[written:])
	}
	return w.failLocked(b, written+n, err)
}

func (w *Writer) failLocked(b []byte, written int, err error) error {
	if err == nil {
		return nil
	}
	failed := &WriteError{Written: written, Size: len(b), Err: err}
	w.failed.Store(failed)
	return failed
}

// armLocked sees to it that the write deadline is at least one timeout away
// and at most two. A busy connection sets it once per timeout and not with
// every write.
func (w *Writer) armLocked(now time.Time) error {
	if w.armed.Sub(now) >= w.timeout {
		return nil
	}
	w.armed = now.Add(2 * w.timeout)
	if err := w.conn.SetWriteDeadline(w.armed); err != nil {
		return err
	}
	if w.cut.Load() {
		// Close's own deadline may just have been overwritten.
		return w.conn.SetWriteDeadline(past)
	}
	return nil
}

var (
	past       = time.Unix(1, 0)
	noDeadline = time.Time{}
)

// WriteAt queues a copy of b to be written when Options.Now reaches at: a
// delivery of one Write, see Deliver. done, which may be nil, is called once:
// with the time of writing, or with the zero time and the error.
func (w *Writer) WriteAt(at time.Time, b []byte, done func(written time.Time, err error)) {
	var told func(Result)
	if done != nil {
		told = func(r Result) { done(r.Last, r.Err) }
	}
	w.Deliver(at, []faults.Step{{Op: faults.Write, Bytes: append([]byte(nil), b...)}}, told)
}

// clockStep is from what difference on the clock has been put forward or back;
// less is two readings that were not taken at the same instant.
const clockStep = 50 * time.Millisecond

// dueLocked turns a time of the writer's clock into one since base. Equal
// times stay equal, which a delay from now would not keep.
func (w *Writer) dueLocked(at time.Time) time.Duration {
	offset := clamp(w.now().Sub(w.base)) - time.Since(w.base)
	if step := offset - w.offset; step > clockStep || step < -clockStep {
		w.offset = offset
	}
	return clamp(at.Sub(w.base)) - w.offset
}

// clamp keeps a duration so far from the ends of its range (73 years) that
// adding two of them does not overflow.
func clamp(d time.Duration) time.Duration {
	const far = 1 << 61
	return min(max(d, -far), far)
}

// wakeLocked has run called in d.
func (w *Writer) wakeLocked(d time.Duration) {
	if w.timer == nil {
		w.timer = time.AfterFunc(d, w.run)
		return
	}
	w.timer.Reset(d)
}

// kick has run called now, if there is anything for it to do.
func (w *Writer) kick() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.queue) > 0 && !w.running {
		w.wakeLocked(0)
	}
}

// run writes what is due and sets the timer for the rest. Only one is at work
// at a time.
func (w *Writer) run() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.running {
		return
	}
	w.running = true
	for len(w.queue) > 0 {
		d := w.queue[0]
		if failed := w.failed.Load(); failed != nil {
			d.fail(failed.Err)
		} else if w.cut.Load() {
			d.fail(ErrClosed)
			w.dropped++
		} else if wait := d.due - time.Since(w.base); wait > 0 {
			w.wakeLocked(wait)
			break
		}
		heap.Pop(&w.queue)
		w.flying++
		w.mu.Unlock()
		again := w.deliver(d)
		w.mu.Lock()
		w.flying--
		if again {
			heap.Push(&w.queue, d)
		}
	}
	w.running = false
	w.drainedLocked()
}

// Pending returns how many deliveries have been queued and are not done. Who
// reads requests from the same peer can stop while there are too many.
func (w *Writer) Pending() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.queue) + w.flying
}

// Close accepts nothing more, waits until what is queued has been delivered,
// and returns. When ctx ends first, it cuts off a write that blocks and drops
// the rest: done gets ErrClosed for each. Afterwards the writer does nothing
// any more. Close does not close the connection.
//
// The error is nil if everything was delivered. It may be called more than
// once, but not from a done function.
func (w *Writer) Close(ctx context.Context) error {
	w.mu.Lock()
	w.closed.Store(true)
	if w.drained == nil {
		w.drained = make(chan struct{})
		w.drainedLocked()
	}
	w.mu.Unlock()

	gaveUp := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(gaveUp)
		w.GiveUp()
	})
	<-w.drained
	w.line <- struct{}{} // after a Write that was under way
	failed := w.failed.Load()
	<-w.line
	if !stop() {
		<-gaveUp
	}
	if failed != nil {
		return failed
	}

	w.mu.Lock()
	defer w.mu.Unlock()
	if w.dropped > 0 {
		return fmt.Errorf("%w with %d deliveries still queued: %w", ErrClosed, w.dropped, context.Cause(ctx))
	}
	return nil
}

// drainedLocked lets Close go on once nothing is left.
func (w *Writer) drainedLocked() {
	if w.drained == nil || w.running || len(w.queue) > 0 {
		return
	}
	select {
	case <-w.drained:
	default:
		close(w.drained)
	}
	if w.timer != nil {
		w.timer.Stop()
	}
}

// GiveUp ends a write or a gap that is under way and empties the queue: done
// gets ErrClosed for each delivery, and for those that come later. It does not
// wait for it, and may be called more than once. Close is still needed.
func (w *Writer) GiveUp() {
	// The flag goes first: whoever sets a deadline after ours sees it.
	w.cut.Store(true)
	w.mu.Lock()
	if w.gone != nil {
		close(w.gone)
		w.gone = nil
	}
	w.mu.Unlock()
	_ = w.conn.SetWriteDeadline(past) // fails only on a closed connection, which ends a write too
	w.run()
}

// deliveries is a heap, the first due first.
type deliveries []*Delivery

func (q deliveries) Len() int { return len(q) }
func (q deliveries) Less(i, j int) bool {
	return q[i].due < q[j].due || q[i].due == q[j].due && q[i].seq < q[j].seq
}
func (q deliveries) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q *deliveries) Push(d any)   { *q = append(*q, d.(*Delivery)) }
func (q *deliveries) Pop() any {
	last := len(*q) - 1
	d := (*q)[last]
	(*q)[last] = nil
	*q = (*q)[:last]
	return d
}
