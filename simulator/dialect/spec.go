package dialect

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/acqsim/acqsim/scenarios/strictyaml"
	"github.com/moov-io/iso8583/encoding"
	"github.com/moov-io/iso8583/field"
	"github.com/moov-io/iso8583/padding"
	"github.com/moov-io/iso8583/prefix"
	"github.com/moov-io/iso8583/sort"
)

// encoders are the values of `enc`, by moov's names and our own: Digits,
// EBCDICDigits, EBCDIC037, Track2BCD, Track3BCD and GBK. Text, Number and Track
// stand for what the conventions say: see encodings.
var encoders = map[string]encoding.Encoder{
	"ASCII":        textEncoder{},
	"Digits":       textEncoder{digits: true},
	"Binary":       textEncoder{any: true},
	"BCD":          bcdEncoder{},
	"LBCD":         bcdEncoder{left: true},
	"Track2BCD":    trackEncoder{},
	"Track3BCD":    trackEncoder{},
	"GBK":          gbkEncoder{},
	"EBCDIC":       pageEncoder{pageMoov},
	"EBCDIC037":    pageEncoder{page037},
	"EBCDIC1047":   pageEncoder{page1047},
	"EBCDICDigits": zonedEncoder{},
	"HexToASCII":   encoding.BytesToASCIIHex,
	"ASCIIToHex":   encoding.ASCIIHexToBytes,
	"BerTLVTag":    encoding.BerTLVTag,
}

// charsets are the values of `charset` and what Text stands for with them.
var charsets = map[string]encoding.Encoder{
	"ASCII":      textEncoder{},
	"GBK":        gbkEncoder{},
	"Binary":     textEncoder{any: true},
	"EBCDIC037":  pageEncoder{page037},
	"EBCDIC1047": pageEncoder{page1047},
}

// numberPrefixes are the values of `numbers`, which Number stands for, and the
// prefixes that go with each.
var numberPrefixes = map[string]string{"Digits": "ASCII", "EBCDICDigits": "EBCDIC", "BCD": "BCD", "LBCD": "BCD"}

// encodings are what the names Text, Number and Track stand for.
type encodings struct {
	text, number, track encoding.Encoder
	prefix              string // of numbers: ASCII, BCD or EBCDIC
	charset, numbers    string // the names of the first two
}

// findEncodings looks up charset and numbers, of the conventions or of a variant.
func (c *compiler) findEncodings(charset, numbers string, atCharset, atNumbers strictyaml.Node) (e encodings) {
	e.text = textEncoder{}
	if text, ok := charsets[charset]; ok {
		e.text = text
	} else {
		if charset != "" {
			c.fail(atCharset.Errorf("no charset is called %q", charset).Suggest(charset, keys(charsets)))
		}
		charset = "ASCII"
	}
	if _, ebcdic := e.text.(pageEncoder); ebcdic && numbers == "" {
		numbers = "EBCDICDigits"
	}
	if numbers == "" {
		numbers = "Digits"
	}
	var ok bool
	if e.prefix, ok = numberPrefixes[numbers]; !ok {
		c.fail(atNumbers.Errorf("numbers can't be written in %q; they can in %s", numbers, strings.Join(keys(numberPrefixes), ", ")).
			Suggest(numbers, keys(numberPrefixes)))
		numbers, e.prefix = "Digits", "ASCII"
	}
	e.number, e.track, e.charset, e.numbers = encoders[numbers], e.text, charset, numbers
	if e.prefix == "BCD" {
		e.track = trackEncoder{}
	}
	return e
}

// encoder returns what Text, Number or Track stands for.
func (e *encodings) encoder(name string) (enc encoding.Encoder, ok bool) {
	switch name {
	case "Text":
		return e.text, true
	case "Number":
		return e.number, true
	case "Track":
		return e.track, true
	}
	return nil, false
}

// prefixers are the values of `prefix`.
var prefixers = allPrefixers()

