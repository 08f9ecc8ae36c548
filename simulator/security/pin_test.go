package security

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

var allFormats = []PINFormat{ISO0, ISO1, ISO2, ISO3, ISO4}

func TestPINBlockVectors(t *testing.T) {
	for _, v := range records(t, "pinblock.txt", "ISO0") {
		t.Run("ISO0 "+v["block"], func(t *testing.T) {
			block, err := EncodePIN(ISO0, v["pin"], v["pan"], nil)
			require.NoError(t, err)
			assert.Equal(t, unhex(t, v["block"]), block)
			pin, err := DecodePIN(ISO0, block, v["pan"])
			require.NoError(t, err)
			assert.True(t, pin.Equal(v["pin"]))
		})
	}
	t.Run("ISO1", func(t *testing.T) {
		for block, want := range map[string]string{"141234FFFFFFFFFF": "1234", "1C123456789012FF": "123456789012"} {
			require.Contains(t, records(t, "pinblock.txt", "ISO1")[0]["line"], block+" -> "+want)
			pin, err := DecodePIN(ISO1, unhex(t, block), "")
			require.NoError(t, err)
			assert.True(t, pin.Equal(want))
			made, err := EncodePIN(ISO1, want, "", repeat(0xFF))
			require.NoError(t, err)
			assert.Equal(t, unhex(t, block), made)
		}
	})
	t.Run("ISO2", func(t *testing.T) {
		line := records(t, "pinblock.txt", "ISO2")[0]["line"]
		for block, want := range map[string]string{"241234FFFFFFFFFF": "1234", "29123456789FFFFF": "123456789"} {
			require.Contains(t, line, "pin="+want)
			require.Contains(t, line, block)
			made, err := EncodePIN(ISO2, want, "", nil)
			require.NoError(t, err)
			assert.Equal(t, unhex(t, block), made)
			pin, err := DecodePIN(ISO2, unhex(t, block), "")
			require.NoError(t, err)
			assert.True(t, pin.Equal(want))
		}
	})
	t.Run("ISO3", func(t *testing.T) {
		// One line holds both; the PAN is that of the first.
		line := records(t, "pinblock.txt", "ISO3")[0]["line"]
		for pin, prefix := range map[string]string{"1234": "341261", "123456789012": "3C1261032D8226"} {
			require.Contains(t, line, "pin="+pin)
			require.Contains(t, line, "prefix="+prefix)
			block, err := EncodePIN(ISO3, pin, "5555555551234567", nil)
			require.NoError(t, err)
			assert.Equal(t, unhex(t, prefix), block[:len(prefix)/2])
		}
	})
	t.Run("ISO4", func(t *testing.T) {
		v := records(t, "pinblock.txt", "ISO4")[0]
		raw := unhex(t, v["key"])
		aesKey, err := NewAESKey(raw)
		require.NoError(t, err)
		key, err := NewKey(raw)
		require.NoError(t, err)
		for _, k := range []PINKey{aesKey, key} {
			block, err := EncryptPIN(ISO4, k, v["pin"], v["pan"], repeat(0xFF))
			require.NoError(t, err)
			assert.Equal(t, unhex(t, v["block"]), block)
			pin, err := DecryptPIN(ISO4, k, block, v["pan"])
			require.NoError(t, err)
			assert.True(t, pin.Equal(v["pin"]))
		}
	})
}

func digits(t *rapid.T, least, most int, label string) string {
	return string(rapid.SliceOfN(rapid.ByteRange('0', '9'), least, most).Draw(t, label))
}

func TestPINRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := rapid.SampledFrom(allFormats).Draw(t, "format")
		pin := digits(t, MinPIN, MaxPIN, "PIN")
		pan := digits(t, 12, 19, "PAN")
		random := bytes.NewReader(rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(t, "random"))

		clear, err := EncodePIN(f, pin, pan, random)
		require.NoError(t, err)
		require.Len(t, clear, f.BlockSize())
		got, err := DecodePIN(f, clear, pan)
		require.NoError(t, err)
		require.True(t, got.Equal(pin))

		raw := rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "key")
		key, err := NewKey(raw)
		require.NoError(t, err)
		block, err := EncryptPIN(f, key, pin, pan, nil)
		require.NoError(t, err)
		require.Len(t, block, f.BlockSize())
		before := bytes.Clone(block)
		got, err = DecryptPIN(f, key, block, pan)
		require.NoError(t, err)
		require.True(t, got.Equal(pin))
		require.Equal(t, before, block, "the caller's block is left alone")

		// A different PIN is different.
		other := []byte(pin)
		i := rapid.IntRange(0, len(other)-1).Draw(t, "changed digit")
		other[i] = '0' + (other[i]-'0'+1)%10
		require.False(t, got.Equal(string(other)))
	})
}

