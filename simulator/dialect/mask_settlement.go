package dialect

// has reports whether field n belongs to settlements or uploads.
func (s *settlementRule) has(n int) bool {
	return n == int(s.totals.field) || n == int(s.records.field) || n == int(s.original.field) || n == int(s.count.field)
}

// maskSettlement masks the card numbers of an upload's records where they
// stand, and keeps what is totals or names an original: digits that happen to
// pass for a card number are evidence there. It reports false where the field
// is neither; then it is searched.
func (d *Dialect) maskSettlement(body []byte, n int, value []byte, units int) (secretKind, bool) {
	rule := &d.conv.settlement
	l := &d.fields[n]
	if units > maxDigits || l.value == viaMoov {
		return noSecret, false
	}
	mti := d.readMTI(body)
	if class := classOf(mti); class != settlementClass && class != uploadClass {
		return noSecret, false
	}
	var buf [maxDigits]byte
	digits := l.text(buf[:0], value, l.firstNibble(units), units)
	switch classOf(mti) {
	case settlementClass:
		if n == int(rule.totals.field) {
			return noSecret, rule.totals.plausible(digits)
		}
	case uploadClass:
		switch {
		case n == int(rule.records.field) && rule.records.isRecords(digits):
			return rule.records.maskCards(l, value, digits), true
		case n == int(rule.original.field):
			r, err := rule.original.record(digits)
			_, isRequest := ReplyMTI(r.MTI)
			return noSecret, err == nil && units == rule.original.size && isRequest && r.MTI < 1000
		}
	}
	return noSecret, false
}

// plausible reports whether digits can be totals: they can be read, results are
// 0 to 3, and where something was counted there is an amount, which is below a
// hundred million major units.
func (p *positions) plausible(digits []byte) bool {
	if len(digits) < p.least {
		return false
	}
	t, err := p.totals(digits)
	if err != nil {
		return false
	}
	at := 0
	for _, x := range p.pieces {
		if (x.is == resultPiece || x.is == foreignResult) && at < len(digits) && digits[at] > '3' {
			return false
		}
		at += x.length
	}
	const most = 10_000_000_000
	one := func(count int, amount int64) bool { return (count == 0) == (amount == 0) && amount < most }
	for _, s := range [2]Sums{t.Domestic, t.Foreign} {
		if !one(s.DebitCount, s.DebitAmount) || !one(s.CreditCount, s.CreditAmount) {
			return false
		}
	}
	return true
}

// isRecords reports whether digits are records that can be read.
func (p *positions) isRecords(digits []byte) bool {
	if rest := len(digits) - p.counted; rest <= 0 || rest%p.size != 0 {
		return false
	}
	n, err := p.count(digits)
	if err != nil {
		return false
	}
	for i := range n {
		if _, err := p.record(digits[p.counted+i*p.size:]); err != nil {
			return false
		}
	}
	return true
}

// maskCards masks the card number of every record, but for its first 6 and its
// last 4 digits; zeros in front of it are not its digits. A number of 10 digits
// or fewer keeps none.
func (p *positions) maskCards(l *layout, value, digits []byte) secretKind {
	found := noSecret
	at := p.counted
	for at < len(digits) {
		for _, x := range p.pieces {
			if x.is == cardPiece {
				from, to := at, at+x.length
				for from < to && digits[from] == '0' {
					from++
				}
				if from < to {
					found = panSecret
				}
				if to-from > 10 {
					from, to = from+6, to-4
				}
				for ; from < to; from++ {
					l.zeroDigit(value, from+l.firstNibble(len(digits)))
				}
			}
			at += x.length
		}
	}
	return found
}

// zeroDigit sets the digit at a position to 0.
func (l *layout) zeroDigit(value []byte, at int) {
	switch {
	case l.page != nil:
		value[at] = 0xF0
	case !l.packedNibbles():
		value[at] = '0'
	case at%2 == 0:
		value[at/2] &= 0x0F
	default:
		value[at/2] &= 0xF0
	}
}
