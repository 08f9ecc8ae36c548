package security

import (
	"encoding/hex"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

var allDownloads = []Download{DownloadSingle, DownloadDouble, DownloadTrack, DownloadDoubleLongMAC, DownloadTrackLongMAC}

func TestKeyDownloadVectors(t *testing.T) {
	forms := map[string]Download{
		"code456": DownloadDouble, "single": DownloadSingle, "double": DownloadDouble,
		"track": DownloadTrack, "double-long-mac": DownloadDoubleLongMAC,
	}
	seen := 0
	for _, v := range vectors(t, "key_download.txt") {
		t.Run(v["name"], func(t *testing.T) {
			form, ok := forms[v["name"]]
			require.True(t, ok, "a record this test doesn't know")
			seen++
			tmk, de62 := mustKey(t, v["tmk"]), unhex(t, v["de62"])
			keys, err := OpenCryptogram(tmk, de62)
			require.NoError(t, err)
			assert.Equal(t, v["pin"], keys.PIN.RevealHex())
			assert.Equal(t, v["mac"], keys.MAC.RevealHex())
			assert.Equal(t, v["track"], keys.Track.RevealHex())

			written, err := keys.Cryptogram(tmk, form)
			require.NoError(t, err)
			assert.Equal(t, de62, written)
		})
	}
	assert.Equal(t, len(forms), seen)
}

func TestDownloadForms(t *testing.T) {
	for _, tc := range []struct {
		d    Download
		code string
		len  int
		text string
	}{
		{DownloadSingle, "001", 24, "single (001)"},
		{DownloadDouble, "003", 40, "double (003)"},
		{DownloadTrack, "004", 60, "track (004)"},
		{DownloadDoubleLongMAC, "003", 40, "double, long MAC (003)"},
		{DownloadTrackLongMAC, "004", 60, "track, long MAC (004)"},
		{0, "", 0, "Download(0)"},
		{6, "", 0, "Download(6)"},
		{255, "", 0, "Download(255)"},
	} {
		assert.Equal(t, tc.code, tc.d.Code())
		assert.Equal(t, tc.len, tc.d.Len())
		assert.Equal(t, tc.text, tc.d.String())
	}
	for code, want := range map[string]Download{"001": DownloadSingle, "003": DownloadDouble, "004": DownloadTrack} {
		d, err := ParseDownload(code)
		require.NoError(t, err)
		assert.Equal(t, want, d)
	}
	for _, code := range []string{"", "002", "301", "0030", "1"} {
		_, err := ParseDownload(code)
		assert.ErrorIs(t, err, ErrDownload, code)
	}
	for d, long := range map[Download]Download{
		DownloadSingle: DownloadSingle, DownloadDouble: DownloadDoubleLongMAC, DownloadTrack: DownloadTrackLongMAC,
		DownloadDoubleLongMAC: DownloadDoubleLongMAC, 0: 0,
	} {
		assert.Equal(t, d, d.For(CUPECB))
		assert.Equal(t, long, d.For(X919))
	}
}

func TestDerivedKeysDownload(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		seed := rapid.Uint64().Draw(rt, "seed")
		terminal := rapid.StringN(0, 8, -1).Draw(rt, "terminal")
		n := rapid.Uint32().Draw(rt, "n")
		d := rapid.SampledFrom(allDownloads).Draw(rt, "form")
		tmk := mustKey(t, rapid.StringMatching(`([0-9A-F]{16}){1,3}`).Draw(rt, "tmk"))
		keys := DeriveSession(seed, terminal, n, d)
		for _, k := range []Key{keys.PIN, keys.MAC, keys.Track} {
			assertOddParity(t, k)
		}
		de62, err := keys.Cryptogram(tmk, d)
		require.NoError(rt, err)
		require.Len(rt, de62, d.Len())
		opened, err := OpenCryptogram(tmk, de62)
		require.NoError(rt, err)
		require.True(rt, opened.PIN.Equal(keys.PIN))
		require.True(rt, opened.MAC.Equal(keys.MAC))
		require.True(rt, opened.Track.Equal(keys.Track))

		again := DeriveSession(seed, terminal, n, d)
		require.True(rt, again.PIN.Equal(keys.PIN) && again.MAC.Equal(keys.MAC), "the same sign-on gives the same keys")
		for what, other := range map[string]SessionKeys{
			"seed": DeriveSession(seed+1, terminal, n, d), "terminal": DeriveSession(seed, terminal+"0", n, d),
			"sign-on": DeriveSession(seed, terminal, n+1, d),
		} {
			require.False(rt, other.PIN.Equal(keys.PIN), "another %s, the same PIN key", what)
			require.False(rt, other.MAC.Equal(keys.MAC), "another %s, the same MAC key", what)
		}
	})
}

// The keys are part of what "the same seed, the same transcript" promises, from
// one release to the next: a change here breaks recorded runs.
func TestDerivedKeysStayTheSame(t *testing.T) {
	keys := DeriveSession(1, "10000001", 1, DownloadTrackLongMAC)
	assert.Equal(t, "key(16 bytes, KCV B26AC276)", keys.PIN.String())
	assert.Equal(t, "key(16 bytes, KCV CB0FB099)", keys.MAC.String())
	assert.Equal(t, "key(16 bytes, KCV 5DF0212C)", keys.Track.String())
	parts, err := DefaultTMK().Components(3, []byte("1"))
	require.NoError(t, err)
	assert.Equal(t, "[key(16 bytes, KCV B767411E) key(16 bytes, KCV C7B6D1B1) key(16 bytes, KCV DA28BE32)]", fmt.Sprint(parts))
}

