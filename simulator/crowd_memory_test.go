package simulator

import (
	"testing"

	"github.com/stretchr/testify/assert"
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
