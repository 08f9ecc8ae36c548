package simulator_test

import (
	"crypto/tls"
	"fmt"
	"net"
	"net/netip"
	"runtime"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/moov-io/iso8583"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/acqsim/acqsim/faults"
	"github.com/acqsim/acqsim/faults/wire"
	"github.com/acqsim/acqsim/scenarios"
	"github.com/acqsim/acqsim/scenarios/library"
	"github.com/acqsim/acqsim/scenarios/transcript"
	"github.com/acqsim/acqsim/scenarios/world"
	"github.com/acqsim/acqsim/simulator"
	"github.com/acqsim/acqsim/simulator/host"
	"github.com/acqsim/acqsim/simulator/ledger"
	"github.com/acqsim/acqsim/simulator/security"
)

// The people and things of world.Default that the causes are tried on.
const (
	shopTerminal = terminal
	shopMerchant = "999000000000001"
	otherTill    = "10000013" // of the same merchant
	goodPAN      = "6200000000000005"
	healthyPAN   = "4111111111111111"
	saleAmount   = 1000 // of every sale here, in cents
)

// rig is a cause of the library on a server: its world, and a planner that
// brings it about once arm is called. A healthy terminal trades all the while.
type rig struct {
	*simulator.Server
	t       *testing.T
	name    string // of the dialect
	cause   *scenarios.Scenario
	planner *scenarios.Planner
	book    *ledger.Book
	opening int64       // of the good card's account
	tls     *tls.Config // of the terminals; nil: plain TCP

	timeout time.Duration // of the terminals

	healthy *till
}

// rigUp starts a server with the world of a cause. With TLS, terminals trust
// its authority.
func rigUp(t *testing.T, cause, dialect string, secure bool) *rig {
	t.Helper()
	s, err := library.Load(cause, nil)
	require.NoError(t, err)
	w, err := scenarios.Apply(world.Default(), s)
	require.NoError(t, err)
	r := &rig{t: t, name: dialect, cause: s, book: ledger.New(ledger.Options{}), timeout: responseTimeout}
	if s.Symptom == "slow" {
		r.timeout = time.Second // half of it is left for a busy machine
	}
	h, err := host.New(host.Options{World: w, Book: r.book})
	require.NoError(t, err)
	r.opening = r.book.Account("good").Booked
	r.planner = scenarios.NewPlanner(scenarios.PlannerOptions{Seed: 1, SourceOf: r.sourceOf})
	began, clock := time.Now(), time.Date(2026, 11, 23, 10, 0, 0, 0, time.FixedZone("", 8*3600))
	if !s.Given.Clock.IsZero() {
		clock = s.Given.Clock
	}
	r.Server = start(t, dialect, func(o *simulator.Options) {
		o.Host, o.Planner, o.ResponseTimeout = h, r.planner, r.timeout
		o.Now = func() time.Time { return clock.Add(time.Since(began)) }
		if secure {
			r.secure(o)
		}
	})
	r.healthy = r.till("HEALTHY1", net.IPv4(127, 0, 0, 1))
	r.healthy.pan, r.healthy.merchant = healthyPAN, merchant // of another shop
	r.trade()
	return r
}

func (r *rig) secure(o *simulator.Options) {
	authority, err := wire.NewAuthority(time.Now())
	require.NoError(r.t, err)
	good, err := authority.Issue("127.0.0.1")
	require.NoError(r.t, err)
	o.Authority = authority
	o.Listeners[0].TLS = &tls.Config{Certificates: []tls.Certificate{*good}, MinVersion: tls.VersionTLS12}
	r.tls = &tls.Config{RootCAs: authority.Pool(), ServerName: "127.0.0.1", MinVersion: tls.VersionTLS12}
}

// sourceOf is the planner's question where a terminal comes from.
func (r *rig) sourceOf(terminal string) (netip.Addr, bool) { return r.SourceOf(terminal) }

