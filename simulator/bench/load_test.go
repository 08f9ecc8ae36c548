package bench

import (
	"encoding/hex"
	"io"
	"maps"
	"net"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/acqsim/acqsim/simulator/security"
)

// acquirer is a host for tests: it answers each sale by what reply makes of it,
// nil being no answer.
type acquirer struct {
	wire  *wire
	reply func(n int, request map[int]string) map[int]string
}

// approve is what a right host says.
func approve(_ int, request map[int]string) map[int]string {
	reply := maps.Clone(request)
	delete(reply, 0)
	delete(reply, 22)
	reply[37], reply[38], reply[39] = "000000000001", "123456", "00"
	return reply
}

// start serves until the test ends, and returns the address.
func (a *acquirer) start(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	var wg sync.WaitGroup
	var mu sync.Mutex
	var open []net.Conn
	wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			mu.Lock()
			open = append(open, c)
			mu.Unlock()
			wg.Go(func() { a.serve(t, c) })
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		mu.Lock()
		for _, c := range open {
			_ = c.Close()
		}
		mu.Unlock()
		wg.Wait()
	})
	return l.Addr().String()
}

func (a *acquirer) serve(t *testing.T, c net.Conn) {
	defer func() { _ = c.Close() }()
	header := make([]byte, a.wire.length.size())
	for n := 0; ; n++ {
		if _, err := io.ReadFull(c, header); err != nil {
			return
		}
		size, ok := a.wire.length.frame(header)
		request := append(slices.Clone(header), make([]byte, size-len(header))...)
		if _, err := io.ReadFull(c, request[len(header):]); err != nil || !ok {
			return
		}
		values := a.reply(n, fields(t, &fleet{wire: a.wire}, request))
		if values == nil {
			return
		}
		if values[0] == "" {
			values[0] = "0210"
		}
		reply, err := a.wire.build(values, nil)
		if !assert.NoError(t, err) {
			return
		}
		if _, err := c.Write(reply); err != nil {
			return
		}
	}
}

// play runs n sales on each of two connections against an acquirer.
func play(t *testing.T, plain bool, traffic Traffic, depth int, n uint64, reply func(int, map[int]string) map[int]string) (*round, error) {
	t.Helper()
	f, err := newFleet(traffic, 5)
	require.NoError(t, err)
	if traffic.MAC {
		require.NoError(t, f.signOn(t.Context(), "", true))
	}
	a := &acquirer{wire: f.wire, reply: reply}
	l, err := dial(t.Context(), a.start(t), f, 2, depth, false)
	require.NoError(t, err)
	defer l.close()
	l.plain = plain
	return l.run(t.Context(), longest, n)
}

// either runs a test for both loads.
func either(t *testing.T, test func(t *testing.T, plain bool)) {
	t.Helper()
	t.Run("lean", func(t *testing.T) { test(t, false) })
	t.Run("plain", func(t *testing.T) { test(t, true) })
}

func TestLoadCountsApprovedSales(t *testing.T) {
	either(t, func(t *testing.T, plain bool) {
		for _, traffic := range Traffics()[:3] {
			for _, depth := range []int{1, 16} {
				t.Run(traffic.String(), func(t *testing.T) {
					r, err := play(t, plain, traffic, depth, 50, approve)
					require.NoError(t, err)
					require.NoError(t, r.err)
					assert.EqualValues(t, 100, r.messages)
					assert.EqualValues(t, 100, r.hist.Count())
					assert.EqualValues(t, 50, r.fewest)
					assert.EqualValues(t, 50, r.most)
					assert.Zero(t, r.wrong)
					assert.Positive(t, r.hist.Quantile(0))
				})
			}
		}
	})
}

func TestLoadFindsWrongReplies(t *testing.T) {
	either(t, func(t *testing.T, plain bool) {
		// The third reply of a connection is wrong: after the layout is learnt.
		third := func(change func(reply map[int]string)) func(int, map[int]string) map[int]string {
			return func(n int, request map[int]string) map[int]string {
				reply := approve(n, request)
				if n == 2 {
					change(reply)
				}
				return reply
			}
		}
		for name, tt := range map[string]struct {
			change func(map[int]string)
			says   string
		}{
			"declined":             {func(r map[int]string) { r[39] = "51" }, `DE 39 is "51"`},
			"another STAN":         {func(r map[int]string) { r[11] = "999999" }, "STAN 999999"},
			"another terminal":     {func(r map[int]string) { r[41] = "99999999" }, "terminal 99999999"},
			"no response code":     {func(r map[int]string) { delete(r, 39) }, "no DE 39"},
			"another MTI":          {func(r map[int]string) { r[0] = "0430" }, "MTI 0430"},
			"the request":          {func(r map[int]string) { r[0] = "0200" }, "MTI 0200"},
			"no STAN":              {func(r map[int]string) { delete(r, 11) }, "no DE 11"},
			"declined, and longer": {func(r map[int]string) { r[39], r[44] = "05", "no" }, `DE 39 is "05"`},
		} {
			t.Run(name, func(t *testing.T) {
				r, err := play(t, plain, Traffic{Dialect: "iso87-bcd"}, 4, 8, third(tt.change))
				require.NoError(t, err)
				assert.EqualValues(t, 2, r.wrong, "one on each connection")
				assert.ErrorContains(t, r.err, tt.says)
			})
		}
	})
}

