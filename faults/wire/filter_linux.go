package wire

import (
	"errors"
	"fmt"
	"net"
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
	err = control(c, func(fd uintptr) error {
		return os.NewSyscallError("setsockopt SO_ATTACH_FILTER", unix.SetsockoptSockFprog(int(fd), unix.SOL_SOCKET,
			unix.SO_ATTACH_FILTER, &unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]})) //nolint:gosec // some 300 at most
	})
	if errors.Is(err, os.ErrPermission) {
		return fmt.Errorf("this kernel lets nobody filter a socket without CAP_NET_ADMIN: run acqsim as root, or give it the capability (setcap cap_net_admin+ep): %w", err)
	}
	return err
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

// vanish sees to it that closing a connection tells the peer nothing.
func vanish(c any) {
	_ = control(c, func(fd uintptr) error {
		// The administrator's way: a socket in repair mode closes without a
		// packet (tcp(7), TCP_REPAIR).
		if unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_REPAIR, 1) == nil {
			return nil
		}
		return strand(int(fd))
	})
}

// strand has what a socket still sends leave by a device that does not lead to
// its peer. Since Linux 5.7 everybody may bind a socket to a device, unless it
// is bound to one (socket(7), SO_BINDTODEVICE).
func strand(fd int) error {
	peer, err := unix.Getpeername(fd)
	if err != nil {
		return os.NewSyscallError("getpeername", err)
	}
	var ip net.IP
	switch a := peer.(type) {
	case *unix.SockaddrInet4:
		ip = a.Addr[:]
	case *unix.SockaddrInet6:
		ip = a.Addr[:]
	}
	devices, err := net.Interfaces()
	if err != nil {
		return err
	}
	err = errors.New("every device leads to the peer")
	for _, d := range devices {
		if loops := d.Flags&net.FlagLoopback != 0; loops == ip.IsLoopback() {
			continue
		}
		if err = os.NewSyscallError("setsockopt SO_BINDTODEVICE", unix.BindToDevice(fd, d.Name)); err == nil {
			return nil
		}
	}
	return err
}
