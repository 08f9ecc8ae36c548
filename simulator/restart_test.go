package simulator_test

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/acqsim/acqsim/scenarios/transcript"
	"github.com/acqsim/acqsim/scenarios/world"
	"github.com/acqsim/acqsim/simulator"
	"github.com/acqsim/acqsim/simulator/host"
	"github.com/acqsim/acqsim/simulator/ledger"
	"github.com/acqsim/acqsim/simulator/security"
)

// withHost gives a server its own host, and books in dir if that is not empty.
func withHost(t *testing.T, w *world.World, dir string) func(*simulator.Options) {
	t.Helper()
	book := ledger.New(ledger.Options{})
	var state *ledger.State
	if dir != "" {
		var err error
		state, book, err = ledger.OpenState(dir, ledger.Options{})
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, state.Close()) })
	}
	h, err := host.New(host.Options{World: w, Book: book})
	require.NoError(t, err)
	return func(o *simulator.Options) {
		o.Host = h
		if state != nil {
			o.State = state
		}
	}
}

// What is on disk when a reply arrives is what a kill at that instant leaves:
// a copy of the directory stands for it.
func TestAKillLosesNoAnsweredTransactionAndNoKeys(t *testing.T) {
	dir := t.TempDir()
	s := start(t, "unionpay-pos", withHost(t, world.Default(), dir))
	p := dial(t, s, "unionpay-pos")
	m := p.do("sign-on", 0, nil)
	de62, err := m.GetBytes(62)
	require.NoError(t, err)
	keys, err := security.OpenCryptogram(security.DefaultTMK(), de62)
	require.NoError(t, err)
	mac, err := security.NewMAC(security.CUPECB, keys.MAC)
	require.NoError(t, err)
	before := balance(t, p)
	first := p.do("sale", 0, nil)
	require.Equal(t, "00", get(t, first, 39))
	sale := p.stan

	killed := t.TempDir()
	require.NoError(t, os.CopyFS(filepath.Join(killed, "state"), os.DirFS(dir)))

	s = start(t, "unionpay-pos", withHost(t, world.Default(), filepath.Join(killed, "state")), func(o *simulator.Options) {
		o.Listeners = append(o.Listeners, simulator.Listener{Address: "127.0.0.1:0", Dialect: load(t, "iso87-ascii")})
	})
	// Another dialect, with another MAC algorithm, is the first to ask.
	c, err := net.Dial("tcp", s.Addr(1).String())
	require.NoError(t, err)
	require.Equal(t, "00", get(t, newPOS(t, "iso87-ascii", c).do("inquiry", 0, nil), 39))
	q := dial(t, s, "unionpay-pos")
	q.stan = 100
	assert.Equal(t, before-1000, balance(t, q))
	body := q.message("reversal", sale, fields{64: strings.Repeat("\x00", 8)})
	sum := mac.Sum1(body[:len(body)-8])
	copy(body[len(body)-8:], sum[:])
	q.write(q.frame(body))
	_, m = q.read()
	assert.Equal(t, "00", get(t, m, 39), "the keys of before still hold, and the original is found")
	assert.Equal(t, before, balance(t, q))
	assert.NotEqual(t, get(t, first, 37), get(t, m, 37), "RRNs are not given twice")
}

func TestASlowIssuersAnswerIsOvertaken(t *testing.T) {
	w := world.Default()
	w.Issuers["slow"].Delay = 300 * time.Millisecond
	slow, good := w.Cards["issuer-slow"].PAN, w.Cards["good"].PAN
	s := start(t, "iso87-ascii", withHost(t, w, ""))
	p := dial(t, s, "iso87-ascii")
	p.write(append(p.frame(p.message("sale", 0, fields{2: slow})), p.frame(p.message("sale", 0, fields{2: good}))...))
	_, m := p.read()
	assert.Equal(t, "000002", get(t, m, 11), "a delay blocks nobody")
	_, m = p.read()
	assert.Equal(t, "000001", get(t, m, 11))
	assert.Equal(t, "00", get(t, m, 39))
	all := events(t, s, func(e transcript.Event) bool { return e.Kind == transcript.Sent && e.Message == 1 })
	var held bool
	for _, e := range all {
		held = held || e.Kind == transcript.Held && e.Message == 1
	}
	assert.True(t, held)
}

// A terminal that closes its side while its answer is under way has done so
// then, and not when the answer has left: what it does next depends on it.
func TestAnEndIsWhenThePeerClosed(t *testing.T) {
	w := world.Default()
	w.Issuers["slow"].Delay = 300 * time.Millisecond
	s := start(t, "iso87-ascii", withHost(t, w, ""))
	p := dial(t, s, "iso87-ascii")
	p.write(p.frame(p.message("sale", 0, fields{2: w.Cards["issuer-slow"].PAN})))
	require.NoError(t, p.c.(*net.TCPConn).CloseWrite())
	_, m := p.read()
	assert.Equal(t, "00", get(t, m, 39), "it is answered all the same")
	all := events(t, s, ofKind(transcript.Closed))
	closed, sent := all[len(all)-1], one(t, all, transcript.Sent)
	assert.Equal(t, transcript.EndFIN, closed.End)
	assert.Equal(t, transcript.Terminal, closed.Actor)
	assert.True(t, closed.At.Before(sent.At), "closed %s, sent %s", closed.At, sent.At)
}

func TestAMerchantThatIsRefusedSilently(t *testing.T) {
	s := start(t, "unionpay-pos", withHost(t, world.Default(), ""))
	p := dial(t, s, "unionpay-pos")
	p.write(p.frame(p.message("sale", 0, fields{41: "10000006", 42: "999000000000006"})))
	p.write(p.frame(p.message("echo", 0, nil)))
	_, m := p.read()
	mti, err := m.GetMTI()
	require.NoError(t, err)
	assert.Equal(t, "0830", mti)
	all := events(t, s, ofKind(transcript.Discarded))
	last := all[len(all)-1]
	assert.Contains(t, last.Why, "silently")
	assert.Equal(t, world.MerchantSuspended, last.Outcome)
	assert.Equal(t, uint32(1), last.STAN, fmt.Sprint(last))
}
