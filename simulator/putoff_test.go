package simulator

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/acqsim/acqsim/scenarios"
	"github.com/acqsim/acqsim/scenarios/transcript"
)

// A request that is put off for a moment may come before the host, or be cancelled,
// before the batch that it came with is done. The journal tells first that it came.
func TestARequestIsRecordedBeforeItIsPutOff(t *testing.T) {
	rules := "name: slow\ntitle: {en: A test, zh: 测试}\nlayer: reply\nsymptom: no-answer\nseed: 7\nrules:\n" +
		"  - match: {terminal: T0000000}\n    fault: {request.hold: 1ms}\n"
	scenario, err := scenarios.Load("slow.yaml", []byte(rules), nil)
	require.NoError(t, err)
	p := scenarios.NewPlanner(scenarios.PlannerOptions{Seed: 1})
	require.NoError(t, p.Arm(scenarios.Arming{Scenario: scenario, At: time.Now()}))
	s, ends, all := crowdOf(t, "iso87-ascii", p, sales(t, "iso87-ascii", 1))
	before, c := s.Journal().Stats().Appended, all[0].c
	close(ends[0].read)
	b := newBatch(s)
	b.open(c)
	b.take(all[0].f, all[0].at)
	b.decide(true)
	b.finishAll()
	assert.Zero(t, c.queue.cancel(func(string) bool { return true }), "it is not put off yet")
	b.flush()
	c.queue.Wait()
	require.NoError(t, c.w.Close(t.Context()))
	var kinds []transcript.Kind
	events, _ := s.Journal().Since(before, 0)
	for _, e := range events {
		kinds = append(kinds, e.Kind)
	}
	assert.Equal(t, []transcript.Kind{transcript.Received, transcript.Struck, transcript.Held, transcript.Decided, transcript.Sent}, kinds)
}
