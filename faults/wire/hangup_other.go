//go:build !linux

package wire

import (
	"context"
	"net"
)

// AwaitHangup waits until ctx ends: to see the peer close without reading
// takes Linux.
func AwaitHangup(ctx context.Context, _ net.Conn) { <-ctx.Done() }
