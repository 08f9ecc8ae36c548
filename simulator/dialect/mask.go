package dialect

import (
	"math/bits"

	"github.com/acqsim/acqsim/scenarios/transcript"
)

// maskKind is how the secrets of a field are made safe.
type maskKind uint8

const (
	keep       maskKind = iota // cannot hold a card number, or names something else
	cardNumber                 // DE 2, 34
	track                      // DE 35, 36
	track1                     // DE 45
	erase                      // PIN block, security code
	keyBlock                   // DE 62 of a key download, otherwise as free
	chip                       // DE 55
	originals                  // DE 90: kept if it is original data
	amounts                    // DE 54: kept if it is a row of amounts
	settlement                 // fields of settlements and uploads: kept but for card numbers where they are that
	number                     // a fixed number: searched without leading zeros
	free                       // searched for card numbers
)

// identifiers name hosts, terminals and merchants: a Luhn digit in them is
// chance, and a masked one would be useless as evidence.
var identifiers = map[int]bool{37: true, 41: true, 42: true}

// maskKindOf decides once per field.
func (d *Dialect) maskKindOf(n int) maskKind {
	l := &d.fields[n]
	longest := int(l.max)
	if l.value == anyBytes || l.value == hexBytes || l.value == viaMoov {
		longest *= 2 // packed digits
	}
	switch {
	case !l.defined || n == int(d.conv.macField) || identifiers[n]:
		return keep
	case n == 2 || n == 34:
		return cardNumber
	case n == 35 || n == 36:
		return track
	case n == 45:
		return track1
	case n == int(d.conv.pinField) || n == 52 || n == 96:
		return erase
	case n == int(d.conv.keyField):
		return keyBlock
	case longest < 13:
		return keep
	case d.conv.settlement.has(n):
		return settlement
	case n == 55:
		return chip
	case n == 90:
		return originals
	case n == 54:
		return amounts
	case l.prefix == fixedLength && l.numeric():
		return number
	}
	return free
}

// Mask makes a recorded message safe, in place: b is a copy of a frame or body,
// ix the index of the body in it, bodyAt where that starts. Card numbers keep
// their first 6 and last 4 digits, tracks the card number's; PIN blocks and
// keys become zeros; every other field but those that name host, terminal and
// merchant is searched for runs of digits that could be a card number. Filler
// is the digit 0, so that what is masked keeps its length and still decodes.
// A body that could not be read to its end is also searched as a whole.
//
// The result says which secrets the message held. It is shared between calls
// and must not be changed. Nothing is allocated as long as secrets stand where
// they belong.
func (d *Dialect) Mask(b []byte, ix *Index, bodyAt int) []transcript.Secret {
	if bodyAt < 0 || bodyAt > len(b) {
		transcript.MaskRuns(b)
		return nil
	}
	body := b[bodyAt:]
	if ix.end > len(body) {
		transcript.MaskRuns(body)
		return nil
	}
	var found secretSet
	for w, word := range ix.present {
		for word &= d.masked[w]; word != 0; {
			bit := bits.LeadingZeros64(word)
			word &^= 1 << (63 - bit)
			n := w*64 + bit + 1
			if secret := d.maskField(body, ix, n, d.masks[n]); secret != noSecret {
				found.add(n, secret)
			}
		}
	}
	if !ix.whole || ix.end != len(body) {
		// Something is amiss, so a field may not be what it seems.
		transcript.MaskRuns(body)
	}
	return d.secrets.list(&found)
}

// MaskReply is [Dialect.Mask] for the reply that AppendReply made last from req:
// it knows already where everything stands. It leaves out what the host says
// itself, which Mask finds nothing in: both leave the same bytes.
func (d *Dialect) MaskReply(b []byte, req *Request, bodyAt int) []transcript.Secret {
	return d.Mask(b, &req.reply, bodyAt)
}

func (d *Dialect) maskField(body []byte, ix *Index, n int, kind maskKind) secretKind {
	l := &d.fields[n]
	value, units := ix.Value(body, n), ix.Units(n)
	if kind == keyBlock {
		if kind = free; d.isKeyDownload(body, ix) {
			zero(l, value)
			return keySecret
		}
		if d.isDownload(body, ix, l, value) {
			return noSecret
		}
	}
	switch kind {
	case cardNumber:
		return maskCardNumber(l, value, units)
	case track:
		return maskTrack(l, value, units)
	case track1:
		l.maskTrack1(value)
		if l.value == viaMoov {
			keepMonth(value)
		}
		return trackSecret
	case erase:
		zero(l, value)
		if n == 96 {
			return keySecret
		}
		return pinSecret
	case chip:
		return maskChip(l, value)
	case originals:
		if l.isOriginalData(value, units) {
			return noSecret
		}
	case amounts:
		if l.areAmounts(value) {
			return noSecret
		}
	case settlement:
		if secret, ok := d.maskSettlement(body, n, value, units); ok {
			return secret
		}
	case number:
		if l.significant(value, units) < 13 {
			return noSecret
		}
	}
	if d.fitsParts(body, ix, n) {
		return noSecret
	}
	return search(l, value, units)
}

