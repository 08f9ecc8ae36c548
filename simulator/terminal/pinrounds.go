package terminal

import (
	"context"

	"github.com/acqsim/acqsim/scenarios/world"
)

// rounds makes an online transaction, again with another PIN if that was wrong.
func (t *Terminal) rounds(ctx context.Context, x Transaction, rec Record, r *Result) error {
	most := t.p.PIN.Rounds
	if t.bugs[BugAsksPINForever] {
		most = 2*most + 2
	}
	for round := 1; ; round++ {
		if err := t.attempt(ctx, x, rec, r); err != nil {
			return err
		}
		if !t.wrongPIN(r) || x.Card.PIN == "" || round >= most || t.c.PIN == nil {
			return nil
		}
		pin, ok := t.c.PIN(round + 1)
		if !ok {
			return nil
		}
		x.Card.PIN = pin
		if ok, err := t.first(ctx, r, true); !ok || err != nil {
			return err
		}
	}
}

// wrongPIN reports whether the last exchange was declined for its PIN.
func (t *Terminal) wrongPIN(r *Result) bool {
	x := r.last()
	return r.Outcome == Declined && x != nil && x.Reply != nil &&
		(r.Code == t.d.Code(x.Reply.MTI, world.IncorrectPIN) || t.bugs[BugAsksPINForever])
}
