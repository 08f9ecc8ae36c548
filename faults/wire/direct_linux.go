package wire

import (
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"syscall"
	"time"
)

// direct is a TCP connection whose reads and writes don't tell Go's scheduler
// that they enter the kernel: they never wait there, the socket doesn't block.
// Otherwise the scheduler gives the processor of each that takes longer than some
// 20 µs to another thread, as writes on a busy machine do, and wakes up as often to
// look for them.
type direct struct {
	*net.TCPConn
	raw   syscall.RawConn
	read  reading
	write writing
}

// reading is a Read under way.
type reading struct {
	mu       sync.Mutex
	b        []byte
	n        int
	errno    syscall.Errno
	patience time.Duration
	try      func(fd uintptr) bool
}

// writing is a Write under way.
type writing struct {
	mu    sync.Mutex
	b     []byte
	n     int
	errno syscall.Errno
	try   func(fd uintptr) bool // until all is written
	once  func(fd uintptr) bool
}

// newDirect returns c with such reads and writes.
func newDirect(c *net.TCPConn) net.Conn {
	raw, err := c.SyscallConn()
	if err != nil {
		return c // only a nil connection
	}
	d := &direct{TCPConn: c, raw: raw}
	d.read.try = d.read.attempt
	d.write.try = d.write.attempt
	d.write.once = func(fd uintptr) bool {
		d.write.attempt(fd)
		return true
	}
	return d
}

// Read implements net.Conn.
func (d *direct) Read(b []byte) (int, error) {
	if len(b) == 0 {
		return 0, nil
	}
	r := &d.read
	r.mu.Lock()
	defer r.mu.Unlock()
	r.b, r.n, r.errno = b, 0, 0
	err := d.raw.Read(r.try)
	r.b = nil
	switch {
	case err != nil || r.errno != 0:
		return 0, d.failed("read", err, r.errno)
	case r.n == 0:
		return 0, io.EOF
	}
	return r.n, nil
}

// StayAwake implements Eager.
func (d *direct) StayAwake(t time.Duration) { d.read.patience = t }

// attempt reads once; false: there is nothing yet.
func (r *reading) attempt(fd uintptr) bool {
	var until time.Time
	for {
		n, errno := readNow(fd, r.b)
		switch {
		case errno == syscall.EINTR:
		case errno != syscall.EAGAIN:
			r.n, r.errno = n, errno
			return true
		case r.patience <= 0:
			return false
		case until.IsZero():
			until = time.Now().Add(r.patience)
		case time.Now().After(until):
			return false
		}
	}
}

// Write implements net.Conn.
func (d *direct) Write(b []byte) (int, error) { return d.writeBy(b, d.write.try) }

// TryWrite implements Eager.
func (d *direct) TryWrite(b []byte) (int, error) { return d.writeBy(b, d.write.once) }

func (d *direct) writeBy(b []byte, try func(fd uintptr) bool) (int, error) {
	w := &d.write
	w.mu.Lock()
	defer w.mu.Unlock()
	w.b, w.n, w.errno = b, 0, 0
	err := d.raw.Write(try)
	w.b = nil
	if err != nil || w.errno != 0 {
		return w.n, d.failed("write", err, w.errno)
	}
	return w.n, nil
}

// attempt writes what the socket takes; false: there is more.
func (w *writing) attempt(fd uintptr) bool {
	for w.n < len(w.b) {
		n, errno := writeNow(fd, w.b[w.n:])
		switch errno {
		case 0:
			w.n += n
		case syscall.EINTR:
		case syscall.EAGAIN:
			return false
		default:
			w.errno = errno
			return true
		}
	}
	return true
}

// failed is the error of a net.Conn.
func (d *direct) failed(op string, err error, errno syscall.Errno) error {
	var under *net.OpError
	if errors.As(err, &under) {
		err = under.Err // without the name of an operation on the descriptor
	}
	if err == nil {
		err = os.NewSyscallError(op, errno)
	}
	return &net.OpError{Op: op, Net: "tcp", Source: d.LocalAddr(), Addr: d.RemoteAddr(), Err: err}
}