// arm brings the cause about, for the shop's terminal. What strikes before a
// terminal is known is armed for its address, which must have been seen; where
// loopback has one address only, it is armed for all who come from now on, and
// the healthy terminal is connected already.
func (r *rig) arm() {
	r.t.Helper()
	one := scenarios.Arming{Scenario: r.cause, Terminals: terminal, At: time.Now()}
	for _, rule := range r.cause.Rules {
		for _, f := range rule.Fault {
			if f.Stage() == faults.Listening || f.Stage() < faults.Requesting && runtime.GOOS != "linux" {
				one.Terminals = ""
			}
		}
	}
	require.NoError(r.t, r.planner.Arm(one))
	require.NoError(r.t, r.Rearm())
}

// disarm ends the cause.
func (r *rig) disarm() {
	r.t.Helper()
	r.planner.Disarm(r.cause.Name)
	require.NoError(r.t, r.Rearm())
}

// trade has the healthy terminal sell something: the reply must be right in
// every respect.
func (r *rig) trade() {
	r.t.Helper()
	h := r.healthy
	require.NoError(r.t, h.c.SetDeadline(time.Now().Add(patience)))
	h.sell()
	m := h.answer()
	assert.Equal(r.t, "0210", get(r.t, m, 0))
	assert.Equal(r.t, "00", get(r.t, m, 39))
	assert.Equal(r.t, "HEALTHY1", get(r.t, m, 41))
	assert.Equal(r.t, fmt.Sprintf("%06d", h.stan), get(r.t, m, 11))
	assert.Equal(r.t, fmt.Sprintf("%012d", saleAmount), get(r.t, m, 4))
}

// moved is what the decisions so far have moved on the good card's account.
func (r *rig) moved() int64 { return r.movedOn("good") }

// movedOn is what the decisions so far have moved on an account.
func (r *rig) movedOn(account string) (sum int64) {
	seen, _ := r.Journal().Since(0, 1<<20)
	for _, e := range seen {
		if e.Kind != transcript.Decided {
			continue
		}
		for _, p := range e.Postings {
			if p.From == account {
				sum -= p.Amount
			}
			if p.To == account {
				sum += p.Amount
			}
		}
	}
	return sum
}

// struck waits until a rule of the cause has struck, and checks that it was
// recorded as such.
func (r *rig) struck() {
	r.t.Helper()
	all := events(r.t, r.Server, ofKind(transcript.Struck))
	assert.Equal(r.t, r.cause.Name, one(r.t, all, transcript.Struck).Strike.Scenario)
}

// close stops the server and says what is left on the good card's account in
// the books, beyond what it had at first.
func (r *rig) close() int64 {
	require.NoError(r.t, r.Close())
	return r.book.Account("good").Booked - r.opening
}

// till is a terminal of the shop.
type till struct {
	*pos
	id, pan, merchant string
	keys              *security.MAC // of the session; nil: none
}

// shopAddress is where the shop's terminal comes from: not where the healthy
// one does, if loopback has more than one address.
func shopAddress() net.IP {
	if runtime.GOOS == "linux" {
		return net.IPv4(127, 0, 0, 2)
	}
	return net.IPv4(127, 0, 0, 1)
}

// connect opens a connection of the shop's terminal, without TLS.
func (r *rig) connect(limit time.Duration) (net.Conn, error) {
	d := net.Dialer{LocalAddr: &net.TCPAddr{IP: shopAddress()}, Timeout: limit}
	return d.DialContext(r.t.Context(), "tcp", r.Addr(0).String())
}

// victim connects the shop's terminal.
func (r *rig) victim() *till { return r.till(terminal, shopAddress()) }

// other connects the shop's other terminal and lets it be seen.
func (r *rig) other() *till {
	r.t.Helper()
	p := r.till(otherTill, net.IPv4(127, 0, 0, 1))
	p.pan = healthyPAN
	p.sell()
	require.Equal(r.t, "00", get(r.t, p.answer(), 39))
	return p
}

