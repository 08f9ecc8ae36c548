package bench

import (
	"context"
	"io"
	"net"
	"os/exec"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/acqsim/acqsim/faults"
)

func TestMeasureDelays(t *testing.T) {
	var steps []string
	o := smoke()
	o.Progress = func(p Progress) { steps = append(steps, p.Step) }
	d, err := MeasureDelays(t.Context(), o)
	require.NoError(t, err)
	assert.Equal(t, []string{"delay error, idle", "delay error, 100 connections"}, steps)
	assert.Equal(t, delayWanted, d.Wanted)
	assert.Positive(t, d.Load)
	require.Len(t, d.Faults, len(delayedFaults()))
	for _, f := range d.Faults {
		_, err := faults.Find(f.Fault)
		require.NoError(t, err, "it is a kind of fault")
		for _, e := range []DelayError{f.Idle, f.Loaded} {
			assert.GreaterOrEqual(t, e.Waits, uint64(delayProbes), f.Fault)
			assert.LessOrEqual(t, e.P50, e.P99, f.Fault)
			assert.LessOrEqual(t, e.P99, e.Worst, f.Fault)
		}
	}
}

func TestMeasureDelaysOfAnotherServer(t *testing.T) {
	o := smoke()
	o.Command = func(ctx context.Context, _ string) *exec.Cmd { return testProgram(ctx, EchoServer) }
	_, err := MeasureDelays(t.Context(), o)
	require.ErrorContains(t, err, "the acqsim+delays server has no listener for reply.delay")

	o = smoke()
	ctx, cancel := context.WithCancel(t.Context())
	o.Progress = func(Progress) { cancel() }
	_, err = MeasureDelays(ctx, o)
	require.ErrorIs(t, err, context.Canceled)
}

// What a terminal sees is judged by when bytes come, and by nothing else: here
// they come without any wait, so each wait is missed by all of its time.
func TestProbesMissWaitsThatAreNotMade(t *testing.T) {
	f, err := newFleet(delayTraffic(), 1)
	require.NoError(t, err)
	host := &acquirer{wire: f.wire, reply: approve}
	p := &prober{addr: host.start(t), fleet: f, term: f.terminals[0], check: checker{fleet: f}, in: make([]byte, bufferSize)}

	for name, tt := range map[string]struct {
		see   func(*prober) (time.Duration, error)
		waits time.Duration // at least
	}{
		"one gap": {func(p *prober) (time.Duration, error) { return p.gap(1) }, 1},
		"a drip":  {(*prober).drip, 2},
	} {
		miss, err := p.meet(t.Context(), tt.see)
		require.NoError(t, err, name)
		// The host writes a reply at once, and one read takes it.
		assert.LessOrEqual(t, miss, -tt.waits*delayWanted, name)
	}
	miss, err := p.meet(t.Context(), (*prober).wait)
	require.NoError(t, err)
	assert.GreaterOrEqual(t, miss, -delayWanted, "the way there and back counts")
	require.NoError(t, p.hangUp())
}

func TestProbesRefuseWhatIsNotRight(t *testing.T) {
	f, err := newFleet(delayTraffic(), 1)
	require.NoError(t, err)
	twice := func(p *prober) (time.Duration, error) { return p.gap(2) }
	for name, tt := range map[string]struct {
		answer string
		see    func(*prober) (time.Duration, error)
		want   string
	}{
		"no length":                  {"abcd", (*prober).wait, "no valid length"},
		"the end":                    {"", (*prober).wait, "closed the connection"},
		"more than was asked":        {"0001ab", (*prober).wait, "nobody asked"},
		"a copy that differs":        {"0001a0001b", twice, "differs"},
		"no message":                 {"0001a", (*prober).wait, "can't be read"},
		"bytes instead of an end":    {"0001a", (*prober).end, "instead of the end"},
		"a piece and then no more":   {"0009abc", (*prober).drip, "closed the connection"},
		"a copy of what is no reply": {"0001a0001a", twice, "can't be read"},
		"no reply before the end":    {"0001a", (*prober).endAfter, "can't be read"},
		"no reply before what comes": {"0001a", (*prober).more, "can't be read"},
	} {
		t.Run(name, func(t *testing.T) {
			p := &prober{addr: answering(t, tt.answer), fleet: f, term: f.terminals[0], check: checker{fleet: f}, in: make([]byte, bufferSize)}
			_, err := p.meet(t.Context(), tt.see)
			require.ErrorContains(t, err, tt.want)
			assert.Nil(t, p.conn)
		})
	}
}

// answering serves one connection: it writes an answer, says that no more
// comes, and reads what the peer says.
func answering(t *testing.T, answer string) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	var wg sync.WaitGroup
	wg.Go(func() {
		c, err := l.Accept()
		if err != nil {
			return
		}
		_, _ = io.WriteString(c, answer)
		_ = c.(*net.TCPConn).CloseWrite()
		_, _ = io.Copy(io.Discard, c)
		_ = c.Close()
	})
	t.Cleanup(func() { _ = l.Close(); wg.Wait() })
	return l.Addr().String()
}
