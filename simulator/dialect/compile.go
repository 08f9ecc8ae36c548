package dialect

import (
	"cmp"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/acqsim/acqsim/scenarios/strictyaml"
	"github.com/acqsim/acqsim/scenarios/world"
	"github.com/acqsim/acqsim/simulator/frame"
	"github.com/moov-io/iso8583"
	"github.com/moov-io/iso8583/encoding"
	"github.com/moov-io/iso8583/field"
)

// compiler turns a dialect file into a Dialect and collects mistakes. It goes
// on after one, so that a file's author sees them all.
type compiler struct {
	d         *Dialect
	file      dialectFile
	encodings encodings
	problems  strictyaml.Problems
	broken    [MaxField + 1]bool // fields that are there, with mistakes
}

// compile reads and checks a file. The dialect is nil if there are mistakes.
func compile(name string, src []byte) (*Dialect, map[string]*Dialect, error) {
	c := &compiler{}
	c.problems.Add(strictyaml.Decode(name, src, &c.file))
	if !c.file.Place.Exists() {
		return nil, nil, c.problems.Err()
	}
	conv := &c.file.Conventions
	c.encodings = c.findEncodings(conv.Charset, conv.Numbers, conv.Place.At("charset"), conv.Place.At("numbers"))
	c.dialect(&c.file.Frame)
	variants := c.variants()
	if err := c.problems.Err(); err != nil {
		return nil, nil, err
	}
	return c.d, variants, nil
}

// dialect compiles the file with the compiler's encodings and a frame.
func (c *compiler) dialect(f *frameFile) {
	c.d = &Dialect{parts: make(map[int][]part), secrets: new(secretLists)}
	c.identity()
	c.fields()
	c.d.format, c.d.route = c.frame(f)
	c.conventions(&c.file.Conventions)
	c.responseCodes()
	for n := 1; n <= MaxField; n++ {
		if c.d.masks[n] = c.d.maskKindOf(n); c.d.masks[n] != keep {
			c.d.masked[(n-1)/64] |= 1 << (63 - (n-1)%64)
		}
	}
	c.plainEchoes()
}

// fail notes a mistake: of several at one place the first, which the others
// come of.
func (c *compiler) fail(p *strictyaml.Problem) {
	for _, other := range c.problems {
		if other.Line == p.Line && other.Column == p.Column && (p.Line > 0 || other.Message == p.Message) {
			return
		}
	}
	c.problems.Add(p)
}

func (c *compiler) identity() {
	f := &c.file
	c.d.name, c.d.title = f.Name, world.Bilingual(f.Title)
	c.d.charset, c.d.numbers = c.encodings.charset, c.encodings.numbers
	for _, r := range f.Name {
		if (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-' {
			c.fail(f.Place.At("name").Errorf("the name %q may hold lower-case letters, digits and - only", f.Name))
			break
		}
	}
}

// fields builds the spec, the layouts and the parts.
func (c *compiler) fields() {
	f := &c.file
	b := &specBuilder{encodings: c.encodings, problems: &c.problems}
	c.d.spec = &iso8583.MessageSpec{Name: f.Spec.Name, Fields: make(map[int]field.Field, len(f.Spec.Fields))}
	if c.d.spec.Name == "" {
		c.d.spec.Name = f.Name
	}
	for i := range f.Spec.Fields {
		e := &f.Spec.Fields[i]
		n, err := strconv.Atoi(e.Key)
		if err != nil || n < 0 || n > MaxField {
			c.fail(e.AtKey.Errorf("%q is no field number: 0 (MTI), 1 (bitmap), 2 to %d", e.Key, MaxField))
			continue
		}
		built := b.build(&e.Value)
		if built == nil {
			c.broken[n] = true
			continue
		}
		c.d.spec.Fields[n] = built
		c.d.names[n] = world.Bilingual{EN: e.Value.Description, ZH: e.Value.ZH}
		switch n {
		case 0:
			c.mti(built, e)
		case 1:
			c.bitmap(built, e)
		default:
			if _, ok := built.(*field.Bitmap); ok && n == 65 {
				c.fail(e.Value.Place.At("type").Errorf("field 65 cannot be a bitmap: leave it out, and bit 65 says that a third bitmap follows"))
			} else if ok {
				c.fail(e.Value.Place.At("type").Errorf("field %d cannot be a bitmap; field 1 is", n))
			}
			c.d.fields[n] = layoutOf(built)
			c.parts(n, &e.Value)
		}
	}
	c.bit65()
	var missing []string
	for n, what := range []string{"the MTI", "the bitmap"} {
		if !f.Spec.Place.At("fields", strconv.Itoa(n)).Exists() && f.Spec.Place.Exists() {
			missing = append(missing, fmt.Sprintf("field \"%d\" (%s)", n, what))
		}
	}
	if _, there := c.d.spec.Fields[39]; !there && !c.broken[39] && f.Spec.Place.Exists() {
		missing = append(missing, "field \"39\" (response code)")
	}
	if len(missing) > 0 {
		c.fail(f.Spec.Place.KeyNode("fields").Errorf("no dialect can do without %s", strings.Join(missing, ", ")))
	}
}

