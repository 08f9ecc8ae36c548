package bench

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"time"
)

// Options say what is measured. Command is required.
type Options struct {
	// Command makes the command of a server process: one that calls Serve for
	// the given server, on its standard input and output.
	Command func(ctx context.Context, server string) *exec.Cmd `json:"-"`
	// Progress is called before each step; nil: not at all.
	Progress func(Progress) `json:"-"`

	Servers     []string      `json:"servers"`     // default: Servers()
	Traffics    []Traffic     `json:"traffics"`    // default: Traffics()
	Connections []int         `json:"connections"` // default: 1, 10, 100, 1,000
	Depths      []int         `json:"depths"`      // requests without a reply, per connection; default: 1, 16
	Terminals   int           `json:"terminals"`   // default: 2,000; raised to the most connections
	Rounds      int           `json:"rounds"`      // per server and cell; default: 3
	Time        time.Duration `json:"time"`        // of a round; default: 2 s
	Warmup      time.Duration `json:"warmup"`      // per server and cell; default: half a round

	lean bool // the load is the lean one
}

// Progress is how far a run has come.
type Progress struct {
	Done, All int           // steps
	Step      string        // that begins now
	Left      time.Duration // estimate
}

// Complete fills in the defaults, and reports what makes no sense.
func (o *Options) Complete() error {
	if o.Command == nil {
		return errors.New("bench: no command for server processes")
	}
	for _, s := range o.Servers {
		if !slices.Contains(Servers(), s) && s != ArmedServer {
			return fmt.Errorf("bench: no server %q", s)
		}
	}
	for _, t := range o.Traffics {
		if !slices.Contains(Traffics(), t) {
			return fmt.Errorf("bench: no traffic %q", t)
		}
	}
	setDefault(&o.Servers, Servers())
	setDefault(&o.Traffics, Traffics())
	setDefault(&o.Connections, []int{1, 10, 100, 1000})
	setDefault(&o.Depths, []int{1, 16})
	if o.Terminals == 0 {
		o.Terminals = 2000
	}
	if o.Rounds == 0 {
		o.Rounds = 3
	}
	if o.Time == 0 {
		o.Time = 2 * time.Second
	}
	if o.Warmup == 0 {
		o.Warmup = o.Time / 2
	}
	if slices.Min(o.Connections) < 1 || slices.Min(o.Depths) < 1 || o.Rounds < 1 || o.Time < 0 || o.Warmup < 0 {
		return fmt.Errorf("bench: connections %v, depths %v, %d rounds of %v after %v: all must be positive",
			o.Connections, o.Depths, o.Rounds, o.Time, o.Warmup)
	}
	if d := slices.Max(o.Depths); d > maxDepth {
		return fmt.Errorf("bench: a depth of %d is more than the %d that socket buffers surely have room for", d, maxDepth)
	}
	o.Terminals = max(o.Terminals, slices.Max(o.Connections))
	return nil
}

// maxDepth keeps a window of requests and replies within the sockets' buffers:
// neither end may have to wait with writing until the other reads.
const maxDepth = 128

func setDefault[T any](field *[]T, value []T) {
	if len(*field) == 0 {
		*field = value
	}
}

// Cell is one line of the table: one traffic at one number of connections and
// one depth.
type Cell struct {
	Traffic     Traffic            `json:"traffic"`
	Connections int                `json:"connections"`
	Depth       int                `json:"depth"`
	Servers     map[string]*Figure `json:"servers"` // by name
	// Ratio is the second server's messages per second over the first's, and
	// TailRatio its p99: the median of the rounds' pairs. 0: one is missing.
	Ratio     float64 `json:"ratio"`
	TailRatio float64 `json:"tail_ratio"`
	CPURatio  float64 `json:"cpu_ratio,omitempty"` // CPU per message, likewise; 0: not known
}

// Figure is what one server did in one cell; medians of the rounds.
type Figure struct {
	PerSecond float64       `json:"per_second"` // messages
	P50       time.Duration `json:"p50"`
	P99       time.Duration `json:"p99"`
	Worst     time.Duration `json:"worst"`  // of all rounds
	Fewest    uint64        `json:"fewest"` // messages on a connection in a round, of all rounds
	Most      uint64        `json:"most"`
	CPU       time.Duration `json:"cpu"` // of the server, per message; 0: not known
	Messages  uint64        `json:"messages"`
	Wrong     uint64        `json:"wrong"` // replies
	Error     string        `json:"error,omitempty"`
}

// WrongReplies says that a server did not answer what was asked: its figures
// are worth nothing.
type WrongReplies struct {
	Server string
	Cell   string
	N      uint64
	First  error
}

// Error names the cell and the first wrong reply.
func (e *WrongReplies) Error() string {
	return fmt.Sprintf("bench: %s, %s: %d wrong replies, the first: %v", e.Server, e.Cell, e.N, e.First)
}

// Unwrap returns what was wrong with the first reply.
func (e *WrongReplies) Unwrap() error { return e.First }

// Run measures every combination of traffics, connections and depths. What it
// returns besides an error is what had been measured until then. Wrong replies
// don't end it: they are joined in the error at the end.
func Run(ctx context.Context, o Options) ([]Cell, error) {
	if err := o.Complete(); err != nil {
		return nil, err
	}
	var plan []Cell
	for _, t := range o.Traffics {
		for _, n := range o.Connections {
			for _, d := range o.Depths {
				plan = append(plan, Cell{Traffic: t, Connections: n, Depth: d, Servers: map[string]*Figure{}})
			}
		}
	}
	began := time.Now()
	var wrong error
	for i := range plan {
		c := &plan[i]
		left := time.Duration(len(plan)-i) * o.cellTime()
		if i > 0 {
			left = time.Since(began) / time.Duration(i) * time.Duration(len(plan)-i)
		}
		o.report(Progress{Done: i, All: len(plan), Step: c.String(), Left: left})
		err := o.measure(ctx, c)
		if wr := (*WrongReplies)(nil); errors.As(err, &wr) {
			wrong = errors.Join(wrong, err)
		} else if err != nil {
			return plan[:i], errors.Join(err, wrong)
		}
	}
	return plan, wrong
}

