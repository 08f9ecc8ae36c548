package security

import (
	"bytes"
	"crypto/cipher"
	"crypto/des" //nolint:gosec // the reference to compare with
	"encoding/binary"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestCUPECBVectors(t *testing.T) {
	v := vectors(t, "mac_cup_ecb.txt")[0]

	t.Run("double-length key", func(t *testing.T) {
		m := mustMAC(t, CUPECB, v["TAK1"])
		sum := m.Sum1(unhex(t, v["MAB1"]))
		assert.Equal(t, unhex(t, v["DE64_1"]), sum[:])
	})
	t.Run("key out of a download", func(t *testing.T) {
		clear, err := mustKey(t, v["TMK2"]).DecryptECB(unhex(t, v["TAK2_ENC"]))
		require.NoError(t, err)
		require.Equal(t, unhex(t, v["TAK2_CLEAR"]), clear)
		sum := mustMAC(t, CUPECB, v["TAK2_CLEAR"]).Sum1(unhex(t, v["MAB2"]))
		assert.Equal(t, v["MAC2_COMPUTED"], string(sum[:]))
	})
	t.Run("whole packet", func(t *testing.T) {
		packet := unhex(t, v["PACKET3"])
		require.Len(t, packet, 2+int(binary.BigEndian.Uint16(packet)))
		mab, de64 := packet[2+5+6:len(packet)-8], packet[len(packet)-8:]
		m := mustMAC(t, CUPECB, v["TAK3"])
		sum := m.Sum1(mab)
		assert.Equal(t, de64, sum[:])
		assert.True(t, m.Verify(de64, mab))
		doubled := mustMAC(t, CUPECB, v["TAK3"]+v["TAK3"]).Sum1(mab)
		assert.Equal(t, sum, doubled, "the source gives the key doubled")
	})
}

func TestX919Vectors(t *testing.T) {
	v := vectors(t, "mac_iso9797_x9.txt")[0]
	// The left half is eight letters A, the right half eight letters B.
	key := strings.Repeat("41", 8) + strings.Repeat("42", 8)
	for a, want := range map[MACAlgorithm]string{X919: "PAD1", X919Padding2: "PAD2", X919Padding3: "PAD3"} {
		t.Run(a.String(), func(t *testing.T) {
			sum := mustMAC(t, a, key).Sum1([]byte("hello world"))
			assert.Equal(t, unhex(t, v[want]), sum[:])
		})
	}
}

// referenceX919 is the retail MAC written with the standard library's CBC mode.
func referenceX919(a MACAlgorithm, key, data []byte) []byte {
	left, _ := des.NewCipher(key[:8])           //nolint:gosec // the reference
	right, _ := des.NewCipher(key[len(key)-8:]) //nolint:gosec // the reference
	padded := append([]byte(nil), data...)
	switch a {
	case X919Padding2:
		padded = append(padded, 0x80)
	case X919Padding3:
		padded = binary.BigEndian.AppendUint64(nil, uint64(len(data))*8)
		padded = append(padded, data...)
	}
	for len(padded)%8 != 0 || len(padded) == 0 {
		padded = append(padded, 0)
	}
	out := make([]byte, len(padded))
	cipher.NewCBCEncrypter(left, make([]byte, 8)).CryptBlocks(out, padded)
	last := out[len(out)-8:]
	right.Decrypt(last, last)
	left.Encrypt(last, last)
	return last
}

// referenceCUPECB is UnionPay's description, step by step.
func referenceCUPECB(k Key, data []byte) []byte {
	for len(data)%8 != 0 {
		data = append(data, 0)
	}
	folded := make([]byte, 8)
	for i, b := range data {
		folded[i%8] ^= b
	}
	chars := fmt.Appendf(nil, "%X", folded)
	first, _ := k.EncryptECB(chars[:8])
	for i := range first {
		first[i] ^= chars[8+i]
	}
	second, _ := k.EncryptECB(first)
	return fmt.Appendf(nil, "%X", second)[:8]
}

func TestMACAgainstTheDescription(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := rapid.SampledFrom([]MACAlgorithm{CUPECB, X919, X919Padding2, X919Padding3}).Draw(t, "algorithm")
		n := rapid.SampledFrom([]int{8, 16}).Draw(t, "key length")
		raw := rapid.SliceOfN(rapid.Byte(), n, n).Draw(t, "key")
		parts := rapid.SliceOfN(rapid.SliceOfN(rapid.Byte(), 0, 40), 0, 6).Draw(t, "parts")
		whole := bytes.Join(parts, nil)
		k, err := NewKey(raw)
		require.NoError(t, err)
		m, err := NewMAC(a, k)
		require.NoError(t, err)

		want := referenceCUPECB(k, bytes.Clone(whole))
		if a != CUPECB {
			want = referenceX919(a, raw, whole)
		}
		one, many := m.Sum1(whole), m.Sum(parts...)
		require.Equal(t, want, one[:], "Sum1")
		require.Equal(t, want, many[:], "Sum of parts")
		require.True(t, m.Verify(want, whole))
		require.Equal(t, MACOK, m.Check(want, whole))
	})
}