// search masks what could be card numbers in a value of any kind. Runs that
// were zeros before are no secret.
func search(l *layout, value []byte, units int) secretKind {
	if len(value) < 7 || l.packedNibbles() && units < 13 {
		return noSecret
	}
	text := l.value == asciiText || l.value == asciiDigit || l.value == hexBytes || l.page != nil || l.charset && isText(value) ||
		l.characters && areDigitsAndSpaces(value)
	before := hashBytes(hashStart, value)
	masked := 0
	// Called by name, so that the value need not be allocated.
	if text {
		masked = transcript.MaskText(value)
	} else {
		masked = transcript.MaskRuns(value)
	}
	if masked == 0 || hashBytes(hashStart, value) == before {
		return noSecret
	}
	return panSecret
}

// isText reports whether bytes could be text: no control characters but the
// white space ones.
func isText(b []byte) bool {
	for _, c := range b {
		if c < ' ' && c != '\t' && c != '\n' && c != '\r' {
			return false
		}
	}
	return true
}

// areDigitsAndSpaces reports whether bytes of a text are nothing else: a packed
// card number would have a 3 or a 20 in every other place.
func areDigitsAndSpaces(b []byte) bool {
	for _, c := range b {
		if (c < '0' || c > '9') && c != ' ' {
			return false
		}
	}
	return true
}

// zero erases a value: zero bytes, or the digit 0 in characters.
func zero(l *layout, value []byte) {
	fill := byte(0)
	switch l.value {
	case hexBytes, asciiDigit, asciiText:
		fill = '0'
	case pageText, zonedDigit:
		fill = 0xF0
	}
	for i := range value {
		value[i] = fill
	}
}

func maskCardNumber(l *layout, value []byte, units int) secretKind {
	switch {
	case units == 0:
		return noSecret
	case l.value == asciiDigit && units > 6+4:
		for i := range value[6 : units-4] {
			value[6+i] = '0'
		}
	case l.packedNibbles():
		transcript.MaskBCD(value, units, l.value != bcdRight, 6, 4)
	case l.binaryOnLine():
		transcript.MaskBCD(value, 2*len(value), true, 6, 4)
	default:
		transcript.MaskDigits(value, 6, 4)
	}
	return panSecret
}

func maskTrack(l *layout, value []byte, units int) secretKind {
	switch {
	case units == 0:
		return noSecret
	case l.packedNibbles():
		transcript.MaskTrackBCD(value, units, l.value != bcdRight)
	case l.binaryOnLine() || l.value == hexBytes:
		zero(l, value)
	default:
		transcript.MaskTrack(value)
		if l.value == viaMoov {
			keepMonth(value)
		}
	}
	return trackSecret
}

// keepMonth makes the expiry date of a masked track a date again, for moov's
// track types, which refuse a month of 00.
func keepMonth(value []byte) {
	for i := len(value) - 1; i >= 0; i-- {
		switch value[i] {
		case '=', 'D', '^', 0x7E, 0xC4, 0x5F, 0xB0: // the last four in EBCDIC
			if i+4 < len(value) && (value[i+4] == '0' || value[i+4] == 0xF0) {
				value[i+4] |= 1
			}
			return
		}
	}
}

// binaryOnLine reports whether a value is not written in characters.
func (l *layout) binaryOnLine() bool {
	switch l.value {
	case anyBytes:
		return !l.charset
	case viaMoov:
		switch e := l.spec.Spec().Enc.(type) {
		case nil, pageEncoder, zonedEncoder:
			return false
		case textEncoder:
			return e.any
		}
		return true
	}
	return false
}

// maskTrack1 masks "B, number, ^, name, ^, dates and more": the number's middle
// and every digit after it. Without that shape nothing stays but letters.
func (l *layout) maskTrack1(value []byte) {
	separator := byte('^')
	if l.page != nil {
		separator = l.page.fromText['^']
	}
	number := 0
	for number < len(value) && value[number] != separator {
		number++
	}
	if number > 12 && number < len(value) {
		transcript.MaskDigits(value[:number], 6, 4)
		transcript.MaskDigits(value[number:], 0, 0)
		return
	}
	transcript.MaskDigits(value, 0, 0)
}

// isKeyDownload reports whether the message answers a sign-on with keys: a
// network reply whose network code asks for some, or says nothing.
func (d *Dialect) isKeyDownload(body []byte, ix *Index) bool {
	mti := d.readMTI(body)
	if classOf(mti) != networkClass || mti/10%2 == 0 {
		return false
	}
	for _, p := range d.conv.networkCode {
		l, value, offset, n, ok := d.locate(body, ix, p)
		if !ok {
			continue
		}
		code, ok := l.number(value, offset, n)
		if !ok {
			return true
		}
		for _, k := range d.conv.downloads {
			if uint64(k.code) == code {
				return true
			}
		}
		return false
	}
	return true
}

func (d *Dialect) readMTI(body []byte) uint16 {
	size := d.mti.bytes(4)
	if len(body) < size {
		return 0
	}
	n, _ := d.mti.number(body[:size], 0, 4)
	return uint16(n) //nolint:gosec // 4 digits
}
