package world

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Currency is an ISO 4217 currency by its numeric code, such as 156 for CNY.
// The zero value is "not given".
type Currency uint16

// Currencies that the program itself names; currencies lists all known ones.
const (
	CNY Currency = 156 // renminbi
	USD Currency = 840
	EUR Currency = 978
)

// currencies are ISO 4217's codes and minor units (list one, public at
// www.six-group.com), for the currencies that terminals are tested with.
var currencies = map[Currency]struct {
	alpha    string
	decimals int
}{
	32: {"ARS", 2}, 36: {"AUD", 2}, 48: {"BHD", 3}, 50: {"BDT", 2}, 96: {"BND", 2}, 104: {"MMK", 2},
	116: {"KHR", 2}, 124: {"CAD", 2}, 144: {"LKR", 2}, 152: {"CLP", 0}, CNY: {"CNY", 2}, 203: {"CZK", 2},
	208: {"DKK", 2}, 344: {"HKD", 2}, 348: {"HUF", 2}, 352: {"ISK", 0}, 356: {"INR", 2}, 360: {"IDR", 2},
	376: {"ILS", 2}, 392: {"JPY", 0}, 398: {"KZT", 2}, 400: {"JOD", 3}, 404: {"KES", 2}, 410: {"KRW", 0},
	414: {"KWD", 3}, 418: {"LAK", 2}, 446: {"MOP", 2}, 458: {"MYR", 2}, 484: {"MXN", 2}, 496: {"MNT", 2},
	504: {"MAD", 2}, 512: {"OMR", 3}, 524: {"NPR", 2}, 554: {"NZD", 2}, 566: {"NGN", 2}, 578: {"NOK", 2},
	586: {"PKR", 2}, 600: {"PYG", 0}, 604: {"PEN", 2}, 608: {"PHP", 2}, 634: {"QAR", 2}, 643: {"RUB", 2},
	682: {"SAR", 2}, 702: {"SGD", 2}, 704: {"VND", 0}, 710: {"ZAR", 2}, 752: {"SEK", 2}, 756: {"CHF", 2},
	764: {"THB", 2}, 784: {"AED", 2}, 788: {"TND", 3}, 800: {"UGX", 0}, 818: {"EGP", 2}, 826: {"GBP", 2},
	USD: {"USD", 2}, 901: {"TWD", 2}, 946: {"RON", 2}, 949: {"TRY", 2}, EUR: {"EUR", 2}, 985: {"PLN", 2},
	986: {"BRL", 2},
}

// Alpha returns the alphabetic code, such as "CNY"; of a currency that the
// program does not know, the three digits of its numeric one.
func (c Currency) Alpha() string {
	if known, ok := currencies[c]; ok {
		return known.alpha
	}
	return fmt.Sprintf("%03d", uint16(c))
}

// String returns Alpha.
func (c Currency) String() string { return c.Alpha() }

// Decimals returns how many decimal places the minor unit stands for: 2 for
// CNY, 0 for JPY, 3 for KWD, and 2 for currencies that the program does not know.
func (c Currency) Decimals() int {
	if known, ok := currencies[c]; ok {
		return known.decimals
	}
	return 2
}

// ParseCurrency reads an alphabetic code ("CNY", capitals) or a numeric one of
// three digits ("156"). A numeric code need not be one that the program knows.
func ParseCurrency(s string) (Currency, error) {
	if len(s) != 3 {
		return 0, fmt.Errorf("%q is not a currency: three letters such as CNY or three digits such as 156 are", s)
	}
	if n, err := strconv.ParseUint(s, 10, 16); err == nil && n > 0 {
		return Currency(n), nil
	}
	for code, known := range currencies {
		if known.alpha == s {
			return code, nil
		}
	}
	return 0, fmt.Errorf("no currency is called %q; write its three digits if it is a rare one", s)
}

// MarshalText writes Alpha.
func (c Currency) MarshalText() ([]byte, error) { return []byte(c.Alpha()), nil }

// UnmarshalText reads what ParseCurrency does.
func (c *Currency) UnmarshalText(b []byte) (err error) {
	*c, err = ParseCurrency(string(b))
	return err
}

// FormatAmount writes minor units as a decimal number: 1234 CNY is "12.34",
// 1234 JPY is "1234".
func FormatAmount(minor int64, c Currency) string {
	sign, digits := "", strconv.FormatInt(minor, 10)
	if minor < 0 {
		sign, digits = "-", digits[1:]
	}
	d := c.Decimals()
	if d == 0 {
		return sign + digits
	}
	if short := d + 1 - len(digits); short > 0 {
		digits = strings.Repeat("0", short) + digits
	}
	return sign + digits[:len(digits)-d] + "." + digits[len(digits)-d:]
}

// ParseAmount reads a decimal number into minor units: "12.34" or "12.3", and
// "-5". It refuses more decimals than the currency has, signs other than a
// minus, separators, and what does not fit.
func ParseAmount(s string, c Currency) (int64, error) {
	bad := func(why string) (int64, error) {
		return 0, fmt.Errorf("%q is not an amount in %s: %s", clip(s), c.Alpha(), why)
	}
	unsigned, negative := strings.CutPrefix(s, "-")
	whole, fraction, dotted := strings.Cut(unsigned, ".")
	d := c.Decimals()
	switch {
	case whole == "" || !digits(whole) || !digits(fraction) || dotted && fraction == "":
		return bad("digits are wanted, with a point before the decimals, such as 100.00")
	case len(fraction) > d:
		return bad(fmt.Sprintf("%s has %d decimals", c.Alpha(), d))
	}
	n, err := strconv.ParseUint(whole+fraction+strings.Repeat("0", d-len(fraction)), 10, 64)
	switch {
	case err != nil, n > math.MaxInt64:
		return bad("it is too large")
	case negative:
		return -int64(n), nil
	}
	return int64(n), nil
}

// digits reports whether s has no other characters than ASCII digits.
func digits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}

// clip keeps a message readable whatever it quotes.
func clip(s string) string {
	const most = 40
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + "…"
	}
	return s
}
