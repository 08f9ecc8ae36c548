package host

import (
	"fmt"

	"github.com/acqsim/acqsim/scenarios/world"
	"github.com/acqsim/acqsim/simulator/ledger"
)

// findOriginal finds what a void, refund or reversal is about, without relying
// on the RRN: a terminal that never got the reply never learnt it. wanted says
// which transactions can be meant. Where several have the same STAN, the one
// with the request's amount is meant, else the newest.
func (c *call) findOriginal(wanted func(*ledger.Txn) bool) *ledger.Txn {
	t, ref := c.terminal.books, &c.req.Original
	meant := func(x *ledger.Txn) bool {
		return wanted(x) &&
			(ref.MTI == 0 || sameClass(ref.MTI, x.MTI)) &&
			(!ref.HasBatch || ref.Batch == x.Batch) &&
			(c.req.Card.IsZero() || x.Card == 0 || x.Card == c.req.Card.Hash())
	}
	exact := func(x *ledger.Txn) bool { return meant(x) && x.Amount == c.req.Amount }
	if ref.HasSTAN {
		if x := c.h.book.BySTAN(t, ref.STAN, exact); x != nil {
			return x
		}
		if x := c.h.book.BySTAN(t, ref.STAN, meant); x != nil {
			return x
		}
		if !ref.Own {
			return nil
		}
	}
	if !ref.RRN.IsZero() {
		var rrn [12]byte
		copy(rrn[:], ref.RRN.String())
		if x := c.h.book.ByRRN(t, rrn); x != nil && meant(x) {
			return x
		}
	}
	if c.req.Invoice != 0 && keepsInvoice(c.req.Type) {
		if x := c.h.book.ByInvoice(t, c.req.Invoice, exact); x != nil {
			return x
		}
		return c.h.book.ByInvoice(t, c.req.Invoice, meant)
	}
	return nil
}

// keepsInvoice reports whether messages of a type carry the invoice number of
// the transaction that they are about: what changes it is on the same receipt. A
// refund has a receipt of its own. A reversal is never looked for by it: a
// terminal gives the number of a transaction that failed to the next one.
func keepsInvoice(t world.TransactionType) bool {
	return isVoid(t) || ledger.IsAdjustment(t)
}

// sameClass compares MTIs but for the repeat digit: 0201 repeats 0200.
func sameClass(a, b uint16) bool { return a-a%10 == b-b%10 }

// cardOfVoid admits the card of a void, which may come without one.
func (c *call) cardOfVoid() (remark string, ok bool) {
	if c.req.Card.IsZero() {
		return "", true
	}
	if !c.admitCard() {
		return "", false
	}
	return c.verifyPIN()
}

// void undoes a sale, or a completion, that stands.
func (c *call) void() {
	remark, ok := c.cardOfVoid()
	if !ok {
		return
	}
	what := "sale"
	if c.req.Type == world.CompletionVoid {
		what = "completion"
	}
	sale := c.findOriginal(func(x *ledger.Txn) bool { return ledger.Voids(c.req.Type, x.Type) })
	switch {
	case sale == nil:
		c.decline(world.OriginalNotFound, c.notFound(what))
	case sale.State == ledger.Declined:
		c.refuseAtEdge(c.d.Edges().VoidOfDeclined, "the "+what+" was declined: nothing to void")
	case sale.State == ledger.Voided:
		c.refuseAtEdge(c.d.Edges().VoidOfVoided, "the "+what+" is voided already")
	case sale.State == ledger.Reversed:
		c.refuseAtEdge(c.d.Edges().VoidOfReversed, "the "+what+" was reversed")
	case sale.Refunded > 0:
		c.refuseAtEdge(c.d.Edges().VoidOfRefunded, "the "+what+" was refunded, in whole or in part")
	case sale.Worth() != c.req.Amount:
		c.decline(world.OriginalAmountDiffers, "the "+what+"'s amount is "+world.FormatAmount(sale.Worth(), c.currency()))
	default:
		c.grant("void of RRN " + string(sale.RRN[:]) + remark)
		x := c.txn()
		x.State = ledger.Posted
		c.moved(c.h.book.PostVoid(x, sale))
		c.unspend(sale)
	}
}

