package simulator_test

import (
	"bytes"
	"encoding/binary"
	"io"
	"math/bits"
	"os"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/moov-io/iso8583"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/acqsim/acqsim/faults"
	"github.com/acqsim/acqsim/scenarios"
	"github.com/acqsim/acqsim/scenarios/transcript"
	"github.com/acqsim/acqsim/simulator"
	"github.com/acqsim/acqsim/simulator/frame"
)

// responseTimeout is that of the terminals in tests of faults.
const responseTimeout = 300 * time.Millisecond

// withRules arms a scenario with the given rules, in YAML.
func withRules(t testing.TB, rules string) func(*simulator.Options) {
	t.Helper()
	head := "name: under-test\ntitle: {en: A test, zh: 测试}\nlayer: reply\nsymptom: no-answer\nseed: 7\nrules:\n"
	s, err := scenarios.Load("under-test.yaml", []byte(head+rules), nil)
	require.NoError(t, err)
	return withScenario(t, s)
}

// withScenario arms a scenario.
func withScenario(t testing.TB, s *scenarios.Scenario) func(*simulator.Options) {
	t.Helper()
	p := scenarios.NewPlanner(scenarios.PlannerOptions{Seed: 1})
	require.NoError(t, p.Arm(scenarios.Arming{Scenario: s, At: time.Now()}))
	return func(o *simulator.Options) { o.Planner, o.ResponseTimeout = p, responseTimeout }
}

// healthy is a terminal that no rule selects. It trades while the test goes
// on, and every reply must be right.
func healthy(t *testing.T, s *simulator.Server, name string) (trade func()) {
	t.Helper()
	p := dial(t, s, name)
	return func() {
		t.Helper()
		m := p.do("sale", 0, fields{41: "HEALTHY1"})
		assert.Equal(t, "00", get(t, m, 39))
		assert.Equal(t, "HEALTHY1", get(t, m, 41))
	}
}

// silence says that nothing can be read for a while, and the line is up.
func silence(t *testing.T, p *pos) {
	t.Helper()
	require.NoError(t, p.c.SetReadDeadline(time.Now().Add(responseTimeout)))
	_, err := p.r.Peek(1)
	require.ErrorIs(t, err, os.ErrDeadlineExceeded)
	require.NoError(t, p.c.SetReadDeadline(time.Now().Add(patience)))
}

func linux(t *testing.T) {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("this fault needs the socket filters of Linux")
	}
}

// all is what can be read until the end, and what ends it.
func all(t *testing.T, p *pos) ([]byte, error) {
	t.Helper()
	return io.ReadAll(p.r)
}

const target = "  - match: {terminal: \"10000001\", type: sale}\n    when: {nth: 1}\n    fault: "

