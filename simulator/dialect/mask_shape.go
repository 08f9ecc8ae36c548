package dialect

// What tells structured digits from card numbers: Mask keeps what has its shape.

// significant returns how many digits of a number remain without leading zeros.
func (l *layout) significant(value []byte, units int) int {
	for i := range units {
		if n, ok := l.number(value, l.firstNibble(units)+i, 1); !ok || n != 0 {
			return units - i
		}
	}
	return 0
}

// firstNibble is where the digits of a packed value start, in nibbles.
func (l *layout) firstNibble(units int) int {
	if l.value == bcdRight && units%2 != 0 {
		return 1
	}
	return 0
}

// isOriginalData reports whether DE 90 is what it should be: an original MTI
// and a date and time, or zeros for it.
func (l *layout) isOriginalData(value []byte, units int) bool {
	if units != 42 || !l.numeric() {
		return false
	}
	mti, _ := l.number(value, 0, 4)
	when, _ := l.number(value, 10, 10)
	_, isRequest := ReplyMTI(uint16(mti)) //nolint:gosec // 4 digits
	return mti < 1000 && isRequest && (when == 0 || isMonthDay(when/1e6) && when/1e4%100 < 24 && when/100%100 < 60 && when%100 < 60)
}

// areAmounts reports whether DE 54 is a row of amounts (see [additionalAmount]),
// in whole. Side by side their digits pass for a card number by chance.
func (l *layout) areAmounts(value []byte) bool {
	switch l.value {
	case asciiText, anyBytes, pageText:
	default:
		return false
	}
	for i, c := range value {
		if l.page != nil {
			c = l.page.toText[c]
		}
		if sign := i%additionalAmount == 7; sign && c != 'C' && c != 'D' || !sign && (c < '0' || c > '9') {
			return false
		}
	}
	return len(value)%additionalAmount == 0
}

func isMonthDay(n uint64) bool {
	return n/100 >= 1 && n/100 <= 12 && n%100 >= 1 && n%100 <= 31
}

// fitsParts reports whether a field's parts say what they can hold, and hold
// it: then it is structured data, and no place for a card number.
func (d *Dialect) fitsParts(body []byte, ix *Index, n int) bool {
	parts := d.parts[n]
	checked := 0
	var buf [80]byte
	for i := range parts {
		p := &parts[i]
		if len(p.values) == 0 || p.offset >= ix.Units(n) {
			continue
		}
		l, value, offset, units, ok := d.locate(body, ix, path{field: uint8(n), offset: uint16(p.offset), length: uint16(p.length)}) //nolint:gosec // within a field
		if !ok || units > len(buf) {
			return false
		}
		checked++
		if !anyMatches(p.values, l.text(buf[:0], value, offset, units)) {
			return false
		}
	}
	return checked > 0
}
