package simulator_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/acqsim/acqsim/scenarios"
	"github.com/acqsim/acqsim/scenarios/transcript"
	"github.com/acqsim/acqsim/scenarios/world"
	"github.com/acqsim/acqsim/simulator"
)

// rough is a run in which terminal 10000001 meets made-up scenarios while a
// healthy one trades.
type rough struct {
	*rapid.T
	s       *simulator.Server
	planner *scenarios.Planner
	house   *house
	craft   *pos // builds frames; its STANs are those of all
	healthy *pos
	lines   []line // of the terminal that is struck
	dialled int
	armed   int
}

// line is a connection, maybe with TLS.
type line struct {
	net.Conn
	tcp *net.TCPConn
}

// Whatever scenarios do to one terminal, and whenever they are armed, disarmed
// or cancelled: the server lives, another terminal gets every reply, what was
// received ends in exactly one place, and every connection ends.
func TestNoScenarioDisturbsWhoItDoesNotSelect(t *testing.T) {
	t.Parallel()
	all := houses(t)
	rapid.Check(t, func(rt *rapid.T) { runRough(t, rt, rapid.SampledFrom(all).Draw(rt, "house")) })
}

func runRough(t *testing.T, rt *rapid.T, h *house) {
	planner := scenarios.NewPlanner(scenarios.PlannerOptions{Seed: 1})
	if rapid.Bool().Draw(rt, "triggers") {
		planner.Trigger(h.triggers)
	}
	s, err := simulator.Start(context.Background(), simulator.Options{
		Listeners: []simulator.Listener{{Address: "127.0.0.1:0", Dialect: h.dialect, TLS: h.serverTLS}},
		Planner:   planner, ResponseTimeout: 5 * time.Millisecond, Authority: h.authority,
	})
	require.NoError(rt, err)
	defer func() { _ = s.Close() }()
	r := &rough{T: rt, s: s, planner: planner, house: h, craft: &pos{t: t, d: h.dialect}}
	r.healthy = r.connect(net.IPv4(127, 0, 0, 1))
	defer r.healthy.c.Close()
	other := r.connect(net.IPv4(127, 0, 0, 1))
	defer other.c.Close()
	r.send(other.c, "OTHER001", "sale")
	_, err = other.next()
	require.NoError(rt, err)
	defer func() {
		for _, c := range r.lines {
			_ = c.tcp.Close()
		}
	}()
	r.arm()
	for range rapid.IntRange(2, 12).Draw(rt, "steps") {
		r.step(rapid.IntRange(0, 9).Draw(rt, "step"))
		r.trade()
	}
	settled := rapid.Bool().Draw(rt, "ended by the peers")
	if settled {
		r.settle()
		r.trade()
	}
	r.stop()
	r.endsOnce()
}

func (r *rough) connect(from net.IP) *pos {
	c, err := (&net.Dialer{LocalAddr: &net.TCPAddr{IP: from}}).Dial("tcp", r.s.Addr(0).String())
	require.NoError(r, err)
	require.NoError(r, c.SetDeadline(time.Now().Add(patience)))
	if r.house.terminalTLS != nil {
		secure := tls.Client(c, r.house.terminalTLS)
		require.NoError(r, secure.HandshakeContext(context.Background()))
		c = secure
	}
	p := &pos{t: r.craft.t, d: r.craft.d, c: c}
	p.r = bufio.NewReader(c)
	return p
}

// dial opens a connection of the terminal that is struck; it may fail in every
// way that faults of connections have.
func (r *rough) dial() {
	d := net.Dialer{LocalAddr: &net.TCPAddr{IP: shopAddress()}, Timeout: 200 * time.Millisecond}
	c, err := d.Dial("tcp", r.s.Addr(0).String())
	if err != nil {
		var timeout net.Error
		silent := errors.As(err, &timeout) && timeout.Timeout()
		require.True(r, silent || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.ECONNREFUSED), "%v", err)
		if errors.Is(err, syscall.ECONNRESET) {
			r.dialled++
		}
		return
	}
	r.dialled++
	l := line{c, c.(*net.TCPConn)}
	if r.house.terminalTLS != nil {
		_ = c.SetDeadline(time.Now().Add(50 * time.Millisecond)) // it may hang
		secure := tls.Client(c, r.house.terminalTLS)
		if secure.HandshakeContext(context.Background()) != nil {
			_ = c.Close()
			return
		}
		_ = c.SetDeadline(time.Time{})
		l.Conn = secure
	}
	r.lines = append(r.lines, l)
}

func (r *rough) send(c net.Conn, id string, what ...string) {
	var b []byte
	for _, w := range what {
		change := fields{41: id}
		if id == terminal && r.house.chosen(r.T) {
			change[4] = fmt.Sprintf("%012d", 1000+rapid.IntRange(1, 99).Draw(r.T, "amount"))
		}
		if w == "reversal" {
			b = append(b, r.craft.frame(r.craft.message(w, max(r.craft.stan-1, 1), change))...)
			continue
		}
		b = append(b, r.craft.frame(r.craft.message(w, 0, change))...)
	}
	_ = c.SetWriteDeadline(time.Now().Add(50 * time.Millisecond)) // nobody may read
	_, _ = c.Write(b)                                             // the line may be dead
}

