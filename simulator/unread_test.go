package simulator_test

import (
	"errors"
	"net"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/acqsim/acqsim/scenarios/transcript"
	"github.com/acqsim/acqsim/simulator"
)

// Behind a full window nobody can see that the terminal has gone: the
// connection is given up after a time, or when that is asked for. A small window
// is full by a ClientHello already, and a cause that an amount could choose is
// enough for it to be small.
func TestAConnectionThatIsNotReadIsGivenUp(t *testing.T) {
	linux(t)
	for fault, last := range map[string]func(t *testing.T, s *simulator.Server){
		"{line.stop-reading: {for: 400ms}}":                  nil,
		"{accept.silent: {for: 400ms}}":                      nil,
		"{accept.limit: {max: 0, then: silent, for: 400ms}}": nil,
		"{line.stop-reading: {for: 10m}}":                    cancelled,
		"{accept.silent: {for: 10m}}":                        cancelled,
		"{accept.limit: {max: 0, then: silent, for: 10m}}":   cancelled,
	} {
		for what, gone := range map[string]bool{"the terminal waits": false, "the terminal has gone": true} {
			t.Run(fault+" "+what, func(t *testing.T) {
				t.Parallel()
				s := start(t, "iso87-ascii", withRules(t, "  - fault: "+fault+"\n"))
				c, err := net.Dial("tcp", s.Addr(0).String())
				require.NoError(t, err)
				defer c.Close()
				require.NoError(t, c.SetWriteDeadline(time.Now().Add(responseTimeout/3)))
				_, err = c.Write(make([]byte, 64<<20))
				require.Error(t, err, "a full window, or the connection is given up already")
				if gone {
					require.NoError(t, c.Close())
				}
				if last != nil {
					last(t, s)
				}
				ended := one(t, events(t, s, ofKind(transcript.Closed)), transcript.Closed)
				assert.Equal(t, transcript.EndRST, ended.End)
				assert.Contains(t, ended.Why, "nothing was read from it")
				assert.Zero(t, s.CancelDeliveries(), "nothing is left of it")
				if !gone && !errors.Is(err, syscall.ECONNRESET) { // the write may have met it
					require.NoError(t, c.SetReadDeadline(time.Now().Add(patience)))
					_, err = c.Read(make([]byte, 1))
					isReset(t, err)
				}
			})
		}
	}
}

func cancelled(t *testing.T, s *simulator.Server) {
	events(t, s, ofKind(transcript.Struck))
	assert.Zero(t, s.CancelDeliveries("another"), "those of others go on")
	// A window that is not full yet may show that the terminal has gone.
	ended := func() bool {
		seen, _ := s.Journal().Since(0, 1<<16)
		return slices.ContainsFunc(seen, func(e transcript.Event) bool { return e.Kind == transcript.Closed })
	}
	require.Eventually(t, func() bool { return s.CancelDeliveries("under-test") == 1 || ended() }, patience, time.Millisecond)
}