func allPrefixers() map[string]prefix.Prefixer {
	all := map[string]prefix.Prefixer{
		"None.Fixed":   prefix.None.Fixed,
		"ASCII.Fixed":  prefix.ASCII.Fixed,
		"BCD.Fixed":    prefix.BCD.Fixed,
		"Binary.Fixed": prefix.Binary.Fixed,
		"Hex.Fixed":    prefix.Hex.Fixed,
		"EBCDIC.Fixed": prefix.EBCDIC.Fixed,
		"BerTLV":       prefix.BerTLV,
	}
	for digits := 1; digits <= 4; digits++ {
		all["ASCII."+ls[:digits]] = asciiPrefixer{digits}
		all["BCD."+ls[:digits]] = bcdPrefixer{digits}
		all["EBCDIC."+ls[:digits]] = zonedPrefixer{digits}
	}
	for name, p := range map[string]prefix.Prefixers{"Binary": prefix.Binary, "Hex": prefix.Hex} {
		all[name+".L"], all[name+".LL"], all[name+".LLL"], all[name+".LLLL"] = p.L, p.LL, p.LLL, p.LLLL
	}
	return all
}

// constructors are the values of `type`.
var constructors = map[string]func(*field.Spec) field.Field{
	"String":    func(s *field.Spec) field.Field { return field.NewString(s) },
	"Numeric":   func(s *field.Spec) field.Field { return field.NewNumeric(s) },
	"Binary":    func(s *field.Spec) field.Field { return field.NewBinary(s) },
	"Hex":       func(s *field.Spec) field.Field { return field.NewHex(s) },
	"Bitmap":    func(s *field.Spec) field.Field { return field.NewBitmap(s) },
	"Track1":    func(s *field.Spec) field.Field { return field.NewTrack1(s) },
	"Track2":    func(s *field.Spec) field.Field { return field.NewTrack2(s) },
	"Track3":    func(s *field.Spec) field.Field { return field.NewTrack3(s) },
	"Composite": func(s *field.Spec) field.Field { return field.NewComposite(s) },
}

var tagSorts = map[string]sort.StringSlice{
	"StringsByInt": sort.StringsByInt,
	"StringsByHex": sort.StringsByHex,
}

// specBuilder turns field descriptions into moov's specs and collects mistakes.
type specBuilder struct {
	encodings
	problems *strictyaml.Problems
}

// choose looks a name up and complains with a suggestion if it is unknown.
func choose[V any](b *specBuilder, table map[string]V, name, what string, at strictyaml.Node) (v V, ok bool) {
	if v, ok = table[name]; ok {
		return v, true
	}
	known := slices.Sorted(maps.Keys(table))
	if name == "" {
		b.problems.Add(at.Errorf("the %s is missing", what))
	} else {
		b.problems.Add(at.Errorf("no %s is called %q", what, name).Suggest(name, known))
	}
	return v, false
}

// build makes one field, or returns nil after a complaint.
func (b *specBuilder) build(f *fieldFile) field.Field {
	before := len(*b.problems)
	construct, _ := choose(b, constructors, f.Type, "field type", f.Place.At("type"))
	spec := &field.Spec{Length: f.Length, Description: f.Description, DisableAutoExpand: f.DisableAutoExpand}
	pref := f.Prefix
	if form, ok := strings.CutPrefix(pref, "Number."); ok {
		pref = b.prefix + "." + form
	}
	spec.Pref, _ = choose(b, prefixers, pref, "prefix", f.Place.At("prefix"))
	if f.Length < 0 || f.Length > 0xFFFF || f.Length == 0 && f.Type != "Bitmap" && f.Prefix != "None.Fixed" && f.Prefix != "BerTLV" {
		b.problems.Add(f.Place.At("length").Errorf("a length of %d; a field has 1 to 65535", f.Length))
	}
	spec.Pad = b.padding(f.Padding)
	if f.Type == "Composite" {
		b.composite(f, spec)
	} else {
		b.plain(f, spec)
	}
	if len(*b.problems) > before {
		return nil
	}
	if f.Type == "Composite" {
		if err := spec.Validate(); err != nil {
			b.problems.Add(f.Place.Errorf("moov refuses this field: %w", err))
			return nil
		}
	}
	return construct(spec)
}

