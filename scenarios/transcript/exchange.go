package transcript

import (
	"time"

	"github.com/acqsim/acqsim/scenarios/world"
)

// Exchange is an ordinary exchange: a request, the host's decision on it, and
// the reply to it. Its events are [Exchange.Received], [Exchange.Decided] and
// [Exchange.Sent]. What they have in common stands in it once, so it takes a
// fraction of their memory, and is recorded in a fraction of the time.
type Exchange struct {
	Link    *Link
	Arrived time.Time // when the request had been read: At of the first two events
	Seq     uint64    // of the Received event; the Decided one is the next
	Message uint64

	Terminal, Merchant string
	Why                string // of the decision
	Code               string
	RRN, Approval      string

	// What moved, if From is not empty: Moved in all, of which Cash was paid
	// out, in MovedIn.
	From, To    string
	Moved, Cash int64
	MovedIn     world.Currency

	Currency   world.Currency
	Amount     int64
	Processing uint32
	STAN       uint32
	Batch      uint32
	Card       uint32
	MTI        uint16
	Type       world.TransactionType
	Outcome    world.Outcome
	HasSTAN    bool
	MAC        MACResult // of the request
	ReplyMAC   MACResult
	Asks       uint8

	Raw     []byte   // the masked request
	Secrets []Secret // of the request; never changed
}

// Link is the connection of an exchange.
type Link struct {
	Listener, Dialect string
	Conn              uint64
}

// Reply is what became of the reply to an exchange: it was sent.
type Reply struct {
	At      time.Time
	Elapsed time.Duration
	Raw     []byte // the masked frame
}

// Received makes e the event of the request.
func (x *Exchange) Received(e *Event) {
	x.begin(e, Received, Terminal)
	e.Seq, e.MAC, e.Raw, e.Secrets = x.Seq, x.MAC, x.Raw, x.Secrets
}

// Decided makes e the event of the decision. Postings are appended to buf.
func (x *Exchange) Decided(e *Event, buf []Posting) {
	x.begin(e, Decided, Host)
	x.decision(e)
	e.Seq = x.Seq + 1
	if x.From != "" {
		e.Postings = append(buf, Posting{From: x.From, To: x.To, Amount: x.Moved - x.Cash, Currency: x.MovedIn})
		if x.Cash > 0 {
			e.Postings = append(e.Postings, Posting{From: x.From, To: x.To, Amount: x.Cash, Currency: x.MovedIn})
		}
	}
}

// Sent makes e the event of the reply. Its number is left to the caller.
func (x *Exchange) Sent(e *Event, r *Reply) {
	x.begin(e, Sent, Host)
	x.decision(e)
	e.At, e.Elapsed, e.Raw = r.At, r.Elapsed, r.Raw
	e.Asks, e.MAC = x.Asks, x.ReplyMAC
}

func (x *Exchange) begin(e *Event, k Kind, a Actor) {
	*e = Event{
		At: x.Arrived, Kind: k, Actor: a, Listener: x.Link.Listener, Dialect: x.Link.Dialect, Conn: x.Link.Conn, Message: x.Message,
		Terminal: x.Terminal, Merchant: x.Merchant, Type: x.Type, MTI: x.MTI, Processing: x.Processing,
		STAN: x.STAN, HasSTAN: x.HasSTAN, Amount: x.Amount, Currency: x.Currency, Batch: x.Batch, Card: x.Card,
	}
}

func (x *Exchange) decision(e *Event) {
	e.Outcome, e.Code, e.Why, e.RRN, e.Approval = x.Outcome, x.Code, x.Why, x.RRN, x.Approval
}
