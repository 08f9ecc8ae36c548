package wire

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"pgregory.net/rapid"
)

func TestWriteIsOneWriteAndFewDeadlines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &tape{}
		w := NewWriter(c, Options{Timeout: 10 * time.Second})
		for range 1000 {
			require.NoError(t, w.Write([]byte("reply")))
			time.Sleep(9 * time.Millisecond)
		}
		require.NoError(t, w.Write(nil), "nothing to write")
		assert.Len(t, c.writes, 1000)
		assert.Len(t, c.deadlines, 1)

		time.Sleep(2 * time.Second)
		require.NoError(t, w.Write([]byte("reply")))
		require.Len(t, c.deadlines, 2, "less than one timeout was left")
		assert.Equal(t, 20*time.Second, time.Until(c.deadlines[1]))
		require.NoError(t, w.Close(t.Context()))
	})
}

func TestDueOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, m := &tape{}, newMail()
		w := NewWriter(c, Options{})
		start := time.Now()
		for _, d := range []struct {
			in   time.Duration
			name string
		}{{30 * time.Second, "late"}, {5 * time.Second, "a"}, {5 * time.Second, "b"}, {-time.Hour, "overdue"}, {5 * time.Second, "c"}} {
			w.WriteAt(start.Add(d.in), []byte(d.name), m.done(d.name))
		}
		w.WriteAt(time.Time{}, []byte("never said when"), nil)
		w.WriteAt(start.Add(math.MaxInt64), []byte("in 292 years"), m.done("in 292 years"))
		assert.Equal(t, 7, w.Pending())
		time.Sleep(10 * time.Second)
		require.NoError(t, w.Write([]byte("a reversal overtakes")))
		got := m.await(5)

		assert.Equal(t, []written{
			{0, "never said when"}, {0, "overdue"},
			{5 * time.Second, "a"}, {5 * time.Second, "b"}, {5 * time.Second, "c"},
			{10 * time.Second, "a reversal overtakes"}, {30 * time.Second, "late"},
		}, c.writes)
		assert.Equal(t, outcome{"c", start.Add(5 * time.Second), nil}, got[3])
		assert.Equal(t, outcome{"late", start.Add(30 * time.Second), nil}, got[4])

		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		assert.ErrorIs(t, w.Close(ctx), ErrClosed)
	})
}

func TestWhatIsQueuedIsACopy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &tape{}
		w := NewWriter(c, Options{})
		b := []byte("reply")
		w.WriteAt(time.Now().Add(time.Second), b, nil)
		copy(b, "XXXXX")
		require.NoError(t, w.Close(t.Context()))
		assert.Equal(t, []written{{time.Second, "reply"}}, c.writes)
	})
}

func TestWaitingNeedsNoGoroutine(t *testing.T) {
	before := goleak.IgnoreCurrent()
	w := NewWriter(&tape{}, Options{})
	for range 100 {
		w.WriteAt(time.Now().Add(time.Hour), []byte("later"), nil)
	}
	assert.NoError(t, goleak.Find(before))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	assert.ErrorContains(t, w.Close(ctx), "100 deliveries")
	assert.NoError(t, goleak.Find(before))
}

func TestBusinessClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ahead := 13 * time.Hour
		clock := func() time.Time { return time.Now().Add(ahead).In(time.FixedZone("CST", 8*3600)) }
		c, m := &tape{}, newMail()
		w := NewWriter(c, Options{Now: clock})

		w.WriteAt(clock().Add(4*time.Second), []byte("before the jump"), m.done("1"))
		ahead = -100 * 24 * time.Hour
		w.WriteAt(clock().Add(2*time.Second), []byte("after it"), m.done("2"))
		got := m.await(2)
		assert.Equal(t, []written{{2 * time.Second, "after it"}, {4 * time.Second, "before the jump"}}, c.writes)
		assert.Equal(t, clock().Add(-2*time.Second), got[0].at, "done is told the same clock's time")
		require.NoError(t, w.Close(t.Context()))
	})
}

func TestTimesFarAwayDoNotOverflow(t *testing.T) {
	for _, ahead := range []time.Duration{13 * time.Hour, -13 * time.Hour} {
		synctest.Test(t, func(t *testing.T) {
			c, m := &tape{}, newMail()
			w := NewWriter(c, Options{Now: func() time.Time { return time.Now().Add(ahead) }})
			w.WriteAt(time.Unix(1<<60, 0), []byte("never"), m.done("never"))
			w.WriteAt(time.Time{}, []byte("at once"), m.done("at once"))
			ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
			defer cancel()
			assert.ErrorIs(t, w.Close(ctx), ErrClosed)
			assert.Equal(t, []written{{0, "at once"}}, c.writes)
			assert.Equal(t, outcome{"never", time.Time{}, ErrClosed}, m.await(2)[1])
		})
	}
}

