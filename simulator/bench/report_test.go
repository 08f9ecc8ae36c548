package bench

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write the golden files anew")

// sample has one of everything, good and bad.
func sample() *Report {
	figure := func(speed float64, p50, p99 time.Duration, fewest, most uint64) *Figure {
		return &Figure{PerSecond: speed, P50: p50, P99: p99, Fewest: fewest, Most: most, CPU: 4321 * time.Nanosecond}
	}
	declined := figure(900_000, 10*time.Microsecond, 11*time.Microsecond, 1, 100)
	declined.Wrong = 7
	return &Report{
		Date:    time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC),
		Machine: Machine{CPU: "Test CPU", Cores: 2, Kernel: "Linux 6.1", Go: "go1.26", Platform: "linux/amd64"},
		Options: Options{Servers: []string{"echo", "acqsim"}, Rounds: 3, Time: 2 * time.Second, Terminals: 2000},
		Cells: []Cell{
			{
				Traffic: Traffic{Dialect: "iso87-ascii"}, Connections: 100, Depth: 1, Ratio: 0.8, TailRatio: 1.6,
				Servers: map[string]*Figure{
					"echo":   figure(67_000, 1400*time.Microsecond, 3*time.Millisecond, 1200, 1400),
					"acqsim": figure(53_600, 1700*time.Microsecond, 4800*time.Microsecond, 1000, 1100),
				},
			},
			{
				Traffic: Traffic{Dialect: "unionpay-pos", MAC: true}, Connections: 1000, Depth: 16, Ratio: 0.3, TailRatio: 1,
				Servers: map[string]*Figure{"echo": figure(632_000, 99900, 12*time.Millisecond, 90, 100), "acqsim": declined},
			},
		},
		Lean: []Cell{{
			Traffic: Traffic{Dialect: "iso87-ascii"}, Connections: 100, Depth: 16, Ratio: 0.2, TailRatio: 4,
			Servers: map[string]*Figure{
				"echo":   figure(632_000, 2*time.Millisecond, 9*time.Millisecond, 5000, 7000),
				"acqsim": figure(316_000, 4*time.Millisecond, 18*time.Millisecond, 2500, 3500),
			},
		}},
		Armed: []Cell{
			{
				Traffic: Traffic{Dialect: "iso87-bcd"}, Connections: 100, Depth: 16, Ratio: 0.94, TailRatio: 1, CPURatio: 1.04,
				Servers: map[string]*Figure{
					"acqsim":       figure(200_000, 7*time.Millisecond, 20*time.Millisecond, 100, 200),
					"acqsim+armed": figure(188_000, 7*time.Millisecond, 21*time.Millisecond, 100, 200),
				},
			},
			{
				Traffic: Traffic{Dialect: "unionpay-pos", MAC: true}, Connections: 100, Depth: 16, Ratio: 0.95,
				Servers: map[string]*Figure{"acqsim": figure(100_000, 1, 2, 1, 2), "acqsim+armed": declined},
			},
		},
		Delays: &Delays{Wanted: 20 * time.Millisecond, Load: 40_000, Faults: []Delay{
			{Fault: "reply.delay", Idle: DelayError{Waits: 1000, P50: 90 * time.Microsecond, P99: time.Millisecond, Worst: 2 * time.Millisecond},
				Loaded: DelayError{Waits: 900, P50: 3 * time.Millisecond, P99: 6 * time.Millisecond, Worst: 9 * time.Millisecond}},
			{Fault: "accept.close"},
		}},
		Idle: []Idle{
			{Server: "echo", Traffic: Traffic{Dialect: "iso87-ascii"}, Connections: 10_000, Resident: 4096, Go: 4500},
			{Server: "acqsim", Traffic: Traffic{Dialect: "iso87-ascii"}, Connections: 10_000, Resident: 11_000},
		},
		Soak: &Soak{Server: "acqsim", Traffic: Traffic{Dialect: "iso87-ascii"}, Points: []SoakPoint{
			{Messages: 1_000_000, PerSecond: 200_000, Busy: Usage{Resident: 40 << 20}, Settled: Usage{Resident: 30 << 20, Heap: 20 << 20}},
			{Messages: 2_000_000, PerSecond: 199_000, Busy: Usage{Resident: 41 << 20}, Settled: Usage{Heap: 20 << 20}},
		}},
		Complete: true,
	}
}

func TestReportGolden(t *testing.T) {
	r := sample()
	for name, write := range map[string]func(*bytes.Buffer) error{
		"report.txt": func(b *bytes.Buffer) error { return r.Text(b) },
		"report.md":  func(b *bytes.Buffer) error { return r.Markdown(b) },
	} {
		t.Run(name, func(t *testing.T) {
			var b bytes.Buffer
			require.NoError(t, write(&b))
			path := filepath.Join("testdata", name)
			if *update {
				require.NoError(t, os.WriteFile(path, b.Bytes(), 0o600))
			}
			want, err := os.ReadFile(path)
			require.NoError(t, err)
			assert.Equal(t, string(want), b.String(), "regenerate with -update, and read the difference")
		})
	}
}

func TestReportSaysThatItIsIncomplete(t *testing.T) {
	r := sample()
	r.Complete = false
	var b bytes.Buffer
	require.NoError(t, r.Text(&b))
	assert.Contains(t, b.String(), "Interrupted or failed")
}

func TestReportJSONRoundTrip(t *testing.T) {
	var b bytes.Buffer
	require.NoError(t, sample().JSON(&b))
	var got Report
	require.NoError(t, json.Unmarshal(b.Bytes(), &got))
	assert.Equal(t, *sample(), got)
}

func TestTargets(t *testing.T) {
	met := map[string]bool{}
	for _, target := range sample().Targets() {
		met[target.What] = target.Met
	}
	assert.Equal(t, map[string]bool{
		"iso87-ascii at 100 × 1: at least 0.70 of the echo":                            true,
		"iso87-ascii at 100 × 1: p99 at most 1.5 × the echo's":                         false,
		"iso87-ascii at 100 × 16, lean load: at least 0.35 of the echo":                false,
		"no connection starved: fewest at least 0.1 of most":                           false,
		"iso87-bcd at 100 × 16: at least 0.95 with a scenario armed for others":        false,
		"unionpay-pos+mac at 100 × 16: at least 0.95 with a scenario armed for others": true,
		"an idle connection of 10000 takes less than 10 KiB (acqsim)":                  false,
	}, met, "what is not measured is not judged: no MAC-off cell at 100 × 16 but a lean one, a soak of two points")
}

func TestThousands(t *testing.T) {
	for n, want := range map[uint64]string{0: "0", 999: "999", 1000: "1,000", 1234567: "1,234,567", 100000: "100,000"} {
		assert.Equal(t, want, thousands(n))
	}
}

func TestProcField(t *testing.T) {
	path := filepath.Join(t.TempDir(), "stat")
	require.NoError(t, os.WriteFile(path, []byte("42 (a (strange) name) S 7 8 x"), 0o600))
	got, ok := procField(path, 4)
	assert.True(t, ok)
	assert.EqualValues(t, 8, got)
	for _, n := range []int{5, 6} {
		_, ok = procField(path, n)
		assert.False(t, ok, "field %d is no number, or absent", n)
	}
	_, ok = procField(filepath.Join(t.TempDir(), "absent"), 1)
	assert.False(t, ok)
}
