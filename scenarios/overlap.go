package scenarios

import (
	"net/netip"
	"slices"

	"github.com/acqsim/acqsim/faults"
	"github.com/acqsim/acqsim/scenarios/world"
)

// phase groups the stages at which faults can meet each other: those of one
// connection attempt, of one connection, or of one exchange.
func phase(s faults.Stage) int {
	switch {
	case s <= faults.SYN:
		return 0
	case s <= faults.Hello:
		return 1
	case s == faults.Idle:
		return 2
	}
	return 3
}

// disjoint reports whether two rules can be seen to never strike the same
// thing. It may not see it: false means no more than that.
func disjoint(a, b *Rule) bool {
	if len(a.Fault) == 0 || len(b.Fault) == 0 || phase(a.Fault.stage()) != phase(b.Fault.stage()) {
		return true
	}
	return a.Match.apart(&b.Match)
}

// apart reports whether two matches can be seen to have nothing in common.
func (m *Match) apart(o *Match) bool {
	switch {
	case len(m.Type) > 0 && len(o.Type) > 0 && !slices.ContainsFunc(m.Type, func(t world.TransactionType) bool { return slices.Contains(o.Type, t) }),
		len(m.mti) > 0 && len(o.mti) > 0 && !slices.ContainsFunc(m.mti, func(t uint16) bool { return slices.Contains(o.mti, t) }),
		len(m.Outcome) > 0 && len(o.Outcome) > 0 && !slices.ContainsFunc(m.Outcome, func(t world.Outcome) bool { return slices.Contains(o.Outcome, t) }),
		len(m.Code) > 0 && len(o.Code) > 0 && !slices.ContainsFunc(m.Code, func(t quoted) bool { return slices.Contains(o.Code, t) }),
		apartPatterns(m.Terminal, o.Terminal),
		apartPatterns(m.Merchant, o.Merchant),
		apartPatterns(m.Listener, o.Listener),
		apartPatterns(m.ServerName, o.ServerName),
		apartRange(m.Connection, o.Connection),
		apartRange(m.Open, o.Open),
		apartAmounts(m.Amount, o.Amount),
		apartSources(m.Source, o.Source):
		return true
	}
	return false
}

func apartPatterns[S ~string](a, b []S) bool {
	if len(a) == 0 || len(b) == 0 {
		return false
	}
	for _, x := range a {
		for _, y := range b {
			if meet(string(x), string(y)) {
				return false
			}
		}
	}
	return true
}

// meet reports whether some text fits both patterns.
func meet(a, b string) bool {
	// reach[j] says that a text can have come through a so far and b[:j].
	reach := make([]bool, len(b)+1)
	next := make([]bool, len(b)+1)
	reach[0] = true
	stars := func(r []bool) {
		for j := range b {
			if b[j] == '*' && r[j] {
				r[j+1] = true
			}
		}
	}
	stars(reach)
	for i := range len(a) {
		clear(next)
		if a[i] == '*' {
			// The star takes nothing, or any character that b goes on with.
			seen := false
			for j := range reach {
				seen = seen || reach[j]
				next[j] = seen
			}
		} else {
			for j := range b {
				switch {
				case b[j] == '*':
					next[j] = next[j] || reach[j]
				case reach[j] && (a[i] == b[j] || a[i] == '?' || b[j] == '?'):
					next[j+1] = true
				}
			}
		}
		stars(next)
		reach, next = next, reach
	}
	return reach[len(b)]
}

func apartRange(a, b *Range) bool {
	return a != nil && b != nil && (a.To < b.From || b.To < a.From)
}

func apartAmounts(a, b []Amount) bool {
	if len(a) == 0 || len(b) == 0 {
		return false
	}
	for i := range a {
		for j := range b {
			if amountsMeet(&a[i], &b[j]) {
				return false
			}
		}
	}
	return true
}

func amountsMeet(a, b *Amount) bool {
	switch {
	case a.Modulus == 0 && b.Modulus == 0:
		return !apartRange(&a.Range, &b.Range)
	case a.Modulus > 0 && b.Modulus > 0:
		m := min(a.Modulus, b.Modulus)
		return a.Ending%m == b.Ending%m
	case a.Modulus > 0:
		a, b = b, a
	}
	// The first amount from the range's beginning on that ends so.
	first := a.Range.From - a.Range.From%b.Modulus + b.Ending
	if first < a.Range.From {
		first += b.Modulus
	}
	return first <= a.Range.To
}

func apartSources(a, b []Prefix) bool {
	if len(a) == 0 || len(b) == 0 {
		return false
	}
	for _, x := range a {
		for _, y := range b {
			if netip.Prefix(x).Overlaps(netip.Prefix(y)) {
				return false
			}
		}
	}
	return true
}