func TestDoneMayQueueMore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &tape{}
		w := NewWriter(c, Options{})
		left := 3
		finished := make(chan struct{})
		var again func(time.Time, error)
		again = func(at time.Time, err error) {
			assert.NoError(t, err)
			assert.NoError(t, w.Write([]byte("at once")))
			assert.Equal(t, 1, w.Pending(), "this one is not done yet")
			if left--; left == 0 {
				close(finished)
				return
			}
			w.WriteAt(at.Add(time.Second), []byte("again"), again)
		}
		w.WriteAt(time.Now(), []byte("again"), again)
		<-finished
		require.NoError(t, w.Close(t.Context()))
		assert.Len(t, c.writes, 6)
		assert.Equal(t, 2*time.Second, c.writes[5].at)
	})
}

func TestPeerThatNeverReads(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		host, terminal := net.Pipe()
		defer host.Close()
		defer terminal.Close()
		m := newMail()
		w := NewWriter(host, Options{Timeout: 10 * time.Second})
		w.WriteAt(time.Now().Add(time.Hour), []byte("later"), m.done("later"))

		go io.ReadFull(terminal, make([]byte, 3)) // and then no more
		err := w.Write([]byte("reply"))
		took := time.Since(epoch)
		assert.True(t, took >= 10*time.Second && took <= 20*time.Second, "%v", took)
		var failed *WriteError
		require.ErrorAs(t, err, &failed)
		assert.Equal(t, 3, failed.Written)
		assert.Equal(t, 5, failed.Size)
		assert.ErrorIs(t, err, os.ErrDeadlineExceeded)
		assert.EqualError(t, err, "wire: 3 of 5 bytes written: the peer does not read")

		assert.Equal(t, &WriteError{Size: 4, Err: failed.Err}, w.Write([]byte("more")), "half a reply is out: nothing can follow")
		assert.Equal(t, []outcome{{"later", time.Time{}, &WriteError{Size: 5, Err: failed.Err}}}, m.await(1), "nor wait")
		assert.Equal(t, took, time.Since(epoch), "and it is told at once")
		w.WriteAt(time.Now(), []byte("more"), m.done("more"))
		assert.Equal(t, outcome{"more", time.Time{}, &WriteError{Size: 4, Err: failed.Err}}, m.await(1)[1])
		assert.Same(t, err, w.Close(t.Context()))
	})
}

func TestQueuedWriteFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		host, terminal := net.Pipe()
		terminal.Close()
		m := newMail()
		w := NewWriter(host, Options{})
		w.WriteAt(time.Now().Add(time.Second), []byte("one"), m.done("one"))
		w.WriteAt(time.Now().Add(time.Hour), []byte("two"), m.done("two"))
		for _, o := range m.await(2) {
			assert.ErrorIs(t, o.err, io.ErrClosedPipe)
			assert.EqualError(t, o.err, "wire: 0 of 3 bytes written: io: read/write on closed pipe")
			assert.Zero(t, o.at)
		}
		assert.Equal(t, time.Second, time.Since(epoch))
		assert.Error(t, w.Write([]byte("three")))
		host.Close()
	})
}

func TestDeadlineCannotBeSet(t *testing.T) {
	host, terminal := net.Pipe()
	host.Close()
	terminal.Close()
	w := NewWriter(host, Options{})
	assert.ErrorIs(t, w.Write([]byte("reply")), io.ErrClosedPipe)
}

func TestCloseWaitsForWhatIsQueued(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, m := &tape{slow: time.Second}, newMail()
		w := NewWriter(c, Options{})
		w.WriteAt(time.Now().Add(5*time.Second), []byte("reply"), m.done("reply"))
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		go func() {
			time.Sleep(time.Second)
			assert.ErrorIs(t, w.Write([]byte("too late")), ErrClosed)
			w.WriteAt(time.Now(), []byte("too late"), func(at time.Time, err error) {
				assert.ErrorIs(t, err, ErrClosed)
			})
		}()
		require.NoError(t, w.Close(ctx))
		assert.Equal(t, 6*time.Second, time.Since(epoch))
		assert.Len(t, m.await(1), 1)
		assert.Equal(t, []written{{6 * time.Second, "reply"}}, c.writes)
		assert.Zero(t, w.Pending())
		require.NoError(t, w.Close(ctx), "again")
	})
}

func TestCloseDropsTheRestWhenItsContextEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, m := &tape{}, newMail()
		w := NewWriter(c, Options{})
		for i := range 3 {
			w.WriteAt(time.Now().Add(time.Duration(2+4*i)*time.Second), []byte("reply"), m.done(fmt.Sprint(i)))
		}
		ctx, cancel := context.WithTimeoutCause(t.Context(), 5*time.Second, errors.New("shutting down"))
		defer cancel()
		err := w.Close(ctx)
		assert.ErrorIs(t, err, ErrClosed)
		assert.ErrorContains(t, err, "2 deliveries still queued: shutting down")
		assert.Equal(t, 5*time.Second, time.Since(epoch))

		m.mu.Lock()
		defer m.mu.Unlock()
		require.Len(t, m.got, 3, "all told before Close returns")
		assert.NoError(t, m.got[0].err)
		assert.Equal(t, []outcome{{"1", time.Time{}, ErrClosed}, {"2", time.Time{}, ErrClosed}}, m.got[1:])
		time.Sleep(time.Hour)
		assert.Len(t, c.writes, 1)
	})
}

