package transcript

import "math/bits"

// Card numbers have 13 to 19 digits (ISO/IEC 7812-1 allows fewer, but no
// shorter one is in use) and end in a Luhn check digit. Six leading and four
// trailing digits may be shown (PCI DSS v4.0, requirement 3.4.1).
const (
	shortestPAN = 13
	longestPAN  = 19
	keptFirst   = 6
	keptLast    = 4
)

// textRun is the length from which a run of ASCII digits is read as text and
// not as packed digits too. The longest card number fills at most ten bytes
// of packed digits, so from here on more stands there than one card number.
const textRun = 11

// What a byte can be part of.
const (
	noDigits     = iota
	packedDigits // two digit nibbles; an ASCII digit is one of these
	ebcdicDigit
)

// Both kinds of run that can hide a card number are at least this many bytes
// long: 13 packed digits have six whole bytes in their middle.
const (
	shortestPacked = shortestPAN / 2
	shortestEBCDIC = shortestPAN
)

// byteClass says what each byte can be part of.
var byteClass = func() (class [256]uint8) {
	for c := range class {
		switch hi, lo := c>>4, c&0xf; {
		case hi <= 9 && lo <= 9:
			class[c] = packedDigits
		case hi == 0xf && lo <= 9:
			class[c] = ebcdicDigit
		}
	}
	return class
}()

// MaskRuns masks, in place, every card number that could stand in bytes whose
// meaning is unknown: every window of 13 to 19 digits that passes the Luhn
// check, in ASCII, in EBCDIC and in packed BCD at either nibble alignment. The
// first 6 and the last 4 digits of a window stay, those between become 0. Any
// byte or nibble that is no digit (D and = among them) ends a run.
//
// Where windows overlap, each masks its own middle, so much more than a card
// number may go: letters and digits of text are packed digits too. Use
// [MaskText] where bytes are known to be characters. One reading is left out:
// packed digits that all lie within a run of 11 or more ASCII digits, which
// would be a card number with a 3 in every other place, standing in text.
//
// It returns how many separate places were masked; overlapping windows count
// as one.
func MaskRuns(b []byte) int {
	masked := 0
	// A run long enough to matter covers a byte at every stride: only those
	// are looked at until one of them is part of a run.
	for i := shortestPacked - 1; i < len(b); {
		class := byteClass[b[i]]
		if class == noDigits {
			i += shortestPacked
			continue
		}
		from, to := spanOf(b, i, class)
		switch {
		case class == packedDigits && to-from >= shortestPacked:
			masked += maskPackedSpan(b, from, to)
		case class == ebcdicDigit && to-from >= shortestEBCDIC:
			masked += maskCharacterSpan(b[from:to])
		}
		i = to + shortestPacked - 1
	}
	return masked
}

// MaskText is [MaskRuns] for bytes that are known to be characters, in ASCII,
// in a character set that extends it (UTF-8, GBK) or in EBCDIC: it leaves
// packed BCD out of account, so ordinary text stays readable.
func MaskText(b []byte) int {
	masked := 0
	for i := shortestPAN - 1; i < len(b); {
		hi := b[i] & 0xf0
		if !isDigitOf(b[i], hi) {
			i += shortestPAN
			continue
		}
		from, to := i, i+1
		for from > 0 && isDigitOf(b[from-1], hi) {
			from--
		}
		for to < len(b) && isDigitOf(b[to], hi) {
			to++
		}
		if to-from >= shortestPAN {
			masked += maskCharacterSpan(b[from:to])
		}
		i = to + shortestPAN - 1
	}
	return masked
}

// isDigitOf reports whether c is a digit with the high nibble hi of ASCII
// (3) or EBCDIC (F).
func isDigitOf(c, hi byte) bool {
	return c&0xf0 == hi && c&0x0f <= 9 && (hi == 0x30 || hi == 0xf0)
}

// spanOf returns the ends of the longest span of bytes of one class around i.
func spanOf(b []byte, i int, class uint8) (from, to int) {
	from, to = i, i+1
	for from > 0 && byteClass[b[from-1]] == class {
		from--
	}
	for to < len(b) && byteClass[b[to]] == class {
		to++
	}
	return from, to
}

// maskCharacterSpan masks a run of digits of one byte each.
func maskCharacterSpan(b []byte) int {
	var w window
	var p places
	var m masked
	for i, c := range b {
		if n := w.add(c & 0x0f); n > 0 {
			m.characters(b, i+1-n, i+1)
			p.add(i+1-n, i+1)
		}
	}
	return p.count
}