func TestVerifyRefuses(t *testing.T) {
	m := mustMAC(t, CUPECB, "5BB5C72CD00B7338")
	data := []byte("0200 some message")
	sum := m.Sum1(data)
	for bit := range 64 {
		bad := sum
		bad[bit/8] ^= 1 << (bit % 8)
		require.False(t, m.Verify(bad[:], data), "bit %d of the MAC", bit)
		require.Equal(t, MACWrong, m.Check(bad[:], data))
	}
	assert.False(t, m.Verify(sum[:7], data))
	assert.False(t, m.Verify(append(sum[:], 0), data))
	assert.False(t, m.Verify(nil, data))
	assert.False(t, m.Verify(sum[:], data[1:]))
	assert.Equal(t, MACAbsent, m.Check(nil, data))
	assert.False(t, mustMAC(t, CUPECB, "5BB5C72CD00B7438").Verify(sum[:], data), "another key")
}

func TestNewMACRefuses(t *testing.T) {
	_, err := NewMAC(CUPECB, Key{})
	assert.ErrorIs(t, err, ErrNoKey)
	_, err = NewMAC(X919, mustKey(t, strings.Repeat("0123456789ABCDEF", 3)))
	assert.ErrorIs(t, err, ErrKey)
	_, err = NewMAC(MACAlgorithm(99), DefaultTMK())
	assert.ErrorIs(t, err, ErrName)
}

func TestMACIsSafeForConcurrentUse(t *testing.T) {
	for _, a := range []MACAlgorithm{CUPECB, X919} {
		m := mustMAC(t, a, "0123456789ABCDEFFEDCBA9876543210")
		var wg sync.WaitGroup
		for g := range 4 {
			wg.Go(func() {
				data := bytes.Repeat([]byte{byte(g)}, 50+g)
				want := m.Sum1(data)
				for range 500 {
					if got := m.Sum(data[:g+1], data[g+1:]); got != want {
						assert.Equal(t, want, got)
						return
					}
				}
			})
		}
		wg.Wait()
	}
}

func TestMACDoesNotAllocate(t *testing.T) {
	if raceEnabled {
		t.Skip("sync.Pool drops at random under the race detector")
	}
	data := bytes.Repeat([]byte("0123456789"), 15)
	for _, a := range []MACAlgorithm{CUPECB, X919, X919Padding2, X919Padding3} {
		m := mustMAC(t, a, "0123456789ABCDEFFEDCBA9876543210")
		sum := m.Sum1(data)
		assert.Zero(t, testing.AllocsPerRun(200, func() { m.Sum1(data) }), "%s Sum1", a)
		assert.Zero(t, testing.AllocsPerRun(200, func() { m.Sum(data[:13], data[13:]) }), "%s Sum", a)
		assert.Zero(t, testing.AllocsPerRun(200, func() { m.Verify(sum[:], data) }), "%s Verify", a)
	}
}

