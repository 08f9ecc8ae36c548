package terminal

import (
	"context"
	"maps"
	"slices"

	"github.com/acqsim/acqsim/scenarios/profile"
	"github.com/acqsim/acqsim/scenarios/world"
)

// reverse sends the pending reversals until none is left, or one stays. The
// outcome is then what keeps the next transaction from being made; NoOutcome:
// nothing does, or the profile lets it overtake. A batch with one is not settled.
func (t *Terminal) reverse(ctx context.Context, r *Result) (Outcome, error) {
	if t.p.Reversal.DayChange == profile.DropOvernight {
		today, had := day(t.c.Now()), len(t.s.Pending)
		t.s.Pending = slices.DeleteFunc(t.s.Pending, func(p Pending) bool { return day(p.Time.In(t.c.Now().Location())) != today })
		if len(t.s.Pending) != had {
			if err := t.save(); err != nil {
				return NoOutcome, err
			}
		}
	}
	signedOn := false
	for len(t.s.Pending) > 0 {
		x, err := t.reverseOnce(ctx)
		if err != nil {
			return t.blocked(ctx, err)
		}
		r.Exchanges = append(r.Exchanges, x)
		p := &t.s.Pending[0]
		answered := x.Outcome == Approved || x.Outcome == Declined
		if answered && t.p.Reversal.SettledBy.Has(x.Code) {
			if err := t.drop(); err != nil {
				return NoOutcome, err
			}
			continue
		}
		if answered && t.s.SignOn && !signedOn && !t.bugs[BugIgnoresSignOn] {
			signedOn = true
			sub := &Result{}
			err := t.signOn(ctx, sub)
			r.Exchanges = append(r.Exchanges, sub.Exchanges...)
			if err != nil {
				return NoOutcome, err
			}
		}
		if p.Attempts <= t.p.Reversal.Repeats && !t.bugs[BugNeverRepeats] {
			continue
		}
		if t.p.Reversal.OnRepeatsExhausted == profile.Keep && !t.bugs[BugNeverRepeats] {
			if len(t.s.Pending) < t.p.Reversal.Pending && r.Record.Type != world.Settlement {
				return NoOutcome, t.save() // there is room for another
			}
			return ReversalPending, t.save()
		}
		if t.p.Reversal.OnRepeatsExhausted == profile.PrintAndDrop {
			// A slip that can't be printed holds nothing up: the record stands in the
			// journal of the host.
			_ = t.print(t.slip(p))
		}
		if err := t.drop(); err != nil {
			return NoOutcome, err
		}
	}
	return NoOutcome, nil
}

// noLineError is a failed connect for a reversal.
type noLineError struct{ error }

func (t *Terminal) blocked(ctx context.Context, err error) (Outcome, error) {
	if _, failed := err.(noLineError); failed && ctx.Err() == nil { //nolint:errorlint // it is never wrapped
		return CannotConnect, nil
	}
	return NoOutcome, err
}

func (t *Terminal) drop() error {
	t.s.Pending = slices.Delete(t.s.Pending, 0, 1)
	return t.save()
}

// reverseOnce sends the oldest pending reversal.
func (t *Terminal) reverseOnce(ctx context.Context) (*Exchange, error) {
	l, err := t.connect(ctx)
	if err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, noLineError{err}
	}
	pend := &t.s.Pending[0]
	pend.Attempts++
	req, err := t.reversalOf(pend)
	if err != nil {
		return nil, err
	}
	if err := t.save(); err != nil {
		return nil, err
	}
	return t.exchange(ctx, l, req, nil)
}

// reversalOf makes the message that reverses a transaction.
func (t *Terminal) reversalOf(pend *Pending) (*Request, error) {
	p := t.params(&pend.Record, Card{})
	p.Original = Original{Type: pend.Type, STAN: pend.STAN, Batch: pend.Batch, Time: pend.Time}
	p.Time, p.Reason = t.c.Now(), pend.Reason
	p.Repeat = pend.Attempts > 1 && t.p.Reversal.RepeatMTI == profile.XXX1
	which := t.p.Reversal.STAN
	if pend.Attempts > 1 && t.p.Reversal.RepeatSTAN == profile.NewSTAN {
		which, pend.NewSTAN = profile.NewSTAN, 0
	}
	if which == profile.NewSTAN {
		if pend.NewSTAN == 0 {
			pend.NewSTAN = t.s.next()
		}
		p.STAN = pend.NewSTAN
	}
	p.Fields = t.kept(world.Reversal, &pend.Record)
	if pend.Reason == "" {
		p.Fields[fieldCode] = ""
	}
	if pend.RRN != "" && pend.Original != nil {
		p.RRN, p.Approval = "", "" // those are of what the transaction was about
	}
	switch {
	case t.bugs[BugResendsSale]:
		q := t.params(&pend.Record, Card{})
		q.Fields = t.kept(pend.Type, &pend.Record)
		return t.c.Messages.Request(pend.Type, q, t.session)
	case t.bugs[BugReversesOtherAmount]:
		p.Amount += 100
	case t.bugs[BugReversesOther]:
		p.Original.STAN = p.Original.STAN%999_999 + 1
	}
	return t.c.Messages.Request(world.Reversal, p, t.session)
}

// kept are fields that a later message about a record repeats as they were
// sent: how the card was read is not kept otherwise.
func (t *Terminal) kept(is world.TransactionType, rec *Record) map[int]string {
	fields := map[int]string{}
	msg := t.c.Messages.types[is]
	if msg == nil || rec.Entry == "" {
		return fields
	}
	if _, has := msg.fields[fieldEntry]; has {
		maps.Copy(fields, map[int]string{fieldEntry: rec.Entry})
	}
	return fields
}
