package dialect

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/acqsim/acqsim/scenarios/world"
	"github.com/acqsim/acqsim/simulator/frame"
	"github.com/moov-io/iso8583/field"
)

// mostSuggestions is how many changes of one kind are worth trying.
const mostSuggestions = 3

// Suggest says what could be wrong with a dialect that cannot read a body, or
// reads it and makes no sense of it. It tries: other encodings, prefixes and
// lengths of the field where reading ends and of those before it, and tells which
// of them would read the message to its end, or at least further. What it says is
// likely and not certain. It holds nothing of the message's values.
func (d *Dialect) Suggest(body []byte) []string {
	var ix Index
	mti, err := d.Index(body, &ix)
	if err == nil {
		return d.suggestMeaning(body, &ix)
	}
	var e *FormatError
	if !errors.As(err, &e) {
		return nil
	}
	var all []string
	switch {
	case e.Field == AtMTI || mti == 0 || mti > 1999:
		return d.suggestStart(body)
	case errors.Is(err, ErrUndefined):
		all = append(all, fmt.Sprintf("the bitmap names field %d: add it to `spec`, or, if the message has no such field, the bitmap or something before it is read wrongly", e.Field))
	case errors.Is(err, ErrTrailing):
		all = append(all, "the last field may be longer than `spec` says, or the sample holds more than one message, or a checksum")
	}
	if other := d.withBitmap(!d.bitmap.hex); other.readsOn(body, ix.end) {
		return append(all, fmt.Sprintf("the bitmap would be sensible with `enc: %s` in field 1", bitmapNames[!d.bitmap.hex]))
	}
	return append(all, d.suggestFields(body, &ix, e.Field)...)
}

var bitmapNames = map[bool]string{true: "HexToASCII", false: "Binary"}

func (d *Dialect) withBitmap(hex bool) *Dialect {
	changed := *d
	changed.bitmap.hex = hex
	return &changed
}

// readsOn reports whether the dialect reads the body to its end, or well beyond
// where another one stopped.
func (d *Dialect) readsOn(body []byte, than int) bool {
	var ix Index
	_, err := d.Index(body, &ix)
	return err == nil || ix.end > than+32 && ix.Next(0) > 0
}

// suggestMeaning looks at a message that was read to its end.
func (d *Dialect) suggestMeaning(body []byte, ix *Index) (all []string) {
	if d.unreadable(body, ix) > 0 {
		all = append(all, "fields 37, 41 and 42 are read, but not as readable text: see `charset`, and the encoding of the fields before them")
	}
	var req Request
	if d.Read(frame.Frame{Body: body}, &req) == nil && req.Answerable() && req.Type == world.Unrecognised {
		all = append(all, fmt.Sprintf("no row of `transactions` fits: MTI %04d, processing code %06d", req.MTI, req.Processing))
	}
	return all
}

// mostBefore is how many bytes are looked at for what stands before a message.
const mostBefore = 40

// Find returns where in some bytes a message seems to begin: with a message type
// that occurs, and a few fields that can be read. One that can be read to its end
// goes before one that can't.
func (d *Dialect) Find(raw []byte) (at int, ok bool) {
	const fewFields = 3
	best := 0
	for from := range min(len(raw), mostBefore) {
		var ix Index
		mti, err := d.Index(raw[from:], &ix)
		if mti < 100 || mti > 1999 || mti/100%10 == 0 || !d.hasVersion(mti) {
			continue
		}
		fields := 0
		for n := ix.Next(0); n > 0; n = ix.Next(n) {
			fields++
		}
		if err == nil && fields > 0 {
			return from, true
		}
		if fields >= fewFields && fields > best {
			at, ok, best = from, true, fields
		}
	}
	return at, ok
}

// suggestStart looks for the beginning of a message in bytes that do not begin
// with one, and for other ways to write the MTI.
func (d *Dialect) suggestStart(body []byte) (all []string) {
	if at, ok := d.Find(body); ok && at > 0 {
		return []string{fmt.Sprintf("a message seems to begin %d bytes later: see `frame`", at)}
	}
	for _, enc := range []string{"Digits", "BCD", "EBCDICDigits"} {
		l := d.built(0, enc, "Binary.Fixed", 4)
		if l == nil || l.value == d.mti.value {
			continue
		}
		changed := *d
		changed.mti = *l
		var ix Index
		if mti, _ := changed.Index(body, &ix); mti > 99 && mti < 2000 && mti/100%10 > 0 {
			all = append(all, fmt.Sprintf("the MTI would be %04d with `enc: %s` in field 0", mti, enc))
		}
	}
	return all
}

