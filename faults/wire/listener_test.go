package wire

import (
	"errors"
	"net"
	"net/netip"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/acqsim/acqsim/faults"
)

// dial connects from a loopback address of its own.
func dial(t *testing.T, from string, to net.Addr, limit time.Duration) (net.Conn, error) {
	t.Helper()
	d := net.Dialer{Timeout: limit, LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}}
	c, err := d.DialContext(t.Context(), "tcp", to.String())
	if err == nil {
		t.Cleanup(func() { _ = c.Close() })
	}
	return c, err
}

// serve accepts connections until the listener is closed, and answers a byte.
func serve(t *testing.T, l *Listener) {
	t.Helper()
	ended := make(chan error, 1)
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				ended <- err
				return
			}
			_, _ = c.Write([]byte{'!'})
			t.Cleanup(func() { _ = c.Close() })
		}
	}()
	t.Cleanup(func() {
		_ = l.Close()
		assert.ErrorIs(t, <-ended, net.ErrClosed)
	})
}

// unanswered says that nobody answered, not even with a refusal.
func unanswered(t *testing.T, err error) {
	t.Helper()
	var timeout net.Error
	require.ErrorAs(t, err, &timeout)
	require.True(t, timeout.Timeout(), err)
}

func answered(t *testing.T, c net.Conn) {
	t.Helper()
	require.NoError(t, c.SetReadDeadline(time.Now().Add(5*time.Second)))
	n, err := c.Read(make([]byte, 1))
	require.NoError(t, err)
	assert.Equal(t, 1, n)
}

func TestRefuseAndTakeAgain(t *testing.T) {
	linux(t)
	for _, address := range []string{"127.0.0.1:0", "[::1]:0"} {
		l, err := Listen(t.Context(), address)
		if errors.Is(err, syscall.EADDRNOTAVAIL) {
			continue // no IPv6 here
		}
		require.NoError(t, err)
		serve(t, l)
		old, err := net.Dial("tcp", l.Addr().String())
		require.NoError(t, err)
		defer old.Close()
		answered(t, old)

		for range 3 {
			require.NoError(t, l.Apply(faults.ListenPlan{Refuse: true}))
			require.NoError(t, l.Apply(faults.ListenPlan{Refuse: true}), "once is enough")
			_, err = net.Dial("tcp", l.Addr().String())
			require.ErrorIs(t, err, syscall.ECONNREFUSED)
			_, err = old.Write([]byte("established connections live on"))
			require.NoError(t, err)

			require.NoError(t, l.Apply(faults.ListenPlan{}))
			c, err := net.Dial("tcp", l.Addr().String())
			require.NoError(t, err)
			answered(t, c)
			_ = c.Close()
		}
	}
}

