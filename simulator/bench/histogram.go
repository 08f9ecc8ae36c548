package bench

import (
	"math"
	"math/bits"
	"time"
)

const (
	subBits    = 6            // 64 buckets to an octave
	subBuckets = 1 << subBits // the relative error of a quantile is below 1/(2*64)
	octaves    = 31           // the last bucket ends at 2^37 ns, 137 s
	buckets    = octaves*subBuckets + subBuckets
)

// Histogram counts latencies in buckets that grow with the value, so that
// recording is one increment and a quantile is off by less than 0.8 %.
// Latencies above 137 s count as 137 s, negative ones as zero. The zero value
// is ready to use. It is not safe for concurrent use: each connection has its
// own, and they are merged.
type Histogram struct {
	counts [buckets]uint32
	n      uint64
	max    int64
}

// Record counts one latency in nanoseconds.
func (h *Histogram) Record(ns int64) {
	ns = max(ns, 0)
	h.counts[bucketOf(uint64(ns))]++
	h.n++
	h.max = max(h.max, ns)
}

// bucketOf is exact below 64 ns; above, it keeps the 7 leading bits.
func bucketOf(v uint64) int {
	if v < subBuckets {
		return int(v)
	}
	shift := bits.Len64(v) - subBits - 1
	if shift >= octaves {
		return buckets - 1
	}
	return shift*subBuckets + int(v>>shift)
}

// middle is the value that stands for a bucket.
func middle(bucket int) int64 {
	if bucket < 2*subBuckets {
		return int64(bucket)
	}
	shift := bucket/subBuckets - 1
	low := int64(bucket-shift*subBuckets) << shift
	return low + int64(1)<<shift/2
}

// Add merges another histogram into this one.
func (h *Histogram) Add(o *Histogram) {
	for i, c := range o.counts {
		h.counts[i] += c
	}
	h.n += o.n
	h.max = max(h.max, o.max)
}

// Reset forgets everything.
func (h *Histogram) Reset() { *h = Histogram{} }

// Count is how many latencies were recorded.
func (h *Histogram) Count() uint64 { return h.n }

// Max is the largest latency, exactly.
func (h *Histogram) Max() time.Duration { return time.Duration(h.max) }

// Quantile returns the smallest latency that at least the share q (0 to 1) of
// all recorded latencies don't exceed; zero if there are none.
func (h *Histogram) Quantile(q float64) time.Duration {
	if h.n == 0 {
		return 0
	}
	rank := uint64(math.Ceil(min(max(q, 0), 1) * float64(h.n)))
	rank = max(rank, 1)
	var seen uint64
	for i, c := range h.counts {
		if seen += uint64(c); seen >= rank {
			return time.Duration(min(middle(i), h.max))
		}
	}
	return time.Duration(h.max)
}
