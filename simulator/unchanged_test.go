package simulator_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/acqsim/acqsim/scenarios/transcript"
)

// A fault that finds nothing to change says so, in the journal, and the reply
// goes out as the host gave it.
func TestFaultsThatChangeNothingSaySo(t *testing.T) {
	for fault, want := range map[string]string{
		`{message.arpc: wrong}`:                                                      "the reply has no tag 91 in data element 55 that could be wrong",
		`{message.arpc: missing}`:                                                    "the reply has no tag 91 in data element 55 that could be missing",
		`{message.mac: wrong}`:                                                       "the reply has no MAC that could be wrong",
		`{message.mac: missing}`:                                                     "the reply has no MAC that could be missing",
		`{message.field: {field: 62, edit: increment}}`:                              "the reply has no data element 62 to increment",
		`{message.field: {field: 62, edit: remove}}`:                                 "the reply has no data element 62 to remove",
		`{message.field: {field: 62, edit: random}}`:                                 "the reply has no data element 62 to change",
		`{message.field: {field: 4, edit: set, value: "1000"}}`:                      "data element 4 of the reply is anyway what it is set to",
		`{message.code: "00"}`:                                                       "data element 39 of the reply is anyway what it is set to",
		`{message.mti: "0210"}`:                                                      "the reply has the message type 0210 anyway",
		`{frame.corrupt: {field: 62}}`:                                               "the reply has no data element 62 to corrupt",
		`{frame.header: {edit: status, value: 0}}`:                                   "the header of the reply has this flag anyway",
		`{frame.drip: {bytes: 5000}}`:                                                "leave in one piece",
		`{request.misroute: {terminal: "10000001", reply: here}}`:                    "the request is of the terminal that it was to be taken for anyway",
		`[{message.field: {field: 62, edit: remove}}, {message.bitmap: 62}]`:         "the reply has no data element 62 to remove",
		`[{message.field: {field: 62, edit: increment}}, {reply.duplicate: 1}]`:      "the reply has no data element 62 to increment",
		`{reply.unsolicited: {message: other-reply, when: after}}`:                   "",
		`{message.field: {field: 11, edit: increment}}`:                              "",
		`{message.field: {field: 62, edit: set, value: "313233"}}`:                   "",
		`[{message.field: {field: 39, edit: remove}}, {message.bitmap: {field: 2}}]`: "",
	} {
		t.Run(fault, func(t *testing.T) {
			t.Parallel()
			s := start(t, "unionpay-pos", withRules(t, target+fault+"\n"))
			p := dial(t, s, "unionpay-pos")
			p.ask("sale")
			_, err := p.next()
			assert.NoError(t, err)
			all := events(t, s, ofKind(transcript.Sent))
			one(t, all, transcript.Struck)
			if want == "" {
				assert.False(t, slices.ContainsFunc(all, ofKind(transcript.Note)))
				return
			}
			assert.Contains(t, one(t, all, transcript.Note).Text, want)
		})
	}
}