func (o *Options) report(p Progress) {
	if o.Progress != nil {
		o.Progress(p)
	}
}

// cellTime is how long a cell takes at least.
func (o *Options) cellTime() time.Duration {
	return time.Duration(len(o.Servers)) * (o.Warmup + time.Duration(o.Rounds)*o.Time)
}

// String names the cell as progress and errors do.
func (c *Cell) String() string {
	return fmt.Sprintf("%s at %d × %d", c.Traffic, c.Connections, c.Depth)
}

// series is one server's rounds in one cell.
type series struct {
	process *process
	load    *load
	rounds  []*round
	cpu     []time.Duration // per message
}

// measure fills in one cell: servers and terminals of its own, so that no
// cell inherits another's heap or books, a warm-up, and then rounds in turns.
func (o *Options) measure(ctx context.Context, c *Cell) (err error) {
	servers, err := o.spawnAll(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, servers.end()) }()
	var all []*series
	defer func() {
		for _, s := range all {
			s.load.close()
		}
	}()
	for _, name := range o.Servers {
		s := &series{process: servers[name]}
		f, err := newFleet(c.Traffic, o.Terminals)
		if err != nil {
			return err
		}
		if s.load, err = s.process.connect(ctx, f, c.Connections, c.Depth); err != nil {
			return err
		}
		s.load.plain = !o.lean
		all = append(all, s)
	}
	for _, s := range all {
		if _, err := s.load.run(ctx, o.Warmup, 0); err != nil {
			return fmt.Errorf("warm-up of %s, %s: %w", s.process.server, c, err)
		}
	}
	for range o.Rounds {
		for _, s := range all {
			if err := s.round(ctx, o.Time); err != nil {
				return fmt.Errorf("%s, %s: %w", s.process.server, c, err)
			}
		}
	}
	return c.fill(all)
}

// connect signs the fleet on where the traffic needs it, and opens n
// connections.
func (p *process) connect(ctx context.Context, f *fleet, n, depth int) (*load, error) {
	addr, err := p.address(f.traffic.String())
	if err != nil {
		return nil, err
	}
	echo := p.server == EchoServer
	if f.traffic.MAC {
		if err := f.signOn(ctx, addr, echo); err != nil {
			return nil, err
		}
	}
	return dial(ctx, addr, f, n, depth, echo)
}

func (s *series) round(ctx context.Context, d time.Duration) error {
	before, err := s.process.ask(askUsage)
	if err != nil {
		return err
	}
	r, err := s.load.run(ctx, d, 0)
	if err != nil {
		return err
	}
	after, err := s.process.ask(askUsage)
	if err != nil {
		return err
	}
	s.rounds = append(s.rounds, r)
	s.cpu = append(s.cpu, (after.CPU-before.CPU)/time.Duration(max(r.messages, 1))) //nolint:gosec // far below 2^63
	return nil
}

// fill reduces the rounds to the figures of the cell.
func (c *Cell) fill(all []*series) error {
	var err error
	for _, s := range all {
		f := s.figure()
		c.Servers[s.process.server] = f
		if f.Wrong > 0 {
			i := slices.IndexFunc(s.rounds, func(r *round) bool { return r.err != nil })
			f.Error = s.rounds[i].err.Error()
			err = errors.Join(err, &WrongReplies{Server: s.process.server, Cell: c.String(), N: f.Wrong, First: s.rounds[i].err})
		}
	}
	if len(all) < 2 {
		return err
	}
	var speed, tail, cpu []float64
	for i, base := range all[0].rounds {
		other := all[1].rounds[i]
		speed = append(speed, other.perSecond()/max(base.perSecond(), 1))
		tail = append(tail, float64(other.hist.Quantile(0.99))/max(float64(base.hist.Quantile(0.99)), 1))
		if i < len(all[0].cpu) && all[0].cpu[i] > 0 { // systems other than Linux don't tell
			cpu = append(cpu, float64(all[1].cpu[i])/float64(all[0].cpu[i]))
		}
	}
	c.Ratio, c.TailRatio, c.CPURatio = median(speed), median(tail), median(cpu)
	return err
}

func (s *series) figure() *Figure {
	f := &Figure{Fewest: s.rounds[0].fewest, CPU: median(s.cpu)}
	var speed []float64
	var p50, p99 []time.Duration
	for _, r := range s.rounds {
		speed = append(speed, r.perSecond())
		p50, p99 = append(p50, r.hist.Quantile(0.5)), append(p99, r.hist.Quantile(0.99))
		f.Worst = max(f.Worst, r.hist.Max())
		f.Fewest, f.Most = min(f.Fewest, r.fewest), max(f.Most, r.most)
		f.Messages += r.messages
		f.Wrong += r.wrong
	}
	f.PerSecond, f.P50, f.P99 = median(speed), median(p50), median(p99)
	return f
}

// median returns the middle value; of an even number, the lower of the two.
func median[T int | float64 | time.Duration](values []T) T {
	if len(values) == 0 {
		return 0
	}
	s := slices.Sorted(slices.Values(values))
	return s[(len(s)-1)/2]
}
