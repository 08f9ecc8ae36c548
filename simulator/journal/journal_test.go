package journal

import (
	"bytes"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/acqsim/acqsim/scenarios/transcript"
)

func TestAppendCopiesWhatCallersUseAgain(t *testing.T) {
	j := New(Options{})
	e := numbered(1)
	require.EqualValues(t, 1, j.Append(e))
	e.Raw[0], e.Secrets[0].Field, e.Postings[0].Amount = 'x', 99, 99
	events, missed := j.Since(0, 0)
	require.Zero(t, missed)
	require.Len(t, events, 1)
	want := numbered(1)
	want.Seq, want.At = 1, events[0].At
	assert.Equal(t, want, events[0])

	events[0].Raw[0] = 'y'
	again, _ := j.Since(0, 0)
	assert.Equal(t, "1", string(again[0].Raw), "what is read is a copy too")
}

func TestAppendStampsEventsWithoutTime(t *testing.T) {
	now := time.Date(2026, 2, 17, 23, 30, 0, 0, time.UTC)
	own := now.Add(-time.Hour)
	j := New(Options{Now: func() time.Time { return now }})
	j.Append(transcript.Event{}, transcript.Event{At: own})
	events, _ := j.Since(0, 0)
	require.Len(t, events, 2)
	assert.Equal(t, now, events[0].At)
	assert.Equal(t, own, events[1].At)
}

func TestAppendReturnsTheFirstNumber(t *testing.T) {
	j := New(Options{})
	assert.Zero(t, j.Append())
	assert.EqualValues(t, 1, j.Append(numbered(1), numbered(2), numbered(3)))
	assert.EqualValues(t, 4, j.Append(numbered(4)))
	closeJournal(t, j)
	assert.Zero(t, j.Append(numbered(5)), "a closed journal accepts nothing")
	assert.EqualValues(t, 4, j.Stats().Appended)
}

// Many appenders at once, with readers that see memory being used again: the
// numbers have no gaps, each appender's events keep their order, and no event
// is ever seen mixed up with another.
func TestAppendConcurrently(t *testing.T) {
	const appenders, each = 8, 2000
	j := New(Options{Keep: 512})
	follower := j.Subscribe(0)
	var readers, writers sync.WaitGroup
	done := make(chan struct{})
	for range 2 {
		readers.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				events, _ := j.Since(0, 100)
				for i, e := range events {
					requireWhole(t, e)
					assert.Equal(t, events[0].Seq+uint64(i), e.Seq)
				}
			}
		})
	}
	for a := range appenders {
		writers.Go(func() {
			for n := 0; n < each; n += 2 {
				j.Append(numbered(a*each+n), numbered(a*each+n+1))
			}
		})
	}
	seen := make([]int, appenders) // by appender: the newest of its events
	var got, missed, last uint64
	for got+missed < appenders*each {
		events, lost, err := follower.Next(t.Context())
		require.NoError(t, err)
		missed += lost
		for _, e := range events {
			requireWhole(t, e)
			require.Equal(t, got+missed+1, e.Seq)
			got++
			last = e.Seq
			var n int
			_, err := fmt.Sscan(e.Text, &n)
			require.NoError(t, err)
			require.Greater(t, n%each+1, seen[n/each], "of appender %d", n/each)
			seen[n/each] = n%each + 1
		}
	}
	writers.Wait()
	close(done)
	readers.Wait()
	assert.EqualValues(t, appenders*each, last)
	stats := j.Stats()
	assert.EqualValues(t, appenders*each, stats.Appended)
	assert.Equal(t, missed, stats.Missed)
	follower.Close()
}

func TestMemoryIsBounded(t *testing.T) {
	const budget = 1 << 20
	tests := []struct {
		name string
		o    Options
		raw  int
		most int // events kept
		few  int // events kept at least
	}{
		{"one event", Options{Keep: 1}, 10, 1, 1},
		{"few events", Options{Keep: 20}, 10, 20, 19},
		{"many events", Options{Keep: 3000}, 10, 3000, 2600},
		{"bytes, small frames", Options{Bytes: budget}, 10, 3000, 1000},
		{"bytes, large frames", Options{Bytes: budget}, 60_000, 17, 1},
		{"one frame is more than the budget", Options{Bytes: 1000}, 60_000, 1, 1},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			j := New(test.o)
			raw := bytes.Repeat([]byte{1}, test.raw)
			for range 5000 {
				j.Append(transcript.Event{Raw: raw})
				s := j.Stats()
				require.LessOrEqual(t, s.Kept, test.most)
				if test.o.Bytes == budget {
					require.LessOrEqual(t, s.Bytes, budget)
				}
			}
			s := j.Stats()
			assert.GreaterOrEqual(t, s.Kept, test.few)
			events, missed := j.Since(0, 0)
			assert.Len(t, events, s.Kept)
			assert.EqualValues(t, 5000-s.Kept, missed)
			assert.EqualValues(t, 5000, events[len(events)-1].Seq)
		})
	}
}

