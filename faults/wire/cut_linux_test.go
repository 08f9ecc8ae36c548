package wire

import (
	"context"
	"net"
	"os"
	"runtime"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/acqsim/acqsim/faults"
)

// hearsNothing checks that nothing comes to a peer: no byte, no FIN, no RST.
func hearsNothing(t *testing.T, c net.Conn) {
	t.Helper()
	require.NoError(t, c.SetReadDeadline(time.Now().Add(50*time.Millisecond)))
	n, err := c.Read(make([]byte, 1))
	assert.Zero(t, n)
	require.ErrorIs(t, err, os.ErrDeadlineExceeded)
}

// A line that was cut is given up without a word, also with input that nobody
// read, and through TLS.
func TestCutLineIsGivenUpSilently(t *testing.T) {
	filters(t)
	plain := func(t *testing.T) (net.Conn, net.Conn) { return pair(t) }
	for name, connect := range map[string]func(*testing.T) (net.Conn, net.Conn){"plain": plain, "TLS": securePair} {
		t.Run(name, func(t *testing.T) {
			ours, peers := connect(t)
			_, err := peers.Write([]byte("nobody reads this"))
			require.NoError(t, err)
			require.Eventually(t, func() bool { return queued(t, netConn(peers)) == 0 }, 5*time.Second, time.Millisecond)
			step := faults.Step{Op: faults.Cut, For: 10 * time.Millisecond}
			w := NewWriter(ours, Options{})
			require.NoError(t, deliver(t, w, step).Err)
			require.NoError(t, Finish(t.Context(), ours, step, time.Second))
			hearsNothing(t, netConn(peers))
			_, err = netConn(ours).Write([]byte("x"))
			assert.ErrorIs(t, err, net.ErrClosed, "the socket is not kept")
			_ = w.Close(t.Context())
		})
	}
}

// Who may not use TCP_REPAIR sends what is left the wrong way.
func TestStrandedConnectionIsSilent(t *testing.T) {
	filters(t)
	ours, peers := pair(t)
	require.NoError(t, pullCable(ours))
	if err := control(ours, func(fd uintptr) error { return strand(int(fd)) }); err != nil {
		t.Skip("no other device here: ", err)
	}
	require.NoError(t, Reset(ours))
	hearsNothing(t, peers)
}

// Without the capability, an error says what to do. The capability is a
// thread's: this one gives it away, and ends with the test.
func TestFiltersWithoutTheCapability(t *testing.T) {
	if err := Filters(t.Context()); err != nil {
		require.ErrorIs(t, err, os.ErrPermission)
		require.ErrorContains(t, err, "setcap cap_net_admin+ep")
		return
	}
	told := make(chan error, 1)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go func() {
		runtime.LockOSThread() // and never unlock: the thread ends with the goroutine
		header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
		var none [2]unix.CapUserData
		if err := unix.Capset(&header, &none[0]); err != nil {
			told <- err
			return
		}
		told <- Filters(ctx)
	}()
	if err := <-told; err != nil { // kernels differ: many let everybody filter
		require.ErrorIs(t, err, syscall.EPERM)
		require.ErrorContains(t, err, "setcap cap_net_admin+ep")
	}
}
