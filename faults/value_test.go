package faults

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestParseValue(t *testing.T) {
	for _, c := range []struct {
		param Param
		text  string
		want  Value
	}{
		{Param{Type: TypeDuration}, "300ms", Value{dist: Distribution{Mid: Duration{Fixed: 300 * time.Millisecond}}}},
		{Param{Type: TypeDuration}, "1.5 timeouts", Value{dist: Distribution{Mid: Duration{Timeouts: 1.5}}}},
		{Param{Type: TypeDuration}, "1 timeout", Value{dist: Distribution{Mid: Duration{Timeouts: 1}}}},
		{Param{Type: TypeDuration}, "720h", Value{dist: Distribution{Mid: Duration{Fixed: 30 * 24 * time.Hour}}}},
		{Param{Type: TypeDistribution}, "2s", Value{dist: Distribution{Mid: Duration{Fixed: 2 * time.Second}}}},
		{Param{Type: TypeDistribution}, "uniform(1s, 0.5 timeouts)", Value{dist: Distribution{Shape: Uniform, Mid: Duration{Fixed: time.Second}, Spread: Duration{Timeouts: 0.5}}}},
		{Param{Type: TypeDistribution}, "normal(2s,300ms)", Value{dist: Distribution{Shape: Normal, Mid: Duration{Fixed: 2 * time.Second}, Spread: Duration{Fixed: 300 * time.Millisecond}}}},
		{Param{Type: TypeDistribution}, "lognormal(1 timeout, 0.5)", Value{dist: Distribution{Shape: LogNormal, Mid: Duration{Timeouts: 1}, Sigma: 0.5}}},
		{Param{Type: TypeCount}, "3", Value{n: 3}},
		{Param{Type: TypeCount, Min: 0, Max: 9}, "0", Value{n: 0}},
		{Param{Type: TypeOffset}, "-5", Value{n: -5}},
		{Param{Type: TypeField}, "128", Value{n: 128}},
		{Param{Type: TypeChoice, Choices: []string{"a", "b"}}, "b", Value{text: "b"}},
		{Param{Type: TypeBytes}, "0a FF", Value{bytes: []byte{10, 255}}},
		{Param{Type: TypeMTI}, "0210", Value{text: "0210"}},
		{Param{Type: TypeCode}, "A0", Value{text: "A0"}},
		{Param{Type: TypeCode}, "000", Value{text: "000"}},
		{Param{Type: TypeText}, "", Value{}},
		{Param{Type: TypeTerminal}, "T*", Value{text: "T*"}},
	} {
		got, err := ParseValue(c.param, c.text)
		require.NoError(t, err, c.text)
		assert.Equal(t, c.want, got, c.text)
	}
}