func TestLargeFramesDoNotHoldMemoryForEver(t *testing.T) {
	j := New(Options{Keep: 4096})
	large := transcript.Event{Raw: make([]byte, 60_000)}
	for range 4096 {
		j.Append(large)
	}
	peak := j.Stats().Bytes
	for range 3 * 4096 {
		j.Append(transcript.Event{Raw: []byte{1}})
	}
	assert.Less(t, j.Stats().Bytes, peak/8)
}

// Whatever is appended and asked for, the log answers as a plain slice would.
func TestSinceAgainstModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		j := New(Options{Keep: rapid.IntRange(1, 100).Draw(t, "keep"), Bytes: rapid.IntRange(1, 200_000).Draw(t, "bytes")})
		var model []transcript.Event
		t.Repeat(map[string]func(*rapid.T){
			"append": func(t *rapid.T) {
				var events []transcript.Event
				for range rapid.IntRange(1, 40).Draw(t, "events") {
					e := numbered(len(model) + 1)
					e.Raw = append(e.Raw, make([]byte, rapid.IntRange(0, 3000).Draw(t, "raw"))...)
					e.At = time.Unix(int64(len(model)), 0)
					events = append(events, e)
					e.Seq = uint64(len(model) + 1)
					model = append(model, e)
				}
				require.Equal(t, events0(model, len(events)), j.Append(events...))
			},
			"since": func(t *rapid.T) {
				seq := rapid.IntRange(0, len(model)+3).Draw(t, "seq")
				most := rapid.IntRange(0, 50).Draw(t, "max")
				kept := j.Stats().Kept
				events, missed := j.Since(uint64(seq), most)
				from := max(seq, len(model)-kept)
				if seq < len(model)-kept {
					require.EqualValues(t, len(model)-kept-seq, missed)
				} else {
					require.Zero(t, missed)
				}
				var want []transcript.Event
				if from < len(model) {
					want = model[from:]
				}
				if most > 0 && len(want) > most {
					want = want[:most]
				}
				require.Equal(t, len(want), len(events))
				for i := range want {
					require.Equal(t, want[i], events[i])
				}
			},
		})
	})
}

// events0 is the number of the first of the n events at the end of the model.
func events0(model []transcript.Event, n int) uint64 { return model[len(model)-n].Seq }

func BenchmarkAppend(b *testing.B) {
	j := New(Options{})
	e := benchmarkEvent()
	b.ReportAllocs()
	for b.Loop() {
		j.Append(e)
	}
}

func BenchmarkAppendThree(b *testing.B) {
	j := New(Options{})
	e := benchmarkEvent()
	b.ReportAllocs()
	for b.Loop() {
		j.Append(e, e, e)
	}
}

func BenchmarkAppendParallel(b *testing.B) {
	j := New(Options{})
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		e := benchmarkEvent()
		for pb.Next() {
			j.Append(e)
		}
	})
}

func BenchmarkAppendWithSubscriber(b *testing.B) {
	j := New(Options{})
	s := j.Subscribe(1000)
	var reader sync.WaitGroup
	reader.Go(func() {
		for {
			if _, _, err := s.Next(b.Context()); err != nil {
				return
			}
		}
	})
	e := benchmarkEvent()
	b.ReportAllocs()
	for b.Loop() {
		j.Append(e)
	}
	s.Close()
	reader.Wait()
}

func BenchmarkAppendWithFile(b *testing.B) {
	j := New(Options{})
	require.NoError(b, j.OpenFile(b.TempDir()+"/journal.jsonl"))
	e := benchmarkEvent()
	b.ReportAllocs()
	for b.Loop() {
		j.Append(e)
	}
	b.StopTimer()
	closeJournal(b, j)
	require.Zero(b, j.Stats().File.Lost)
}

// benchmarkEvent is a decision as a server records one.
func benchmarkEvent() transcript.Event {
	return transcript.Event{
		At: time.Now(), Kind: transcript.Decided, Actor: transcript.Host, Listener: "pos", Dialect: "unionpay-pos",
		Conn: 3, Message: 12, Terminal: "12345678", Merchant: "898111112345678", Type: 2, MTI: 200, STAN: 1, HasSTAN: true,
		Amount: 1000, Currency: 156, Batch: 1, Card: 2, Outcome: 1, Code: "00", RRN: "000000000001", Approval: "A00001",
		Secrets: []transcript.Secret{{Field: 2, Kind: "pan"}}, Raw: make([]byte, 150),
	}
}
