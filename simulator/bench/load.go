package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
)

const (
	dialTimeout = 10 * time.Second
	// drainTimeout is how long replies may still come after a round's end.
	drainTimeout = 10 * time.Second
	// dialers is how many connections are opened at a time.
	dialers = 64
	// maxErrors is after how many wrong replies a connection gives up.
	maxErrors = 100
)

// load is a set of connections to one server.
type load struct {
	fleet *fleet
	conns []*client
	plain bool // it is the plain load
}

// client is one connection: one goroutine while a round runs.
type client struct {
	conn      net.Conn
	fleet     *fleet
	terminals []*terminal
	turn      int // whose turn it is
	clock     clock
	check     checker

	in, out    []byte
	have       int
	due        []pending // ring of the requests without a reply
	head, tail int       // of the ring, without wrap-around

	hist    Histogram
	counted uint64 // replies within the round
	wrong   uint64
	err     error // the first wrong reply, or what ended the connection
}

// dial opens n connections and shares the terminals out among them.
func dial(ctx context.Context, addr string, f *fleet, n, depth int, echo bool) (*load, error) {
	if n < 1 || depth < 1 || len(f.terminals) < n {
		return nil, fmt.Errorf("bench: %d connections of depth %d for %d terminals: each needs a terminal at least", n, depth, len(f.terminals))
	}
	l := &load{fleet: f, conns: make([]*client, n)}
	for i := range l.conns {
		c := &client{
			fleet: f, check: checker{fleet: f, echo: echo},
			in: make([]byte, bufferSize), due: make([]pending, depth),
		}
		for k := i; k < len(f.terminals); k += n {
			c.terminals = append(c.terminals, f.terminals[k])
		}
		l.conns[i] = c
	}
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(dialers)
	d := net.Dialer{Timeout: dialTimeout}
	for _, c := range l.conns {
		g.Go(func() (err error) {
			c.conn, err = d.DialContext(ctx, "tcp", addr)
			return err
		})
	}
	if err := g.Wait(); err != nil {
		l.close()
		return nil, fmt.Errorf("bench: open %d connections: %w", n, err)
	}
	return l, nil
}

func (l *load) close() {
	for _, c := range l.conns {
		if c.conn != nil {
			_ = c.conn.Close()
		}
	}
}

// round is what one round on one server gave.
type round struct {
	messages uint64 // replies before the end of the round
	elapsed  time.Duration
	hist     Histogram
	fewest   uint64 // replies on the connection that got the fewest
	most     uint64
	wrong    uint64
	err      error // the first wrong reply
}

func (r *round) perSecond() float64 { return float64(r.messages) / r.elapsed.Seconds() }

// run keeps every connection's window full for the given time, or until limit
// replies have come on each connection (0: no limit), and then waits for the
// replies that are due.
func (l *load) run(ctx context.Context, d time.Duration, limit uint64) (*round, error) {
	var (
		stop  atomic.Bool
		wg    sync.WaitGroup
		begin = make(chan struct{})
		done  = make(chan struct{})
		start time.Time
	)
	for _, c := range l.conns {
		c.reset()
		wg.Go(func() {
			<-begin
			if l.plain {
				c.runPlain(start, &stop, limit)
				return
			}
			c.run(start, &stop, limit)
		})
	}
	start = time.Now()
	close(begin)
	go func() { wg.Wait(); close(done) }()

	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-done:
	case <-ctx.Done():
	}
	elapsed := time.Since(start)
	stop.Store(true)
	drain := drainTimeout
	if ctx.Err() != nil {
		drain = 0
	}
	for _, c := range l.conns {
		_ = c.conn.SetReadDeadline(time.Now().Add(drain))
	}
	<-done
	for _, c := range l.conns {
		_ = c.conn.SetReadDeadline(time.Time{})
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	return l.sum(elapsed)
}

