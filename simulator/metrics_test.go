package simulator

import (
	"errors"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/acqsim/acqsim/scenarios/transcript"
	"github.com/acqsim/acqsim/scenarios/world"
	"github.com/acqsim/acqsim/simulator/dialect"
	"github.com/acqsim/acqsim/simulator/journal"
)

// fullDisk takes so many bytes, and no more.
type fullDisk struct{ room int }

func (d *fullDisk) Write(b []byte) (int, error) {
	n := min(len(b), d.room)
	d.room -= n
	if n < len(b) {
		return n, syscall.ENOSPC
	}
	return n, nil
}

func TestMetricsShowWhatTheJournalLoses(t *testing.T) {
	values := func(m *Metrics) map[string]float64 {
		registry := prometheus.NewPedanticRegistry()
		require.NoError(t, registry.Register(m))
		families, err := registry.Gather()
		require.NoError(t, err)
		all := map[string]float64{}
		for _, f := range families {
			if name, ok := strings.CutPrefix(f.GetName(), "acqsim_journal_"); ok {
				all[name] = f.GetMetric()[0].GetCounter().GetValue() + f.GetMetric()[0].GetGauge().GetValue()
			}
		}
		return all
	}
	d, err := dialect.Load("iso87-ascii")
	require.NoError(t, err)
	told := make(chan struct{}, 1)
	j := journal.New(journal.Options{Keep: 40, OnTrouble: func(journal.Trouble) {
		select {
		case told <- struct{}{}:
		default:
		}
	}})
	m := NewMetrics()
	assert.Equal(t, map[string]float64{"errors_total": 0, "lost_total": 0, "unwritten_events": 0}, values(m))
	s, err := Start(t.Context(), Options{Listeners: []Listener{{Address: "127.0.0.1:0", Dialect: d}}, Journal: j, Metrics: m})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	require.NoError(t, j.Persist(&fullDisk{room: 500}, "disk"))
	for range 10 {
		j.Append(transcript.Event{Kind: transcript.Note, Text: "something happened"})
	}
	<-told
	got := values(m)
	assert.Positive(t, got["errors_total"])
	assert.Positive(t, got["unwritten_events"])
	assert.Zero(t, got["lost_total"], "what is in memory can still be written")
	for range 100 {
		j.Append(transcript.Event{Kind: transcript.Note, Text: "something happened"})
	}
	got = values(m)
	assert.Positive(t, got["lost_total"])
	assert.EqualValues(t, j.Stats().Appended, got["lost_total"]+got["unwritten_events"]+float64(j.Stats().File.Written))
	require.ErrorIs(t, j.Close(t.Context()), syscall.ENOSPC)
}

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
