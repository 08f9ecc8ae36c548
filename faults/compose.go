package faults

import (
	"fmt"
	"slices"
)

// claim is what a fault changes, so far as it can be in the way of another.
type claim struct {
	sets []string // only one fault can set each of these
	is   trait
}

// trait is a property of a fault that others may not get along with.
type trait uint16

const (
	noHost   trait = 1 << iota // the host never sees the request
	toHost                     // changes how the host sees the request
	noReply                    // there is no reply
	onReply                    // changes the reply
	replaces                   // something else is sent in place of the reply
	edits                      // changes the bytes of the reply
	ends                       // ends or silences the connection
	endsAmid                   // does so within the reply
	partner                    // needs a partner
	cuts                       // cuts the reply up
	repeats                    // more follows the reply
	atReply                    // strikes when the host has decided; conflict says it of every fault of that stage
)

// exclusions are the traits that exclude each other.
var exclusions = []struct {
	one, other trait
	why        string
}{
	{noHost, toHost, "the host never sees the request"},
	{noReply, onReply, "there is no reply to change"},
	{replaces, edits, "something else is sent in place of the reply, so that changes to it would not be seen"},
	{endsAmid, repeats, "the connection ends within the reply, so that nothing can follow"},
	{partner, ends, "a reply that waits for a partner can't end the connection"},
	{partner, cuts, "a reply that waits for a partner can't be cut up"},
	{partner, repeats, "a reply that waits for a partner goes out once"},
	{noHost, atReply, "the host never sees the request, so that the moment of its reply never comes"},
}

// The things that only one fault can set. Data elements are set by name, too.
const (
	setListener = "what becomes of the listener's connections"
	setAccept   = "what becomes of a new connection"
	setHello    = "what becomes of the TLS handshake"
	setIdle     = "what becomes of an idle connection"
	setRequest  = "what becomes of the request"
	setHold     = "how long the request is held"
	setTerminal = "whose request it is"
	setLine     = "how the connection ends"
	setNoReply  = "that there is no reply"
	setDelay    = "how long the reply is kept back"
	setCopies   = "how often the reply is sent"
	setPartner  = "the partner of the reply"
	setSent     = "what is sent in place of the reply"
	setExtra    = "what is sent beside the reply"
	setPieces   = "how the reply is cut up"
	setLength   = "the length header"
	setTPDU     = "the TPDU"
	setHeader   = "the header"
	setMAC      = "the MAC"
	setBitmap   = "the bitmap"
)

func setField(n int) string {
	if n == 0 {
		return "the MTI"
	}
	return fmt.Sprintf("data element %d", n)
}

// ConflictError says that two faults can't strike together.
type ConflictError struct {
	First, Second int // their places among those given to Compose
	Kinds         [2]string
	Why           string
}

// Error names both faults and why they exclude each other.
func (e *ConflictError) Error() string {
	return fmt.Sprintf("%s and %s exclude each other: %s", e.Kinds[0], e.Kinds[1], e.Why)
}

// Compose says whether all of these faults can strike one connection or
// exchange. The error, a *ConflictError, names the first two that exclude
// each other.
//
// Faults of a request and of a reply can be combined. Those of an earlier
// stage can be combined with others of the same stage only: a connection that
// they end has no replies.
func Compose(all ...Fault) error {
	for j, second := range all {
		for i, first := range all[:j] {
			if why := conflict(first, second); why != "" {
				return &ConflictError{First: i, Second: j, Kinds: [2]string{first.Kind(), second.Kind()}, Why: why}
			}
		}
	}
	return nil
}

func conflict(a, b Fault) string {
	if a.Stage() != b.Stage() && min(a.Stage(), b.Stage()) < Requesting {
		return fmt.Sprintf("one strikes at the stage %q, the other at %q; make two rules of them", a.Stage(), b.Stage())
	}
	ca, cb := claimed(a), claimed(b)
	for _, what := range ca.sets {
		if slices.Contains(cb.sets, what) {
			return "both set " + what
		}
	}
	for _, x := range exclusions {
		if ca.is&x.one != 0 && cb.is&x.other != 0 || ca.is&x.other != 0 && cb.is&x.one != 0 {
			return x.why
		}
	}
	for _, pair := range [][2]Fault{{a, b}, {b, a}} {
		if no, hidden := (Layer{}).hides(pair[0], pair[1]); hidden {
			return "what goes out then has no " + no.EN
		}
	}
	return ""
}

func claimed(f Fault) claim {
	c := f.claims()
	if f.Stage() == Replying {
		c.is |= atReply
	}
	return c
}

// PlanRequest returns what the faults of a rule, or of several that join, make
// of a request. Faults of other stages are left out. Each fault draws from a
// stream of its own.
func PlanRequest(x *Exchange, d Draw, all []Fault) (p RequestPlan) {
	for i, f := range all {
		if f, ok := f.(RequestFault); ok {
			f.OnRequest(x, d.forFault(i, f), &p)
		}
	}
	return p
}

// PlanReply returns how the faults of a rule, or of several that join, have a
// reply delivered, as PlanRequest does for a request.
func PlanReply(x *Exchange, d Draw, all []Fault) (p Delivery) {
	for i, f := range all {
		if f, ok := f.(ReplyFault); ok {
			f.OnReply(x, d.forFault(i, f), &p)
		}
	}
	return p
}

// forFault is the stream of the i-th fault of a rule.
func (d Draw) forFault(i int, f Fault) Draw {
	fork := d.Fork(f.Kind())
	return Draw{absorb(fork.state, uint64(i))}
}
