package wire

import (
	"errors"
	"syscall"
)

// wsaEADDRINUSE is what Windows says of a port in use (winerror.h). The
// syscall.EADDRINUSE that Go has there is a number of its own, which the system
// never gives. No other system has an error as high as this.
const wsaEADDRINUSE syscall.Errno = 10048

// InUse reports whether an error of listening is that the address is in use, on
// any operating system.
func InUse(err error) bool {
	return errors.Is(err, syscall.EADDRINUSE) || errors.Is(err, wsaEADDRINUSE)
}
