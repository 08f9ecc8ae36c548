package faults

import "slices"

// Span is a range of bytes: From up to, and not including, To. An empty one
// is something that is not there.
type Span struct{ From, To int }

// Len returns the number of bytes.
func (s Span) Len() int { return s.To - s.From }

// Encoded is a reply ready to be sent, and what is in it.
type Encoded struct {
	Frame []byte // all of it, length header included; it is not changed

	Length, TPDU, Header, Body Span
	Field                      func(n int) Span // of a data element, with its length; nil: nothing is known
	MACField                   int              // the data element that is the MAC; 0: none

	// Announced is the number in the length header. PutLength writes another
	// one in the same format and size, and returns an error if it does not
	// fit; nil: length edits are impossible.
	Announced int
	MaxLength int // the largest number that fits
	PutLength func(dst []byte, n int) error

	RequestTPDU []byte   // of the request
	Previous    []byte   // the terminal's reply before this one, as a frame; nil: none
	Extras      [][]byte // the frames of Delivery.Extras, in the same order; nil: could not be made
}

func (x *Encoded) extra(i int) []byte {
	if i < len(x.Extras) {
		return x.Extras[i]
	}
	return nil
}

// Outbound is what is done on the wire for a reply.
type Outbound struct {
	Steps []Step
	// Notes say what could not be done as the faults would have it, such as
	// an offset beyond the end of this reply.
	Notes []string
}

// note adds a note, if it is a new one.
func (o *Outbound) note(text string) {
	if !slices.Contains(o.Notes, text) {
		o.Notes = append(o.Notes, text)
	}
}

func (o *Outbound) add(s ...Step) { o.Steps = append(o.Steps, s...) }
