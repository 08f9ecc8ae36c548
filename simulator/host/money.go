package host

import (
	"fmt"

	"github.com/acqsim/acqsim/scenarios/world"
	"github.com/acqsim/acqsim/simulator/ledger"
)

// inquiry tells the balance (DE 54). It is kept in no batch.
func (c *call) inquiry() {
	if !c.admitCard() {
		return
	}
	remark, ok := c.verifyPIN()
	if !ok {
		return
	}
	a := c.card.account
	c.dec.HasBalance, c.dec.Available, c.dec.Booked, c.dec.Currency = true, a.Available(), a.Booked, a.Currency
	c.approve("balance told" + remark)
}

// purchase moves money from the card's account to the merchant's: for goods,
// for cash, or for goods and cash.
func (c *call) purchase() {
	if c.req.Type == world.CashBack && !c.cashPart() {
		return
	}
	if !c.admitCard() {
		return
	}
	remark, ok := c.verifyPIN()
	if !ok || !c.withinLimits(c.req.Amount) {
		return
	}
	k := c.card
	if !c.hasFunds(k.account, 0) || !c.sameCurrency() {
		return
	}
	c.spend(c.req.Amount)
	c.grant("the account has the funds" + remark)
	c.dec.Cash = c.req.Cash
	c.post(k.account, c.merchant.account, nil)
}

// cashPart checks how much of a purchase with cash-back is cash.
func (c *call) cashPart() bool {
	switch r := c.req; {
	case !r.HasCash || r.Cash == 0:
		c.decline(world.InvalidAmount, "DE 54 has no cash amount (amount type 40)")
	case r.Cash > r.Amount:
		c.decline(world.InvalidAmount, "the cash amount in DE 54 is higher than DE 4, which it is a part of")
	case r.CashIn != 0 && r.Currency != 0 && r.CashIn != r.Currency:
		c.decline(world.WrongCurrency, fmt.Sprintf("DE 54 is in %s, DE 49 says %s", r.CashIn.Alpha(), r.Currency.Alpha()))
	default:
		return true
	}
	return false
}

// hasFunds asks whether the account has what the request wants, where extra
// comes free with it.
func (c *call) hasFunds(a *ledger.Account, extra int64) bool {
	if a.Available()+extra >= c.req.Amount {
		return true
	}
	c.decline(world.InsufficientFunds, "available "+world.FormatAmount(a.Available()+extra, a.Currency)+" is less than the amount")
	return false
}

// refundable are the transactions that a refund can be about.
func refundable(x *ledger.Txn) bool { return ledger.IsPurchase(x.Type) && x.Type != world.Cash }

// refund moves money from the merchant's account to the card's. An original
// that is found bounds the amount; one in a closed batch can't be, since
// closed batches keep totals only.
func (c *call) refund() {
	if !c.admitCard() {
		return
	}
	original := c.findOriginal(refundable)
	reason := "refund; its original is in no open batch, so the amount is not compared"
	if original != nil {
		switch {
		case original.State == ledger.Declined:
			c.decline(world.InvalidTransaction, "the sale it refunds was declined")
			return
		case original.State != ledger.Posted:
			c.decline(world.InvalidTransaction, "the sale it refunds was undone")
			return
		case c.req.Amount > original.Worth()-original.Refunded:
			c.decline(world.RefundExceedsOriginal, "more than what is left of the sale")
			return
		}
		reason = "refund of RRN " + string(original.RRN[:])
	}
	if !c.sameCurrency() {
		return
	}
	c.grant(reason)
	c.post(c.merchant.account, c.card.account, original)
}

// sameCurrency keeps money from moving between accounts of two currencies.
func (c *call) sameCurrency() bool {
	if c.card.account.Currency == c.merchant.account.Currency {
		return true
	}
	c.decline(world.WrongCurrency, "the merchant's account has currency "+c.merchant.account.Currency.Alpha())
	return false
}

// grant approves with an approval code.
func (c *call) grant(why string) {
	c.dec.Approval = c.approvalCode()
	c.approve(why)
}

// post records the approved transaction and moves its money.
func (c *call) post(from, to *ledger.Account, original *ledger.Txn) {
	x := c.txn()
	x.State, x.From, x.To, x.Original = ledger.Posted, from, to, original
	c.moved(c.h.book.Post(x))
}

// moved tells the journal what a posting moved.
func (c *call) moved(x *ledger.Txn) {
	if x.State == ledger.Posted && x.From != nil && x.To != nil && x.Moves() > 0 {
		c.dec.From, c.dec.To, c.dec.Amount, c.dec.Moved = x.From.Name, x.To.Name, x.Moves(), x.From.Currency
	}
}
