package faults

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestDrawsAreOfTheFactsAlone(t *testing.T) {
	d := ExchangeDraw(7, "rule", "T0000001", 1)
	same := ExchangeDraw(7, "rule", "T0000001", 1)
	assert.Equal(t, d.Uint64(), same.Uint64())
	first := func(d Draw) uint64 { return d.Uint64() }
	seen := map[uint64]bool{}
	for _, d := range []Draw{
		ExchangeDraw(7, "rule", "T0000001", 1), ExchangeDraw(8, "rule", "T0000001", 1), ExchangeDraw(7, "rule2", "T0000001", 1),
		ExchangeDraw(7, "rule", "T0000002", 1), ExchangeDraw(7, "rule", "T0000001", 2), ExchangeDraw(7, "rul", "eT0000001", 1),
		ConnDraw(7, "rule", "T0000001", "", 1), ConnDraw(7, "rule", "main", "192.0.2.1", 1), ConnDraw(7, "rule", "main", "192.0.2.1", 2),
		ConnDraw(7, "rule", "main1", "92.0.2.1", 1), ExchangeDraw(7, "rule", "T0000001", 1).Fork("x"),
	} {
		assert.False(t, seen[first(d)])
		seen[first(d)] = true
	}
}

// The numbers are part of what a seed stands for: they stay.
func TestDrawsStay(t *testing.T) {
	d := ExchangeDraw(7, "rule", "T0000001", 1)
	assert.Equal(t, []uint64{11921821142749212250, 11637217819932262523}, []uint64{d.Uint64(), d.Uint64()})
	assert.Equal(t, time.Duration(1386775000), d.Normal(2*time.Second, 300*time.Millisecond))
	assert.Equal(t, time.Duration(3360919000), d.LogNormal(2*time.Second, 0.5))
}

func TestForksDoNotMoveEachOther(t *testing.T) {
	d := ExchangeDraw(7, "rule", "T0000001", 1)
	fork := d.Fork("a")
	fork.Uint64()
	same := ExchangeDraw(7, "rule", "T0000001", 1)
	assert.Equal(t, same.Uint64(), d.Uint64())
}

func TestDistributions(t *testing.T) {
	const n = 20_000
	d := ExchangeDraw(1, "rule", "T", 1)
	var uniform, normal, squares float64
	below := 0
	hits := 0
	for range n {
		u := d.Uniform(time.Second, 3*time.Second)
		assert.True(t, u >= time.Second && u <= 3*time.Second)
		uniform += u.Seconds()
		x := d.Normal(10*time.Second, time.Second).Seconds()
		normal += x
		squares += (x - 10) * (x - 10)
		if d.LogNormal(2*time.Second, 0.5) < 2*time.Second {
			below++
		}
		if d.Chance(0.25) {
			hits++
		}
	}
	assert.InDelta(t, 2, uniform/n, 0.02)
	assert.InDelta(t, 10, normal/n, 0.05)
	assert.InDelta(t, 1, math.Sqrt(squares/n), 0.05)
	assert.InDelta(t, 0.5, float64(below)/n, 0.02, "the median")
	assert.InDelta(t, 0.25, float64(hits)/n, 0.02)
}

func TestDrawLimits(t *testing.T) {
	d := ExchangeDraw(1, "rule", "T", 1)
	for range 1000 {
		assert.GreaterOrEqual(t, d.Normal(0, time.Hour), time.Duration(0))
		assert.LessOrEqual(t, d.LogNormal(longest, 5), longest)
		assert.True(t, d.Chance(1))
		assert.False(t, d.Chance(0))
		if n := d.Below(3); n < 0 || n > 2 {
			assert.Fail(t, "out of bounds", n)
		}
	}
	assert.Equal(t, time.Second, d.Uniform(time.Second, time.Second))
	assert.Equal(t, time.Second, d.Uniform(time.Second, 0))
	assert.Zero(t, d.Below(0))
	assert.Zero(t, whole(math.NaN()))
	assert.Equal(t, longest, whole(math.Inf(1)))
}
