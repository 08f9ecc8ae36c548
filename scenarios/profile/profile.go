// Package profile says how a kind of terminal firmware is meant to behave: its
// timeouts, and a switch for each thing that correct firmware does in
// different ways. The reference terminal behaves by a profile, and rules judge
// by it.
//
// What a profile does not say is the same for all terminals, and stands in the
// rules: a reply whose MAC is wrong is never accepted, for one.
package profile

import (
	"time"

	"github.com/acqsim/acqsim/scenarios/strictyaml"
	"github.com/acqsim/acqsim/scenarios/world"
)

// Default is the profile that counts where none is named.
const Default = "strict"

// Profile is one kind of firmware.
type Profile struct {
	Name    string          `yaml:"name,required" doc:"The profile's name: letters, digits and hyphens."`
	Title   world.Bilingual `yaml:"title" doc:"What it is called for people."`
	About   world.Bilingual `yaml:"about" doc:"Which terminals are like this, in a sentence or two."`
	BasedOn string          `yaml:"based_on" doc:"An embedded profile whose keys count where this file has none; without it, strict."`

	Timeouts   Timeouts   `yaml:"timeouts" doc:"How long the terminal waits."`
	Connecting Connecting `yaml:"connecting" doc:"What it does after a connection that failed."`
	Replies    Replies    `yaml:"replies" doc:"What it makes of replies that are not in order."`
	Reversal   Reversal   `yaml:"reversal" doc:"How it reverses."`
	PIN        PIN        `yaml:"pin" doc:"What it does after a wrong PIN (55)."`
	SignOn     SignOn     `yaml:"sign_on" doc:"When it signs on again."`

	OneInFlight  bool `yaml:"one_in_flight" doc:"A financial request waits for the end of the one before."`
	TrackInClear bool `yaml:"track_in_clear" doc:"Track data may be sent unencrypted."`

	Place strictyaml.Node
}

// Timeouts are how long a terminal waits.
type Timeouts struct {
	Connect  time.Duration `yaml:"connect" doc:"For a connection, TLS included. 5s to 30s in the field."`
	Response time.Duration `yaml:"response" doc:"For a reply, from the last byte of the request on. 30s to 70s in the field, up to 150s for some."`
}

// Connecting is what follows a failed connect.
type Connecting struct {
	Retries int           `yaml:"retries" doc:"How often it tries again at most, for one transaction."`
	Backoff time.Duration `yaml:"backoff" doc:"How long it waits at least before each further try."`
}

// Replies is what the terminal makes of replies that are not in order. None of
// them is ever accepted as an approval, but for what Tolerate and MissingMAC
// say.
type Replies struct {
	Mismatch   Pending `yaml:"mismatch" doc:"What becomes of the pending reversal after a reply with another DE 3, 4, 11, 41, 42 or message type, or without DE 39: reverse, or delete it."`
	Unreadable Pending `yaml:"unreadable" doc:"The same after a frame or message that cannot be read."`
	Tolerate   []int   `yaml:"tolerate" doc:"Data elements in which a reply may differ from its request: of 3, 4, 11, 41 and 42."`
	MissingMAC MAC     `yaml:"missing_mac" doc:"Whether a reply without a MAC is taken where the dialect has MACs: reject or accept."`
}

// Reversal is how a terminal reverses.
type Reversal struct {
	Types              []world.TransactionType `yaml:"types" doc:"The transaction types that are reversed when no answer comes."`
	Stored             Stored                  `yaml:"stored" doc:"When the record is stored: before-connect (a failed connect leaves a reversal, too), before-send (once there is a connection), or after-send (only when all was sent)."`
	Sent               Sent                    `yaml:"sent" doc:"When it is sent: before-next (online transaction, which it blocks), or at-once (after the timeout)."`
	Within             time.Duration           `yaml:"within" doc:"With sent: at-once, how long after the terminal gave up it may take. 0s: no limit but the next financial request."`
	STAN               STAN                    `yaml:"stan" doc:"The STAN of the reversal: that of its original, or a new one (DE 90 or 56 then names the original)."`
	Reasons            Reasons                 `yaml:"reasons" doc:"DE 39 of the reversal, by what happened; \"\" if it carries none."`
	SettledBy          Codes                   `yaml:"settled_by" doc:"The response codes that end a reversal, or any."`
	Pending            int                     `yaml:"pending" doc:"How many reversals can be pending at the same time."`
	DayChange          DayChange               `yaml:"day_change" doc:"What becomes of yesterday's pending reversal: keep or drop."`
	Repeats            int                     `yaml:"repeats" doc:"How often an unanswered reversal is repeated before on_repeats_exhausted counts."`
	RepeatMTI          RepeatMTI               `yaml:"repeat_mti" doc:"The message type of repeats: same (0400 again) or repeat (0401)."`
	RepeatSTAN         STAN                    `yaml:"repeat_stan" doc:"The STAN of repeats: that of the original message, or a new one each time."`
	OnRepeatsExhausted Exhausted               `yaml:"on_repeats_exhausted" doc:"Then: keep (it goes on blocking), drop, or print-and-drop."`
}

// Reasons are values of DE 39 in a reversal.
type Reasons struct {
	NoAnswer        string `yaml:"no_answer" doc:"No answer came, or none that could be read."`
	MAC             string `yaml:"mac" doc:"The reply's MAC was wrong or missing."`
	TerminalFailure string `yaml:"terminal_failure" doc:"Approved, but the terminal could not finish: printer, card removed."`
	CardDeclined    string `yaml:"card_declined" doc:"Approved, but the chip refused."`
	Other           string `yaml:"other" doc:"Anything else, such as a reply that does not match."`
}

// PIN is what follows a wrong PIN.
type PIN struct {
	Rounds int `yaml:"rounds" doc:"How often a PIN is asked for in all, each time under a new STAN."`
}

// SignOn is when a terminal signs on again.
type SignOn struct {
	Codes      []string `yaml:"codes" doc:"The response codes after which the next financial request has to wait for a sign-on."`
	HeaderFlag bool     `yaml:"header_flag" doc:"Whether processing request 3 of the UnionPay header demands one, too."`
}

// Reverses reports whether the profile reverses transactions of the type when
// no answer comes.
func (p *Profile) Reverses(t world.TransactionType) bool {
	for _, x := range p.Reversal.Types {
		if x == t {
			return true
		}
	}
	return false
}

// Tolerates reports whether a reply may have another value in the data element
// than its request.
func (p *Profile) Tolerates(field int) bool {
	for _, f := range p.Replies.Tolerate {
		if f == field {
			return true
		}
	}
	return false
}
