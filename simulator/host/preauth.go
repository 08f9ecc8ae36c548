package host

import (
	"fmt"
	"time"

	"github.com/acqsim/acqsim/scenarios/world"
	"github.com/acqsim/acqsim/simulator/ledger"
)

// preAuth holds money on the card's account. Nothing is posted.
func (c *call) preAuth() {
	if !c.admitCard() {
		return
	}
	remark, ok := c.verifyPIN()
	if !ok || !c.withinLimits(c.req.Amount) || !c.hasFunds(c.card.account, 0) || !c.sameCurrency() {
		return
	}
	if !c.h.book.CanHold() {
		c.decline(world.SystemMalfunction, fmt.Sprintf("the books keep no more than %d holds", c.h.book.LiveHolds()))
		return
	}
	until := c.h.world.Acquirer.HoldUntil(c.now)
	c.spend(c.req.Amount)
	c.grant("held until " + until.Format(time.DateOnly) + remark)
	x := c.txn()
	x.State, x.From = ledger.Posted, c.card.account
	c.h.book.PostHold(x, c.merchant.facts.ID, until)
}

// preAuthVoid releases the hold of a pre-authorisation.
func (c *call) preAuthVoid() {
	remark, ok := c.cardOfVoid()
	if !ok {
		return
	}
	h := c.findHold()
	switch {
	case h == nil:
		return
	case h.State == ledger.HoldVoided:
		c.refuseAtEdge(c.d.Edges().VoidOfVoided, "the pre-authorisation is voided already")
	case h.State == ledger.HoldReversed:
		c.refuseAtEdge(c.d.Edges().VoidOfReversed, "the pre-authorisation was reversed")
	case h.State != ledger.HoldLive:
		c.decline(world.InvalidTransaction, "the pre-authorisation is "+h.State.String()+" already")
	case h.Amount != c.req.Amount:
		c.decline(world.OriginalAmountDiffers, "the pre-authorisation's amount is "+world.FormatAmount(h.Amount, h.Account.Currency))
	default:
		c.grant("releases what was held on " + h.At.Format(time.DateOnly) + remark)
		x := c.txn()
		x.State, x.Hold = ledger.Posted, h
		c.h.book.Post(x)
		c.unspend(&ledger.Txn{Type: world.PreAuth, Amount: h.Amount, Card: h.Card, At: h.At})
	}
}

// completion takes the money that a pre-authorisation holds, all or part of it
// or somewhat more, and releases the rest. As a request it is declined where
// the account lacks what goes beyond the hold; as an advice it is posted.
func (c *call) completion() {
	advice := c.req.Type == world.CompletionAdvice
	remark, ok := c.cardOfCompletion(advice)
	if !ok {
		return
	}
	h := c.findHold()
	if h == nil {
		return
	}
	share := c.d.CompletionShare()
	switch highest := percent(h.Amount, share); {
	case h.State != ledger.HoldLive:
		c.decline(world.InvalidTransaction, "the pre-authorisation is "+h.State.String()+" already")
	case c.req.Amount > highest:
		c.decline(world.ExceedsAmountLimit, fmt.Sprintf("more than %d %% of the pre-authorisation, which is %s",
			share, world.FormatAmount(highest, h.Account.Currency)))
	case !advice && !c.hasFunds(h.Account, h.Amount), !c.sameCurrency():
		return
	default:
		if advice && h.Account.Available()+h.Amount < c.req.Amount {
			remark += overdrawn
		}
		why := "completes the pre-authorisation of " + h.At.Format(time.DateOnly) + remark
		if advice {
			c.grantAdvice(why)
		} else {
			c.grant(why)
		}
		x := c.txn()
		x.State, x.From, x.To, x.Hold = ledger.Posted, h.Account, c.merchant.account, h
		c.moved(c.h.book.Post(x))
	}
}

func (c *call) cardOfCompletion(advice bool) (remark string, ok bool) {
	if advice {
		return c.cardOfAdvice()
	}
	if !c.admitCard() {
		return "", false
	}
	return c.verifyPIN()
}

// percent of an amount, rounded down.
func percent(amount int64, share int) int64 {
	return amount/100*int64(share) + amount%100*int64(share)/100
}

// findHold finds the pre-authorisation that the request is about. Approval code
// and card are the key: it may have been made days ago, and at another terminal
// of the merchant. A request without approval code names it as others name
// their originals. A nil result has declined the request.
func (c *call) findHold() *ledger.Hold {
	ref := &c.req.Original
	if ref.Approval.IsZero() {
		x := c.findOriginal(func(x *ledger.Txn) bool { return x.Type == world.PreAuth })
		switch {
		case x == nil:
			c.decline(world.OriginalNotFound, "no approval code (DE 38), and "+c.notFound("pre-authorisation"))
			return nil
		case x.Hold == nil && c.req.Type == world.PreAuthVoid:
			c.refuseAtEdge(c.d.Edges().VoidOfDeclined, "the pre-authorisation was declined: nothing to void")
			return nil
		case x.Hold == nil:
			c.decline(world.InvalidTransaction, "the pre-authorisation was declined")
			return nil
		}
		return x.Hold
	}
	if c.req.Card.IsZero() {
		c.decline(world.FormatError, "no card number: the approval code alone does not name a pre-authorisation")
		return nil
	}
	var code [6]byte
	copy(code[:], ref.Approval.String())
	var best *ledger.Hold
	points := func(h *ledger.Hold) (n int) {
		if h.State == ledger.HoldLive {
			n += 2
		}
		if _, month, day := h.At.Date(); int(month)*100+day == int(ref.Date) {
			n++
		}
		return n
	}
	c.h.book.FindHold(c.merchant.facts.ID, c.req.Card.Hash(), code, func(h *ledger.Hold) bool {
		if best == nil || points(h) > points(best) {
			best = h
		}
		return false
	})
	if best == nil {
		c.decline(world.OriginalNotFound, "no pre-authorisation with this approval code and card: it was never made here, or has expired")
	}
	return best
}
