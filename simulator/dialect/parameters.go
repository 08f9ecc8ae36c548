package dialect

import (
	"strconv"

	"github.com/acqsim/acqsim/scenarios/strictyaml"
)

// ParameterList is a kind of what terminals download.
type ParameterList uint8

// The kinds. NoParameters is a network code that the dialect does not list.
const (
	NoParameters       ParameterList = iota
	TerminalParameters               // how the terminal is set up 终端参数
	PublicKeys                       // certification authorities' public keys for chip cards IC卡公钥
	ChipParameters                   // the applications of chip cards IC卡参数
)

// parameterRule is how terminals download parameters. The zero value: not at
// all.
type parameterRule struct {
	field uint8
	lists []parameterCode
}

type parameterCode struct {
	code uint16
	list ParameterList
}

// ParameterList returns what a status upload, a download or its end is about.
func (d *Dialect) ParameterList(req *Request) ParameterList {
	for _, c := range d.conv.parameters.lists {
		if c.code == req.NetworkCode {
			return c.list
		}
	}
	return NoParameters
}

// ParameterData returns what the request says in the field of parameters: a
// status, or which part it wants. It is valid until the frame's buffer is; nil:
// absent.
func (d *Dialect) ParameterData(req *Request) []byte {
	n := int(d.conv.parameters.field)
	if n == 0 || !req.Index.Has(n) {
		return nil
	}
	return d.bytes(req, n, make([]byte, (req.Index.Units(n)+1)/2))
}

// isDownload reports whether a value is public keys or chip applications, or
// names one: nothing in it is a card number, and digits in it are chance.
func (d *Dialect) isDownload(body []byte, ix *Index, l *layout, value []byte) bool {
	if l.value != anyBytes || len(value) < 2 {
		return false
	}
	for _, p := range d.conv.networkCode {
		l, code, offset, n, ok := d.locate(body, ix, p)
		if !ok {
			continue
		}
		number, ok := l.number(code, offset, n)
		return ok && d.downloadsChipData(number) && isDownloadData(value)
	}
	return false
}

func (d *Dialect) downloadsChipData(code uint64) bool {
	for _, c := range d.conv.parameters.lists {
		if uint64(c.code) == code {
			return c.list == PublicKeys || c.list == ChipParameters
		}
	}
	return false
}

// isDownloadData reports whether a value is data elements of downloads only,
// the first of which is an RID or AID, with or without the byte 0 to 3 in front
// that answers have.
func isDownloadData(value []byte) bool {
	if value[0] >= '0' && value[0] <= '3' {
		value = value[1:]
	}
	if !isTLV(value) {
		return false
	}
	first := true
	for len(value) > 0 {
		tag, element, rest := cutTLV(value)
		if first && tag != 0x9F06 || !isDownloadTag(tag, element) {
			return false
		}
		first, value = false, rest
	}
	return true
}

// isDownloadTag knows the data elements of public keys (9F06, 9F22, DF02 to DF07)
// and of chip applications (DF01, DF11 to DF21, 9F08, 9F09, 9F1B, 9F7B).
func isDownloadTag(tag uint32, value []byte) bool {
	switch {
	case tag == 0xDF02: // a modulus
		return len(value) >= 64
	case tag == 0xDF03: // a check sum
		return len(value) == 20
	case tag == 0x9F06:
		return len(value) >= 5 && len(value) <= 16 && value[0]&0xF0 == 0xA0
	case tag == 0xDF05: // a date in characters
		for _, c := range value {
			if c < '0' || c > '9' {
				return false
			}
		}
		return len(value) == 8 && (value[0] == '1' && value[1] == '9' || value[0] == '2' && value[1] == '0')
	}
	return len(value) <= 6 && (tag == 0x9F22 || tag == 0x9F08 || tag == 0x9F09 || tag == 0x9F1B || tag == 0x9F7B ||
		tag >= 0xDF01 && tag <= 0xDF07 || tag >= 0xDF11 && tag <= 0xDF21)
}

type parametersFile struct {
	Field int      `yaml:"field,required"`
	Own   []string `yaml:"terminal"`
	Keys  []string `yaml:"public_keys"`
	Chip  []string `yaml:"chip"`
	Place strictyaml.Node
}

func (c *compiler) parameters(f *parametersFile) {
	if f == nil {
		return
	}
	rule := &c.d.conv.parameters
	if l := c.defined(f.Place.At("field"), f.Field); l != nil {
		rule.field = uint8(f.Field) //nolint:gosec // at most MaxField
		if l.value != anyBytes && l.value != hexBytes || l.charset {
			c.fail(f.Place.At("field").Errorf("field %d must be a Binary", f.Field))
		}
	}
	for _, of := range []struct {
		key   string
		codes []string
		list  ParameterList
	}{{"terminal", f.Own, TerminalParameters}, {"public_keys", f.Keys, PublicKeys}, {"chip", f.Chip, ChipParameters}} {
		for i, text := range of.codes {
			code, err := strconv.ParseUint(text, 10, 16)
			if err != nil || code == 0 || code > 999 {
				c.fail(f.Place.At(of.key, i).Errorf("%q is no network code: 001 to 999", text))
				continue
			}
			rule.lists = append(rule.lists, parameterCode{uint16(code), of.list}) //nolint:gosec // checked
		}
	}
	if len(c.d.conv.networkCode) == 0 {
		c.fail(f.Place.Errorf("parameters are downloaded by network code, but the conventions have no network_code"))
	}
}
