package terminal

import (
	"context"
	"slices"

	"github.com/acqsim/acqsim/scenarios/world"
)

// advise makes a transaction that the host is told of afterwards. It counts at
// once; the advice goes out after the next approved transaction, and at the
// latest before the settlement.
func (t *Terminal) advise(x Transaction, r *Result) error {
	rec, err := t.record(x, r)
	if err != nil || r.Outcome != NoOutcome {
		return err
	}
	if t.s.Settling != nil {
		r.end(NotPossible, world.Say("a settlement has to be finished first", "须先完成结算")).hint("Settle first", "请先完成结算")
		return nil
	}
	before := t.s.STAN
	rec.STAN, rec.Batch = t.nextSTAN(), t.s.Batch
	// Made once for its mistakes, under no keys: DUKPT would count on.
	req, err := t.c.Messages.Request(rec.Type, t.params(&rec, x.Card), nil)
	if err != nil {
		t.s.STAN = before
		return mistake(err)
	}
	rec.Entry = req.facts.fields[fieldEntry]
	t.s.apply(rec)
	t.s.Advices = append(t.s.Advices, Advice{Record: rec})
	r.Record = rec
	r.end(Approved, world.Say("the host is told later", "稍后告知主机")).hint("The host is told later", "稍后上送主机")
	if err := t.save(); err != nil {
		return err
	}
	return t.print(t.receipt(r))
}

// sendAdvices sends the advices that wait, until one gets no answer. What
// comes of them is not the result of r.
func (t *Terminal) sendAdvices(ctx context.Context, r *Result) error {
	for len(t.s.Advices) > 0 {
		l, err := t.connect(ctx)
		if err != nil {
			return ctx.Err() // later, then
		}
		a := &t.s.Advices[0]
		a.Attempts++
		p := t.params(&a.Record, Card{})
		p.Fields = t.kept(a.Type, &a.Record)
		p.Repeat = a.Attempts > 1
		req, err := t.c.Messages.Request(a.Type, p, t.session)
		if err != nil {
			return err
		}
		if err := t.save(); err != nil {
			return err
		}
		x, err := t.exchange(ctx, l, req, nil)
		r.Exchanges = append(r.Exchanges, x)
		if err != nil {
			return err
		}
		if x.Outcome != Approved && x.Outcome != Declined || t.s.SignOn {
			return t.save()
		}
		t.told(a.Record, x)
		t.s.Advices = slices.Delete(t.s.Advices, 0, 1)
		if err := t.save(); err != nil {
			return err
		}
	}
	return nil
}

// told enters the answer to an advice: one that is refused does not count.
func (t *Terminal) told(rec Record, x *Exchange) {
	i := slices.IndexFunc(t.s.Transactions, func(r Record) bool { return r.STAN == rec.STAN && r.Type == rec.Type })
	if i < 0 {
		return
	}
	was := &t.s.Transactions[i]
	if x.Outcome == Approved {
		was.RRN, was.Approval = orElse(x.Reply.RRN, was.RRN), orElse(x.Reply.Approval, was.Approval)
		return
	}
	was.Undone = true
	if o := was.Original; o != nil && was.Type == world.CompletionAdvice {
		if auth := t.s.find(o.STAN); auth != nil {
			auth.Completed = false
		}
	}
	t.s.total()
}
