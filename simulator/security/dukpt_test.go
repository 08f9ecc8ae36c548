package security

import (
	"crypto/cipher"
	"encoding/binary"
	"fmt"
	"math/bits"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// dukptVectors reads the rows of dukpt.txt: every line is one or a key.
func dukptVectors(t testing.TB) (bdk, initial Key, rows [][]string) {
	t.Helper()
	for _, line := range lines(t, "dukpt.txt") {
		switch {
		case strings.HasPrefix(line, "BDK="):
			bdk = mustKey(t, line[len("BDK="):])
		case strings.HasPrefix(line, "IK="):
			text, ksn, ok := strings.Cut(line[len("IK="):], " (KSN ")
			require.True(t, ok, line)
			initial = mustKey(t, text)
			device, err := ParseKSN(strings.TrimSuffix(ksn, ")"))
			require.NoError(t, err)
			derived, err := InitialKey(bdk, device)
			require.NoError(t, err)
			require.True(t, derived.Equal(initial), line)
		default:
			row := strings.Split(line, ",")
			require.Len(t, row, 7, line)
			rows = append(rows, row)
		}
	}
	require.Len(t, rows, 3)
	return bdk, initial, rows
}

func TestDUKPTVectors(t *testing.T) {
	const pin, pan, data = "1234", "4012345678909", "4012345678909D987"
	_, initial, rows := dukptVectors(t)
	for _, row := range rows {
		t.Run(row[0], func(t *testing.T) {
			ksn, err := ParseKSN(row[0])
			require.NoError(t, err)
			key, err := DeriveTransaction(initial, ksn)
			require.NoError(t, err)
			assert.Equal(t, unhex(t, row[1]), key.m.p[:])

			pinKey, err := key.PIN()
			require.NoError(t, err)
			block, err := EncryptPIN(ISO0, pinKey, pin, pan, nil)
			require.NoError(t, err)
			assert.Equal(t, unhex(t, row[2]), block)

			for i, derive := range []func() (Key, error){key.DataRequest, key.DataResponse} {
				k, err := derive()
				require.NoError(t, err)
				out := make([]byte, 24)
				copy(out, data)
				cipher.NewCBCEncrypter(k.m.p.block, make([]byte, 8)).CryptBlocks(out, out)
				assert.Equal(t, unhex(t, row[3+i]), out)
			}
			for i, derive := range []func() (Key, error){key.MACRequest, key.MACResponse} {
				k, err := derive()
				require.NoError(t, err)
				m, err := NewMAC(X919, k)
				require.NoError(t, err)
				sum := m.Sum1([]byte(data))
				assert.Equal(t, unhex(t, row[5+i]), sum[:])
			}
		})
	}
}

func TestKSN(t *testing.T) {
	k, err := ParseKSN("ffff9876 543210e0 0003")
	require.NoError(t, err)
	assert.Equal(t, "FFFF9876543210E00003", k.String())
	assert.Equal(t, uint32(3), k.Counter())
	assert.Equal(t, "FFFF9876543210E00000", k.Device().String())
	short, err := ParseKSN("9876543210E00003")
	require.NoError(t, err)
	assert.Equal(t, k, short)
	b, err := NewKSN(k[2:])
	require.NoError(t, err)
	assert.Equal(t, k, b)
	require.NoError(t, k.Check())
	assert.False(t, k.IsZero())
	assert.True(t, KSN{}.IsZero())

	for _, bad := range []string{"", "FFFF9876543210E0000", "FFFF9876543210E000030", "GFFF9876543210E00003", "9876543210E0000"} {
		_, err := ParseKSN(bad)
		assert.ErrorIs(t, err, ErrKSN, bad)
	}
	_, err = NewKSN(k[:9])
	require.ErrorIs(t, err, ErrKSN)

	// Counter 0 is for loading; more than 10 one-bits are skipped.
	for _, bad := range []string{"FFFF9876543210E00000", "FFFF9876543210E007FF", "FFFF9876543210FFFFFF"} {
		k, err := ParseKSN(bad)
		require.NoError(t, err)
		require.ErrorIs(t, k.Check(), ErrKSN, bad)
		_, err = DeriveTransaction(mustKey(t, secretKey), k)
		require.ErrorIs(t, err, ErrKSN, bad)
	}
}

// A device has a little over a million keys: all counters with 1 to 10
// one-bits, in order (ANSI X9.24-1).
func TestKSNNext(t *testing.T) {
	k, err := ParseKSN("FFFF9876543210E00000")
	require.NoError(t, err)
	device := k
	count, before := 0, uint32(0)
	for {
		next, err := k.Next()
		if err != nil {
			require.ErrorIs(t, err, ErrKeysUsedUp)
			break
		}
		k = next
		count++
		if n := k.Counter(); n <= before || bits.OnesCount32(n) > 10 || k.Device() != device {
			t.Fatalf("after counter %06X came %s", before, k)
		}
		before = k.Counter()
		at, err := device.At(uint32(count)) //nolint:gosec // little over a million
		if err != nil || at != k {
			t.Fatalf("transaction %d is %s, not %s (%v)", count, k, at, err)
		}
	}
	_, err = device.At(uint32(count) + 1) //nolint:gosec // as above
	require.ErrorIs(t, err, ErrKeysUsedUp)
	_, err = device.At(0xFFFFFFFF)
	require.ErrorIs(t, err, ErrKeysUsedUp)
	_, err = device.At(0)
	require.ErrorIs(t, err, ErrKSN)
	assert.Equal(t, 1_048_575, count)
	assert.Equal(t, uint32(0x1FF800), before)
}

// A device steps from key to key by itself, without the initial key: what it
// computes is what the host derives from the counter.
func TestDUKPTDeviceAgrees(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		raw := rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "BDK")
		bdk, err := NewKey(raw)
		require.NoError(t, err)
		var ksn KSN
		copy(ksn[:], rapid.SliceOfN(rapid.Byte(), 10, 10).Draw(t, "KSN"))
		initial, err := InitialKey(bdk, ksn)
		require.NoError(t, err)
		// The key of counter n comes from that of n without its lowest one-bit.
		n := ksn.Counter()
		if ksn.Check() != nil {
			return
		}
		got, err := DeriveTransaction(initial, ksn)
		require.NoError(t, err)
		parent := [16]byte(initial.bytes())
		if rest := n & (n - 1); rest != 0 {
			p, err := DeriveTransaction(initial, ksn.withCounter(rest))
			require.NoError(t, err)
			parent = *p.m.p
		}
		require.NoError(t, stepKey(&parent, binary.BigEndian.Uint64(ksn[2:])))
		require.Equal(t, parent, *got.m.p)
		same, err := InitialKey(bdk, ksn.Device())
		require.NoError(t, err)
		require.True(t, same.Equal(initial))
	})
}

