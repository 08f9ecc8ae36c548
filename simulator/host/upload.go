package host

import (
	"fmt"

	"github.com/acqsim/acqsim/scenarios/transcript"
	"github.com/acqsim/acqsim/scenarios/world"
	"github.com/acqsim/acqsim/simulator/dialect"
	"github.com/acqsim/acqsim/simulator/ledger"
)

// maxDifferences bounds how many differences one answer lists; the rest is
// counted.
const maxDifferences = 200

// Difference is something that terminal and host see differently about a
// batch.
type Difference struct {
	Batch  uint32
	STAN   uint32 // of the transaction; 0: it concerns the batch as a whole
	Amount int64  // minor units, as the side has it that the difference is about
	RRN    string // the host's; empty: it has none
	Text   string // what differs; card numbers are masked
}

// differ lists a difference for the journal.
func (c *call) differ(d Difference) {
	c.dec.Differences = append(c.dec.Differences, d)
}

// upload compares the transactions of a 0320 with the open batch. It is always
// acknowledged: terminals repeat what isn't until it is.
func (c *call) upload() {
	t := c.terminal.books
	if c.req.HasBatch && c.req.Batch != t.Batch && t.Batch != 0 {
		if b, ok := c.h.book.Closed(t, c.req.Batch); ok && b.Settlement != nil {
			c.uploadSettled(b.Batch)
			return
		}
		if !c.d.FollowsBatch() {
			c.outOfStep()
			return
		}
	}
	if t.Batch == 0 {
		c.refuse(world.InvalidTransaction, "there is no open batch to upload to")
		return
	}
	c.compareRecords(c.openBatch(), t.Batch)
}

// compareRecords compares the transactions of a 0320 with a batch, and acknowledges them.
func (c *call) compareRecords(with records, batch uint32) {
	told, err := c.d.UploadRecords(nil, c.req)
	if err != nil {
		c.refuse(world.FormatError, "the records can't be read: "+err.Error())
		return
	}
	again := 0
	for i := range told {
		if c.uploaded(with, batch, &told[i]) {
			again++
		}
	}
	why := counted(len(told), "record") + " received"
	if again > 0 {
		why += fmt.Sprintf(", %d of them before: not counted again", again)
	}
	if n := len(c.dec.Differences); n > 0 {
		why += "; " + counted(n, "difference")
	}
	c.approve(why)
}

// uploaded compares one record with the batch, and reports whether it had been
// uploaded before.
func (c *call) uploaded(with records, batch uint32, r *dialect.UploadRecord) (before bool) {
	x := findUploaded(with, r)
	if x == nil {
		c.missingAtHost(with, batch, r)
		return false
	}
	if x.Uploaded() {
		return true
	}
	d := Difference{Batch: batch, STAN: r.STAN, Amount: r.Amount, RRN: string(x.RRN[:])}
	cur := c.currency()
	switch {
	case x.State == ledger.Declined:
		d.Text = fmt.Sprintf("missing at the host: it declined this %s (%s)", x.Type, x.Outcome)
	case x.State == ledger.Reversed:
		d.Text = fmt.Sprintf("undone at the host: this %s was reversed", x.Type)
	case r.HasAmount && r.Amount != x.Amount && r.Amount != x.Worth():
		d.Text = fmt.Sprintf("other amount: %s at the terminal, %s at the host", world.FormatAmount(r.Amount, cur), world.FormatAmount(x.Amount, cur))
	case !r.Card.IsZero() && x.Card != 0 && r.Card.Hash() != x.Card:
		d.Text = "other card: " + transcript.MaskPAN(r.Card.Clear()) + " at the terminal is not the card that the host has"
	}
	if d.Text != "" {
		c.differ(d)
	}
	with.MarkUploaded(x, d.Text != "")
	return false
}

// findUploaded finds the transaction that a record is about: of several with
// its STAN the one that is most like it.
func findUploaded(in records, r *dialect.UploadRecord) *ledger.Txn {
	meant := func(x *ledger.Txn) bool {
		return x.Type != world.Reversal && (r.MTI == 0 || x.Type == world.BatchUpload || sameClass(r.MTI, x.MTI))
	}
	card := func(x *ledger.Txn) bool {
		return meant(x) && (r.Card.IsZero() || x.Card == 0 || x.Card == r.Card.Hash())
	}
	exact := func(x *ledger.Txn) bool {
		return card(x) && (!r.HasAmount || x.Amount == r.Amount || x.Worth() == r.Amount)
	}
	stands := func(x *ledger.Txn) bool { return exact(x) && x.State != ledger.Declined }
	for _, like := range []func(*ledger.Txn) bool{stands, exact, card, meant} {
		if x := in.BySTAN(r.STAN, like); x != nil {
			return x
		}
	}
	return nil
}

