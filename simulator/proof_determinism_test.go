package simulator_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/acqsim/acqsim/scenarios"
	"github.com/acqsim/acqsim/scenarios/transcript"
	"github.com/acqsim/acqsim/simulator"
)

// drawn is a scenario in which everything that can be drawn is.
const drawn = `name: drawn
title: {en: Drawn, zh: 抽取}
layer: reply
symptom: no-answer
seed: %d
rules:
  - match: {type: sale}
    when: {probability: 0.3}
    fault: reply.drop
  - match: {type: sale}
    when: {probability: 0.4}
    fault: [{message.field: {field: 38, edit: random}}, {frame.corrupt: {field: 4, bits: 3}}]
  - match: {type: sale}
    fault: {reply.delay: {delay: 1ms, jitter: 1ms}}
`

// transcriptOf runs twelve sales of the shop's terminal, with others' traffic
// mixed in at random, and returns what the terminal's transcript says once
// numbers and times are taken out.
func transcriptOf(t *testing.T, seed int, mixed uint64) string {
	t.Helper()
	s, err := scenarios.Load("drawn.yaml", fmt.Appendf(nil, drawn, seed), nil)
	require.NoError(t, err)
	planner := scenarios.NewPlanner(scenarios.PlannerOptions{Seed: 1})
	require.NoError(t, planner.Arm(scenarios.Arming{Scenario: s, At: time.Now()}))
	clock := time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)
	server := start(t, "iso87-ascii", func(o *simulator.Options) {
		o.Planner, o.ResponseTimeout = planner, responseTimeout
		o.Now = func() time.Time { return clock }
	})
	mix := rand.New(rand.NewPCG(mixed, 1)) //nolint:gosec // a test's choices
	others := make([]*pos, 3)
	for i := range others {
		others[i] = dial(t, server, "iso87-ascii")
	}
	p := dial(t, server, "iso87-ascii")
	ended := 0
	for range 12 {
		for range mix.IntN(4) {
			i := mix.IntN(len(others))
			others[i].ask("sale", fields{2: healthyPAN, 41: fmt.Sprintf("OTHER%03d", i)})
		}
		p.ask("sale")
		ended++
		seen := 0 // the terminal waits until it is known what became of its sale
		events(t, server, func(e transcript.Event) bool {
			if e.Terminal == terminal && (e.Kind == transcript.Sent || e.Kind == transcript.NotSent) {
				seen++
			}
			return seen == ended
		})
	}
	all, _ := server.Journal().Since(0, 1<<20)
	var b strings.Builder
	for _, e := range all {
		if e.Terminal != terminal {
			continue
		}
		raw := bytes.ReplaceAll(e.Raw, []byte(e.RRN), bytes.Repeat([]byte("R"), len(e.RRN)))
		if e.RRN == "" {
			raw = e.Raw
		}
		fmt.Fprintf(&b, "%s %s %d %04d %06d %s %s %s %s %s %x\n", e.Kind, e.Actor, e.Message, e.MTI, e.STAN, e.Outcome, e.Code, e.Approval, e.Why, e.Text, raw)
		if e.Strike != nil {
			fmt.Fprintf(&b, "\t%+v\n", *e.Strike)
		}
	}
	return b.String()
}

func TestATerminalsTranscriptDependsOnItsSeedAndRequestsOnly(t *testing.T) {
	t.Parallel()
	first := transcriptOf(t, 7, 1)
	for mixed := range uint64(4) {
		assert.Equal(t, first, transcriptOf(t, 7, 2+mixed), "whatever others do")
	}
	assert.NotEqual(t, first, transcriptOf(t, 8, 1), "another seed, another transcript")
}