func (l *load) sum(elapsed time.Duration) (*round, error) {
	r := &round{elapsed: elapsed, fewest: l.conns[0].counted}
	for i, c := range l.conns {
		if c.head != c.tail {
			return nil, fmt.Errorf("bench: connection %d ended with %d replies due: %w", i+1, c.tail-c.head, c.err)
		}
		r.messages += c.counted
		r.wrong += c.wrong
		r.fewest, r.most = min(r.fewest, c.counted), max(r.most, c.counted)
		r.hist.Add(&c.hist)
		if r.err == nil {
			r.err = c.err
		}
	}
	return r, nil
}

func (c *client) reset() {
	c.hist.Reset()
	c.counted, c.wrong, c.err = 0, 0, nil
}

// run is one connection's round. It sends a window, and for every reply the
// next request; requests that one read of replies has made room for leave in
// one write.
func (c *client) run(start time.Time, stop *atomic.Bool, limit uint64) {
	c.clock.set(c.fleet.wire, time.Now())
	window := uint64(len(c.due))
	if limit > 0 {
		window = min(window, limit)
	}
	for range window {
		c.enqueue()
	}
	if !c.flush(start, c.head) {
		return
	}
	for c.head != c.tail {
		n, err := c.conn.Read(c.in[c.have:])
		c.have += n
		now := time.Since(start)
		more := !stop.Load()
		first := c.tail
		c.clock.set(c.fleet.wire, start.Add(now))
		if ferr := c.receive(int64(now), more, limit); ferr != nil {
			c.err = ferr
			return
		}
		if len(c.out) > 0 && !c.flush(start, first) {
			return
		}
		if err != nil && c.head != c.tail {
			c.err = readError(err)
			return
		}
	}
}

// receive takes the whole replies out of the buffer, and enqueues a request
// for each while there is more to send.
func (c *client) receive(now int64, more bool, limit uint64) error {
	at := 0
	for {
		size, ok := c.fleet.wire.length.frame(c.in[at:c.have])
		if !ok {
			return fmt.Errorf("a reply has no valid length: %x", c.in[at:c.have])
		}
		if size == 0 || at+size > c.have {
			break
		}
		if c.head == c.tail {
			return fmt.Errorf("a reply that nobody asked for: %x", c.in[at:at+size])
		}
		p := &c.due[c.head%len(c.due)]
		if err := c.check.check(c.in[at:at+size], p); err != nil {
			if c.wrong++; c.err == nil {
				c.err = err
			}
			if c.wrong >= maxErrors {
				return c.err
			}
		}
		c.hist.Record(now - p.sent)
		c.head++
		at += size
		if more {
			if c.counted++; limit == 0 || c.counted+uint64(c.tail-c.head) < limit {
				c.enqueue()
			}
		}
	}
	if at > 0 {
		c.have = copy(c.in, c.in[at:c.have])
	}
	return nil
}

// enqueue appends the next terminal's request to what is sent next.
func (c *client) enqueue() {
	t := c.terminals[c.turn]
	if c.turn++; c.turn == len(c.terminals) {
		c.turn = 0
	}
	request, settles := c.fleet.next(t, &c.clock)
	c.out = append(c.out, request...)
	p := &c.due[c.tail%len(c.due)]
	p.term, p.settles = t, settles
	copy(p.stan[:], c.fleet.places.stan.in(t.sale)) // the settlement's too
	c.tail++
}

// flush writes what is enqueued, in one write. The latencies of its requests,
// which stand in the ring from first on, count from here.
func (c *client) flush(start time.Time, first int) bool {
	sent := int64(time.Since(start))
	for i := first; i < c.tail; i++ {
		c.due[i%len(c.due)].sent = sent
	}
	_, err := c.conn.Write(c.out)
	c.out = c.out[:0]
	if err != nil {
		c.err = fmt.Errorf("write a request: %w", err)
	}
	return err == nil
}

// readError says what a failed read means here.
func readError(err error) error {
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		return fmt.Errorf("no reply came within %s of the round's end", drainTimeout)
	case errors.Is(err, io.EOF):
		return errors.New("the server closed the connection")
	default:
		return fmt.Errorf("read a reply: %w", err)
	}
}
