package simulator

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/acqsim/acqsim/faults"
	"github.com/acqsim/acqsim/scenarios"
	"github.com/acqsim/acqsim/scenarios/transcript"
	"github.com/acqsim/acqsim/simulator/dialect"
	"github.com/acqsim/acqsim/simulator/frame"
)

// eager is a connection that takes so many bytes at once, the rest when it is
// read, and gives nothing.
type eager struct {
	blackHole
	mu   sync.Mutex
	room int
	read chan struct{} // closed: it is
	got  bytes.Buffer
	fail error
}

func (e *eager) TryWrite(b []byte) (int, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	n := min(e.room, len(b))
	e.room -= n
	e.got.Write(b[:n])
	return n, e.fail
}

func (e *eager) Write(b []byte) (int, error) {
	<-e.read
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.fail != nil {
		return 0, e.fail
	}
	return e.got.Write(b)
}

func (e *eager) StayAwake(time.Duration) {}

func (e *eager) bytes() []byte {
	e.mu.Lock()
	defer e.mu.Unlock()
	return bytes.Clone(e.got.Bytes())
}

// crowdOf has a fresh server, and connections with a request each, that are
// handed over.
func crowdOf(t *testing.T, name string, planner Planner, frames []frame.Frame) (*Server, []*eager, []arrival) {
	d, err := dialect.Load(name)
	require.NoError(t, err)
	now := time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)
	s, err := Start(t.Context(), Options{Listeners: []Listener{{Address: "127.0.0.1:0", Dialect: d}}, Planner: planner,
		Now: func() time.Time { return now }})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	var ends []*eager
	var all []arrival
	for _, f := range frames {
		e := &eager{room: 1 << 20, read: make(chan struct{})}
		c := s.newConn(s.listeners[0], e)
		c.back, c.handed = make(chan error, 1), true
		ends, all = append(ends, e), append(all, arrival{c, f, time.Now()})
	}
	return s, ends, all
}

// mixed are requests of several kinds: sales, one of them declined, one that is
// void of nothing, what is no request, and a keep-alive.
func mixed(t *testing.T, d *dialect.Dialect) []frame.Frame {
	var all []frame.Frame
	for i, amount := range []string{"000000000100", "900000000000", "000000000200"} {
		f, _ := request(t, d, fmt.Sprintf("T000000%d", i), amount, i)
		all = append(all, f)
	}
	void, _ := request(t, d, "T0000007", "000000000100", 7)
	var ix dialect.Index
	_, err := d.Index(void.Body, &ix)
	require.NoError(t, err)
	copy(ix.Raw(void.Body, 3), "02") // digits, if they are text
	all = append(all, void)
	noise, _ := all[0].AppendTo(nil)
	clear(noise.Body)
	all = append(all, noise, frame.Frame{Raw: []byte("0000"), KeepAlive: true})
	last, _ := request(t, d, "T0000009", "000000000300", 9)
	return append(all, last)
}

// Those who are answered together get what they would have got alone, and so does
// the journal.
func TestAnsweredTogetherAsAlone(t *testing.T) {
	for _, name := range dialect.Names() {
		t.Run(name, func(t *testing.T) {
			d, err := dialect.Load(name)
			require.NoError(t, err)
			events := func(answer func([]arrival)) (map[uint64][]transcript.Event, [][]byte) {
				s, ends, all := crowdOf(t, name, nil, mixed(t, d))
				before := s.Journal().Stats().Appended
				answer(all)
				got, missed := s.Journal().Since(before, 0)
				require.Zero(t, missed)
				of := map[uint64][]transcript.Event{}
				for _, e := range got {
					require.False(t, e.At.IsZero())
					require.Equal(t, e.Kind == transcript.Sent, e.Elapsed > 0)
					e.At, e.Elapsed, e.Seq = time.Time{}, 0, 0
					of[e.Conn] = append(of[e.Conn], e)
				}
				var sent [][]byte
				for _, e := range ends {
					sent = append(sent, e.bytes())
				}
				return of, sent
			}
			want, wantSent := events(func(all []arrival) {
				for _, a := range all {
					close(a.c.c.(*eager).read)
					b := newBatch(a.c.s)
					b.open(a.c)
					b.take(a.f, a.at)
					b.answer(false)
				}
			})
			got, gotSent := events(func(all []arrival) {
				new(lane).answer(all)
				for _, a := range all {
					require.NoError(t, a.c.takeBack())
				}
			})
			assert.Equal(t, wantSent, gotSent, "the replies")
			assert.Equal(t, want, got)
			assert.Len(t, got, 7)
		})
	}
}

// sales are ordinary requests.
func sales(t *testing.T, name string, n int) (all []frame.Frame) {
	d, err := dialect.Load(name)
	require.NoError(t, err)
	for i := range n {
		f, _ := request(t, d, fmt.Sprintf("T%07d", i), "000000000100", i)
		all = append(all, f)
	}
	return all
}

