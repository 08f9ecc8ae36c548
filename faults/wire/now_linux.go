//go:build linux && !race

package wire

import (
	"syscall"
	"unsafe"
)

// readNow reads from a socket that doesn't block.
func readNow(fd uintptr, b []byte) (int, syscall.Errno) {
	n, _, errno := syscall.RawSyscall(syscall.SYS_READ, fd, uintptr(unsafe.Pointer(unsafe.SliceData(b))), uintptr(len(b))) //nolint:gosec // as package syscall does
	return int(n), errno                                                                                                   //nolint:gosec // at most len(b), or -1
}

// writeNow writes to a socket that doesn't block.
func writeNow(fd uintptr, b []byte) (int, syscall.Errno) {
	n, _, errno := syscall.RawSyscall(syscall.SYS_WRITE, fd, uintptr(unsafe.Pointer(unsafe.SliceData(b))), uintptr(len(b))) //nolint:gosec // as package syscall does
	return int(n), errno                                                                                                    //nolint:gosec // at most len(b), or -1
}
