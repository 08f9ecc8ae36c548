package wire

import (
	"fmt"
	"os"
	"unsafe"

	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"
)

// attach puts a filter on a socket, in place of an earlier one.
func attach(c any, prog []bpf.Instruction) error {
	raw, err := bpf.Assemble(prog)
	if err != nil {
		return fmt.Errorf("wire: a socket filter: %w", err)
	}
	filter := make([]unix.SockFilter, len(raw))
	for i, r := range raw {
		filter[i] = unix.SockFilter{Code: r.Op, Jt: r.Jt, Jf: r.Jf, K: r.K}
	}
	return control(c, func(fd uintptr) error {
		return os.NewSyscallError("setsockopt SO_ATTACH_FILTER", unix.SetsockoptSockFprog(int(fd), unix.SOL_SOCKET,
			unix.SO_ATTACH_FILTER, &unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]})) //nolint:gosec // some 300 at most
	})
}

// detach takes the filter off a socket. One that has none is left alone.
func detach(c any) error {
	return control(c, func(fd uintptr) error {
		err := unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_DETACH_FILTER, 0)
		if err == unix.ENOENT {
			return nil
		}
		return os.NewSyscallError("setsockopt SO_DETACH_FILTER", err)
	})
}

// dropped returns how many packets a socket has dropped, those of its filter
// among them: SK_MEMINFO_DROPS, the ninth number of SO_MEMINFO (socket(7),
// linux/sock_diag.h).
func dropped(c any) (n uint32, err error) {
	const drops, numbers = 8, 9
	var info [numbers]uint32
	err = control(c, func(fd uintptr) error {
		size := uint32(unsafe.Sizeof(info))
		_, _, errno := unix.Syscall6(unix.SYS_GETSOCKOPT, fd, unix.SOL_SOCKET, unix.SO_MEMINFO,
			uintptr(unsafe.Pointer(&info)), uintptr(unsafe.Pointer(&size)), 0) //nolint:gosec // x/sys has no wrapper for it
		if errno != 0 {
			return os.NewSyscallError("getsockopt SO_MEMINFO", errno)
		}
		return nil
	})
	return info[drops], err
}

// refuse has a listening socket answer SYNs with RST. Its established
// connections live on.
func refuse(c any) error {
	return control(c, func(fd uintptr) error {
		return os.NewSyscallError("shutdown", unix.Shutdown(int(fd), unix.SHUT_RD))
	})
}

// listenAgain undoes refuse.
func listenAgain(c any) error {
	return control(c, func(fd uintptr) error {
		return os.NewSyscallError("listen", unix.Listen(int(fd), unix.SOMAXCONN))
	})
}

// smallestWindow is what SO_RCVBUF is set to for a peer to meet a full window
// soon. The kernel doubles it, and does not go below some 2 KB.
const smallestWindow = 1024

// shrink gives a listening socket, and what it accepts from now on, a small
// receive buffer. It returns what grow needs.
func shrink(c any) (was int, err error) {
	err = control(c, func(fd uintptr) error {
		if was, err = unix.GetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_RCVBUF); err != nil {
			return os.NewSyscallError("getsockopt SO_RCVBUF", err)
		}
		return os.NewSyscallError("setsockopt SO_RCVBUF", unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_RCVBUF, smallestWindow))
	})
	return was, err
}

// soBufLock is SO_BUF_LOCK (asm-generic/socket.h, since Linux 5.15): 0 has the
// kernel tune the buffers again. x/sys has no name for it.
const soBufLock = 72

// grow undoes shrink. An old kernel keeps the buffer at its former size
// instead of tuning it again.
func grow(c any, was int) error {
	return control(c, func(fd uintptr) error {
		if err := unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_RCVBUF, was/2); err != nil {
			return os.NewSyscallError("setsockopt SO_RCVBUF", err)
		}
		err := unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, soBufLock, 0)
		if err == unix.ENOPROTOOPT {
			return nil
		}
		return os.NewSyscallError("setsockopt SO_BUF_LOCK", err)
	})
}

// vanish closes a connection without a word to the peer. TCP_REPAIR, which
// does that, is the administrator's; without it the peer gets an RST.
func vanish(c any) {
	_ = control(c, func(fd uintptr) error {
		return unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_REPAIR, 1)
	})
}
