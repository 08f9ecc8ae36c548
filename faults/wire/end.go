package wire

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/acqsim/acqsim/faults"
)

// end does a final step to a connection. It leaves the file descriptor open,
// except for an RST: Finish closes it.
func end(c net.Conn, s faults.Step) error {
	switch s.Op {
	case faults.FIN:
		return sendFIN(c, !s.Rude)
	case faults.RST:
		return Reset(c)
	case faults.Cut:
		return pullCable(netConn(c))
	}
	return nil
}

// sendFIN closes the write side, so that the peer reads all that was written
// and then EOF.
func sendFIN(c net.Conn, notify bool) error {
	if t, ok := c.(*tls.Conn); ok && notify {
		_ = t.CloseWrite() // it fails before the handshake: there is nothing to notify of then
	}
	half, ok := netConn(c).(interface{ CloseWrite() error })
	if !ok {
		return c.Close()
	}
	if err := half.CloseWrite(); err != nil {
		return fmt.Errorf("wire: sending a FIN: %w", err)
	}
	return nil
}

// Reset closes a connection by an RST, whatever is unread or unsent. On TLS no
// close_notify goes before it.
func Reset(c net.Conn) error {
	under := netConn(c)
	if l, ok := under.(interface{ SetLinger(int) error }); ok {
		if err := l.SetLinger(0); err != nil {
			_ = under.Close()
			return fmt.Errorf("wire: sending an RST: %w", err)
		}
	}
	return under.Close()
}

// pullCable has nothing pass any more: what the peer sends is dropped before
// it is acknowledged, and keepalive, whose probes would end in an RST, is off.
// Who writes must stop by itself.
func pullCable(c net.Conn) error {
	if err := attach(c, dropAll()); err != nil {
		return err
	}
	if k, ok := c.(interface{ SetKeepAlive(bool) error }); ok {
		if err := k.SetKeepAlive(false); err != nil {
			return fmt.Errorf("wire: cutting the line: %w", err)
		}
	}
	return nil
}

// Finish gives a connection up after a final step, and closes it. The zero
// step ends it as CloseGracefully does. After a FIN it discards input for at
// most limit, so that no RST follows. After a Cut it holds the socket for
// s.For, or until ctx ends, and closes it without a word to the peer; where
// that can't be had (elsewhere than on Linux; to a peer on this machine,
// without CAP_NET_ADMIN and a second network device), the peer gets an RST.
//
// Nobody else may read from c meanwhile.
func Finish(ctx context.Context, c net.Conn, s faults.Step, limit time.Duration) error {
	switch s.Op {
	case faults.RST:
		return nil
	case faults.Cut:
		hold := time.NewTimer(s.For)
		defer hold.Stop()
		select {
		case <-hold.C:
		case <-ctx.Done():
		}
		vanish(netConn(c))
		return Reset(c)
	case faults.FIN:
		under := netConn(c)
		err := drain(under, limit)
		if closed := under.Close(); err == nil && !errors.Is(closed, net.ErrClosed) {
			err = closed
		}
		return err
	}
	return CloseGracefully(c, limit)
}
