//go:build linux && race

package wire

import (
	"errors"
	"syscall"
)

// The race detector takes what one end wrote before it sent to happen before what
// the other does when it has received, only if it sees both calls.

func readNow(fd uintptr, b []byte) (int, syscall.Errno) {
	n, err := syscall.Read(int(fd), b) //nolint:gosec // a descriptor
	return n, errnoOf(err)
}

func writeNow(fd uintptr, b []byte) (int, syscall.Errno) {
	n, err := syscall.Write(int(fd), b) //nolint:gosec // a descriptor
	return n, errnoOf(err)
}

func errnoOf(err error) (errno syscall.Errno) {
	_ = errors.As(err, &errno)
	return errno
}
