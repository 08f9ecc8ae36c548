package host

import (
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

// sale moves money from the card's account to the merchant's.
func (c *call) sale() {
	if !c.admitCard() {
		return
	}
	remark, ok := c.verifyPIN()
	if !ok || !c.withinLimits(c.req.Amount) {
		return
	}
	k := c.card
	if k.account.Available() < c.req.Amount {
		c.decline(world.InsufficientFunds, "available "+world.FormatAmount(k.account.Available(), k.account.Currency)+" is less than the amount")
		return
	}
	if !c.sameCurrency() {
		return
	}
	k.spent += c.req.Amount
	k.count++
	c.grant("the account has the funds" + remark)
	c.post(k.account, c.merchant.account, nil)
}

// refund moves money from the merchant's account to the card's. An original
// that is found bounds the amount; one in a closed batch can't be, since
// closed batches keep totals only.
func (c *call) refund() {
	if !c.admitCard() {
		return
	}
	original := c.findOriginal(func(x *ledger.Txn) bool { return x.Type == world.Sale })
	reason := "refund; its original is in no open batch, so the amount is not compared"
	if original != nil {
		switch {
		case original.State == ledger.Declined:
			c.decline(world.InvalidTransaction, "the sale it refunds was declined")
			return
		case original.State != ledger.Posted:
			c.decline(world.InvalidTransaction, "the sale it refunds was undone")
			return
		case c.req.Amount > original.Amount-original.Refunded:
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
	c.h.book.Post(x)
	c.moved(from, to)
}

// moved tells the journal what moved.
func (c *call) moved(from, to *ledger.Account) {
	if from != nil && to != nil {
		c.dec.From, c.dec.To, c.dec.Amount, c.dec.Moved = from.Name, to.Name, c.req.Amount, from.Currency
	}
}
