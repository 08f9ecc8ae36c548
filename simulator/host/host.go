// Package host is the honest acquirer: from a request, the world and the
// business time it decides an outcome and what moves in the books. It does no
// I/O and knows nothing of faults.
package host

import (
	"errors"
	"sync"
	"time"

	"github.com/acqsim/acqsim/scenarios/transcript"
	"github.com/acqsim/acqsim/scenarios/world"
	"github.com/acqsim/acqsim/simulator/dialect"
	"github.com/acqsim/acqsim/simulator/ledger"
	"github.com/acqsim/acqsim/simulator/security"
)

// Options say what a host decides from. World and Book are required.
type Options struct {
	World *world.World // read, never changed
	Book  *ledger.Book // used by this host only
	// Strict refuses terminals, merchants and cards that the world does not
	// name. The default is an open world, which enrols them as active, with a
	// generous account.
	Strict bool
	Seed   uint64       // of keys and approval codes
	TMK    security.Key // terminal master key; the default is security.DefaultTMK
	// BDK is the base derivation key of DUKPT, for a world that has none of its
	// own. The default is security.DefaultBDK.
	BDK security.Key
}

// Host decides requests. It is safe for concurrent use: each decision and its
// postings are one step.
type Host struct {
	strict bool
	seed   uint64
	// seedHash is what approvalCode makes of the seed.
	seedHash uint64
	tmk      security.Key

	aliases map[dialect.PAN]string // never changed
	bdk     security.Key

	mu    sync.Mutex // guards everything below, and the book
	world *world.World
	book  *ledger.Book
	reg   registry
	texts texts
	today today
	kept  int // transactions of settled batches, see mostKept
	// fetched is the sum of what fetch read, so that it is read.
	fetched uint64
}

// Decision is the host's answer to one request, with what the journal wants to
// know of it. It is reused from message to message.
type Decision struct {
	dialect.Response

	Terminal string // as the world knows it; empty: not known
	Merchant string
	Card     uint32 // card#n of this host, from 1; 0: no card
	MAC      transcript.MACResult

	From, To string // accounts of the posting; empty: nothing moved
	Amount   int64  // of the posting, minor units
	Cash     int64  // of Amount, what was paid out in cash
	Moved    world.Currency

	Expired int // holds of pre-authorisations that have expired since the last decision

	Closed      *BatchClosed // a batch that this request closed; usually nil
	Differences []Difference // what settlement and upload found; usually none
}

// BatchClosed is a batch that was closed, and what it amounted to.
type BatchClosed struct {
	Batch      uint32
	Totals     ledger.Totals
	Currency   world.Currency
	Settlement *ledger.Settlement // nil: closed without one
}

// String is the host's totals, and what came of the terminal's.
func (b *BatchClosed) String() string {
	host := describeTotals(b.Totals, b.Currency)
	switch s := b.Settlement; {
	case s == nil:
		return host + "; without a settlement"
	case s.Balanced:
		return host + "; balanced"
	case s.Told == ledger.Totals{}:
		return host + "; the terminal told no totals"
	default:
		return host + "; the terminal has " + describeTotals(s.Told, b.Currency)
	}
}

// New returns a host that decides from the given world and keeps the given
// book.
func New(o Options) (*Host, error) {
	if o.World == nil || o.Book == nil {
		return nil, errors.New("host: a world and a book are required")
	}
	if o.TMK.IsZero() {
		o.TMK = security.DefaultTMK()
	}
	bdk, err := baseKey(&o)
	if err != nil {
		return nil, err
	}
	h := &Host{strict: o.Strict, seed: o.Seed, seedHash: hashOfSeed(o.Seed), tmk: o.TMK, bdk: bdk, world: o.World, book: o.Book, aliases: aliasesOf(o.World)}
	h.reg = newRegistry(o.World, o.Book)
	return h, nil
}

// Job is a request that waits for its decision.
type Job struct {
	Dialect  *dialect.Dialect
	Request  *dialect.Request
	Now      time.Time // business time
	Decision *Decision // the answer is written here

	// Given is what a scenario has the host decide, in place of what it would
	// think itself; Undecided: nothing. It must not be Approved: money moves
	// only for a reason.
	Given world.Outcome
	By    string // the scenario that has given it, for the reason

	// Memo, if it is not nil, is the terminal's: what the host remembers between
	// its requests.
	Memo *Memo

	terminal *terminal               // found by fetch; nil: not yet known
	card     *card                   // as terminal
	mac      *security.MAC           // that the request's MAC was verified with
	key      security.TransactionKey // of a request under DUKPT
}

// Decide decides one request at business time now and writes the answer into
// dec. The postings have happened when it returns. Every request gets an
// outcome; one that is to be met with silence has dec.Silent set.
func (h *Host) Decide(d *dialect.Dialect, req *dialect.Request, now time.Time, dec *Decision) {
	jobs := [1]Job{{Dialect: d, Request: req, Now: now, Decision: dec}}
	h.DecideAll(jobs[:])
}

// DecideAll decides requests in their order, as Decide does one. It takes the
// books once for all of them: where many connections wait for the books, that
// is worth more than anything that a decision does.
func (h *Host) DecideAll(jobs []Job) {
	for i := range jobs {
		*jobs[i].Decision = Decision{}
		jobs[i].Decision.Time = jobs[i].Now
	}
	h.verifyMACs(jobs)

	h.mu.Lock()
	defer h.mu.Unlock()
	h.fetch(jobs)
	for i := range jobs {
		j := &jobs[i]
		c := call{h: h, d: j.Dialect, req: j.Request, now: j.Now, dec: j.Decision, mac: j.mac, key: j.key, found: j}
		c.decide(j.Given)
		c.answerChip()
		c.remarkOnKSN()
		if c.terminal != nil {
			c.dec.Asked = c.terminal.asked
		}
	}
}

