package simulator_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/acqsim/acqsim/scenarios/transcript"
)

// What a terminal can read in a reply that was struck is computed from the
// bytes that leave, before they are masked.
func TestReadingsOfStruckReplies(t *testing.T) {
	for fault, want := range map[string][]transcript.Reading{
		"{message.field: {field: 11, edit: increment}}": {{Differs: []int{11}, Code: "00"}},
		"{message.field: {field: 39, edit: remove}}":    {{}},
		"{message.code: \"51\"}":                        {{Code: "51"}},
		"reply.duplicate":                               {{Code: "00"}, {Code: "00"}},
		"{frame.truncate: 20}":                          {{Unreadable: true}},
		"{frame.header: {edit: request, value: 3}}":     {{Code: "00", Asks: 3}},
		"{message.field: {field: 4, edit: remove}}":     {{Differs: []int{4}, Code: "00"}},
		"{message.mti: \"0810\"}":                       {{Differs: []int{0}, Code: "00"}},
		"[{reply.delay: 20ms}, {message.field: {field: 42, edit: set, value: \"000000000000000\"}}]": {{Differs: []int{42}, Code: "00"}},
	} {
		t.Run(fault, func(t *testing.T) {
			s := start(t, "unionpay-pos", withRules(t, target+fault+"\n"))
			p := dial(t, s, "unionpay-pos")
			p.ask("sale")
			_, err := p.r.Peek(1)
			require.NoError(t, err)
			isSent := func(e transcript.Event) bool { return e.Kind == transcript.Sent }
			seen := events(t, s, isSent)
			sent := seen[slices.IndexFunc(seen, isSent)]
			for i := range sent.Readings {
				sent.Readings[i].MAC = transcript.MACUnchecked
			}
			assert.Equal(t, want, sent.Readings)
		})
	}
}

func TestAReversalSaysWhatItRefersTo(t *testing.T) {
	s := start(t, "unionpay-pos")
	p := dial(t, s, "unionpay-pos")
	_, stan := p.send("sale", 0, nil)
	p.reverse("sale", stan, "000000001000")
	names := func(e transcript.Event) bool { return e.Kind == transcript.Received && e.Refers != nil }
	seen := events(t, s, names)
	refers := seen[slices.IndexFunc(seen, names)].Refers
	assert.Equal(t, uint32(stan), refers.STAN)
	assert.Equal(t, "98", refers.Reason)
}
