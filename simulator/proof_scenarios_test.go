package simulator_test

import (
	"crypto/tls"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/acqsim/acqsim/faults/wire"
	"github.com/acqsim/acqsim/scenarios"
	"github.com/acqsim/acqsim/scenarios/library"
	"github.com/acqsim/acqsim/simulator/dialect"
)

// Faults by what their rules can be matched with, for made-up scenarios. Some
// wait so long that they are under way when the server stops.
var (
	exchangeFaults = []string{
		"request.drop", "{request.hold: 5ms}", "{request.hold: 60s}", "{request.misroute: {terminal: OTHER001}}",
		"reply.drop", "{reply.delay: 5ms}", "{reply.delay: 60s}", "{reply.duplicate: {times: 2, gap: 1ms}}",
		"{reply.reorder: {within: 5ms}}", "{reply.reorder: {within: 60s}}",
		"{reply.cross: {terminal: \"OTHER*\", within: 60s}}", "{reply.cross: {terminal: \"NEVER*\", within: 60s}}", "{reply.cross: {terminal: \"NEVER*\", within: 2ms}}",
		"reply.stale", "{reply.unsolicited: {message: other-reply, when: before}}",
		"{frame.length: {edit: zero}}", "{frame.truncate: {at: 20, then: close}}", "{frame.truncate: {at: 20, then: reset}}",
		"{frame.split: {at: 3, gap: 2ms}}", "{frame.split: {at: 3, gap: 60s}}", "{frame.drip: {bytes: 8, every: 1ms}}", "{frame.coalesce: 5ms}", "{frame.coalesce: 60s}",
		"{frame.garbage: {bytes: \"DEADBEEF\", then: close}}", "frame.http", "{frame.corrupt: {field: 4, bits: 3}}",
		"{line.close: before-reply}", "{line.reset: before-reply}", "{line.reset: after-reply}", "{line.close: after-reply}",
		"{message.mti: \"0230\"}", "{message.field: {field: 11, edit: increment}}", "{message.field: {field: 38, edit: random}}", "message.bitmap", "{message.code: \"51\"}",
		"[{reply.delay: 3ms}, {frame.split: {at: 2, gap: 1ms}}, {line.reset: after-reply}]",
	}
	routeFaults = []string{
		"{frame.tpdu: unswapped}", "{frame.tpdu: wrong}", "{frame.header: {edit: request, value: 3}}", "{message.mac: wrong}", "{message.mac: missing}", "{message.arpc: wrong}",
		"{frame.length: {edit: byte-swapped}}", "[{request.hold: 2ms}, {message.mac: wrong}, {frame.drip: {bytes: 9, every: 1ms}}]",
	}
	given = []string{"", "", "given: {outcome: [{match: {terminal: \"10000001\", type: sale}, when: {every: 2}, is: system-malfunction}]}\n",
		"given: {outcome: [{match: {terminal: \"10000001\"}, is: issuer-timeout}]}\n"}
	helloFaults = []string{"tls.stall", "tls.alert", "tls.expired", "tls.wrong-host", "tls.unknown-ca", "tls.old-version"}
	linuxFaults = []string{"{line.cut: after-request}", "{line.cut: mid-reply}", "{line.cut: connected}", "{line.cut: idle}"}
	idleFaults  = []string{"{line.idle-cut: {idle: 3ms, then: reset}}", "{line.idle-cut: {idle: 60s, then: reset}}"}
	synFaults   = []string{"connect.blackhole", "line.stop-reading"}
	refusing    = []string{"connect.refuse"}
	accepting   = []string{"{accept.close: {after: 2ms}}", "{accept.reset: {after: 2ms}}", "{accept.close: {after: 60s}}", "accept.silent", "{accept.limit: {max: 3, then: close}}"}
)

// house is a dialect, with or without TLS, and the faults that it can show.
type house struct {
	dialect                *dialect.Dialect
	authority              *wire.Authority // nil: no TLS
	serverTLS, terminalTLS *tls.Config
	approval               string // the message type of an answered sale
	exchange               []string
	triggers               *scenarios.Triggers
}