// faultTests is one test for each kind of fault: what the terminal's socket
// sees of the first sale. approved says whether money moved.
var faultTests = map[string]struct {
	rules string
	check func(t *testing.T, s *simulator.Server, p *pos)
	moved bool
}{
	"request.drop": {target + "request.drop\n", func(t *testing.T, _ *simulator.Server, p *pos) {
		p.ask("sale")
		silence(t, p)
	}, false},
	"request.hold": {target + "{request.hold: 200ms}\n", func(t *testing.T, s *simulator.Server, p *pos) {
		began := time.Now()
		p.ask("sale")
		overtaking := p.do("echo", 0, nil) // another request is not held up
		assert.NotEmpty(t, get(t, overtaking, 39))
		held := events(t, s, ofKind(transcript.Held))
		assert.Zero(t, countOf(held, transcript.Decided, terminal, "sale"), "the host has not seen it yet")
		_, m := p.read()
		assert.Equal(t, "00", get(t, m, 39))
		assert.GreaterOrEqual(t, time.Since(began), 200*time.Millisecond)
	}, true},
	"request.misroute": {target + "{request.misroute: {terminal: \"OTHER001\"}}\n", func(t *testing.T, s *simulator.Server, p *pos) {
		other := dial(t, s, p.d.Name())
		other.do("sale", 0, fields{41: "OTHER001"})
		p.ask("sale")
		_, m := other.read()
		assert.Equal(t, terminal, get(t, m, 41), "as it stood in the request")
		silence(t, p)
	}, true},
	"reply.drop": {target + "reply.drop\n", func(t *testing.T, _ *simulator.Server, p *pos) {
		p.ask("sale")
		silence(t, p)
	}, true},
	"reply.delay": {target + "{reply.delay: 1.5 timeouts}\n", func(t *testing.T, _ *simulator.Server, p *pos) {
		began := time.Now()
		p.ask("sale")
		m := p.do("echo", 0, nil)
		assert.True(t, strings.HasPrefix(get(t, m, 0), "08"), "it overtakes the delayed reply")
		_, m = p.read()
		assert.Equal(t, "00", get(t, m, 39))
		assert.GreaterOrEqual(t, time.Since(began), responseTimeout*3/2)
	}, true},
	"reply.duplicate": {target + "{reply.duplicate: {times: 2, gap: 10ms}}\n", func(t *testing.T, _ *simulator.Server, p *pos) {
		p.ask("sale")
		first, _ := p.read()
		for range 2 {
			again, _ := p.read()
			assert.Equal(t, first.Raw, again.Raw)
		}
		silence(t, p)
	}, true},
	"reply.reorder": {target + "{reply.reorder: {within: 10s}}\n", func(t *testing.T, _ *simulator.Server, p *pos) {
		p.ask("sale")
		m := p.do("echo", 0, nil)
		assert.True(t, strings.HasPrefix(get(t, m, 0), "08"))
		_, m = p.read()
		assert.Equal(t, "0210", get(t, m, 0))
	}, true},
	"reply.cross": {target + "{reply.cross: {terminal: \"OTHER*\", within: 10s}}\n", func(t *testing.T, s *simulator.Server, p *pos) {
		p.ask("sale")
		silence(t, p)
		other := dial(t, s, p.d.Name()) // it comes later
		other.ask("sale", fields{41: "OTHER001"})
		first, second := other.readTwo()
		got := []string{get(t, first, 41), get(t, second, 41)}
		assert.ElementsMatch(t, []string{terminal, "OTHER001"}, got)
	}, true},
	"reply.stale": {"  - match: {terminal: \"10000001\", type: sale}\n    when: {nth: 2}\n    fault: reply.stale\n", func(t *testing.T, _ *simulator.Server, p *pos) {
		p.ask("sale")
		first, _ := p.read()
		p.ask("sale")
		second, _ := p.read()
		assert.Equal(t, first.Raw, second.Raw)
	}, true},
	"reply.unsolicited": {target + "{reply.unsolicited: {message: other-reply, when: before}}\n", func(t *testing.T, _ *simulator.Server, p *pos) {
		p.ask("sale")
		_, stray := p.read()
		_, own := p.read()
		assert.NotEqual(t, get(t, own, 11), get(t, stray, 11))
		assert.Equal(t, "000001", get(t, own, 11))
	}, true},
	"frame.length": {},
	"frame.truncate": {target + "{frame.truncate: {at: 20, then: close}}\n", func(t *testing.T, _ *simulator.Server, p *pos) {
		p.ask("sale")
		b, err := all(t, p)
		require.NoError(t, err)
		assert.Len(t, b, 20)
	}, true},
	"frame.split": {target + "{frame.split: {at: 1, gap: 100ms}}\n", func(t *testing.T, _ *simulator.Server, p *pos) {
		p.ask("sale")
		b := make([]byte, 100)
		n, err := p.c.Read(b)
		require.NoError(t, err)
		assert.Equal(t, 1, n, "the first piece comes alone")
		rest, err := io.ReadAtLeast(p.c, b[n:], 40)
		require.NoError(t, err)
		assert.Positive(t, rest)
	}, true},
	"frame.drip": {target + "{frame.drip: {bytes: 16, every: 5ms}}\n", func(t *testing.T, _ *simulator.Server, p *pos) {
		p.ask("sale")
		b := make([]byte, 4096)
		n, err := p.c.Read(b)
		require.NoError(t, err)
		assert.LessOrEqual(t, n, 16*3, "in pieces")
		p.r.Reset(io.MultiReader(bytes.NewReader(b[:n]), p.c))
		_, m := p.read()
		assert.Equal(t, "00", get(t, m, 39))
	}, true},
	"frame.coalesce": {target + "{frame.coalesce: 10s}\n", func(t *testing.T, _ *simulator.Server, p *pos) {
		p.ask("sale")
		p.ask("echo")
		b := make([]byte, 4096)
		n, err := p.c.Read(b)
		require.NoError(t, err)
		first, rest, err := p.d.Format().Cut(b[:n], 0)
		require.NoError(t, err)
		second, rest, err := p.d.Format().Cut(rest, 0)
		require.NoError(t, err, "both came in one segment")
		assert.Empty(t, rest)
		m, err := p.d.Unpack(first.Body)
		require.NoError(t, err)
		assert.Equal(t, "0210", get(t, m, 0))
		m, err = p.d.Unpack(second.Body)
		require.NoError(t, err)
		assert.True(t, strings.HasPrefix(get(t, m, 0), "08"))
	}, true},
	"frame.garbage": {target + "{frame.garbage: {bytes: \"DEADBEEF\", then: close}}\n", func(t *testing.T, _ *simulator.Server, p *pos) {
		p.ask("sale")
		b, err := all(t, p)
		require.NoError(t, err)
		assert.Equal(t, []byte{0xDE, 0xAD, 0xBE, 0xEF}, b)
	}, true},
	"frame.http": {target + "frame.http\n", func(t *testing.T, _ *simulator.Server, p *pos) {
		p.ask("sale")
		b, err := p.r.Peek(12)
		require.NoError(t, err)
		assert.Equal(t, "HTTP/1.1 302", string(b))
	}, true},
	"line.close": {target + "{line.close: before-reply}\n", func(t *testing.T, _ *simulator.Server, p *pos) {
		p.ask("sale")
		b, err := all(t, p)
		require.NoError(t, err, "FIN")
		assert.Empty(t, b)
	}, true},
	"line.reset": {target + "{line.reset: before-reply}\n", func(t *testing.T, _ *simulator.Server, p *pos) {
		p.ask("sale")
		b, err := all(t, p)
		require.ErrorIs(t, err, syscall.ECONNRESET)
		assert.Empty(t, b)
	}, true},
	"line.cut": {target + "{line.cut: after-request}\n", func(t *testing.T, _ *simulator.Server, p *pos) {
		linux(t)
		p.ask("sale")
		silence(t, p)
		p.ask("sale") // the peer's kernel takes it, and nobody acknowledges it
		silence(t, p)
	}, true},
	"line.idle-cut": {"  - match: {terminal: \"10000001\"}\n    fault: {line.idle-cut: {idle: 50ms, then: reset}}\n", func(t *testing.T, _ *simulator.Server, p *pos) {
		p.do("sale", 0, nil)
		silence(t, p)
		p.ask("sale")
		_, err := all(t, p)
		require.ErrorIs(t, err, syscall.ECONNRESET, "the next one meets a line that is forgotten")
	}, true},
	"message.mti": {target + "{message.mti: \"0230\"}\n", func(t *testing.T, _ *simulator.Server, p *pos) {
		assert.Equal(t, "0230", get(t, p.do("sale", 0, nil), 0))
	}, true},
	"message.field": {},
	"message.code": {target + "{message.code: \"51\"}\n", func(t *testing.T, s *simulator.Server, p *pos) {
		assert.Equal(t, "51", get(t, p.do("sale", 0, nil), 39))
		decided := one(t, events(t, s, ofKind(transcript.Sent)), transcript.Decided)
		assert.Equal(t, "00", decided.Code, "the transcript says that host and reply differ")
	}, true},
	"message.bitmap": {target + "message.bitmap\n", func(t *testing.T, _ *simulator.Server, p *pos) {
		p.ask("sale")
		f, err := p.next()
		require.NoError(t, err)
		_, err = p.d.Unpack(f.Body)
		require.Error(t, err, "bitmap and body contradict each other")
	}, true},
}

