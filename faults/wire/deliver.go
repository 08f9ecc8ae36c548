package wire

import (
	"container/heap"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/acqsim/acqsim/faults"
)

// Result is what became of a delivery.
type Result struct {
	First, Last time.Time // Options.Now when the first and the last write began; zero: nothing was written
	Written     int       // bytes that the connection took
	Size        int       // bytes that the steps would have written
	Ended       faults.Op // the final step that was done; 0: none

	// Err is why not all of it was done: a *WriteError, or ErrClosed or
	// ErrCancelled. nil: all was done.
	Err error
}

// Delivery is a queued delivery, to cancel it by.
type Delivery struct {
	w      *Writer
	due    time.Duration // since Writer.base
	seq    uint64        // ties keep their order
	steps  []faults.Step // that are left to do
	result Result
	done   func(Result)
	paced  time.Time // when the last gap was to end; zero: none has begun

	once      sync.Once
	cancelled chan struct{}
}

// Deliver queues steps that begin when Options.Now reaches at, or at once if
// it has. What is due at the same time is done in the order of the calls. The
// queue has no limit of its own: see Pending. The writer keeps the steps and
// their bytes: they must not be changed any more.
//
// Other writes pass while the delivery Waits. From the first Write after a
// Wait to the last before the next, Gaps included, it has the connection to
// itself.
//
// done, which may be nil, is called once. It is called from a goroutine of
// the writer, of Cancel or of Close, holds up what comes after it in the
// queue, and may call every method but Close. If the writer is closed or has
// failed already, it is called before Deliver returns.
func (w *Writer) Deliver(at time.Time, steps []faults.Step, done func(Result)) *Delivery {
	d := &Delivery{w: w, steps: steps, done: done, cancelled: make(chan struct{})}
	for _, s := range steps {
		d.result.Size += len(s.Bytes)
	}
	w.mu.Lock()
	if failed := w.failed.Load(); failed != nil {
		d.fail(failed.Err)
	} else if w.closed.Load() {
		d.fail(ErrClosed)
	}
	if d.result.Err != nil {
		w.mu.Unlock()
		d.finish()
		return d
	}
	d.due, d.seq = w.dueLocked(at), w.seq
	w.seq++
	heap.Push(&w.queue, d)
	if w.queue[0] == d && !w.running {
		w.wakeLocked(d.due - time.Since(w.base))
	}
	w.mu.Unlock()
	return d
}

// Cancel ends the delivery where it stands: what was written stays written,
// and nothing more of it is done. One that is done is left alone.
func (d *Delivery) Cancel() {
	d.once.Do(func() { close(d.cancelled) })
	w := d.w
	w.mu.Lock()
	i := slices.Index(w.queue, d)
	if i >= 0 {
		heap.Remove(&w.queue, i)
		w.flying++
	}
	w.mu.Unlock()
	if i < 0 {
		return // not begun, and refused; or under way, and it will see; or done
	}
	d.fail(ErrCancelled)
	d.finish()
	w.mu.Lock()
	w.flying--
	w.drainedLocked()
	w.mu.Unlock()
}

// deliver does the next steps of d, up to a Wait: then it is to be queued
// again, with the time that it is due in place.
func (w *Writer) deliver(d *Delivery) (again bool) {
	held := false
	defer func() {
		if held {
			<-w.line
		}
		if !again {
			d.finish()
		}
	}()
	for len(d.steps) > 0 && d.result.Err == nil {
		s := d.steps[0]
		d.steps = d.steps[1:]
		switch {
		case d.isCancelled():
			d.fail(ErrCancelled)
			return false
		case s.Op == faults.Wait:
			if len(d.steps) > 0 && s.For > 0 {
				d.due = time.Since(w.base) + s.For
				d.paced = time.Time{} // gaps begin anew
				return true
			}
			continue
		case !held:
			w.line <- struct{}{}
			held = true
		}
		switch {
		case s.Op == faults.Write:
			w.put(d, s.Bytes)
		case s.Op == faults.Gap:
			w.pause(d, s.For)
		case s.Op.Final():
			w.endLocked(d, s)
		}
	}
	return false
}

// put writes one piece of a delivery.
func (w *Writer) put(d *Delivery, b []byte) {
	began := w.now() // before the peer can see any of it
	err := w.writeLocked(b, time.Now())
	if err == nil {
		d.result.Last = began
		if d.result.First.IsZero() {
			d.result.First = d.result.Last
		}
		d.result.Written += len(b)
		return
	}
	var failed *WriteError
	if errors.As(err, &failed) {
		d.result.Written += failed.Written
		err = failed.Err
	}
	d.fail(err)
}

// pause waits within a frame, with the line held.
func (w *Writer) pause(d *Delivery, t time.Duration) {
	w.mu.Lock()
	if w.gone == nil && !w.cut.Load() {
		w.gone = make(chan struct{})
	}
	gone := w.gone
	w.mu.Unlock()
	if gone == nil {
		d.fail(ErrClosed)
		return
	}
	timer := time.NewTimer(d.pace(t))
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-d.cancelled:
		d.fail(ErrCancelled)
	case <-gone:
		d.fail(ErrClosed)
	}
}

// pace is how long the next gap has to take, so that the errors of many gaps do
// not add up: each is counted from when the one before was to end, unless that
// would leave less than half of it.
func (d *Delivery) pace(t time.Duration) time.Duration {
	now := time.Now()
	from := now
	if late := now.Sub(d.paced); !d.paced.IsZero() && late > 0 && late < t/2 {
		from = d.paced
	}
	d.paced = from.Add(t)
	return d.paced.Sub(now)
}

// endLocked does a final step. After it every write fails.
func (w *Writer) endLocked(d *Delivery, s faults.Step) {
	if failed := w.failed.Load(); failed != nil {
		d.fail(failed.Err)
		return
	}
	err := w.armLocked(time.Now()) // for a close_notify
	if err == nil {
		err = end(w.conn, s)
	}
	if err != nil {
		d.fail(err)
	}
	d.result.Ended = s.Op
	w.failed.Store(&WriteError{Err: &EndedError{Op: s.Op}})
	if w.ended != nil {
		w.ended(s)
	}
	d.steps = nil
}

func (d *Delivery) isCancelled() bool {
	select {
	case <-d.cancelled:
		return true
	default:
		return false
	}
}

// fail gives the delivery up. Reasons that are no sentinel are told as a
// *WriteError of this delivery.
func (d *Delivery) fail(err error) {
	if err == ErrClosed || err == ErrCancelled { //nolint:errorlint // the sentinels themselves
		d.result.Err = err
		return
	}
	d.result.Err = &WriteError{Written: d.result.Written, Size: d.result.Size, Err: err}
}

func (d *Delivery) finish() {
	if d.done != nil {
		d.done(d.result)
	}
}