// houses are the dialects and layers that scenarios are tried in.
func houses(t *testing.T) (all []*house) {
	causes, err := library.All()
	require.NoError(t, err)
	triggers, err := scenarios.NewTriggers(causes, nil)
	require.NoError(t, err)
	authority, err := wire.NewAuthority(time.Now())
	require.NoError(t, err)
	good, err := authority.Issue("127.0.0.1")
	require.NoError(t, err)
	for name, approval := range map[string]string{"iso87-ascii": "0210", "unionpay-pos": "0210", "iso87-bcd": "0210"} {
		for _, secure := range []bool{false, true} {
			h := &house{dialect: load(t, name), approval: approval, exchange: exchangeFaults, triggers: triggers}
			if secure {
				h.authority = authority
				h.serverTLS = &tls.Config{Certificates: []tls.Certificate{*good}, MinVersion: tls.VersionTLS12}
				h.terminalTLS = &tls.Config{RootCAs: authority.Pool(), ServerName: "127.0.0.1", MinVersion: tls.VersionTLS12}
			}
			if name == "unionpay-pos" {
				h.exchange = append(slices.Clone(exchangeFaults), routeFaults...)
			}
			all = append(all, h)
		}
	}
	slices.SortStableFunc(all, func(a, b *house) int { return strings.Compare(a.dialect.Name(), b.dialect.Name()) })
	return all
}

// chosen draws whether an amount chooses a cause.
func (h *house) chosen(rt *rapid.T) bool { return rapid.IntRange(0, 3).Draw(rt, "chosen") == 0 }

// anyScenario draws a scenario for terminal 10000001 alone, which comes from
// the shop's address. What can't be loaded is drawn again.
func (h *house) anyScenario(rt *rapid.T, name string) *scenarios.Scenario {
	for {
		var b strings.Builder
		fmt.Fprintf(&b, "name: %s\ntitle: {en: A test, zh: 测试}\nlayer: reply\nsymptom: no-answer\nseed: %d\n", name, rapid.IntRange(1, 99).Draw(rt, "seed"))
		b.WriteString(rapid.SampledFrom(given).Draw(rt, "given") + "rules:\n")
		for range rapid.IntRange(1, 3).Draw(rt, "rules") {
			match := "terminal: \"10000001\""
			kinds := h.exchange
			where := []string{match, match + ", type: sale", match + ", amount: \"1.00..500.00\"", match + ", mti: \"0200\""}
			own := shopAddress().String() == "127.0.0.2" // it has an address of its own, on Linux
			switch group := rapid.IntRange(0, 11).Draw(rt, "group"); {
			case group == 0 && own:
				kinds, where = accepting, []string{"source: 127.0.0.2"}
			case group == 3 && own && h.serverTLS != nil:
				kinds, where = helloFaults, []string{"source: 127.0.0.2", "source: 127.0.0.2, server_name: \"127*\""}
			case group == 4 && own:
				kinds, where = synFaults, []string{"source: 127.0.0.2"}
			case group == 5 && own:
				kinds, where = refusing, []string{"listener: \"*\""} // what is connected lives on
			case group == 1:
				kinds, where = idleFaults, where[:1]
			case group == 2 && own:
				kinds, where = linuxFaults, where[:1]
			}
			when := rapid.SampledFrom([]string{"", "nth: 2", "first: 2", "every: 2", "after: 1", "probability: 0.5",
				"limit: 2", "until: 3", "armed_for: 5ms", "window: 00:00-12:00", "first: 3, count: overall"}).Draw(rt, "when")
			fmt.Fprintf(&b, "  - match: {%s}\n", rapid.SampledFrom(where).Draw(rt, "where"))
			if when != "" {
				fmt.Fprintf(&b, "    when: {%s}\n", when)
			}
			if rapid.Bool().Draw(rt, "also") {
				b.WriteString("    also: true\n")
			}
			fmt.Fprintf(&b, "    fault: %s\n", rapid.SampledFrom(kinds).Draw(rt, "fault"))
		}
		s, err := scenarios.Load(name+".yaml", []byte(b.String()), nil)
		if err == nil {
			rt.Logf("%s", b.String())
			return s
		}
	}
}
