package simulator_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/acqsim/acqsim/scenarios/transcript"
)

// Two replies wait for a third: all leave, in the order of their requests, and
// each is recorded.
func TestSeveralRepliesWaitForTheNext(t *testing.T) {
	s := start(t, "iso87-ascii", withRules(t, "  - match: {type: sale}\n    fault: {frame.coalesce: 10m}\n"))
	p := dial(t, s, "iso87-ascii")
	p.ask("sale")
	p.ask("sale")
	p.ask("echo")
	for _, want := range []string{"000001", "000002", "000003"} {
		_, m := p.read()
		assert.Equal(t, want, get(t, m, 11))
	}
	sent := map[uint32]int{}
	events(t, s, func(e transcript.Event) bool {
		if e.Kind == transcript.Sent {
			sent[e.STAN]++
		}
		return len(sent) == 3
	})
	assert.Equal(t, map[uint32]int{1: 1, 2: 1, 3: 1}, sent)
}

// A partner that never comes has a time limit. Then the reply leaves by itself
// or is lost, as its fault says, and the journal tells why; what the host
// posted stands.
func TestPartnersThatNeverCome(t *testing.T) {
	const limit = 100 * time.Millisecond
	for fault, c := range map[string]struct {
		end transcript.Kind
		who string // the partner
		as  string // in whose name the host has posted
	}{
		"{reply.cross: {terminal: \"OTHER*\", within: 100ms}}":                         {transcript.NotSent, "a connection of terminal OTHER*", terminal},
		"{request.misroute: {terminal: OTHER001, within: 100ms}}":                      {transcript.NotSent, "a connection of terminal OTHER001", "OTHER001"},
		"{reply.reorder: {within: 100ms}}":                                             {transcript.Sent, "another reply on this connection", terminal},
		"{frame.coalesce: {within: 100ms}}":                                            {transcript.Sent, "another reply on this connection", terminal},
		"[{request.hold: 20ms}, {reply.reorder: {within: 100ms}}]":                     {transcript.Sent, "another reply on this connection", terminal},
		"[{reply.cross: {within: 100ms}}, {message.field: {field: 38, edit: remove}}]": {transcript.NotSent, "another terminal's connection", terminal},
	} {
		t.Run(fault, func(t *testing.T) {
			t.Parallel()
			s := start(t, "iso87-ascii", withRules(t, target+fault+"\n"))
			p := dial(t, s, "iso87-ascii")
			began := time.Now()
			p.ask("sale")
			all := events(t, s, func(e transcript.Event) bool { return e.Kind == c.end && e.STAN == 1 })
			end := one(t, all, c.end)
			assert.Contains(t, end.Why, c.who+" did not come within 100ms")
			assert.Equal(t, c.as, end.Terminal)
			assert.GreaterOrEqual(t, time.Since(began), limit)
			decided := one(t, all, transcript.Decided)
			assert.NotEmpty(t, decided.Postings, "the money has moved")
			assert.Equal(t, c.as, decided.Terminal)
			if c.end == transcript.Sent {
				_, m := p.read()
				assert.Equal(t, "000001", get(t, m, 11), "late, and by itself")
			}
			assert.Equal(t, "0810", get(t, p.do("echo", 0, nil), 0), "the line goes on")
		})
	}
}
