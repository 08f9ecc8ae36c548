package terminal

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"syscall"
)

// ConnectFailure says why there is no connection.
type ConnectFailure uint8

// The failures. They all end as [CannotConnect].
const (
	ConnectFailed    ConnectFailure = iota // something else: Err says what
	ConnectRefused                         // nothing listens there, or a firewall says so
	ConnectTimeout                         // no answer at all to the attempt
	ConnectUnreached                       // no route to the host or its network
	NameUnknown                            // the host's name can't be resolved
	TLSFailed                              // connected, but TLS was not agreed upon
)

// String names the failure, for people.
func (f ConnectFailure) String() string {
	switch f {
	case ConnectRefused:
		return "refused"
	case ConnectTimeout:
		return "timed out"
	case ConnectUnreached:
		return "unreachable"
	case NameUnknown:
		return "name unknown"
	case TLSFailed:
		return "TLS failed"
	default:
		return "failed"
	}
}

// ConnectError says that a host could not be connected to, and why.
type ConnectError struct {
	Address string
	Failure ConnectFailure
	Err     error
}

// Error names the address, the reason and what to look at.
func (e *ConnectError) Error() string {
	switch e.Failure {
	case ConnectRefused:
		return fmt.Sprintf("cannot connect to %s: the connection was refused; is a host listening on that port?", e.Address)
	case ConnectTimeout:
		return fmt.Sprintf("cannot connect to %s: no answer within the connect timeout; is the address right, does a firewall drop it?", e.Address)
	case ConnectUnreached:
		return fmt.Sprintf("cannot connect to %s: it can't be reached from here: %v", e.Address, e.Err)
	case NameUnknown:
		return fmt.Sprintf("cannot connect to %s: its name can't be resolved: %v", e.Address, e.Err)
	case TLSFailed:
		return fmt.Sprintf("cannot connect to %s: TLS was not agreed upon: %v", e.Address, e.Err)
	default:
		return fmt.Sprintf("cannot connect to %s: %v", e.Address, e.Err)
	}
}

// Unwrap returns what the operating system or TLS said.
func (e *ConnectError) Unwrap() error { return e.Err }

// Outcome is [CannotConnect].
func (e *ConnectError) Outcome() Outcome { return CannotConnect }

func dialError(address string, err error) *ConnectError {
	var name *net.DNSError
	var network net.Error
	f := ConnectFailed
	switch {
	case errors.As(err, &name) && !name.IsTimeout:
		f = NameUnknown
	case errors.Is(err, syscall.ECONNREFUSED):
		f = ConnectRefused
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded),
		errors.As(err, &network) && network.Timeout():
		f = ConnectTimeout
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH):
		f = ConnectUnreached
	}
	return &ConnectError{address, f, err}
}
