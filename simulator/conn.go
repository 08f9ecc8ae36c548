package simulator

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"runtime"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/acqsim/acqsim/faults"
	"github.com/acqsim/acqsim/faults/wire"
	"github.com/acqsim/acqsim/scenarios/transcript"
	"github.com/acqsim/acqsim/simulator/dialect"
	"github.com/acqsim/acqsim/simulator/frame"
	"github.com/acqsim/acqsim/simulator/host"
)

// drainTime is how long a closing connection waits for the peer's last bytes,
// so that unread input does not turn our FIN into an RST.
const drainTime = time.Second

// turns is how many batches all connections together answer, about, before one
// that always has the next lets others go first. A peer that answers at once is
// never waited for: without this it would keep its processor for as long as Go
// lets it, ten milliseconds, while a thousand others wait.
const turns = 400

// pauseTime is from when on a connection has certainly waited for its peer, and
// let others go first by that.
const pauseTime = 50 * time.Microsecond

// conn is one connection: one goroutine that reads, numbers, decides and plans in
// arrival order, and one writer that owns the write side. While many connections
// are at work, a goroutine that they share numbers and decides, see crowd: from
// handOver to takeBack all that is not atomic in a conn is its.
type conn struct {
	s *Server
	l *listener
	n uint64 // connection number
	c net.Conn
	r *frame.Reader
	w *wire.Writer

	link     *transcript.Link // in exchanges; made by the first
	messages uint64
	answered time.Time   // when replies were last written, if nothing has been waited for since
	began    time.Time   // when it began to wait for a request, if there is a planner
	gone     atomic.Bool // cut off by the server
	eager    wire.Eager  // nil: c.c is not
	handed   bool        // what was read last is answered with others
	back     chan error  // from those who do; made when it is handed over first
	planned
}

// planned is what a connection has for its server's planner.
type planned struct {
	source       netip.Addr
	nth          uint64                 // of its source's connections at its listener
	terminal     atomic.Pointer[string] // seen last
	sighting     *sighting              // of that terminal
	known        map[dialect.ID]*sighting
	recent       *[mostRecent][2]recentSighting // of known, by their hash; nil: one terminal only
	moves        uint64                         // seen.moves when recent was right
	several      bool                           // terminals have been seen
	lastID       dialect.ID                     // of that terminal
	memo         *host.Memo                     // of that terminal
	only         host.Memo                      // of the first terminal
	lastMerchant struct {
		id   dialect.ID
		name string
	}
	touched    atomic.Bool // something has gone through the writer's queue
	pair       pairing
	queue      queue
	deliveries deliveries
	wait       *wait // nil: there is no planner
	ended      atomic.Pointer[faults.Step]
	by         atomic.Pointer[transcript.Strike] // what ends the connection
}

func (s *Server) newConn(l *listener, nc net.Conn) *conn {
	c := &conn{s: s, l: l, n: s.number.Add(1), c: nc}
	if s.o.Planner != nil {
		c.source, c.wait = sourceOf(nc.RemoteAddr()), new(wait)
	}
	if l.TLS == nil {
		c.eager, _ = nc.(wire.Eager)
	} else {
		c.c = tls.Server(nc, c.configTLS())
	}
	c.r = frame.NewReader(c.c, l.Dialect.Format(), l.Limits)
	c.w = wire.NewWriter(c.c, wire.Options{Timeout: l.WriteTimeout, Ended: c.lineEnded})
	return c
}

// serve runs the connection until it ends. Its stack is what an idle connection
// costs most of: whatever needs more than a little has a function of its own.
func (c *conn) serve() {
	end := c.handshake()
	if end.how == transcript.NoEnd {
		end = c.read()
	}
	at := time.Now()
	// Answers of a slow issuer still go out: the peer may only have closed
	// its own side.
	if c.wait != nil {
		c.queue.Wait()
		c.unpair()
	}
	_ = c.w.Close(c.s.life) // what it could not write, it has told
	c.close(&end)
	c.recordEnd(&end, at)
}

// close ends the connection: as a fault has begun to, or gracefully.
func (c *conn) close(end *ending) {
	if step := c.ended.Load(); step != nil {
		*end = endedBy(*step)
		if !c.gone.Load() {
			_ = wire.Finish(c.s.running, c.c, *step, drainTime)
			return
		}
	}
	if c.gone.Load() {
		_ = c.c.Close()
		return
	}
	_ = wire.CloseGracefully(c.c, drainTime) // a peer that does not close is cut off
}

// ending is who ended a connection, and how.
type ending struct {
	who transcript.Actor
	how transcript.End
	why string
}

func (c *conn) recordStart() {
	e := c.event(transcript.Connected, transcript.Terminal)
	e.Source = c.c.RemoteAddr().String()
	c.s.record(e)
}

// recordEnd records how the connection ended. What the terminal did, it did when
// reading ended, at the given time; answers may have left since.
func (c *conn) recordEnd(end *ending, at time.Time) {
	if end.who == transcript.Acqsim && c.gone.Load() {
		end.how, end.why = transcript.EndCut, "the server stopped, cut off"
	}
	e := c.event(transcript.Closed, end.who)
	e.End, e.Why = end.how, end.why
	if end.who == transcript.Terminal {
		e.At = at
	}
	if end.who == transcript.Line {
		e.Strike = c.by.Load()
	}
	c.s.record(e)
}

