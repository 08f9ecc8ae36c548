package dialect

import (
	"github.com/acqsim/acqsim/simulator/frame"
)

// Detection is what some bytes most likely are.
type Detection struct {
	Dialect *Dialect
	Framed  bool   // the bytes start with the dialect's length header
	BodyAt  int    // where the message starts in the bytes
	Body    []byte // the message
	Rest    []byte // what follows a framed message
	Err     error  // why it could not be read to its end; nil: it could
}

// Detect finds out which of the dialects, in their order of preference, the
// bytes are written in, and whether they are a frame, a frame without its
// length header, or a message alone. Where none reads them to their end, it
// returns the one that comes furthest; false says that none reads as much as an
// MTI that occurs and a field.
func Detect(dialects []*Dialect, b []byte) (best Detection, ok bool) {
	bestScore := 0
	for _, d := range dialects {
		for _, try := range d.readings(b) {
			if score := try.score(); score > bestScore {
				best, bestScore = try, score
			}
		}
	}
	return best, bestScore > 0
}

// readings are the ways in which a dialect could take the bytes.
func (d *Dialect) readings(b []byte) (all []Detection) {
	if f, rest, err := d.format.Cut(b, 0xFFFF); err == nil && !f.KeepAlive && d.Unroutable(f) == "" {
		all = append(all, Detection{Dialect: d, Framed: true, BodyAt: len(f.Raw) - len(f.Body), Body: f.Body, Rest: rest})
	}
	around := d.format.Overhead() - d.format.Length.Size()
	if around > 0 && len(b) > around {
		f := frame.Frame{Raw: b, Body: b[around:]}
		if d.format.TPDU {
			f.TPDU, f.Header = b[:frame.TPDUSize], b[frame.TPDUSize:around]
		} else {
			f.Header = b[:around]
		}
		if d.Unroutable(f) == "" {
			all = append(all, Detection{Dialect: d, BodyAt: around, Body: f.Body})
		}
	}
	return append(all, Detection{Dialect: d, Body: b})
}

// score is higher the more speaks for a reading: it comes to the end, it is
// framed, most of the bytes are read, and names in it are readable. A message of
// another version of ISO 8583 than the dialect's is none of it.
func (x *Detection) score() int {
	var ix Index
	mti, err := x.Dialect.Index(x.Body, &ix)
	x.Err = err
	// Versions 1987 and 1993; classes 1 to 8 and UnionPay's 9.
	if mti < 100 || mti > 1999 || mti/100%10 == 0 || !x.Dialect.hasVersion(mti) {
		return 0
	}
	read := len(x.Body)
	if err != nil {
		read = ix.end
	}
	score := 1 + 100*read/max(len(x.Body), 1)
	if ix.Next(0) == 0 && err != nil {
		return 0 // an MTI alone says too little
	}
	if err == nil {
		score += 200
	}
	if x.Framed {
		score += 50
	}
	if len(x.Rest) == 0 {
		score++
	}
	return max(score-x.Dialect.unreadable(x.Body, &ix), 1)
}

// hasVersion reports whether the dialect knows messages of the MTI's version,
// its first digit; one that recognises no message may have any.
func (d *Dialect) hasVersion(mti uint16) bool {
	for i := range d.conv.recognise {
		if d.conv.recognise[i].mti/1000 == mti/1000 {
			return true
		}
	}
	return len(d.conv.recognise) == 0
}

// unreadable says, from 0 to 60, how much of what names things in a message is
// no text: printable characters of ASCII. Packed digits with text in EBCDIC read
// as such with text in ASCII, and the other way round, but not sensibly.
func (d *Dialect) unreadable(body []byte, ix *Index) int {
	var buf [64]byte
	all, bad := 0, 0
	for n := range identifiers {
		l, value, offset, units, ok := d.locate(body, ix, path{field: uint8(n)}) //nolint:gosec // a field number
		if !ok || l.numeric() || units > len(buf) {
			continue
		}
		for _, c := range l.text(buf[:0], value, offset, units) {
			all++
			if c < ' ' || c > '~' {
				bad++
			}
		}
	}
	return 60 * bad / max(all, 1)
}
