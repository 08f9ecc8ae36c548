package journal

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/acqsim/acqsim/scenarios/transcript"
)

// disk is a writer with so much room, and as slow as is wanted.
type disk struct {
	mu     sync.Mutex
	room   int
	delay  time.Duration
	hang   chan struct{} // a write waits until it is closed; nil: it doesn't
	data   bytes.Buffer
	closed int
}

const plenty = 1 << 30

func (d *disk) Write(b []byte) (int, error) {
	d.mu.Lock()
	hang, delay := d.hang, d.delay
	d.mu.Unlock()
	if hang != nil {
		<-hang
	}
	time.Sleep(delay)
	d.mu.Lock()
	defer d.mu.Unlock()
	n := min(len(b), d.room)
	d.room -= n
	d.data.Write(b[:n])
	if n < len(b) {
		return n, syscall.ENOSPC
	}
	return n, nil
}

func (d *disk) Close() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.closed++
	return nil
}

func (d *disk) setRoom(n int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.room = n
}

func (d *disk) content() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.data.String()
}

// read decodes a file, in which nothing may be torn.
func read(t testing.TB, file string) []transcript.Event {
	d := transcript.NewDecoder(strings.NewReader(file), "journal.jsonl")
	var events []transcript.Event
	for {
		e, err := d.Next()
		if errors.Is(err, io.EOF) {
			require.Empty(t, d.Torn())
			return events
		}
		require.NoError(t, err)
		events = append(events, e)
	}
}

// troubles collects reports.
type troubles struct {
	mu  sync.Mutex
	all []Trouble
}

func (r *troubles) add(t Trouble) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.all = append(r.all, t)
}

func (r *troubles) list() []Trouble {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]Trouble(nil), r.all...)
}

func TestPersistWritesEverything(t *testing.T) {
	const appenders, each = 4, 3000
	d := &disk{room: plenty}
	j := New(Options{Keep: 400, Program: "acqsim 1.0.0"}) // far less than comes
	j.Append(numbered(0))                                 // before there is a file
	require.NoError(t, j.Persist(d, "disk"))
	var writers sync.WaitGroup
	for range appenders {
		writers.Go(func() {
			for n := range each {
				j.Append(numbered(n))
			}
		})
	}
	writers.Wait()
	closeJournal(t, j)
	events := read(t, d.content())
	require.Len(t, events, appenders*each+1)
	for i, e := range events {
		requireWhole(t, e)
		require.EqualValues(t, i+1, e.Seq)
	}
	kept, _ := j.Since(0, 0)
	for _, want := range kept {
		got := events[want.Seq-1]
		assert.True(t, want.At.Equal(got.At))
		want.At, got.At = time.Time{}, time.Time{}
		assert.Equal(t, want, got)
	}
	assert.Contains(t, d.content(), `"program":"acqsim 1.0.0"`)
	assert.Equal(t, FileStats{Name: "disk", Written: appenders*each + 1}, j.Stats().File)
	assert.Equal(t, 1, d.closed)
}

func TestPersistCountsFromTheOldestKept(t *testing.T) {
	d := &disk{room: plenty}
	j := New(Options{Keep: 10})
	for n := range 100 {
		j.Append(numbered(n))
	}
	require.NoError(t, j.Persist(d, "disk"))
	kept := j.Stats().Kept
	closeJournal(t, j)
	assert.Len(t, read(t, d.content()), kept)
	assert.Equal(t, FileStats{Name: "disk", Written: uint64(kept)}, j.Stats().File)
}

func TestPersistFlushesWithin200ms(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &disk{room: plenty}
		j := New(Options{})
		require.NoError(t, j.Persist(d, "disk"))
		time.Sleep(200 * time.Millisecond)
		assert.Contains(t, d.content(), `{"acqsim":"transcript"`, "the header is there at once")
		for n := 1; n <= 5; n++ {
			j.Append(numbered(n))
			assert.Len(t, read(t, d.content()), n-1)
			assert.EqualValues(t, 1, j.Stats().File.Behind)
			time.Sleep(200 * time.Millisecond)
			assert.Len(t, read(t, d.content()), n)
			assert.Zero(t, j.Stats().File.Behind)
			time.Sleep(time.Hour)
		}
		closeJournal(t, j)
	})
}

