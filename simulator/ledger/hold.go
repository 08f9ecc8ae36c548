package ledger

import (
	"cmp"
	"container/heap"
	"slices"
	"time"

	"github.com/acqsim/acqsim/scenarios/world"
)

// DefaultMaxHolds is how many live holds a book keeps if Options does not say.
const DefaultMaxHolds = 250_000

// HoldState is what has become of a hold.
type HoldState uint8

// The states of a hold. Their values are in state files: append only.
const (
	HoldLive      HoldState = iota // its money is reserved
	HoldCompleted                  // released by a completion, which took the money
	HoldVoided                     // released by a void
	HoldReversed                   // released by a reversal of the pre-authorisation
	HoldExpired                    // released by the passing of time

	holdStateCount
)

// String returns the state's name, such as "live".
func (s HoldState) String() string {
	switch s {
	case HoldLive:
		return "live"
	case HoldCompleted:
		return "completed"
	case HoldVoided:
		return "voided"
	case HoldReversed:
		return "reversed"
	case HoldExpired:
		return "expired"
	default:
		return "unknown state"
	}
}

// Hold is money that a pre-authorisation reserves on a card's account. It
// outlives the batch that it was made in: a completion comes days later, and
// maybe from another terminal of the merchant. Only a Book changes it.
type Hold struct {
	Account  *Account
	Merchant string  // ID of the merchant that it is for
	Card     uint64  // as [Txn.Card]
	Approval [6]byte // of the pre-authorisation, which it is found by
	Amount   int64
	Currency world.Currency
	At       time.Time // business time of the pre-authorisation
	Expires  time.Time // business time from which on it is void
	State    HoldState

	id    uint32
	at    int   // position in the queue of expiry; -1: the book has forgotten it
	older *Hold // the next older one with the same key
}

// holdKey is what a completion names its pre-authorisation by.
type holdKey struct {
	merchant string
	card     uint64
	approval [6]byte
}

func (h *Hold) key() holdKey { return holdKey{h.Merchant, h.Card, h.Approval} }

// holds finds holds: live ones, and those that were used until they would have
// expired, so that a second completion is told what became of the first.
type holds struct {
	byKey  map[holdKey]*Hold // newest first
	byID   map[uint32]*Hold
	queue  expiryQueue
	live   int
	nextID uint32
}

// expiryQueue is a heap by time of expiry.
type expiryQueue []*Hold

func (q expiryQueue) Len() int { return len(q) }
func (q expiryQueue) Less(i, j int) bool {
	if c := q[i].Expires.Compare(q[j].Expires); c != 0 {
		return c < 0
	}
	return q[i].id < q[j].id
}
func (q expiryQueue) Swap(i, j int) {
	q[i], q[j] = q[j], q[i]
	q[i].at, q[j].at = i, j
}

// Push is for container/heap.
func (q *expiryQueue) Push(x any) {
	h := x.(*Hold) //nolint:forcetypeassert // nothing else is pushed
	h.at = len(*q)
	*q = append(*q, h)
}

// Pop is for container/heap.
func (q *expiryQueue) Pop() any {
	last := len(*q) - 1
	h := (*q)[last]
	(*q)[last] = nil
	*q = (*q)[:last]
	h.at = -1
	return h
}

// file enters a hold that the book does not know, or has forgotten.
func (s *holds) file(h *Hold) {
	if s.byKey == nil {
		s.byKey, s.byID = map[holdKey]*Hold{}, map[uint32]*Hold{}
	}
	s.byID[h.id] = h
	s.nextID = max(s.nextID, h.id+1)
	if newest := s.byKey[h.key()]; newest == nil || newest.id < h.id {
		h.older = newest
		s.byKey[h.key()] = h
	} else {
		for newest.older != nil && newest.older.id > h.id {
			newest = newest.older
		}
		h.older, newest.older = newest.older, h
	}
	heap.Push(&s.queue, h)
}

// drop takes a hold out of the two tables; it is out of the queue already.
func (s *holds) drop(h *Hold) {
	delete(s.byID, h.id)
	newest := s.byKey[h.key()]
	if newest == h {
		if h.older == nil {
			delete(s.byKey, h.key())
		} else {
			s.byKey[h.key()] = h.older
		}
	} else {
		for newest.older != h {
			newest = newest.older
		}
		newest.older = h.older
	}
	h.older = nil
}

