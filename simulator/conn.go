package simulator

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/acqsim/acqsim/faults/wire"
	"github.com/acqsim/acqsim/scenarios/transcript"
	"github.com/acqsim/acqsim/simulator/frame"
)

// drainTime is how long a closing connection waits for the peer's last bytes,
// so that unread input does not turn our FIN into an RST.
const drainTime = time.Second

// conn is one connection: one goroutine that reads, numbers, decides and
// plans in arrival order, and one writer that owns the write side.
type conn struct {
	s *Server
	l *listener
	n uint64 // connection number
	c net.Conn
	r *frame.Reader
	w *wire.Writer

	messages uint64
	gone     atomic.Bool // cut off by the server
}

func (s *Server) newConn(l *listener, nc net.Conn) *conn {
	c := &conn{s: s, l: l, n: s.number.Add(1), c: nc}
	if l.TLS != nil {
		c.c = tls.Server(nc, l.TLS)
	}
	c.r = frame.NewReader(c.c, l.Dialect.Format(), l.Limits)
	c.w = wire.NewWriter(c.c, wire.Options{Timeout: l.WriteTimeout})
	return c
}

// serve runs the connection until it ends. Its stack is what an idle connection
// costs most of: whatever needs more than a little has a function of its own.
func (c *conn) serve() {
	actor, why := c.handshake()
	if why == "" {
		actor, why = c.read()
	}
	// Answers of a slow issuer still go out: the peer may only have closed
	// its own side.
	_ = c.w.Close(c.s.life) // what it could not write, it has told
	if c.gone.Load() {
		_ = c.c.Close()
	} else {
		_ = wire.CloseGracefully(c.c, drainTime) // a peer that does not close is cut off
	}
	c.recordEnd(actor, why)
}

func (c *conn) recordStart() {
	e := c.event(transcript.Connected, transcript.Terminal)
	e.Source = c.c.RemoteAddr().String()
	c.s.record(e)
}

func (c *conn) recordEnd(actor transcript.Actor, why string) {
	e := c.event(transcript.Closed, actor)
	e.Why = why
	c.s.record(e)
}

// handshake brings TLS up, where the listener has it.
func (c *conn) handshake() (transcript.Actor, string) {
	if tc, ok := c.c.(*tls.Conn); ok {
		return c.handshakeTLS(tc)
	}
	return 0, ""
}

func (c *conn) handshakeTLS(tc *tls.Conn) (transcript.Actor, string) {
	ctx, cancel := context.WithTimeout(c.s.life, handshakeTimeout)
	defer cancel()
	if err := tc.HandshakeContext(ctx); err != nil {
		c.s.o.Metrics.handshakes.Inc()
		return transcript.Terminal, "the TLS handshake failed: " + err.Error()
	}
	return 0, ""
}

// read answers frame after frame, until it returns who ended the connection
// and how.
func (c *conn) read() (transcript.Actor, string) {
	for {
		f, err := c.r.Next()
		if err == nil {
			err = c.answer(f)
			if err != nil {
				return transcript.Terminal, "the peer does not take its replies: " + err.Error()
			}
			continue
		}
		if again, actor, why := c.readFailed(err); !again {
			return actor, why
		}
	}
}

// readFailed records what can't be read and says whether to go on.
func (c *conn) readFailed(err error) (again bool, actor transcript.Actor, why string) {
	if errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return false, transcript.Terminal, "the peer closed (FIN)"
	}
	var bad *frame.Error
	if !errors.As(err, &bad) {
		return false, transcript.Line, err.Error()
	}
	switch bad.Kind {
	case frame.Interrupted:
		if c.gone.Load() {
			return false, transcript.Acqsim, "the server stopped, cut off"
		}
		return false, transcript.Acqsim, "the server stopped"
	case frame.Idle:
		return false, transcript.Host, bad.Error()
	case frame.ReadFailed:
		if errors.Is(err, syscall.ECONNRESET) {
			return false, transcript.Terminal, "the peer reset the connection (RST)"
		}
		return false, transcript.Line, bad.Error()
	}
	c.messages++
	c.s.o.Metrics.badFrames.Inc()
	e := c.event(transcript.BadFrame, transcript.Terminal)
	e.Message, e.Why, e.Raw = c.messages, bad.Error(), bad.Raw
	transcript.MaskRuns(e.Raw) // a copy of the reader's
	c.s.record(e)
	if bad.Recoverable() {
		return true, 0, ""
	}
	return false, transcript.Host, fmt.Sprintf("closed after a bad frame (%s)", bad.Kind)
}

// finish lets the connection answer what has been read, and then end.
func (c *conn) finish() { c.r.Interrupt() }

// cut ends the connection at once.
func (c *conn) cut() {
	c.gone.Store(true)
	c.r.Interrupt()
	_ = c.c.SetDeadline(time.Unix(1, 0))
}

// event starts an event of this connection. The journal gives it the time, if
// nobody else does.
func (c *conn) event(k transcript.Kind, a transcript.Actor) transcript.Event {
	return transcript.Event{Kind: k, Actor: a, Listener: c.l.Name, Dialect: c.l.Dialect.Name(), Conn: c.n}
}