func countOf(all []transcript.Event, k transcript.Kind, terminal, what string) (n int) {
	for _, e := range all {
		if e.Kind == k && e.Terminal == terminal && e.Type.String() == what {
			n++
		}
	}
	return n
}

// ask sends a transaction and waits for nothing.
func (p *pos) ask(what string, changes ...fields) {
	p.t.Helper()
	var c fields
	if len(changes) > 0 {
		c = changes[0]
	}
	p.write(p.frame(p.message(what, 0, c)))
}

func (p *pos) readTwo() (first, second *iso8583.Message) {
	_, first = p.read()
	_, second = p.read()
	return first, second
}

func TestFaultsOnTheWire(t *testing.T) {
	for name, c := range faultTests {
		if c.check == nil {
			continue // a test of its own
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, dialect := range []string{"iso87-ascii", "unionpay-pos"} {
				t.Run(dialect, func(t *testing.T) {
					s := start(t, dialect, withRules(t, c.rules))
					trade := healthy(t, s, dialect)
					trade()
					p := dial(t, s, dialect)
					c.check(t, s, p)
					trade()
					struck := one(t, events(t, s, ofKind(transcript.Struck)), transcript.Struck)
					require.NotNil(t, struck.Strike)
					assert.Equal(t, "under-test", struck.Strike.Scenario)
					assert.Equal(t, []string{name}, struck.Strike.Faults)
					moved := false
					seen, _ := s.Journal().Since(0, 1<<20)
					for _, e := range seen {
						moved = moved || e.Kind == transcript.Decided && len(e.Postings) > 0 && e.Terminal != "HEALTHY1"
					}
					assert.Equal(t, c.moved, moved)
				})
			}
		})
	}
}

