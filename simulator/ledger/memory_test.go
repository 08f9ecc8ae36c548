package ledger

import (
	"bytes"
	"runtime"
	"testing"
	"weak"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/acqsim/acqsim/scenarios/world"
)

// TestAReferenceKeepsNoBatchInMemory refunds, at one terminal, a sale of
// another, whose batch then leaves.
func TestAReferenceKeepsNoBatchInMemory(t *testing.T) {
	leave := map[string]func(b *Book, t *Terminal){
		"by a close":  func(b *Book, t *Terminal) { b.CloseBatch(t, 2) },
		"by eviction": func(b *Book, _ *Terminal) { b.evict(2, nil) },
	}
	reload := func(t *testing.T, b *Book) *Book {
		var file bytes.Buffer
		_, err := writeRecords(&file, 1, b, never)
		require.NoError(t, err)
		again := New(Options{})
		require.NoError(t, newReplayer(again).readSnapshot(sourceOf(file.Bytes()), 1, never))
		return again
	}
	for name, do := range leave {
		for _, restarted := range []bool{false, true} {
			t.Run(name, func(t *testing.T) {
				b := New(Options{})
				here, there := b.Terminal("T0000001"), b.Terminal("T0000002")
				sale := b.Post(Txn{Terminal: here, Type: world.Sale, State: Posted, STAN: 1})
				b.Post(Txn{Terminal: here, Type: world.Sale, State: Posted, STAN: 2})
				refund := b.Post(Txn{Terminal: there, Type: world.Refund, State: Posted, STAN: 3, Original: sale})
				if restarted {
					b = reload(t, b)
					here, there = b.Terminal("T0000001"), b.Terminal("T0000002")
					refund = b.BySTAN(there, 3, nil)
				}
				neighbour := weak.Make(b.BySTAN(here, 2, nil))
				do(b, here)
				runtime.GC()
				assert.Nil(t, neighbour.Value(), "the refund's sale holds on to its neighbour")
				assert.NotNil(t, refund.Original)
				runtime.KeepAlive(b)
			})
		}
	}
}
