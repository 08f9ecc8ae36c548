package wire

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"os"
	"runtime"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/acqsim/acqsim/faults"
)

func write(s string) faults.Step { return faults.Step{Op: faults.Write, Bytes: []byte(s)} }

// pair returns the two ends of a TCP connection.
func pair(t *testing.T) (ours, peers net.Conn) {
	t.Helper()
	l, err := Listen(t.Context(), "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	peers, err = net.Dial("tcp", l.Addr().String())
	require.NoError(t, err)
	ours, err = l.Accept()
	require.NoError(t, err)
	t.Cleanup(func() { _ = ours.Close(); _ = peers.Close() })
	return ours, peers
}

// securePair is pair with TLS on it.
func securePair(t *testing.T) (ours, peers net.Conn) {
	t.Helper()
	a, b := pair(t)
	authority, err := NewAuthority(time.Now())
	require.NoError(t, err)
	cert, err := authority.Issue("127.0.0.1")
	require.NoError(t, err)
	server := tls.Server(a, &tls.Config{Certificates: []tls.Certificate{*cert}, MinVersion: tls.VersionTLS12})
	client := tls.Client(b, &tls.Config{RootCAs: authority.Pool(), ServerName: "127.0.0.1", MinVersion: tls.VersionTLS12})
	shaken := make(chan error, 1)
	go func() { shaken <- server.HandshakeContext(t.Context()) }()
	require.NoError(t, client.HandshakeContext(t.Context()))
	require.NoError(t, <-shaken)
	return server, client
}

// deliver has steps done and returns what became of them.
func deliver(t *testing.T, w *Writer, steps ...faults.Step) Result {
	t.Helper()
	done := make(chan Result, 1)
	w.Deliver(time.Time{}, steps, func(r Result) { done <- r })
	select {
	case r := <-done:
		return r
	case <-t.Context().Done():
		t.Fatal("the delivery was not done")
		return Result{}
	}
}

// read returns what the peer can read, and the error that ends it.
func read(t *testing.T, c net.Conn) (string, error) {
	t.Helper()
	require.NoError(t, c.SetReadDeadline(time.Now().Add(5*time.Second)))
	b, err := io.ReadAll(c)
	return string(b), err
}

func TestFINIsAnEOFAlsoWithUnreadInput(t *testing.T) {
	for _, mode := range []struct {
		name string
		pair func(*testing.T) (net.Conn, net.Conn)
		rude bool
	}{{"plain", pair, false}, {"TLS", securePair, false}, {"TLS, rude", securePair, true}} {
		t.Run(mode.name, func(t *testing.T) {
			ours, peers := mode.pair(t)
			_, err := peers.Write([]byte("never read"))
			require.NoError(t, err)
			step := faults.Step{Op: faults.FIN, Rude: mode.rude}
			w := NewWriter(ours, Options{})
			r := deliver(t, w, write("reply"), step)
			require.NoError(t, r.Err)
			assert.Equal(t, faults.FIN, r.Ended)
			got, err := read(t, peers)
			assert.Equal(t, "reply", got)
			require.NoError(t, err, "EOF")

			var ended *EndedError
			err = w.Write([]byte("too late"))
			require.ErrorAs(t, err, &ended)
			assert.Equal(t, faults.FIN, ended.Op)
			finished := make(chan error, 1)
			go func() { finished <- Finish(t.Context(), ours, step, 5*time.Second) }()
			require.NoError(t, netConn(peers).Close())
			assert.NoError(t, <-finished)
			_ = w.Close(t.Context())
		})
	}
}

func TestRSTIsAResetAlsoWithTLS(t *testing.T) {
	for name, pair := range map[string]func(*testing.T) (net.Conn, net.Conn){"plain": pair, "TLS": securePair} {
		t.Run(name, func(t *testing.T) {
			ours, peers := pair(t)
			var told []faults.Step
			w := NewWriter(ours, Options{Ended: func(s faults.Step) { told = append(told, s) }})
			r := deliver(t, w, faults.Step{Op: faults.RST})
			require.NoError(t, r.Err)
			got, err := read(t, peers)
			assert.Empty(t, got)
			assert.ErrorIs(t, err, syscall.ECONNRESET)
			assert.Equal(t, []faults.Step{{Op: faults.RST}}, told)
			assert.NoError(t, Finish(t.Context(), ours, told[0], time.Second))
			_ = w.Close(t.Context())
		})
	}
}

func TestCloseNotifyOnlyOfAPoliteFIN(t *testing.T) {
	sizes := map[bool]int{}
	for _, rude := range []bool{false, true} {
		ours, peers := securePair(t)
		w := NewWriter(ours, Options{})
		r := deliver(t, w, write("reply"), faults.Step{Op: faults.FIN, Rude: rude})
		require.NoError(t, r.Err)
		raw, err := read(t, netConn(peers)) // records, still encrypted
		require.NoError(t, err)
		sizes[rude] = len(raw)
		_ = w.Close(t.Context())
	}
	const alert = 5 + 2 + 1 + 16 // RFC 8446 §5.2: header, alert, type, tag
	assert.Equal(t, sizes[true]+alert, sizes[false])
}

// linux skips what needs its socket filters.
func linux(t *testing.T) {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("this can be done to sockets of Linux only")
	}
}

