package main

import (
	"errors"
	"fmt"
	"slices"

	"github.com/acqsim/acqsim/simulator/dialect"
	"github.com/acqsim/acqsim/simulator/frame"
)

// piece is a part of the input that belongs together: a frame or message, bytes
// that are neither, or keep-alives.
type piece struct {
	at         int    // in the part of the input
	raw        []byte // all of it
	keepAlives int    // empty frames in a row; nothing else is set then

	dialect *dialect.Dialect // nil: no dialect reads it
	also    []string         // other dialects that read it as well
	length  []byte           // the length header; empty: there is none
	tpdu    []byte
	header  []byte
	bodyAt  int
	warning string // what is wrong with the frame
	torn    bool   // what comes before or after it is not known
}

func (p *piece) body() []byte { return p.raw[p.bodyAt:] }

// read returns how many bytes of the piece make sense, and whether all do.
func (p *piece) read() (n int, clean bool) {
	if p.keepAlives > 0 {
		return len(p.raw), true
	}
	if p.dialect == nil {
		return 0, false
	}
	var ix dialect.Index
	mti, err := p.dialect.Index(p.body(), &ix)
	switch {
	case err == nil:
		return len(p.raw), p.warning == ""
	case !isKnownMTI(mti):
		return 0, false // four digits by chance
	}
	return p.bodyAt + ix.End(), false
}

// splitter cuts bytes into pieces.
type splitter struct {
	dialects []*dialect.Dialect // in their order of preference
	only     bool               // the user named the dialect
}

// split never fails: what is no message is a piece without a dialect.
func (s *splitter) split(b []byte) (all []piece) {
	at := 0
	var last *dialect.Dialect // of the frame before
	for len(b) > 0 {
		p, rest := s.next(b, last)
		p.at = at
		at += len(b) - len(rest)
		all = append(all, p)
		if p.dialect != nil && len(p.length) > 0 {
			last = p.dialect
		}
		b = rest
	}
	return all
}

// next cuts off the first piece. A frame in the dialect of the one before is
// taken without asking the others.
func (s *splitter) next(b []byte, last *dialect.Dialect) (p piece, rest []byte) {
	if last != nil {
		if p, rest := keepAlives(last, b); p.keepAlives > 0 {
			return p, rest
		}
		if x, ok := dialect.Detect([]*dialect.Dialect{last}, b); ok && x.Framed && x.Err == nil {
			return s.piece(b, x), x.Rest
		}
	}
	x, ok := dialect.Detect(s.dialects, b)
	if ok && x.Err == nil {
		p = s.piece(b, x)
		p.also = s.others(b, x)
		return p, x.Rest
	}
	for _, d := range s.dialects {
		// Zeros can be much else: what follows them has to make sense.
		p, rest := keepAlives(d, b)
		if p.keepAlives == 0 {
			continue
		}
		if x, ok := dialect.Detect([]*dialect.Dialect{d}, rest); len(rest) == 0 || ok && x.Err == nil {
			return p, rest
		}
	}
	best := piece{raw: b}
	if ok {
		best, rest = s.piece(b, x), x.Rest
	}
	for _, d := range s.dialects {
		for _, odd := range s.oddFrames(d, b) {
			if betterRead(&odd, &best) && knownMTI(&odd) {
				best, rest = odd, b[len(odd.raw):]
			}
		}
	}
	if best.dialect == nil && s.only {
		best.dialect = s.dialects[0] // which says where it goes wrong
		if odd := s.oddFrames(best.dialect, b); len(odd) > 0 {
			best, rest = odd[0], b[len(odd[0].raw):]
		}
	}
	return best, rest
}

// knownMTI reports whether a piece begins with a message type that occurs.
func knownMTI(p *piece) bool {
	var ix dialect.Index
	mti, _ := p.dialect.Index(p.body(), &ix)
	return mtiClasses[mti/100%10].EN != "" && mti < 2000
}

// betterRead reports whether x makes more sense than y.
func betterRead(x, y *piece) bool {
	nx, _ := x.read()
	ny, _ := y.read()
	return nx*len(y.raw) > ny*len(x.raw)
}