// Who does not read holds up nobody else, and gets all of its reply when it does.
func TestAPeerThatDoesNotReadHoldsUpNobody(t *testing.T) {
	for what, ordinary := range map[string]bool{"an ordinary request": true, "a format error": false} {
		t.Run(what, func(t *testing.T) {
			s, ends, all := crowdOf(t, "iso87-ascii", nil, sales(t, "iso87-ascii", 3))
			if !ordinary {
				all[1].f.Body = all[1].f.Body[:len(all[1].f.Body)-1]
			}
			ends[1].room = 10
			new(lane).answer(all)
			for _, i := range []int{0, 2} {
				require.NoError(t, all[i].c.takeBack())
				assert.NotEmpty(t, ends[i].bytes())
			}
			assert.Len(t, ends[1].bytes(), 10)
			assert.Empty(t, all[1].c.back, "it is not answered yet")
			assert.Zero(t, sentOn(s, all[1].c), "so the journal must not say so")

			close(ends[1].read)
			require.NoError(t, all[1].c.takeBack())
			assert.Greater(t, len(ends[1].bytes()), 10)
			assert.Equal(t, fmt.Sprintf("%04d", len(ends[1].bytes())-4), string(ends[1].bytes()[:4]), "all of it")
			assert.Equal(t, 1, sentOn(s, all[1].c))
		})
	}
}

func sentOn(s *Server, c *conn) (n int) {
	all, _ := s.Journal().Since(0, 0)
	for _, e := range all {
		if e.Conn == c.n && e.Kind == transcript.Sent {
			n++
		}
	}
	return n
}

// Whose reply can't be written ends; the others go on.
func TestOneOfManyCannotBeAnswered(t *testing.T) {
	for what, room := range map[string]int{"at once": 1 << 20, "later": 10} {
		t.Run(what, func(t *testing.T) {
			s, ends, all := crowdOf(t, "iso87-ascii", nil, sales(t, "iso87-ascii", 3))
			ends[1].room = room
			if what == "at once" {
				ends[1].room, ends[1].fail = 10, io.ErrClosedPipe
			}
			new(lane).answer(all)
			ends[1].mu.Lock()
			ends[1].fail = io.ErrClosedPipe
			ends[1].mu.Unlock()
			close(ends[1].read)
			require.NoError(t, all[0].c.takeBack())
			require.ErrorIs(t, all[1].c.takeBack(), io.ErrClosedPipe)
			require.NoError(t, all[2].c.takeBack())
			assert.Zero(t, sentOn(s, all[1].c))
			events, _ := s.Journal().Since(0, 0)
			failed := 0
			for _, e := range events {
				if e.Kind == transcript.NotSent {
					failed++
					assert.Equal(t, all[1].c.n, e.Conn)
					assert.Contains(t, e.Why, io.ErrClosedPipe.Error())
				}
			}
			assert.Equal(t, 1, failed)
		})
	}
}

// A fault on one terminal's request strikes it among others, and they don't wait.
func TestAFaultInACrowdStrikesItsTerminalOnly(t *testing.T) {
	rules := "name: slow\ntitle: {en: A test, zh: 测试}\nlayer: reply\nsymptom: no-answer\nseed: 7\nrules:\n" +
		"  - match: {terminal: T0000001}\n    fault: {reply.drop: {}}\n"
	scenario, err := scenarios.Load("slow.yaml", []byte(rules), nil)
	require.NoError(t, err)
	p := scenarios.NewPlanner(scenarios.PlannerOptions{Seed: 1})
	require.NoError(t, p.Arm(scenarios.Arming{Scenario: scenario, At: time.Now()}))
	s, ends, all := crowdOf(t, "iso87-ascii", p, sales(t, "iso87-ascii", 3))
	require.True(t, s.watches(faults.Requesting))
	new(lane).answer(all)
	for i, a := range all {
		require.NoError(t, a.c.takeBack())
		assert.EqualValues(t, 1, a.c.messages)
		assert.Equal(t, i == 1, len(ends[i].bytes()) == 0)
	}
	struck := 0
	events, _ := s.Journal().Since(0, 0)
	for _, e := range events {
		if e.Kind == transcript.Struck {
			struck++
			assert.Equal(t, all[1].c.n, e.Conn)
		}
	}
	assert.Equal(t, 1, struck)
}

// A connection is alone as long as nobody else has sent anything shortly before.
func TestWhoIsAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cr := crowd(make([]lane, 2))
		defer cr.close()
		one, two, other := &conn{n: 2}, &conn{n: 4}, &conn{n: 3}
		arrive := func(c *conn, single bool) (joined, alone bool) {
			return cr[c.n%2].join(c, frame.Frame{}, time.Now(), single)
		}
		check := func(c *conn, single, joined, alone bool) {
			t.Helper()
			gotJoined, gotAlone := arrive(c, single)
			assert.Equal(t, [2]bool{joined, alone}, [2]bool{gotJoined, gotAlone})
		}
		check(one, true, false, true)
		check(one, true, false, true)
		assert.True(t, cr.without(one, time.Now()))
		time.Sleep(crowdTime - 1)
		check(other, true, false, true)
		assert.False(t, cr.without(one, time.Now()), "in another lane")
		check(two, false, false, false)
		time.Sleep(crowdTime)
		check(two, true, false, true)
		check(one, false, false, false)
	})
}

var _ net.Conn = (*eager)(nil)
