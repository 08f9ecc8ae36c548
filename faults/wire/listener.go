package wire

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"sync"
	"syscall"

	"github.com/acqsim/acqsim/faults"
)

// Listener is a TCP listener that can be made deaf and restored while it is
// in use. Its methods may be called from any goroutine.
type Listener struct {
	tcp  *net.TCPListener
	addr net.Addr

	mu       sync.Mutex
	plan     faults.ListenPlan
	small    bool
	window   int           // receive buffer before it was made small
	filtered bool          // a filter has been on: accepted sockets may have inherited it
	deaf     chan struct{} // closed when connections are taken again; nil: they are
	deafened int           // how often connections have been refused
	closed   bool
}

// Listen listens on a TCP address. Port 0 takes a free port, as an explicit
// one: the kernel would not give back another after it was refused for a
// while. Multipath TCP, which Go would offer, knows no socket filters, and is
// off.
func Listen(ctx context.Context, address string) (*Listener, error) {
	var lc net.ListenConfig
	lc.SetMultipathTCP(false)
	host, port, err := net.SplitHostPort(address)
	free := err == nil && (port == "0" || port == "")
	for try := 0; ; try++ {
		l, err := lc.Listen(ctx, "tcp", address)
		if err != nil {
			if free && try > 0 && try < 10 && InUse(err) {
				address = net.JoinHostPort(host, "0") // somebody was quicker
				continue
			}
			return nil, err
		}
		tcp, ok := l.(*net.TCPListener)
		if !ok {
			_ = l.Close()
			return nil, fmt.Errorf("wire: listening on %s gave a %T", address, l)
		}
		if free && (try == 0 || address == net.JoinHostPort(host, "0")) {
			at, _ := tcp.Addr().(*net.TCPAddr)
			address = net.JoinHostPort(host, strconv.Itoa(at.Port))
			_ = tcp.Close()
			continue
		}
		return &Listener{tcp: tcp, addr: tcp.Addr()}, nil
	}
}

// Addr returns the address that is listened on.
func (l *Listener) Addr() net.Addr { return l.addr }

// Accept waits for the next connection. While connections are refused it
// waits until they are not any more. After Close the error wraps
// net.ErrClosed.
func (l *Listener) Accept() (net.Conn, error) {
	for {
		l.mu.Lock()
		before, was := l.deafened, l.deaf != nil
		l.mu.Unlock()
		c, err := l.tcp.AcceptTCP()
		l.mu.Lock()
		inherited, deaf, again := l.filtered, l.deaf, was || l.deafened != before
		l.mu.Unlock()
		switch {
		case err == nil:
			if inherited {
				_ = detach(c) // else its peer would be cut off as soon as it is selected
			}
			return newDirect(c), nil
		case !errors.Is(err, syscall.EINVAL):
			return nil, err
		case deaf != nil:
			<-deaf
		case !again: // not because of a refusal, not even one that is over
			return nil, err
		}
	}
}

// Close stops listening.
func (l *Listener) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
	l.hear()
	return l.tcp.Close()
}

// hear lets Accept go on.
func (l *Listener) hear() {
	if l.deaf != nil {
		close(l.deaf)
		l.deaf = nil
	}
}

// Apply does to the listener what the plan says, and undoes what an earlier
// one said. Connections that are established live on. If something is not to
// be had, such as a filter elsewhere than on Linux, or a port that another
// program took while it was free, the error says so; what can be undone has
// been.
func (l *Listener) Apply(p faults.ListenPlan) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return fmt.Errorf("wire: listener %s: %w", l.addr, net.ErrClosed)
	}
	err := l.filterLocked(p)
	if refused := l.refuseLocked(p.Refuse); err == nil {
		err = refused
	}
	if err != nil {
		return fmt.Errorf("wire: listener %s: %w", l.addr, err)
	}
	return nil
}

func (l *Listener) filterLocked(p faults.ListenPlan) error {
	if !p.Blackhole {
		if !l.plan.Blackhole {
			return nil
		}
		l.plan.Blackhole, l.plan.Sources = false, nil
		return detach(l.tcp)
	}
	prog, err := dropSources(p.Sources)
	if err != nil {
		return err
	}
	l.filtered = true
	if err := attach(l.tcp, prog); err != nil {
		return err
	}
	l.plan.Blackhole, l.plan.Sources = true, p.Sources
	return nil
}

func (l *Listener) refuseLocked(wanted bool) error {
	if wanted == l.plan.Refuse {
		return nil
	}
	if wanted {
		l.deaf = make(chan struct{})
		l.deafened++
		if err := refuse(l.tcp); err != nil {
			l.hear()
			return err
		}
		l.plan.Refuse = true
		return nil
	}
	if err := listenAgain(l.tcp); err != nil {
		if InUse(err) {
			return fmt.Errorf("another program took the port while connections were refused; stop that program, then disarm again: %w", err)
		}
		return err
	}
	l.plan.Refuse = false
	l.hear()
	return nil
}

// SmallWindow has connections that come from now on take little before their
// window is full, or, with false, as much as ever. Linux only.
func (l *Listener) SmallWindow(on bool) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if on == l.small || l.closed {
		return nil
	}
	var err error
	if on {
		l.window, err = shrink(l.tcp)
	} else {
		err = grow(l.tcp, l.window)
	}
	if err != nil {
		return fmt.Errorf("wire: listener %s: %w", l.addr, err)
	}
	l.small = on
	return nil
}

// DroppedSYNs returns how many packets the listener has dropped without an
// answer since it was opened: SYNs in a black hole, retransmissions included.
// Linux only.
func (l *Listener) DroppedSYNs() (uint32, error) { return dropped(l.tcp) }