func (r *rig) till(id string, from net.IP) *till {
	r.t.Helper()
	d := net.Dialer{LocalAddr: &net.TCPAddr{IP: from}}
	c, err := d.DialContext(r.t.Context(), "tcp", r.Addr(0).String())
	require.NoError(r.t, err)
	if r.tls != nil {
		require.NoError(r.t, c.SetDeadline(time.Now().Add(patience)))
		secure := tls.Client(c, r.tls)
		require.NoError(r.t, secure.HandshakeContext(r.t.Context()))
		c = secure
	}
	return r.on(id, c)
}

// on is a terminal at the end of a connection that there is.
func (r *rig) on(id string, c net.Conn) *till {
	return &till{pos: newPOS(r.t, r.name, c), id: id, pan: goodPAN, merchant: shopMerchant}
}

func (p *till) who() fields { return fields{2: p.pan, 41: p.id, 42: p.merchant} }

// sell sends a sale and waits for nothing.
func (p *till) sell() {
	p.t.Helper()
	p.ask("sale", p.who())
}

// answer reads the next message.
func (p *till) answer() *iso8583.Message {
	p.t.Helper()
	_, m := p.read()
	return m
}

// reversal is a reversal of the sale with a STAN, as a frame.
func (p *till) reversal(stan int) []byte {
	p.t.Helper()
	p.stan = max(p.stan, stan)
	return p.frame(p.message("reversal", stan, p.who()))
}

// reverse reverses the sale with a STAN and returns the response code: 00 if
// there was something to reverse, 25 if the host had never seen it.
func (p *till) reverse(stan int) string {
	p.t.Helper()
	p.write(p.reversal(stan))
	m := p.answer()
	assert.Equal(p.t, "0410", get(p.t, m, 0))
	return get(p.t, m, 39)
}

// causeTest is what the shop's terminal meets on its socket under a cause.
type causeTest struct {
	play func(t *testing.T, r *rig)
	left int64 // on the good card's account in the end, in cents, against the beginning

	dialects    []string // default: one with binary fields and one in ASCII
	secure      bool     // over TLS
	needsFilter bool     // a socket filter, which only Linux has
}

// playCauses runs one test per cause: what the terminal meets, what is left in
// the books, and a healthy terminal that notices nothing.
func playCauses(t *testing.T, all map[string]causeTest) {
	t.Helper()
	for cause, c := range all {
		if c.dialects == nil {
			c.dialects = []string{"unionpay-pos", "iso87-ascii"}
		}
		for _, dialect := range c.dialects {
			t.Run(cause+"/"+dialect, func(t *testing.T) {
				if c.needsFilter {
					linux(t)
				}
				t.Parallel()
				r := rigUp(t, cause, dialect, c.secure)
				c.play(t, r)
				r.trade()
				if s := r.cause; len(s.Rules)+len(s.Given.Outcome) > 0 { // else the world is what's wrong
					r.struck()
				}
				moved := r.moved()
				assert.Equal(t, c.left, moved, "by the journal")
				assert.Equal(t, c.left, r.close(), "in the books")
			})
		}
	}
}

// everyCause checks that all causes of the layers have a test.
func everyCause(t *testing.T, layers []scenarios.Layer, tests ...map[string]causeTest) {
	t.Helper()
	all, err := library.All()
	require.NoError(t, err)
	for _, s := range all {
		if !slices.Contains(layers, s.Layer) {
			continue
		}
		tested := false
		for _, some := range tests {
			_, here := some[s.Name]
			tested = tested || here
		}
		assert.True(t, tested, "%s has no test on the wire", s.Name)
	}
}

// isReset reports that a connection was reset, and not closed.
func isReset(t *testing.T, err error) {
	t.Helper()
	require.ErrorIs(t, err, syscall.ECONNRESET)
}
