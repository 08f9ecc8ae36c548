package journal

import "unsafe"

// slabs are pieces of memory that small slices are cut from.
type slabs[T any] struct {
	all [][]T // the one in use is all[at]
	at  int
}

func (s *slabs[T]) size() int {
	var one T
	return int(unsafe.Sizeof(one))
}

// hasRoom reports whether the slab in use has room for n.
func (s *slabs[T]) hasRoom(n int) bool {
	return n == 0 || s.at < len(s.all) && cap(s.all[s.at])-len(s.all[s.at]) >= n
}

// fits returns the slab, from the one in use on, that has room for n, or the
// number of slabs.
func (s *slabs[T]) fits(n int) int {
	at := s.at
	for at < len(s.all) && cap(s.all[at])-len(s.all[at]) < n {
		at++
	}
	return at
}

func (s *slabs[T]) slab(n, bytes int) int { return max(n, bytes/s.size()) }

// needs returns the bytes of the slab that must be made before n more fit;
// bytes is the usual size of a slab.
func (s *slabs[T]) needs(n, bytes int) int {
	if n == 0 || s.fits(n) < len(s.all) {
		return 0
	}
	return s.slab(n, bytes) * s.size()
}

// reserve is needs, and makes the slab.
func (s *slabs[T]) reserve(n, bytes int) int {
	if n == 0 {
		return 0
	}
	if s.at = s.fits(n); s.at < len(s.all) {
		return 0
	}
	s.all = append(s.all, make([]T, 0, s.slab(n, bytes)))
	return s.slab(n, bytes) * s.size()
}

// copy copies v into the slab in use; nothing stays nil.
func (s *slabs[T]) copy(v []T) []T {
	if len(v) == 0 {
		return nil
	}
	slab := &s.all[s.at]
	from := len(*slab)
	*slab = append(*slab, v...)
	return (*slab)[from:len(*slab):len(*slab)]
}

// reset empties the slabs, keeps the first few and returns their bytes.
func (s *slabs[T]) reset() int {
	if len(s.all) > spareSlabs {
		clear(s.all[spareSlabs:])
		s.all = s.all[:spareSlabs]
	}
	bytes := 0
	for i := range s.all {
		s.all[i] = s.all[i][:0]
		bytes += cap(s.all[i]) * s.size()
	}
	s.at = 0
	return bytes
}
