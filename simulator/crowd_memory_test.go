package simulator

import (
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// What waits for a peer that does not read holds nothing of those who were
// answered with it: a crowd of such peers would hold everything many times.
func TestWhatWaitsForAPeerIsItsOwn(t *testing.T) {
	for what, ordinary := range map[string]bool{"ordinary requests": true, "format errors": false} {
		t.Run(what, func(t *testing.T) {
			s, _, all := crowdOf(t, "iso87-ascii", nil, sales(t, "iso87-ascii", maxBatch))
			b := newBatch(s)
			for _, a := range all {
				if !ordinary {
					a.f.Body = a.f.Body[:len(a.f.Body)-1]
				}
				b.open(a.c)
				b.take(a.f, a.at)
			}
			b.together = true
			b.answer(false)
			own := b.waiting(&b.parts[5])
			assert.Equal(t, string(b.out[b.parts[5].begin.out:b.parts[5].end.out]), string(own.out))
			assert.Len(t, own.evidence, len(own.out), "the masked reply")
			assert.Len(t, own.all, 1)
			assert.Len(t, own.replies, 1)
			assert.Equal(t, 1, len(own.exchanges)+len(own.sent))
		})
	}
}

// Once a crowd has been answered, nothing of it is held: neither the frames, which
// share their memory, nor the connections, which may have ended.
func TestACrowdThatHasBeenAnsweredIsLetGo(t *testing.T) {
	const big = 60_000
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1)) // so that the same batch is used again
	_, _, all := crowdOf(t, "iso87-ascii", nil, sales(t, "iso87-ascii", maxBatch+1))
	var l lane
	shared := make([]byte, 0, maxBatch*big)
	gone := make(chan struct{}, 2)
	runtime.AddCleanup(&shared[:1][0], func(gone chan<- struct{}) { gone <- struct{}{} }, gone)
	runtime.AddCleanup(all[1].c, func(gone chan<- struct{}) { gone <- struct{}{} }, gone)
	last := all[maxBatch]
	all = all[:maxBatch]
	for i := range all {
		all[i].f, shared = all[i].f.AppendTo(shared)
	}
	l.waiting, l.bytes = all, shared
	l.answerAll()

	// The memory of batches stays in use: it is not enough that it is let go of if it isn't.
	for range 4 {
		runtime.GC()
		l.answer([]arrival{last})
		require.NoError(t, last.c.takeBack())
		last.c.handed = true
	}
	runtime.GC()
	for range 2 {
		select {
		case <-gone:
		case <-time.After(10 * time.Second):
			t.Fatal("the frames of a crowd, or a connection, are still held")
		}
	}
}