func TestDUKPTRefuses(t *testing.T) {
	k, err := ParseKSN("FFFF9876543210E00001")
	require.NoError(t, err)
	_, err = InitialKey(Key{}, k)
	require.ErrorIs(t, err, ErrNoKey)
	_, err = InitialKey(mustKey(t, secretMAC), k)
	require.ErrorIs(t, err, ErrKey)
	_, err = DeriveTransaction(Key{}, k)
	require.ErrorIs(t, err, ErrNoKey)
	_, err = TransactionKey{}.PIN()
	require.ErrorIs(t, err, ErrNoKey)
	_, err = TransactionKey{}.DataRequest()
	require.ErrorIs(t, err, ErrNoKey)
	assert.True(t, TransactionKey{}.IsZero())
	assert.Equal(t, "transaction-key(none)", fmt.Sprint(TransactionKey{}))
}

func FuzzParseKSN(f *testing.F) {
	for _, s := range []string{"FFFF9876543210E00001", "9876543210E00001", "ffff 9876543210e0 0001", "", "FFFF9876543210FFFFFF", "xyz"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		k, err := ParseKSN(s)
		if err != nil {
			require.ErrorIs(t, err, ErrKSN)
			return
		}
		again, err := ParseKSN(k.String())
		require.NoError(t, err)
		require.Equal(t, k, again)
		next, err := k.Next()
		if err != nil {
			require.ErrorIs(t, err, ErrKeysUsedUp)
			return
		}
		require.NoError(t, next.Check())
		require.Equal(t, k.Device(), next.Device())
		require.Greater(t, next.Counter(), k.Counter())
	})
}
