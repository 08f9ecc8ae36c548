package bench

import (
	"math"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// exactQuantile is the definition: the value at rank ceil(q*n).
func exactQuantile(values []int64, q float64) int64 {
	sorted := slices.Sorted(slices.Values(values))
	rank := max(int(math.Ceil(q*float64(len(sorted)))), 1)
	return sorted[rank-1]
}

func TestHistogramQuantilesAreNearTheExactOnes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		// Magnitudes are drawn first: a plain draw would hardly ever be small.
		values := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) int64 {
			top := int64(1) << rapid.IntRange(0, 36).Draw(t, "magnitude")
			return rapid.Int64Range(0, top).Draw(t, "ns")
		}), 1, 300).Draw(t, "values")
		q := rapid.Float64Range(0, 1).Draw(t, "q")
		// Split over two histograms: merging must lose nothing.
		var a, b Histogram
		for i, v := range values {
			[]*Histogram{&a, &b}[i%2].Record(v)
		}
		a.Add(&b)

		require.EqualValues(t, len(values), a.Count())
		require.EqualValues(t, slices.Max(values), a.Max())
		exact := exactQuantile(values, q)
		require.InDelta(t, exact, int64(a.Quantile(q)), float64(exact)/(2*subBuckets)+0.5)
	})
}

func TestHistogramBucketsAreInOrderAndWithoutGaps(t *testing.T) {
	for b := range buckets {
		assert.Equal(t, b, bucketOf(uint64(middle(b))), "the middle of bucket %d", b)
	}
	for v := uint64(1); v < 1<<16; v++ {
		step := bucketOf(v) - bucketOf(v-1)
		require.Contains(t, []int{0, 1}, step, "from %d to %d ns", v-1, v)
	}
}

func TestHistogramEdges(t *testing.T) {
	var h Histogram
	assert.Zero(t, h.Quantile(0.5), "nothing recorded")

	h.Record(-5)
	assert.Zero(t, h.Quantile(1), "a clock that goes back counts as zero")

	h.Record(int64(time.Hour))
	assert.Equal(t, time.Hour, h.Max())
	assert.Greater(t, h.Quantile(1), 2*time.Minute, "beyond the range, the last bucket")

	h.Reset()
	assert.Zero(t, h.Count())
}