func TestDeriveSessionWithoutForm(t *testing.T) {
	assert.Equal(t, SessionKeys{}, DeriveSession(1, "10000001", 1, 0))
}

func TestWrongMasterKey(t *testing.T) {
	keys := DeriveSession(1, "10000001", 1, DownloadDouble)
	de62, err := keys.Cryptogram(DefaultTMK(), DownloadDouble)
	require.NoError(t, err)
	opened, err := OpenCryptogram(mustKey(t, "0123456789ABCDEF0123456789ABCDEF"), de62)
	var bad *CheckValueError
	require.ErrorAs(t, err, &bad)
	assert.Equal(t, "PIN", bad.Name)
	assert.Equal(t, keys.PIN.KCV(), bad.Sent)
	assert.NotEqual(t, bad.Sent, bad.Computed)
	assert.ErrorContains(t, err, "terminal master key differs")
	assert.Equal(t, SessionKeys{}, opened)
}

// Every byte of a download is covered by a check value: a flipped bit in any
// key or check value is found, and the right key is named.
func TestDamagedDownload(t *testing.T) {
	for _, d := range allDownloads {
		de62, err := DeriveSession(1, "10000001", 1, d).Cryptogram(DefaultTMK(), d)
		require.NoError(t, err)
		slot := d.Len() / 2
		if d == DownloadTrack || d == DownloadTrackLongMAC {
			slot = d.Len() / 3
		}
		for i := range de62 {
			damaged := append([]byte(nil), de62...)
			damaged[i] ^= 0x10
			keys, err := OpenCryptogram(DefaultTMK(), damaged)
			var bad *CheckValueError
			require.ErrorAs(t, err, &bad, "%s, byte %d", d, i)
			assert.Equal(t, []string{"PIN", "MAC", "track"}[i/slot], bad.Name)
			assert.Equal(t, SessionKeys{}, keys)
		}
	}
}

func TestCryptogramRefuses(t *testing.T) {
	single := DeriveSession(1, "1", 1, DownloadSingle)
	double := DeriveSession(1, "1", 1, DownloadDouble)
	triple := mustKey(t, "0123456789ABCDEFFEDCBA98765432100011223344556677")
	for name, tc := range map[string]struct {
		keys SessionKeys
		tmk  Key
		d    Download
		want error
	}{
		"no form":                {double, DefaultTMK(), 0, ErrDownload},
		"no master key":          {double, Key{}, DownloadDouble, ErrNoKey},
		"no keys":                {SessionKeys{}, DefaultTMK(), DownloadDouble, ErrDownload},
		"double in single":       {double, DefaultTMK(), DownloadSingle, ErrDownload},
		"single in double":       {single, DefaultTMK(), DownloadDouble, ErrDownload},
		"track key missing":      {double, DefaultTMK(), DownloadTrack, ErrDownload},
		"MAC key of 24 bytes":    {SessionKeys{PIN: double.PIN, MAC: triple}, DefaultTMK(), DownloadDouble, ErrDownload},
		"long MAC key in single": {SessionKeys{PIN: single.PIN, MAC: double.PIN}, DefaultTMK(), DownloadSingle, ErrDownload},
	} {
		t.Run(name, func(t *testing.T) {
			de62, err := tc.keys.Cryptogram(tc.tmk, tc.d)
			require.ErrorIs(t, err, tc.want)
			assert.Nil(t, de62)
		})
	}
}

func TestOpenCryptogramRefuses(t *testing.T) {
	for _, n := range []int{0, 1, 23, 25, 39, 41, 56, 59, 61, 84} {
		_, err := OpenCryptogram(DefaultTMK(), make([]byte, n))
		assert.ErrorIs(t, err, ErrDownload, "%d bytes", n)
	}
	_, err := OpenCryptogram(Key{}, make([]byte, 40))
	assert.ErrorIs(t, err, ErrNoKey)
}

func FuzzOpenCryptogram(f *testing.F) {
	for _, v := range vectors(f, "key_download.txt") {
		tmk, err := hex.DecodeString(v["tmk"])
		require.NoError(f, err)
		de62, err := hex.DecodeString(v["de62"])
		require.NoError(f, err)
		f.Add(tmk, de62)
	}
	f.Add([]byte{}, []byte{})
	f.Add(make([]byte, 8), make([]byte, 40))
	f.Fuzz(func(t *testing.T, tmkBytes, de62 []byte) {
		tmk, err := NewKey(tmkBytes)
		if err != nil {
			return
		}
		keys, err := OpenCryptogram(tmk, de62)
		if err != nil {
			require.Equal(t, SessionKeys{}, keys, "an error comes without keys")
			return
		}
		// What opens can be written again, byte for byte.
		form := map[int]Download{24: DownloadSingle, 40: DownloadDouble, 60: DownloadTrack}[len(de62)]
		again, err := keys.Cryptogram(tmk, form)
		require.NoError(t, err)
		require.Equal(t, de62, again)
	})
}
