package simulator_test

import (
	"context"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/acqsim/acqsim/scenarios/transcript"
)

// What would come in ten minutes ends at once when it is asked for, each
// in its own way, and the line goes on.
func TestWhatIsUnderWayCanBeCancelled(t *testing.T) {
	for fault, want := range map[string]transcript.Kind{
		"{reply.delay: 10m}":                                 transcript.NotSent,
		"{request.hold: 10m}":                                transcript.Discarded,
		"{reply.reorder: {within: 10m}}":                     transcript.NotSent,
		"{reply.cross: {terminal: \"OTHER*\", within: 10m}}": transcript.NotSent,
	} {
		t.Run(fault, func(t *testing.T) {
			t.Parallel()
			s := start(t, "iso87-ascii", withRules(t, target+fault+"\n"))
			trade := healthy(t, s, "iso87-ascii")
			p := dial(t, s, "iso87-ascii")
			p.ask("sale")
			events(t, s, ofKind(transcript.Struck))
			assert.Zero(t, s.CancelDeliveries("another"), "those of others go on")
			ctx := time.Now().Add(patience)
			for s.CancelDeliveries("under-test") == 0 { // it was recorded a moment before it began
				require.True(t, time.Now().Before(ctx))
				trade()
			}
			end := one(t, events(t, s, ofKind(want)), want)
			assert.Equal(t, terminal, end.Terminal)
			assert.Contains(t, end.Why, "cancelled")
			m := p.do("echo", 0, nil)
			assert.Equal(t, "0810", get(t, m, 0), "nothing but the next reply comes")
			trade()
		})
	}
}

// A reply that waits for the next one of its connection does not outlive it.
func TestAReplyDoesNotWaitForTheNextOfAClosedConnection(t *testing.T) {
	s := start(t, "iso87-ascii", withRules(t, target+"{reply.reorder: {within: 10m}}\n"))
	p := dial(t, s, "iso87-ascii")
	p.ask("sale")
	events(t, s, ofKind(transcript.Struck))
	halfClose(t, p)
	_, m := p.read()
	assert.Equal(t, "00", get(t, m, 39), "the peer has only closed its own side")
	sent := one(t, events(t, s, ofKind(transcript.Sent)), transcript.Sent)
	assert.Contains(t, sent.Why, "can't come any more")
}

// What is to happen to a new connection only later holds up no Shutdown.
func TestShutdownDoesNotWaitForWhatComesLater(t *testing.T) {
	s := start(t, "iso87-ascii", withRules(t, "  - fault: {accept.close: {after: 10m}}\n"))
	dial(t, s, "iso87-ascii")
	events(t, s, ofKind(transcript.Struck))
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	require.NoError(t, s.Shutdown(ctx))
}

// Two terminals share a line and send at once: the previous reply of each is
// its own, and once the line is gone nobody is looked for on it.
func TestTerminalsThatShareALineAreToldApart(t *testing.T) {
	s := start(t, "iso87-ascii", withRules(t,
		"  - match: {terminal: \"10000001\", type: sale}\n    when: {nth: 2}\n    fault: reply.stale\n"+
			"  - match: {terminal: \"CROSSED1\"}\n    fault: {reply.cross: {terminal: \"10000001\", within: 10m}}\n"))
	p := dial(t, s, "iso87-ascii")
	p.write(append(p.frame(p.message("sale", 0, nil)), p.frame(p.message("sale", 0, fields{41: "OTHER001"}))...))
	first, _ := p.readTwo()
	p.ask("sale")
	_, again := p.read()
	assert.Equal(t, terminal, get(t, again, 41))
	assert.Equal(t, get(t, first, 11), get(t, again, 11))

	p.do("sale", 0, fields{41: "OTHER001"})
	require.NoError(t, p.c.Close())
	events(t, s, ofKind(transcript.Closed))
	crossed, back := dial(t, s, "iso87-ascii"), dial(t, s, "iso87-ascii")
	crossed.ask("sale", fields{41: "CROSSED1"})
	events(t, s, func(e transcript.Event) bool { return e.Kind == transcript.Decided && e.Terminal == "CROSSED1" })
	back.ask("echo", fields{41: terminal})
	one, two := back.readTwo()
	assert.ElementsMatch(t, []string{"0210", "0810"}, []string{get(t, one, 0), get(t, two, 0)})
}

func halfClose(t *testing.T, p *pos) {
	t.Helper()
	require.NoError(t, p.c.(*net.TCPConn).CloseWrite())
}

// A reply in pieces has the line, and what a fault does to the connection on its
// next request waits for that. Shutdown does not, once its time is over.
func TestShutdownCutsOffWhoWaitsForTheLine(t *testing.T) {
	s := start(t, "iso87-ascii", withRules(t,
		"  - match: {terminal: \"10000001\", type: sale}\n    fault: {frame.split: {at: 3, gap: 10m}}\n"+
			"  - match: {terminal: \"10000001\"}\n    fault: {line.idle-cut: {idle: 0s, then: reset}}\n"))
	p := dial(t, s, "iso87-ascii")
	p.ask("sale")
	_, err := p.r.Peek(3)
	require.NoError(t, err)
	p.ask("echo")
	events(t, s, func(e transcript.Event) bool { return e.Strike != nil && e.Strike.Rule == 2 })
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	over := make(chan error, 1)
	go func() { over <- s.Shutdown(ctx) }()
	select {
	case err := <-over:
		require.ErrorIs(t, err, context.DeadlineExceeded)
	case <-time.After(patience):
		t.Fatal("it does not return")
	}
	seen, _ := s.Journal().Since(0, 1<<20)
	one(t, seen, transcript.Closed)
	assert.Equal(t, transcript.Stopped, seen[len(seen)-1].Kind)
}
