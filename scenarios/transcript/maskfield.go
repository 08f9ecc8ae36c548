package transcript

import "strings"

// MaskPAN returns a card number for people to read: its first 6 and last 4
// digits, and a * for each one between. Of anything shorter than 11 characters
// nothing is shown. A masked number in a recorded frame has zeros instead, so
// that it still decodes: see [MaskDigits] and [MaskBCD].
func MaskPAN(pan string) string {
	if len(pan) <= keptFirst+keptLast {
		return strings.Repeat("*", len(pan))
	}
	hidden := len(pan) - keptFirst - keptLast
	return pan[:keptFirst] + strings.Repeat("*", hidden) + pan[keptFirst+hidden:]
}

// MaskDigits sets every digit of a field of characters, ASCII or EBCDIC, to 0,
// in place, except its first keepFirst and its last keepLast digits. Other
// characters stay, and don't count. A field with no more digits than are to be
// kept keeps none.
func MaskDigits(b []byte, keepFirst, keepLast int) {
	digits := 0
	for _, c := range b {
		if isCharacterDigit(c) {
			digits++
		}
	}
	keepFirst, keepLast = kept(digits, keepFirst, keepLast)
	seen := 0
	for i, c := range b {
		if !isCharacterDigit(c) {
			continue
		}
		if seen >= keepFirst && seen < digits-keepLast {
			b[i] &= 0xf0
		}
		seen++
	}
}

// MaskBCD sets the digits of a packed field to 0, in place, except its first
// keepFirst and its last keepLast ones. The field has the given number of
// digits; leftAligned says that an odd number begins in the high nibble of the
// first byte, with the padding nibble last. Padding and nibbles that are no
// digits stay. A field with no more digits than are to be kept keeps none, and
// digits beyond the end of b are ignored.
func MaskBCD(b []byte, digits int, leftAligned bool, keepFirst, keepLast int) {
	from, to := packedDigitsOf(b, digits, leftAligned)
	keepFirst, keepLast = kept(to-from, keepFirst, keepLast)
	zeroNibbles(b, from+keepFirst, to-keepLast)
}

// MaskTrack masks a track 2 or 3 of characters, ASCII or EBCDIC, in place: of
// the card number before the first separator (= or D) its first 6 and last 4
// digits stay; every digit after it (expiry, service code, discretionary data)
// becomes 0. Without a separator, or with something other than 12 to 19 digits
// before it, nothing is kept: such a track may be encrypted.
func MaskTrack(b []byte) {
	for i, c := range b {
		if isCharacterDigit(c) {
			continue
		}
		if isSeparator(c) && i >= 12 && i <= longestPAN {
			MaskDigits(b[:i], keptFirst, keptLast)
			MaskDigits(b[i:], 0, 0)
			return
		}
		break
	}
	MaskDigits(b, 0, 0)
}

// MaskTrackBCD is [MaskTrack] for a packed track, whose separator is the nibble
// D; digits and leftAligned are as for [MaskBCD].
func MaskTrackBCD(b []byte, digits int, leftAligned bool) {
	from, to := packedDigitsOf(b, digits, leftAligned)
	for j := from; j < to; j++ {
		n := nibbleOf(b, j)
		if n <= 9 {
			continue
		}
		if n == 0xd && j-from >= 12 && j-from <= longestPAN {
			zeroNibbles(b, from+keptFirst, j-keptLast)
			zeroNibbles(b, j, to)
			return
		}
		break
	}
	zeroNibbles(b, from, to)
}

func isCharacterDigit(c byte) bool {
	return c >= '0' && c <= '9' || c >= 0xf0 && c <= 0xf9
}

// isSeparator: = and D in ASCII, and the same two in EBCDIC.
func isSeparator(c byte) bool {
	return c == '=' || c == 'D' || c == 0x7e || c == 0xc4
}

// kept is how many digits are shown of a field: none where that would be all.
func kept(digits, first, last int) (int, int) {
	first, last = max(first, 0), max(last, 0)
	if first+last >= digits {
		return 0, 0
	}
	return first, last
}

// packedDigitsOf returns the nibbles [from, to) in which a packed field has
// its digits.
func packedDigitsOf(b []byte, digits int, leftAligned bool) (from, to int) {
	odd := digits%2 == 1
	digits = min(max(digits, 0), 2*len(b))
	if odd && !leftAligned {
		from = 1
	}
	return min(from, 2*len(b)), min(from+digits, 2*len(b))
}

func nibbleOf(b []byte, j int) byte {
	if j&1 == 0 {
		return b[j/2] >> 4
	}
	return b[j/2] & 0x0f
}

// zeroNibbles clears the digits among nibbles from to to.
func zeroNibbles(b []byte, from, to int) {
	for j := from; j < to; j++ {
		if whole := j&1 == 0 && j+1 < to; whole && b[j/2] <= 0x99 && b[j/2]&0x0f <= 9 {
			b[j/2] = 0 // two digits at once
			j++
			continue
		}
		if nibbleOf(b, j) <= 9 {
			clearNibble(b, j)
		}
	}
}
