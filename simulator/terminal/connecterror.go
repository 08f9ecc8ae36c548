package terminal

import (
	"context"
	"errors"
	"net"
	"os"
	"syscall"

	"github.com/acqsim/acqsim/scenarios/world"
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
func (e *ConnectError) Error() string { return e.Text().EN }

// Text is Error in both languages.
func (e *ConnectError) Text() world.Bilingual {
	err := world.TextOf(e.Err)
	switch e.Failure {
	case ConnectRefused:
		return world.Say("cannot connect to %s: the connection was refused; is a host listening on that port?",
			"无法连接 %s：连接被拒绝；主机是否在监听该端口？", e.Address)
	case ConnectTimeout:
		return world.Say("cannot connect to %s: no answer within the connect timeout; is the address right, does a firewall drop it?",
			"无法连接 %s：连接时限内没有响应；地址是否正确，是否被防火墙丢弃？", e.Address)
	case ConnectUnreached:
		return world.Say("cannot connect to %s: it can't be reached from here: %s", "无法连接 %s：从这里不可达：%s", e.Address, err)
	case NameUnknown:
		return world.Say("cannot connect to %s: its name can't be resolved: %s", "无法连接 %s：域名无法解析：%s", e.Address, err)
	case TLSFailed:
		return world.Say("cannot connect to %s: TLS was not agreed upon: %s", "无法连接 %s：TLS 协商失败：%s", e.Address, err)
	default:
		return world.Say("cannot connect to %s: %s", "无法连接 %s：%s", e.Address, err)
	}
}

// spoken is an error with words in both languages.
type spoken struct{ text world.Bilingual }

func (e spoken) Error() string         { return e.text.EN }
func (e spoken) Text() world.Bilingual { return e.text }

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