// Formats with a PAN in them bind the PIN to it: with another PAN the block
// doesn't decode, or not to the PIN.
func TestPINBlockIsBoundToThePAN(t *testing.T) {
	key := DefaultTMK()
	for _, f := range []PINFormat{ISO0, ISO3, ISO4} {
		block, err := EncryptPIN(f, key, "123456", "6222001234567890123", repeat(0x5A))
		require.NoError(t, err)
		pin, err := DecryptPIN(f, key, block, "6222001234567899923")
		if err != nil {
			require.ErrorIs(t, err, ErrPINBlock, f)
		}
		assert.False(t, pin.Equal("123456"), f)
	}
}

func TestRandomFillerDiffers(t *testing.T) {
	for _, f := range []PINFormat{ISO1, ISO3, ISO4} {
		a, err := EncodePIN(f, "1234", "6222001234567890", nil)
		require.NoError(t, err)
		b, err := EncodePIN(f, "1234", "6222001234567890", nil)
		require.NoError(t, err)
		assert.NotEqual(t, a, b, f)
	}
}

func TestFillerNeedsItsReader(t *testing.T) {
	broken := errors.New("no entropy")
	for _, f := range []PINFormat{ISO1, ISO3, ISO4} {
		_, err := EncodePIN(f, "1234", "6222001234567890", iotest.ErrReader(broken))
		assert.ErrorIs(t, err, broken, f)
		_, err = EncryptPIN(f, DefaultTMK(), "1234", "6222001234567890", iotest.ErrReader(broken))
		assert.ErrorIs(t, err, broken, f)
	}
	_, err := EncodePIN(ISO0, "1234", "6222001234567890", iotest.ErrReader(broken))
	assert.NoError(t, err, "format 0 reads none")
}

func TestDecodePINRefuses(t *testing.T) {
	const pan = "0000000000000000" // its PAN field is zero: blocks stand as written
	for name, tc := range map[string]struct {
		f     PINFormat
		block string
		says  string
	}{
		"short":              {ISO0, "041234FFFFFFFF", "7 bytes instead of 8"},
		"long":               {ISO0, "041234FFFFFFFFFFFF", "9 bytes instead of 8"},
		"8 bytes for iso-4":  {ISO4, "441234AAAAAAAAAA", "8 bytes instead of 16"},
		"another format":     {ISO0, "341234ABCDEFABCD", "looks like iso-3"},
		"no format":          {ISO0, "741234FFFFFFFFFF", "no format number"},
		"iso-2":              {ISO0, "241234FFFFFFFFFF", "looks like iso-2"},
		"PIN of 3":           {ISO0, "03123FFFFFFFFFFF", "outside 4 to 12"},
		"PIN of 13":          {ISO0, "0D1234567890123F", "outside 4 to 12"},
		"letter in PIN":      {ISO0, "0412A4FFFFFFFFFF", "position 3 is not a digit"},
		"filler of iso-0":    {ISO0, "041234FFFFFFFFFE", "filler is wrong"},
		"filler of iso-3":    {ISO3, "341234ABCDEF9BCD", "filler is wrong"},
		"filler of iso-4":    {ISO4, "441234AAAAAAAABB0102030405060708", "filler is wrong"},
		"PIN field of iso-1": {ISO1, "13123FFFFFFFFFFF", "outside 4 to 12"},
	} {
		t.Run(name, func(t *testing.T) {
			pin, err := DecodePIN(tc.f, unhex(t, tc.block), pan)
			require.ErrorIs(t, err, ErrPINBlock)
			assert.ErrorContains(t, err, tc.says)
			assert.True(t, pin.IsZero())
		})
	}
}

