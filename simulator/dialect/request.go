package dialect

import (
	"time"

	"github.com/acqsim/acqsim/scenarios/world"
	"github.com/acqsim/acqsim/simulator/frame"
	"github.com/acqsim/acqsim/simulator/security"
)

// Request is the facts of one request, read from its bytes by [Dialect.Read].
// A Request is reused from message to message: its slices point into the
// frame and are valid until the frame's buffer is.
type Request struct {
	Frame frame.Frame // as received; Frame.Body is the message
	Index Index       // offsets of every field in Frame.Body

	MTI        uint16                // 200 for 0200; 1100 for 1993's 1100
	Type       world.TransactionType // Unrecognised: the dialect does not know it
	Repeat     bool                  // an xxx1 MTI
	Processing uint32                // DE 3; valid if Index.Has(3)

	Card      PAN    // from DE 2, else from track 2 or track 1; zero: absent
	Expiry    uint16 // YYMM, from DE 14 or the tracks; zero: absent
	Amount    int64  // DE 4 in minor units; valid if HasAmount
	HasAmount bool
	Cash      int64          // of a purchase with cash-back: how much of DE 4 is cash, from DE 54; valid if HasCash
	HasCash   bool           // DE 54 names a cash amount
	CashIn    world.Currency // of the cash amount
	Currency  world.Currency // DE 49; zero: absent
	STAN      uint32         // DE 11; valid if HasSTAN
	HasSTAN   bool
	Terminal  ID // DE 41
	Merchant  ID // DE 42
	RRN       ID // DE 37
	Approval  ID // DE 38

	PINBlock    []byte // DE 52, 8 or 16 bytes; nil: absent
	Batch       uint32 // the batch the terminal says it is in; valid if HasBatch
	HasBatch    bool
	Invoice     uint32 // the number of the terminal's receipt, up to 9 digits; 0: absent
	NetworkCode uint16 // UnionPay 60.3, or DE 70; 0: absent
	Software    int    // terminal software version; -1: not stated

	Original     Original
	DuplicateKey uint64       // equal for two requests that the dialect calls duplicates; 0: none can be made
	MAC          []byte       // the MAC field's bytes; nil: absent
	KSN          security.KSN // DUKPT's key serial number; zero: absent, or none

	scratch [32]byte // PIN block and MAC, where they stand in hexadecimal
	clock   clock    // of the last reply that had a time
	reply   Index    // of the last reply, as far as Mask looks at it
}

// Answerable reports whether a reply can be made: the MTI could be read and is
// a request's or an advice's.
func (r *Request) Answerable() bool {
	_, ok := ReplyMTI(r.MTI)
	return ok
}

// clear forgets the last message. The index keeps its offsets: its bits say
// which of them count.
func (r *Request) clear() {
	r.Frame = frame.Frame{}
	r.MTI, r.Type, r.Repeat, r.Processing = 0, world.Unrecognised, false, 0
	r.Card, r.Expiry, r.Amount, r.HasAmount, r.Currency = PAN{}, 0, 0, false, 0
	r.Cash, r.HasCash, r.CashIn = 0, false, 0
	r.STAN, r.HasSTAN = 0, false
	r.Terminal, r.Merchant, r.RRN, r.Approval = ID{}, ID{}, ID{}, ID{}
	r.PINBlock, r.MAC, r.KSN = nil, nil, security.KSN{}
	r.Batch, r.HasBatch, r.Invoice, r.NetworkCode, r.Software = 0, false, 0, 0, 0
	r.Original, r.DuplicateKey = Original{}, 0
	r.scratch = [32]byte{}
	r.reply.reset()
}

// Original is how a void, refund, reversal, completion or adjustment names the
// transaction it is about. Nothing in it is certain: terminals that never got a reply know no
// RRN.
type Original struct {
	STAN     uint32 // DE 61 or DE 90, else the request's own DE 11
	HasSTAN  bool
	Own      bool   // STAN is the request's own, not a reference
	Batch    uint32 // DE 61 (UnionPay), else the request's own batch
	HasBatch bool
	MTI      uint16 // DE 90; 0: not stated
	RRN      ID     // DE 37 where it names the original; zero: not stated
	Approval ID     // DE 38 of the request; zero: not stated
	Date     uint16 // MMDD, from DE 61 or DE 90's DE 7; 0: not stated
}

// PAN is a primary account number as a comparable value. It never prints
// itself in clear.
type PAN struct {
	digits uint64 // up to 19 digits
	length uint8
}

// ID is an alphanumeric identifier of up to 15 characters as a comparable
// value, without trailing spaces.
type ID struct {
	b [15]byte
	n uint8
}

// Response is what the host decided. [Dialect.AppendReply] turns it into
// bytes. It is reused from message to message; Reset clears it.
type Response struct {
	Outcome world.Outcome
	Why     string      // the rule or fact of the world that decided; never empty
	Silent  bool        // nothing is sent; Why says why
	Asked   world.Chore // what the terminal is asked to do, where the frame's header can say it

	ReadyAt time.Time // when the answer is ready; zero: at once
	Time    time.Time // business time of the decision, in the host's zone

	RRN      string // 12 characters; empty: none (a format error)
	Approval string // 6 characters; empty: none
	Issuer   string // issuer's institution code for DE 44; empty: none
	Acquirer string // DE 32; empty: none

	HasBalance bool // an inquiry's DE 54
	Available  int64
	Booked     int64
	Currency   world.Currency

	Batch    uint32 // the terminal's open batch; goes into the reply of a sign-on
	HasBatch bool
	Results  [2]byte       // of a settlement, for domestic and foreign cards: '1' balanced, '2' not; zero: not said
	Keys     []byte        // DE 62 of a key download; nil: none
	Data     []byte        // of a parameter download, what the terminal asked for; nil: none
	MAC      *security.MAC // signs the reply; nil: no MAC
	Chip     []byte        // DE 55 for the chip; nil: none
}

// Reset clears a response for the next request.
func (r *Response) Reset() { *r = Response{} }
