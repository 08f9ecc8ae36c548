package simulator_test

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"io"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/acqsim/acqsim/scenarios/transcript"
	"github.com/acqsim/acqsim/simulator"
)

// bytesChange is the faults that change, cut, repeat or move bytes.
var bytesChange = []string{
	"{frame.truncate: {at: 30, then: close}}", "{frame.truncate: {at: 47, then: close}}", "{frame.split: {at: 25, gap: 1ms}}", "{frame.drip: {bytes: 7, every: 1ms}}",
	"{frame.corrupt: {field: 3, bits: 5}}", "{frame.corrupt: {at: 20, bits: 8}}", "{frame.garbage: {bytes: \"DEADBEEF\", then: close}}", "frame.http",
	"{frame.length: {edit: byte-swapped}}", "{frame.length: {edit: zero}}",
	"message.bitmap", "{message.bitmap: {field: 2}}", "{message.bitmap: {field: 3}}", "{message.bitmap: {field: 5}}",
	"{message.field: {field: 2, edit: increment}}", "{message.field: {field: 3, edit: remove}}", "{message.field: {field: 44, edit: set, value: \"" + pan + "\"}}",
	"{message.mti: \"0230\"}", "{message.code: \"51\"}",
	"reply.drop", "reply.stale", "{reply.duplicate: {times: 2, gap: 1ms}}", "{reply.unsolicited: {message: other-reply, when: before}}",
	"{reply.reorder: {within: 2ms}}", "{frame.coalesce: 2ms}", "{reply.cross: {terminal: \"OTHER*\", within: 2ms}}",
	"{request.misroute: {terminal: \"OTHER001\"}}", "request.drop", "{request.hold: 1ms}",
	"[{message.bitmap: {field: 2}}, {frame.truncate: {at: 60, then: close}}]",
}

// inClear says whether the card number can be read: in ASCII, or digit by digit in
// half bytes, wherever they begin.
func inClear(b []byte) bool {
	return bytes.Contains(b, []byte(pan)) || bytes.Contains([]byte(hex.EncodeToString(b)), []byte(pan))
}

// No fault brings a card number into the evidence.
func TestFaultsShowNoCardNumber(t *testing.T) {
	planted := map[string]fields{
		"iso87-ascii":  {35: pan + "=25121010000012300000", 48: "CARD " + pan + " HERE"},
		"unionpay-pos": {35: pan + "=2512101000001230000"},
	}
	for name, fieldsOf := range planted {
		for _, fault := range bytesChange {
			t.Run(name+"/"+fault, func(t *testing.T) {
				t.Parallel()
				s := start(t, name, withRules(t, target[:len(target)-len("    when: {nth: 1}\n    fault: ")]+"    fault: "+fault+"\n"),
					func(o *simulator.Options) { o.ResponseTimeout = 10 * time.Millisecond })
				other := dial(t, s, name)
				other.do("sale", 0, fields{41: "OTHER001"})
				for n := range 3 {
					ends := -1 - n // of the other terminal's sale, and of those before
					p := dial(t, s, name)
					p.ask("sale", fieldsOf)
					events(t, s, func(e transcript.Event) bool {
						if e.HasSTAN && (e.Kind == transcript.Sent || e.Kind == transcript.NotSent || e.Kind == transcript.Discarded) {
							ends++
						}
						return ends > 0
					})
					require.NoError(t, p.c.SetReadDeadline(time.Now().Add(10*time.Millisecond)))
					_, _ = io.ReadAll(p.r) // some end the line, some don't
					require.NoError(t, p.c.Close())
				}
				require.NoError(t, s.Close())
				all, _ := s.Journal().Since(0, 1<<20)
				struck := false
				for _, e := range all {
					struck = struck || e.Kind == transcript.Struck
					assert.False(t, inClear(e.Raw), "%s: %x", e.Kind, e.Raw)
					assert.False(t, inClear(fmt.Appendf(nil, "%+v", e)), "%s: %+v", e.Kind, e)
					line, err := e.MarshalJSON()
					require.NoError(t, err)
					assert.False(t, inClear(line), "%s: %s", e.Kind, line)
				}
				assert.True(t, struck)
			})
		}
	}
}
