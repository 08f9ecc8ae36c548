package bench

import (
	"bytes"
	"io"
	"net"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// startTestEcho returns a connection to an echo of its own.
func startTestEcho(t *testing.T, length lengthHeader) *net.TCPConn {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	e := newEcho(l, length)
	t.Cleanup(func() { assert.NoError(t, e.Close()) })
	c, err := net.Dial("tcp", l.Addr().String())
	require.NoError(t, err)
	t.Cleanup(func() { _ = c.Close() })
	return c.(*net.TCPConn)
}

func TestEchoReturnsWholeMessagesOnly(t *testing.T) {
	for name, tt := range map[string]struct {
		length lengthHeader
		send   string
		want   string
	}{
		"one, ASCII length":              {ascii4, "0003abc", "0003abc"},
		"one, binary length":             {binary2, "\x00\x03abc", "\x00\x03abc"},
		"two in one segment":             {ascii4, "0003abc0002de", "0003abc0002de"},
		"the second one is cut off":      {ascii4, "0003abc0009de", "0003abc"},
		"the second length is cut off":   {binary2, "\x00\x03abc\x00", "\x00\x03abc"},
		"an empty message":               {binary2, "\x00\x00\x00\x01a", "\x00\x00\x00\x01a"},
		"no length":                      {ascii4, "-001abc", ""},
		"longer than a buffer":           {binary2, "\xff\xffabc", ""},
		"as long as a buffer allows":     {binary2, "\x0f\xfe" + string(make([]byte, 4094)), "\x0f\xfe" + string(make([]byte, 4094))},
		"a good one before a bad length": {ascii4, "0001a00x1", ""},
	} {
		t.Run(name, func(t *testing.T) {
			c := startTestEcho(t, tt.length)
			_, err := io.WriteString(c, tt.send)
			require.NoError(t, err)
			require.NoError(t, c.CloseWrite())
			got, err := io.ReadAll(c)
			if tt.want == "" {
				// Closing with unread input resets: either end is right.
				assert.Empty(t, got)
				return
			}
			require.NoError(t, err)
			assert.Equal(t, tt.want, string(got))
		})
	}
}

func TestEchoOfMessagesInPieces(t *testing.T) {
	c := startTestEcho(t, ascii4)
	var sent bytes.Buffer
	for range 300 { // more than a buffer holds
		sent.WriteString("0020abcdefghijklmnopqrst")
	}
	want := sent.String()
	done := make(chan error, 1)
	go func() {
		// One byte at a time, against any alignment with messages or buffers.
		_, err := io.Copy(struct{ io.Writer }{c}, iotest.OneByteReader(&sent))
		done <- err
	}()
	got := make([]byte, len(want))
	_, err := io.ReadFull(c, got)
	require.NoError(t, err)
	require.NoError(t, <-done)
	assert.Equal(t, want, string(got))
}

func TestEchoCloseCutsConnections(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	e := newEcho(l, binary2)
	c, err := net.Dial("tcp", l.Addr().String())
	require.NoError(t, err)
	defer func() { _ = c.Close() }()
	_, err = io.WriteString(c, "\x00\x01a")
	require.NoError(t, err)
	_, err = io.ReadFull(c, make([]byte, 3)) // it is being served
	require.NoError(t, err)

	require.NoError(t, e.Close())
	_, err = c.Read(make([]byte, 1))
	require.Error(t, err)
	assert.NotPanics(t, func() { _ = e.Close() })
}
