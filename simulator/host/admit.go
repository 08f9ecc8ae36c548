package host

import (
	"fmt"
	"slices"
	"strings"

	"github.com/acqsim/acqsim/scenarios/transcript"
	"github.com/acqsim/acqsim/scenarios/world"
	"github.com/acqsim/acqsim/simulator/ledger"
	"github.com/acqsim/acqsim/simulator/security"
)

// identify finds terminal and merchant. Only a line test may come without a
// terminal ID.
func (c *call) identify() bool {
	if c.req.Terminal.IsZero() {
		if c.req.Type == world.Echo {
			return true
		}
		c.refuse(world.FormatError, "DE 41 (terminal ID) is absent")
		return false
	}
	t := c.findTerminal()
	if t == nil {
		return false
	}
	c.terminal, c.dec.Terminal = t, t.id
	switch t.status {
	case world.TerminalStopped:
		c.refuse(world.TerminalInactive, "terminal "+t.id+" is not in service")
		return false
	case world.Unregistered:
		c.refuse(world.TerminalUnknown, "terminal "+t.id+" is not registered")
		return false
	case world.TerminalActive, world.SignedOff:
	}
	m := c.findMerchant(t)
	if m == nil {
		return false
	}
	c.merchant, c.dec.Merchant = m, m.facts.ID
	if c.req.Software >= 0 && c.req.Software < t.facts.MinimumSoftware {
		c.refuse(world.SoftwareOutdated, fmt.Sprintf("software version %d is below %d", c.req.Software, t.facts.MinimumSoftware))
		return false
	}
	return true
}

// authentic applies the dialect's MAC policy. A terminal that has no working
// keys, as after a restart of the host, is told to sign on.
func (c *call) authentic() bool {
	if c.d.DUKPT() {
		return c.authenticByKSN()
	}
	t, policy := c.terminal, c.d.MACPolicy()
	session := &t.books.Session
	if current := t.macBy(c.d.MACAlgorithm()); c.mac != current {
		// A sign-on came in between, and its keys are in force.
		c.mac = current
		c.dec.MAC = verifyMAC(c.d, c.req, c.mac)
	}
	switch {
	case session.Generation > 0 && !session.SignedOn:
		c.refuse(world.NotSignedOn, "the terminal has signed off")
	case policy == security.MACOff:
		return true
	case c.dec.MAC == transcript.MACAbsent && policy == security.MACRequire && c.mac == nil:
		c.refuse(world.NotSignedOn, "no working keys: the terminal has not signed on to this host")
	case c.dec.MAC == transcript.MACAbsent && policy == security.MACRequire:
		c.refuse(world.MACWrong, "the MAC is absent, and the dialect requires one")
	case c.dec.MAC == transcript.MACAbsent:
		return true
	case c.dec.MAC == transcript.MACUnchecked:
		c.refuse(world.NotSignedOn, "a MAC, but no working keys: the terminal has not signed on to this host")
	case c.dec.MAC == transcript.MACIsWrong:
		c.refuse(world.MACWrong, "the MAC does not verify with the terminal's latest working key")
	default:
		c.dec.Response.MAC = c.mac
		return true
	}
	return false
}

// authenticIfSigned is authentic for messages that many terminals send without
// a MAC where they sign their financial ones, such as UnionPay's settlements.
func (c *call) authenticIfSigned() bool {
	if session := c.terminal.books.Session; c.req.MAC == nil && (session.Generation == 0 || session.SignedOn) {
		return true
	}
	return c.authentic()
}

// admit asks whether this merchant may do this now, in this batch.
func (c *call) admit() bool {
	return c.wellFormed() && c.stepBatch() && c.merchantMay()
}

// admitReversal admits every reversal of a merchant that gets answers at all:
// money that moved must be able to move back, whatever became of the merchant
// or the hour.
func (c *call) admitReversal() bool {
	if !c.merchantAnswers() {
		return false
	}
	if c.req.HasBatch && c.terminal.books.Batch == 0 {
		c.h.book.SetBatch(c.terminal.books, c.req.Batch)
	}
	return c.wellFormed()
}

func (c *call) wellFormed() bool {
	if !c.req.HasSTAN {
		c.refuse(world.FormatError, "DE 11 (STAN) is absent")
		return false
	}
	return true
}

