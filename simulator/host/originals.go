package host

import (
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
	return nil
}

// sameClass compares MTIs but for the repeat digit: 0201 repeats 0200.
func sameClass(a, b uint16) bool { return a-a%10 == b-b%10 }

// void undoes a sale that stands.
func (c *call) void() {
	remark := ""
	if !c.req.Card.IsZero() {
		if !c.admitCard() {
			return
		}
		var ok bool
		if remark, ok = c.verifyPIN(); !ok {
			return
		}
	}
	sale := c.findOriginal(func(x *ledger.Txn) bool { return x.Type == world.Sale })
	switch {
	case sale == nil:
		c.decline(world.OriginalNotFound, c.notFound("sale"))
	case sale.State == ledger.Declined:
		c.decline(world.InvalidTransaction, "the sale was declined: nothing to void")
	case sale.State == ledger.Voided:
		c.decline(world.InvalidTransaction, "the sale is voided already")
	case sale.State == ledger.Reversed:
		c.decline(world.InvalidTransaction, "the sale was reversed")
	case sale.Refunded > 0:
		c.decline(world.InvalidTransaction, "the sale was refunded, in whole or in part")
	case sale.Amount != c.req.Amount:
		c.decline(world.OriginalAmountDiffers, "the sale's amount is "+world.FormatAmount(sale.Amount, c.currency()))
	default:
		c.grant("void of RRN " + string(sale.RRN[:]) + remark)
		x := c.txn()
		x.State, x.From, x.To, x.Original = ledger.Posted, sale.To, sale.From, sale
		c.h.book.PostVoid(x, sale)
		c.unspend(sale)
		c.moved(sale.To, sale.From)
	}
}

// reversible are the transactions that a reversal can be about.
func reversible(x *ledger.Txn) bool {
	return x.Type == world.Sale || x.Type == world.Void || x.Type == world.Refund
}

// reversal undoes a transaction whose reply may never have arrived. However
// often it comes, it counts once.
func (c *call) reversal() {
	c.note(c.h.reg.cards[c.req.Card])
	original := c.findOriginal(reversible)
	if original == nil {
		c.unmatched()
		return
	}
	switch {
	case original.State == ledger.Reversed:
		if first := c.h.book.ReversalOf(original); first != nil {
			c.again(first, "a repeated reversal: the first answer again, nothing posted")
			return
		}
		c.approve("reversed already, nothing posted")
	case original.Amount != c.req.Amount && c.req.HasAmount:
		c.decline(world.OriginalAmountDiffers, "the original's amount is "+world.FormatAmount(original.Amount, c.currency())+", nothing posted")
	case original.State == ledger.Declined:
		if first := c.h.book.ReversalOf(original); first != nil {
			c.again(first, "a repeated reversal: the first answer again, nothing posted")
			return
		}
		c.approve("its original was declined: nothing to reverse")
		x := c.txn()
		x.State = ledger.NoMoney
		c.h.book.PostReversal(x, original, false)
	case original.State == ledger.Voided:
		c.decline(world.InvalidTransaction, "its original is voided already, nothing posted")
	case original.Refunded > 0:
		c.decline(world.InvalidTransaction, "its original was refunded, nothing posted")
	default:
		c.approve("reverses " + original.Type.String() + " RRN " + string(original.RRN[:]))
		x := c.txn()
		x.State, x.From, x.To = ledger.Posted, original.To, original.From
		x.Amount = original.Amount
		c.h.book.PostReversal(x, original, true)
		c.unspend(original)
		c.dec.From, c.dec.To, c.dec.Amount, c.dec.Moved = original.To.Name, original.From.Name, original.Amount, original.From.Currency
	}
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
	c.refuse(world.OriginalNotFound, c.notFound("original"))
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
	ref, t := &c.req.Original, c.terminal.books
	if ref.HasBatch && ref.Batch != t.Batch {
		if _, closed := c.h.book.Closed(t, ref.Batch); closed {
			return "the " + what + " is in a closed batch"
		}
	}
	return "no such " + what + " in this terminal's open batch"
}

// currency is the currency that amounts of this request are in.
func (c *call) currency() world.Currency {
	if c.req.Currency != 0 {
		return c.req.Currency
	}
	return c.merchant.account.Currency
}
