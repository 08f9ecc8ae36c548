package main

import (
	"encoding/binary"
	"encoding/hex"
	"strings"

	"github.com/acqsim/acqsim/scenarios/transcript"
	"github.com/acqsim/acqsim/simulator/dialect"
)

// maskReadable masks, field by field, the part of a message that could be read:
// body up to ix.End. What may be shown of a message that goes wrong is a
// compromise: searching all of it for card numbers, as recorded evidence is,
// finds them in any digits that stand together and would hide most fields of a
// BCD message. So the list of fields shows each field as in a sound message,
// without what looks like a card number in the wrong place (see maskStrays);
// the dump of the bytes is searched in full.
func maskReadable(d *dialect.Dialect, body []byte, ix *dialect.Index) (masked []byte, secrets []transcript.Secret) {
	masked = append([]byte(nil), body[:ix.End()]...)
	if first := ix.Next(0); first > 0 {
		for _, alone := range withoutUnread(masked, ix, ix.Offset(first)) {
			var whole dialect.Index
			if _, err := d.Index(alone, &whole); err == nil && whole.End() == len(alone) {
				secrets = d.Mask(alone, &whole, 0)
				maskStrays(alone, body, cardStarts(d, ix))
				return alone, secrets
			}
		}
	}
	secrets = d.Mask(masked, ix, 0)
	return masked, secrets
}

// withoutUnread returns the message as if it had only the fields of the index:
// with a bitmap in bytes, and with one in hexadecimal characters, whichever can
// end at the first field.
func withoutUnread(b []byte, ix *dialect.Index, end int) (all [][]byte) {
	var bits [2]uint64
	for n := ix.Next(0); n > 0; n = ix.Next(n) {
		bits[(n-1)/64] |= 1 << (63 - (n-1)%64)
	}
	for _, words := range []int{1, 2} {
		if words == 2 {
			bits[0] |= 1 << 63
		}
		raw := binary.BigEndian.AppendUint64(nil, bits[0])
		if words == 2 {
			raw = binary.BigEndian.AppendUint64(raw, bits[1])
		}
		for _, bitmap := range [][]byte{raw, []byte(strings.ToUpper(hex.EncodeToString(raw)))} {
			if at := end - len(bitmap); at == 2 || at == 4 { // an MTI before it
				message := append([]byte(nil), b...)
				copy(message[at:], bitmap)
				all = append(all, message)
			}
		}
	}
	return all
}

// cardStarts are the places where a card number should begin.
func cardStarts(d *dialect.Dialect, ix *dialect.Index) (starts []int) {
	for _, n := range []int{2, 34, 35, 36} {
		if ix.Has(n) {
			prefix, _ := sizes(d, n)
			starts = append(starts, ix.Offset(n)+prefix)
		}
	}
	return starts
}

// maskStrays masks, in dst, the card numbers of src that do not stand in one
// field, since a length or a field before them is wrong, and what follows them
// in a track. Only digits that something besides the Luhn check speaks for are
// taken: their number stands before them, a track's separator follows, nothing
// but them stands there, or a card number belongs there. starts are such places,
// in bytes. dst is a copy of src, masked otherwise, or of its beginning.
func maskStrays(dst, src []byte, starts []int) {
	characters := func(zero byte, separators string) digitRun {
		return digitRun{n: len(src), starts: map[int]bool{},
			at: func(i int) int {
				if c := src[i]; c >= zero && c <= zero+9 {
					return int(c - zero)
				}
				return -1
			},
			separator: func(i int) bool { return strings.IndexByte(separators, src[i]) >= 0 },
			erase: func(i int) {
				if i < len(dst) {
					dst[i] = zero
				}
			},
		}
	}
	ascii, ebcdic := characters('0', "=D^"), characters(0xF0, "\x7E\xC4\x5F\xB0")
	packed := digitRun{n: 2 * len(src), starts: map[int]bool{},
		at: func(i int) int {
			if d := nibble(src, i); d <= 9 {
				return d
			}
			return -1
		},
		separator: func(i int) bool { return nibble(src, i) == 0xD },
		erase: func(i int) {
			switch {
			case i/2 >= len(dst):
			case i%2 == 0:
				dst[i/2] &= 0x0F
			default:
				dst[i/2] &= 0xF0
			}
		},
	}
	for _, s := range starts {
		ascii.starts[s], ebcdic.starts[s], packed.starts[2*s] = true, true, true
	}
	ascii.mask()
	ebcdic.mask()
	packed.mask()
}

func nibble(b []byte, i int) int {
	if i%2 == 0 {
		return int(b[i/2] >> 4)
	}
	return int(b[i/2] & 0xF)
}

// digitRun is bytes seen as digits, of characters or packed.
type digitRun struct {
	n         int
	at        func(i int) int // the digit, or -1
	separator func(i int) bool
	erase     func(i int)
	starts    map[int]bool
}

// The shortest and longest card numbers (ISO/IEC 7812-1), and the most digits
// that follow one in a track 2 (ISO/IEC 7813).
const (
	shortestPAN = 13
	longestPAN  = 19
	trackRest   = 37 - shortestPAN - 1
)

func (r *digitRun) mask() {
	for from := 0; from+shortestPAN <= r.n; from++ {
		run := 0
		for run <= longestPAN && from+run < r.n && r.at(from+run) >= 0 {
			run++
		}
		for size := min(run, longestPAN); size >= shortestPAN; size-- {
			if !r.anchored(from, size, run) || !r.luhn(from, size) {
				continue
			}
			for i := from + 6; i < from+size-4; i++ {
				r.erase(i)
			}
			end := from + size
			if end < r.n && r.separator(end) {
				for i := end + 1; i < min(end+1+trackRest, r.n) && r.at(i) >= 0; i++ {
					r.erase(i)
				}
			}
		}
	}
}

// anchored reports whether something else than the Luhn check speaks for a card
// number.
func (r *digitRun) anchored(from, size, run int) bool {
	switch {
	case r.starts[from]:
		return true
	case from >= 2 && r.at(from-2) == size/10 && r.at(from-1) == size%10:
		return true
	case size != run:
		return false
	case from+run < r.n && r.separator(from+run):
		return true
	}
	return from == 0 || r.at(from-1) < 0
}

func (r *digitRun) luhn(from, size int) bool {
	sum := 0
	for i := range size {
		d := r.at(from + size - 1 - i)
		if i%2 == 1 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return sum%10 == 0
}
