package dialect

import (
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/acqsim/acqsim/scenarios/world"
	"github.com/moov-io/iso8583/field"
)

// FieldView is one field of a message for people to read. Nothing in it is
// masked but what was masked in the bytes.
type FieldView struct {
	Number int    // 0 is the MTI, 1 the bitmap
	Path   string // "60", of a part "60.2", of a chip data element "55.9F26"
	Name   world.Bilingual
	Value  string // text in UTF-8; binary values in hexadecimal
	Raw    []byte // as it stands in the body, its length prefix included
	Offset int    // of Raw in the body; of a part: of its first byte
	Sub    []FieldView
}

// View decodes a body into its fields, in the order of the message, as far as
// it can be read; the error, a [*FormatError], says where and why it ended. Raw
// slices point into the body.
func (d *Dialect) View(body []byte) ([]FieldView, error) {
	var ix Index
	_, err := d.Index(body, &ix)
	var all []FieldView
	if ix.end == 0 {
		return nil, err
	}
	size := d.mti.bytes(4)
	all = append(all, FieldView{
		Number: 0, Path: "0", Name: d.names[0], Raw: body[:size:size],
		Value: string(d.mti.text(nil, body[:size], 0, 4)),
	})
	end := ix.end
	if first := ix.Next(0); first > 0 {
		end = ix.Offset(first)
	}
	if end > size {
		all = append(all, FieldView{
			Number: 1, Path: "1", Name: d.names[1], Raw: body[size:end:end], Offset: size,
			Value: d.bitmapText(body[size:end]),
		})
	}
	for n := ix.Next(0); n > 0; n = ix.Next(n) {
		all = append(all, d.viewField(body, &ix, n))
	}
	return all, err
}

// bitmapText lists the fields that the bitmap names.
func (d *Dialect) bitmapText(b []byte) string {
	var ix Index
	if _, _, err := d.bitmap.read(b, &ix.present); err != nil {
		return hex.EncodeToString(b)
	}
	var text []byte
	for n := ix.Next(0); n > 0; n = ix.Next(n) {
		if len(text) > 0 {
			text = append(text, ' ')
		}
		text = strconv.AppendInt(text, int64(n), 10)
	}
	return string(text)
}

func (d *Dialect) viewField(body []byte, ix *Index, n int) FieldView {
	l := &d.fields[n]
	raw, value := ix.Raw(body, n), ix.Value(body, n)
	v := FieldView{Number: n, Path: strconv.Itoa(n), Name: d.names[n], Raw: raw, Offset: ix.Offset(n)}
	at := v.Offset + len(raw) - len(value)
	f := field.NewInstanceOf(l.spec)
	if _, err := unpackSafely(f, raw); err != nil {
		v.Value = fmt.Sprintf("%X", raw)
		return v
	}
	text, err := f.String()
	if err != nil {
		text = fmt.Sprintf("%X", value)
	}
	v.Value = text
	for i := range d.parts[n] {
		if sub, ok := d.viewPart(l, &d.parts[n][i], v.Path, value, ix.Units(n), at); ok {
			sub.Number = n
			v.Sub = append(v.Sub, sub)
		}
	}
	switch c := f.(type) {
	case *field.Composite:
		subfields := c.GetSubfields()
		for _, key := range slices.Sorted(maps.Keys(subfields)) {
			text, err := subfields[key].String()
			if err != nil {
				continue
			}
			v.Sub = append(v.Sub, FieldView{
				Number: n, Path: v.Path + "." + key, Value: text, Offset: v.Offset,
				Name: world.Bilingual{EN: subfields[key].Spec().Description},
			})
		}
	default:
		if n == 55 {
			v.Sub = l.viewChip(value, v.Path, at)
		}
	}
	return v
}

// viewPart shows the part of a value, or what there is of it.
func (d *Dialect) viewPart(l *layout, p *part, parent string, value []byte, units, at int) (FieldView, bool) {
	n := p.length
	if n == 0 || p.offset+n > units {
		n = units - p.offset
	}
	if n <= 0 {
		return FieldView{}, false
	}
	v := FieldView{Path: parent + "." + p.id, Name: p.names}
	first := l.firstNibble(units) + p.offset
	text := l.text(nil, value, first, n)
	from, to := first, first+n
	if l.packedNibbles() {
		from, to = first/2, (first+n+1)/2
	}
	if l.value == hexBytes {
		from, to = 2*first, 2*(first+n)
	}
	if l.charset {
		if decoded, _, err := (gbkEncoder{}).Decode(text, len(text)); err == nil {
			text = decoded
		}
	}
	v.Value, v.Raw, v.Offset = string(text), value[from:to:to], at+from
	return v, true
}

