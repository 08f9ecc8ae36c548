package host

import (
	"fmt"
	"iter"

	"github.com/acqsim/acqsim/scenarios/world"
	"github.com/acqsim/acqsim/simulator/ledger"
)

// UnionPay terminals of the second generation upload a batch that balanced, too. It
// is closed by then, and its transactions have left the books: a copy of them is
// kept until the end of the upload, or of the terminal's next batch.

// mostKept bounds how many transactions are kept in all. Without room for its own, a
// batch is not compared once it has been settled.
const mostKept = 200_000

// records are what an upload is compared with.
type records interface {
	BySTAN(stan uint32, match func(*ledger.Txn) bool) *ledger.Txn
	All() iter.Seq[*ledger.Txn]
	MarkUploaded(x *ledger.Txn, differently bool)
}

// openRecords are those of a terminal's open batch.
type openRecords struct {
	book *ledger.Book
	of   *ledger.Terminal
}

func (o openRecords) BySTAN(stan uint32, match func(*ledger.Txn) bool) *ledger.Txn {
	return o.book.BySTAN(o.of, stan, match)
}
func (o openRecords) All() iter.Seq[*ledger.Txn] { return o.book.Open(o.of) }
func (o openRecords) MarkUploaded(x *ledger.Txn, differently bool) {
	o.book.MarkUploaded(x, differently)
}

// openBatch are the records of the terminal's open batch.
func (c *call) openBatch() records { return openRecords{c.h.book, c.terminal.books} }

// keepSettled keeps what is about to be settled, if the dialect has uploads that
// come after that.
func (c *call) keepSettled(batch uint32) {
	c.dropSettled()
	if !c.d.TellsResult() {
		return
	}
	if k := c.h.book.Keep(c.terminal.books, batch, mostKept-c.h.kept); k != nil {
		c.terminal.settled = k
		c.h.kept += k.Len()
	}
}

// dropSettled lets go of what is kept of the terminal's last batch.
func (c *call) dropSettled() {
	if k := c.terminal.settled; k != nil {
		c.h.kept -= k.Len()
		c.terminal.settled = nil
	}
}

// settledRecords returns what is kept of a settled batch; nil: nothing is.
func (c *call) settledRecords(batch uint32) *ledger.Kept {
	if k := c.terminal.settled; k != nil && k.Batch == batch {
		return k
	}
	return nil
}

// uploadSettled compares the transactions of a 0320 with a batch that is settled.
func (c *call) uploadSettled(batch uint32) {
	k := c.settledRecords(batch)
	if k == nil {
		c.approve(fmt.Sprintf("batch %06d is settled: noted, and not compared", batch))
		return
	}
	c.compareRecords(k, batch)
}

// endSettled answers the end of the upload of a settled batch.
func (c *call) endSettled(batch uint32) {
	k := c.settledRecords(batch)
	if k == nil {
		c.approve(settledText(batch))
		return
	}
	c.dropSettled()
	c.checkCount(k, batch)
	c.approve(fmt.Sprintf("upload of batch %06d ended: %s", batch, c.reconcile(k, batch)))
}

// missingInSettled notes a record that the host does not have in a batch that is
// settled: whatever it is, the money of that batch has been counted.
func (c *call) missingInSettled(k *ledger.Kept, x ledger.Txn, d *Difference) {
	d.Text = "missing at the host, and not captured: " + settledText(k.Batch)
	x.Type, x.State = world.BatchUpload, ledger.NoMoney
	if c.h.kept >= mostKept {
		return // noted, but its repeat will not be known
	}
	c.h.kept++
	k.Add(&x)
	k.MarkUploaded(&x, true)
}

func settledText(batch uint32) string { return fmt.Sprintf("batch %06d is settled", batch) }