// A disk that is slower than the events makes appends wait; nothing is lost.
func TestAppendsWaitForASlowFile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &disk{room: plenty, delay: time.Second}
		j := New(Options{Keep: 64})
		require.NoError(t, j.Persist(d, "disk"))
		for n := range 20_000 {
			j.Append(numbered(n))
		}
		stats := j.Stats()
		assert.Positive(t, stats.Waits)
		assert.False(t, stats.File.Failing)
		closeJournal(t, j)
		events := read(t, d.content())
		require.Len(t, events, 20_000)
		for i, e := range events {
			require.EqualValues(t, i+1, e.Seq)
		}
		assert.Zero(t, j.Stats().File.Lost)
	})
}

// A file that keeps up is not waited for longer than a write takes: appends
// that wait make it write at once.
func TestWaitingAppendsHurryTheFile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &disk{room: plenty}
		j := New(Options{Keep: 64})
		require.NoError(t, j.Persist(d, "disk"))
		start := time.Now()
		for n := range 20_000 {
			j.Append(numbered(n))
		}
		assert.Zero(t, time.Since(start), "in the bubble's time")
		closeJournal(t, j)
		assert.Len(t, read(t, d.content()), 20_000)
	})
}

// A disk that fills up stops nothing. Its file says where events are missing,
// and how many; nothing in it is torn.
func TestFullDisk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var told troubles
		d := &disk{room: 1000}
		j := New(Options{Keep: 100, OnTrouble: told.add})
		require.NoError(t, j.Persist(d, "disk"))
		total := 0
		appendAll := func(n int) {
			for range n {
				total++
				j.Append(numbered(total))
			}
		}
		appendAll(50)
		time.Sleep(time.Second)
		stats := j.Stats().File
		assert.True(t, stats.Failing)
		assert.ErrorIs(t, stats.LastError, syscall.ENOSPC)
		assert.Zero(t, stats.Lost, "what is in memory is not lost")
		require.Len(t, told.list(), 1)

		appendAll(5000) // does not wait: the test would come to no end
		time.Sleep(2 * time.Minute)
		stats = j.Stats().File
		assert.Greater(t, stats.Errors, uint64(60), "it is tried again and again")
		assert.Len(t, told.list(), 5, "but told only every 30 s")
		lost := stats.Lost
		assert.Positive(t, lost)
		assert.EqualValues(t, total, stats.Written+stats.Lost+stats.Behind)

		d.setRoom(plenty)
		time.Sleep(2 * time.Second)
		stats = j.Stats().File
		assert.False(t, stats.Failing)
		assert.Zero(t, stats.Behind)
		assert.Equal(t, lost, stats.Lost)
		assert.EqualValues(t, total, stats.Written+stats.Lost)
		last := told.list()[len(told.list())-1]
		assert.NoError(t, last.Err)
		assert.Equal(t, lost, last.Lost)

		appendAll(10)
		require.ErrorContains(t, j.Close(t.Context()), "of 5060 events are missing from the file: no space left on device")
		requireAccounted(t, read(t, d.content()), total, lost)
	})
}

// requireAccounted makes sure that every number up to total is either an event
// of the file or covered by one that says it is missing.
func requireAccounted(t *testing.T, events []transcript.Event, total int, lost uint64) {
	var seq, missing uint64
	for _, e := range events {
		if e.Kind == transcript.Missing {
			missing += e.Lost
			require.Equal(t, seq+e.Lost, e.Seq)
			require.Contains(t, e.Why, "no space left on device")
		} else {
			requireWhole(t, e)
			require.Equal(t, seq+1, e.Seq)
		}
		seq = e.Seq
	}
	assert.EqualValues(t, total, seq)
	assert.Equal(t, lost, missing)
}

// However little room comes back at a time, the file is never torn.
func TestDiskThatFillsUpAgainAndAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &disk{}
		j := New(Options{Keep: 50})
		require.NoError(t, j.Persist(d, "disk"))
		total := 0
		for room := range 300 {
			for range room % 7 {
				total++
				e := numbered(total)
				e.Merchant = strings.Repeat("m", 2000) // more than waits in the writer
				j.Append(e)
			}
			d.setRoom(room)
			time.Sleep(1100 * time.Millisecond)
		}
		d.setRoom(plenty)
		require.ErrorIs(t, j.Close(t.Context()), syscall.ENOSPC)
		stats := j.Stats().File
		requireAccounted(t, read(t, d.content()), total, stats.Lost)
		assert.Positive(t, stats.Lost)
	})
}

