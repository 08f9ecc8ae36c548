package simulator

import (
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

var elapsedDesc = prometheus.NewDesc("acqsim_exchange_seconds", "From the request read to the reply written.", nil, nil)

// elapsedBounds are the upper bounds of the buckets of a histogram.
var elapsedBounds = [...]time.Duration{25 * time.Microsecond, 50 * time.Microsecond, 100 * time.Microsecond,
	250 * time.Microsecond, 500 * time.Microsecond, time.Millisecond, 2500 * time.Microsecond, 5 * time.Millisecond,
	10 * time.Millisecond, 25 * time.Millisecond, 100 * time.Millisecond, 500 * time.Millisecond,
	time.Second, 5 * time.Second, 30 * time.Second, time.Minute}

// histogram counts durations. Unlike prometheus.Histogram it takes many of them
// at once, in a few operations on memory that is shared.
type histogram struct {
	buckets [len(elapsedBounds) + 1]atomic.Uint64 // the last is what is beyond all bounds
	sum     atomic.Int64                          // nanoseconds
}

// tallied is durations that are to be counted in a histogram.
type tallied struct {
	buckets [len(elapsedBounds) + 1]uint32
	sum     time.Duration
	n       int
}

func (y *tallied) add(d time.Duration) {
	i := 0
	for i < len(elapsedBounds) && d > elapsedBounds[i] {
		i++
	}
	y.buckets[i]++
	y.sum += d
	y.n++
}

// count counts what was tallied, and begins the tally anew.
func (h *histogram) count(y *tallied) {
	if y.n == 0 {
		return
	}
	for i, n := range y.buckets {
		if n > 0 {
			h.buckets[i].Add(uint64(n))
		}
	}
	h.sum.Add(int64(y.sum))
	*y = tallied{}
}

// metric is the histogram as prometheus wants it: each bucket counts what is in
// the smaller ones, too.
func (h *histogram) metric() prometheus.Metric {
	below := make(map[float64]uint64, len(elapsedBounds))
	count := uint64(0)
	for i := range h.buckets {
		count += h.buckets[i].Load()
		if i < len(elapsedBounds) {
			below[elapsedBounds[i].Seconds()] = count
		}
	}
	return prometheus.MustNewConstHistogram(elapsedDesc, count, time.Duration(h.sum.Load()).Seconds(), below)
}
