package main

import (
	"bytes"
	"context"
	"encoding/hex"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// planted is a card number that no output may show. Its middle is not zeros,
// which masking would leave as they are.
const planted = "6212345678901232"

// runDecode runs acqsim decode on an input and returns all that it prints.
func runDecode(src []byte, args ...string) (code int, text string) {
	var out, bad bytes.Buffer
	code = run(context.Background(), append([]string{"decode", "-"}, args...), bytes.NewReader(src), &out, &bad)
	return code, out.String() + bad.String()
}

// FuzzDecodeInput holds that no input makes acqsim decode panic, claim an
// internal failure, or print a card number that stands in it.
func FuzzDecodeInput(f *testing.F) {
	sale := "0088" + "0200" + "7020000000C08000" + "16" + planted + "000000" + "000000001000" + "000042" + "10000001" + "999000000000001" + "156"
	f.Add([]byte(sale))
	f.Add([]byte(hex.EncodeToString([]byte(sale))))
	f.Add([]byte("00000000: " + "30 32 30 30\n00000004: 37 30"))
	f.Add([]byte("ALNgAAMAAGAAAAAAAAIAcCQGwCDAmhIZYiICEjRWeJASgAAAAAAAAAAQAAAAQjASBRAA"))
	f.Add([]byte("\x00\x3c\x60\x00\x03\x00\x00\x60\x00\x00\x00\x00\x00\x08\x00"))
	f.Add([]byte("0x"))
	f.Fuzz(func(t *testing.T, src []byte) {
		if len(src) > 4096 {
			return
		}
		code, text := runDecode(src)
		require.NotEqual(t, exitInternal, code, text)
		require.NotContains(t, text, planted)
		code, text = runDecode(src, "--json")
		require.NotEqual(t, exitInternal, code, text)
		require.NotContains(t, text, planted)
	})
}

// A byte that would be a digit in EBCDIC ends a number of ASCII digits.
func TestDecodeShowsNoCardNumberBeforeOtherDigits(t *testing.T) {
	for _, src := range []string{planted + "\xF0\x00\x00", "\xF5" + planted + "\x00"} {
		_, text := runDecode([]byte(src))
		squeezed := strings.NewReplacer(" ", "", "\n", "", "|", "").Replace(text)
		assert.NotContains(t, squeezed, planted)
		assert.NotContains(t, strings.ToLower(squeezed), hex.EncodeToString([]byte(planted)))
	}
}

func TestDecodeShowsNoCardNumberOfGarbage(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		garbage := rapid.SliceOfN(rapid.Byte(), 0, 60)
		before, behind := garbage.Draw(t, "before"), garbage.Draw(t, "behind")
		number := []byte(planted)
		if rapid.Bool().Draw(t, "packed") {
			var err error
			number, err = hex.DecodeString(planted)
			require.NoError(t, err)
		}
		message := append(append(append([]byte(nil), before...), number...), behind...)
		src := message
		if rapid.Bool().Draw(t, "hex") {
			src = []byte(hex.EncodeToString(message))
		}
		for _, form := range []string{"text", "json"} {
			args := []string{}
			if form == "json" {
				args = append(args, "--json")
			}
			_, text := runDecode(src, args...)
			squeezed := strings.NewReplacer(" ", "", "\n", "", "|", "").Replace(text)
			require.NotContains(t, squeezed, planted, form)
			require.NotContains(t, strings.ToLower(squeezed), hex.EncodeToString([]byte(planted)), form)
		}
	})
}
