package simulator_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/acqsim/acqsim/scenarios"
	"github.com/acqsim/acqsim/scenarios/transcript"
	"github.com/acqsim/acqsim/simulator"
)

// Faults by what their rules can be matched with, for made-up scenarios. Some
// wait so long that they are under way when the server stops.
var (
	exchangeFaults = []string{
		"request.drop", "{request.hold: 5ms}", "{request.hold: 60s}", "{request.misroute: {terminal: OTHER001}}",
		"reply.drop", "{reply.delay: 5ms}", "{reply.delay: 60s}", "{reply.duplicate: {times: 2, gap: 1ms}}",
		"{reply.reorder: {within: 5ms}}", "{reply.reorder: {within: 60s}}",
		"{reply.cross: {terminal: \"OTHER*\", within: 60s}}", "{reply.cross: {terminal: \"NEVER*\", within: 60s}}", "{reply.cross: {terminal: \"NEVER*\", within: 2ms}}",
		"reply.stale", "{reply.unsolicited: {message: other-reply, when: before}}",
		"{frame.length: {edit: zero}}", "{frame.truncate: {at: 20, then: close}}", "{frame.truncate: {at: 20, then: reset}}",
		"{frame.split: {at: 3, gap: 2ms}}", "{frame.split: {at: 3, gap: 60s}}", "{frame.drip: {bytes: 8, every: 1ms}}", "{frame.coalesce: 5ms}", "{frame.coalesce: 60s}",
		"{frame.garbage: {bytes: \"DEADBEEF\", then: close}}", "frame.http", "{frame.corrupt: {field: 4, bits: 3}}",
		"{line.close: before-reply}", "{line.reset: before-reply}", "{line.reset: after-reply}", "{line.close: after-reply}",
		"{message.mti: \"0230\"}", "{message.field: {field: 11, edit: increment}}", "{message.field: {field: 38, edit: random}}", "message.bitmap", "{message.code: \"51\"}",
		"[{reply.delay: 3ms}, {frame.split: {at: 2, gap: 1ms}}, {line.reset: after-reply}]",
	}
	linuxFaults = []string{"{line.cut: after-request}", "{line.cut: mid-reply}", "{line.cut: connected}", "{line.cut: idle}"}
	idleFaults  = []string{"{line.idle-cut: {idle: 3ms, then: reset}}", "{line.idle-cut: {idle: 60s, then: reset}}"}
	accepting   = []string{"{accept.close: {after: 2ms}}", "{accept.reset: {after: 2ms}}", "{accept.close: {after: 60s}}", "accept.silent", "{accept.limit: {max: 3, then: close}}"}
)

// anyScenario draws a scenario for terminal 10000001 alone, which comes from
// the shop's address. What can't be loaded is drawn again.
func anyScenario(rt *rapid.T, name string) *scenarios.Scenario {
	for {
		var b strings.Builder
		fmt.Fprintf(&b, "name: %s\ntitle: {en: A test, zh: 测试}\nlayer: reply\nsymptom: no-answer\nseed: %d\nrules:\n", name, rapid.IntRange(1, 99).Draw(rt, "seed"))
		for range rapid.IntRange(1, 3).Draw(rt, "rules") {
			match := "terminal: \"10000001\""
			kinds := exchangeFaults
			where := []string{match, match + ", type: sale", match + ", amount: \"1.00..500.00\"", match + ", mti: \"0200\""}
			switch group := rapid.IntRange(0, 9).Draw(rt, "group"); {
			case group == 0 && shopAddress().String() == "127.0.0.2":
				kinds, where = accepting, []string{"source: 127.0.0.2"}
			case group == 1:
				kinds, where = idleFaults, where[:1]
			case group == 2 && shopAddress().String() == "127.0.0.2":
				kinds, where = linuxFaults, where[:1]
			}
			when := rapid.SampledFrom([]string{"", "nth: 2", "first: 2", "every: 2", "after: 1", "probability: 0.5"}).Draw(rt, "when")
			fmt.Fprintf(&b, "  - match: {%s}\n", rapid.SampledFrom(where).Draw(rt, "where"))
			if when != "" {
				fmt.Fprintf(&b, "    when: {%s}\n", when)
			}
			if rapid.Bool().Draw(rt, "also") {
				b.WriteString("    also: true\n")
			}
			fmt.Fprintf(&b, "    fault: %s\n", rapid.SampledFrom(kinds).Draw(rt, "fault"))
		}
		s, err := scenarios.Load(name+".yaml", []byte(b.String()), nil)
		if err == nil {
			rt.Logf("%s", b.String())
			return s
		}
	}
}

// rough is a run in which terminal 10000001 meets made-up scenarios while a
// healthy one trades.
type rough struct {
	*rapid.T
	s       *simulator.Server
	planner *scenarios.Planner
	craft   *pos // builds frames; its STANs are those of all
	healthy *pos
	lines   []net.Conn // of the terminal that is struck
	dialled int
	armed   int
}

