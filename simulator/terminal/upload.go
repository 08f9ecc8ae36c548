package terminal

import (
	"context"
	"slices"
	"strings"

	"github.com/acqsim/acqsim/scenarios/world"
)

// upload sends every transaction that counts, as many in one message as that can
// hold, and the end. False: the host did not take one message, and the result
// says so.
func (t *Terminal) upload(ctx context.Context, r *Result) (bool, error) {
	g := t.s.Settling
	all := t.inUploadOrder()
	for g.Uploaded < len(all) {
		block := t.block(all[g.Uploaded:])
		stan := t.s.next()
		if err := t.save(); err != nil {
			return false, err
		}
		x, err := t.sendBlock(ctx, r, stan, block)
		if x == nil || err != nil || x.Outcome != Approved {
			return false, err
		}
		g.Uploaded += len(block)
		if err := t.save(); err != nil {
			return false, err
		}
	}
	end := world.SettlementEnd
	if t.c.Messages.types[end] == nil {
		end = world.BatchEnd
	}
	if g.EndSTAN == 0 {
		g.EndSTAN = t.s.next()
		if err := t.save(); err != nil {
			return false, err
		}
	}
	x, err := t.sendOfBatch(ctx, r, end, t.params(&Record{STAN: g.EndSTAN, Time: t.c.Now()}, Card{}))
	return x != nil && err == nil && (x.Outcome == Approved || t.endedOutOfBalance(x)), err
}

// endedOutOfBalance reports whether the host has closed the batch and says by its
// code that the totals differ.
func (t *Terminal) endedOutOfBalance(x *Exchange) bool {
	return x.Outcome == Declined && t.d.EndTellsBalance() && x.Code == t.d.Code(x.Reply.MTI, world.OutOfBalance)
}

// sendBlock sends the 0320 of some transactions; nil: there is no line.
func (t *Terminal) sendBlock(ctx context.Context, r *Result, stan uint32, block []Record) (*Exchange, error) {
	var all []Params
	for i := range block {
		rec := block[i]
		rec.Original = &OriginalRecord{Type: rec.Type, STAN: rec.STAN, Batch: rec.Batch, Time: rec.Time}
		rec.STAN, rec.Time = stan, t.c.Now()
		all = append(all, t.params(&rec, Card{}))
	}
	p := all[0]
	p.Block, p.Fields = all[1:], t.kept(world.BatchUpload, &block[0])
	return t.sendOfBatch(ctx, r, world.BatchUpload, p)
}

// inUploadOrder are the transactions that are uploaded: first those that can
// share a message. It stays the same as long as the settlement is not finished,
// so that a count says how far the upload has come.
func (t *Terminal) inUploadOrder() []Record {
	all := t.s.standing()
	slices.SortStableFunc(all, func(a, b Record) int {
		switch x, y := t.uploadedAlone(&a), t.uploadedAlone(&b); {
		case x == y:
			return 0
		case y:
			return -1
		}
		return 1
	})
	return all
}

// block returns those of the records, from the first, that go into one message.
func (t *Terminal) block(all []Record) []Record {
	most := 1
	if msg := t.c.Messages.types[world.BatchUpload]; msg != nil {
		most = msg.most
	}
	n := 1
	for n < min(most, len(all)) && !t.uploadedAlone(&all[0]) && !t.uploadedAlone(&all[n]) {
		n++
	}
	return all[:n]
}

// uploadedAlone reports whether a transaction has a message of its own where
// others share one: as public UnionPay firmware has it (named where the dialect's
// file says how it settles), one that a chip was asked for, and one that was told
// by advice.
func (t *Terminal) uploadedAlone(r *Record) bool {
	msg := t.c.Messages.types[r.Type]
	return strings.HasPrefix(r.Entry, "05") || msg != nil && msg.mti[2] == '2'
}