func TestARuleOfLengths(t *testing.T) {
	for edit, want := range map[string]func(honest uint16) uint16{
		"plus":         func(n uint16) uint16 { return n + 3 },
		"minus":        func(n uint16) uint16 { return n - 3 },
		"zero":         func(uint16) uint16 { return 0 },
		"byte-swapped": func(n uint16) uint16 { return n<<8 | n>>8 },
	} {
		t.Run(edit, func(t *testing.T) {
			args := edit
			if edit == "plus" || edit == "minus" {
				args += ", by: 3"
			}
			s := start(t, "unionpay-pos", withRules(t, target+"{frame.length: {edit: "+args+"}}\n"))
			p := dial(t, s, "unionpay-pos")
			p.ask("sale")
			head, err := p.r.Peek(2)
			require.NoError(t, err)
			events(t, s, ofKind(transcript.Sent))
			body := p.r.Buffered() - 2
			assert.Equal(t, want(uint16(body)), binary.BigEndian.Uint16(head))
		})
	}
}

func TestAnEditedFieldLeavesAValidMAC(t *testing.T) {
	for edit, check := range map[string]func(t *testing.T, m *iso8583.Message){
		"{field: 11, edit: increment}":          func(t *testing.T, m *iso8583.Message) { assert.Equal(t, "000003", get(t, m, 11)) },
		"{field: 39, edit: remove}":             func(t *testing.T, m *iso8583.Message) { assert.NotContains(t, m.GetFields(), 39) },
		"{field: 4, edit: set, value: \"999\"}": func(t *testing.T, m *iso8583.Message) { assert.Equal(t, "000000000999", get(t, m, 4)) },
	} {
		t.Run(edit, func(t *testing.T) {
			s := start(t, "unionpay-pos", withRules(t, target+"{message.field: "+edit+"}\n"))
			p := dial(t, s, "unionpay-pos")
			keys := signOn(t, p)
			f, m := p.signed(keys, "sale", nil)
			check(t, m)
			assert.True(t, verifies(keys, f), "DE 64 verifies over the edited message")
		})
	}
}

