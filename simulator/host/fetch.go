package host

import "github.com/acqsim/acqsim/simulator/dialect"

// Memo is where a host remembers a terminal that comes again and again, for
// whoever knows that it is the same: it need not be looked for among all. The
// zero value is empty. A Memo belongs to one goroutine.
type Memo struct{ at *terminal }

// fetch finds the terminals and cards of requests that are decided together,
// and reads what their decisions will begin with. With thousands of terminals
// none of it is in the processor's cache, and a decision, in which each address
// comes from what was read before, waits for one line after the other. Here the
// requests wait side by side, and so do terminal and card of a single one.
func (h *Host) fetch(jobs []Job) {
	for i := range jobs {
		j := &jobs[i]
		j.terminal, j.card = h.recall(j.Memo, j.Request.Terminal), h.reg.cards[j.Request.Card]
	}
	sum := uint64(0)
	for i := range jobs {
		if t := jobs[i].terminal; t != nil {
			sum += t.books.FetchFirst()
		}
		if k := jobs[i].card; k != nil {
			sum += uint64(k.account.Booked) + uint64(len(k.facts.Permitted)) //nolint:gosec // read, not used
		}
	}
	for i := range jobs {
		if t := jobs[i].terminal; t != nil {
			sum += t.books.Fetch(jobs[i].Request.STAN)
		}
	}
	h.fetched += sum
}

// recall finds a terminal, and remembers it; nil if it is not known yet.
func (h *Host) recall(m *Memo, id dialect.ID) *terminal {
	if m == nil {
		return h.reg.terminals[id]
	}
	if m.at == nil || m.at.key != id {
		m.at = h.reg.terminals[id]
	}
	return m.at
}