// SuggestFrame says how a sample could be framed, where the body in it is
// known: the keys of `frame` that fit it in whole.
func SuggestFrame(raw []byte, bodyAt int) (all []string) {
	for kind := frame.Binary2; kind <= frame.VML; kind++ {
		for _, tpdu := range []bool{true, false} {
			f := frame.Format{Length: kind, TPDU: tpdu}
			f.Header = bodyAt - f.Overhead()
			if f.Header < 0 {
				continue
			}
			for _, f.CountsItself = range []bool{false, true} {
				for _, f.ExcludesHeader = range []bool{false, true} {
					if f.Validate() != nil || f.ExcludesHeader && f.Overhead() == f.Length.Size() {
						continue
					}
					if got, rest, err := f.Cut(raw, frame.HighestMax); err == nil && len(rest) == 0 && len(got.Body) == len(raw)-bodyAt {
						all = append(all, frameKeys(f))
					}
				}
			}
		}
	}
	return all
}

// frameKeys writes a frame as a dialect file has it.
func frameKeys(f frame.Format) string {
	text := "length: " + f.Length.String()
	if f.CountsItself {
		text += ", counts_itself: true"
	}
	if f.ExcludesHeader {
		text += ", excludes_header: true"
	}
	if f.TPDU {
		text += ", tpdu: true"
	}
	if f.Header > 0 {
		text += fmt.Sprintf(", header: %d", f.Header)
	}
	return "frame: {" + text + "}"
}

// trial is a change to one field and what came of it.
type trial struct {
	n        int
	text     string
	changes  int // how much it changes
	distance int // how far before the place it is
	end      int
	whole    bool
	odd      int // what makes no sense of what is read then
}

// suggestFields tries changes to the field where reading ended, and to the ones
// before it: a length that is read wrongly often shows later only.
func (d *Dialect) suggestFields(body []byte, ix *Index, failed int) (all []string) {
	var fields []int
	for n := ix.Next(0); n > 0; n = ix.Next(n) {
		fields = append(fields, n)
	}
	if failed > AtBitmap && d.Defines(failed) {
		fields = append(fields, failed)
	}
	var found []trial
	for i, n := range fields {
		for _, t := range d.trials(n) {
			l := d.built(n, t.enc, t.prefix, t.length)
			if l == nil || l.value == viaMoov {
				continue
			}
			changed := *d
			changed.fields[n] = *l
			var got Index
			_, err := changed.Index(body, &got)
			if err != nil && got.end <= ix.end || !got.Has(n) || got.Units(n) == 0 || !l.isReadable(got.Value(body, n)) {
				continue
			}
			found = append(found, trial{n, t.text, t.changes, len(fields) - 1 - i, got.end, err == nil, changed.oddities(body, &got)})
		}
	}
	slices.SortStableFunc(found, func(a, b trial) int {
		if a.whole != b.whole {
			if a.whole {
				return -1
			}
			return 1
		}
		if a.whole {
			return cmp.Or(cmp.Compare(a.odd, b.odd), cmp.Compare(a.changes, b.changes), cmp.Compare(a.distance, b.distance))
		}
		return cmp.Or(cmp.Compare(a.odd, b.odd), cmp.Compare(b.end, a.end), cmp.Compare(a.changes, b.changes))
	})
	for _, t := range found {
		if len(all) == mostSuggestions || t.changes > found[0].changes || t.whole != found[0].whole || t.odd > found[0].odd {
			break
		}
		far := "reads the message to its end"
		if !t.whole {
			far = fmt.Sprintf("reads on to byte %d", t.end)
		}
		name := ""
		if d.names[t.n].EN != "" {
			name = " (" + d.names[t.n].EN + ")"
		}
		all = append(all, fmt.Sprintf("field %d%s with %s %s", t.n, name, t.text, far))
	}
	return all
}

// oddities counts what makes no sense in the fields of a message: names that are
// no text, dates and times that are none, card numbers and tracks that can't be.
func (d *Dialect) oddities(body []byte, ix *Index) (n int) {
	req := Request{Frame: frame.Frame{Body: body}, Index: *ix}
	odd := func(yes bool) {
		if yes {
			n++
		}
	}
	odd(d.unreadable(body, ix) > 0)
	if ix.Has(2) {
		odd(ix.Units(2) < 12 || ix.Units(2) > 19)
	}
	number := func(field int, sensible func(v uint64) bool) {
		if !ix.Has(field) {
			return
		}
		v, ok := d.number(&req, path{field: uint8(field)}) //nolint:gosec // a field number
		odd(!ok || !sensible(v))
	}
	isTime := func(v uint64) bool { return v/10000%100 < 24 && v/100%100 < 60 && v%100 < 60 }
	number(7, func(v uint64) bool { return isMonthDay(v/1e6) && isTime(v) })
	number(12, isTime)
	number(13, isMonthDay)
	number(14, func(v uint64) bool { return v%100 >= 1 && v%100 <= 12 })
	number(49, func(v uint64) bool { return v > 0 && v < 1000 })
	if ix.Has(35) {
		d.card(&req)
		odd(ix.Units(35) > 12 && req.Card.IsZero() && !ix.Has(2))
		var buf [80]byte
		text := string(d.text(&req, path{field: 35}, buf[:]))
		at := strings.IndexAny(text, "=D")
		odd(at < 12 || at > 19 || strings.Trim(text[:at], "0123456789") != "")
	}
	return n
}

