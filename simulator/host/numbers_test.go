package host

import (
	"encoding/binary"
	"hash/fnv"
	"testing"

	"github.com/stretchr/testify/assert"
	"pgregory.net/rapid"
)

// The hash goes on where that of the seed ended: together they are what
// hash/fnv makes of all of it, so codes stay what they were.
func TestApprovalCodesAreFNV(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		seed, rest := rapid.Uint64().Draw(t, "seed"), rapid.SliceOf(rapid.Byte()).Draw(t, "rest")
		want := fnv.New64a()
		_, _ = want.Write(binary.BigEndian.AppendUint64(nil, seed))
		_, _ = want.Write(rest)
		assert.Equal(t, want.Sum64(), fnv1a(hashOfSeed(seed), rest))
	})
}

func TestTextsStay(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var x texts
		all := rapid.SliceOf(rapid.StringN(0, 5000, -1)).Draw(t, "texts")
		var put []string
		for _, s := range all {
			b := []byte(s)
			put = append(put, x.put(b))
			clear(b)
		}
		for i := range all {
			assert.Equal(t, all[i], put[i])
		}
	})
}
