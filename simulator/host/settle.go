package host

import (
	"fmt"

	"github.com/acqsim/acqsim/scenarios/world"
	"github.com/acqsim/acqsim/simulator/dialect"
	"github.com/acqsim/acqsim/simulator/ledger"
)

// A settlement compares the terminal's totals with the host's. Where they
// agree the batch is closed at once. Where they do not, the terminal is told
// so, by DE 39 = 95 or by a result in DE 48, uploads its transactions, and ends
// that: the batch is closed then, whatever came of the comparison, and the
// journal lists the differences. Hosts settle from their own records in both
// cases.
//
// UnionPay terminals of the second generation send the end of the upload (DE
// 60.3 = 207) after a balanced settlement, too, with chip data before it;
// earlier ones do not. So the batch is closed at the balanced 0500, and what
// still comes for it is compared with what was kept, see settled.go. Source:
// NEWPOS terminal firmware (PosBatchUp) and com.topwise.premierpay (batchUp),
// which say so in comments.

// Results of a settlement in digits, as UnionPay's DE 48 has them.
const (
	balanced    = '1'
	notBalanced = '2'
)

// settling decides a message about a batch as a whole. Like a reversal it is
// answered whatever became of the merchant or the hour: what has been sold is
// to be settled.
func (c *call) settling() {
	if !c.authenticIfSigned() || !c.merchantAnswers() || !c.wellFormed() {
		return
	}
	switch c.req.Type {
	case world.Settlement, world.SettlementEnd:
		c.settlement()
	case world.BatchUpload:
		c.upload()
	case world.BatchEnd:
		c.uploadEnd()
	}
}

// settlement decides a 0500.
func (c *call) settlement() {
	told, err := c.d.Totals(c.req)
	if err != nil {
		c.refuse(world.FormatError, "the totals can't be read: "+err.Error())
		return
	}
	batch, ok := c.settledBatch(ledger.Totals(told.All()))
	if !ok {
		return
	}
	other := c.otherBatch(batch)
	defer func() { c.dec.Why += other }()
	t := c.terminal.books
	host := t.Totals
	if c.req.Type == world.SettlementEnd {
		c.closeUploaded(batch, ledger.Totals(told.All()))
		return
	}
	results, why := c.compareTotals(told)
	if why == "" {
		c.approve("balanced: " + describeTotals(host, c.currency()))
		c.results(results)
		c.keepSettled(batch)
		c.settle(batch, ledger.Settlement{Told: host, Balanced: true})
		return
	}
	c.outOfBalance(told, results, why)
	c.differ(Difference{Batch: t.Batch, Text: c.dec.Why})
}

// outOfBalance answers a settlement that does not balance, for the reason
// given, and remembers what the terminal told.
func (c *call) outOfBalance(told dialect.BatchTotals, results [2]byte, why string) {
	c.h.book.Tell(c.terminal.books, ledger.Totals(told.All()))
	if c.d.TellsResult() {
		c.approve(why)
	} else {
		c.refuse(world.OutOfBalance, why)
	}
	c.results(results)
}

// results sets the digits that say what came of the comparison, where the
// dialect has such.
func (c *call) results(results [2]byte) {
	if c.d.TellsResult() {
		c.dec.Results = results
	}
}

// settle closes the open batch under the given number.
func (c *call) settle(batch uint32, s ledger.Settlement) {
	s.STAN, s.Key = c.req.STAN, c.req.DuplicateKey
	copy(s.RRN[:], c.dec.RRN)
	closed := BatchClosed{Batch: batch, Currency: c.currency(), Settlement: &s}
	closed.Totals = c.h.book.Settle(c.terminal.books, batch, nextBatch(batch), s)
	c.dec.Closed = &closed
}

// nextBatch is the number that follows: terminals count to 999999 and then
// from 1.
func nextBatch(n uint32) uint32 { return n%(batchNumbers-1) + 1 }

// settledBatch says which number the open batch is settled under; false if the
// message is about another batch, and has been answered.
func (c *call) settledBatch(told ledger.Totals) (uint32, bool) {
	t := c.terminal.books
	if t.Batch == 0 {
		n := uint32(1)
		if c.req.HasBatch && c.req.Batch > 0 {
			n = c.req.Batch
		}
		c.h.book.SetBatch(t, n)
	}
	if c.req.HasBatch && c.req.Batch == t.Batch {
		return t.Batch, true
	}
	if !c.req.HasBatch {
		if last, ok := c.h.book.LastClosed(t); ok && c.repeatsSettlement(last, told) {
			return 0, c.settledAgain(last, told)
		}
		return t.Batch, true
	}
	if closed, ok := c.h.book.Closed(t, c.req.Batch); ok &&
		(!c.d.FollowsBatch() || c.repeatsSettlement(closed, told) || closed.Settlement == nil && told == closed.Totals) {
		return 0, c.settledAgain(closed, told)
	}
	if c.d.FollowsBatch() {
		// The terminal may name its batch in its settlement only.
		return c.req.Batch, true
	}
	c.outOfStep()
	return 0, false
}

// otherBatch says, for the reason of a settlement, that a terminal is followed to a
// batch which does not come next: it has used the number before, or left some out.
// The first that it names is any.
func (c *call) otherBatch(batch uint32) string {
	t := c.terminal.books
	if _, ok := c.h.book.LastClosed(t); !ok || batch == t.Batch {
		return ""
	}
	if _, ok := c.h.book.Closed(t, batch); ok {
		return fmt.Sprintf("; the terminal settles the open batch %06d as batch %06d, which is closed already", t.Batch, batch)
	}
	return fmt.Sprintf("; the terminal settles the open batch %06d as batch %06d, which does not come next", t.Batch, batch)
}