// filters skips a test where sockets can't be filtered: elsewhere than on
// Linux, or where the kernel wants CAP_NET_ADMIN for it.
func filters(t *testing.T) {
	t.Helper()
	linux(t)
	if err := Filters(t.Context()); errors.Is(err, os.ErrPermission) {
		t.Skip(err)
	} else {
		require.NoError(t, err)
	}
}

// queued is how much the peer has not acknowledged.
func queued(t *testing.T, c net.Conn) int {
	t.Helper()
	n, err := unsent(c)
	require.NoError(t, err)
	return n
}

func TestCutIsSilenceAndNothingIsAcknowledged(t *testing.T) {
	filters(t)
	ours, peers := pair(t)
	w := NewWriter(ours, Options{})
	step := faults.Step{Op: faults.Cut, For: time.Hour}
	r := deliver(t, w, write("half a re"), step)
	require.NoError(t, r.Err)
	assert.Equal(t, 9, r.Written)

	b := make([]byte, 100)
	n, err := io.ReadFull(peers, b[:9])
	require.NoError(t, err)
	assert.Equal(t, "half a re", string(b[:n]))
	_, err = peers.Write([]byte("is anybody there?"))
	require.NoError(t, err, "the peer's kernel takes it")
	require.NoError(t, peers.SetReadDeadline(time.Now().Add(200*time.Millisecond)))
	n, err = peers.Read(b)
	assert.Zero(t, n)
	require.ErrorIs(t, err, os.ErrDeadlineExceeded, "no byte, no FIN, no RST")
	assert.Equal(t, 17, queued(t, peers), "and nobody acknowledges it")

	ctx, cancel := context.WithCancel(t.Context())
	finished := make(chan error, 1)
	go func() { finished <- Finish(ctx, ours, step, time.Second) }()
	cancel()
	require.NoError(t, <-finished)
	_, err = ours.Write([]byte("x"))
	require.ErrorIs(t, err, net.ErrClosed)
	_ = w.Close(t.Context())
}

func TestMuteKeepsTheConnection(t *testing.T) {
	ours, peers := pair(t)
	w := NewWriter(ours, Options{})
	r := deliver(t, w, faults.Step{Op: faults.Mute}, write("never"))
	assert.NoError(t, r.Err)
	var ended *EndedError
	require.ErrorAs(t, w.Write([]byte("never")), &ended)
	require.NoError(t, peers.SetReadDeadline(time.Now().Add(50*time.Millisecond)))
	_, err := peers.Read(make([]byte, 1))
	require.ErrorIs(t, err, os.ErrDeadlineExceeded)
	_, err = peers.Write([]byte("hello"))
	require.NoError(t, err)
	b := make([]byte, 5)
	_, err = io.ReadFull(ours, b)
	require.NoError(t, err, "what the peer says is still read")
	_ = w.Close(t.Context())
}

