package bench

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"
)

// probeTimeout is how long a terminal waits for what a fault is to send.
const probeTimeout = 10 * time.Second

// probes are the terminals that meet faults: delayProbes for each.
type probes struct {
	server    *process
	fleet     *fleet
	terminals []*terminal
}

// prober is one of them.
type prober struct {
	addr  string
	fleet *fleet
	term  *terminal
	check checker
	clock clock
	conn  net.Conn // nil: between two connections
	in    []byte
}

// run has all terminals meet their faults until the time is over, and tells
// what each fault, by its place among [delayedFaults], made of it.
func (ps *probes) run(ctx context.Context, d time.Duration, tell func(i int, e DelayError)) error {
	faults := delayedFaults()
	off := make([]Histogram, len(ps.terminals))
	addrs := make([]string, len(faults))
	for i, fault := range faults {
		var err error
		if addrs[i], err = ps.server.address(fault.fault); err != nil {
			return err
		}
	}
	until := time.Now().Add(d)
	g, ctx := errgroup.WithContext(ctx)
	for i, term := range ps.terminals {
		fault := faults[i/delayProbes]
		p := &prober{
			addr: addrs[i/delayProbes], fleet: ps.fleet, term: term,
			check: checker{fleet: ps.fleet}, in: make([]byte, bufferSize),
		}
		g.Go(func() error {
			// Once at least: however short the time is, there is a figure.
			for first := true; first || time.Now().Before(until); first = false {
				miss, err := p.meet(ctx, fault.see)
				if err != nil {
					return fmt.Errorf("bench: %s: %w", fault.fault, errors.Join(ctx.Err(), err))
				}
				off[i].Record(int64(miss.Abs()))
			}
			return p.hangUp()
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	for i := range faults {
		var h Histogram
		for k := range delayProbes {
			h.Add(&off[i*delayProbes+k])
		}
		tell(i, DelayError{Waits: h.Count(), P50: h.Quantile(0.5), P99: h.Quantile(0.99), Worst: h.Max()})
	}
	return nil
}

// meet meets the fault once, and returns how much later than it should the end
// of the wait came; negative: earlier.
func (p *prober) meet(ctx context.Context, see func(*prober) (time.Duration, error)) (time.Duration, error) {
	if p.conn == nil {
		d := net.Dialer{Timeout: dialTimeout}
		var err error
		if p.conn, err = d.DialContext(ctx, "tcp", p.addr); err != nil {
			return 0, err
		}
	}
	defer context.AfterFunc(ctx, func() { _ = p.conn.SetDeadline(time.Unix(1, 0)) })()
	if err := p.conn.SetDeadline(time.Now().Add(probeTimeout)); err != nil {
		return 0, errors.Join(err, p.hangUp())
	}
	miss, err := see(p)
	if err != nil {
		err = errors.Join(err, p.hangUp())
	}
	return miss, err
}

func (p *prober) hangUp() (err error) {
	if p.conn != nil {
		err, p.conn = p.conn.Close(), nil
	}
	return err
}

// wait sees a reply that comes late.
func (p *prober) wait() (time.Duration, error) {
	a, err := p.sale(1)
	return a.end.Sub(a.sent) - delayWanted, err
}

// gap sees a reply that comes in two parts, or twice, with one wait in between.
func (p *prober) gap(times int) (time.Duration, error) {
	a, err := p.sale(times)
	return a.end.Sub(a.begin) - delayWanted, err
}

// drip sees a reply that comes dripBytes at a time: the waits together.
func (p *prober) drip() (time.Duration, error) {
	a, err := p.sale(1)
	return a.end.Sub(a.begin) - time.Duration((a.size-1)/dripBytes)*delayWanted, err
}

// end sees the connection end by itself.
func (p *prober) end() (time.Duration, error) {
	return p.endSince(time.Now())
}

// endAfter sees the connection end after a reply.
func (p *prober) endAfter() (time.Duration, error) {
	a, err := p.sale(1)
	if err != nil {
		return 0, err
	}
	return p.endSince(a.end)
}

// endSince sees the connection end, by FIN or RST.
func (p *prober) endSince(began time.Time) (time.Duration, error) {
	n, err := p.conn.Read(p.in)
	miss := time.Since(began) - delayWanted
	if n > 0 || !errors.Is(err, io.EOF) && !errors.Is(err, syscall.ECONNRESET) {
		return 0, fmt.Errorf("instead of the end of the connection came %d bytes: %w", n, err)
	}
	return miss, p.hangUp()
}

// more sees a message that nobody asked for come after a reply.
func (p *prober) more() (time.Duration, error) {
	a, err := p.sale(1)
	if err != nil {
		return 0, err
	}
	n, err := p.conn.Read(p.in)
	miss := time.Since(a.end) - delayWanted
	if err != nil {
		return 0, readError(err)
	}
	if size, ok := p.fleet.wire.length.frame(p.in[:n]); !ok || size != n {
		return 0, fmt.Errorf("what came after the reply is no message: %x", p.in[:n])
	}
	return miss, nil
}

// arrival is when a reply came, and how long it is.
type arrival struct {
	sent, begin, end time.Time
	size             int
}

// sale makes a sale and waits for the reply, as often as it is to come. Each
// is compared with the first.
func (p *prober) sale(times int) (a arrival, err error) {
	w := p.fleet.wire
	p.clock.set(w, time.Now())
	sale, _ := p.fleet.next(p.term, &p.clock)
	due := pending{term: p.term}
	copy(due.stan[:], p.fleet.places.stan.in(sale))
	a.sent = time.Now()
	if _, err := p.conn.Write(sale); err != nil {
		return a, fmt.Errorf("write a request: %w", err)
	}
	have := 0
	for a.size == 0 || have < a.size*times {
		n, err := p.conn.Read(p.in[have:])
		if a.end = time.Now(); have == 0 {
			a.begin = a.end
		}
		have += n
		if err != nil {
			return a, readError(err)
		}
		var ok bool
		if a.size, ok = w.length.frame(p.in[:have]); !ok {
			return a, fmt.Errorf("a reply has no valid length: %x", p.in[:have])
		}
	}
	if have > a.size*times {
		return a, fmt.Errorf("a reply that nobody asked for: %x", p.in[a.size*times:have])
	}
	first := p.in[:a.size]
	if times == 2 && !bytes.Equal(first, p.in[a.size:have]) {
		return a, fmt.Errorf("the copy of a reply differs: %x, %x", first, p.in[a.size:have])
	}
	return a, p.check.check(first, &due)
}
