package profile

import (
	"slices"

	"github.com/acqsim/acqsim/scenarios/schema"
	"github.com/acqsim/acqsim/scenarios/strictyaml"
)

// Pending is what becomes of a pending reversal.
type Pending string

// What becomes of it.
const (
	Reverse Pending = "reverse"
	Delete  Pending = "delete"
)

// MAC is what a terminal does with a reply that has no MAC.
type MAC string

// What it does.
const (
	RejectMAC MAC = "reject"
	AcceptMAC MAC = "accept"
)

// Stored is when the record of a reversal is stored.
type Stored string

// The times to store it.
const (
	BeforeConnect Stored = "before-connect"
	BeforeSend    Stored = "before-send"
	AfterSend     Stored = "after-send"
)

// Sent is when a reversal is sent.
type Sent string

// The times to send it.
const (
	BeforeNext Sent = "before-next"
	AtOnce     Sent = "at-once"
)

// STAN is which STAN a message gets.
type STAN string

// The STANs.
const (
	OriginalSTAN STAN = "original"
	NewSTAN      STAN = "new"
)

// DayChange is what a new day does to a pending reversal.
type DayChange string

// What it does.
const (
	KeepOvernight DayChange = "keep"
	DropOvernight DayChange = "drop"
)

// RepeatMTI is the message type of a repeat.
type RepeatMTI string

// The message types.
const (
	SameMTI RepeatMTI = "same"
	XXX1    RepeatMTI = "repeat"
)

// Exhausted is what follows the last repeat of a reversal that nobody answers.
type Exhausted string

// What follows.
const (
	Keep         Exhausted = "keep"
	Drop         Exhausted = "drop"
	PrintAndDrop Exhausted = "print-and-drop"
)

// The words of each switch, for files and schemas.
var (
	pendingWords   = []string{string(Reverse), string(Delete)}
	macWords       = []string{string(RejectMAC), string(AcceptMAC)}
	storedWords    = []string{string(BeforeConnect), string(BeforeSend), string(AfterSend)}
	sentWords      = []string{string(BeforeNext), string(AtOnce)}
	stanWords      = []string{string(OriginalSTAN), string(NewSTAN)}
	dayChangeWords = []string{string(KeepOvernight), string(DropOvernight)}
	repeatMTIWords = []string{string(SameMTI), string(XXX1)}
	exhaustedWords = []string{string(Keep), string(Drop), string(PrintAndDrop)}
)

func choose[E ~string](to *E, n strictyaml.Node, what string, words []string) error {
	word, err := n.Choose(what, words)
	if err == nil {
		*to = E(word)
	}
	return err
}

// UnmarshalNode reads a word.
func (p *Pending) UnmarshalNode(n strictyaml.Node) error {
	return choose(p, n, "treatment of a pending reversal", pendingWords)
}

// JSONSchema lists the words.
func (Pending) JSONSchema() schema.Object { return schema.Enum(pendingWords) }

// UnmarshalNode reads a word.
func (m *MAC) UnmarshalNode(n strictyaml.Node) error {
	return choose(m, n, "treatment of a missing MAC", macWords)
}

// JSONSchema lists the words.
func (MAC) JSONSchema() schema.Object { return schema.Enum(macWords) }

// UnmarshalNode reads a word.
func (s *Stored) UnmarshalNode(n strictyaml.Node) error {
	return choose(s, n, "time to store a reversal", storedWords)
}

// JSONSchema lists the words.
func (Stored) JSONSchema() schema.Object { return schema.Enum(storedWords) }

// UnmarshalNode reads a word.
func (s *Sent) UnmarshalNode(n strictyaml.Node) error {
	return choose(s, n, "time to send a reversal", sentWords)
}

// JSONSchema lists the words.
func (Sent) JSONSchema() schema.Object { return schema.Enum(sentWords) }

// UnmarshalNode reads a word.
func (s *STAN) UnmarshalNode(n strictyaml.Node) error { return choose(s, n, "STAN", stanWords) }

// JSONSchema lists the words.
func (STAN) JSONSchema() schema.Object { return schema.Enum(stanWords) }

// UnmarshalNode reads a word.
func (d *DayChange) UnmarshalNode(n strictyaml.Node) error {
	return choose(d, n, "treatment of yesterday's reversal", dayChangeWords)
}

// JSONSchema lists the words.
func (DayChange) JSONSchema() schema.Object { return schema.Enum(dayChangeWords) }

// UnmarshalNode reads a word.
func (r *RepeatMTI) UnmarshalNode(n strictyaml.Node) error {
	return choose(r, n, "message type of repeats", repeatMTIWords)
}

// JSONSchema lists the words.
func (RepeatMTI) JSONSchema() schema.Object { return schema.Enum(repeatMTIWords) }

// UnmarshalNode reads a word.
func (e *Exhausted) UnmarshalNode(n strictyaml.Node) error {
	return choose(e, n, "end of repeats", exhaustedWords)
}

// JSONSchema lists the words.
func (Exhausted) JSONSchema() schema.Object { return schema.Enum(exhaustedWords) }

// Codes are response codes; with Any, every answer counts.
type Codes struct {
	Any  bool
	List []string
}

// anyCode stands for every response code in a file.
const anyCode = "any"

// Has reports whether the code is one of them.
func (c Codes) Has(code string) bool { return c.Any || slices.Contains(c.List, code) }

// UnmarshalNode reads a list of codes, or "any".
func (c *Codes) UnmarshalNode(n strictyaml.Node) error {
	if n.Kind() == strictyaml.List {
		*c = Codes{}
		return n.Decode(&c.List)
	}
	if _, err := n.Choose("set of response codes", []string{anyCode}); err != nil {
		p := n.Errorf("response codes are a list such as [\"00\", \"25\"], or the word any")
		return p
	}
	*c = Codes{Any: true}
	return nil
}

// JSONSchema is a list of codes, or "any".
func (Codes) JSONSchema() schema.Object {
	return schema.OneOf(schema.Enum([]string{anyCode}), schema.List(schema.Text(codePattern)))
}
