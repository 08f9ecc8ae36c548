package frame

import (
	"io"
	"net"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// pipe runs a test in a bubble with fake time: peer is a goroutine that writes
// to one end, r reads the other.
func pipe(t *testing.T, l Limits, peer func(net.Conn), test func(*testing.T, *Reader, net.Conn)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		host, terminal := net.Pipe()
		done := make(chan struct{})
		go func() {
			defer close(done)
			peer(terminal)
		}()
		test(t, NewReader(host, Format{Length: ASCII4}, l), host)
		host.Close()
		<-done
		terminal.Close()
	})
}

func send(c net.Conn, s string) { _, _ = c.Write([]byte(s)) }

func drip(every time.Duration, s string) func(net.Conn) {
	return func(c net.Conn) {
		for i := range s {
			send(c, s[i:i+1])
			time.Sleep(every)
		}
	}
}

func TestFrameDeadlineIsTotal(t *testing.T) {
	pipe(t, Limits{}, drip(7*time.Second, "0006abcdef"), func(t *testing.T, r *Reader, _ net.Conn) {
		began := time.Now()
		e := frameError(t, r, TooSlow)
		assert.Equal(t, DefaultFrame, time.Since(began), "fake time: from the first byte, however many follow")
		assert.Equal(t, "0006a", string(e.Raw))
		assert.Equal(t, int64(6), e.Length)
		assert.ErrorContains(t, e, "5 of its 10 bytes had come 30s after its first byte")
		assert.NotErrorIs(t, e, os.ErrDeadlineExceeded, "that would be an interruption")
	})
}

func TestFrameDeadlineBeginsWithTheFrame(t *testing.T) {
	pipe(t, Limits{Frame: 10 * time.Second}, func(c net.Conn) {
		time.Sleep(time.Hour)
		for range 5 { // each takes 8 s, and their sum much more than the limit
			drip(time.Second, "0004abcd")(c)
		}
		time.Sleep(time.Hour)
		send(c, "0003end")
		time.Sleep(time.Hour)
		send(c, "00")
	}, func(t *testing.T, r *Reader, _ net.Conn) {
		for range 5 {
			assert.Equal(t, "abcd", string(next(t, r).Body))
		}
		assert.Equal(t, "end", string(next(t, r).Body), "an old deadline ends no pause")
		assert.Equal(t, "00", string(frameError(t, r, TooSlow).Raw))
	})
}

func TestFrameDeadlineCountsWhatCameWithTheFrameBefore(t *testing.T) {
	pipe(t, Limits{Frame: 10 * time.Second}, func(c net.Conn) { send(c, "0003one0003t") },
		func(t *testing.T, r *Reader, _ net.Conn) {
			next(t, r)
			began := time.Now()
			assert.Equal(t, "0003t", string(frameError(t, r, TooSlow).Raw))
			assert.Equal(t, 10*time.Second, time.Since(began))
		})
}

func TestFrameDeadlineOff(t *testing.T) {
	pipe(t, Limits{Frame: -1}, drip(24*time.Hour, "0003one"), func(t *testing.T, r *Reader, _ net.Conn) {
		assert.Equal(t, "one", string(next(t, r).Body))
	})
}

func TestIdleLimit(t *testing.T) {
	pipe(t, Limits{Idle: time.Minute, Frame: time.Hour}, func(c net.Conn) {
		time.Sleep(59 * time.Second)
		send(c, "0000") // a keep-alive is a sign of life
		time.Sleep(59 * time.Second)
		drip(59*time.Second, "0003one")(c) // slow, but not idle
	}, func(t *testing.T, r *Reader, _ net.Conn) {
		assert.True(t, next(t, r).KeepAlive)
		assert.Equal(t, "one", string(next(t, r).Body))
		began := time.Now()
		e := frameError(t, r, Idle)
		assert.Equal(t, time.Minute, time.Since(began))
		assert.Empty(t, e.Raw)
		assert.NotErrorIs(t, e, os.ErrDeadlineExceeded)
	})
}

func TestIdleStartsWhenNextIsCalled(t *testing.T) {
	pipe(t, Limits{Idle: time.Minute}, func(c net.Conn) {
		send(c, "0003one")
		send(c, "0003two") // is taken when the host comes back from a long job
	}, func(t *testing.T, r *Reader, _ net.Conn) {
		next(t, r)
		time.Sleep(time.Hour)
		assert.Equal(t, "two", string(next(t, r).Body))
	})
}

func TestNoLimitMeansForEver(t *testing.T) {
	pipe(t, Limits{}, func(c net.Conn) {
		time.Sleep(1000 * time.Hour)
		send(c, "0003one")
	}, func(t *testing.T, r *Reader, _ net.Conn) {
		assert.Equal(t, "one", string(next(t, r).Body))
	})
}