func TestParseValueErrors(t *testing.T) {
	for _, c := range []struct {
		param Param
		text  string
		want  string
	}{
		{Param{Type: TypeDuration}, "", `"" is not right; give a duration such as 300ms, 2s or "1.5 timeouts"`},
		{Param{Type: TypeDuration}, "-1s", `"-1s": negative; give a duration`},
		{Param{Type: TypeDuration}, "721h", `more than 30 days`},
		{Param{Type: TypeDuration}, "-1 timeouts", "negative"},
		{Param{Type: TypeDuration}, "1001 timeouts", "more than 1000 timeouts"},
		{Param{Type: TypeDuration}, "NaN timeouts", "is not right"},
		{Param{Type: TypeDuration}, "many timeouts", "is not right"},
		{Param{Type: TypeDistribution}, "uniform(3s, 1s)", "the second duration of uniform is below the first"},
		{Param{Type: TypeDistribution}, "uniform(3s)", "is not right"},
		{Param{Type: TypeDistribution}, "uniform(3s, 4s", "is not right"},
		{Param{Type: TypeDistribution}, "uniform(x, 4s)", "is not right"},
		{Param{Type: TypeDistribution}, "uniform(1s, x)", "is not right"},
		{Param{Type: TypeDistribution}, "poisson(3s, 4s)", "is not right"},
		{Param{Type: TypeDistribution}, "lognormal(3s, 6)", "from 0 to 5"},
		{Param{Type: TypeDistribution}, "lognormal(3s, NaN)", "from 0 to 5"},
		{Param{Type: TypeCount}, "0", "out of bounds; give a whole number from 1 to 65535"},
		{Param{Type: TypeCount, Max: 9}, "10", "out of bounds; give a whole number from 0 to 9"},
		{Param{Type: TypeCount}, "0x10", "is not right"},
		{Param{Type: TypeOffset}, "65536", "give a byte position from -65535 to 65535"},
		{Param{Type: TypeChoice, Choices: []string{"a", "b"}}, "c", `"c" is not right; give one of a, b`},
		{Param{Type: TypeBytes}, "abc", "bytes in hexadecimal"},
		{Param{Type: TypeBytes}, "", "bytes in hexadecimal"},
		{Param{Type: TypeBytes}, strings.Repeat("00", 65536), "longer than 65535 bytes"},
		{Param{Type: TypeMTI}, "210", "four digits in quotes"},
		{Param{Type: TypeCode}, "5", "two or three"},
		{Param{Type: TypeCode}, "0-", "two or three"},
		{Param{Type: TypeText}, strings.Repeat("x", 65536), "longer than 65535 bytes"},
		{Param{Type: TypeTerminal}, "12345678901234567", "up to 16"},
		{Param{Type: TypeTerminal}, "a b", "up to 16"},
		{Param{}, "x", "there is no such type"},
	} {
		_, err := ParseValue(c.param, c.text)
		require.Error(t, err, c.text)
		assert.ErrorContains(t, err, c.want)
		assert.Less(t, len(err.Error()), 250)
		var bad *ValueError
		assert.ErrorAs(t, err, &bad)
	}
}

func TestDurationText(t *testing.T) {
	for _, text := range []string{"1.5 timeouts", "300ms", "0s"} {
		v, err := ParseValue(Param{Type: TypeDuration}, text)
		require.NoError(t, err)
		assert.Equal(t, text, v.dist.Mid.String())
	}
}

func TestTypes(t *testing.T) {
	for p := TypeDuration; p <= TypeTerminal; p++ {
		assert.NotContains(t, p.String(), "parameter type")
		assert.NotEmpty(t, Param{Type: p}.Form().EN)
		assert.Regexp(t, `\p{Han}`, Param{Type: p}.Form().ZH)
	}
	assert.True(t, TypeMTI.Quoted())
	assert.False(t, TypeDuration.Quoted())
	assert.Equal(t, "parameter type 99", ParamType(99).String())
}

// What is accepted has bounds, and no text makes it panic.
func FuzzParseValue(f *testing.F) {
	for _, text := range []string{"300ms", "1.5 timeouts", "uniform(1s, 3s)", "normal(2s, 300ms)", "lognormal(2s, 0.5)", "-5", "0210", "A0", "00 ff", "T*", "", "1e308 timeouts"} {
		f.Add(uint8(TypeDistribution), text)
	}
	f.Fuzz(func(t *testing.T, kind uint8, text string) {
		p := Param{Type: ParamType(kind % 13), Choices: []string{"a"}}
		v, err := ParseValue(p, text)
		if err != nil {
			var bad *ValueError
			require.ErrorAs(t, err, &bad)
			return
		}
		d := someDraw()
		drawn := v.dist.In(time.Minute, &d)
		assert.True(t, drawn >= 0 && drawn <= 60*24*time.Hour, "%v", drawn)
		lo, hi := p.bounds()
		if p.Type == TypeCount || p.Type == TypeOffset || p.Type == TypeField {
			assert.True(t, v.n >= lo && v.n <= hi)
		}
	})
}