// repeatsSettlement reports whether the request is the one that settled a
// batch: the same message, or the same totals while there is nothing else to
// settle.
func (c *call) repeatsSettlement(b ledger.ClosedBatch, told ledger.Totals) bool {
	s := b.Settlement
	if s == nil {
		return false
	}
	none := ledger.Totals{}
	return s.STAN == c.req.STAN && (c.req.Repeat || s.Key != 0 && s.Key == c.req.DuplicateKey) ||
		told == s.Told && told != none && c.terminal.books.Totals == none
}

// settledAgain answers a settlement of a batch that is closed already. It
// always returns false.
func (c *call) settledAgain(b ledger.ClosedBatch, told ledger.Totals) bool {
	s := b.Settlement
	switch {
	case s == nil && told != b.Totals:
		c.refuse(world.BatchOutOfStep, fmt.Sprintf("batch %06d was closed without a settlement, with other totals: %s", b.Batch, describeTotals(b.Totals, c.currency())))
	case s == nil:
		c.approve(fmt.Sprintf("batch %06d is closed already, and these are its totals", b.Batch))
		c.results([2]byte{balanced, balanced})
	case told != s.Told && told != b.Totals:
		c.refuse(world.BatchOutOfStep, fmt.Sprintf("batch %06d is settled already (RRN %s), with other totals: %s", b.Batch, s.RRN, describeTotals(s.Told, c.currency())))
	default:
		c.dec.RRN = string(s.RRN[:])
		c.ended(told == b.Totals, fmt.Sprintf("batch %06d is settled already: the first answer again", b.Batch))
		c.results([2]byte{balanced, balanced})
	}
	return false
}

// uploadEnd decides UnionPay's end of an upload (DE 60.3 = 202 or 207).
func (c *call) uploadEnd() {
	t := c.terminal.books
	if c.req.HasBatch && c.req.Batch != t.Batch {
		if b, ok := c.h.book.Closed(t, c.req.Batch); ok && b.Settlement != nil {
			c.endSettled(b.Batch)
			return
		}
		c.outOfStep()
		return
	}
	if t.Batch == 0 {
		c.refuse(world.InvalidTransaction, "there is no open batch to end")
		return
	}
	told := ledger.Totals{}
	if t.Told != nil {
		told = *t.Told
	}
	c.closeUploaded(t.Batch, told)
}

// checkCount compares how many records the terminal says that it uploaded, if it
// does, with how many came.
func (c *call) checkCount(of records, batch uint32) {
	said, ok := c.d.UploadCount(c.req)
	if came := uploadedRecords(of); ok && said != came {
		c.differ(Difference{Batch: batch, Text: fmt.Sprintf("the terminal says that it uploaded %s; %d came", counted(said, "record"), came)})
	}
}

// closeUploaded ends the upload of the open batch: lists what the terminal has
// not uploaded, sums up, and closes the batch.
func (c *call) closeUploaded(batch uint32, told ledger.Totals) {
	t := c.terminal.books
	asked := t.Told != nil
	if c.req.Type == world.BatchEnd {
		c.checkCount(c.openBatch(), t.Batch)
	}
	host := t.Totals
	why := fmt.Sprintf("upload of batch %06d ended: %s", batch, c.reconcile(c.openBatch(), t.Batch))
	if !asked {
		why += "; it was not asked for by a settlement out of balance"
	} else if told != *t.Told {
		why += "; the terminal's totals are not those of its settlement before"
	}
	c.ended(told == host, why)
	c.settle(batch, ledger.Settlement{Told: told, Balanced: told == host})
}

// ended answers the end of an upload: what is closed is approved, unless the
// dialect has a result to tell.
func (c *call) ended(balances bool, why string) {
	if !balances && c.req.Type == world.SettlementEnd && c.d.EndTellsBalance() {
		c.refuse(world.OutOfBalance, why)
		return
	}
	c.approve(why)
}

// outOfStep refuses a batch number that is neither the open batch's nor one
// that can be answered otherwise, and says what is wrong with it.
func (c *call) outOfStep() {
	t, n := c.terminal.books, c.req.Batch
	why := fmt.Sprintf("batch %06d is behind the open batch %06d", n, t.Batch)
	if closed, ok := c.h.book.Closed(t, n); ok {
		how := "without a settlement"
		if closed.Settlement != nil {
			how = "by its settlement (RRN " + string(closed.Settlement.RRN[:]) + ")"
		}
		why = fmt.Sprintf("batch %06d is closed, %s; the open batch is %06d", n, how, t.Batch)
	} else if laterBatch(n, t.Batch) {
		why = fmt.Sprintf("batch %06d skips the open batch %06d, which is not settled (%s)", n, t.Batch, describeTotals(t.Totals, c.currency()))
	}
	c.refuse(world.BatchOutOfStep, why+": sign on")
}

// merchantAnswers reports whether the merchant is one that gets answers.
func (c *call) merchantAnswers() bool {
	if f := c.merchant.facts; f.WhenRefused == world.RefuseSilently && f.Status != world.MerchantActive {
		return c.merchantMay()
	}
	return true
}

func describeTotals(t ledger.Totals, cur world.Currency) string {
	return fmt.Sprintf("%s of %s, %s of %s",
		counted(t.DebitCount, "sale"), world.FormatAmount(t.DebitAmount, cur),
		counted(t.CreditCount, "refund"), world.FormatAmount(t.CreditAmount, cur))
}

// counted is a number with the word for what it counts.
func counted(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
