package simulator_test

import (
	"net"
	"net/netip"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/acqsim/acqsim/scenarios"
	"github.com/acqsim/acqsim/scenarios/transcript"
	"github.com/acqsim/acqsim/scenarios/world"
	"github.com/acqsim/acqsim/simulator"
	"github.com/acqsim/acqsim/simulator/host"
	"github.com/acqsim/acqsim/simulator/ledger"
)

// The end of a request that was taken for another terminal's says so, wherever
// its reply goes, and if there is none.
func TestAMisroutedRequestIsToldOf(t *testing.T) {
	const head = "  - match: {terminal: \"10000001\", type: sale}\n    fault: {request.misroute: {terminal: \"20000002\", reply: "
	const taken = "request.misroute (under-test): from 10000001, taken for 20000002"
	for name, c := range map[string]struct {
		rules string
		end   transcript.Kind
		why   string
	}{
		"here":    {head + "here}}\n", transcript.Sent, taken + "; the account has the funds"},
		"there":   {head + "there}}\n", transcript.Sent, taken + "; it went to connection "},
		"dropped": {head + "here}}\n  - match: {type: sale}\n    also: true\n    fault: reply.drop\n", transcript.NotSent, "request.misroute (under-test); reply.drop (under-test): from 10000001, taken for 20000002"},
		"silent":  {head + "here}}\n", transcript.Discarded, taken + "; "},
	} {
		t.Run(name, func(t *testing.T) {
			s := start(t, "iso87-ascii", withRules(t, c.rules), func(o *simulator.Options) {
				if name == "silent" {
					w := world.Default()
					w.Merchants[merchant] = &world.Merchant{ID: merchant, Status: world.Frozen, WhenRefused: world.RefuseSilently}
					h, err := host.New(host.Options{World: w, Book: ledger.New(ledger.Options{})})
					require.NoError(t, err)
					o.Host = h
				}
			})
			other := dial(t, s, "iso87-ascii")
			other.do("echo", 0, fields{41: "20000002"})
			dial(t, s, "iso87-ascii").ask("sale")
			all := events(t, s, func(e transcript.Event) bool { return e.Kind == c.end && e.Type == world.Sale })
			end := one(t, all, c.end)
			assert.Contains(t, end.Why, c.why)
			require.NotNil(t, end.Strike)
			assert.Equal(t, "under-test", end.Strike.Scenario)
		})
	}
}

// A request that wakes a line which is dead is told of by what it says.
func TestARequestThatWakesADeadLineIsToldOf(t *testing.T) {
	for _, name := range []string{"iso87-ascii", "unionpay-pos"} {
		t.Run(name, func(t *testing.T) {
			s := start(t, name, withRules(t, "  - match: {terminal: \"10000001\"}\n    fault: {line.idle-cut: {idle: 0s, then: reset}}\n"))
			p := dial(t, s, name)
			p.do("sale", 0, nil)
			p.ask("sale")
			e := one(t, events(t, s, ofKind(transcript.Discarded)), transcript.Discarded)
			assert.Equal(t, terminal, e.Terminal)
			assert.Equal(t, world.Sale, e.Type)
			assert.Equal(t, uint16(200), e.MTI)
			assert.Equal(t, uint32(p.stan), e.STAN) //nolint:gosec // counted by the test
			assert.Equal(t, int64(saleAmount), e.Amount)
			assert.Equal(t, "line.idle-cut (under-test): the line was dead when it came", e.Why)
			_, err := p.d.Unpack(e.Raw[p.d.Format().Overhead():])
			require.NoError(t, err, "masked in place")
		})
	}
}

