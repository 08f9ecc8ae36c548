package faults

import (
	"fmt"
	"time"
)

// Op is one thing that can be done to a connection.
type Op uint8

// The operations. What comes after FIN, RST, Cut or Mute is not done.
const (
	// Write writes Bytes, in one write.
	Write Op = iota + 1
	// Gap waits For, and keeps the line: nothing else is written meanwhile.
	// It is for pauses within a frame.
	Gap
	// Wait waits For, and lets others pass.
	Wait
	// FIN ends the connection in good order: the peer reads all that was
	// written and then EOF, also if it sent something that was not read.
	FIN
	// RST resets the connection. What was written just before may be lost.
	RST
	// Cut pulls the cable: from now on nothing passes either way, not even an
	// acknowledgement, FIN or RST. The socket is held for For, and given up
	// without a word.
	Cut
	// Mute writes nothing any more; the connection stays.
	Mute
)

var opNames = [...]string{Write: "write", Gap: "gap", Wait: "wait", FIN: "FIN", RST: "RST", Cut: "cut", Mute: "mute"}

// String returns the name of the operation.
func (o Op) String() string {
	if int(o) < len(opNames) && opNames[o] != "" {
		return opNames[o]
	}
	return fmt.Sprintf("operation %d", uint8(o))
}

// Final says that nothing is done to a connection after o.
func (o Op) Final() bool { return o >= FIN }

// Step is one operation with what it needs.
type Step struct {
	Op    Op
	Bytes []byte        // of Write
	For   time.Duration // of Gap, Wait and Cut

	// Rude says of a FIN on a TLS connection that no close_notify goes before
	// it. (RST and Cut never send one.)
	Rude bool
}

// String describes the step, for the journal: never its bytes.
func (s Step) String() string {
	switch s.Op {
	case Write:
		return fmt.Sprintf("write %d bytes", len(s.Bytes))
	case Gap, Wait, Cut:
		return fmt.Sprintf("%s %v", s.Op, s.For)
	case FIN:
		if s.Rude {
			return "FIN without close_notify"
		}
	}
	return s.Op.String()
}

// waitThen is a step that is done after a while.
func waitThen(d time.Duration, s Step) []Step {
	if d > 0 {
		return []Step{{Op: Wait, For: d}, s}
	}
	return []Step{s}
}
