package simulator

import (
	"runtime"
	"sync"
	"time"

	"github.com/acqsim/acqsim/faults"
	"github.com/acqsim/acqsim/simulator/frame"
)

// crowdTime is how close together requests of different connections come where they
// are answered together. It costs a change of goroutines, and saves three times as
// much: what answers a request is in no cache any more once the sockets of another
// connection have been at work.
const crowdTime = 100 * time.Microsecond

// promptTime is how long a connection that is alone stays awake for its next
// request, if the last one came as soon after the reply before it. To be woken up
// takes about half of it, on a virtual machine. Real terminals are not as prompt.
const promptTime = 100 * time.Microsecond

// crowd answers single requests of many connections together, and learns who is
// alone. Each connection has its lane, which answers requests in the order in which
// they came; there are as many as processors.
type crowd []lane

func newCrowd() crowd { return make(crowd, runtime.GOMAXPROCS(0)) }

// lane is where requests gather while those before them are answered.
type lane struct {
	mu         sync.Mutex
	waiting    []arrival
	bytes      []byte    // of their frames
	spare      []arrival // and spareBytes: those that are being answered
	spareBytes []byte
	busy       bool          // run is at work
	wake       chan struct{} // has run work; nil: it has not been started
	last       uint64        // number of the connection that came last; 0: none has
	lastAt     time.Time

	_ [64]byte // lanes are used by different processors
}

// mostSpare is from how many bytes on the room for frames is not kept.
const mostSpare = 1 << 20

// arrival is a request that has been read.
type arrival struct {
	c  *conn
	f  frame.Frame
	at time.Time
}

// join notes that a request of c has come, and whether c is alone. If it is not,
// and the request is the only one that c has sent, join takes it to be answered
// with others'. What it has taken it gives back, see conn.giveBack.
func (l *lane) join(c *conn, f frame.Frame, at time.Time, single bool) (joined, alone bool) {
	l.mu.Lock()
	alone = l.withoutLocked(c, at)
	l.last, l.lastAt = c.n, at
	if alone || !single {
		l.mu.Unlock()
		return false, alone
	}
	f, l.bytes = f.AppendTo(l.bytes)
	l.waiting = append(l.waiting, arrival{c, f, at})
	asleep := !l.busy
	l.busy = true
	if l.wake == nil {
		l.wake = make(chan struct{}, 1)
		go l.run()
	}
	l.mu.Unlock()
	if asleep {
		l.wake <- struct{}{}
	}
	return true, false
}

// withoutLocked reports whether nobody but c has sent requests lately.
func (l *lane) withoutLocked(c *conn, at time.Time) bool {
	return !l.busy && (l.last == 0 || l.last == c.n || at.Sub(l.lastAt) >= crowdTime)
}

// without is withoutLocked for all lanes.
func (cr crowd) without(c *conn, at time.Time) bool {
	for i := range cr {
		l := &cr[i]
		l.mu.Lock()
		without := l.withoutLocked(c, at)
		l.mu.Unlock()
		if !without {
			return false
		}
	}
	return true
}

// close ends run, once there are no connections any more.
func (cr crowd) close() {
	for i := range cr {
		l := &cr[i]
		l.mu.Lock()
		if l.wake != nil {
			close(l.wake)
		}
		l.mu.Unlock()
	}
}

// run answers what gathers.
func (l *lane) run() {
	for range l.wake {
		l.answerAll()
	}
}

// answerAll answers what has gathered, until nothing has.
func (l *lane) answerAll() {
	for {
		// Connections that are ready to read have read when this goes on.
		runtime.Gosched()
		l.mu.Lock()
		all, frames := l.waiting, l.bytes
		l.waiting, l.bytes = l.spare[:0], l.spareBytes[:0]
		l.spare, l.spareBytes = all, frames
		l.busy = len(all) > 0
		l.mu.Unlock()
		if len(all) == 0 {
			return
		}
		for rest := all; len(rest) > 0; {
			n := min(len(rest), maxBatch)
			l.answer(rest[:n])
			rest = rest[n:]
		}
		clear(all) // connections may end
		if cap(frames) > mostSpare {
			l.spareBytes = nil
		}
	}
}

// answer answers requests of as many connections.
func (l *lane) answer(all []arrival) {
	s := all[0].c.s
	b := newBatch(s)
	defer b.putAway()
	asks := s.watches(faults.Requesting)
	for i := range all {
		a := &all[i]
		b.open(a.c)
		if x := b.take(a.f, a.at); asks && x.end == decided && s.o.Planner.Concerns(named(a.c.sight(x.req.Terminal))) {
			b.drop()
			// A fault may take its time. The others don't wait for it.
			a.f, _ = a.f.AppendTo(nil)
			go a.c.answerLater(*a)
		}
	}
	if len(b.parts) == 0 {
		return
	}
	b.together = true
	b.answer(false)
	for i := range b.parts {
		p := &b.parts[i]
		if p.rest != nil {
			go b.waiting(p).finishWriting()
			continue
		}
		p.c.giveBack(p.failure())
	}
}

// drop takes the part that was opened last out of the batch.
func (b *batch) drop() {
	b.c.messages -= uint64(b.part.to - b.part.from) //nolint:gosec // positive
	for _, x := range b.all[b.part.from:b.n] {
		x.forget()
	}
	b.n = b.part.from
	b.parts = b.parts[:len(b.parts)-1]
}

// answerLater answers a request that was not answered with others.
func (c *conn) answerLater(a arrival) {
	b := newBatch(c.s)
	defer b.putAway()
	b.open(c)
	b.take(a.f, a.at)
	b.answer(true)
	c.giveBack(b.parts[0].failure())
}

// handOver gives a request to be answered with others', if there are any. Until
// takeBack the connection is theirs: its own goroutine only reads.
func (c *conn) handOver(f frame.Frame, at, answered time.Time) bool {
	if c.eager == nil {
		return false
	}
	if c.back == nil {
		c.back = make(chan error, 1)
	}
	lane := &c.s.crowd[c.n%uint64(len(c.s.crowd))]
	var alone bool
	c.handed, alone = lane.join(c, f, at, !c.r.Ready())
	if prompt := at.Sub(answered) < promptTime; prompt && alone && c.s.crowd.without(c, at) {
		c.eager.StayAwake(promptTime)
	} else {
		c.eager.StayAwake(0)
	}
	return c.handed
}

// giveBack ends what handOver began; err is why the connection has to end.
func (c *conn) giveBack(err error) {
	if err != nil {
		c.r.Interrupt() // it may be reading
	} else {
		c.wait.begin(c)
	}
	c.back <- err
}

// takeBack waits until a request that was handed over is answered.
func (c *conn) takeBack() error {
	if !c.handed {
		return nil
	}
	c.handed = false
	return <-c.back
}