// The same bytes once more, which the host answers as a duplicate, trigger
// nothing.
func TestTheSameBytesTriggerOnce(t *testing.T) {
	lost, err := scenarios.Load("x.yaml", []byte("name: x\ntitle: {en: x, zh: x}\nlayer: reply\nsymptom: no-answer\ntrigger: {amount: \"12\"}\nrules:\n  - {match: {type: sale}, when: {nth: 1}, fault: reply.drop}\n"), nil)
	require.NoError(t, err)
	triggers, err := scenarios.NewTriggers([]*scenarios.Scenario{lost}, nil)
	require.NoError(t, err)
	for _, name := range []string{"iso87-ascii", "unionpay-pos"} {
		t.Run(name, func(t *testing.T) {
			planner := scenarios.NewPlanner(scenarios.PlannerOptions{})
			planner.Trigger(triggers)
			s := start(t, name, func(o *simulator.Options) { o.Planner = planner })
			p := dial(t, s, name)
			sale := p.frame(p.message("sale", 0, fields{4: "000000001012"}))
			p.write(sale)
			events(t, s, ofKind(transcript.NotSent))
			p.write(sale)
			_, m := p.read()
			assert.Equal(t, "94", get(t, m, 39))
			p.ask("sale", fields{4: "000000001012"})
			events(t, s, func(e transcript.Event) bool { return e.Kind == transcript.NotSent && e.STAN == uint32(p.stan) }) //nolint:gosec // counted by the test
		})
	}
}

// A scenario that goes by the address of a terminal says when that address
// becomes another terminal's too, once, and on which it no longer strikes.
func TestASharedAddressIsToldOf(t *testing.T) {
	sc, err := scenarios.Load("x.yaml", []byte("name: x\ntitle: {en: x, zh: x}\nlayer: connection\nsymptom: cannot-connect\nrules:\n  - fault: accept.close\n"), nil)
	require.NoError(t, err)
	var server atomic.Pointer[simulator.Server]
	planner := scenarios.NewPlanner(scenarios.PlannerOptions{SourceOf: func(id string) (netip.Addr, bool) {
		if s := server.Load(); s != nil {
			return s.SourceOf(id)
		}
		return netip.Addr{}, false
	}})
	require.NoError(t, planner.Arm(scenarios.Arming{Scenario: sc, Terminals: terminal, At: time.Now()}))
	s := start(t, "iso87-ascii", func(o *simulator.Options) { o.Planner = planner })
	server.Store(s)

	p := dial(t, s, "iso87-ascii")
	p.do("sale", 0, nil)
	_, err = all(t, dial(t, s, "iso87-ascii"))
	require.NoError(t, err, "FIN")
	for _, id := range []string{"OTHER001", "OTHER002", terminal, "OTHER003"} {
		p.do("sale", 0, fields{41: id})
	}
	dial(t, s, "iso87-ascii").do("sale", 0, nil)
	seen, _ := s.Journal().Since(0, 1<<20)
	var notes []string
	for _, e := range seen {
		if e.Kind == transcript.Note {
			notes = append(notes, e.Text)
		}
	}
	require.Len(t, notes, 1)
	assert.Equal(t, "x strikes nothing by the address of 10000001 any more: another terminal comes from 127.0.0.1, the address of 10000001, too: behind one router they can't be told apart", notes[0])
}

// Terminals that move away leave their address to those that stay.
func TestAnAddressIsSharedByThoseWhoCameFromItLast(t *testing.T) {
	s := start(t, "iso87-ascii", func(o *simulator.Options) { o.Planner = scenarios.NewPlanner(scenarios.PlannerOptions{}) })
	shared := func(id string) bool {
		_, is := s.SourceOf(id)
		return is
	}
	p := dial(t, s, "iso87-ascii")
	p.do("sale", 0, nil)
	assert.False(t, shared(terminal))
	p.do("sale", 0, fields{41: "OTHER001"})
	assert.True(t, shared(terminal))
	assert.True(t, shared("OTHER001"))
	linux(t) // where all of 127.0.0.0/8 is this machine
	d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 2)}}
	c, err := d.DialContext(t.Context(), "tcp", s.Addr(0).String())
	require.NoError(t, err)
	away := newPOS(t, "iso87-ascii", c)
	away.do("sale", 0, fields{41: "OTHER001"})
	assert.False(t, shared(terminal))
	assert.False(t, shared("OTHER001"))
}
