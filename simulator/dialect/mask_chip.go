package dialect

import "github.com/acqsim/acqsim/scenarios/transcript"

// maskChip masks the data elements of a DE 55. Those of chips are BER-TLV (EMV
// Book 3, annex B), in binary or, in text dialects, as hexadecimal characters.
// What is no BER-TLV is searched as a whole.
func maskChip(l *layout, value []byte) secretKind {
	if l.value == anyBytes && !l.charset {
		if found, ok := maskTLV(value, 0); ok {
			return found
		}
		return search(l, value, len(value))
	}
	if found, ok := maskHexTLV(value); ok {
		return found
	}
	return search(l, value, len(value))
}

// maskHexTLV masks BER-TLV written as hexadecimal characters.
func maskHexTLV(text []byte) (secretKind, bool) {
	var buf [512]byte
	if len(text)%2 != 0 || len(text)/2 > len(buf) {
		return noSecret, false
	}
	b := buf[:len(text)/2]
	for i := range b {
		high, low := unhex(text[2*i]), unhex(text[2*i+1])
		if high > 15 || low > 15 {
			return noSecret, false
		}
		b[i] = high<<4 | low
	}
	found, ok := maskTLV(b, 0)
	if !ok {
		return noSecret, false
	}
	for i, c := range b {
		// Only what changed is written, so that the letters keep their case.
		if unhex(text[2*i]) != c>>4 {
			text[2*i] = nibbles[c>>4]
		}
		if unhex(text[2*i+1]) != c&0xF {
			text[2*i+1] = nibbles[c&0xF]
		}
	}
	return found, true
}

// deepestTLV bounds how far templates are looked into.
const deepestTLV = 8

// maskTLV walks over data elements: card numbers and tracks are masked by their
// tag, everything else is searched. It reports false, with whatever it did
// before, where b is no BER-TLV.
func maskTLV(b []byte, depth int) (found secretKind, ok bool) {
	if !isTLV(b) || depth > deepestTLV {
		return noSecret, false
	}
	for len(b) > 0 {
		tag, value, rest := cutTLV(b)
		secret := noSecret
		switch {
		case tag == 0x5A: // application PAN: an odd one is padded with F behind
			transcript.MaskBCD(value, packedLength(value), true, 6, 4)
			secret = panSecret
		case tag == 0x57 || tag == 0x9F6B: // track 2 equivalent; contactless track 2
			transcript.MaskTrackBCD(value, packedLength(value), true)
			secret = trackSecret
		case tag == 0x56 || tag == 0x9F1F || tag == 0x9F20: // track 1 equivalent; discretionary data
			for i := range value {
				value[i] = 0
			}
			secret = trackSecret
		case constructed(tag):
			if inner, ok := maskTLV(value, depth+1); ok {
				secret = inner
			} else {
				secret = search(&binaryValue, value, len(value))
			}
		case tag == 0x9F26 || tag == 0x9F10 || tag == 0x91:
			// Cryptograms: digits in them are chance, and they are evidence.
		default:
			secret = search(&binaryValue, value, len(value))
		}
		found = max(found, secret)
		b = rest
	}
	return found, true
}

// binaryValue is the layout of a data element.
var binaryValue = layout{defined: true, value: anyBytes}

// constructed reports whether a tag's value is data elements: bit 6 of the
// tag's first byte.
func constructed(tag uint32) bool {
	for tag > 0xFF {
		tag >>= 8
	}
	return tag&0x20 != 0
}

// packedLength returns how many nibbles of a packed value are digits or
// separators, without the filler F behind them.
func packedLength(b []byte) int {
	n := 2 * len(b)
	for n > 0 {
		c := b[(n-1)/2]
		if n%2 != 0 {
			c >>= 4
		}
		if c&0xF != 0xF {
			break
		}
		n--
	}
	return n
}

// isTLV reports whether b is data elements to its end.
func isTLV(b []byte) bool {
	for len(b) > 0 {
		tag, _, rest := cutTLV(b)
		if tag == 0 {
			return false
		}
		b = rest
	}
	return true
}

// cutTLV takes the first data element from b; tag 0 says that there is none.
// Tags have up to 3 bytes, lengths up to 2 after their first.
func cutTLV(b []byte) (tag uint32, value, rest []byte) {
	at := 1
	tag = uint32(b[0])
	if b[0]&0x1F == 0x1F {
		for more := true; more; at++ {
			if at >= len(b) || at > 2 {
				return 0, nil, nil
			}
			tag = tag<<8 | uint32(b[at])
			more = b[at]&0x80 != 0
		}
	}
	if at >= len(b) || tag == 0 {
		return 0, nil, nil
	}
	length := int(b[at])
	at++
	if length >= 0x80 {
		size := length & 0x7F
		if size < 1 || size > 2 || at+size > len(b) {
			return 0, nil, nil
		}
		length = 0
		for _, c := range b[at : at+size] {
			length = length<<8 | int(c)
		}
		at += size
	}
	if length > len(b)-at {
		return 0, nil, nil
	}
	return tag, b[at : at+length], b[at+length:]
}
