package frame

import (
	"encoding/hex"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestUnionPayHeaderFields(t *testing.T) {
	h, err := ParseUnionPayHeader(unhex(t, "613123310099"))
	require.NoError(t, err)
	assert.Equal(t, UnionPayHeader{
		ApplicationClass: 61, SoftwareVersion: 31, TerminalStatus: 2,
		ProcessingRequest: SignOnAgain, SubVersion: 310099,
	}, h)
}

func TestUnionPayHeaderRefusesWhatIsNotBCD(t *testing.T) {
	for in, says := range map[string]string{
		"60321032007":    "5 bytes",
		"":               "0 bytes",
		"60321032007200": "7 bytes",
		"6032103200a2":   "byte 6 is a2",
		"6f3210320072":   "byte 1 is 6f",
	} {
		_, err := ParseUnionPayHeader(unhex(t, in[:len(in)/2*2]))
		assert.ErrorContains(t, err, says, in)
	}
}

func TestUnionPayHeaderAppendRefusesWhatDoesNotFit(t *testing.T) {
	for says, h := range map[string]UnionPayHeader{
		"application class is 100":   {ApplicationClass: 100},
		"software version is 255":    {SoftwareVersion: 255},
		"terminal status is 10":      {TerminalStatus: 10},
		"processing request is 10":   {ProcessingRequest: 10},
		"sub-version is 1000000, at": {SubVersion: 1_000_000},
	} {
		dst, err := h.Append([]byte("kept"))
		assert.ErrorContains(t, err, says)
		assert.Equal(t, "kept", string(dst))
	}
}

func TestUnionPayHeaderRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := UnionPayHeader{
			ApplicationClass:  uint8(rapid.IntRange(0, 99).Draw(t, "class")),
			SoftwareVersion:   uint8(rapid.IntRange(0, 99).Draw(t, "version")),
			TerminalStatus:    uint8(rapid.IntRange(0, 9).Draw(t, "status")),
			ProcessingRequest: ProcessingRequest(rapid.IntRange(0, 9).Draw(t, "request")),
			SubVersion:        rapid.Uint32Range(0, 999_999).Draw(t, "sub-version"),
		}
		b, err := h.Append([]byte{0xff})
		require.NoError(t, err)
		require.Len(t, b, 1+UnionPayHeaderSize)
		back, err := ParseUnionPayHeader(b[1:])
		require.NoError(t, err, hex.EncodeToString(b))
		require.Equal(t, h, back)
	})
}
