package ledger

import (
	"errors"
	"fmt"
	"math"

	"github.com/acqsim/acqsim/scenarios/world"
)

// hold reads the hold that a completion or the void of a pre-authorisation
// names. Other postings name none.
func (r *replayer) hold(d *decoder) *Hold {
	id := d.u32()
	h := r.book.holds.byID[id]
	if h == nil {
		h = r.used[id]
	}
	if h == nil {
		d.fail(fmt.Errorf("hold %d is named before it appears", id))
	}
	return h
}

// newHold makes the hold of a pre-authorisation.
func (r *replayer) newHold(d *decoder, x *Txn) *Hold {
	h := &Hold{
		Account: x.From, Card: x.Card, Approval: x.Approval, Amount: x.Amount, Currency: x.Currency, At: x.At,
		id: d.u32(), State: HoldReversed, at: -1,
	}
	if x.State != Posted {
		d.fail(errors.New("a pre-authorisation was declined, and yet holds money"))
	}
	r.number(d, h)
	return h
}

// number checks what a hold can't do without. Holds are numbered in the order
// of appearance.
func (r *replayer) number(d *decoder, h *Hold) {
	switch {
	case h.Account == nil:
		d.fail(fmt.Errorf("hold %d has no account", h.id))
	case h.id < r.book.holds.nextID || h.id == math.MaxUint32:
		d.fail(fmt.Errorf("hold %d is out of order", h.id))
	}
}

// held reads a hold of a snapshot. What it holds is in the account already.
func (r *replayer) held(d *decoder) error {
	h := &Hold{State: HoldState(d.u8()), at: -1}
	known := d.bool()
	h.id, h.Account = d.u32(), r.accountRef(d)
	h.Card = d.u64()
	copy(h.Approval[:], d.take(len(h.Approval)))
	h.Amount, h.Currency = d.i64(), world.Currency(d.u16())
	h.At, h.Expires, h.Merchant = r.moment(d), r.moment(d), d.text()
	r.number(d, h)
	if h.State >= holdStateCount || h.State == HoldLive && !known {
		d.fail(fmt.Errorf("hold %d has a state that can't be", h.id))
	}
	if !d.done() {
		return d.err
	}
	r.book.holds.nextID = h.id + 1
	if !known {
		if r.used == nil {
			r.used = map[uint32]*Hold{}
		}
		r.used[h.id] = h
		return nil
	}
	r.book.holds.file(h)
	if h.State == HoldLive {
		r.book.holds.live++
	}
	return nil
}
