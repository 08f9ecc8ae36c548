package bench

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// smoke is a run of everything that takes a moment only.
func smoke() Options {
	return Options{
		Command: testProgram, Connections: []int{8}, Depths: []int{1, 4},
		Terminals: 10, Rounds: 2, Time: 15 * time.Millisecond, Warmup: 5 * time.Millisecond,
	}
}

func TestRunMeasuresEveryCell(t *testing.T) {
	o := smoke()
	var steps []Progress
	o.Progress = func(p Progress) { steps = append(steps, p) }
	cells, err := Run(t.Context(), o)
	require.NoError(t, err)

	require.Len(t, cells, len(Traffics())*2)
	assert.Len(t, steps, len(cells))
	assert.Equal(t, "iso87-ascii at 8 × 4", steps[1].Step)
	var messages uint64
	for _, c := range cells {
		require.Len(t, c.Servers, len(Servers()), c.String())
		for name, f := range c.Servers {
			assert.LessOrEqual(t, f.P50, f.P99, "%s, %s", name, &c)
			assert.LessOrEqual(t, f.P99, f.Worst, "%s, %s", name, &c)
			assert.LessOrEqual(t, f.Fewest, f.Most, "%s, %s", name, &c)
			assert.Zero(t, f.Wrong, "%s, %s: %s", name, &c, f.Error)
			messages += f.Messages
		}
	}
	assert.Positive(t, messages)
}

func TestRunKeepsWhatItHasWhenInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	o := smoke()
	o.Progress = func(p Progress) {
		if p.Done == 1 {
			cancel()
		}
	}
	cells, err := Run(ctx, o)
	require.ErrorIs(t, err, context.Canceled)
	assert.Len(t, cells, 1)
}

func TestRunReportsAServerThatDoesNotStart(t *testing.T) {
	o := smoke()
	o.Command = func(context.Context, string) *exec.Cmd { return testProgram(t.Context(), "nonsense") }
	cells, err := Run(t.Context(), o)
	require.ErrorContains(t, err, "echo server doesn't say where it listens")
	assert.Empty(t, cells)

	o.Command = func(context.Context, string) *exec.Cmd { return exec.Command("no-such-program-exists") }
	_, err = Run(t.Context(), o)
	require.ErrorIs(t, err, exec.ErrNotFound)
}

func TestFillJudgesPairByPair(t *testing.T) {
	second := func(messages uint64, ns int64) *round {
		r := &round{messages: messages, elapsed: time.Second, fewest: messages / 2, most: messages}
		r.hist.Record(ns)
		return r
	}
	// The machine is twice as fast in the second round: ratios don't notice.
	base := &series{process: &process{server: "base"}, rounds: []*round{second(100, 1000), second(200, 500), second(100, 1000)}}
	other := &series{process: &process{server: "other"}, rounds: []*round{second(80, 2000), second(160, 1000), second(10, 9000)}}
	base.cpu, other.cpu = []time.Duration{4, 0, 2}, []time.Duration{6, 9, 9}
	bad := errors.New("DE 39 is 96")
	other.rounds[1].wrong, other.rounds[1].err = 3, bad

	c := &Cell{Servers: map[string]*Figure{}}
	err := c.fill([]*series{base, other})
	var wrong *WrongReplies
	require.ErrorAs(t, err, &wrong)
	require.ErrorIs(t, err, bad)
	assert.EqualValues(t, 3, wrong.N)
	assert.InDelta(t, 0.8, c.Ratio, 1e-9)
	assert.InDelta(t, 2, c.TailRatio, 0.02)
	assert.InDelta(t, 1.5, c.CPURatio, 1e-9, "of the rounds where the CPU is known")
	assert.InDelta(t, 100, c.Servers["base"].PerSecond, 1e-9)
	assert.EqualValues(t, 5, c.Servers["other"].Fewest)
	assert.EqualValues(t, 160, c.Servers["other"].Most)
}

func TestOptionsThatMakeNoSense(t *testing.T) {
	for name, change := range map[string]func(*Options){
		"no command":         func(o *Options) { o.Command = nil },
		"no connections":     func(o *Options) { o.Connections = []int{0} },
		"a negative depth":   func(o *Options) { o.Depths = []int{1, -1} },
		"too deep":           func(o *Options) { o.Depths = []int{maxDepth + 1} },
		"an unknown server":  func(o *Options) { o.Servers = []string{"jpos"} },
		"an unknown dialect": func(o *Options) { o.Traffics = []Traffic{{Dialect: "klingon"}} },
		"MACs without keys":  func(o *Options) { o.Traffics = []Traffic{{Dialect: "iso87-bcd", MAC: true}} },
		"negative rounds":    func(o *Options) { o.Rounds = -1 },
	} {
		t.Run(name, func(t *testing.T) {
			o := smoke()
			change(&o)
			require.Error(t, o.Complete())
		})
	}
	o := Options{Command: testProgram, Connections: []int{3000}}
	require.NoError(t, o.Complete())
	assert.Equal(t, 3000, o.Terminals, "each connection has a terminal of its own")
}

