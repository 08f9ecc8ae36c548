package world

// FindIssuer returns the issuer with the longest BIN range that holds the
// number, or nil if there is none. It looks at every range and allocates
// nothing; a host keeps what it found with the card.
func (w *World) FindIssuer(pan string) *Issuer {
	var best *Issuer
	longest := 0
	for _, issuer := range w.Issuers {
		for _, r := range issuer.BINs {
			if len(r.From) > longest && r.Contains(pan) {
				best, longest = issuer, len(r.From)
			}
		}
	}
	return best
}

// Contains reports whether the number begins with a prefix of the range.
func (r BINRange) Contains(pan string) bool {
	n := len(r.From)
	return n > 0 && n == len(r.To) && len(pan) >= n && r.From <= pan[:n] && pan[:n] <= r.To
}

// String writes the range as files do: "622200-622299", or "622200" alone.
func (r BINRange) String() string {
	if r.From == r.To {
		return r.From
	}
	return r.From + "-" + r.To
}

// luhn reports whether the last digit of a number is its check digit
// (ISO/IEC 7812-1, annex B).
func luhn(pan string) bool {
	sum := 0
	for i := range len(pan) {
		d := int(pan[len(pan)-1-i] - '0')
		if i%2 == 1 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return sum%10 == 0
}
