package host

// fetch finds the terminals and cards of requests that are decided together,
// and reads what their decisions will begin with. With thousands of terminals
// none of it is in the processor's cache, and a decision, in which each address
// comes from what was read before, waits for one line after the other. Here the
// requests wait side by side, and so do terminal and card of a single one.
func (h *Host) fetch(jobs []Job) {
	for i := range jobs {
		j := &jobs[i]
		j.terminal, j.card = h.reg.terminals[j.Request.Terminal], h.reg.cards[j.Request.Card]
	}
	sum := uint64(0)
	for i := range jobs {
		if t := jobs[i].terminal; t != nil {
			sum += uint64(t.books.Batch) + uint64(t.books.Serial) + uint64(t.facts.MinimumSoftware) //nolint:gosec // read, not used
		}
		if k := jobs[i].card; k != nil {
			sum += uint64(k.account.Booked) + uint64(len(k.facts.Permitted)) //nolint:gosec // as above
		}
	}
	for i := range jobs {
		if t := jobs[i].terminal; t != nil {
			sum += t.books.Fetch(jobs[i].Request.STAN)
		}
	}
	h.fetched += sum
}