// isReadable reports whether a value is printable, if it is a text.
func (l *layout) isReadable(value []byte) bool {
	if l.value != asciiText && l.value != pageText {
		return true
	}
	for _, c := range l.text(nil, value, 0, len(value)) {
		if c < ' ' || c > '~' {
			return false
		}
	}
	return true
}

// change is another way to write a field.
type change struct {
	enc, prefix string
	length      int
	text        string
	changes     int
}

// The encodings and lengths that vendors' documents are misread in.
var (
	stringEncodings = []string{"Digits", "BCD", "LBCD", "EBCDICDigits", "ASCII", "EBCDIC1047"}
	trackEncodings  = []string{"Track2BCD", "ASCII", "EBCDIC1047"}
	binaryEncodings = []string{"Binary", "HexToASCII"}
	prefixFamilies  = []string{"ASCII", "BCD", "EBCDIC", "Binary"}
	usualLengths    = []int{1, 2, 3, 4, 6, 8, 10, 11, 12, 15, 16, 25, 40, 42}
)

// trials lists other ways to write a field: one thing changed before two.
func (d *Dialect) trials(n int) (all []change) {
	spec := d.spec.Fields[n].Spec()
	if spec.Pref == nil || spec.Enc == nil {
		return nil
	}
	encodings := stringEncodings
	if n == 35 || n == 36 {
		encodings = trackEncodings
	}
	if _, binary := d.spec.Fields[n].(*field.Binary); binary {
		encodings = binaryEncodings
	}
	own := ""
	for _, name := range append(slices.Clone(encodings), keys(encoders)...) {
		if encoders[name] == spec.Enc && own == "" {
			own = name
		}
	}
	family, form, _ := strings.Cut(spec.Pref.Inspect(), ".")
	prefixes := []string{family + "." + form}
	forms := []string{"LL", "LLL"}
	if form != "Fixed" {
		forms = []string{form, "LL", "LLL", "L"}
	}
	for _, f := range forms {
		for _, other := range append([]string{family}, prefixFamilies...) {
			if p := other + "." + f; !slices.Contains(prefixes, p) && prefixers[p] != nil {
				prefixes = append(prefixes, p)
			}
		}
	}
	for i, prefix := range prefixes {
		for j, enc := range append([]string{own}, encodings...) {
			if enc == own && (i == 0 || j > 0) {
				continue
			}
			c := change{enc: enc, prefix: prefix, length: spec.Length}
			var parts []string
			if enc != own {
				parts, c.changes = append(parts, "`enc: "+enc+"`"), c.changes+1
			}
			if i > 0 {
				parts, c.changes = append(parts, "`prefix: "+prefix+"`"), c.changes+1
				if !strings.HasPrefix(prefix, family+".") && !strings.HasSuffix(prefix, "."+form) || form == "Fixed" {
					c.changes++
				}
			}
			c.text = strings.Join(parts, " and ")
			all = append(all, c)
		}
	}
	for _, length := range usualLengths {
		if length != spec.Length && (form == "Fixed" || length > spec.Length) {
			all = append(all, change{own, prefixes[0], length, fmt.Sprintf("`length: %d`", length), 2})
		}
	}
	if form != "Fixed" {
		all = append(all, change{own, prefixes[0], 999, "`length: 999`", 2})
	}
	return all
}

// built makes the layout of a field that is written in another way, or nil.
func (d *Dialect) built(n int, enc, prefix string, length int) *layout {
	kind := "String"
	if _, binary := d.spec.Fields[n].(*field.Binary); binary {
		kind = "Binary"
	}
	e, ok := encoders[enc]
	p, ok2 := prefixers[prefix]
	if !ok || !ok2 {
		return nil
	}
	l := layoutOf(constructors[kind](&field.Spec{Length: length, Enc: e, Pref: p}))
	return &l
}
