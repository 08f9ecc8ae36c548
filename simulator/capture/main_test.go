package capture_test

import (
	"slices"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func sortedWords(words []string) string {
	slices.Sort(words)
	return strings.Join(words, ",")
}
