package world_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/acqsim/acqsim/scenarios/world"
)

const (
	jpy world.Currency = 392
	kwd world.Currency = 414
)

func TestParseCurrency(t *testing.T) {
	for s, want := range map[string]world.Currency{"CNY": 156, "156": 156, "USD": 840, "EUR": 978, "JPY": 392, "036": 36, "AUD": 36, "777": 777} {
		got, err := world.ParseCurrency(s)
		require.NoError(t, err, s)
		assert.Equal(t, want, got, s)
	}
	for _, s := range []string{"", "cny", "RMB", "56", "0156", "000", "-15", "+15", "1.5", "人民币"} {
		_, err := world.ParseCurrency(s)
		require.Error(t, err, s)
	}
	assert.Equal(t, "CNY", world.CNY.Alpha())
	assert.Equal(t, "777", world.Currency(777).Alpha())
	assert.Equal(t, "000", world.Currency(0).Alpha())
	for c, want := range map[world.Currency]int{world.CNY: 2, jpy: 0, kwd: 3, 410: 0, 704: 0, 777: 2} {
		assert.Equal(t, want, c.Decimals(), c.Alpha())
	}
}

func TestAmounts(t *testing.T) {
	for _, c := range []struct {
		s        string
		currency world.Currency
		minor    int64
		printed  string
	}{
		{"100.00", world.CNY, 10000, "100.00"},
		{"100", world.CNY, 10000, "100.00"},
		{"100.5", world.CNY, 10050, "100.50"},
		{"0.01", world.CNY, 1, "0.01"},
		{"-0.01", world.CNY, -1, "-0.01"},
		{"-0", world.CNY, 0, "0.00"},
		{"007", world.CNY, 700, "7.00"},
		{"100", jpy, 100, "100"},
		{"-3", jpy, -3, "-3"},
		{"0.001", kwd, 1, "0.001"},
		{"1.5", kwd, 1500, "1.500"},
		{"92233720368547758.07", world.CNY, math.MaxInt64, "92233720368547758.07"},
	} {
		got, err := world.ParseAmount(c.s, c.currency)
		require.NoError(t, err, c.s)
		assert.Equal(t, c.minor, got, c.s)
		assert.Equal(t, c.printed, world.FormatAmount(got, c.currency))
	}
	assert.Equal(t, "-92233720368547758.08", world.FormatAmount(math.MinInt64, world.CNY))

	for s, currency := range map[string]world.Currency{
		"": world.CNY, ".": world.CNY, "1.": world.CNY, ".5": world.CNY, "-": world.CNY, "--1": world.CNY, "+1": world.CNY,
		"1,000.00": world.CNY, "1e3": world.CNY, " 1": world.CNY, "1.001": world.CNY, "1.0": jpy, "1.0001": kwd, "１": world.CNY,
		"92233720368547758.08": world.CNY, "99999999999999999999999999": world.CNY, "0x10": world.CNY, "1_000": world.CNY,
	} {
		_, err := world.ParseAmount(s, currency)
		require.Error(t, err, "%q", s)
	}
}

func TestAmountsReadBackAsWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		minor := rapid.Int64Min(-math.MaxInt64).Draw(t, "minor")
		c := world.Currency(rapid.Uint16Max(999).Draw(t, "currency"))
		back, err := world.ParseAmount(world.FormatAmount(minor, c), c)
		if err != nil || back != minor {
			t.Fatalf("%d %s reads back as %d, %v", minor, c, back, err)
		}
	})
}
