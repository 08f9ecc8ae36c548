package simulator

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/acqsim/acqsim/faults/wire"
	"github.com/acqsim/acqsim/scenarios/transcript"
	"github.com/acqsim/acqsim/simulator/dialect"
	"github.com/acqsim/acqsim/simulator/journal"
)

// Server answers terminals on its listeners. Start makes one that is running.
type Server struct {
	o          Options
	ownJournal bool
	listeners  []*listener
	accepting  sync.WaitGroup
	open       atomic.Int64  // connections
	number     atomic.Uint64 // of the last connection
	complained atomic.Int64  // second of the last complaint about the state

	mu      sync.Mutex
	conns   map[*conn]struct{}
	closing bool
	idle    sync.WaitGroup // connections that have not ended
	once    sync.Once
	stop    chan struct{}   // closed when Shutdown begins
	running context.Context // ends when Shutdown begins
	halt    context.CancelFunc
	life    context.Context // ends when what is in flight is given up
	end     context.CancelFunc

	seen  seen // for the planner
	crowd crowd
}

// listener is a Listener that is up.
type listener struct {
	Listener
	net   *wire.Listener
	open  atomic.Int64
	state listening
}

// ListenError says which listener could not come up.
type ListenError struct {
	Listener string
	Address  string
	Err      error
}

// Error names the listener, its address and what to do.
func (e *ListenError) Error() string {
	if wire.InUse(e.Err) {
		return fmt.Sprintf("listener %s: %s is in use by another program; stop that, or choose another address", e.Listener, e.Address)
	}
	return fmt.Sprintf("listener %s: can't listen on %s: %v", e.Listener, e.Address, e.Err)
}

// Unwrap returns what the operating system said.
func (e *ListenError) Unwrap() error { return e.Err }

// Start brings all listeners up and serves them in the background until
// Shutdown or Close. If one can't come up, none does: the error is a
// *ListenError.
func Start(ctx context.Context, o Options) (*Server, error) {
	if err := o.complete(); err != nil {
		return nil, fmt.Errorf("simulator: %w", err)
	}
	life, end := context.WithCancel(context.WithoutCancel(ctx))
	running, halt := context.WithCancel(life)
	s := &Server{o: o, running: running, halt: halt, life: life, end: end, conns: make(map[*conn]struct{}), stop: make(chan struct{}), crowd: newCrowd()}
	if s.o.Journal == nil {
		s.o.Journal, s.ownJournal = journal.New(journal.Options{}), true
	}
	s.o.Metrics.journal.Store(s.o.Journal)
	for i := range s.o.Listeners {
		l := &listener{Listener: s.o.Listeners[i]}
		var err error
		if l.net, err = wire.Listen(ctx, l.Address); err != nil {
			for _, up := range s.listeners {
				_ = up.net.Close()
			}
			s.closeJournal()
			end()
			return nil, &ListenError{Listener: l.Name, Address: l.Address, Err: err}
		}
		s.listeners = append(s.listeners, l)
	}
	for _, l := range s.listeners {
		s.record(transcript.Event{Kind: transcript.Listening, Actor: transcript.Acqsim, Listener: l.Name,
			Dialect: l.Dialect.Name(), TLS: l.TLS != nil, Text: l.net.Addr().String()})
		s.accepting.Go(func() { s.accept(l) })
	}
	_ = s.replanListeners() // it is recorded
	return s, nil
}

// Addr returns the address of the i-th listener, with the port that it got.
func (s *Server) Addr(i int) net.Addr { return s.listeners[i].net.Addr() }

// Dialects returns the dialects of the listeners, in their order.
func (s *Server) Dialects() []*dialect.Dialect {
	all := make([]*dialect.Dialect, len(s.listeners))
	for i, l := range s.listeners {
		all[i] = l.Dialect
	}
	return all
}

// Journal returns the journal that the server writes.
func (s *Server) Journal() *journal.Journal { return s.o.Journal }

// accept takes connections until the listener is closed. Running out of
// sockets is no reason to stop: it tries again, ever more slowly.
func (s *Server) accept(l *listener) {
	const longest = time.Second
	wait := 5 * time.Millisecond
	for {
		c, err := l.net.Accept()
		if err == nil {
			wait = 5 * time.Millisecond
			s.admit(l, c)
			continue
		}
		if errors.Is(err, net.ErrClosed) {
			return
		}
		s.record(transcript.Event{Kind: transcript.Note, Actor: transcript.Acqsim, Listener: l.Name,
			Text: fmt.Sprintf("accepting a connection failed, next try in %v: %v", wait, err)})
		if !s.pause(wait) {
			return
		}
		wait = min(2*wait, longest)
	}
}

// admit starts a connection, or closes it at once where a limit is reached.
func (s *Server) admit(l *listener, nc net.Conn) {
	c := s.newConn(l, nc)
	if why := s.full(l); why != "" {
		s.o.Metrics.refused.Inc()
		e := c.event(transcript.Refused, transcript.Host)
		e.Source, e.End, e.Why = nc.RemoteAddr().String(), transcript.EndFIN, why
		s.record(e)
		_ = nc.Close()
		return
	}
	s.mu.Lock()
	if s.closing {
		s.mu.Unlock()
		_ = nc.Close()
		return
	}
	s.conns[c] = struct{}{}
	s.idle.Add(1)
	s.mu.Unlock()
	s.open.Add(1)
	l.open.Add(1)
	s.o.Metrics.connected.Inc()
	s.o.Metrics.open.Inc()
	if c.wait != nil {
		s.seen.arrived(c)
	}
	c.recordStart() // here, and not on the connection's own small stack
	go func() {
		defer s.gone(c)
		c.serve()
	}()
}

func (s *Server) full(l *listener) string {
	if most := s.o.MaxConnections; most > 0 && s.open.Load() >= int64(most) {
		return fmt.Sprintf("the server has %d connections, its limit", most)
	}
	if most := l.MaxConnections; most > 0 && l.open.Load() >= int64(most) {
		return fmt.Sprintf("the listener has %d connections, its limit", most)
	}
	return ""
}

func (s *Server) gone(c *conn) {
	s.open.Add(-1)
	c.l.open.Add(-1)
	if c.wait != nil {
		s.seen.forget(c)
	}
	s.o.Metrics.open.Dec()
	s.mu.Lock()
	delete(s.conns, c)
	s.mu.Unlock()
	s.idle.Done()
}

func (s *Server) record(e transcript.Event) { s.o.Journal.Append(e) }

func (s *Server) closeJournal() {
	if s.ownJournal {
		_ = s.o.Journal.Close(context.Background()) // it has no file to wait for
	}
}
