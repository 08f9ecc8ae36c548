package simulator_test

import (
	"net"
	"os"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/acqsim/acqsim/simulator"
)

// A port in use is said in the same words on all systems.
func TestListenError(t *testing.T) {
	const words = "listener main: :8583 is in use by another program; stop that, or choose another address"
	for _, code := range []syscall.Errno{syscall.EADDRINUSE, 10048 /* Windows' own */} {
		err := &net.OpError{Op: "listen", Net: "tcp", Err: os.NewSyscallError("bind", code)}
		e := &simulator.ListenError{Listener: "main", Address: ":8583", Err: err}
		assert.EqualError(t, e, words)
		assert.ErrorIs(t, e, err)
	}
	e := &simulator.ListenError{Listener: "main", Address: ":83", Err: os.NewSyscallError("bind", syscall.EACCES)}
	assert.ErrorContains(t, e, "listener main: can't listen on :83: bind: ")
}
