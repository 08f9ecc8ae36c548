package wire

import (
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// twoEnds returns an accepted connection and its peer.
func twoEnds(t *testing.T) (accepted net.Conn, peer *net.TCPConn) {
	l, err := Listen(t.Context(), "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { require.NoError(t, l.Close()) }()
	c, err := net.Dial("tcp", l.Addr().String())
	require.NoError(t, err)
	t.Cleanup(func() { _ = c.Close() })
	accepted, err = l.Accept()
	require.NoError(t, err)
	t.Cleanup(func() { _ = accepted.Close() })
	require.Implements(t, (*Eager)(nil), accepted)
	return accepted, c.(*net.TCPConn)
}

func TestDirectReadsAndWrites(t *testing.T) {
	c, peer := twoEnds(t)
	buf := make([]byte, 10)
	n, err := c.Read(nil)
	require.NoError(t, err)
	require.Zero(t, n)
	for _, patience := range []time.Duration{0, time.Minute} {
		c.(Eager).StayAwake(patience)
		read := make(chan error, 1)
		go func() {
			n, err = c.Read(buf)
			read <- err
		}()
		_, werr := peer.Write([]byte("request"))
		require.NoError(t, werr)
		require.NoError(t, <-read)
		assert.Equal(t, "request", string(buf[:n]))
	}
	n, err = c.Write([]byte("reply"))
	require.NoError(t, err)
	assert.Equal(t, 5, n)
	_, err = io.ReadFull(peer, buf[:5])
	require.NoError(t, err)
	assert.Equal(t, "reply", string(buf[:5]))

	require.NoError(t, peer.CloseWrite())
	_, err = c.Read(buf)
	require.Equal(t, io.EOF, err)
}

// More than a socket takes at once.
func TestDirectWritesAll(t *testing.T) {
	c, peer := twoEnds(t)
	const size = 32 << 20
	go func() {
		_, err := c.Write([]byte(strings.Repeat("x", size)))
		assert.NoError(t, err)
		assert.NoError(t, c.Close())
	}()
	got, err := io.Copy(io.Discard, peer)
	require.NoError(t, err)
	assert.EqualValues(t, size, got)
}

func TestTryWriteDoesNotWait(t *testing.T) {
	c, peer := twoEnds(t)
	e := c.(Eager)
	sent := 0
	for {
		n, err := e.TryWrite(make([]byte, 1<<20))
		require.NoError(t, err)
		if n == 0 {
			break // it takes nothing any more
		}
		sent += n
	}
	go func() { assert.NoError(t, c.Close()) }()
	got, err := io.Copy(io.Discard, peer)
	require.NoError(t, err)
	assert.EqualValues(t, sent, got)
}

// Its errors are those of a TCP connection, to the word.
func TestDirectFailsAsAConnectionDoes(t *testing.T) {
	for name, spoil := range map[string]func(c net.Conn, peer *net.TCPConn){
		"deadlines": func(c net.Conn, _ *net.TCPConn) { require.NoError(t, c.SetDeadline(past)) },
		"closed":    func(c net.Conn, _ *net.TCPConn) { require.NoError(t, c.Close()) },
		"reset": func(c net.Conn, peer *net.TCPConn) {
			require.NoError(t, Reset(peer))
			_, err := c.(*direct).TCPConn.Read(make([]byte, 1)) // it has come
			require.ErrorIs(t, err, syscall.ECONNRESET)
		},
	} {
		t.Run(name, func(t *testing.T) {
			c, peer := twoEnds(t)
			spoil(c, peer)
			for what, call := range map[string]func(net.Conn) error{
				"read":  func(c net.Conn) error { _, err := c.Read(make([]byte, 1)); return err },
				"write": func(c net.Conn) error { _, err := c.Write([]byte("x")); return err },
			} {
				want, got := call(c.(*direct).TCPConn), call(c)
				require.Error(t, want)
				assert.Equal(t, want.Error(), got.Error(), what)
				for _, is := range []error{os.ErrDeadlineExceeded, net.ErrClosed, syscall.EPIPE, io.EOF} {
					assert.Equal(t, errors.Is(want, is), errors.Is(got, is), "%s: %v", what, is)
				}
				var e *net.OpError
				if errors.As(want, &e) {
					require.ErrorAs(t, got, &e)
					assert.Equal(t, name == "deadlines", e.Timeout())
				}
			}
		})
	}
}

// A deadline ends a Read that waits already, also one that is awake.
func TestADeadlineEndsADirectRead(t *testing.T) {
	for _, patience := range []time.Duration{0, time.Millisecond} {
		c, _ := twoEnds(t)
		c.(Eager).StayAwake(patience)
		read := make(chan error, 1)
		go func() {
			_, err := c.Read(make([]byte, 1))
			read <- err
		}()
		require.NoError(t, c.SetReadDeadline(past))
		require.ErrorIs(t, <-read, os.ErrDeadlineExceeded)
	}
}
