package dialect

import "math/bits"

// MaxField is the highest field number of a message.
const MaxField = 128

// Index says where every field of a message stands in its body. It holds no
// bytes itself: its methods take the body that it was made from.
type Index struct {
	present [2]uint64 // bit 63 of the first word is field 1
	fields  [MaxField + 1]span
	end     int // of what was indexed
	whole   bool
}

// span is the place of one field. Bodies are at most 64 KiB.
type span struct {
	start uint16 // of the length prefix, or of the value of a fixed field
	value uint16
	end   uint16
	units uint16 // length as the spec counts it: digits, characters or bytes
}

// Has reports whether the message has field n and it could be read.
func (ix *Index) Has(n int) bool {
	i := uint(n - 1) //nolint:gosec // a negative n becomes a large one
	return i < MaxField && ix.present[i/64]&(1<<(63-i%64)) != 0
}

// Raw returns field n as it stands in the body, its length prefix included;
// nil if it is absent.
func (ix *Index) Raw(body []byte, n int) []byte {
	if !ix.Has(n) {
		return nil
	}
	s := ix.fields[n]
	return body[s.start:s.end:s.end]
}

// Value returns the encoded value of field n without its length prefix; nil if
// the field is absent.
func (ix *Index) Value(body []byte, n int) []byte {
	if !ix.Has(n) {
		return nil
	}
	s := ix.fields[n]
	return body[s.value:s.end:s.end]
}

// Offset returns where field n starts in the body, its length prefix included,
// or -1 if it is absent.
func (ix *Index) Offset(n int) int {
	if !ix.Has(n) {
		return -1
	}
	return int(ix.fields[n].start)
}

// Units returns the length of field n as its spec counts it: digits of a BCD
// field, else characters or bytes.
func (ix *Index) Units(n int) int {
	if !ix.Has(n) {
		return 0
	}
	return int(ix.fields[n].units)
}

// End returns how many bytes of the body could be read.
func (ix *Index) End() int { return ix.end }

// Next returns the number of the first present field above n, or 0 if there is
// none: for n := ix.Next(0); n > 0; n = ix.Next(n).
func (ix *Index) Next(n int) int {
	for w := max(n, 0) / 64; w < 2; w++ {
		word := ix.present[w]
		if w == n/64 {
			word &= ^uint64(0) >> (n % 64)
		}
		if word != 0 {
			return w*64 + bits.LeadingZeros64(word) + 1
		}
	}
	return 0
}

// Whole reports whether the message could be read to its end.
func (ix *Index) Whole() bool { return ix.whole }

func (ix *Index) reset() {
	ix.present = [2]uint64{}
	ix.end, ix.whole = 0, false
}
