package security

import (
	"bytes"
	"crypto/des" //nolint:gosec // the reference to compare with
	"math/bits"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestCheckValues(t *testing.T) {
	for _, tc := range []struct{ key, kcv string }{
		{"0123456789ABCDEFFEDCBA9876543210", "08D7B4FB"}, // OpenSSL, see testdata/key_download.txt
		{"807A23AD32B36D457AE91FDF927570EA", "8D0A74B8"},
		{"5BB5C72CD00B7338", "AB7153CA"},
		{"0000000000000000", "8CA64DE9"}, // DES of zeros under zeros, the best-known value of all
	} {
		k := mustKey(t, tc.key)
		kcv := k.KCV()
		assert.Equal(t, unhex(t, tc.kcv), kcv[:], tc.key)
		assert.Equal(t, tc.key, k.RevealHex())
		assert.Contains(t, k.String(), tc.kcv)
	}
	assert.Equal(t, mustKey(t, "0123456789ABCDEFFEDCBA9876543210").KCV(), DefaultTMK().KCV())
}

func TestParseKey(t *testing.T) {
	spaced, err := ParseKey(" 0123 4567 89ab cdef  FEDC BA98 7654 3210 ")
	require.NoError(t, err)
	assert.True(t, spaced.Equal(DefaultTMK()))

	for name, tc := range map[string]struct{ in, says string }{
		"empty":     {"", "0 hexadecimal digits"},
		"odd":       {"0123456789ABCDE", "15 hexadecimal digits"},
		"not hex":   {"0123456789ABCDEG", "character 16 is not"},
		"between":   {"0123456789ABCDEF01234567", "24 hexadecimal digits"},
		"very long": {strings.Repeat("A", 1000), "1000 hexadecimal digits"},
		"non-ASCII": {"0123456789ABCDEé", "character 16 is not"},
	} {
		t.Run(name, func(t *testing.T) {
			k, err := ParseKey(tc.in)
			require.ErrorIs(t, err, ErrKey)
			assert.ErrorContains(t, err, tc.says)
			assert.True(t, k.IsZero())
		})
	}
	for _, n := range []int{0, 1, 7, 9, 15, 17, 23, 25, 32} {
		_, err := NewKey(make([]byte, n))
		assert.ErrorIs(t, err, ErrKey, "%d bytes", n)
	}
}

func TestKeyCopiesItsBytes(t *testing.T) {
	b := unhex(t, "0123456789ABCDEFFEDCBA9876543210")
	k, err := NewKey(b)
	require.NoError(t, err)
	clear(b)
	assert.True(t, k.Equal(DefaultTMK()))
	assert.Equal(t, DefaultTMK().KCV(), k.KCV())
}

func TestEqual(t *testing.T) {
	single := mustKey(t, "0123456789ABCDEF")
	doubled := mustKey(t, "0123456789ABCDEF0123456789ABCDEF")
	assert.True(t, single.Equal(mustKey(t, "0123456789abcdef")))
	assert.False(t, single.Equal(doubled), "they encrypt alike but aren't the same key")
	assert.Equal(t, single.KCV(), doubled.KCV())
	assert.False(t, single.Equal(Key{}))
	assert.False(t, Key{}.Equal(single))
	assert.True(t, Key{}.Equal(Key{}))
	assert.False(t, single.Equal(mustKey(t, "0123456789ABCDEE")))
}

func TestECBAgainstTheStandardLibrary(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.SampledFrom([]int{8, 16, 24}).Draw(t, "length")
		raw := rapid.SliceOfN(rapid.Byte(), n, n).Draw(t, "key")
		data := rapid.SliceOfN(rapid.Byte(), 0, 9).Draw(t, "data")
		data = bytes.Repeat(data, 8)
		k, err := NewKey(raw)
		require.NoError(t, err)
		// A triple-length reference: K, K, K is single DES; K1, K2, K1 double.
		long := append(append(append([]byte(nil), raw...), raw...), raw...)[:24]
		ref, err := des.NewTripleDESCipher(long) //nolint:gosec // the reference
		require.NoError(t, err)
		want := make([]byte, len(data))
		for i := 0; i < len(data); i += 8 {
			ref.Encrypt(want[i:], data[i:])
		}
		got, err := k.EncryptECB(data)
		require.NoError(t, err)
		require.Equal(t, want, got)
		back, err := k.DecryptECB(got)
		require.NoError(t, err)
		require.Equal(t, data, back)
	})
}

func TestECBRefuses(t *testing.T) {
	_, err := DefaultTMK().EncryptECB(make([]byte, 9))
	assert.ErrorIs(t, err, ErrData)
	_, err = DefaultTMK().DecryptECB(make([]byte, 7))
	assert.ErrorIs(t, err, ErrData)
	_, err = Key{}.EncryptECB(make([]byte, 8))
	assert.ErrorIs(t, err, ErrNoKey)
	_, err = Key{}.DecryptECB(make([]byte, 8))
	assert.ErrorIs(t, err, ErrNoKey)
}

func TestZeroKey(t *testing.T) {
	var k Key
	assert.True(t, k.IsZero())
	assert.Zero(t, k.Len())
	assert.Equal(t, [4]byte{}, k.KCV())
	assert.Empty(t, k.RevealHex())
	assert.Equal(t, "key(none)", k.String())
	_, err := k.Components(3, nil)
	assert.ErrorIs(t, err, ErrNoKey)
}

func TestComponentsCombineToTheKey(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		length := rapid.SampledFrom([]int{8, 16, 24}).Draw(t, "length")
		k, err := NewKey(rapid.SliceOfN(rapid.Byte(), length, length).Draw(t, "key"))
		require.NoError(t, err)
		n := rapid.IntRange(MinComponents, MaxComponents).Draw(t, "n")
		seed := rapid.SliceOf(rapid.Byte()).Draw(t, "seed")
		parts, err := k.Components(n, seed)
		require.NoError(t, err)
		require.Len(t, parts, n)
		sum := make([]byte, length)
		for i, p := range parts {
			for j, b := range p.bytes() {
				sum[j] ^= b
			}
			for _, q := range parts[:i] {
				require.False(t, p.Equal(q), "two components are alike")
			}
			require.False(t, p.Equal(k), "a component is the key")
		}
		combined, err := NewKey(sum)
		require.NoError(t, err)
		require.True(t, combined.Equal(k))

		again, err := k.Components(n, seed)
		require.NoError(t, err)
		for i := range parts {
			require.True(t, parts[i].Equal(again[i]), "the same seed gives the same components")
		}
		other, err := k.Components(n, append(seed, 1))
		require.NoError(t, err)
		require.False(t, parts[0].Equal(other[0]), "another seed gives others")
	})
}

func TestComponentsKeepParity(t *testing.T) {
	parts, err := DefaultTMK().Components(3, []byte("seed"))
	require.NoError(t, err)
	for _, p := range parts {
		assertOddParity(t, p)
	}
}

func TestComponentsRefuse(t *testing.T) {
	for _, n := range []int{-1, 0, 1, 10} {
		_, err := DefaultTMK().Components(n, nil)
		assert.ErrorIs(t, err, ErrKey, "%d components", n)
	}
}

func assertOddParity(t testing.TB, k Key) {
	t.Helper()
	for i, b := range k.bytes() {
		assert.Equal(t, 1, bits.OnesCount8(b)%2, "byte %d", i)
	}
}

func TestDefaultTMK(t *testing.T) {
	assert.Equal(t, 16, DefaultTMK().Len())
	assertOddParity(t, DefaultTMK())
}