// piece describes what was detected.
func (s *splitter) piece(b []byte, x dialect.Detection) piece {
	p := piece{raw: b[:len(b)-len(x.Rest)], dialect: x.Dialect, bodyAt: x.BodyAt}
	if x.Framed {
		p.length = b[:x.Dialect.Format().Length.Size()]
	}
	p.divide()
	return p
}

// divide finds TPDU and header between length header and body.
func (p *piece) divide() {
	format := p.dialect.Format()
	between := p.raw[len(p.length):p.bodyAt]
	if format.TPDU && len(between) >= frame.TPDUSize {
		p.tpdu, between = between[:frame.TPDUSize], between[frame.TPDUSize:]
	}
	p.header = between
}

// unroutable is why a host of the dialect drops the frame; empty: it does not.
func (p *piece) unroutable() string {
	return p.dialect.Unroutable(frame.Frame{Raw: p.raw, TPDU: p.tpdu, Header: p.header, Body: p.body()})
}

func (p *piece) warnUnroutable() {
	if why := p.unroutable(); why != "" {
		p.warning = "a host of this dialect drops it without an answer: " + why
	}
}

// others names the dialects that read the same bytes in the same way as well.
func (s *splitter) others(b []byte, x dialect.Detection) (names []string) {
	for _, d := range s.dialects {
		if d.Spec() == x.Dialect.Spec() {
			continue // a variant of the same
		}
		y, ok := dialect.Detect([]*dialect.Dialect{d}, b)
		if ok && y.Err == nil && y.Framed == x.Framed && y.BodyAt == x.BodyAt && !slices.Contains(names, d.Name()) {
			names = append(names, d.Name())
		}
	}
	return names
}

// keepAlives cuts off all empty frames that b begins with.
func keepAlives(d *dialect.Dialect, b []byte) (p piece, rest []byte) {
	for rest = b; len(rest) > 0; p.keepAlives++ {
		f, after, err := d.Format().Cut(rest, frame.HighestMax)
		if err != nil || !f.KeepAlive {
			break
		}
		rest = after
	}
	p.raw = b[:len(b)-len(rest)]
	return p, rest
}

// oddFrames are frames that no host would take: with a length that does not fit
// the bytes, or with a TPDU or header that the dialect does not expect.
func (s *splitter) oddFrames(d *dialect.Dialect, b []byte) (all []piece) {
	format := d.Format()
	size, overhead := format.Length.Size(), format.Overhead()
	if len(b) <= overhead {
		return nil
	}
	f, rest, err := format.Cut(b, frame.HighestMax)
	if err == nil && len(f.Body) > 0 && len(f.Raw)-len(f.Body) == overhead {
		p := piece{raw: f.Raw, dialect: d, length: b[:size], bodyAt: overhead}
		p.divide()
		p.warnUnroutable()
		all = append(all, p)
		if len(rest) == 0 {
			return all
		}
	}
	p := piece{raw: b, dialect: d, length: b[:size], bodyAt: overhead, warning: lengthWarning(d, b)}
	p.divide()
	if p.unroutable() == "" {
		all = append(all, p)
	}
	return all
}

// lengthWarning says how the length header of b disagrees with what follows.
func lengthWarning(d *dialect.Dialect, b []byte) string {
	format := d.Format()
	size := format.Length.Size()
	follow := len(b) - size
	said, ok := announced(format, b)
	if !ok {
		return fmt.Sprintf("the length header % X is no length of the kind %s", b[:size], format.Length)
	}
	hint := ""
	switch n := int(said); {
	case !format.CountsItself && n == len(b):
		hint = ": it seems to count itself"
	case !format.ExcludesHeader && format.Overhead() > size && n == len(b)-format.Overhead():
		hint = ": it seems to count the message only"
	case n == follow+1:
		hint = ": 1 is missing"
	case n > follow:
		hint = fmt.Sprintf(": %d are missing", n-follow)
	}
	return fmt.Sprintf("the length header says %d bytes, but %d follow%s", said, follow, hint)
}

// announced reads the length header that b begins with.
func announced(format frame.Format, b []byte) (int64, bool) {
	// Without what follows it, the header is an unfinished frame.
	_, _, err := format.Cut(b[:format.Length.Size()], frame.HighestMax)
	var e *frame.Error
	if !errors.As(err, &e) || e.Kind == frame.BadLength || e.Length <= 0 {
		return 0, false
	}
	return e.Length, true
}
