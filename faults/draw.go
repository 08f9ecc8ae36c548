package faults

import (
	"math"
	"time"
)

// Draw is a stream of numbers that look random and are a hash: of the seed,
// the rule, and whom the rule struck for the how-many-th time. The same facts
// give the same numbers, whatever else goes on.
//
// A Draw is a value. Copies go on from the same place: hand it on by pointer
// to draw one number after the other, or Fork it.
type Draw struct{ state uint64 }

// ExchangeDraw returns the stream for the occurrence-th time that a rule
// concerns a terminal.
func ExchangeDraw(seed uint64, rule, terminal string, occurrence uint64) Draw {
	return Draw{absorb(absorbText(absorbText(absorb(basis, seed), rule), terminal), occurrence)}
}

// ConnDraw returns the stream of a rule for the nth connection of a source at
// a listener, for when no terminal is known yet.
func ConnDraw(seed uint64, rule, listener, source string, nth uint64) Draw {
	return Draw{absorb(absorbText(absorbText(absorbText(absorb(basis, seed), rule), listener), source), nth)}
}

// Fork returns a stream of its own under the given name, so that one reader
// of the stream does not move another.
func (d Draw) Fork(name string) Draw { return Draw{absorbText(d.state, name)} }

// basis and prime are those of FNV-1a (64 bit).
const (
	basis = 14695981039346656037
	prime = 1099511628211
)

func absorb(h, v uint64) uint64 {
	for range 8 {
		h = (h ^ v&0xff) * prime
		v >>= 8
	}
	return h
}

func absorbText(h uint64, s string) uint64 {
	for i := range len(s) {
		h = (h ^ uint64(s[i])) * prime
	}
	return absorb(h, uint64(len(s))) // so that "a", "b" is not "ab", ""
}

// Uint64 returns the next number, with all 64 bits uniform (SplitMix64;
// Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators, 2014).
func (d *Draw) Uint64() uint64 {
	d.state += 0x9e3779b97f4a7c15
	z := d.state
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// Float returns a number in [0, 1).
func (d *Draw) Float() float64 { return float64(d.Uint64()>>11) / (1 << 53) }

// Chance is true with probability p.
func (d *Draw) Chance(p float64) bool { return d.Float() < p }

// Below returns a number in [0, n); 0 if n is not positive.
func (d *Draw) Below(n int) int {
	if n <= 0 {
		return 0
	}
	return int(d.Uint64() % uint64(n)) // n is far below 2^64: the bias is too
}

// Uniform returns a duration between lo and hi, both included.
func (d *Draw) Uniform(lo, hi time.Duration) time.Duration {
	if hi <= lo {
		return lo
	}
	return lo + time.Duration(d.Uint64()%uint64(hi-lo+1))
}

// Normal returns a duration that is normally distributed, and never negative.
func (d *Draw) Normal(mean, deviation time.Duration) time.Duration {
	return whole(float64(mean) + float64(float64(deviation)*d.standard()))
}

// LogNormal returns a duration whose logarithm is normally distributed: half
// of them are below median; sigma is the standard deviation of the logarithm.
func (d *Draw) LogNormal(median time.Duration, sigma float64) time.Duration {
	return whole(float64(float64(median) * math.Exp(float64(sigma*d.standard()))))
}

// standard returns a normally distributed number by the method of Box and
// Muller (1958). Products are converted so that no machine fuses them with a
// sum: all must draw the same.
func (d *Draw) standard() float64 {
	u := 1 - d.Float() // in (0, 1]
	v := d.Float()
	return float64(math.Sqrt(float64(-2*math.Log(u))) * math.Cos(float64(2*math.Pi*v)))
}

// longest is what a drawn duration is cut to.
const longest = 30 * 24 * time.Hour

// whole rounds to microseconds, below which machines may differ.
func whole(f float64) time.Duration {
	switch {
	case !(f > 0): // not a number, too
		return 0
	case f > float64(longest):
		return longest
	}
	return time.Duration(f).Round(time.Microsecond)
}
