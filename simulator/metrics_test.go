package simulator

import (
	"errors"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/acqsim/acqsim/scenarios/world"
)

func TestMetricsCountWhatWasTallied(t *testing.T) {
	m := NewMetrics()
	var y tally
	m.add(&y, world.Sale, world.Approved, 25*time.Microsecond, nil)
	m.add(&y, world.Sale, world.Approved, 26*time.Microsecond, nil)
	m.add(&y, world.Sale, world.InsufficientFunds, 3*time.Second, nil)
	m.add(&y, world.Sale, world.Approved, time.Hour, nil)
	m.add(&y, world.Sale, world.Approved, time.Second, errors.New("the peer is gone"))
	m.count(&y)
	m.count(&y) // nothing is counted twice
	m.exchange(world.Void, world.Approved, time.Millisecond, nil)

	registry := prometheus.NewPedanticRegistry()
	require.NoError(t, registry.Register(m))
	families, err := registry.Gather()
	require.NoError(t, err)
	answered, found := map[string]float64{}, map[string]bool{}
	for _, f := range families {
		found[f.GetName()] = true
		for _, metric := range f.GetMetric() {
			switch f.GetName() {
			case "acqsim_exchanges_total":
				answered[metric.GetLabel()[1].GetValue()+" "+metric.GetLabel()[0].GetValue()] = metric.GetCounter().GetValue()
			case "acqsim_replies_unsent_total":
				assert.Equal(t, 1.0, metric.GetCounter().GetValue())
			case "acqsim_exchange_seconds":
				h := metric.GetHistogram()
				assert.EqualValues(t, 5, h.GetSampleCount())
				assert.InDelta(t, 3603.001051, h.GetSampleSum(), 1e-9)
				below := map[float64]uint64{}
				for _, b := range h.GetBucket() {
					below[b.GetUpperBound()] = b.GetCumulativeCount()
				}
				assert.Len(t, below, len(elapsedBounds))
				for bound, want := range map[float64]uint64{25e-6: 1, 50e-6: 2, 500e-6: 2, 1e-3: 3, 1: 3, 5: 4, 60: 4} {
					assert.Equal(t, want, below[bound], "at most %g s", bound)
				}
			}
		}
	}
	assert.Equal(t, map[string]float64{"sale approved": 3, "sale insufficient-funds": 1, "void approved": 1}, answered)
	assert.True(t, found["acqsim_exchange_seconds"] && found["acqsim_replies_unsent_total"])
}