// merchantRefusals are what a merchant's status means for a request.
var merchantRefusals = map[world.MerchantStatus]struct {
	outcome world.Outcome
	why     string
}{
	world.Suspended: {world.MerchantSuspended, "is suspended"},
	world.Frozen:    {world.MerchantFrozen, "is frozen"},
	world.Closed:    {world.MerchantClosed, "is closed"},
	world.Applied:   {world.MerchantNotYetActive, "has applied and is not active yet"},
}

func (c *call) merchantMay() bool {
	f := c.merchant.facts
	if f.Status != world.MerchantActive {
		r := merchantRefusals[f.Status]
		return c.turnAway(r.outcome, "merchant "+f.ID+" "+r.why)
	}
	if f.Hours != nil && !isAdvice(c.req.Type) && !f.Hours.Open(c.now, c.h.world.Holidays[f.Hours.Calendar]) {
		return c.turnAway(world.OffHours, "merchant "+f.ID+" is outside its trading hours at "+c.now.In(f.Hours.Zone).Format("Mon 15:04"))
	}
	if len(f.Permitted) > 0 && !slices.Contains(f.Permitted, c.req.Type) {
		return c.turnAway(world.NotPermittedMerchant, fmt.Sprintf("merchant %s may not do %s", f.ID, c.req.Type))
	}
	return true
}

// turnAway declines for the merchant's sake: with an answer, or with silence
// where the merchant is one that hosts do not answer (商户无应答).
func (c *call) turnAway(o world.Outcome, why string) bool {
	if c.merchant.facts.WhenRefused == world.RefuseSilently {
		c.dec.Silent = true
		c.refuse(o, why+", and is refused silently")
		return false
	}
	c.decline(o, why)
	return false
}

// batchNumbers is how many batch numbers there are before they wrap (DE 60.2
// has six digits).
const batchNumbers = 1_000_000

// stepBatch compares the terminal's batch number with that of the open batch.
// Another one is out of step, and the terminal has to sign on; or the terminal
// is followed, where the dialect says so: then the open batch is closed without
// a settlement, which the journal tells with its totals.
func (c *call) stepBatch() bool {
	t := c.terminal.books
	if !c.req.HasBatch {
		if t.Batch == 0 {
			c.h.book.SetBatch(t, 1)
		}
		return true
	}
	switch n := c.req.Batch; {
	case n == t.Batch:
		return true
	case t.Batch == 0:
		c.h.book.SetBatch(t, n)
		return true
	case c.d.FollowsBatch():
		closed := BatchClosed{Batch: t.Batch, Currency: c.currency()}
		closed.Totals = c.h.book.CloseBatch(t, n)
		c.dec.Closed = &closed
		return true
	default:
		c.outOfStep()
		return false
	}
}

// laterBatch reports whether a follows b, with wrap-around.
func laterBatch(a, b uint32) bool {
	ahead := (a + batchNumbers - b) % batchNumbers
	return ahead > 0 && ahead < batchNumbers/2
}

// repeated answers a request that was decided before. An xxx1 repeat gets the
// first answer again; an identical request gets what the dialect says.
func (c *call) repeated() bool {
	if c.req.DuplicateKey == 0 || c.req.Type == world.Inquiry {
		return false
	}
	first := c.h.book.ByDuplicateKey(c.terminal.books, c.req.STAN, c.req.DuplicateKey)
	if first == nil {
		return false
	}
	if c.req.Repeat || c.d.RepeatsAnswer() {
		c.again(first, "a repeat: the first answer again, nothing posted")
		return true
	}
	c.refuse(world.Duplicate, "the same request was decided before (RRN "+string(first.RRN[:])+")")
	return true
}

// again answers as the first decision did.
func (c *call) again(first *ledger.Txn, why string) {
	c.dec.Outcome, c.dec.Why = first.Outcome, why
	c.dec.RRN = string(first.RRN[:])
	c.dec.Approval = strings.TrimRight(string(first.Approval[:]), "\x00")
	c.note(c.h.reg.cards[c.req.Card])
}

// note tells the journal which card it was.
func (c *call) note(k *card) {
	if k != nil {
		c.card, c.dec.Card = k, k.n
		if k.issuer != nil {
			c.dec.Issuer = k.issuer.ID
		}
	}
}