func TestMACFaults(t *testing.T) {
	for edit, has := range map[string]bool{"wrong": true, "missing": false} {
		t.Run(edit, func(t *testing.T) {
			s := start(t, "unionpay-pos", withRules(t, target+"{message.mac: "+edit+"}\n"))
			p := dial(t, s, "unionpay-pos")
			keys := signOn(t, p)
			f, m := p.signed(keys, "sale", nil)
			_, present := m.GetFields()[64]
			assert.Equal(t, has, present)
			if has {
				assert.False(t, verifies(keys, f))
			}
		})
	}
}

// Every kind of the catalogue has a test on the wire.
func TestNoFaultIsForgotten(t *testing.T) {
	elsewhere := []string{"message.mac", "message.field", "frame.length", "frame.corrupt", "frame.tpdu", "frame.header",
		"line.stop-reading", "message.arpc"} // the last is in the test of the cause arpc-wrong
	for _, name := range faults.Names() {
		_, tested := faultTests[name]
		prefix, _, _ := strings.Cut(name, ".")
		if prefix == "accept" || prefix == "tls" || prefix == "connect" {
			tested = true // in the tests above
		}
		for _, e := range elsewhere {
			tested = tested || e == name
		}
		assert.True(t, tested, name)
	}
}

func TestRouteAndHeaderFaults(t *testing.T) {
	for fault, check := range map[string]func(t *testing.T, f frame.Frame){
		"{frame.tpdu: unswapped}":                   func(t *testing.T, f frame.Frame) { assert.Equal(t, tpdu, f.TPDU) },
		"{frame.tpdu: wrong}":                       func(t *testing.T, f frame.Frame) { assert.NotEqual(t, []byte{0x60, 0x00, 0x01, 0x00, 0x03}, f.TPDU) },
		"{frame.header: {edit: request, value: 3}}": func(t *testing.T, f frame.Frame) { assert.Equal(t, byte(0x03), f.Header[2]&0x0F) },
		"{frame.header: {edit: status, value: 5}}":  func(t *testing.T, f frame.Frame) { assert.Equal(t, byte(0x50), f.Header[2]&0xF0) },
	} {
		t.Run(fault, func(t *testing.T) {
			s := start(t, "unionpay-pos", withRules(t, target+fault+"\n"))
			p := dial(t, s, "unionpay-pos")
			p.ask("sale")
			f, m := p.read()
			assert.Equal(t, "00", get(t, m, 39))
			check(t, f)
		})
	}
}

func TestCorruptedBitsAreTheSameForTheSameSeed(t *testing.T) {
	reply := func(fault string) []byte {
		s := start(t, "unionpay-pos", withRules(t, target+fault+"\n"))
		p := dial(t, s, "unionpay-pos")
		p.ask("sale", fields{13: "1123"})
		f, err := p.next()
		require.NoError(t, err)
		return f.Raw
	}
	flipped := func(a, b []byte) (n int) {
		require.Len(t, b, len(a))
		for i := range a {
			n += bits.OnesCount8(a[i] ^ b[i])
		}
		return n
	}
	const four = "{frame.corrupt: {field: 4, bits: 3}}"
	first, second := reply(four), reply(four)
	d := load(t, "unionpay-pos")
	f, _, err := d.Format().Cut(first, 0)
	require.NoError(t, err)
	at := bytes.Index(second, []byte{0x00, 0x00, 0x00}) // the processing code, before DE 4
	require.Positive(t, at)
	assert.Equal(t, first[at:at+9], second[at:at+9], "the same bits")
	assert.Equal(t, 3, flipped([]byte{0x00, 0x00, 0x00, 0x00, 0x10, 0x00}, first[at+3:at+9]), "of DE 4")
	assert.NotEmpty(t, f.Body)
}