func TestSlowFramesSetFewDeadlines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := bytewise([]byte("0003one0003two0003six"))
		r := NewReader(c, Format{Length: ASCII4}, Limits{})
		for range 3 {
			next(t, r)
		}
		assert.Len(t, c.deadlines, 1, "one that is set already and earlier is good enough")
	})
	synctest.Test(t, func(t *testing.T) {
		c := stream()
		for range 1000 {
			c.left = append(c.left, []byte("0003one"))
		}
		r := NewReader(c, Format{Length: ASCII4}, Limits{Idle: time.Minute})
		for range 1000 {
			next(t, r)
		}
		assert.Len(t, c.deadlines, 1)
	})
}

func TestInterruptEndsAWait(t *testing.T) {
	for name, l := range map[string]Limits{"no limits": {Frame: -1}, "limits": {Frame: time.Hour, Idle: time.Hour}} {
		for _, sent := range []string{"", "0003o"} {
			t.Run(name+" after "+sent, func(t *testing.T) {
				pipe(t, l, func(c net.Conn) {
					if sent != "" {
						send(c, sent)
					}
				}, func(t *testing.T, r *Reader, _ net.Conn) {
					go func() {
						synctest.Wait() // until Next waits
						r.Interrupt()
						r.Interrupt()
					}()
					began := time.Now()
					e := frameError(t, r, Interrupted)
					assert.Zero(t, time.Since(began))
					assert.Equal(t, sent, string(e.Raw))
					assert.ErrorIs(t, e, os.ErrDeadlineExceeded)
				})
			})
		}
	}
}

func TestInterruptLetsWholeFramesThrough(t *testing.T) {
	pipe(t, Limits{}, func(c net.Conn) { send(c, "0003one0003two00") }, func(t *testing.T, r *Reader, _ net.Conn) {
		next(t, r)
		r.Interrupt()
		assert.Equal(t, "two", string(next(t, r).Body))
		assert.Equal(t, "00", string(frameError(t, r, Interrupted).Raw))
	})
}

func TestInterruptBeforeTheFirstNext(t *testing.T) {
	pipe(t, Limits{Idle: time.Hour}, func(net.Conn) {}, func(t *testing.T, r *Reader, _ net.Conn) {
		r.Interrupt()
		frameError(t, r, Interrupted)
	})
}

// The reader sets a deadline of its own just after Interrupt set the past one:
// the interruption must not be lost.
func TestInterruptIsNotLostToARacingDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		host, terminal := net.Pipe()
		c := &racing{Conn: host}
		r := NewReader(c, Format{Length: ASCII4}, Limits{Idle: time.Hour})
		c.before = r.Interrupt
		began := time.Now()
		frameError(t, r, Interrupted)
		assert.Zero(t, time.Since(began))
		host.Close()
		terminal.Close()
	})
}

// racing calls before, once, just before the first deadline is set.
type racing struct {
	net.Conn
	before func()
}

func (c *racing) SetReadDeadline(t time.Time) error {
	if f := c.before; f != nil {
		c.before = nil
		f()
	}
	return c.Conn.SetReadDeadline(t)
}

func TestInterruptFromManyGoroutines(t *testing.T) {
	for range 200 {
		host, terminal := net.Pipe()
		r := NewReader(host, Format{Length: ASCII4}, Limits{Idle: time.Hour, Frame: time.Hour})
		go func() {
			drip(0, "0003one0003two")(terminal)
		}()
		go r.Interrupt()
		var err error
		for err == nil {
			_, err = r.Next()
		}
		require.ErrorIs(t, err, os.ErrDeadlineExceeded)
		host.Close()
		terminal.Close()
	}
}

func TestSomebodyElsesDeadlineIsAnInterruption(t *testing.T) {
	for _, l := range []Limits{{}, {Idle: time.Hour}} {
		pipe(t, l, func(net.Conn) {}, func(t *testing.T, r *Reader, host net.Conn) {
			go func() {
				synctest.Wait()
				host.SetReadDeadline(time.Now())
			}()
			assert.ErrorIs(t, frameError(t, r, Interrupted), os.ErrDeadlineExceeded)
		})
	}
}

func TestClosedConnection(t *testing.T) {
	pipe(t, Limits{Idle: time.Hour}, func(net.Conn) {}, func(t *testing.T, r *Reader, host net.Conn) {
		host.Close()
		assert.ErrorIs(t, frameError(t, r, ReadFailed), io.ErrClosedPipe)
		r.Interrupt()
	})
}
