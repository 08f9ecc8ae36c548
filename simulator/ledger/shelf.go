package ledger

// shelf keeps the memory of batches that were closed for those that fill. So a
// book that has been at work for a while makes hardly any garbage, and posts into
// memory that the system has given it before: a million open transactions are
// much to look through, and to ask for.
//
// What a caller of the book still holds of a closed batch is overwritten.
type shelf struct {
	slabs []*slab
	small uint8 // transactions of a batch before it gets slabs: smallBatch, but for tests
}

// slab is memory for transactions.
type slab [mostSlab]Txn

// leastKept is how many transactions a shelf has room for at least.
const leastKept = 1 << 14

// keep bounds the shelf by what is in use: a peak is not held on to for ever.
func (s *shelf) keep(open int) {
	if n := max(open, leastKept) / mostSlab; n < len(s.slabs) {
		clear(s.slabs[n:])
		s.slabs = s.slabs[:n]
	}
}

// slab returns memory, whatever that holds.
func (s *shelf) slab() *slab {
	last := len(s.slabs) - 1
	if last < 0 {
		return new(slab)
	}
	x := s.slabs[last]
	s.slabs[last] = nil
	s.slabs = s.slabs[:last]
	return x
}

// put takes slabs that nothing refers to any more. Those with ties are cleared:
// they would hold on to others.
func (s *shelf) put(all []*slab, ties bool) {
	if ties {
		for _, x := range all {
			*x = slab{}
		}
	}
	s.slabs = append(s.slabs, all...)
}
