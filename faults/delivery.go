package faults

import "time"

// Delivery is how a reply travels back: what the faults that struck it have
// said, put together. The zero value delivers the reply as it is.
//
// Whoever delivers has the reply encoded with Fields, Bitmap and MAC applied,
// and one more frame per Extra, and hands these to Outbound, which does the
// rest: byte edits, frame edits, steps, in this order.
type Delivery struct {
	// Lost says that nothing of the reply is written.
	Lost bool
	// Delay is how long the reply is kept back. Others overtake it. It is the
	// first Wait of the steps, too.
	Delay time.Duration
	// Partner is somebody whom the delivery needs; nil: nobody.
	Partner *Partner

	Fields []FieldEdit // in this order
	Bitmap []int       // data elements whose bit is turned over, before the MAC is made
	MAC    MACEdit     // over the message as edited so far
	Stale  bool        // the terminal's previous reply is sent in place of this one
	Extras []Extra     // further frames, in this order

	corrupt []corruption
	length  lengthEdit
	tpdu    tpduEdit
	header  headerEdit
	replace []byte          // sent in place of the reply; nil: the reply
	copies  []time.Duration // how long after the one before each further copy follows
	pieces  pieces
	endings []ending
}

// Extra is one more frame beside the reply: made from the honest reply with
// edits of its own and a valid MAC.
type Extra struct {
	Fields []FieldEdit
	Keep   []int // of the honest reply's data elements; nil: all
	First  bool  // it goes before the reply, and otherwise after it
	After  time.Duration
}

// MACEdit is what is done to the MAC of a reply.
type MACEdit uint8

// The edits.
const (
	MACValid   MACEdit = iota // valid for the edited message, where the host gives one
	MACWrong                  // Outbound sees to it: the reply is encoded with a valid one
	MACMissing                // the reply is encoded without one
)

// ending ends the connection, or silences it, at some point of the delivery.
type ending struct {
	point endPoint
	at    int           // of endAmid: offset, negative from the end
	after time.Duration // of endAfter
	step  Step
}

type endPoint uint8

const (
	endBefore endPoint = iota
	endAmid
	endAfter
)

// pieces is how a frame is cut up.
type pieces struct {
	at    []int // offsets at which it is split
	every int   // or: bytes per piece
	gap   time.Duration
}
