package host

import (
	"github.com/acqsim/acqsim/scenarios/world"
	"github.com/acqsim/acqsim/simulator/ledger"
)

// An advice tells of what has happened: it is answered, and posted if there is
// anything to post to. Neither funds nor the state of card, issuer or shop
// matter; the reason says what a request would have been declined for.

// overdrawn is a remark on an account.
const overdrawn = "; the account does not have the funds, and is overdrawn"

// isAdvice reports whether a type comes as an advice only. (A refund comes as
// either.)
func isAdvice(t world.TransactionType) bool {
	switch t {
	case world.OfflineSale, world.CompletionAdvice, world.Adjustment, world.Tip:
		return true
	}
	return false
}

// cardOfAdvice finds the card and remarks on its state.
func (c *call) cardOfAdvice() (remark string, ok bool) {
	if !c.identifyCard() {
		return "", false
	}
	if _, why := c.cardTrouble(); why != "" {
		return "; as a request it would have been declined: " + why, true
	}
	return "", true
}

// offlineSale posts what was sold without asking: the terminal, or a voice on
// the telephone, has approved it.
func (c *call) offlineSale() {
	remark, ok := c.cardOfAdvice()
	if !ok || !c.sameCurrency() {
		return
	}
	if c.card.account.Available() < c.req.Amount {
		remark += overdrawn
	}
	c.grantAdvice("an offline sale, posted without asking" + remark)
	c.post(c.card.account, c.merchant.account, nil)
}

// grantAdvice approves with the approval code that the terminal has got
// already, if it has.
func (c *call) grantAdvice(why string) {
	if c.req.Approval.IsZero() {
		c.grant(why)
		return
	}
	c.dec.Approval = c.req.Approval.String()
	c.approve(why)
}

// adjustable are the transactions whose amount can be changed.
func adjustable(x *ledger.Txn) bool {
	return x.Type == world.Sale || x.Type == world.OfflineSale || ledger.IsCompletion(x.Type)
}

// adjustment changes the amount of a sale to DE 4 and posts the difference: a
// tip that was added, or a correction.
func (c *call) adjustment() {
	c.note(c.h.reg.cards[c.req.Card])
	sale := c.findOriginal(adjustable)
	switch {
	case sale == nil:
		c.decline(world.OriginalNotFound, c.notFound("sale"))
	case sale.State == ledger.Declined:
		c.decline(world.InvalidTransaction, "the sale was declined: nothing to adjust")
	case sale.State != ledger.Posted:
		c.decline(world.InvalidTransaction, "the sale was "+sale.State.String())
	case c.req.Amount < sale.Refunded:
		c.decline(world.InvalidTransaction, "more than that was refunded of the sale already")
	case c.req.Type == world.Tip && c.req.Amount < sale.Worth():
		c.decline(world.InvalidAmount, "a tip adds to a sale, which is "+world.FormatAmount(sale.Worth(), c.currency()))
	case c.req.Amount == sale.Worth():
		c.grantAdvice("the sale's amount is that already, nothing posted")
		c.post(nil, nil, sale)
	default:
		remark := ""
		if more := c.req.Amount - sale.Worth(); sale.From.Available() < more {
			remark = overdrawn
		}
		c.grantAdvice("changes RRN " + string(sale.RRN[:]) + " from " + world.FormatAmount(sale.Worth(), c.currency()) + remark)
		c.post(nil, nil, sale)
	}
}
