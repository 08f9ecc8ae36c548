package faults

import (
	"net/netip"
	"time"
)

// ListenFault is a fault of the stages Listening and SYN.
type ListenFault interface {
	Fault
	// OnListen says what to do to the listener while the fault is on.
	OnListen() ListenPlan
}

// ListenPlan is what to do to a listener. The zero value is nothing.
type ListenPlan struct {
	Refuse    bool // SYNs are answered by RST
	Blackhole bool // SYNs are not answered: those of Sources, or all if empty
	Sources   []netip.Prefix
}

// AcceptFault is a fault of the stage Accepted.
type AcceptFault interface {
	Fault
	// OnAccept says what to do to a connection that was just accepted.
	OnAccept(*Conn, Draw) AcceptPlan
	// SmallWindow says that connections need a small receive buffer for the
	// fault to be noticed; it has to be set on the listener, before they come.
	SmallWindow() bool
}

// AcceptPlan is what to do to a new connection. The zero value is to serve it.
type AcceptPlan struct {
	// Steps are done instead of serving the connection, TLS included.
	Steps []Step
	// Unread says that nothing is ever read from the connection.
	Unread bool
	// Hold is for how long at most; then the connection is reset. Behind a
	// window that is full, nobody can see that the peer has gone.
	Hold time.Duration
}

// HelloFault is a fault of the stage Hello.
type HelloFault interface {
	Fault
	// OnHello says how to spoil the TLS handshake.
	OnHello(*Conn, Draw) HelloPlan
}

// HelloPlan is what to do when a TLS handshake begins. The zero value is to
// shake hands.
type HelloPlan struct {
	Stall       bool        // the ClientHello is read and never answered
	Alert       uint8       // a fatal alert with this number answers it (RFC 8446 §6); 0: none
	Certificate Certificate // that the host shows
	MaxVersion  uint16      // of TLS that the host speaks, as crypto/tls counts; 0: as ever
}

// Certificate is what is wrong with the certificate that a host shows.
type Certificate uint8

// The certificates. All but Good are made in memory by faults/wire.
const (
	GoodCertificate Certificate = iota // the listener's own
	ExpiredCertificate
	WrongHostCertificate
	UnknownCACertificate
)

// IdleFault is a fault of the stage Idle.
type IdleFault interface {
	Fault
	// OnIdle says what to do to a connection that waits for its next request.
	// It is asked whenever a connection begins to wait, and when the rules
	// change.
	OnIdle(*Conn, Draw) IdlePlan
}

// IdlePlan is what to do to a connection that has had nothing to read for a
// while. A plan without steps is nothing.
type IdlePlan struct {
	After   time.Duration // without input; 0: at once
	OnInput bool          // not then, but when the next input comes after that time
	Steps   []Step
}

// RequestFault is a fault of the stage Requesting.
type RequestFault interface {
	Fault
	// OnRequest adds to what is to be done with a request.
	OnRequest(*Exchange, Draw, *RequestPlan)
}

// RequestPlan is what to do with a request. The zero value is to hand it to
// the host.
type RequestPlan struct {
	Drop bool          // the host never sees it
	Hold time.Duration // it waits so long before the host sees it
	As   string        // the host is told that this terminal sent it; "": the real one

	// Steps are done to the connection at once. The host still decides,
	// unless Drop is set, but its reply is lost.
	Steps []Step

	// ReplyTo says that the reply goes to another connection.
	ReplyTo *Partner
}

// ReplyFault is a fault of the stage Replying.
type ReplyFault interface {
	Fault
	// OnReply adds to the delivery of a reply.
	OnReply(*Exchange, Draw, *Delivery)
}

// Partner is somebody else whom a fault needs and who may never come: another
// terminal's connection, or the next reply of this one.
type Partner struct {
	Role PartnerRole
	// Terminal is the pattern (* and ?) that the other terminal has to fit,
	// of ReplyElsewhere. Never the terminal of the request itself.
	Terminal string
	// Within is how long to wait for the partner. Then Lost decides, and
	// the journal says that the partner never came.
	Within time.Duration
	// Lost says that the reply is lost when the partner does not come.
	// If false, it then leaves alone, late by Within.
	Lost bool
}

// PartnerRole is what the partner is for.
type PartnerRole uint8

// The roles.
const (
	// ReplyElsewhere: the reply leaves on the connection on which a terminal
	// that fits was last seen: at once if there is one, or when it comes.
	ReplyElsewhere PartnerRole = iota + 1
	// AfterNextReply: the reply leaves right after the next other one of this
	// connection.
	AfterNextReply
	// WithNextReply: the reply leaves right before the next other one of this
	// connection, in the same write.
	WithNextReply
)

// String names the partner, for the journal.
func (p *Partner) String() string {
	if p.Role == ReplyElsewhere {
		if p.Terminal == "*" {
			return "another terminal's connection"
		}
		return "a connection of terminal " + p.Terminal
	}
	return "another reply on this connection"
}

// Elsewhere returns the terminal on whose connection a fault wants a reply to
// leave, as the pattern that the fault was given; "" for faults that do not.
// Whoever brings the fault about on purpose needs such a terminal.
func Elsewhere(f Fault) string {
	if x, ok := f.(interface{ elsewhere() string }); ok {
		return x.elsewhere()
	}
	return ""
}
