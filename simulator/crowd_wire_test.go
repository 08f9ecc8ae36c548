package simulator_test

import (
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/acqsim/acqsim/scenarios/transcript"
)

// Many connections at work at once are answered together. Each still gets its own
// replies, in order, and the journal tells each exchange from its beginning.
func TestManyConnectionsAtWork(t *testing.T) {
	const conns, sales = 60, 20
	s := start(t, "iso87-ascii")
	var wg sync.WaitGroup
	for i := range conns {
		p := dial(t, s, "iso87-ascii")
		id := fmt.Sprintf("T%07d", i)
		var requests [][]byte
		for range sales {
			requests = append(requests, p.frame(p.message("sale", 0, fields{41: id})))
		}
		wg.Go(func() {
			for n, b := range requests {
				_, err := p.c.Write(b)
				if !assert.NoError(t, err) {
					return
				}
				f, err := p.next()
				if !assert.NoError(t, err) {
					return
				}
				assert.Contains(t, string(f.Body), id)
				assert.Contains(t, string(f.Body), fmt.Sprintf("%06d", n+1), "the STAN")
			}
			assert.NoError(t, p.c.Close())
		})
	}
	wg.Wait()

	closed := 0
	all := events(t, s, func(e transcript.Event) bool {
		if e.Kind == transcript.Closed {
			closed++
		}
		return closed == conns
	})
	stage := map[uint64]int{}
	order := []transcript.Kind{transcript.Received, transcript.Decided, transcript.Sent}
	for _, e := range all {
		n := stage[e.Conn]
		switch e.Kind {
		case transcript.Received, transcript.Decided, transcript.Sent:
			require.Equal(t, order[n%3], e.Kind)
			require.EqualValues(t, n/3+1, e.Message)
			require.EqualValues(t, n/3+1, e.STAN)
			stage[e.Conn]++
		case transcript.Closed:
			require.Equal(t, sales*3, n, "connection %d", e.Conn)
			require.Equal(t, transcript.EndFIN, e.End)
		}
	}
	require.Len(t, stage, conns)
}
