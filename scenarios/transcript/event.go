// Package transcript holds the typed events of a run, how they are written as
// JSON Lines, and how evidence is made safe: no clear PAN, track, PIN block or
// key ever stands in an event.
package transcript

import (
	"time"

	"github.com/acqsim/acqsim/scenarios/display"
	"github.com/acqsim/acqsim/scenarios/world"
)

// Kind says what happened.
type Kind uint8

// The kinds of event.
const (
	NoKind      Kind = iota
	Listening        // a listener is up; Text is its address
	Stopped          // the server stopped; Text says why
	Connected        // a connection was accepted; Source is the peer
	Refused          // a connection was closed at once (limit); Why says which
	Closed           // a connection ended; Why says who ended it and how
	KeepAlive        // a frame of length zero
	BadFrame         // a frame that can't be read; Raw holds its bytes
	Received         // a request was read
	Discarded        // a request that gets no answer; Why names the rule
	Decided          // the host's decision on a request
	Held             // the answer waits until Due (a slow issuer)
	Sent             // a reply was written, all of it
	NotSent          // a reply could not be written; Why says how far it came
	BatchClosed      // a terminal's batch was closed
	Evicted          // open transactions left because the book is full
	Note             // something else people should know; Text says it
	Missing          // events that could not be written here; Lost says how many, Why why
	Difference       // something about a batch that terminal and host see differently; Text says what
	Struck           // a rule of a scenario struck; Strike says which, Text what it does
	Acted            // an action of a scenario begins at the terminal: Action is its number, Text its name
	Reported         // the terminal's driver says how an action ended: Shown, Code, and as Text the display

	kindCount
)

// Actor is whose doing an event was.
type Actor uint8

// The actors.
const (
	NoActor  Actor = iota
	Terminal       // the terminal under test
	Host           // the honest host
	Line           // the network, or a fault on it
	Acqsim         // the simulator itself

	actorCount
)

// MACResult is what verifying a MAC gave.
type MACResult uint8

// The results; the zero value is "not looked at".
const (
	MACUnchecked MACResult = iota
	MACOK
	MACIsWrong
	MACAbsent

	macCount
)

// End is how a connection ended, as its two ends saw it on the line. Who ended
// it is the event's Actor.
type End uint8

// The ends; the zero value is "not an end".
const (
	NoEnd      End = iota
	EndFIN         // in good order: everything sent arrives, then the end of the stream
	EndRST         // reset: what was under way is lost
	EndCut         // given up at once, without waiting for the other side
	EndTimeout     // a limit of time passed; then a FIN, unless the line is dead

	endCount
)

// Event is one thing that happened. Zero fields are absent. All evidence in
// it is masked.
type Event struct {
	Seq      uint64    // position in the journal, from 1, without gaps
	At       time.Time // wall clock
	Kind     Kind
	Actor    Actor
	Listener string // name of the listener
	Dialect  string
	Conn     uint64 // connection number of this server, from 1
	Source   string // peer address, on Connected
	TLS      bool   // of Listening: the frames recorded were inside TLS
	Message  uint64 // message number on the connection, from 1

	Terminal   string // DE 41
	Merchant   string // DE 42
	Type       world.TransactionType
	MTI        uint16 // 200 for 0200
	Processing uint32 // DE 3
	STAN       uint32
	HasSTAN    bool
	Amount     int64 // minor units
	Currency   world.Currency
	Batch      uint32
	Card       uint32    // card#n: equal numbers are equal cards; 0: none
	MAC        MACResult // of Received: as the host found it; of Sent: as the terminal finds it
	Secrets    []Secret  // what masking hid, and in which field
	Refers     *Refers   // of Received: what a reversal, void or completion names as its original

	Outcome  world.Outcome
	Code     string // DE 39 of the reply
	Why      string
	End      End // of Closed and Refused
	RRN      string
	Approval string
	Postings []Posting
	Due      time.Time     // of Held
	Elapsed  time.Duration // of Sent: since the request was read
	First    time.Duration // of Sent: when its first byte left, since the request was read; 0: with the last
	Acked    time.Duration // of Sent: when the peer's TCP had acknowledged its last byte, since the request was read; 0: not known
	Asks     uint8         // of Sent: processing request in the header (UnionPay): 1 download, 2 status, 3 sign on again

	Written uint32 // of NotSent: how many bytes of Raw left all the same

	Lost uint64 // of Missing: how many events, the last of which had this Seq

	Raw  []byte // the masked frame
	Text string

	// Strike is the rule that struck: of Struck, and of what became of a
	// reply because of it (Sent, NotSent, Discarded, Held, Closed).
	Strike *Strike
	// Readings is what a terminal can read in a reply that something has
	// struck, message by message; nil: one, as the host made it.
	Readings []Reading

	Action uint32          // number of the scenario's action, from 1: of Acted and Reported
	Shown  display.Outcome // of Reported
}

// Refers is what a request says of its original. Masking would not hide it, but
// where it stands is the dialect's business.
type Refers struct {
	MTI     uint16 // from DE 90 or 56; 0: not stated
	STAN    uint32
	HasSTAN bool
	Own     bool // STAN is the request's own DE 11: nothing else names the original
	Batch   uint32
	RRN     string
	Reason  string // DE 39 of the request, or DE 25 of ISO 8583:1993
}

// Reading is what one message is to the terminal that reads it.
type Reading struct {
	Unreadable bool      // not whole, or no message at all
	Differs    []int     // data elements in which it is not an answer to the request: 0 (the message type), 3, 4, 11, 41, 42
	Code       string    // DE 39; "": absent
	MAC        MACResult // as a terminal with the right key finds it
	Asks       uint8     // as in [Event]
}

// Strike is a rule of a scenario that struck.
type Strike struct {
	Scenario string
	Rule     uint32   // from 1; 0: not a rule, but an outcome that the host was given
	Faults   []string // their kinds, in the order of the rule
}

// Posting is one movement of money.
type Posting struct {
	From     string         `json:"from"`
	To       string         `json:"to"`
	Amount   int64          `json:"amount"` // minor units
	Currency world.Currency `json:"currency"`
}

// Secret names a secret that was seen in clear on the wire.
type Secret struct {
	Field int    `json:"field"`
	Kind  string `json:"kind"` // pan, track, pin-block, key
}