// handshake brings TLS up, where the listener has it.
func (c *conn) handshake() ending {
	if c.wait != nil {
		if end := c.arrive(); end.how != transcript.NoEnd {
			return end
		}
	}
	if tc, ok := c.c.(*tls.Conn); ok {
		return c.handshakeTLS(tc)
	}
	return ending{}
}

func (c *conn) handshakeTLS(tc *tls.Conn) ending {
	ctx, cancel := context.WithCancel(c.s.running)
	defer cancel()
	limit := time.AfterFunc(handshakeTimeout, cancel)
	defer limit.Stop()
	if c.wait != nil {
		c.wait.handshake = limit
	}
	if err := tc.HandshakeContext(ctx); err != nil {
		c.s.o.Metrics.handshakes.Inc()
		if errors.Is(err, wire.ErrSpoilt) {
			return ending{transcript.Line, endOf(err), err.Error()}
		}
		return ending{transcript.Terminal, endOf(err), "the TLS handshake failed: " + err.Error()}
	}
	return ending{}
}

// endOf is how a connection ends that fails with err.
func endOf(err error) transcript.End {
	switch {
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return transcript.EndRST
	case errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled), errors.Is(err, syscall.ETIMEDOUT):
		return transcript.EndTimeout
	}
	return transcript.EndFIN
}

// read answers frame after frame, until it returns who ended the connection
// and how.
func (c *conn) read() ending {
	for turn := int64(1); ; turn++ {
		var answered time.Time
		if !c.handed { // else who answers it begins the wait
			answered = c.answered
			c.wait.begin(c)
		}
		f, err := c.r.Next()
		if failed := c.takeBack(); failed != nil {
			return unread(failed)
		}
		if c.wait.end(c) && err == nil {
			c.swallowed(f)
			continue
		}
		if err == nil {
			at := time.Now()
			if c.handOver(f, at, answered) {
				continue
			}
			err = c.answer(f, at)
			if !c.began.IsZero() && at.Sub(c.began) > pauseTime {
				turn = 0
			}
			if err != nil {
				return unread(err)
			}
			if turn*c.s.open.Load() >= turns {
				turn = 0
				runtime.Gosched()
			}
			continue
		}
		if end := c.readFailed(err); end.how != transcript.NoEnd {
			return end
		}
	}
}

// unread is how a connection ends whose replies can't be written.
func unread(err error) ending {
	return ending{transcript.Terminal, endOf(err), "the peer does not take its replies: " + err.Error()}
}

// readFailed records what can't be read. It returns no ending where reading
// goes on.
func (c *conn) readFailed(err error) ending {
	if errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return ending{transcript.Terminal, transcript.EndFIN, "the peer closed (FIN)"}
	}
	var bad *frame.Error
	if !errors.As(err, &bad) {
		return ending{transcript.Line, endOf(err), err.Error()}
	}
	switch bad.Kind {
	case frame.Interrupted:
		return ending{transcript.Acqsim, transcript.EndFIN, "the server stopped"}
	case frame.Idle:
		return ending{transcript.Host, transcript.EndTimeout, bad.Error()}
	case frame.ReadFailed:
		if errors.Is(err, syscall.ECONNRESET) {
			return ending{transcript.Terminal, transcript.EndRST, "the peer reset the connection (RST)"}
		}
		return ending{transcript.Line, endOf(err), bad.Error()}
	}
	c.messages++
	c.s.o.Metrics.badFrames.Inc()
	e := c.event(transcript.BadFrame, transcript.Terminal)
	e.Message, e.Why, e.Raw = c.messages, bad.Error(), bad.Raw
	transcript.MaskRuns(e.Raw) // a copy of the reader's
	c.s.record(e)
	switch {
	case bad.Recoverable():
		return ending{}
	case bad.Kind == frame.Unfinished && errors.Is(err, io.ErrUnexpectedEOF):
		return ending{transcript.Terminal, transcript.EndFIN, "the peer closed (FIN) inside a frame"}
	case bad.Kind == frame.Unfinished && errors.Is(err, syscall.ECONNRESET):
		return ending{transcript.Terminal, transcript.EndRST, "the peer reset the connection (RST) inside a frame"}
	case bad.Kind == frame.TooSlow:
		return ending{transcript.Host, transcript.EndTimeout, fmt.Sprintf("closed after a bad frame (%s)", bad.Kind)}
	}
	return ending{transcript.Host, transcript.EndFIN, fmt.Sprintf("closed after a bad frame (%s)", bad.Kind)}
}

// finish lets the connection answer what has been read, and then end.
func (c *conn) finish() {
	c.r.Interrupt()
	if c.wait != nil {
		c.queue.stop()
	}
}

// cut ends the connection at once.
func (c *conn) cut() {
	c.gone.Store(true)
	c.r.Interrupt()
	c.w.GiveUp() // the reader may wait for it
	_ = c.c.SetDeadline(time.Unix(1, 0))
}

// event starts an event of this connection. The journal gives it the time, if
// nobody else does.
func (c *conn) event(k transcript.Kind, a transcript.Actor) transcript.Event {
	return transcript.Event{Kind: k, Actor: a, Listener: c.l.Name, Dialect: c.l.Dialect.Name(), Conn: c.n}
}
