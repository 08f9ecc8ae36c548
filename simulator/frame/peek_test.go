package frame

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// Peek says what Cut would find.
func TestPeekAgreesWithCut(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := Format{Length: rapid.SampledFrom(LengthKinds()).Draw(t, "length"), CountsItself: rapid.Bool().Draw(t, "counts itself"),
			ExcludesHeader: rapid.Bool().Draw(t, "excludes header"), TPDU: rapid.Bool().Draw(t, "TPDU"), Header: rapid.SampledFrom([]int{0, 6}).Draw(t, "header")}
		b := rapid.SliceOfN(rapid.OneOf(rapid.SampledFrom([]byte("\x00\x01\x0500019F")), rapid.Byte()), 1, 40).Draw(t, "bytes")
		limit := rapid.SampledFrom([]int{0, 10, HighestMax}).Draw(t, "limit")
		total, ok := f.Peek(b, limit)
		cut, _, err := f.Cut(b, limit)
		var bad *Error
		switch {
		case err == nil:
			require.True(t, ok)
			require.Equal(t, len(cut.Raw), total)
		case errors.As(err, &bad) && bad.Kind == Unfinished:
			require.True(t, ok || total > len(b), "too short, but not all there")
			require.True(t, total == 0 || total > len(b))
		default:
			require.False(t, ok)
		}
	})
	_, ok := Format{Length: lengthKindCount}.Peek([]byte{0, 0}, 0)
	require.False(t, ok)
}
