package faults

import (
	"net/netip"
	"time"
)

// DefaultTimeout is the response timeout of a terminal where nothing says
// otherwise: the usual one of terminals in the field.
const DefaultTimeout = 60 * time.Second

// Conn is what is known of a connection. What a stage does not know yet is
// zero.
type Conn struct {
	Listener   string
	Source     netip.Addr
	Nth        uint64 // of this source's connections at this listener, from 1
	Open       int    // connections of the listener, this one included
	TLS        bool
	ServerName string // that a TLS client asked for
	Terminal   string // the last one seen on this connection

	// Business is the business time, and Now the wall clock, at this moment.
	Business, Now time.Time

	// Timeout is the response timeout of the terminal's profile, what
	// "timeouts" in durations are multiples of. 0: DefaultTimeout.
	Timeout time.Duration
}

// ResponseTimeout returns Timeout, or its default.
func (c *Conn) ResponseTimeout() time.Duration {
	if c.Timeout <= 0 {
		return DefaultTimeout
	}
	return c.Timeout
}

// Exchange is what is known of a request and, once the host has decided, of
// its reply. Whoever calls keeps ownership: a fault keeps nothing of it.
type Exchange struct {
	*Conn // never nil

	MTI       uint16 // 200 for 0200
	Type      string // of transaction, as package world names it: "sale"
	STAN      uint32
	HasSTAN   bool
	Terminal  string // DE 41, without padding
	Merchant  string // DE 42, without padding
	Amount    int64  // minor units
	HasAmount bool
	Request   Message // never nil

	Outcome string // as package world names it; "" until the host has decided
	Code    string // DE 39 of the reply; "" until the host has decided
}

// Message gives access to a request without decoding all of it.
type Message interface {
	// Field returns the value of data element n as text (binary elements in
	// upper-case hexadecimal), and whether the message has it. Element 0 is
	// the MTI. The result may be overwritten by the next call.
	Field(n int) (value []byte, ok bool)

	// CardAlias returns the name that the world has for the card; "" if none.
	CardAlias() string

	// CardBegins says whether there is a card number, from whichever element
	// of the message, that begins with the given digits. A number given in
	// full is equal only to itself if exact is true.
	CardBegins(digits string, exact bool) bool
}