func TestCloseCutsOffAWriteThatBlocks(t *testing.T) {
	for name, start := range map[string]func(*Writer, *mail){
		"queued": func(w *Writer, m *mail) { w.WriteAt(time.Now(), []byte("reply"), m.done("reply")) },
		"direct": func(w *Writer, m *mail) { go func() { m.done("reply")(time.Time{}, w.Write([]byte("reply"))) }() },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				host, terminal := net.Pipe()
				defer host.Close()
				defer terminal.Close()
				m := newMail()
				w := NewWriter(host, Options{Timeout: time.Hour})
				start(w, m)
				synctest.Wait() // it blocks
				ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
				defer cancel()
				assert.ErrorIs(t, w.Close(ctx), os.ErrDeadlineExceeded)
				assert.Equal(t, 5*time.Second, time.Since(epoch))
				assert.ErrorIs(t, m.await(1)[0].err, os.ErrDeadlineExceeded)
			})
		})
	}
}

// The write sets its deadline just after Close has set the past one.
func TestCutIsNotLostToARacingDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		host, terminal := net.Pipe()
		defer host.Close()
		defer terminal.Close()
		c := &racing{Conn: host}
		w := NewWriter(c, Options{Timeout: time.Hour})
		c.before = w.GiveUp
		assert.ErrorIs(t, w.Write([]byte("reply")), os.ErrDeadlineExceeded)
		assert.Zero(t, time.Since(epoch))
	})
}

type racing struct {
	net.Conn
	before func()
}

func (c *racing) SetWriteDeadline(t time.Time) error {
	if f := c.before; f != nil {
		c.before = nil
		f()
	}
	return c.Conn.SetWriteDeadline(t)
}

func TestWritesNeverMix(t *testing.T) {
	host, terminal := net.Pipe()
	w := NewWriter(host, Options{})
	const writers, each = 8, 50
	for i := range writers {
		line := []byte(strings.Repeat(string(rune('a'+i)), 20) + "\n")
		go func() {
			for n := range each {
				if n%2 == 0 {
					assert.NoError(t, w.Write(line))
				} else {
					w.WriteAt(time.Now().Add(time.Duration(n)*10*time.Microsecond), line, nil)
				}
			}
		}()
	}
	buf := make([]byte, 21*writers*each)
	_, err := io.ReadFull(terminal, buf)
	require.NoError(t, err)
	count := map[string]int{}
	for line := range slices.Chunk(buf, 21) {
		count[string(line)]++
	}
	assert.Len(t, count, writers)
	for line, n := range count {
		assert.Equal(t, each, n, line)
	}
	require.NoError(t, w.Close(t.Context()))
	host.Close()
	terminal.Close()
}

// Whatever is queued and whenever: each is delivered once, never early, in the
// order of its time, ties in the order of the calls.
func TestQueueProperty(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		type entry struct {
			After time.Duration // queued this long after the one before
			In    time.Duration
		}
		entries := rapid.SliceOfN(rapid.Custom(func(rt *rapid.T) entry {
			return entry{
				time.Duration(rapid.IntRange(0, 3).Draw(rt, "after")) * time.Second,
				// Never due in the instant in which another is queued: either
				// could come first.
				time.Duration(rapid.IntRange(-1, 6).Draw(rt, "in"))*time.Second + 500*time.Millisecond,
			}
		}), 1, 30).Draw(rt, "entries")

		synctest.Test(t, func(t *testing.T) {
			c := &tape{}
			w := NewWriter(c, Options{})
			var want []written
			for i, e := range entries {
				time.Sleep(e.After)
				at := time.Since(epoch) + e.In
				name := fmt.Sprint(i)
				w.WriteAt(time.Now().Add(e.In), []byte(name), nil)
				synctest.Wait() // what is due is written before the next is queued
				want = append(want, written{max(at, time.Since(epoch)), name})
			}
			require.NoError(t, w.Close(t.Context()))
			slices.SortStableFunc(want, func(a, b written) int { return int(a.at - b.at) })
			require.Equal(t, want, c.writes)
		})
	})
}

func BenchmarkWrite(b *testing.B) {
	w := NewWriter(discard{}, Options{})
	reply := make([]byte, 200)
	b.ReportAllocs()
	for b.Loop() {
		if err := w.Write(reply); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkWriteAt(b *testing.B) {
	w := NewWriter(discard{}, Options{})
	reply := make([]byte, 200)
	done := make(chan error, 1)
	b.ReportAllocs()
	for b.Loop() {
		w.WriteAt(time.Time{}, reply, func(_ time.Time, err error) { done <- err })
		if err := <-done; err != nil {
			b.Fatal(err)
		}
	}
}

type discard struct{ net.Conn }

func (discard) Write(b []byte) (int, error)      { return len(b), nil }
func (discard) SetWriteDeadline(time.Time) error { return nil }