// refuseAtEdge answers a void that changes nothing as the dialect says, and
// remembers it.
func (c *call) refuseAtEdge(o world.Outcome, why string) {
	if o != world.Approved {
		c.decline(o, why)
		return
	}
	c.grant(why + "; approved all the same, nothing posted")
	x := c.txn()
	x.State = ledger.NoMoney
	c.h.book.Post(x)
}

// reversible are the transactions that a reversal can be about.
func reversible(x *ledger.Txn) bool { return x.Type != world.Reversal }

// reversal undoes a transaction whose reply may never have arrived. However
// often it comes, it counts once.
func (c *call) reversal() {
	c.note(c.h.reg.cards[c.req.Card])
	original := c.findOriginal(reversible)
	if original == nil {
		c.unmatched()
		return
	}
	edges := c.d.Edges()
	switch status := original.Status(); {
	case status == ledger.Reversed:
		if !c.reversedAgain(original) {
			c.approve("reversed already, nothing posted")
		}
	case original.Worth() != c.req.Amount && c.req.HasAmount:
		c.reverseNothing(original, edges.ReversalOtherAmount, "the original's amount is "+world.FormatAmount(original.Worth(), c.currency())+", nothing posted")
	case status == ledger.Declined, status == ledger.NoMoney:
		c.reverseNothing(original, edges.ReversalOfDeclined, "its original moved no money: nothing to reverse")
	case status == ledger.Voided:
		c.reverseNothing(original, edges.ReversalOfVoided, "its original is voided already, nothing posted")
	case original.Refunded > 0:
		c.reverseNothing(original, edges.ReversalOfRefunded, "its original was refunded, nothing posted")
	case isVoid(original.Type) && edges.ReversalOfVoid != world.Approved:
		c.decline(edges.ReversalOfVoid, "its original is a void, which stands: this host reverses none, nothing posted")
	case c.h.book.Undoable(original, c.terminal.books):
		c.approve("reverses " + original.Type.String() + " RRN " + string(original.RRN[:]))
		x := c.txn()
		x.State = ledger.Posted
		c.moved(c.h.book.PostReversal(x, original, true))
		c.unspend(original)
	case original.Hold != nil:
		c.reverseNothing(original, edges.ReversalOfVoided, "its pre-authorisation is "+original.Hold.State.String()+" meanwhile, nothing posted")
	default:
		c.reverseNothing(original, edges.ReversalOfRefunded, "the sale was voided, refunded or adjusted again meanwhile, nothing posted")
	}
}

// isVoid reports whether transactions of a type undo an earlier one.
func isVoid(t world.TransactionType) bool {
	return t == world.Void || t == world.PreAuthVoid || t == world.CompletionVoid
}

// reverseNothing answers a reversal that undoes nothing as the dialect says.
// Where it is approved, its repeats get the same answer.
func (c *call) reverseNothing(original *ledger.Txn, o world.Outcome, why string) {
	if o != world.Approved {
		c.decline(o, why)
		return
	}
	if c.reversedAgain(original) {
		return
	}
	c.approve(why)
	x := c.txn()
	x.State = ledger.NoMoney
	c.h.book.PostReversal(x, original, false)
}

// reversedAgain answers a repeat as the first reversal was.
func (c *call) reversedAgain(original *ledger.Txn) bool {
	first := c.h.book.ReversalOf(original)
	if first == nil {
		return false
	}
	c.again(first, "a repeated reversal: the first answer again, nothing posted")
	return true
}