func (b *specBuilder) plain(f *fieldFile, spec *field.Spec) {
	var ok bool
	if spec.Enc, ok = b.encoder(f.Enc); !ok {
		spec.Enc, _ = choose(b, encoders, f.Enc, "encoding", f.Place.At("enc"))
	}
	switch e := spec.Enc.(type) {
	case gbkEncoder:
		spec.Packer = field.PackerFunc(packEncoded)
	case pageEncoder:
		if !e.page.bytes {
			spec.Packer = field.PackerFunc(packEncoded)
		}
	}
	for key, given := range map[string]bool{"subfields": len(f.Subfields) > 0, "tag": f.Tag != nil, "bitmap": f.Bitmap != nil} {
		if given {
			b.problems.Add(f.Place.KeyNode(key).Errorf("a field of type %s has no %s; a Composite has", f.Type, key))
		}
	}
}

func (b *specBuilder) composite(f *fieldFile, spec *field.Spec) {
	if f.Enc != "" {
		b.problems.Add(f.Place.At("enc").Errorf("a Composite has no encoding; its subfields have"))
	}
	if len(f.Subfields) == 0 {
		b.problems.Add(f.Place.KeyNode("type").Errorf("a Composite needs subfields"))
	}
	spec.Subfields = make(map[string]field.Field, len(f.Subfields))
	for i := range f.Subfields {
		s := &f.Subfields[i]
		if sub := b.build(&s.Value); sub != nil {
			spec.Subfields[s.Key] = sub
		}
		if f.Tag != nil && f.Tag.Sort == "StringsByInt" || f.Bitmap != nil {
			// moov's numeric sort panics on other names.
			if n, err := strconv.Atoi(s.Key); err != nil || n < 0 {
				b.problems.Add(s.AtKey.Errorf("the subfield name %q is not a number, which its sort order needs", s.Key))
			}
		}
		if f.Tag != nil && f.Tag.Sort == "StringsByHex" {
			if _, err := strconv.ParseUint(s.Key, 16, 64); err != nil || len(s.Key)%2 != 0 {
				b.problems.Add(s.AtKey.Errorf("the subfield name %q is not whole hexadecimal bytes, which its sort order needs", s.Key))
			}
		}
	}
	if f.Tag != nil {
		spec.Tag = b.tag(f.Tag)
	}
	if f.Bitmap != nil {
		if f.Bitmap.Type != "Bitmap" {
			b.problems.Add(f.Bitmap.Place.At("type").Errorf("the bitmap of a Composite has the type Bitmap, not %q", f.Bitmap.Type))
		} else if m, ok := b.build(f.Bitmap).(*field.Bitmap); ok {
			spec.Bitmap = m
		}
	}
	if f.Tag == nil && f.Bitmap == nil {
		b.problems.Add(f.Place.KeyNode("type").Errorf("a Composite needs a tag or a bitmap"))
	}
}

func (b *specBuilder) tag(t *tagFile) *field.TagSpec {
	tag := &field.TagSpec{
		Length:              t.Length,
		SkipUnknownTLVTags:  t.SkipUnknownTLVTags,
		StoreUnknownTLVTags: t.StoreUnknownTLVTags,
		Pad:                 b.padding(t.Padding),
	}
	tag.Sort, _ = choose(b, tagSorts, t.Sort, "sort order", t.Place.At("sort"))
	if t.Enc != "" {
		tag.Enc, _ = choose(b, encoders, t.Enc, "encoding", t.Place.At("enc"))
	}
	if t.PrefUnknownTLV != "" {
		tag.PrefUnknownTLV, _ = choose(b, prefixers, t.PrefUnknownTLV, "prefix", t.Place.At("prefUnknownTLV"))
	}
	if t.Length < 0 || t.Length > 255 {
		b.problems.Add(t.Place.At("length").Errorf("a tag length of %d; tags have 0 to 255", t.Length))
	}
	return tag
}

func (b *specBuilder) padding(p *paddingFile) padding.Padder {
	if p == nil {
		return nil
	}
	runes := []rune(p.Pad)
	if p.Type != "None" && len(runes) != 1 {
		b.problems.Add(p.Place.At("pad").Errorf("the pad %q is not one character", p.Pad))
		return nil
	}
	switch p.Type {
	case "Left":
		return padding.Left(runes[0])
	case "Right":
		return padding.Right(runes[0])
	case "None":
		return nil
	}
	b.problems.Add(p.Place.At("type").Errorf("no padding is called %q", p.Type).Suggest(p.Type, []string{"Left", "Right", "None"}))
	return nil
}
