package wire

import (
	"errors"
	"net"
	"os"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestInUse(t *testing.T) {
	l, err := Listen(t.Context(), "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	_, err = Listen(t.Context(), l.Addr().String())
	assert.True(t, InUse(err), err)

	bind := func(code syscall.Errno) error {
		return &net.OpError{Op: "listen", Net: "tcp", Err: os.NewSyscallError("bind", code)}
	}
	assert.True(t, InUse(bind(10048)), "Windows")
	assert.False(t, InUse(bind(10013)), "Windows: not permitted")
	assert.False(t, InUse(bind(syscall.EACCES)))
	assert.False(t, InUse(errors.New("no such host")))
	assert.False(t, InUse(nil))
}