// RejectFormat answers a request that could not be read to its end: a format
// error, without a look at the books.
func (h *Host) RejectFormat(req *dialect.Request, now time.Time, why string, dec *Decision) {
	*dec = Decision{}
	dec.Time = now
	dec.Outcome, dec.Why = world.FormatError, why
	dec.Terminal, dec.Merchant = req.Terminal.String(), req.Merchant.String()
}

// verifyMACs looks the terminals' keys up and verifies outside the lock: a MAC
// takes longer than a decision.
func (h *Host) verifyMACs(jobs []Job) {
	wanted := false
	for i := range jobs {
		j := &jobs[i]
		if j.Dialect.DUKPT() {
			h.deriveKeys(j)
			continue
		}
		wanted = wanted || j.Request.MAC != nil && j.Dialect.MACPolicy() != security.MACOff
	}
	if wanted {
		h.mu.Lock()
		for i := range jobs {
			if t := h.reg.terminals[jobs[i].Request.Terminal]; t != nil && !jobs[i].Dialect.DUKPT() {
				jobs[i].mac = t.macBy(jobs[i].Dialect.MACAlgorithm())
			}
		}
		h.mu.Unlock()
	}
	for i := range jobs {
		j := &jobs[i]
		j.Decision.MAC = verifyMAC(j.Dialect, j.Request, j.mac)
	}
}

// verifyMAC says what the request's MAC is worth under a key, which may be nil.
func verifyMAC(d *dialect.Dialect, req *dialect.Request, key *security.MAC) transcript.MACResult {
	switch {
	case d.MACPolicy() == security.MACOff:
		return transcript.MACUnchecked
	case req.MAC == nil:
		return transcript.MACAbsent
	case key == nil:
		return transcript.MACUnchecked
	case d.Verify(req, key):
		return transcript.MACOK
	default:
		return transcript.MACIsWrong
	}
}

// call is one decision in the making.
type call struct {
	h   *Host
	d   *dialect.Dialect
	req *dialect.Request
	now time.Time
	dec *Decision
	mac *security.MAC

	found    *Job // what fetch has found for this request
	terminal *terminal
	merchant *merchant
	card     *card

	key      security.TransactionKey // of this request, under DUKPT
	staleKSN bool                    // it does not follow the terminal's last
	chip     chipCheck
}

// decide decides the call; give is what it has to, or Undecided.
func (c *call) decide(give world.Outcome) {
	c.dec.Expired = c.h.book.Expire(c.now)
	c.number()
	c.dec.Acquirer = c.h.world.Acquirer.ID
	if !c.identify() {
		return
	}
	if give != world.Undecided {
		c.given(give)
		return
	}
	switch c.req.Type {
	case world.Echo:
		c.approve("line test")
	case world.SignOn:
		c.signOn()
	case world.SignOff:
		c.signOff()
	case world.Unrecognised:
		c.refuse(world.UnsupportedFunction, "the dialect does not know this function")
	case world.ESignature:
		if c.authentic() {
			c.approve("signature received")
		}
	case world.Settlement, world.SettlementEnd, world.BatchUpload, world.BatchEnd:
		c.settling()
	case world.ScriptResult, world.StatusUpload, world.ParameterDownload, world.ParameterEnd:
		c.manages()
	case world.Reversal:
		if c.authentic() && c.admitReversal() {
			c.reversal()
		}
	default:
		if c.authentic() && c.admit() {
			c.financial()
		}
	}
}

// financial decides what needs a card or an original.
func (c *call) financial() {
	if c.repeated() || c.reversedBefore() || !c.freshKSN() {
		return
	}
	if c.req.Type != world.Inquiry && (!c.req.HasAmount || c.req.Amount <= 0) {
		c.decline(world.InvalidAmount, "DE 4 is absent or zero")
		return
	}
	switch c.req.Type {
	case world.Inquiry:
		c.inquiry()
	case world.Sale, world.Cash, world.CashBack:
		c.purchase()
	case world.Void, world.CompletionVoid:
		c.void()
	case world.Refund:
		c.refund()
	case world.PreAuth:
		c.preAuth()
	case world.PreAuthVoid:
		c.preAuthVoid()
	case world.Completion, world.CompletionAdvice:
		c.completion()
	case world.OfflineSale:
		c.offlineSale()
	case world.Adjustment, world.Tip:
		c.adjustment()
	}
}

// approve and refuse set the outcome of what is kept in no book.
func (c *call) approve(why string) { c.dec.Outcome, c.dec.Why = world.Approved, why }

func (c *call) refuse(o world.Outcome, why string) { c.dec.Outcome, c.dec.Why = o, why }

// decline refuses and remembers, so that a repeat gets the same answer and a
// reversal finds what it is about.
func (c *call) decline(o world.Outcome, why string) {
	c.refuse(o, why)
	if c.terminal == nil || !c.req.HasSTAN || c.req.Type == world.Inquiry {
		return
	}
	x := c.txn()
	x.State = ledger.Declined
	c.h.book.Post(x)
}
