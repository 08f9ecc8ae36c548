//go:build !linux

package wire

import "net"

// newDirect returns c: elsewhere than on Linux, connections are not Eager.
func newDirect(c *net.TCPConn) net.Conn { return c }
