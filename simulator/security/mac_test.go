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
	t.Run("step by step", func(t *testing.T) {
		k := mustKey(t, v["TAK1"])
		first, err := k.EncryptECB([]byte(v["FOLD1"])[:8])
		require.NoError(t, err)
		assert.Equal(t, unhex(t, v["R1_1"]), first)
		for i := range first {
			first[i] ^= v["FOLD1"][8+i]
		}
		assert.Equal(t, unhex(t, v["XOR_1"]), first)
		second, err := k.EncryptECB(first)
		require.NoError(t, err)
		assert.Equal(t, unhex(t, v["R3_1"]), second)
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

func TestCBCMACVectors(t *testing.T) {
	v := vectors(t, "mac_iso9797_x9.txt")[0]
	key := strings.Repeat("A", 16) + strings.Repeat("B", 16)
	for a, want := range map[MACAlgorithm]string{CBCMAC: "CBC_PAD1", CBCMACPadding2: "CBC_PAD2", CBCMACPadding3: "CBC_PAD3"} {
		t.Run(a.String(), func(t *testing.T) {
			sum := mustMAC(t, a, key).Sum1([]byte("hello world"))
			assert.Equal(t, unhex(t, v[want]), sum[:])
		})
	}
}

// referenceCBC is the CBC-MACs written with the standard library's CBC mode.
func referenceCBC(a MACAlgorithm, k Key, key, data []byte) []byte {
	left, _ := des.NewCipher(key[:8])           //nolint:gosec // the reference
	right, _ := des.NewCipher(key[len(key)-8:]) //nolint:gosec // the reference
	retail := a == X919 || a == X919Padding2 || a == X919Padding3
	if !retail {
		left = k.m.p.block
	}
	padded := append([]byte(nil), data...)
	switch a {
	case X919Padding2, CBCMACPadding2:
		padded = append(padded, 0x80)
	case X919Padding3, CBCMACPadding3:
		padded = binary.BigEndian.AppendUint64(nil, uint64(len(data))*8)
		padded = append(padded, data...)
	}
	for len(padded)%8 != 0 || len(padded) == 0 {
		padded = append(padded, 0)
	}
	out := make([]byte, len(padded))
	cipher.NewCBCEncrypter(left, make([]byte, 8)).CryptBlocks(out, padded)
	last := out[len(out)-8:]
	if retail {
		right.Decrypt(last, last)
		left.Encrypt(last, last)
	}
	if a == X99 {
		clear(last[4:])
	}
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
		a := rapid.SampledFrom([]MACAlgorithm{
			CUPECB, X919, X919Padding2, X919Padding3, X99, CBCMAC, CBCMACPadding2, CBCMACPadding3,
		}).Draw(t, "algorithm")
		lengths := []int{8, 16}
		if a == X99 {
			lengths = lengths[:1]
		}
		n := rapid.SampledFrom(lengths).Draw(t, "key length")
		raw := rapid.SliceOfN(rapid.Byte(), n, n).Draw(t, "key")
		parts := rapid.SliceOfN(rapid.SliceOfN(rapid.Byte(), 0, 40), 0, 6).Draw(t, "parts")
		whole := bytes.Join(parts, nil)
		k, err := NewKey(raw)
		require.NoError(t, err)
		m, err := NewMAC(a, k)
		require.NoError(t, err)

		want := referenceCUPECB(k, bytes.Clone(whole))
		if a != CUPECB {
			want = referenceCBC(a, k, raw, whole)
		}
		one, many := m.Sum1(whole), m.Sum(parts...)
		require.Equal(t, want, one[:], "Sum1")
		require.Equal(t, want, many[:], "Sum of parts")
		require.True(t, m.Verify(want, whole))
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
	}
	assert.False(t, m.Verify(sum[:7], data))
	assert.False(t, m.Verify(append(sum[:], 0), data))
	assert.False(t, m.Verify(nil, data))
	assert.False(t, m.Verify(sum[:], data[1:]))
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
	for _, a := range []MACAlgorithm{CUPECB, X919, X919Padding2, X919Padding3, CBCMAC, CBCMACPadding2, CBCMACPadding3} {
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
		"x9.9": X99, "iso9797-1": CBCMAC, "iso9797-1-padding2": CBCMACPadding2, "iso9797-1-padding3": CBCMACPadding3,
		"off": MACOff, "verify-if-present": MACVerifyIfPresent, "require": MACRequire,
		"iso-0": ISO0, "iso-1": ISO1, "iso-2": ISO2, "iso-3": ISO3, "iso-4": ISO4,
	} {
		text, err := v.MarshalText()
		require.NoError(t, err)
		assert.Equal(t, want, string(text))
		assert.Equal(t, want, v.String())
	}
	for _, v := range []named{MACAlgorithm(9), MACPolicy(9), PINFormat(5), PINFormat(9)} {
		_, err := v.MarshalText()
		assert.ErrorIs(t, err, ErrName, "%s", v)
	}
	var a MACAlgorithm
	var p MACPolicy
	var f PINFormat
	for _, bad := range []string{"", "nonsense", "iso-5", "x9.9-padding1", "cup-ecb-padding1", "iso9797-3-padding4", "iso9797-2", "iso-", "iso-00", "CUP-ECB", "Off", "5", "iso-iso-0"} {
		assert.ErrorIs(t, a.UnmarshalText([]byte(bad)), ErrName, bad)
		assert.ErrorIs(t, p.UnmarshalText([]byte(bad)), ErrName, bad)
		assert.ErrorIs(t, f.UnmarshalText([]byte(bad)), ErrName, bad)
	}
	for digit, want := range map[string]PINFormat{"0": ISO0, "1": ISO1, "2": ISO2, "3": ISO3, "4": ISO4} {
		require.NoError(t, f.UnmarshalText([]byte(digit)))
		assert.Equal(t, want, f)
	}
}

func TestOtherNamesOfMACAlgorithms(t *testing.T) {
	for name, want := range map[string]MACAlgorithm{
		"iso9797-3": X919, "iso9797-3-padding1": X919, "iso9797-3-padding2": X919Padding2, "iso9797-3-padding3": X919Padding3,
		"x9.19-padding1": X919, "iso9797-1-padding1": CBCMAC,
	} {
		var a MACAlgorithm
		require.NoError(t, a.UnmarshalText([]byte(name)), name)
		assert.Equal(t, want, a, name)
	}
}

// The CBC-MAC of X9.9 is that of X9.19 with a single-length key, cut to 32 bits.
func TestX99(t *testing.T) {
	const key = "0123456789ABCDEF"
	data := []byte("7654321 Now is the time for ")
	// FIPS 113, appendix 1: this key, this text, this MAC.
	want := unhex(t, "F1D30F6849312CA4")
	full := mustMAC(t, CBCMAC, key).Sum1(data)
	assert.Equal(t, want, full[:])
	retail := mustMAC(t, X919, key).Sum1(data)
	assert.Equal(t, want, retail[:])
	m := mustMAC(t, X99, key)
	cut := m.Sum1(data)
	assert.Equal(t, append(want[:4:4], 0, 0, 0, 0), cut[:])
	assert.True(t, m.Verify(cut[:], data))
	assert.False(t, m.Verify(want, data), "another 32 bits than zeros")
	_, err := NewMAC(X99, mustKey(t, key+key))
	assert.ErrorIs(t, err, ErrKey)
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