// missingAtHost deals with a transaction that the host never saw. One that the
// terminal had approved offline, and tells in full, is captured: that is what
// the upload of advices is for. Anything else moves no money on the terminal's
// word alone; it is noted for people to look into, as UnionPay's centre does
// with the differences of an upload. Either way the record is kept, so that its
// repeat is known.
func (c *call) missingAtHost(in records, batch uint32, r *dialect.UploadRecord) {
	d := Difference{Batch: batch, STAN: r.STAN, Amount: r.Amount}
	x := c.txn()
	x.Type, x.State, x.Outcome = world.BatchUpload, ledger.NoMoney, world.OriginalNotFound
	x.STAN, x.MTI, x.Key, x.Amount, x.Card = r.STAN, r.MTI, 0, r.Amount, r.Card.Hash()
	k, settled := in.(*ledger.Kept)
	if settled {
		c.missingInSettled(k, x, &d)
	} else {
		c.missingInOpen(r, &x, &d)
	}
	if !r.Card.IsZero() {
		d.Text += "; card " + transcript.MaskPAN(r.Card.Clear())
	}
	c.differ(d)
	if !settled {
		in.MarkUploaded(c.h.book.Post(x), true)
	}
}

// missingInOpen captures x from a record, if it can be, and says what came of it.
func (c *call) missingInOpen(r *dialect.UploadRecord, x *ledger.Txn, d *Difference) {
	switch why := c.capture(r, x); {
	case x.State == ledger.Posted:
		d.Text, d.RRN = fmt.Sprintf("missing at the host: %s captured from the upload", x.Type), c.dec.RRN
	case why != "":
		d.Text = "missing at the host, and not captured: " + why
	default:
		d.Text = "missing at the host: nothing is posted on the terminal's word alone"
	}
}

// capture makes a posting of a record that was an advice. The result says why
// not, where it could have been one.
func (c *call) capture(r *dialect.UploadRecord, x *ledger.Txn) (why string) {
	refund := r.Type == world.Refund
	if !r.IsAdvice() || !refund && r.Type != world.OfflineSale && r.Type != world.Sale {
		return ""
	}
	if !r.HasAmount || r.Amount <= 0 || r.Card.IsZero() {
		return "its amount or card is absent"
	}
	k, why := c.cardCalled(r.Card)
	switch {
	case k == nil:
		return why
	case k.account.Currency != c.merchant.account.Currency:
		return "the account has another currency than the merchant's"
	}
	c.note(k)
	x.Type, x.State, x.Outcome = r.Type, ledger.Posted, world.Approved
	x.From, x.To = k.account, c.merchant.account
	if refund {
		x.From, x.To = x.To, x.From
	}
	c.dec.From, c.dec.To, c.dec.Amount, c.dec.Moved = x.From.Name, x.To.Name, r.Amount, x.From.Currency
	return ""
}

// uploadedRecords is how many different records of a batch the terminal has
// uploaded.
func uploadedRecords(of records) (n int) {
	for x := range of.All() {
		if x.Uploaded() {
			n++
		}
	}
	return n
}

// reconcile looks for what the terminal has not uploaded, and sums up. Without
// a single record there is nothing to compare: then nothing is listed.
func (c *call) reconcile(with records, batch uint32) string {
	var agree, other, atHost, undone, atTerminal int
	if uploadedRecords(with) == 0 {
		return "the terminal uploaded nothing"
	}
	list := func(x *ledger.Txn, text string) {
		if len(c.dec.Differences) < maxDifferences {
			c.differ(Difference{Batch: batch, STAN: x.STAN, Amount: x.Amount, RRN: string(x.RRN[:]), Text: text})
		}
	}
	for x := range with.All() {
		switch {
		case x.Uploaded() && x.Type == world.BatchUpload:
			atHost++
		case x.Uploaded() && x.State == ledger.Voided && !x.VoidUploaded():
			undone++
			list(x, fmt.Sprintf("undone at the host: this %s was voided, and the terminal uploaded no void", x.Type))
		case x.Uploaded() && x.State == ledger.Reversed:
			undone++
		case x.Uploaded() && x.Differs():
			other++
		case x.Uploaded():
			agree++
		case x.State == ledger.Posted && ledger.Counts(x.Type):
			atTerminal++
			list(x, fmt.Sprintf("missing at the terminal: the host has this %s", x.Type))
		}
	}
	return fmt.Sprintf("%d agree, %d missing at the host, %d missing at the terminal, %d undone at the host, %d differ otherwise",
		agree, atHost, atTerminal, undone, other)
}