func TestNamesInConfiguration(t *testing.T) {
	var got struct {
		Algorithm MACAlgorithm `yaml:"algorithm"`
		Policy    MACPolicy    `yaml:"policy"`
		PIN       PINFormat    `yaml:"pin"`
	}
	// Unquoted off and 4 are what people write.
	require.NoError(t, yaml.Unmarshal([]byte("algorithm: x9.19\npolicy: require\npin: iso-3\n"), &got))
	assert.Equal(t, X919, got.Algorithm)
	assert.Equal(t, MACRequire, got.Policy)
	assert.Equal(t, ISO3, got.PIN)
	require.NoError(t, yaml.Unmarshal([]byte("algorithm: cup-ecb\npolicy: off\npin: 4\n"), &got))
	assert.Equal(t, CUPECB, got.Algorithm)
	assert.Equal(t, MACOff, got.Policy)
	assert.Equal(t, ISO4, got.PIN)
	out, err := yaml.Marshal(got)
	require.NoError(t, err)
	assert.Equal(t, "algorithm: cup-ecb\npolicy: \"off\"\npin: iso-4\n", string(out))
}

func TestNames(t *testing.T) {
	type named interface {
		fmt.Stringer
		MarshalText() ([]byte, error)
	}
	for want, v := range map[string]named{
		"cup-ecb": CUPECB, "x9.19": X919, "x9.19-padding2": X919Padding2, "x9.19-padding3": X919Padding3,
		"off": MACOff, "verify-if-present": MACVerifyIfPresent, "require": MACRequire,
		"iso-0": ISO0, "iso-1": ISO1, "iso-3": ISO3, "iso-4": ISO4,
	} {
		text, err := v.MarshalText()
		require.NoError(t, err)
		assert.Equal(t, want, string(text))
		assert.Equal(t, want, v.String())
	}
	for _, v := range []named{MACAlgorithm(9), MACPolicy(9), PINFormat(2), PINFormat(9)} {
		_, err := v.MarshalText()
		assert.ErrorIs(t, err, ErrName, "%s", v)
	}
	var a MACAlgorithm
	var p MACPolicy
	var f PINFormat
	for _, bad := range []string{"", "nonsense", "iso-2", "2", "iso-", "iso-00", "CUP-ECB", "Off", "5", "iso-iso-0"} {
		assert.ErrorIs(t, a.UnmarshalText([]byte(bad)), ErrName, bad)
		assert.ErrorIs(t, p.UnmarshalText([]byte(bad)), ErrName, bad)
		assert.ErrorIs(t, f.UnmarshalText([]byte(bad)), ErrName, bad)
	}
	for digit, want := range map[string]PINFormat{"0": ISO0, "1": ISO1, "3": ISO3, "4": ISO4} {
		require.NoError(t, f.UnmarshalText([]byte(digit)))
		assert.Equal(t, want, f)
	}
}

func BenchmarkMAC(b *testing.B) {
	data := bytes.Repeat([]byte("0123456789"), 15)
	block := make([]byte, 8)
	single, _ := des.NewCipher(block) //nolint:gosec // the reference
	b.Run("one DES block", func(b *testing.B) {
		for b.Loop() {
			single.Encrypt(block, block)
		}
	})
	for _, bc := range []struct {
		algorithm MACAlgorithm
		key       string
	}{
		{CUPECB, "5BB5C72CD00B7338"},
		{CUPECB, "0123456789ABCDEFFEDCBA9876543210"},
		{X919, "0123456789ABCDEFFEDCBA9876543210"},
	} {
		m := mustMAC(b, bc.algorithm, bc.key)
		name := fmt.Sprintf("%s/%d-byte key", bc.algorithm, len(bc.key)/2)
		b.Run(name+"/Sum1", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				m.Sum1(data)
			}
		})
		b.Run(name+"/Sum", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				m.Sum(data[:2], data[2:10], data[10:])
			}
		})
	}
}

func TestMACResultNames(t *testing.T) {
	assert.Equal(t, "absent ok wrong MACResult(9)", fmt.Sprint(MACAbsent, " ", MACOK, " ", MACWrong, " ", MACResult(9)))
}
