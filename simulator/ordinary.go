package simulator

import (
	"github.com/acqsim/acqsim/scenarios/transcript"
	"github.com/acqsim/acqsim/scenarios/world"
)

// ordinary reports whether every request of the part at work is answered at once,
// and nothing is to be recorded of it but that it came, what was decided, and that
// the reply left: then an exchange is recorded as one. Nearly all are.
func (b *batch) ordinary(all []*exchange) bool {
	if b.part.behind {
		return false
	}
	for _, x := range all {
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

// finishOrdinary is finish for all requests of an ordinary part. It reports false,
// and leaves no trace, where a reply can't be built.
func (b *batch) finishOrdinary(all []*exchange) bool {
	d := b.c.l.Dialect
	overhead := d.Format().Overhead()
	before, evidence := b.part.begin, len(b.evidence)
	for _, x := range all {
		from := len(b.out)
		out, err := d.AppendFrame(b.out, &x.req, &x.dec.Response)
		if err != nil {
			b.out, b.evidence, b.exchanges = b.out[:before.out], b.evidence[:evidence], b.exchanges[:before.exchanges]
			b.frames, b.replies = b.frames[:before.frames], b.replies[:before.replies]
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