func TestClosingWhileRefused(t *testing.T) {
	linux(t)
	l, err := Listen(t.Context(), "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, l.Apply(faults.ListenPlan{Refuse: true}))
	serve(t, l) // its Accept ends with the test
}

func TestThePortIsTakenMeanwhile(t *testing.T) {
	linux(t)
	l, err := Listen(t.Context(), "127.0.0.1:0")
	require.NoError(t, err)
	serve(t, l)
	require.NoError(t, l.Apply(faults.ListenPlan{Refuse: true}))
	thief, err := net.Listen("tcp", l.Addr().String())
	require.NoError(t, err)
	err = l.Apply(faults.ListenPlan{})
	require.ErrorIs(t, err, syscall.EADDRINUSE)
	require.ErrorContains(t, err, "another program took the port")
	require.NoError(t, thief.Close())
	require.NoError(t, l.Apply(faults.ListenPlan{}))
	c, err := net.Dial("tcp", l.Addr().String())
	require.NoError(t, err)
	defer c.Close()
	answered(t, c)
}

func TestBlackholeIsSilence(t *testing.T) {
	filters(t)
	l, err := Listen(t.Context(), "127.0.0.1:0")
	require.NoError(t, err)
	serve(t, l)
	before, err := l.DroppedSYNs()
	require.NoError(t, err)
	require.NoError(t, l.Apply(faults.ListenPlan{Blackhole: true}))
	_, err = dial(t, "127.0.0.1", l.Addr(), 100*time.Millisecond)
	unanswered(t, err)
	after, err := l.DroppedSYNs()
	require.NoError(t, err)
	assert.Positive(t, after-before)

	require.NoError(t, l.Apply(faults.ListenPlan{}))
	c, err := dial(t, "127.0.0.1", l.Addr(), 5*time.Second)
	require.NoError(t, err)
	answered(t, c)
}

func TestBlackholeOfSomeSources(t *testing.T) {
	filters(t)
	for _, address := range []string{"127.0.0.1:0", ":0"} {
		l, err := Listen(t.Context(), address)
		require.NoError(t, err)
		serve(t, l)
		to := &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: l.Addr().(*net.TCPAddr).Port}
		require.NoError(t, l.Apply(faults.ListenPlan{Blackhole: true, Sources: []netip.Prefix{
			netip.MustParsePrefix("2001:db8::/32"), netip.MustParsePrefix("127.0.0.2/32"), netip.MustParsePrefix("127.7.0.0/16"),
		}}))
		for _, from := range []string{"127.0.0.2", "127.7.3.1"} {
			_, err = dial(t, from, to, 100*time.Millisecond)
			unanswered(t, err)
		}
		for _, from := range []string{"127.0.0.1", "127.0.0.3", "127.8.0.1"} {
			c, err := dial(t, from, to, 5*time.Second)
			require.NoError(t, err, from)
			answered(t, c)
		}
		// What was accepted meanwhile has no filter: it is not cut off when
		// its address is selected later.
		c, err := dial(t, "127.0.0.3", to, 5*time.Second)
		require.NoError(t, err)
		answered(t, c)
		require.NoError(t, l.Apply(faults.ListenPlan{Blackhole: true}))
		_, err = c.Write([]byte("still here"))
		require.NoError(t, err)
		require.Eventually(t, func() bool { return queued(t, c) == 0 }, 5*time.Second, time.Millisecond, "it is acknowledged")
	}
}

func TestASourceOfIPv6(t *testing.T) {
	filters(t)
	l, err := Listen(t.Context(), "[::1]:0")
	if err != nil {
		t.Skip("no IPv6 here: ", err)
	}
	serve(t, l)
	require.NoError(t, l.Apply(faults.ListenPlan{Blackhole: true, Sources: []netip.Prefix{netip.MustParsePrefix("::1/128")}}))
	_, err = dial(t, "::1", l.Addr(), 100*time.Millisecond)
	unanswered(t, err)
	require.NoError(t, l.Apply(faults.ListenPlan{Blackhole: true, Sources: []netip.Prefix{netip.MustParsePrefix("::2/128"), netip.MustParsePrefix("fe80::/10")}}))
	c, err := dial(t, "::1", l.Addr(), 5*time.Second)
	require.NoError(t, err)
	answered(t, c)
}

func TestSourcesThatCantBe(t *testing.T) {
	_, err := dropSources(make([]netip.Prefix, 1))
	require.ErrorContains(t, err, "no network address")
	_, err = dropSources(make([]netip.Prefix, maxFilterSources+1))
	require.ErrorContains(t, err, "20 at most")
	prog, err := dropSources([]netip.Prefix{netip.MustParsePrefix("::ffff:127.0.0.2/128")})
	require.NoError(t, err)
	plain, err := dropSources([]netip.Prefix{netip.MustParsePrefix("127.0.0.2/32")})
	require.NoError(t, err)
	assert.Equal(t, plain, prog, "a mapped address is the IPv4 one on the line")
}

func TestASmallWindowFillsSoon(t *testing.T) {
	linux(t)
	l, err := Listen(t.Context(), "127.0.0.1:0")
	require.NoError(t, err)
	serve(t, l)
	takes := func() int {
		c, err := net.Dial("tcp", l.Addr().String())
		require.NoError(t, err)
		defer c.Close()
		answered(t, c)
		require.NoError(t, c.SetWriteDeadline(time.Now().Add(300*time.Millisecond)))
		n, err := c.Write(make([]byte, 32<<20))
		require.ErrorIs(t, err, os.ErrDeadlineExceeded, "nobody reads")
		return n - queued(t, c)
	}
	wide := takes()
	require.NoError(t, l.SmallWindow(true))
	require.NoError(t, l.SmallWindow(true))
	narrow := takes()
	require.NoError(t, l.SmallWindow(false))
	again := takes()
	assert.Less(t, narrow, 10_000, "acknowledged although nobody reads")
	assert.Greater(t, wide, 20*narrow)
	assert.Greater(t, again, 20*narrow)
}
