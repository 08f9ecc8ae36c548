package terminal

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	connection "github.com/moov-io/iso8583-connection"

	"github.com/acqsim/acqsim/scenarios/world"
	"github.com/acqsim/acqsim/simulator/dialect"
	"github.com/acqsim/acqsim/simulator/frame"
)

// Options describe a line. Only Dialect, and for [Dial] Address, are required.
type Options struct {
	Dialect *dialect.Dialect
	Address string // host:port

	// TLS makes the line use TLS. A ServerName is taken from Address if it has
	// none. Default: plain TCP.
	TLS *tls.Config

	// ConnectTimeout bounds connecting, the TLS handshake included. Default 10 s.
	ConnectTimeout time.Duration

	// ResponseTimeout is how long an exchange waits for its reply, from the
	// first byte sent. Default 30 s.
	ResponseTimeout time.Duration

	// Compare are the fields of a request that its reply may not contradict.
	// Default: 3, 4, 11, 41 and 42.
	Compare []int

	// WaitOnMismatch goes on waiting when a reply does not match, as careful
	// firmware does; the exchange ends as a mismatch only if no right reply
	// comes in time. Default: the first mismatch ends it.
	WaitOnMismatch bool

	// Limits bound frames. Default: as long as the length header can say, up to
	// frame.HighestMax, and as slow as ResponseTimeout allows: a terminal that is
	// told of 18,516 bytes waits for them, as a real one does.
	Limits frame.Limits

	// gullible takes the next message for the reply, whatever it is: a firmware bug.
	gullible bool

	// Now is the clock that times are taken from. Default: time.Now.
	Now func() time.Time
}

const (
	defaultConnectTimeout  = 10 * time.Second
	defaultResponseTimeout = 30 * time.Second

	// inboundWaiting is how many messages may wait to be looked at; with more,
	// the line is not read.
	inboundWaiting = 64
	// remembered is how many requests a line recognises late replies to.
	remembered = 64
)

func (o *Options) complete() error {
	if o.Dialect == nil {
		return errors.New("terminal: a line needs a dialect")
	}
	if err := o.Limits.Validate(); err != nil {
		return fmt.Errorf("terminal: %w", err)
	}
	if o.ConnectTimeout <= 0 {
		o.ConnectTimeout = defaultConnectTimeout
	}
	if o.ResponseTimeout <= 0 {
		o.ResponseTimeout = defaultResponseTimeout
	}
	if o.Compare == nil {
		o.Compare = compared
	}
	if o.Limits.Max == 0 {
		o.Limits.Max = frame.HighestMax
	}
	if o.Limits.Frame == 0 {
		o.Limits.Frame = -1 // the exchange has a deadline of its own
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return nil
}

// Line is a connection to a host. One exchange runs at a time; Close may be
// called while one does.
type Line struct {
	o    Options
	net  net.Conn
	conn *connection.Connection

	inbound    chan inbound
	done       chan struct{} // closed by Close
	closing    sync.Once
	readerDone chan struct{} // closed when nothing more is read

	exchanging sync.Mutex
	sent       []sent // the last requests, oldest first
	broken     error  // how the line ended, once an exchange has seen it
}

// sent is a request that a reply may still come to.
type sent struct {
	facts    facts
	answered bool
}

// Dial connects to o.Address. Errors are a [*ConnectError], or ctx's own if
// that ended first.
func Dial(ctx context.Context, o Options) (*Line, error) {
	if err := o.complete(); err != nil {
		return nil, err
	}
	dialling, cancel := context.WithTimeout(ctx, o.ConnectTimeout)
	defer cancel()
	var d net.Dialer
	c, err := d.DialContext(dialling, "tcp", o.Address)
	if err != nil {
		if ctx.Err() != nil {
			return nil, fmt.Errorf("terminal: connecting to %s: %w", o.Address, ctx.Err())
		}
		return nil, dialError(o.Address, err)
	}
	if o.TLS != nil {
		config := o.TLS.Clone()
		if config.ServerName == "" {
			// SplitHostPort cannot fail: the dialer has done it.
			config.ServerName, _, _ = net.SplitHostPort(o.Address)
		}
		secured := tls.Client(c, config)
		if err := secured.HandshakeContext(dialling); err != nil {
			_ = c.Close()
			if ctx.Err() != nil {
				return nil, fmt.Errorf("terminal: connecting to %s: %w", o.Address, ctx.Err())
			}
			return nil, &ConnectError{o.Address, TLSFailed, err}
		}
		c = secured
	}
	return newLine(c, o)
}

// NewLine makes a line of a connection that is up, which it then owns.
func NewLine(c net.Conn, o Options) (*Line, error) {
	if err := o.complete(); err != nil {
		return nil, err
	}
	return newLine(c, o)
}

func newLine(c net.Conn, o Options) (*Line, error) {
	l := &Line{
		o: o, net: c,
		inbound:    make(chan inbound, inboundWaiting),
		done:       make(chan struct{}),
		readerDone: make(chan struct{}),
	}
	reader := &reader{line: l, format: o.Dialect.Format()}
	conn, err := connection.NewFrom(c, o.Dialect.Spec(), nil, nil, connection.SetMessageReader(reader))
	if err != nil {
		_ = c.Close()
		return nil, fmt.Errorf("terminal: %w", err)
	}
	l.conn = conn
	return l, nil
}

// RemoteAddr returns the host's address.
func (l *Line) RemoteAddr() net.Addr { return l.net.RemoteAddr() }

// Close ends the line and waits until nothing of it runs any more. An exchange
// that is waiting ends with [ErrClosed].
func (l *Line) Close() error {
	l.closing.Do(func() { close(l.done) })
	err := l.conn.Close()
	// The library leaves the closing to its reader if that has failed already.
	if e := l.net.Close(); err == nil && e != nil && !errors.Is(e, net.ErrClosed) {
		err = e
	}
	<-l.readerDone
	if err != nil {
		return fmt.Errorf("terminal: closing the line: %w", err)
	}
	return nil
}

// alive reports whether nothing has ended the line as far as is known.
func (l *Line) alive() bool {
	select {
	case <-l.readerDone:
		return false
	default:
		return !l.isClosed()
	}
}

// ErrClosed says that the line was closed on this side.
var ErrClosed error = spoken{lineClosed}

var lineClosed = world.Bilingual{EN: "the line is closed", ZH: "线路已关闭"}
