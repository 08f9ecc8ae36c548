package simulator_test

import (
	"testing"

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
