package ledger

import (
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/acqsim/acqsim/scenarios/world"
)

// naiveHold is a hold as the model sees it.
type naiveHold struct {
	book    *Hold
	state   HoldState
	amount  int64
	card    int
	expires time.Time
}

func (h *naiveHold) revive(now time.Time) {
	h.state = HoldExpired
	if now.Before(h.expires) {
		h.state = HoldLive
	}
}

const machineMerchant = "M1"

func (m *machine) preAuth(t *rapid.T) {
	x, n := m.txn(t)
	n.typ, n.card = world.PreAuth, rapid.IntRange(1, machineCards).Draw(t, "card")
	x.From, x.Card = m.accounts[n.card], uint64(n.card)
	x.Approval = [6]byte{'A' + byte(n.n%2)}
	days := rapid.IntRange(0, 3).Draw(t, "days")
	live := 0
	for _, h := range m.holds {
		if h.state == HoldLive {
			live++
		}
	}
	require.Equal(t, live < m.book.o.MaxHolds, m.book.CanHold())
	if n.state == Posted && live < m.book.o.MaxHolds {
		n.hold = &naiveHold{state: HoldLive, amount: n.amount, card: n.card, expires: x.At.AddDate(0, 0, days)}
		m.holds = append(m.holds, n.hold)
	} else {
		n.state = Declined
	}
	p := m.book.PostHold(x, machineMerchant, x.At.AddDate(0, 0, days))
	if n.hold != nil {
		n.hold.book = p.Hold
	}
	m.add(n, p)
}

// anyHold draws a hold, recent ones more often.
func (m *machine) anyHold(t *rapid.T) *naiveHold {
	if len(m.holds) == 0 {
		return nil
	}
	return m.holds[max(0, len(m.holds)-1-rapid.IntRange(0, 4).Draw(t, "which hold"))]
}

func (m *machine) complete(t *rapid.T) { m.use(t, world.Completion, HoldCompleted) }

func (m *machine) release(t *rapid.T) { m.use(t, world.PreAuthVoid, HoldVoided) }

// use completes or voids a pre-authorisation, from any terminal.
func (m *machine) use(t *rapid.T, typ world.TransactionType, to HoldState) {
	h := m.anyHold(t)
	if h == nil {
		return
	}
	x, n := m.txn(t)
	n.typ, n.card, n.hold = typ, h.card, h
	x.Type, x.Hold = typ, h.book
	if typ == world.Completion {
		x.From, x.To = m.accounts[h.card], m.accounts[0]
	}
	switch {
	case n.state != Posted:
	case h.state == HoldLive:
		h.state = to
	default:
		n.state = Declined
	}
	m.add(n, m.book.Post(x))
}

func (m *machine) completionVoid(t *rapid.T) {
	m.voidOf(t, world.CompletionVoid, m.anyOf(t, world.Completion))
}

// tip changes the amount of a purchase, up or down.
func (m *machine) tip(t *rapid.T) {
	about := m.anyOf(t, world.Sale, world.Completion, world.Refund)
	if about == nil {
		return
	}
	x, n := m.txn(t)
	if rapid.IntRange(0, 5).Draw(t, "elsewhere") > 0 {
		n.terminal, n.epoch, x.Terminal = about.terminal, about.terminal.epoch, about.terminal.book
	}
	n.typ, x.Type, x.Original = world.Tip, world.Tip, about.book
	if about.open() {
		n.about = about
	}
	if n.state == Posted {
		if about.typ != world.Refund && about.open() && about.terminal == n.terminal && about.state == Posted {
			n.adjusted = n.amount - about.worth()
			about.adjusted += n.adjusted
		} else {
			n.state = Declined
		}
	}
	m.add(n, m.book.Post(x))
}

// time passes.
func (m *machine) time(t *rapid.T) {
	m.now = m.now.Add(time.Duration(rapid.IntRange(0, 48).Draw(t, "hours")) * time.Hour)
	want := 0
	for _, h := range m.holds {
		if h.state == HoldLive && !m.now.Before(h.expires) {
			h.state = HoldExpired
			want++
		}
	}
	require.Equal(t, want, m.book.Expire(m.now))
}

// nothingRestsOn reports whether a transaction that stands can be undone.
func (m *machine) nothingRestsOn(x *naive) bool {
	switch x.typ {
	case world.Sale, world.Void, world.Refund:
		return true
	case world.Completion:
		return x.hold.state == HoldCompleted
	case world.PreAuth, world.CompletionVoid:
		return x.hold.state == HoldLive || x.hold.state == HoldExpired
	case world.PreAuthVoid:
		return x.hold.state == HoldVoided
	case world.Tip:
		return x.about.open() && x.about.state == Posted && x.about.worth() == x.amount && m.refunded(x.about) <= x.about.worth()-x.adjusted
	}
	return false
}

// undone gives back what rested on a transaction that was reversed.
func (m *machine) undone(x *naive, now time.Time) {
	switch x.typ {
	case world.Void, world.CompletionVoid:
		if x.about != nil && x.about.state == Voided {
			x.about.state = Posted
		}
		if x.hold != nil {
			x.hold.state = HoldCompleted
		}
	case world.Completion, world.PreAuthVoid:
		x.hold.revive(now)
	case world.PreAuth:
		x.hold.state = HoldReversed
	case world.Tip:
		x.about.adjusted -= x.adjusted
	}
}

// checkHolds compares what is held, and how holds are found.
func (m *machine) checkHolds(t *rapid.T) {
	held := make([]int64, len(m.accounts))
	live := 0
	newest := map[holdKey]*Hold{}
	for _, h := range m.holds {
		require.Equal(t, h.state.String(), h.book.State.String())
		if h.state == HoldLive {
			held[h.card] += h.amount
			live++
			newest[h.book.key()] = h.book
		}
	}
	for i, a := range m.accounts {
		require.Equal(t, held[i], a.Held, "held of %s", a.Name)
	}
	require.Equal(t, live, m.book.LiveHolds())
	for key, want := range newest {
		require.Same(t, want, m.book.FindHold(key.merchant, key.card, key.approval, func(h *Hold) bool { return h.State == HoldLive }))
		require.Nil(t, m.book.FindHold("M2", key.card, key.approval, nil), "another merchant's")
	}
}