func TestLoadTakesApprovalsOfAnotherLayout(t *testing.T) {
	either(t, func(t *testing.T, plain bool) {
		r, err := play(t, plain, Traffic{Dialect: "iso87-ascii"}, 2, 20, func(n int, request map[int]string) map[int]string {
			reply := approve(n, request)
			if n%3 == 0 {
				reply[44] = "12345"[:n%4+1]
			}
			return reply
		})
		require.NoError(t, err)
		require.NoError(t, r.err)
		assert.EqualValues(t, 40, r.messages)
	})
}

func TestLoadVerifiesTheMACItLearnsFrom(t *testing.T) {
	either(t, func(t *testing.T, plain bool) {
		r, err := play(t, plain, Traffic{Dialect: "unionpay-pos", MAC: true}, 1, 1, approve) // zeros in DE 64
		require.NoError(t, err)
		require.ErrorContains(t, r.err, "MAC of a reply is wrong")

		r, err = play(t, plain, Traffic{Dialect: "unionpay-pos", MAC: true}, 1, 1, func(n int, request map[int]string) map[int]string {
			reply := approve(n, request)
			delete(reply, 64)
			return reply
		})
		require.NoError(t, err)
		require.ErrorContains(t, r.err, "no MAC")
	})
}

func TestLoadGivesUpAServerThatDeclinesEverything(t *testing.T) {
	either(t, func(t *testing.T, plain bool) {
		_, err := play(t, plain, Traffic{Dialect: "iso87-ascii"}, 1, 10*maxErrors, func(n int, request map[int]string) map[int]string {
			reply := approve(n, request)
			reply[39] = "05"
			return reply
		})
		assert.ErrorContains(t, err, `DE 39 is "05"`)
	})
}

func TestLoadReportsAServerThatHangsUp(t *testing.T) {
	either(t, func(t *testing.T, plain bool) {
		_, err := play(t, plain, Traffic{Dialect: "iso87-ascii"}, 3, 10, func(n int, request map[int]string) map[int]string {
			if n == 5 {
				return nil
			}
			return approve(n, request)
		})
		require.Error(t, err)
		assert.Regexp(t, "closed the connection|reset|broken pipe", err.Error())
	})
}

func TestSignOnTakesKeysFromTheReply(t *testing.T) {
	f, err := newFleet(Traffic{Dialect: "unionpay-pos", MAC: true}, 3)
	require.NoError(t, err)
	keys := map[string]security.SessionKeys{}
	host := &acquirer{wire: f.wire, reply: func(n int, request map[int]string) map[int]string {
		assert.Equal(t, "0800", request[0])
		assert.Equal(t, "00000001003", request[60][:11])
		id := request[41]
		keys[id] = security.DeriveSession(1, id, 1, security.DownloadDouble)
		de62, err := keys[id].Cryptogram(security.DefaultTMK(), security.DownloadDouble)
		assert.NoError(t, err)
		return map[int]string{0: "0810", 11: request[11], 39: "00", 41: id, 62: hex.EncodeToString(de62)}
	}}
	require.NoError(t, f.signOn(t.Context(), host.start(t), false))
	require.Len(t, keys, 3)
	for _, term := range f.terminals {
		want, err := security.NewMAC(security.CUPECB, keys[term.id].MAC)
		require.NoError(t, err)
		data := []byte("what is signed")
		assert.Equal(t, want.Sum1(data), term.mac.Sum1(data))
	}
}

func TestSignOnReportsARefusal(t *testing.T) {
	f, err := newFleet(Traffic{Dialect: "unionpay-pos", MAC: true}, 1)
	require.NoError(t, err)
	host := &acquirer{wire: f.wire, reply: func(_ int, request map[int]string) map[int]string {
		return map[int]string{0: "0810", 11: request[11], 39: "97", 41: request[41]}
	}}
	err = f.signOn(t.Context(), host.start(t), false)
	require.ErrorContains(t, err, f.terminals[0].id)
	require.ErrorContains(t, err, `DE 39 is "97"`)
}

func TestATerminalIsOnOneConnectionOnly(t *testing.T) {
	f, err := newFleet(Traffic{Dialect: "iso87-ascii"}, 10)
	require.NoError(t, err)
	a := &acquirer{wire: f.wire, reply: approve}
	l, err := dial(t.Context(), a.start(t), f, 3, 1, false)
	require.NoError(t, err)
	defer l.close()
	seen := map[string]int{}
	for _, c := range l.conns {
		assert.GreaterOrEqual(t, len(c.terminals), 3)
		for _, term := range c.terminals {
			seen[term.id]++
		}
	}
	assert.Len(t, seen, 10)
	assert.Equal(t, 1, slices.Max(slices.Collect(maps.Values(seen))))

	_, err = dial(t.Context(), a.start(t), f, 11, 1, false)
	require.ErrorContains(t, err, "each needs a terminal")
}

func TestARoundEndsByTime(t *testing.T) {
	either(t, func(t *testing.T, plain bool) {
		f, err := newFleet(Traffic{Dialect: "iso87-ascii"}, 2)
		require.NoError(t, err)
		a := &acquirer{wire: f.wire, reply: approve}
		l, err := dial(t.Context(), a.start(t), f, 2, 4, false)
		require.NoError(t, err)
		defer l.close()
		l.plain = plain
		for range 2 { // the connections stay good for the next round
			r, err := l.run(t.Context(), 20*time.Millisecond, 0)
			require.NoError(t, err)
			require.NoError(t, r.err)
			window := r.hist.Count() - r.messages // is timed and not counted
			if plain {
				assert.LessOrEqual(t, window, uint64(8), "what was under way at the end")
			} else {
				assert.EqualValues(t, 8, window, "what was under way at the end")
			}
		}
	})
}
