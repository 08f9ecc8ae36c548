package bench

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// leanConnections is where the lean load measures.
const leanConnections = 100

// MeasureLean is Run under the leanest load that we can make, on 100 connections.
//
// The load of Run is made as test tools are: a goroutine that writes requests as
// there is room for them, and one that reads replies one by one, and field by
// field. What is to be reached was set with such a load: the echo made 67,000
// messages a second at 100 × 1, and 632,000 at 100 × 16, with it. The lean load
// costs a fraction of that: one goroutine, one read and one write for a whole
// window, replies compared at fixed offsets. The echo is then three times as fast,
// and the same ratio to it would take a server of a third of the cost; but what a
// server costs shows the best.
func MeasureLean(ctx context.Context, o Options) ([]Cell, error) {
	o.lean, o.Connections = true, []int{leanConnections}
	if err := o.Complete(); err != nil {
		return nil, err
	}
	o.Traffics = slices.DeleteFunc(slices.Clone(o.Traffics), func(t Traffic) bool { return t.MAC || t.Settle })
	if len(o.Traffics) == 0 {
		return nil, nil
	}
	return Run(ctx, o)
}

// plain is a connection's round under the plain load.
type plain struct {
	*client
	start time.Time
	room  chan struct{} // has an element for each request without a reply
	due   chan pending  // those requests, in order
	done  chan struct{} // no more replies are read
}

// runPlain is run for the plain load.
func (c *client) runPlain(start time.Time, stop *atomic.Bool, limit uint64) {
	depth := len(c.due)
	p := &plain{client: c, start: start, room: make(chan struct{}, depth), due: make(chan pending, depth), done: make(chan struct{})}
	var writer sync.WaitGroup
	writer.Go(func() { p.write(stop, limit) })
	err := p.read(stop)
	close(p.done)
	writer.Wait()
	c.tail = c.head + len(p.due)
	if err != nil {
		c.tail++
		if c.err == nil {
			c.err = err
		}
	}
}

// write sends requests while there is room, until the round ends. What comes of
// a failure the reader sees.
func (p *plain) write(stop *atomic.Bool, limit uint64) {
	defer close(p.due)
	out := bufio.NewWriterSize(p.conn, bufferSize)
	for n := uint64(0); limit == 0 || n < limit; n++ {
		select {
		case p.room <- struct{}{}:
		default:
			_ = out.Flush() // a writer keeps its first error
			select {
			case p.room <- struct{}{}:
			case <-p.done:
				return
			}
		}
		if stop.Load() {
			break
		}
		now := time.Now()
		p.clock.set(p.fleet.wire, now)
		t := p.terminals[p.turn]
		if p.turn++; p.turn == len(p.terminals) {
			p.turn = 0
		}
		request, settles := p.fleet.next(t, &p.clock)
		x := pending{sent: int64(now.Sub(p.start)), term: t, settles: settles}
		copy(x.stan[:], p.fleet.places.stan.in(t.sale))
		p.due <- x // there is room
		if _, err := out.Write(request); err != nil {
			return
		}
	}
	_ = out.Flush()
}

// read takes the reply to each request, until no more come out.
func (p *plain) read(stop *atomic.Bool) error {
	in := bufio.NewReaderSize(p.conn, bufferSize)
	frame := make([]byte, bufferSize)
	for x := range p.due {
		size, err := p.frame(in, frame)
		if err != nil {
			return err
		}
		p.hist.Record(int64(time.Since(p.start)) - x.sent)
		if !stop.Load() {
			p.counted++
		}
		<-p.room
		check := p.check.learn
		if x.settles {
			check = p.check.checkSettlement
		}
		if err := check(frame[:size], &x); err != nil {
			if p.wrong++; p.err == nil {
				p.err = err
			}
			if p.wrong >= maxErrors {
				return p.err
			}
		}
	}
	return nil
}

// frame reads one message, header and all.
func (p *plain) frame(in *bufio.Reader, frame []byte) (size int, err error) {
	header := p.fleet.wire.length.size()
	if _, err := io.ReadFull(in, frame[:header]); err != nil {
		return 0, readError(err)
	}
	size, ok := p.fleet.wire.length.frame(frame[:header])
	if !ok || size <= header {
		return 0, fmt.Errorf("a reply has no valid length: %x", frame[:header])
	}
	if _, err := io.ReadFull(in, frame[header:size]); err != nil {
		return 0, readError(err)
	}
	return size, nil
}