func TestMeasureIdle(t *testing.T) {
	all, err := MeasureIdle(t.Context(), smoke(), 50)
	require.NoError(t, err)
	require.Len(t, all, len(Servers()))
	assert.Equal(t, EchoServer, all[0].Server)
	assert.GreaterOrEqual(t, all[0].Go, float64(bufferSize), "an echo's connection has a buffer at least")
	for _, i := range all {
		assert.Equal(t, 50, i.Connections)
	}
}

func TestMeasureSoak(t *testing.T) {
	o := smoke()
	o.Traffics = []Traffic{{Dialect: "iso87-bcd"}, {Dialect: "unionpay-pos", MAC: true}}
	var seen []SoakPoint
	s, err := MeasureSoak(t.Context(), o, 6000, func(p SoakPoint) { seen = append(seen, p) })
	require.NoError(t, err)
	assert.Equal(t, s.Points, seen)
	assert.Contains(t, o.Traffics, s.Traffic)
	require.Len(t, s.Points, 10)
	assert.EqualValues(t, 6000, s.Points[9].Messages)
	assert.Positive(t, s.Points[9].Settled.Heap)
	_, known := s.Growth()
	assert.True(t, known)
}

func TestSoakPrefersSalesThatNameTheirBatch(t *testing.T) {
	unionpay := Traffic{Dialect: "unionpay-pos"}
	for _, traffics := range [][]Traffic{{unionpay}, {{Dialect: "unionpay-pos", MAC: true}, unionpay}, {{Dialect: "iso87-ascii"}}} {
		o := Options{Traffics: traffics}
		got, err := o.batched()
		require.NoError(t, err)
		assert.Equal(t, traffics[0], got)
	}
	o := Options{Traffics: []Traffic{{Dialect: "klingon"}}}
	_, err := o.batched()
	require.Error(t, err)
}

func TestSoakGrowth(t *testing.T) {
	soak := func(mib ...uint64) *Soak {
		s := &Soak{}
		for _, m := range mib {
			s.Points = append(s.Points, SoakPoint{Settled: Usage{Resident: m << 20}})
		}
		return s
	}
	_, known := soak(1, 2, 3, 4, 5).Growth()
	assert.False(t, known)
	for want, s := range map[float64]*Soak{
		0:    soak(1, 50, 100, 90, 100, 95), // it fills, and stays
		0.5:  soak(1, 50, 100, 100, 150, 120),
		-0.1: soak(1, 50, 100, 100, 90, 80),
	} {
		got, known := s.Growth()
		assert.True(t, known)
		assert.InDelta(t, want, got, 1e-9)
	}
}

func TestServeEndsWithItsInput(t *testing.T) {
	stdin, ask := io.Pipe()
	answers, stdout := io.Pipe()
	done := make(chan error, 1)
	go func() { done <- Serve(t.Context(), EchoServer, stdin, stdout) }()
	d := json.NewDecoder(answers)
	var h hello
	require.NoError(t, d.Decode(&h))
	for _, traffic := range Traffics() {
		assert.Contains(t, h.Addresses, traffic.String())
	}
	for _, question := range []string{askUsage, askSettled} {
		_, err := io.WriteString(ask, question+"\n")
		require.NoError(t, err)
		var u Usage
		require.NoError(t, d.Decode(&u))
		assert.Positive(t, u.Heap)
		assert.Positive(t, u.memory())
	}
	require.NoError(t, ask.Close())
	require.NoError(t, <-done)

	require.ErrorContains(t, Serve(t.Context(), "jpos", strings.NewReader(""), io.Discard), `no server "jpos"`)
}

func TestParseTraffic(t *testing.T) {
	for _, traffic := range Traffics() {
		got, err := ParseTraffic(traffic.String())
		require.NoError(t, err)
		assert.Equal(t, traffic, got)
	}
	_, err := ParseTraffic("iso87-ascii+mac")
	require.ErrorContains(t, err, "unionpay-pos+mac")
}