// unmatched answers a reversal whose original this host never saw, or no
// longer keeps, and remembers it: the original may still arrive.
func (c *call) unmatched() {
	t := c.terminal.books
	same := func(r *ledger.Txn) bool { return c.sameOriginal(r) }
	if first := c.h.book.UnmatchedReversal(t, c.originalSTAN(), same); first != nil {
		c.again(first, "a repeated reversal without an original: the first answer again")
		return
	}
	o := c.d.Edges().ReversalUnmatched
	if c.inClosedBatch() {
		o = c.d.Edges().ReversalClosedBatch
	}
	c.refuse(o, c.notFound("original")+", nothing posted")
	if !c.d.RememberUnmatched() {
		return
	}
	x := c.txn()
	x.State, x.OriginalSTAN = ledger.NoMoney, c.originalSTAN()
	if c.req.Original.HasBatch {
		// The book remembers it only if that is the open batch: from a closed
		// one the original can't arrive any more.
		x.OriginalBatch = c.req.Original.Batch
	}
	c.h.book.PostReversal(x, nil, false)
}

// reversedBefore declines a request whose reversal came first.
func (c *call) reversedBefore() bool {
	if c.req.Type == world.Inquiry || !c.d.RememberUnmatched() {
		return false
	}
	rev := c.h.book.UnmatchedReversal(c.terminal.books, c.req.STAN, c.sameOriginal)
	if rev == nil {
		return false
	}
	c.note(c.h.reg.cards[c.req.Card])
	c.decline(world.ReversedBeforeArrival, "its reversal came first (RRN "+string(rev.RRN[:])+"), nothing posted")
	c.h.book.Consume(rev)
	return true
}

// sameOriginal reports whether a remembered reversal is about what this
// request is, or is about: the same amount, and the same card where both name
// one.
func (c *call) sameOriginal(r *ledger.Txn) bool {
	return r.Amount == c.req.Amount &&
		(r.Card == 0 || c.req.Card.IsZero() || r.Card == c.req.Card.Hash())
}

// originalSTAN is the STAN that a reversal is about.
func (c *call) originalSTAN() uint32 {
	if c.req.Original.HasSTAN {
		return c.req.Original.STAN
	}
	return c.req.STAN
}

// notFound says why there is no original.
func (c *call) notFound(what string) string {
	if c.inClosedBatch() {
		return "the " + what + " is in a closed batch"
	}
	return "no such " + what + " in this terminal's open batch" + c.nearMiss()
}

// nearMiss says why what has the STAN of the original is not what was meant;
// nothing if there is none, or if the STAN is the request's own.
func (c *call) nearMiss() string {
	ref := &c.req.Original
	if !ref.HasSTAN || ref.Own {
		return ""
	}
	x := c.h.book.BySTAN(c.terminal.books, ref.STAN, nil)
	switch {
	case x == nil:
		return ""
	case ref.MTI != 0 && !sameClass(ref.MTI, x.MTI):
		return fmt.Sprintf(": STAN %06d is a %04d (%s), and a %04d is named", ref.STAN, x.MTI, x.Type, ref.MTI)
	case ref.HasBatch && ref.Batch != x.Batch:
		return fmt.Sprintf(": STAN %06d is in batch %06d, and batch %06d is named", ref.STAN, x.Batch, ref.Batch)
	case !c.req.Card.IsZero() && x.Card != 0 && x.Card != c.req.Card.Hash():
		return fmt.Sprintf(": STAN %06d is of another card", ref.STAN)
	}
	return fmt.Sprintf(": STAN %06d is a %s", ref.STAN, x.Type)
}

// inClosedBatch reports whether the original is said to be in a batch of this
// terminal that was closed.
func (c *call) inClosedBatch() bool {
	ref, t := &c.req.Original, c.terminal.books
	if !ref.HasBatch || ref.Batch == t.Batch {
		return false
	}
	_, closed := c.h.book.Closed(t, ref.Batch)
	return closed
}

// currency is the currency that amounts of this request are in.
func (c *call) currency() world.Currency {
	if c.req.Currency != 0 {
		return c.req.Currency
	}
	return c.merchant.account.Currency
}
