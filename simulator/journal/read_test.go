package journal

import (
	"bytes"
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestSubscriberGetsWhatComesAfterIt(t *testing.T) {
	j := New(Options{})
	j.Append(numbered(1))
	s := j.Subscribe(0)
	defer s.Close()
	j.Append(numbered(2), numbered(3))
	events, missed, err := s.Next(t.Context())
	require.NoError(t, err)
	assert.Zero(t, missed)
	require.Len(t, events, 2)
	assert.Equal(t, "2", events[0].Text)
	requireWhole(t, events[1])
}

func TestSubscribeAfter(t *testing.T) {
	j := New(Options{Keep: 10})
	for n := range 30 {
		j.Append(numbered(n + 1))
	}
	kept := uint64(j.Stats().Kept)
	for _, test := range []struct{ seq, missed, first uint64 }{
		{0, 30 - kept, 30 - kept + 1},
		{28, 0, 29},
	} {
		s := j.SubscribeAfter(test.seq, 0)
		events, missed, err := s.Next(t.Context())
		require.NoError(t, err)
		assert.Equal(t, test.missed, missed)
		assert.Equal(t, test.first, events[0].Seq)
		assert.EqualValues(t, 30, events[len(events)-1].Seq)
		s.Close()
	}
}

func TestSubscriberWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := New(Options{})
		s := j.Subscribe(0)
		defer s.Close()
		go func() {
			time.Sleep(time.Hour)
			j.Append(numbered(1))
			time.Sleep(time.Hour)
			j.Append(numbered(2))
		}()
		for n := 1; n <= 2; n++ {
			events, _, err := s.Next(t.Context())
			require.NoError(t, err)
			require.Len(t, events, 1)
			assert.EqualValues(t, n, events[0].Seq)
		}
	})
}

// A slow subscriber is told exactly how many events it missed, whether they
// left memory or its own buffer, and never again of the same.
func TestSlowSubscriberIsToldWhatItMissed(t *testing.T) {
	for _, buffer := range []int{0, 5, 1000} {
		j := New(Options{Keep: 50})
		s := j.Subscribe(buffer)
		total := 0
		for _, burst := range []int{3, 200, 1, 5, 6, 40, 4000} {
			for range burst {
				total++
				j.Append(numbered(total))
			}
			kept := j.Stats().Kept
			if buffer > 0 {
				kept = min(kept, buffer)
			}
			events, missed, err := s.Next(t.Context())
			require.NoError(t, err)
			assert.Len(t, events, min(kept, burst), "buffer %d, burst of %d", buffer, burst)
			assert.EqualValues(t, burst-len(events), missed, "buffer %d, burst of %d", buffer, burst)
			assert.EqualValues(t, total, events[len(events)-1].Seq)
		}
		s.Close()
		assert.Positive(t, j.Stats().Missed)
	}
}

func TestSubscriptionComesInBatches(t *testing.T) {
	j := New(Options{})
	s := j.Subscribe(0)
	defer s.Close()
	for n := range batch + 10 {
		j.Append(numbered(n))
	}
	first, _, err := s.Next(t.Context())
	require.NoError(t, err)
	second, missed, err := s.Next(t.Context())
	require.NoError(t, err)
	assert.Len(t, first, batch)
	assert.Len(t, second, 10)
	assert.Zero(t, missed)
}

func TestSubscriptionEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := New(Options{})
		s := j.Subscribe(0)
		defer s.Close()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, _, err := s.Next(ctx)
		require.ErrorIs(t, err, context.DeadlineExceeded)

		j.Append(numbered(1))
		events, _, err := s.Next(t.Context())
		require.NoError(t, err, "the subscription goes on")
		assert.Len(t, events, 1)
	})
}

func TestSubscriptionEndsWhenClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := New(Options{})
		s := j.Subscribe(0)
		go func() {
			time.Sleep(time.Second)
			s.Close()
			s.Close()
		}()
		_, _, err := s.Next(t.Context())
		require.ErrorIs(t, err, ErrClosed)
		j.Append(numbered(1))
		_, _, err = s.Next(t.Context())
		require.ErrorIs(t, err, ErrClosed)
	})
}

func TestSubscriptionReadsToTheEndOfAClosedJournal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := New(Options{})
		s := j.Subscribe(0)
		defer s.Close()
		idle := j.Subscribe(0)
		defer idle.Close()
		j.Append(numbered(1))
		go func() {
			time.Sleep(time.Second)
			closeJournal(t, j)
		}()
		_, _, err := s.Next(t.Context())
		require.NoError(t, err)
		_, _, err = s.Next(t.Context())
		require.ErrorIs(t, err, ErrClosed)
		events, _, err := idle.Next(t.Context())
		require.NoError(t, err)
		require.Len(t, events, 1)
		_, _, err = idle.Next(t.Context())
		require.ErrorIs(t, err, ErrClosed)
	})
}

func TestExport(t *testing.T) {
	j := New(Options{Keep: 1000, Program: "acqsim test"})
	for n := range 3000 {
		j.Append(numbered(n + 1))
	}
	kept := uint64(j.Stats().Kept)
	for _, test := range []struct{ after, missed, events uint64 }{
		{0, 3000 - kept, kept},
		{2990, 0, 10},
		{3000, 0, 0},
		{9000, 0, 0},
	} {
		var file bytes.Buffer
		missed, err := j.Export(&file, test.after)
		require.NoError(t, err)
		assert.Equal(t, test.missed, missed)
		events := read(t, file.String())
		require.EqualValues(t, test.events, len(events))
		for i, e := range events {
			requireWhole(t, e)
			require.Equal(t, 3000-test.events+uint64(i)+1, e.Seq)
		}
		assert.Contains(t, file.String(), `"program":"acqsim test"`)
	}
	broken := errors.New("broken pipe")
	_, err := j.Export(brokenWriter{broken}, 0)
	require.ErrorIs(t, err, broken)
}

// While an export writes, events go on coming and leave memory: it says how
// many it could not give, and gives none that came after it began.
func TestExportWhileEventsCome(t *testing.T) {
	j := New(Options{Keep: 1000})
	for n := range 1000 {
		j.Append(numbered(n + 1))
	}
	asked := uint64(j.Stats().Kept)
	var file bytes.Buffer
	first := true
	missed, err := j.Export(writerFunc(func(b []byte) (int, error) {
		if first {
			first = false
			for n := range 5000 {
				j.Append(numbered(n + 1001))
			}
		}
		return file.Write(b)
	}), 1000-asked)
	require.NoError(t, err)
	events := read(t, file.String())
	assert.Equal(t, asked, missed+uint64(len(events)))
	assert.Positive(t, missed)
	assert.LessOrEqual(t, events[len(events)-1].Seq, uint64(1000))
}

type brokenWriter struct{ err error }

func (w brokenWriter) Write([]byte) (int, error) { return 0, w.err }

type writerFunc func([]byte) (int, error)

func (w writerFunc) Write(b []byte) (int, error) { return w(b) }
