package wire

import (
	"context"
	"net"
	"time"

	"golang.org/x/sys/unix"
)

// AwaitHangup waits until the peer has closed or reset the connection, or ctx
// ends, without reading a byte of what it sent. A FIN that stands behind data
// for which the window has no room can't be seen. c's deadlines must not be
// used by anybody else meanwhile.
func AwaitHangup(ctx context.Context, c net.Conn) {
	under := netConn(c)
	s, ok := under.(interface{ SetReadDeadline(time.Time) error })
	raw, err := rawConn(under)
	if !ok || err != nil {
		<-ctx.Done()
		return
	}
	_ = s.SetReadDeadline(noDeadline)
	stop := context.AfterFunc(ctx, func() { _ = s.SetReadDeadline(past) })
	defer stop()
	_ = raw.Read(func(fd uintptr) bool {
		p := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLRDHUP}} //nolint:gosec // a file descriptor
		n, err := unix.Poll(p, 0)
		return err != nil && err != unix.EINTR || n > 0 && p[0].Revents&(unix.POLLRDHUP|unix.POLLHUP|unix.POLLERR) != 0
	})
}