// maskPackedSpan masks a span [from, to) of bytes with two digit nibbles each,
// to which a digit nibble may be joined on either side, as packed digits and,
// where it holds ASCII digits, as those too. Both readings advance together
// and masking stays behind them, so neither sees what the other has masked.
func maskPackedSpan(b []byte, from, to int) int {
	s := packedSpan{b: b}
	if from > 0 && b[from-1]&0x0f <= 9 {
		s.packed.add(b[from-1] & 0x0f)
	}
	for i := from; i < to; i++ {
		c := b[i]
		switch {
		case c&0xf0 != 0x30:
			s.textFrom, s.textTo = i, i
		case i >= s.textTo:
			s.textFrom, s.textTo = i, i
			for s.textTo < to && b[s.textTo]&0xf0 == 0x30 {
				s.textTo++
			}
			s.ascii.restart()
			fallthrough
		default:
			if n := s.ascii.add(c & 0x0f); n > 0 {
				s.asciiMasked.characters(b, i+1-n, i+1)
				s.places.add(2*(i+1-n), 2*(i+1))
			}
		}
		s.nibble(c>>4, 2*i)
		s.nibble(c&0x0f, 2*i+1)
	}
	if to < len(b) && b[to]>>4 <= 9 {
		s.nibble(b[to]>>4, 2*to)
	}
	return s.places.count
}

// packedSpan is a span of packed digits on its way through both readings.
type packedSpan struct {
	b                         []byte
	packed, ascii             window
	packedMasked, asciiMasked masked
	places                    places
	textFrom, textTo          int // bytes of the run of ASCII digits that was met last
}

// nibble reads the digit d, which is nibble at of the bytes (the high nibble
// of b[0] is nibble 0).
func (s *packedSpan) nibble(d byte, at int) {
	n := s.packed.add(d)
	if n == 0 {
		return
	}
	from, to := at+1-n, at+1
	if s.textTo-s.textFrom >= textRun && from >= 2*s.textFrom && to <= 2*s.textTo {
		return
	}
	s.packedMasked.nibbles(s.b, from, to)
	s.places.add(from, to)
}

// masked is the stretch [from, to) of digits that was masked last, so that
// windows that overlap don't mask the same digits again and again.
type masked struct{ from, to int }

// missing widens the stretch by the digits to hide of a card number and
// returns those that weren't masked yet, before it and after it. Card numbers
// come in the order of their ends.
func (m *masked) missing(from, to int) (before, after int) {
	from, to = from+keptFirst, to-keptLast
	if from > m.to {
		m.from, m.to = from, from
	}
	before, after = m.from, m.to
	m.from, m.to = min(m.from, from), max(m.to, to)
	return before, after
}

// characters masks the card number b[from:to]. Clearing the low nibble makes a
// digit 0 in ASCII and in EBCDIC, and leaves a high nibble alone that the
// packed reading has masked already.
func (m *masked) characters(b []byte, from, to int) {
	before, after := m.missing(from, to)
	for j := m.from; j < before; j++ {
		b[j] &= 0xf0
	}
	for j := after; j < m.to; j++ {
		b[j] &= 0xf0
	}
}

// nibbles masks the card number in nibbles from to to.
func (m *masked) nibbles(b []byte, from, to int) {
	before, after := m.missing(from, to)
	for j := m.from; j < before; j++ {
		clearNibble(b, j)
	}
	for j := after; j < m.to; j++ {
		clearNibble(b, j)
	}
}

func clearNibble(b []byte, j int) {
	if j&1 == 0 {
		b[j/2] &= 0x0f
	} else {
		b[j/2] &= 0xf0
	}
}

// places counts windows, and those that overlap once.
type places struct{ count, end int }

func (p *places) add(from, to int) {
	if from >= p.end {
		p.count++
	}
	p.end = max(p.end, to)
}

// window finds card numbers in a run of digits that it is given one by one.
//
// The Luhn sum of digits [s, e) is a difference of two running sums: every
// second digit counts doubled, and whether that falls on the even or the odd
// ones depends on e alone. So both running sums are kept, modulo 10, and a card
// number ends at e where one began with the same sum: at[p][sum] has a bit for
// each of the last 32 places, by their index modulo 32.
type window struct {
	n    uint          // digits so far
	sum  [2]uint8      // [p]: all digits, doubled where their index has parity p
	past [2][32]uint8  // sums before each of the last 32 digits
	at   [2][10]uint32 // where each sum stood
}

// panLengths has a bit at 32-n for each length n that a card number can have.
const panLengths = (1<<(longestPAN-shortestPAN+1) - 1) << (32 - longestPAN)

// doubled is a digit's share in a Luhn sum where it counts doubled.
var doubled = [16]uint8{0, 2, 4, 6, 8, 1, 3, 5, 7, 9}

func (w *window) restart() {
	w.n, w.sum, w.at = 0, [2]uint8{}, [2][10]uint32{}
}

// add takes the next digit and returns the length of the longest card number
// that ends with it, or 0. Shorter ones that end here hide nothing that the
// longest one doesn't.
func (w *window) add(d byte) int {
	slot := w.n % 32
	for p := range w.sum {
		old, now := &w.past[p][slot], w.sum[p]
		w.at[p][*old] &^= 1 << slot
		w.at[p][now] |= 1 << slot
		*old = now
	}
	p := w.n & 1
	w.sum[p] = mod10(w.sum[p] + doubled[d&0x0f])
	w.sum[1-p] = mod10(w.sum[1-p] + d)
	w.n++
	began := bits.RotateLeft32(w.at[1-p][w.sum[1-p]], -int(w.n%32)) & panLengths
	if began == 0 {
		return 0
	}
	return 32 - bits.TrailingZeros32(began)
}

func mod10(n uint8) uint8 {
	if n >= 10 {
		return n - 10
	}
	return n
}