func TestGapsKeepTheLineAndWaitsDoNot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &tape{}
		w := NewWriter(c, Options{})
		done := make(chan Result, 1)
		start := time.Now()
		w.Deliver(start, []faults.Step{
			write("a1"), {Op: faults.Gap, For: time.Second}, write("a2"),
			{Op: faults.Wait, For: 10 * time.Second}, write("a3"),
		}, func(r Result) { done <- r })
		synctest.Wait()
		require.NoError(t, w.Write([]byte("b")), "waits for the gap")
		assert.Equal(t, time.Second, time.Since(start))
		require.NoError(t, w.Write([]byte("c")), "passes while the delivery waits")
		r := <-done
		require.NoError(t, r.Err)
		assert.Equal(t, 11*time.Second, time.Since(start))
		assert.Equal(t, 11*time.Second, r.Last.Sub(r.First))
		assert.Equal(t, 6, r.Written)
		assert.Equal(t, []string{"a1", "a2", "b", "c", "a3"}, texts(c))
		require.NoError(t, w.Close(t.Context()))
	})
}

// What each piece is late by does not add up over a reply that drips; after a
// write that held up everything, the next piece does not follow at once.
func TestLateGapsDoNotAddUp(t *testing.T) {
	const gap = 20 * time.Millisecond
	for slow, all := range map[time.Duration]time.Duration{
		3 * time.Millisecond:  3*time.Millisecond + 5*gap, // what the last one takes itself
		15 * time.Millisecond: 5 * (15*time.Millisecond + gap),
	} {
		synctest.Test(t, func(t *testing.T) {
			c := &tape{slow: slow}
			w := NewWriter(c, Options{})
			steps := []faults.Step{write("0")}
			for range 5 {
				steps = append(steps, faults.Step{Op: faults.Gap, For: gap}, write("x"))
			}
			require.NoError(t, deliver(t, w, steps...).Err)
			require.Len(t, c.writes, 6)
			assert.Equal(t, all, c.writes[5].at-c.writes[0].at)
			require.NoError(t, w.Close(t.Context()))
		})
	}
}

func TestCancelADelivery(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &tape{}
		w := NewWriter(c, Options{})
		results := make(chan Result, 3)
		begun := w.Deliver(time.Now(), []faults.Step{write("half"), {Op: faults.Gap, For: time.Hour}, write("never")}, func(r Result) { results <- r })
		later := w.Deliver(time.Now().Add(time.Minute), []faults.Step{write("never")}, func(r Result) { results <- r })
		synctest.Wait()
		assert.Equal(t, 2, w.Pending())
		later.Cancel()
		r := <-results
		assert.Equal(t, Result{Size: 5, Err: ErrCancelled}, r)
		begun.Cancel()
		begun.Cancel()
		r = <-results
		assert.ErrorIs(t, r.Err, ErrCancelled)
		assert.Equal(t, 4, r.Written)
		synctest.Wait()
		assert.Zero(t, w.Pending())
		require.NoError(t, w.Write([]byte("on it goes")))
		require.NoError(t, w.Close(t.Context()))
		later.Cancel()
		assert.Equal(t, []string{"half", "on it goes"}, texts(c))
	})
}

func TestClosingGivesUpAGap(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := NewWriter(&tape{}, Options{})
		done := make(chan Result, 1)
		w.Deliver(time.Now(), []faults.Step{write("x"), {Op: faults.Gap, For: time.Hour}, write("y")}, func(r Result) { done <- r })
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_ = w.Close(ctx)
		assert.ErrorIs(t, (<-done).Err, ErrClosed)
	})
}

func TestDeliveriesBehindAFinalStepFail(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &tape{}
		w := NewWriter(c, Options{})
		results := make(chan Result, 2)
		w.Deliver(time.Now().Add(time.Hour), []faults.Step{write("late")}, func(r Result) { results <- r })
		w.Deliver(time.Now(), []faults.Step{{Op: faults.Mute}}, nil)
		r := <-results
		var failed *WriteError
		require.True(t, errors.As(r.Err, &failed))
		assert.Equal(t, 4, failed.Size)
		assert.Contains(t, r.Err.Error(), "mute")
		assert.Empty(t, c.writes)
		_ = w.Close(t.Context())
	})
}

func texts(c *tape) (all []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, w := range c.writes {
		all = append(all, w.b)
	}
	return all
}