func (c *compiler) mti(f field.Field, e *strictyaml.MapEntry[fieldFile]) {
	c.d.mti = layoutOf(f)
	if l := &c.d.mti; l.max != 4 || l.prefix != fixedLength || l.value != asciiText && l.value != asciiDigit && !l.translated() {
		c.fail(e.At.Errorf("the MTI must be a String of fixed length 4 in ASCII, Digits, BCD, LBCD, Number, Text or an EBCDIC, without padding"))
	}
}

func (c *compiler) bitmap(f field.Field, e *strictyaml.MapEntry[fieldFile]) {
	spec := f.Spec()
	_, isBitmap := f.(*field.Bitmap)
	text, isText := spec.Enc.(textEncoder)
	c.d.bitmap.hex = spec.Enc == encoding.Encoder(encoding.BytesToASCIIHex)
	if !isBitmap || spec.Length != 8 && spec.Length != 0 || spec.DisableAutoExpand || !c.d.bitmap.hex && !(isText && text.any) {
		c.fail(e.At.Errorf("field 1 must be a Bitmap of length 8 in Binary or HexToASCII; it grows by itself, so no disableAutoExpand"))
	}
}

// bit65 makes bit 65 a field where the spec defines one: then there is no third
// bitmap. ISO 8583:1987 has the third bitmap's bit there; jPOS's packagers, for
// one, have a field.
func (c *compiler) bit65() {
	grows, ok := c.d.spec.Fields[1].(*field.Bitmap)
	if !ok || !c.d.fields[65].defined {
		return
	}
	c.d.bitmap.field65 = true
	spec := grows.Spec()
	c.d.spec.Fields[1] = field.NewBitmap(&field.Spec{
		Length: 16, Enc: bitmapEncoder{spec.Enc}, Pref: spec.Pref, Description: spec.Description, DisableAutoExpand: true,
	})
}

func (c *compiler) parts(n int, f *fieldFile) {
	offset := 0
	l := &c.d.fields[n]
	for i, p := range f.Parts {
		at := f.Parts[i].Place
		switch {
		case l.value == viaMoov:
			c.fail(at.Errorf("field %d has padding or a type that parts cannot be taken from", n))
			return
		case p.Length < 0 || p.Length == 0 && i < len(f.Parts)-1:
			c.fail(at.Errorf("part %q needs a length; only the last one may go to the field's end", p.ID))
			return
		case offset+p.Length > int(l.max):
			c.fail(at.Errorf("part %q ends at %d, beyond the field's %d", p.ID, offset+p.Length, l.max))
			return
		}
		for _, other := range f.Parts[:i] {
			if other.ID == p.ID {
				c.fail(at.At("id").Errorf("the field has another part %q", p.ID))
			}
		}
		c.d.parts[n] = append(c.d.parts[n], part{
			id: p.ID, names: world.Bilingual{EN: p.Description, ZH: p.ZH}, offset: offset, length: p.Length,
			values: c.patterns(at.At("values"), p.Values, int(l.max)),
		})
		offset += p.Length
	}
}

func (c *compiler) frame(f *frameFile) (format frame.Format, r route) {
	if f.Length != "" {
		if err := format.Length.UnmarshalText([]byte(f.Length)); err != nil {
			c.fail(f.Place.At("length").Errorf("%w", err))
		}
	}
	format.CountsItself, format.ExcludesHeader = f.CountsItself, f.ExcludesHeader
	format.TPDU, format.Header = f.TPDU, f.Header
	if err := format.Validate(); err != nil {
		c.fail(f.Place.Errorf("%w", err))
	}
	r.keepTPDU = f.SwapTPDU != nil && !*f.SwapTPDU
	if drop, ok := c.dropOrAccept(f.Expect.Place.At("unexpected"), f.Expect.Unexpected); ok && drop {
		r.tpdu = c.beginnings(f.Expect.Place.At("tpdu"), f.Expect.TPDU)
		r.header = c.beginnings(f.Expect.Place.At("header"), f.Expect.Header)
	}
	r.short, _ = c.dropOrAccept(f.Expect.Place.At("too_short"), f.Expect.TooShort)
	return format, r
}

