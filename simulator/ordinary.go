package simulator

import (
	"time"

	"github.com/acqsim/acqsim/scenarios/transcript"
	"github.com/acqsim/acqsim/scenarios/world"
)

// ordinary reports whether every request of the batch is answered at once, and
// nothing is to be recorded of it but that it came, what was decided, and that
// the reply left: then an exchange is recorded as one. Nearly all are.
func (b *batch) ordinary() bool {
	if b.behind {
		return false
	}
	for _, x := range b.all[:b.n] {
		d := &x.dec
		switch {
		case x.end != decided, d.Silent, !d.ReadyAt.IsZero(), x.question != nil && x.question.asked,
			d.Expired > 0, d.Closed != nil, len(d.Differences) > 0, hasOriginal(x.req.Type):
			return false
		}
	}
	return true
}

// hasOriginal reports whether requests of the type name an original.
func hasOriginal(t world.TransactionType) bool {
	switch t {
	case world.Reversal, world.Void, world.PreAuthVoid, world.Completion, world.CompletionVoid, world.CompletionAdvice, world.Adjustment, world.Tip:
		return true
	}
	return false
}

// finishOrdinary is finish for all requests of an ordinary batch. It reports
// false, and leaves no trace, where a reply can't be built.
func (b *batch) finishOrdinary() bool {
	d := b.c.l.Dialect
	overhead := d.Format().Overhead()
	for _, x := range b.all[:b.n] {
		from := len(b.out)
		out, err := d.AppendFrame(b.out, &x.req, &x.dec.Response)
		if err != nil {
			b.out, b.evidence = b.out[:0], b.evidence[:0]
			b.exchanges, b.frames, b.replies = b.exchanges[:0], b.frames[:0], b.replies[:0]
			return false
		}
		b.out = out

		i := len(b.exchanges)
		b.exchanges = oneMore(b.exchanges)
		e := &b.exchanges[i]
		b.fillOrdinary(e, x)

		request := len(b.evidence)
		b.evidence = append(b.evidence, x.frame.Raw...)
		e.Secrets = d.Mask(b.evidence[request:], &x.req.Index, len(x.frame.Raw)-len(x.frame.Body))
		reply := len(b.evidence)
		b.evidence = append(b.evidence, out[from:]...)
		d.MaskReply(b.evidence[reply:], &x.req, overhead)
		b.frames = append(b.frames, span{i, request, reply})
		b.replies = append(b.replies, span{i, reply, len(b.evidence)})
	}
	return true
}

func (b *batch) fillOrdinary(e *transcript.Exchange, x *exchange) {
	c := b.c
	if c.link == nil {
		c.link = &transcript.Link{Listener: c.l.Name, Dialect: c.l.Dialect.Name(), Conn: c.n}
	}
	r, d := &x.req, &x.dec
	e.Link, e.Arrived, e.Message = c.link, x.arrived, x.message
	e.Terminal, e.Merchant = d.Terminal, d.Merchant
	e.Why, e.Code, e.RRN, e.Approval = d.Why, c.l.Dialect.Code(r.MTI, d.Outcome), d.RRN, d.Approval
	e.From, e.To, e.Moved, e.Cash, e.MovedIn = d.From, d.To, d.Amount, d.Cash, d.Moved
	e.Currency, e.Processing, e.STAN, e.HasSTAN = r.Currency, r.Processing, r.STAN, r.HasSTAN
	e.Amount, e.Batch = 0, 0
	if r.HasAmount {
		e.Amount = r.Amount
	}
	if r.HasBatch {
		e.Batch = r.Batch
	}
	e.Card, e.MTI, e.Type, e.Outcome, e.MAC = d.Card, r.MTI, r.Type, d.Outcome, d.MAC
	e.Asks, e.ReplyMAC = uint8(d.Asked), transcript.MACUnchecked
	if d.Response.MAC != nil {
		e.ReplyMAC = transcript.MACOK
	}
}

// recordOrdinary records the requests and decisions of an ordinary batch.
func (b *batch) recordOrdinary() {
	for i := range b.exchanges {
		s := &b.frames[i]
		b.exchanges[i].Raw = b.evidence[s.from:s.to:s.to]
	}
	b.c.s.o.Journal.AppendExchanges(b.exchanges)
}

// recordReplies records that the replies of an ordinary batch have left.
func (b *batch) recordReplies(at time.Time, elapsed time.Duration) {
	m := b.c.s.o.Metrics
	for i := range b.exchanges {
		e, s := &b.exchanges[i], &b.replies[i]
		b.left = append(b.left, transcript.Reply{At: at, Elapsed: elapsed, Raw: b.evidence[s.from:s.to:s.to]})
		m.add(&b.tally, e.Type, e.Outcome, elapsed, nil)
	}
	m.count(&b.tally)
	b.c.s.o.Journal.AppendReplies(b.exchanges, b.left)
}

// replyEvents makes the events of an ordinary batch's replies: not all of them
// have left.
func (b *batch) replyEvents() {
	for i := range b.exchanges {
		b.sent = oneMore(b.sent)
		b.exchanges[i].Sent(&b.sent[i], &transcript.Reply{})
	}
}