func TestPINCallsRefuse(t *testing.T) {
	const pan = "6222001234567890"
	aes, err := NewAESKey(make([]byte, 32))
	require.NoError(t, err)
	single := mustKey(t, "0123456789ABCDEF")
	for name, tc := range map[string]struct {
		f        PINFormat
		key      PINKey
		pin, pan string
		want     error
	}{
		"PIN of 3":         {ISO0, DefaultTMK(), "123", pan, ErrPIN},
		"PIN of 13":        {ISO0, DefaultTMK(), "1234567890123", pan, ErrPIN},
		"letters":          {ISO1, DefaultTMK(), "12a4", pan, ErrPIN},
		"no PAN":           {ISO0, DefaultTMK(), "1234", "", ErrPAN},
		"PAN of 11":        {ISO3, DefaultTMK(), "1234", "62220012345", ErrPAN},
		"PAN of 20":        {ISO4, DefaultTMK(), "1234", "62220012345678901234", ErrPAN},
		"PAN not digits":   {ISO0, DefaultTMK(), "1234", "622200123456789D", ErrPAN},
		"format 5":         {PINFormat(5), DefaultTMK(), "1234", pan, ErrName},
		"nil key":          {ISO0, nil, "1234", pan, ErrNoKey},
		"zero key":         {ISO0, Key{}, "1234", pan, ErrNoKey},
		"zero AES key":     {ISO4, AESKey{}, "1234", pan, ErrNoKey},
		"AES for format 0": {ISO0, aes, "1234", pan, ErrKey},
		"single for AES":   {ISO4, single, "1234", pan, ErrKey},
	} {
		t.Run(name, func(t *testing.T) {
			block, err := EncryptPIN(tc.f, tc.key, tc.pin, tc.pan, repeat(1))
			require.ErrorIs(t, err, tc.want)
			assert.Nil(t, block)
			if tc.want == ErrPIN {
				return // decrypting isn't given one
			}
			pin, err := DecryptPIN(tc.f, tc.key, make([]byte, tc.f.BlockSize()), tc.pan)
			require.ErrorIs(t, err, tc.want)
			assert.True(t, pin.IsZero())
		})
	}
	for _, n := range []int{0, 8, 15, 17, 33} {
		_, err := NewAESKey(make([]byte, n))
		assert.ErrorIs(t, err, ErrKey, "%d bytes", n)
	}
	assert.True(t, AESKey{}.IsZero())
	assert.False(t, aes.IsZero())
	_, err = DecryptPIN(ISO0, DefaultTMK(), make([]byte, 16), pan)
	assert.ErrorIs(t, err, ErrPINBlock)
	_, err = DecodePIN(ISO0, make([]byte, 8), "1")
	assert.ErrorIs(t, err, ErrPAN)
	_, err = DecodePIN(PINFormat(5), make([]byte, 8), pan)
	assert.ErrorIs(t, err, ErrName)
}

func TestPINEqual(t *testing.T) {
	pin := newPIN("123456")
	assert.True(t, pin.Equal("123456"))
	for _, other := range []string{"", "12345", "1234567", "123457", "023456", strings.Repeat("1", 13), strings.Repeat("1", 300), "12345é"} {
		assert.False(t, pin.Equal(other), "%q", other)
	}
	assert.False(t, newPIN("1234").Equal("1234\x00\x00"))
	assert.False(t, PIN{}.Equal(""))
	assert.True(t, PIN{}.IsZero())
	assert.False(t, pin.IsZero())
}

func FuzzDecodePIN(f *testing.F) {
	for _, v := range records(f, "pinblock.txt", "ISO0") {
		f.Add(uint8(0), unhex(f, v["block"]), v["pan"])
	}
	f.Add(uint8(1), unhex(f, "141234FFFFFFFFFF"), "")
	f.Add(uint8(3), unhex(f, "341234ABCDEFABCD"), "0000000000000000")
	f.Add(uint8(4), unhex(f, "441234AAAAAAAAAA0102030405060708"), "1234567890123456789")
	f.Add(uint8(2), []byte{}, "é")
	f.Fuzz(func(t *testing.T, format uint8, block []byte, pan string) {
		pin, err := DecodePIN(PINFormat(format), block, pan)
		if err != nil {
			require.True(t, pin.IsZero())
			return
		}
		require.False(t, pin.IsZero())
		// What decodes was a PIN: encoding it gives the same block, up to filler.
		clear := string(pin.d.p[1 : 1+pin.d.p[0]])
		require.True(t, pin.Equal(clear))
		again, err := EncodePIN(PINFormat(format), clear, pan, nil)
		require.NoError(t, err)
		require.Equal(t, block[:(2+len(clear))/2], again[:(2+len(clear))/2])
		if PINFormat(format) == ISO0 {
			require.Equal(t, block, again)
		}
	})
}

func BenchmarkDecryptPIN(b *testing.B) {
	for _, f := range allFormats {
		b.Run(f.String(), func(b *testing.B) {
			key := DefaultTMK()
			block, err := EncryptPIN(f, key, "123456", "6222001234567890123", repeat(7))
			require.NoError(b, err)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := DecryptPIN(f, key, block, "6222001234567890123"); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
