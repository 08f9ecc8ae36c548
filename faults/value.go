package faults

import (
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Value is a parsed parameter.
type Value struct {
	text  string       // of Choice, Text, Terminal, MTI and Code
	n     int64        // of Count, Offset and Field
	bytes []byte       // of Bytes
	dist  Distribution // of Distribution; its Mid is that of Duration
}

// Values are the parsed parameters of a fault by name.
type Values map[string]Value

// Has says whether there is a value for the parameter.
func (v Values) Has(name string) bool { _, ok := v[name]; return ok }

// Text returns a Choice, Text, Terminal, MTI or Code.
func (v Values) Text(name string) string { return v[name].text }

// Number returns a Count, Offset or Field.
func (v Values) Number(name string) int { return int(v[name].n) }

// Bytes returns Bytes.
func (v Values) Bytes(name string) []byte { return v[name].bytes }

// Duration returns a Duration.
func (v Values) Duration(name string) Duration { return v[name].dist.Mid }

// Distribution returns a Distribution.
func (v Values) Distribution(name string) Distribution { return v[name].dist }

// Duration is a time, or a multiple of the terminal's response timeout.
type Duration struct {
	Fixed    time.Duration
	Timeouts float64
}

// In returns the time for a terminal with the given response timeout.
func (d Duration) In(timeout time.Duration) time.Duration {
	return d.Fixed + whole(float64(d.Timeouts*float64(timeout)))
}

// String writes the duration as it is parsed.
func (d Duration) String() string {
	if d.Timeouts != 0 {
		return strconv.FormatFloat(d.Timeouts, 'g', -1, 64) + " timeouts"
	}
	return d.Fixed.String()
}

// Shape is that of a Distribution.
type Shape uint8

// The shapes.
const (
	Fixed     Shape = iota // Mid
	Uniform                // between Mid and Spread
	Normal                 // mean Mid, standard deviation Spread
	LogNormal              // median Mid, standard deviation Sigma of the logarithm
)

// Distribution is a duration that may be drawn.
type Distribution struct {
	Shape       Shape
	Mid, Spread Duration
	Sigma       float64
}

// In draws a duration for a terminal with the given response timeout.
func (x Distribution) In(timeout time.Duration, d *Draw) time.Duration {
	mid, spread := x.Mid.In(timeout), x.Spread.In(timeout)
	switch x.Shape {
	case Uniform:
		return d.Uniform(mid, spread)
	case Normal:
		return d.Normal(mid, spread)
	case LogNormal:
		return d.LogNormal(mid, x.Sigma)
	}
	return mid
}

// never reports whether nothing but 0 can be drawn.
func (x Distribution) never() bool {
	none := Duration{}
	switch x.Shape {
	case Uniform, Normal:
		return x.Mid == none && x.Spread == none
	}
	return x.Mid == none // of LogNormal, a multiple of it
}

// ParseValue reads a parameter from the text of a scalar:
//
//	duration       300ms, 2s, 1m30s, or "1.5 timeouts" of the terminal; up to 30 days
//	distribution   a duration, or uniform(1s, 3s), normal(2s, 300ms), lognormal(2s, 0.5)
//	count          a whole number
//	offset         a whole number; negative: from the end, -1 is before the last byte
//	choice         one of the choices
//	bytes          hexadecimal; spaces are allowed
//	field          the number of a data element
//	MTI            four digits
//	response code  two or three letters and digits
//	text           as it stands
//	terminal       a terminal ID; * stands for any text and ? for any character
//
// The error is a *ValueError.
func ParseValue(p Param, text string) (Value, error) {
	v, err := parseValue(p, text)
	if err != nil {
		shown := text
		if len(shown) > 60 {
			shown = shown[:60] + "…"
		}
		if errors.Is(err, errPlain) {
			err = nil
		}
		return Value{}, &ValueError{Text: shown, Want: p.Type.form(p).EN, Why: err}
	}
	return v, nil
}

// errPlain is when nothing can be said beyond how a value is written.
var errPlain = errors.New("")

func parseValue(p Param, text string) (Value, error) {
	switch p.Type {
	case TypeDuration:
		d, err := parseDuration(text)
		return Value{dist: Distribution{Mid: d}}, err
	case TypeDistribution:
		x, err := parseDistribution(text)
		return Value{dist: x}, err
	case TypeCount, TypeOffset, TypeField:
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return Value{}, errPlain
		}
		if lo, hi := p.bounds(); n < lo || n > hi {
			return Value{}, errOutOfBounds
		}
		return Value{n: n}, nil
	case TypeChoice:
		if !slices.Contains(p.Choices, text) {
			return Value{}, errPlain
		}
	case TypeBytes:
		b, err := hex.DecodeString(strings.Join(strings.Fields(text), ""))
		if err != nil || len(b) == 0 {
			return Value{}, errPlain
		}
		if len(b) > maxFrame {
			return Value{}, fmt.Errorf("longer than %d bytes", maxFrame)
		}
		return Value{bytes: b}, nil
	case TypeMTI:
		if len(text) != 4 || !all(text, digit) {
			return Value{}, errPlain
		}
	case TypeCode:
		if len(text) < 2 || len(text) > 3 || !all(text, alphanumeric) {
			return Value{}, errPlain
		}
	case TypeTerminal:
		if text == "" || len(text) > 16 || !all(text, printable) {
			return Value{}, errPlain
		}
	case TypeText:
		if len(text) > maxFrame {
			return Value{}, fmt.Errorf("longer than %d bytes", maxFrame)
		}
	default:
		return Value{}, fmt.Errorf("%v: there is no such type", p.Type)
	}
	return Value{text: text}, nil
}