// trade has the healthy terminal sell something.
func (r *rough) trade() {
	require.NoError(r, r.healthy.c.SetDeadline(time.Now().Add(patience)))
	r.send(r.healthy.c, "HEALTHY1", "sale")
	f, err := r.healthy.next()
	require.NoError(r, err, "the healthy terminal gets no reply")
	m, err := r.healthy.d.Unpack(f.Body)
	require.NoError(r, err)
	for n, want := range map[int]string{0: r.house.approval, 39: r.house.dialect.Code(200, world.Approved), 41: "HEALTHY1", 11: fmt.Sprintf("%06d", r.craft.stan)} {
		got, err := m.GetString(n)
		require.NoError(r, err)
		require.Equal(r, want, got)
	}
}

func (r *rough) arm() {
	r.armed++
	s := r.house.anyScenario(r.T, fmt.Sprintf("made-up-%d", r.armed))
	_ = r.planner.Arm(scenarios.Arming{Scenario: s, At: time.Now()}) // two may exclude each other
	require.NoError(r, r.s.Rearm())
}

func (r *rough) step(what int) {
	some := func() *line {
		if len(r.lines) == 0 {
			return nil
		}
		return &r.lines[rapid.IntRange(0, len(r.lines)-1).Draw(r.T, "line")]
	}
	switch what {
	case 0:
		r.arm()
	case 1:
		r.planner.Disarm(fmt.Sprintf("made-up-%d", rapid.IntRange(1, r.armed).Draw(r.T, "disarmed")))
		require.NoError(r, r.s.Rearm())
	case 2:
		if err := r.planner.Set(scenarios.Arming{Scenario: r.house.anyScenario(r.T, "made-up-1"), At: time.Now()}); err == nil {
			require.NoError(r, r.s.Rearm())
		}
	case 3:
		if c := some(); c != nil {
			if rapid.Bool().Draw(r.T, "reset") {
				_ = c.tcp.SetLinger(0)
			}
			_ = c.tcp.Close()
		}
	case 4:
		if c := some(); c != nil {
			_ = c.SetReadDeadline(time.Now().Add(3 * time.Millisecond))
			_, _ = io.ReadAll(c)
		}
	case 5:
		r.s.CancelDeliveries(fmt.Sprintf("made-up-%d", rapid.IntRange(1, r.armed).Draw(r.T, "cancelled")))
	default:
		if len(r.lines) == 0 || what == 6 {
			r.dial()
		}
		what := rapid.SliceOfN(rapid.SampledFrom([]string{"sale", "sale", "reversal", "echo"}), 1, 5).Draw(r.T, "requests")
		if c := some(); c != nil {
			r.send(c, terminal, what...)
		}
	}
}

// settle has the peers go, gives up what is under way, and waits until their
// connections have ended.
func (r *rough) settle() {
	for _, c := range r.lines {
		_ = c.tcp.Close()
	}
	r.planner.Trigger(nil)
	for _, a := range r.planner.Armed() {
		r.planner.Disarm(a.Scenario.Name)
	}
	require.NoError(r, r.s.Rearm())
	limit := time.Now().Add(patience)
	ctx, cancel := context.WithDeadline(context.Background(), limit)
	defer cancel()
	sub := r.s.Journal().Subscribe(1 << 12)
	defer sub.Close()
	for {
		r.s.CancelDeliveries()
		seen, _ := r.s.Journal().Since(0, 1<<20)
		closed := 0
		for _, e := range seen {
			if e.Kind == transcript.Closed {
				closed++
			}
		}
		if closed >= r.dialled {
			return
		}
		short, done := context.WithTimeout(ctx, 20*time.Millisecond)
		_, _, _ = sub.Next(short)
		done()
		require.NoError(r, ctx.Err(), "%d of %d connections have ended", closed, r.dialled)
	}
}

func (r *rough) stop() {
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	over := make(chan struct{})
	go func() {
		_ = r.s.Shutdown(ctx) // what takes longer is cut off
		close(over)
	}()
	select {
	case <-over:
	case <-time.After(patience):
		r.Fatal("Shutdown does not return")
	}
}

// foreign reports what came in place of a reply, as a captive portal's page
// does: the request itself was discarded.
func foreign(e transcript.Event) bool {
	return e.Kind == transcript.Sent && e.Actor == transcript.Line && e.Outcome == world.Undecided
}

// endsOnce checks that each request ended in one place, and each connection.
func (r *rough) endsOnce() {
	type key struct {
		stan uint32
		mti  uint16
	}
	received, ends := map[key]int{}, map[key][]string{}
	opened, closed := map[uint64]int{}, map[uint64]int{}
	seen, _ := r.s.Journal().Since(0, 1<<20)
	for _, e := range seen {
		k := key{e.STAN, e.MTI}
		switch e.Kind {
		case transcript.Received:
			if e.HasSTAN { // UnionPay's line test has none
				received[k]++
			}
		case transcript.Sent, transcript.NotSent, transcript.Discarded:
			if e.HasSTAN && !foreign(e) {
				ends[k] = append(ends[k], e.Kind.String()+": "+e.Why)
			}
		case transcript.Connected:
			opened[e.Conn]++
		case transcript.Closed:
			closed[e.Conn]++
		}
	}
	for k, n := range received {
		require.Len(r, ends[k], n, "STAN %06d of %04d", k.stan, k.mti)
	}
	require.Equal(r, opened, closed)
	require.Equal(r, transcript.Stopped, seen[len(seen)-1].Kind, "nothing comes after the end")
}