// turn changes the state of a hold, and with it what is held of the account.
func (s *holds) turn(h *Hold, to HoldState) {
	if h.State == HoldLive {
		h.Account.Held -= h.Amount
		s.live--
	}
	h.State = to
	if to != HoldLive {
		return
	}
	h.Account.Held += h.Amount
	s.live++
	if h.at < 0 {
		s.file(h)
	}
}

// revive gives a hold its money back after what had used it was undone, unless
// it has expired by then.
func (s *holds) revive(h *Hold, now time.Time) {
	if now.Before(h.Expires) {
		s.turn(h, HoldLive)
		return
	}
	s.turn(h, HoldExpired)
}

// expire releases what has expired, and returns it.
func (s *holds) expire(now time.Time) (n int) {
	for len(s.queue) > 0 && !now.Before(s.queue[0].Expires) {
		h := heap.Pop(&s.queue).(*Hold) //nolint:forcetypeassert // nothing else is pushed
		s.drop(h)
		if h.State == HoldLive {
			s.turn(h, HoldExpired)
			n++
		}
	}
	return n
}

// forgetUsed drops all holds that are live no more.
func (s *holds) forgetUsed() {
	kept := s.queue[:0]
	for _, h := range s.queue {
		if h.State == HoldLive {
			h.at = len(kept)
			kept = append(kept, h)
			continue
		}
		h.at = -1
		s.drop(h)
	}
	clear(s.queue[len(kept):])
	s.queue = kept
	heap.Init(&s.queue)
}

// inOrder lists holds by age, oldest first.
func inOrder(all map[uint32]*Hold) []*Hold {
	list := make([]*Hold, 0, len(all))
	for _, h := range all {
		list = append(list, h)
	}
	slices.SortFunc(list, func(a, b *Hold) int { return cmp.Compare(a.id, b.id) })
	return list
}

// LiveHolds is how many holds reserve money.
func (b *Book) LiveHolds() int { return b.holds.live }

// CanHold reports whether there is room for one more hold; see
// [Options.MaxHolds].
func (b *Book) CanHold() bool { return b.holds.live < b.o.MaxHolds }

// Expire releases the holds that have expired at business time now, and
// returns how many these are. It costs next to nothing if there are none.
func (b *Book) Expire(now time.Time) int {
	if len(b.holds.queue) == 0 || now.Before(b.holds.queue[0].Expires) {
		return 0
	}
	n := b.holds.expire(now)
	b.logExpire(now)
	return n
}

// FindHold returns the newest hold of a merchant with the card and approval
// code for which match is true (nil: any), live or used; nil if there is none.
// A hold that was used is known until it would have expired.
func (b *Book) FindHold(merchant string, card uint64, approval [6]byte, match func(*Hold) bool) *Hold {
	for h := b.holds.byKey[holdKey{merchant, card, approval}]; h != nil; h = h.older {
		if match == nil || match(h) {
			return h
		}
	}
	return nil
}

// PostHold records a pre-authorisation. If x.State is Posted, x.Amount of
// x.From is held for the merchant with the given ID until it expires, or is
// completed, voided or reversed. Where [Book.CanHold] says no, or there is no
// account, the record says Declined.
func (b *Book) PostHold(x Txn, merchant string, expires time.Time) *Txn {
	x.Type, x.To, x.Hold = world.PreAuth, nil, nil
	if x.State != Posted {
		return b.commit(recordPost, &x, effects{})
	}
	if x.From == nil || x.Amount < 0 || !b.CanHold() {
		x.State = Declined
		return b.commit(recordPost, &x, effects{})
	}
	if len(b.holds.queue) >= 2*b.o.MaxHolds {
		b.holds.forgetUsed()
		b.logForget()
	}
	x.Hold = &Hold{
		Account: x.From, Merchant: merchant, Card: x.Card, Approval: x.Approval,
		Amount: x.Amount, Currency: x.Currency, At: x.At, Expires: expires,
		State: HoldReversed, id: b.holds.nextID, at: -1, // apply makes it live
	}
	return b.commit(recordHold, &x, effects{})
}

// Status is what has become of a transaction: its State, but of a
// pre-authorisation what its hold says, which may be voided from elsewhere.
func (x *Txn) Status() TxnState {
	if x.Type != world.PreAuth || x.State != Posted || x.Hold == nil {
		return x.State
	}
	switch x.Hold.State {
	case HoldVoided:
		return Voided
	case HoldReversed:
		return Reversed
	}
	return Posted
}
