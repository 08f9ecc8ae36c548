package simulator

import (
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/acqsim/acqsim/scenarios/world"
	"github.com/acqsim/acqsim/simulator/journal"
)

// Metrics count what a server does. They implement prometheus.Collector: a
// program registers them where it shows its metrics.
type Metrics struct {
	connected, refused, handshakes   prometheus.Counter
	keepAlives, badFrames, discarded prometheus.Counter
	unbuilt, unsent, stateErrors     prometheus.Counter
	open                             prometheus.Gauge
	elapsed                          histogram

	journal atomic.Pointer[journal.Journal] // counts for itself; nil: there is none

	// answered counts exchanges by transaction type and outcome.
	answered [][]atomic.Uint64
}

var (
	exchangesDesc     = prometheus.NewDesc("acqsim_exchanges_total", "Requests that were answered.", []string{"type", "outcome"}, nil)
	journalErrorsDesc = prometheus.NewDesc("acqsim_journal_errors_total", "Times that the journal's file could not be written.", nil, nil)
	journalLostDesc   = prometheus.NewDesc("acqsim_journal_lost_total",
		"Events that are missing from the journal's file for good: they left memory before it could be written.", nil, nil)
	journalUnwrittenDesc = prometheus.NewDesc("acqsim_journal_unwritten_events",
		"Events in memory that are not in the journal's file yet.", nil, nil)
)

// NewMetrics returns metrics that stand at zero.
func NewMetrics() *Metrics {
	counter := func(name, help string) prometheus.Counter {
		return prometheus.NewCounter(prometheus.CounterOpts{Namespace: "acqsim", Name: name, Help: help})
	}
	m := &Metrics{
		connected:   counter("connections_total", "Connections accepted."),
		refused:     counter("connections_refused_total", "Connections closed at once because of a limit."),
		handshakes:  counter("tls_handshakes_failed_total", "TLS handshakes that failed."),
		keepAlives:  counter("keep_alives_total", "Frames of length zero."),
		badFrames:   counter("bad_frames_total", "Frames that could not be read."),
		discarded:   counter("requests_discarded_total", "Frames that got no answer; the journal says why."),
		unbuilt:     counter("replies_unbuilt_total", "Replies that could not be encoded."),
		unsent:      counter("replies_unsent_total", "Replies that could not be written."),
		stateErrors: counter("state_errors_total", "Times that the state could not be written."),
		open: prometheus.NewGauge(prometheus.GaugeOpts{Namespace: "acqsim", Name: "connections_open",
			Help: "Connections that are open."}),
	}
	m.answered = make([][]atomic.Uint64, len(world.TransactionTypes())+1)
	for t := range m.answered {
		m.answered[t] = make([]atomic.Uint64, len(world.Outcomes())+1)
	}
	return m
}

// tally gathers exchanges before they are counted together: counters are shared
// by all connections, and each message would wait for them.
type tally struct {
	typ      world.TransactionType
	outcome  world.Outcome
	answered uint64 // of that type and outcome
	unsent   uint64
	elapsed  tallied
}

// add tallies one exchange.
func (m *Metrics) add(y *tally, t world.TransactionType, o world.Outcome, elapsed time.Duration, err error) {
	if err != nil {
		y.unsent++
		return
	}
	if y.typ != t || y.outcome != o {
		m.countAnswered(y)
		y.typ, y.outcome = t, o
	}
	y.answered++
	y.elapsed.add(elapsed)
}

// count counts what was tallied, and begins the tally anew.
func (m *Metrics) count(y *tally) {
	m.countAnswered(y)
	if y.unsent > 0 {
		m.unsent.Add(float64(y.unsent))
		y.unsent = 0
	}
	m.elapsed.count(&y.elapsed)
}

func (m *Metrics) countAnswered(y *tally) {
	if y.answered > 0 {
		m.answered[y.typ][y.outcome].Add(y.answered)
		y.answered = 0
	}
}

// exchange counts a single one.
func (m *Metrics) exchange(t world.TransactionType, o world.Outcome, elapsed time.Duration, err error) {
	var y tally
	m.add(&y, t, o, elapsed, err)
	m.count(&y)
}

func (m *Metrics) collectors() []prometheus.Collector {
	return []prometheus.Collector{m.connected, m.refused, m.handshakes, m.keepAlives, m.badFrames, m.discarded,
		m.unbuilt, m.unsent, m.stateErrors, m.open}
}

// Describe implements prometheus.Collector.
func (m *Metrics) Describe(ch chan<- *prometheus.Desc) {
	for _, c := range m.collectors() {
		c.Describe(ch)
	}
	ch <- journalErrorsDesc
	ch <- journalLostDesc
	ch <- journalUnwrittenDesc
	ch <- exchangesDesc
	ch <- elapsedDesc
}

// Collect implements prometheus.Collector.
func (m *Metrics) Collect(ch chan<- prometheus.Metric) {
	for _, c := range m.collectors() {
		c.Collect(ch)
	}
	m.collectJournal(ch)
	ch <- m.elapsed.metric()
	for t, outcomes := range m.answered {
		for o := range outcomes {
			if n := outcomes[o].Load(); n > 0 {
				ch <- prometheus.MustNewConstMetric(exchangesDesc, prometheus.CounterValue, float64(n),
					world.TransactionType(t).String(), world.Outcome(o).String())
			}
		}
	}
}

// collectJournal shows what the journal counts of its file.
func (m *Metrics) collectJournal(ch chan<- prometheus.Metric) {
	var f journal.FileStats
	if j := m.journal.Load(); j != nil {
		f = j.Stats().File
	}
	ch <- prometheus.MustNewConstMetric(journalErrorsDesc, prometheus.CounterValue, float64(f.Errors))
	ch <- prometheus.MustNewConstMetric(journalLostDesc, prometheus.CounterValue, float64(f.Lost))
	ch <- prometheus.MustNewConstMetric(journalUnwrittenDesc, prometheus.GaugeValue, float64(f.Behind))
}
