package bench

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/acqsim/acqsim/simulator/dialect"
	"github.com/acqsim/acqsim/simulator/frame"
)

const (
	// longest bounds the parts that are measured in messages, not in time.
	longest = time.Hour
	// fillFactor is how many messages per connection fill a server's journal
	// and pools before idle memory is measured.
	fillFactor = 20

	soakConnections = 100
	soakDepth       = 16
	soakStep        = 1_000_000 // messages between two looks at the memory
)

// Idle is what connections cost that have done one sale and then say nothing.
type Idle struct {
	Server      string  `json:"server"`
	Traffic     Traffic `json:"traffic"`
	Connections int     `json:"connections"`
	// Resident is bytes of RAM for each; without kernel memory. 0: not known.
	Resident float64 `json:"resident"`
	// Go is bytes of objects and stacks for each.
	Go float64 `json:"go"`
}

// MeasureIdle opens n connections with a terminal each, for one sale on each,
// and reports how much the server has grown. What a message costs in books and
// journal is measured before, on one connection, and taken off.
func MeasureIdle(ctx context.Context, o Options, n int) ([]Idle, error) {
	if err := o.Complete(); err != nil {
		return nil, err
	}
	var all []Idle
	for i, server := range o.Servers {
		o.report(Progress{Done: i, All: len(o.Servers), Step: fmt.Sprintf("memory of %d idle connections, %s", n, server)})
		idle, err := o.measureIdle(ctx, server, n)
		if err != nil {
			return all, fmt.Errorf("idle connections, %s: %w", server, err)
		}
		all = append(all, *idle)
	}
	return all, nil
}

func (o *Options) measureIdle(ctx context.Context, server string, n int) (_ *Idle, err error) {
	p, err := spawn(server, o.Command(ctx, server))
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, p.end()) }()
	f, err := newFleet(o.Traffics[0], n)
	if err != nil {
		return nil, err
	}
	one, err := p.connect(ctx, f, 1, 16)
	if err != nil {
		return nil, err
	}
	defer one.close()
	sales := uint64(n) //nolint:gosec // positive
	if err := one.exchange(ctx, sales*fillFactor); err != nil {
		return nil, err
	}
	before, err := p.ask(askSettled)
	if err != nil {
		return nil, err
	}
	if err := one.exchange(ctx, sales); err != nil {
		return nil, err
	}
	base, err := p.ask(askSettled)
	if err != nil {
		return nil, err
	}
	one.close()
	addr, err := p.address(f.traffic.String())
	if err != nil {
		return nil, err
	}
	many, err := dial(ctx, addr, f, n, 1, server == EchoServer)
	if err != nil {
		return nil, err
	}
	defer many.close()
	if err := many.exchange(ctx, 1); err != nil {
		return nil, err
	}
	after, err := p.ask(askSettled)
	if err != nil {
		return nil, err
	}
	each := func(of func(Usage) uint64) float64 {
		grown, messages := float64(of(after))-float64(of(base)), float64(of(base))-float64(of(before))
		return max(grown-messages, 0) / float64(n)
	}
	return &Idle{
		Server: server, Traffic: f.traffic, Connections: n,
		Resident: each(func(u Usage) uint64 { return u.Resident }),
		Go:       each(func(u Usage) uint64 { return u.Heap + u.Stacks }),
	}, nil
}

// exchange does n sales on each connection. A wrong reply is an error.
func (l *load) exchange(ctx context.Context, n uint64) error {
	r, err := l.run(ctx, longest, n)
	if err != nil {
		return err
	}
	if r.err != nil {
		return fmt.Errorf("%d wrong replies, the first: %w", r.wrong, r.err)
	}
	return nil
}

// Soak is the memory of a server over many messages.
type Soak struct {
	Server  string      `json:"server"`
	Traffic Traffic     `json:"traffic"`
	Points  []SoakPoint `json:"points"`
}

// SoakPoint is one look at a server's memory.
type SoakPoint struct {
	Messages  uint64  `json:"messages"`   // so far
	PerSecond float64 `json:"per_second"` // since the last point
	Busy      Usage   `json:"busy"`       // as it was while serving
	Settled   Usage   `json:"settled"`    // after garbage was collected
}

// Growth is by how much the highest memory of the last third of the points is
// above that of the third before: 0.01 is one per cent. It is not known from
// fewer than six points.
func (s *Soak) Growth() (share float64, known bool) {
	third := len(s.Points) / 3
	if third < 2 {
		return 0, false
	}
	highest := func(points []SoakPoint) float64 {
		return float64(slices.MaxFunc(points, func(a, b SoakPoint) int {
			return int(a.Settled.memory()) - int(b.Settled.memory()) //nolint:gosec // far below 2^63
		}).Settled.memory())
	}
	end := len(s.Points)
	return highest(s.Points[end-third:])/highest(s.Points[end-2*third:end-third]) - 1, true
}

// batched is the first traffic whose sales name their batch, so that the
// server closes batches as it goes; the first of all if none does.
func (o *Options) batched() (Traffic, error) {
	for _, t := range o.Traffics {
		f, err := newFleet(t, 1)
		if err != nil {
			return Traffic{}, err
		}
		var r dialect.Request
		if err := f.wire.dialect.Read(frame.Frame{Body: f.terminals[0].sale[f.wire.body:]}, &r); err != nil {
			return Traffic{}, fmt.Errorf("bench: %w", err)
		}
		if r.HasBatch {
			return t, nil
		}
	}
	return o.Traffics[0], nil
}

// MeasureSoak sends about n messages to the last of the servers, and looks at
// its memory every million, or ten times if n is less. Each point goes to each
// when it is there.
func MeasureSoak(ctx context.Context, o Options, n uint64, each func(SoakPoint)) (s *Soak, err error) {
	if err := o.Complete(); err != nil {
		return nil, err
	}
	s = &Soak{Server: o.Servers[len(o.Servers)-1]}
	if s.Traffic, err = o.batched(); err != nil {
		return nil, err
	}
	p, err := spawn(s.Server, o.Command(ctx, s.Server))
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, p.end()) }()
	f, err := newFleet(s.Traffic, max(o.Terminals, soakConnections))
	if err != nil {
		return nil, err
	}
	l, err := p.connect(ctx, f, soakConnections, soakDepth)
	if err != nil {
		return nil, err
	}
	defer l.close()
	step := max(min(soakStep, n/10)/soakConnections, 1)
	for done := uint64(0); done < n; {
		o.report(Progress{
			Done: int(done / (step * soakConnections)), All: int((n-1)/(step*soakConnections)) + 1, //nolint:gosec // small
			Step: fmt.Sprintf("memory over %d messages, %s", n, s.Server),
		})
		began := time.Now()
		if err := l.exchange(ctx, step); err != nil {
			return s, fmt.Errorf("soak, %s: after %d messages: %w", s.Server, done, err)
		}
		done += step * soakConnections
		point := SoakPoint{Messages: done, PerSecond: float64(step*soakConnections) / time.Since(began).Seconds()}
		if point.Busy, err = p.ask(askUsage); err != nil {
			return s, err
		}
		if point.Settled, err = p.ask(askSettled); err != nil {
			return s, err
		}
		s.Points = append(s.Points, point)
		if each != nil {
			each(point)
		}
	}
	return s, nil
}
