package bench

import (
	"net"
	"sync"
)

// bufferSize is the read buffer of a connection, on both ends: room for 16
// pipelined messages of the sizes that are sent here, and the largest message.
const bufferSize = 4 << 10

// Echo is the baseline: a server that finds the messages by their length
// headers and writes the same bytes back. All messages that one read completes
// leave in one write. It is the least that a server of framed messages can do,
// and nothing in it is slower than need be.
type Echo struct {
	listener net.Listener
	length   lengthHeader

	mu     sync.Mutex
	conns  map[net.Conn]struct{}
	closed bool
	wg     sync.WaitGroup
}

// newEcho serves a listener until Close.
func newEcho(l net.Listener, length lengthHeader) *Echo {
	e := &Echo{listener: l, length: length, conns: map[net.Conn]struct{}{}}
	e.wg.Go(e.accept)
	return e
}

func (e *Echo) accept() {
	for {
		c, err := e.listener.Accept()
		if err != nil {
			return // closed, or out of descriptors: the load sees no answer and says so
		}
		e.mu.Lock()
		if e.closed {
			e.mu.Unlock()
			_ = c.Close()
			return
		}
		e.conns[c] = struct{}{}
		e.wg.Go(func() { e.serve(c) })
		e.mu.Unlock()
	}
}

func (e *Echo) serve(c net.Conn) {
	defer func() {
		_ = c.Close()
		e.mu.Lock()
		delete(e.conns, c)
		e.mu.Unlock()
	}()
	buf, have := make([]byte, bufferSize), 0
	for {
		n, err := c.Read(buf[have:])
		have += n
		whole := 0
		for {
			size, ok := e.length.frame(buf[whole:have])
			if !ok {
				return // not a length, or longer than the buffer
			}
			if size == 0 || whole+size > have {
				break
			}
			whole += size
		}
		if whole > 0 {
			if _, err := c.Write(buf[:whole]); err != nil {
				return
			}
			have = copy(buf, buf[whole:have])
		}
		if err != nil {
			return
		}
	}
}

// Close stops listening, cuts every connection and waits for their goroutines.
func (e *Echo) Close() error {
	err := e.listener.Close()
	e.mu.Lock()
	e.closed = true
	for c := range e.conns {
		_ = c.Close()
	}
	e.mu.Unlock()
	e.wg.Wait()
	return err
}