func all(s string, ok func(byte) bool) bool {
	for i := range len(s) {
		if !ok(s[i]) {
			return false
		}
	}
	return true
}

func digit(c byte) bool { return c >= '0' && c <= '9' }

func alphanumeric(c byte) bool {
	return digit(c) || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z'
}

func printable(c byte) bool { return c > ' ' && c < 0x7f }

func parseDuration(text string) (Duration, error) {
	if number, ok := strings.CutSuffix(text, "timeouts"); ok {
		return parseTimeouts(number)
	}
	if number, ok := strings.CutSuffix(text, "timeout"); ok {
		return parseTimeouts(number)
	}
	d, err := time.ParseDuration(text)
	switch {
	case err != nil && all(text, digit) && text != "":
		return Duration{}, fmt.Errorf("a number without a unit; say %ss or %sms", text, text)
	case err != nil:
		return Duration{}, errPlain
	case d < 0:
		return Duration{}, errors.New("negative")
	case d > longest:
		return Duration{}, errors.New("more than 30 days")
	}
	return Duration{Fixed: d}, nil
}

func parseTimeouts(number string) (Duration, error) {
	f, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
	switch {
	case err != nil || math.IsNaN(f):
		return Duration{}, errPlain
	case f < 0:
		return Duration{}, errors.New("negative")
	case f > 1000:
		return Duration{}, errors.New("more than 1000 timeouts")
	}
	return Duration{Timeouts: f}, nil
}

func parseDistribution(text string) (Distribution, error) {
	name, rest, call := strings.Cut(text, "(")
	if !call {
		d, err := parseDuration(text)
		return Distribution{Mid: d}, err
	}
	inner, closed := strings.CutSuffix(strings.TrimSpace(rest), ")")
	first, second, two := strings.Cut(inner, ",")
	if !closed || !two {
		return Distribution{}, errPlain
	}
	mid, err := parseDuration(strings.TrimSpace(first))
	if err != nil {
		return Distribution{}, err
	}
	second = strings.TrimSpace(second)
	if name = strings.TrimSpace(name); name == "lognormal" {
		sigma, err := strconv.ParseFloat(second, 64)
		if err != nil || !(sigma >= 0 && sigma <= 5) {
			return Distribution{}, errors.New("the second number of lognormal is from 0 to 5")
		}
		return Distribution{Shape: LogNormal, Mid: mid, Sigma: sigma}, nil
	}
	spread, err := parseDuration(second)
	if err != nil {
		return Distribution{}, err
	}
	switch name {
	case "uniform":
		if (mid.Timeouts != 0) == (spread.Timeouts != 0) && spread.In(time.Hour) < mid.In(time.Hour) {
			return Distribution{}, errors.New("the second duration of uniform is below the first")
		}
		return Distribution{Shape: Uniform, Mid: mid, Spread: spread}, nil
	case "normal":
		return Distribution{Shape: Normal, Mid: mid, Spread: spread}, nil
	}
	return Distribution{}, errPlain
}
