package wire

import (
	"net"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// tape is a connection that records what is written to it, one entry per
// write. Where slow is set, a write takes that long.
type tape struct {
	net.Conn // nil: nothing but writing is expected

	slow time.Duration

	mu        sync.Mutex
	writes    []written
	deadlines []time.Time
}

type written struct {
	at time.Duration // since the test began
	b  string
}

var epoch = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC) // where synctest's time begins

func (t *tape) Write(b []byte) (int, error) {
	if t.slow > 0 {
		time.Sleep(t.slow)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.writes = append(t.writes, written{time.Since(epoch), string(b)})
	return len(b), nil
}

func (t *tape) SetWriteDeadline(at time.Time) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.deadlines = append(t.deadlines, at)
	return nil
}

// mail collects what done functions are told.
type mail struct {
	mu   sync.Mutex
	got  []outcome
	news chan struct{}
}

type outcome struct {
	name string
	at   time.Time
	err  error
}

func newMail() *mail { return &mail{news: make(chan struct{}, 1000)} }

func (m *mail) done(name string) func(time.Time, error) {
	return func(at time.Time, err error) {
		m.mu.Lock()
		m.got = append(m.got, outcome{name, at, err})
		m.mu.Unlock()
		m.news <- struct{}{}
	}
}

// await waits for n outcomes.
func (m *mail) await(n int) []outcome {
	for range n {
		<-m.news
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.got
}