// Whatever scenarios do to one terminal, and whenever they are armed, disarmed
// or cancelled: the server lives, another terminal gets every reply, what was
// received ends in exactly one place, and every connection ends.
func TestNoScenarioDisturbsWhoItDoesNotSelect(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) { runRough(t, rt) })
}

func runRough(t *testing.T, rt *rapid.T) {
	planner := scenarios.NewPlanner(scenarios.PlannerOptions{Seed: 1})
	s, err := simulator.Start(context.Background(), simulator.Options{
		Listeners: []simulator.Listener{{Address: "127.0.0.1:0", Dialect: load(t, "iso87-ascii")}},
		Planner:   planner, ResponseTimeout: 5 * time.Millisecond,
	})
	require.NoError(rt, err)
	defer func() { _ = s.Close() }()
	r := &rough{T: rt, s: s, planner: planner, craft: &pos{t: t, d: load(t, "iso87-ascii")}}
	r.healthy = r.connect(net.IPv4(127, 0, 0, 1))
	defer r.healthy.c.Close()
	other := r.connect(net.IPv4(127, 0, 0, 1))
	defer other.c.Close()
	r.send(other.c, "OTHER001", "sale")
	_, err = other.next()
	require.NoError(rt, err)
	defer func() {
		for _, c := range r.lines {
			_ = c.Close()
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
	p := &pos{t: r.craft.t, d: r.craft.d, c: c}
	p.r = bufio.NewReader(c)
	return p
}

func (r *rough) send(c net.Conn, id string, what ...string) {
	var b []byte
	for _, w := range what {
		change := fields{41: id}
		if w == "reversal" {
			b = append(b, r.craft.frame(r.craft.message(w, max(r.craft.stan-1, 1), change))...)
			continue
		}
		b = append(b, r.craft.frame(r.craft.message(w, 0, change))...)
	}
	_, _ = c.Write(b) // the line may be dead
}

// trade has the healthy terminal sell something.
func (r *rough) trade() {
	require.NoError(r, r.healthy.c.SetDeadline(time.Now().Add(patience)))
	r.send(r.healthy.c, "HEALTHY1", "sale")
	f, err := r.healthy.next()
	require.NoError(r, err, "the healthy terminal gets no reply")
	m, err := r.healthy.d.Unpack(f.Body)
	require.NoError(r, err)
	for n, want := range map[int]string{0: "0210", 39: "00", 41: "HEALTHY1", 11: fmt.Sprintf("%06d", r.craft.stan)} {
		got, err := m.GetString(n)
		require.NoError(r, err)
		require.Equal(r, want, got)
	}
}

func (r *rough) arm() {
	r.armed++
	s := anyScenario(r.T, fmt.Sprintf("made-up-%d", r.armed))
	_ = r.planner.Arm(scenarios.Arming{Scenario: s, At: time.Now()}) // two may exclude each other
	require.NoError(r, r.s.Rearm())
}

func (r *rough) step(what int) {
	line := func() net.Conn {
		if len(r.lines) == 0 {
			return nil
		}
		return r.lines[rapid.IntRange(0, len(r.lines)-1).Draw(r.T, "line")]
	}
	switch what {
	case 0:
		r.arm()
	case 1:
		r.planner.Disarm(fmt.Sprintf("made-up-%d", rapid.IntRange(1, r.armed).Draw(r.T, "disarmed")))
		require.NoError(r, r.s.Rearm())
	case 2:
		if err := r.planner.Set(scenarios.Arming{Scenario: anyScenario(r.T, "made-up-1"), At: time.Now()}); err == nil {
			require.NoError(r, r.s.Rearm())
		}
	case 3:
		if c := line(); c != nil {
			if rapid.Bool().Draw(r.T, "reset") {
				_ = c.(*net.TCPConn).SetLinger(0)
			}
			_ = c.Close()
		}
	case 4:
		if c := line(); c != nil {
			_ = c.SetReadDeadline(time.Now().Add(3 * time.Millisecond))
			_, _ = io.ReadAll(c)
		}
	case 5:
		r.s.CancelDeliveries(fmt.Sprintf("made-up-%d", rapid.IntRange(1, r.armed).Draw(r.T, "cancelled")))
	default:
		if len(r.lines) == 0 || what == 6 {
			r.dialled++
			d := net.Dialer{LocalAddr: &net.TCPAddr{IP: shopAddress()}, Timeout: patience}
			c, err := d.Dial("tcp", r.s.Addr(0).String())
			if errors.Is(err, syscall.ECONNRESET) {
				return
			}
			require.NoError(r, err)
			r.lines = append(r.lines, c)
		}
		what := rapid.SliceOfN(rapid.SampledFrom([]string{"sale", "sale", "reversal", "echo"}), 1, 5).Draw(r.T, "requests")
		r.send(line(), terminal, what...)
	}
}

// settle has the peers go, gives up what is under way, and waits until their
// connections have ended.
func (r *rough) settle() {
	for _, c := range r.lines {
		_ = c.Close()
	}
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
			received[k]++
		case transcript.Sent, transcript.NotSent, transcript.Discarded:
			if e.HasSTAN {
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
