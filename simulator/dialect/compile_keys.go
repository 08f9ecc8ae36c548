package dialect

import (
	"strconv"

	"github.com/acqsim/acqsim/simulator/security"
)

// keys compiles how terminal and host come to the same keys: by download (the
// default), or by DUKPT.
func (c *compiler) keys(k *keysFile) {
	switch k.Method {
	case "", "download":
		c.keyDownload(k)
	case "dukpt":
		c.dukpt(k)
	default:
		at := k.Place
		if at.At("method").Exists() {
			at = at.At("method")
		}
		c.fail(at.Errorf("no method of key management is called %q", k.Method).Suggest(k.Method, []string{"download", "dukpt"}))
	}
}

func (c *compiler) keyDownload(k *keysFile) {
	conv := &c.d.conv
	for _, other := range []string{"ksn", "reply_mac", "repeated_ksn"} {
		if k.Place.At(other).Exists() {
			c.fail(k.Place.At(other).Errorf("`%s` is for `method: dukpt`; keys that are downloaded have no serial number", other))
		}
	}
	for _, needed := range []string{"field", "codes"} {
		if !k.Place.At(needed).Exists() {
			c.fail(k.Place.Errorf("`%s` is missing: a key download needs it (or write `keys: dukpt`)", needed))
			return
		}
	}
	if c.defined(k.Place.At("field"), k.Field) != nil {
		conv.keyField = uint8(k.Field) //nolint:gosec // at most MaxField
	}
	forms := map[string]security.Download{
		"single": security.DownloadSingle, "double": security.DownloadDouble, "track": security.DownloadTrack,
	}
	for _, e := range k.Codes {
		code, err := strconv.ParseUint(e.Key, 10, 16)
		if err != nil || code == 0 || code > 999 {
			c.fail(e.AtKey.Errorf("%q is no network code: 001 to 999", e.Key))
		}
		form, ok := forms[e.Value]
		if !ok {
			c.fail(e.At.Errorf("no form of key download is called %q", e.Value).Suggest(e.Value, keys(forms)))
		}
		conv.downloads = append(conv.downloads, download{code: uint16(code), form: form}) //nolint:gosec // checked
	}
	if len(conv.networkCode) == 0 {
		c.fail(k.Place.Errorf("keys are downloaded by network code, but the conventions have no network_code"))
	}
}

// ksnDefault is where a key serial number stands if the file does not say.
const ksnDefault = "53"

func (c *compiler) dukpt(k *keysFile) {
	rule := &c.d.conv.dukpt
	for _, other := range []string{"field", "codes"} {
		if k.Place.At(other).Exists() {
			c.fail(k.Place.At(other).Errorf("`%s` is for a key download; under DUKPT every key comes from the key serial number", other))
		}
	}
	at, text := k.Place, pathText(ksnDefault)
	if k.KSN != "" {
		at, text = k.Place.At("ksn"), k.KSN
	}
	if p := c.path(at, text); p.isSet() {
		rule.ksn = p
		l := &c.d.fields[p.field]
		if n := l.ksnDigits(p); l.numeric() || l.packedNibbles() || l.value == viaMoov || n < 16 || (l.prefix == fixedLength || !p.whole()) && n != 16 && n != 20 {
			c.fail(at.Errorf("a key serial number has letters and 16 or 20 hexadecimal digits: make field %d a Binary of 8 or 10 bytes, or a text of 16 or 20 characters", p.field))
		}
	}
	switch k.ReplyMAC {
	case "", "response":
	case "request":
		rule.requestKeyInRep = true
	default:
		c.fail(k.Place.At("reply_mac").Errorf("%q is neither response nor request", k.ReplyMAC))
	}
	switch k.RepeatedKSN {
	case "", "note":
	case "refuse":
		rule.refuseRepeated = true
	default:
		c.fail(k.Place.At("repeated_ksn").Errorf("%q is neither note nor refuse", k.RepeatedKSN))
	}
	if c.d.conv.macField != 0 && c.d.conv.macAlgorithm == security.X99 {
		c.fail(k.Place.Errorf("DUKPT makes MAC keys of 16 bytes, and x9.9 takes 8: use x9.19 or iso9797-1"))
	}
}

// binary reports whether a field is given and read as bytes.
func (l *layout) binary() bool { return l.value == hexBytes || l.value == anyBytes && !l.charset }

// ksnDigits returns how many hexadecimal digits have room at p.
func (l *layout) ksnDigits(p path) int {
	n := int(p.length)
	if n == 0 {
		n = int(l.max) - int(p.offset)
	}
	if l.binary() {
		n *= 2
	}
	return n
}

// shortestChip is the room that the host's answer to a chip needs: counter and
// issuer authentication data.
const shortestChip = 17

func (c *compiler) chip(f *chipFile) {
	at := f.Place.At("field")
	l := c.defined(at, f.Field)
	if l == nil {
		return
	}
	room := int(l.max)
	if !l.binary() {
		room /= 2
	}
	if l.numeric() || l.packedNibbles() || l.value == viaMoov || l.prefix == fixedLength || room < shortestChip {
		c.fail(at.Errorf("chip data is BER-TLV: make field %d a Binary of variable length, or a text of variable length that holds hexadecimal characters", f.Field))
		return
	}
	c.d.conv.chipField = uint8(f.Field) //nolint:gosec // at most MaxField
}
