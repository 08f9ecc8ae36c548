package wire

import (
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"time"
)

// CloseGracefully ends a connection so that the peer gets everything that was
// written and then the end of the stream: close_notify (on a *tls.Conn), FIN,
// and never the RST that closing a connection with unread input sends. It
// reads and discards until the peer closes its side too, for at most limit,
// and closes c.
//
// The error says that the peer had not closed in time (it wraps
// os.ErrDeadlineExceeded; input that comes later is answered by an RST) or
// that the connection was broken already. c is closed in any case.
//
// Nobody else may read from c meanwhile. To end the wait early, close c. To a
// peer that does not read, close_notify takes up to 5 s more. A c that can't
// be closed on one side only (such as a net.Pipe) is just closed.
func CloseGracefully(c net.Conn, limit time.Duration) error {
	defer c.Close()
	under := c
	if t, ok := c.(*tls.Conn); ok {
		// It fails where there is no session yet or nobody to tell; the FIN
		// that follows is what counts.
		_ = t.CloseWrite()
		under = t.NetConn()
	}
	half, ok := under.(interface{ CloseWrite() error })
	if !ok {
		return nil
	}
	if err := half.CloseWrite(); err != nil {
		return fmt.Errorf("wire: closing gracefully: %w", err)
	}
	return drain(under, limit)
}

// drain reads and discards until the peer closes, for at most limit.
func drain(c net.Conn, limit time.Duration) error {
	if err := c.SetReadDeadline(time.Now().Add(limit)); err != nil {
		return fmt.Errorf("wire: closing gracefully: %w", err)
	}
	// Only as a Reader, so that the kernel is not asked to splice.
	if _, err := io.Copy(io.Discard, struct{ io.Reader }{c}); err != nil {
		return fmt.Errorf("wire: closing gracefully, the peer has not closed: %w", err)
	}
	return nil
}
