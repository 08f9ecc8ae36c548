package bench

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/acqsim/acqsim/scenarios"
	"github.com/acqsim/acqsim/simulator"
)

const (
	// delayWanted is what every fault that waits is told to wait here; of
	// those with several waits, each of them.
	delayWanted = 20 * time.Millisecond
	// dripBytes makes a few pieces of a reply.
	dripBytes = 30
	// delayProbes is how many terminals meet each fault at the same time.
	delayProbes = 4

	delayConnections = 100
)

// delayed is a fault that waits, and how a terminal sees it.
type delayed struct {
	fault string // its kind, and the name of the listener where it strikes
	rule  string // parameters, in YAML, for delayWanted
	see   func(*prober) (time.Duration, error)
}

// delayedFaults is every kind that waits by itself and not for a partner.
func delayedFaults() []delayed {
	return []delayed{
		{"reply.delay", "20ms", (*prober).wait},
		{"request.hold", "20ms", (*prober).wait},
		{"reply.duplicate", "{times: 1, gap: 20ms}", func(p *prober) (time.Duration, error) { return p.gap(2) }},
		{"frame.split", "{at: 20, gap: 20ms}", func(p *prober) (time.Duration, error) { return p.gap(1) }},
		{"frame.drip", fmt.Sprintf("{bytes: %d, every: 20ms}", dripBytes), (*prober).drip},
		{"reply.unsolicited", "{when: after, gap: 20ms}", (*prober).more},
		{"accept.close", "20ms", (*prober).end},
		{"accept.reset", "20ms", (*prober).end},
		{"line.close", "{when: after-reply, after: 20ms}", (*prober).endAfter},
		{"line.reset", "{when: after-reply, after: 20ms}", (*prober).endAfter},
	}
}

// delayTraffic is what the load and the terminals that meet faults say.
func delayTraffic() Traffic { return Traffic{Dialect: "iso87-ascii"} }

// startDelays starts acqsim with a listener for each fault that waits, and one
// more, for the load, where nothing strikes.
func startDelays(ctx context.Context) (map[string]string, func() error, error) {
	var b strings.Builder
	b.WriteString("name: delays\ntitle: {en: Faults that wait, zh: 等待类故障}\nlayer: reply\nsymptom: slow\nrules:\n")
	names := []string{delayTraffic().String()}
	for _, d := range delayedFaults() {
		names = append(names, d.fault)
		fmt.Fprintf(&b, "  - match: {listener: %s}\n    fault: {%s: %s}\n", d.fault, d.fault, d.rule)
	}
	s, err := scenarios.Load("delays.yaml", []byte(b.String()), nil)
	if err != nil {
		return nil, nil, fmt.Errorf("bench: %w", err)
	}
	var o simulator.Options
	for _, name := range names {
		l, err := listener(delayTraffic(), name)
		if err != nil {
			return nil, nil, err
		}
		o.Listeners = append(o.Listeners, l)
	}
	return startWith(ctx, o, []scenarios.Arming{{Scenario: s, At: time.Now()}})
}

// Delays is by how much faults that wait miss the time that they were given.
type Delays struct {
	Wanted time.Duration `json:"wanted"` // of each wait
	Load   float64       `json:"load"`   // messages per second on the other connections, where there are any
	Faults []Delay       `json:"faults"`
}

// Delay is one kind of fault. Errors are as a terminal sees them: the way
// there and back is part of them.
type Delay struct {
	Fault  string     `json:"fault"`
	Idle   DelayError `json:"idle"`
	Loaded DelayError `json:"loaded"`
}

// DelayError is how far waits were off, too early or too late.
type DelayError struct {
	Waits uint64        `json:"waits"`
	P50   time.Duration `json:"p50"`
	P99   time.Duration `json:"p99"`
	Worst time.Duration `json:"worst"`
}

// MeasureDelays has terminals meet every fault that waits, all at the same
// time: for all rounds' time on an idle server, and as long again while 100
// connections trade without a pause. A reply that does not come, or is not
// right, is an error.
func MeasureDelays(ctx context.Context, o Options) (_ *Delays, err error) {
	if err := o.Complete(); err != nil {
		return nil, err
	}
	p, err := spawn(DelayServer, o.Command(ctx, DelayServer))
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, p.end()) }()
	faults := delayedFaults()
	f, err := newFleet(delayTraffic(), delayConnections+len(faults)*delayProbes)
	if err != nil {
		return nil, err
	}
	trading := *f
	trading.terminals = f.terminals[:delayConnections]
	l, err := p.connect(ctx, &trading, delayConnections, 1)
	if err != nil {
		return nil, err
	}
	defer l.close()
	probes := &probes{server: p, fleet: f, terminals: f.terminals[delayConnections:]}

	d := &Delays{Wanted: delayWanted}
	for _, one := range faults {
		d.Faults = append(d.Faults, Delay{Fault: one.fault})
	}
	long := time.Duration(o.Rounds) * o.Time
	o.report(Progress{Done: 0, All: 2, Step: "delay error, idle"})
	if err := probes.run(ctx, long, func(i int, e DelayError) { d.Faults[i].Idle = e }); err != nil {
		return nil, err
	}
	o.report(Progress{Done: 1, All: 2, Step: fmt.Sprintf("delay error, %d connections", delayConnections)})
	g, gctx := errgroup.WithContext(ctx)
	g.Go(func() error {
		r, err := l.run(gctx, long, 0)
		if err == nil {
			d.Load, err = r.perSecond(), r.err
		}
		return err
	})
	g.Go(func() error {
		return probes.run(gctx, long, func(i int, e DelayError) { d.Faults[i].Loaded = e })
	})
	if err := g.Wait(); err != nil {
		return nil, fmt.Errorf("bench: delays under load: %w", err)
	}
	return d, nil
}

// rows is the table. Times are in microseconds.
func (d *Delays) rows() [][]string {
	rows := [][]string{{"fault", "wait µs", "idle: waits", "p50 µs", "p99 µs", "worst µs", "load: waits", "p50 µs", "p99 µs", "worst µs"}}
	for _, f := range d.Faults {
		row := []string{f.Fault, micros(d.Wanted)}
		for _, e := range []DelayError{f.Idle, f.Loaded} {
			row = append(row, thousands(e.Waits), micros(e.P50), micros(e.P99), micros(e.Worst))
		}
		rows = append(rows, row)
	}
	return rows
}