// dropOrAccept reads one of the two words; drop is the default.
func (c *compiler) dropOrAccept(at strictyaml.Node, word string) (drop, ok bool) {
	switch word {
	case "", "drop":
		return true, true
	case "accept":
		return false, true
	}
	c.fail(at.Errorf("%q is neither drop nor accept", word))
	return false, false
}

func (c *compiler) beginnings(at strictyaml.Node, texts []string) (all [][]byte) {
	for i, text := range texts {
		b, err := hex.DecodeString(text)
		if err != nil || len(b) == 0 {
			c.fail(at.At(i).Errorf("%q is not hexadecimal bytes", text))
			continue
		}
		all = append(all, b)
	}
	return all
}

// variants are the dialect with another frame or other encodings, by name.
func (c *compiler) variants() map[string]*Dialect {
	all := make(map[string]*Dialect, len(c.file.Variants))
	like := map[[2]string]*Dialect{{"", ""}: c.d} // by other encodings
	for i := range c.file.Variants {
		v := &c.file.Variants[i]
		c.d.variants = append(c.d.variants, v.Key)
		with := [2]string{v.Value.Charset, v.Value.Numbers}
		if like[with] == nil {
			like[with] = c.otherEncodings(&v.Value)
		}
		f := v.Value.frame()
		d := *like[with]
		d.name, d.variants = c.d.name+"/"+v.Key, nil
		d.format, d.route = c.frame(&f)
		all[v.Key] = &d
	}
	return all
}

// otherEncodings compiles the file again with the encodings of a variant.
// Mistakes are then found a second time, and noted once.
func (c *compiler) otherEncodings(v *variantFile) *Dialect {
	x := &compiler{file: c.file}
	conv := &c.file.Conventions
	x.encodings = x.findEncodings(cmp.Or(v.Charset, conv.Charset), cmp.Or(v.Numbers, conv.Numbers), v.Place.At("charset"), v.Place.At("numbers"))
	x.dialect(&c.file.Frame)
	for _, p := range x.problems {
		c.fail(p)
	}
	return x.d
}

func (c *compiler) responseCodes() {
	base := "iso8583-1987"
	at := c.file.Place.At("codes")
	for _, e := range c.file.Codes {
		if e.Key == "base" {
			base = e.Value.code
		}
	}
	table, ok := newCodeTable(base)
	if !ok {
		c.fail(at.At("base").Errorf("no table of response codes is called %q", base).Suggest(base, codeTables()))
	}
	l := &c.d.fields[39]
	if !l.defined {
		return // reported
	}
	var names []string
	for _, o := range world.Outcomes() {
		names = append(names, o.String())
	}
	for _, e := range c.file.Codes {
		if e.Key == "base" {
			continue
		}
		o, err := world.ParseOutcome(e.Key)
		if err != nil {
			c.fail(e.AtKey.Errorf("%w", err).Suggest(e.Key, names))
			continue
		}
		set := func(at strictyaml.Node, k class, code string) {
			table.set(k, o, code)
			if _, err := l.append(nil, []byte(code)); err != nil || l.prefix == fixedLength && len(code) != int(l.max) {
				c.fail(at.Errorf("the code %q does not fit field 39, which has %d characters", code, l.max))
			}
		}
		if len(e.Value.classes) == 0 {
			set(e.At, classCount, e.Value.code)
		}
		for _, x := range e.Value.classes {
			if k := slices.Index(classNames[:], x.Key); k < 0 {
				c.fail(x.AtKey.Errorf("no class of messages is called %q", x.Key).Suggest(x.Key, classNames[:]))
			} else {
				set(x.At, class(k), x.Value) //nolint:gosec // few classes
			}
		}
	}
	if _, err := l.append(nil, []byte(table[otherClass][world.SystemMalfunction])); err != nil || l.prefix == fixedLength && len(table[otherClass][world.SystemMalfunction]) != int(l.max) {
		c.fail(at.KeyNode("base").Errorf("the codes of %s do not fit field 39, which has %d characters", base, l.max))
	}
	c.d.codes, c.d.actions = table, base == iso93
}