// viewChip shows the data elements of a DE 55, which starts at offset at, where
// it is BER-TLV: in binary or, in text dialects, as hexadecimal characters.
func (l *layout) viewChip(value []byte, parent string, at int) []FieldView {
	if l.value == anyBytes && isTLV(value) {
		return viewTLV(value, value, parent, at)
	}
	text := value
	switch {
	case l.packedNibbles() || l.value == viaMoov:
		return nil
	case l.page != nil:
		text = l.page.appendText(nil, value)
	}
	b, err := hex.DecodeString(string(text))
	if err != nil || !isTLV(b) {
		return nil
	}
	return viewTLV(b, value, parent, at)
}

// viewTLV shows the data elements b, which stand in line as they are or with
// two characters for each byte.
func viewTLV(b, line []byte, parent string, at int) (all []FieldView) {
	width := 1
	if len(line) > len(b) {
		width = 2
	}
	for from := 0; from < len(b); {
		tag, value, rest := cutTLV(b[from:])
		to := len(b) - len(rest)
		v := FieldView{
			Number: 55, Path: fmt.Sprintf("%s.%X", parent, tag), Name: chipTags[tag], Value: fmt.Sprintf("%X", value),
			Raw: line[width*from : width*to : width*to], Offset: at + width*from,
		}
		if constructed(tag) && isTLV(value) {
			start := to - len(value)
			v.Sub = viewTLV(value, line[width*start:width*to], v.Path, at+width*start)
		}
		all = append(all, v)
		from = to
	}
	return all
}

// chipTags names the data elements that are usual in DE 55. Source: EMV 4.3
// Book 3, annex A; the names in Chinese are the usual ones of PBOC 3.0.
var chipTags = map[uint32]world.Bilingual{
	0x4F:   {EN: "Application identifier (card)", ZH: "应用标识符"},
	0x50:   {EN: "Application label", ZH: "应用标签"},
	0x56:   {EN: "Track 1 equivalent data", ZH: "磁道 1 等效数据"},
	0x57:   {EN: "Track 2 equivalent data", ZH: "磁道 2 等效数据"},
	0x5A:   {EN: "Application PAN", ZH: "应用主账号"},
	0x5F20: {EN: "Cardholder name", ZH: "持卡人姓名"},
	0x5F24: {EN: "Application expiration date", ZH: "应用失效日期"},
	0x5F2A: {EN: "Transaction currency code", ZH: "交易货币代码"},
	0x5F34: {EN: "PAN sequence number", ZH: "主账号序列号"},
	0x71:   {EN: "Issuer script template 1", ZH: "发卡行脚本模板 1"},
	0x72:   {EN: "Issuer script template 2", ZH: "发卡行脚本模板 2"},
	0x82:   {EN: "Application interchange profile", ZH: "应用交互特征"},
	0x84:   {EN: "Dedicated file name", ZH: "专用文件名称"},
	0x8A:   {EN: "Authorisation response code", ZH: "授权响应码"},
	0x91:   {EN: "Issuer authentication data", ZH: "发卡行认证数据"},
	0x95:   {EN: "Terminal verification results", ZH: "终端验证结果"},
	0x9A:   {EN: "Transaction date", ZH: "交易日期"},
	0x9C:   {EN: "Transaction type", ZH: "交易类型"},
	0x9F02: {EN: "Amount, authorised", ZH: "授权金额"},
	0x9F03: {EN: "Amount, other", ZH: "其它金额"},
	0x9F06: {EN: "Application identifier (terminal)", ZH: "终端应用标识符"},
	0x9F09: {EN: "Application version number", ZH: "应用版本号"},
	0x9F10: {EN: "Issuer application data", ZH: "发卡行应用数据"},
	0x9F1A: {EN: "Terminal country code", ZH: "终端国家代码"},
	0x9F1E: {EN: "Interface device serial number", ZH: "接口设备序列号"},
	0x9F26: {EN: "Application cryptogram", ZH: "应用密文"},
	0x9F27: {EN: "Cryptogram information data", ZH: "密文信息数据"},
	0x9F33: {EN: "Terminal capabilities", ZH: "终端性能"},
	0x9F34: {EN: "Cardholder verification results", ZH: "持卡人验证结果"},
	0x9F35: {EN: "Terminal type", ZH: "终端类型"},
	0x9F36: {EN: "Application transaction counter", ZH: "应用交易计数器"},
	0x9F37: {EN: "Unpredictable number", ZH: "不可预知数"},
	0x9F41: {EN: "Transaction sequence counter", ZH: "交易序列计数器"},
	0x9F63: {EN: "Card product identification", ZH: "卡产品标识信息"},
	0x9F6B: {EN: "Track 2 data (contactless)", ZH: "非接触磁道 2 数据"},
}