// A file that hangs holds the server up once, for Options.Stall.
func TestFileThatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var told troubles
		d := &disk{room: plenty, hang: make(chan struct{})}
		j := New(Options{Keep: 100, Stall: 3 * time.Second, OnTrouble: told.add})
		require.NoError(t, j.Persist(d, "nfs"))
		j.Append(numbered(1))
		time.Sleep(time.Second) // the goroutine hangs in its first write
		start := time.Now()
		for n := 2; n <= 1000; n++ {
			j.Append(numbered(n))
		}
		assert.Equal(t, 3*time.Second, time.Since(start))
		stats := j.Stats()
		assert.EqualValues(t, 1, stats.Waits)
		assert.True(t, stats.File.Failing)
		require.Len(t, told.list(), 1)
		assert.ErrorIs(t, told.list()[0].Err, ErrStalled)

		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		err := j.Close(ctx)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		assert.Contains(t, err.Error(), "nfs is not finished")

		close(d.hang)
		require.ErrorIs(t, j.Close(t.Context()), ErrStalled)
		stats = j.Stats()
		assert.Positive(t, stats.File.Lost)
		assert.EqualValues(t, 1000, stats.File.Written+stats.File.Lost)
		assert.Contains(t, d.content(), ErrStalled.Error())
	})
}

func TestCloseSaysWhatIsMissing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &disk{room: 300}
		j := New(Options{})
		require.NoError(t, j.Persist(d, "disk"))
		for n := range 10 {
			j.Append(numbered(n))
		}
		time.Sleep(time.Second)
		err := j.Close(t.Context())
		require.ErrorIs(t, err, syscall.ENOSPC)
		assert.Equal(t, 2, strings.Count(d.content(), "\n"), "the header and one event had room")
		assert.Contains(t, err.Error(), "journal: disk: 9 of 10 events are missing from the file")
		assert.Equal(t, err, j.Close(t.Context()), "closing again says the same")
		stats := j.Stats().File
		assert.EqualValues(t, 9, stats.Lost)
		assert.Zero(t, stats.Behind)
		assert.Equal(t, 1, d.closed)
	})
}

// What was written before the disk was full stays written: whole lines count, a
// torn one is missing.
func TestFullDiskKeepsWhatItTook(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for room := 900; room < 1300; room++ {
			d := &disk{room: room}
			j := New(Options{})
			require.NoError(t, j.Persist(d, "disk"))
			for n := range 50 {
				j.Append(numbered(n))
			}
			time.Sleep(time.Second)
			lines := strings.Count(d.content(), "\n") - 1 // one is the header's
			require.Positive(t, lines)
			stats := j.Stats().File
			require.EqualValues(t, lines, stats.Written)
			require.EqualValues(t, 50-lines, stats.Behind)
			require.Zero(t, stats.Lost)
			err := j.Close(t.Context())
			require.ErrorContains(t, err, fmt.Sprintf("%d of 50 events are missing from the file", 50-lines))
			require.EqualValues(t, 50-lines, j.Stats().File.Lost)
		}
	})
}

// Appends that wait for a file give up when the journal is closed.
func TestCloseEndsWaitingAppends(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &disk{room: plenty, hang: make(chan struct{})}
		j := New(Options{Keep: 10, Stall: time.Hour})
		require.NoError(t, j.Persist(d, "disk"))
		j.Append(numbered(0))
		time.Sleep(time.Second)
		accepted := make(chan int)
		go func() {
			n := 1
			for j.Append(numbered(n)) > 0 {
				n++
			}
			accepted <- n
		}()
		synctest.Wait()
		go func() {
			time.Sleep(time.Second)
			close(d.hang)
		}()
		closeJournal(t, j)
		assert.Len(t, read(t, d.content()), <-accepted, "all that was accepted is in the file")
	})
}

func TestPersistOnce(t *testing.T) {
	j := New(Options{})
	require.NoError(t, j.Persist(&disk{room: plenty}, "one"))
	require.ErrorIs(t, j.Persist(&disk{room: plenty}, "two"), ErrPersisting)
	closeJournal(t, j)
	require.ErrorIs(t, New(Options{}).Close(t.Context()), nil)
	closed := New(Options{})
	closeJournal(t, closed)
	require.ErrorIs(t, closed.Persist(&disk{}, "late"), ErrClosed)
}

func TestTroubleForPeople(t *testing.T) {
	assert.Equal(t, "journal a.jsonl can't be written: no space left on device; the server goes on, and events are kept in memory as long as they fit",
		Trouble{File: "a.jsonl", Err: syscall.ENOSPC}.String())
	assert.Equal(t, "journal a.jsonl is written again; 7 events are missing from it", Trouble{File: "a.jsonl", Lost: 7}.String())
}
