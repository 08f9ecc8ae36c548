package wire

import "golang.org/x/sys/unix"

// unsent returns how many bytes a connection has written that the peer has
// not acknowledged.
func unsent(c any) (n int, err error) {
	err = control(c, func(fd uintptr) error {
		n, err = unix.IoctlGetInt(int(fd), unix.SIOCOUTQ)
		return err
	})
	return n, err
}
