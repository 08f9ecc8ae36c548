package security

import (
	"bufio"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// vectors reads key=value words of a file in testdata, by line or, where a file
// has blank lines between records, by record.
func vectors(t testing.TB, file string) []map[string]string {
	t.Helper()
	f, err := os.Open(filepath.Join("testdata", file))
	require.NoError(t, err)
	t.Cleanup(func() { _ = f.Close() })
	found := []map[string]string{{}}
	for scan := bufio.NewScanner(f); scan.Scan(); {
		line := strings.TrimSpace(scan.Text())
		if line == "" {
			found = append(found, map[string]string{})
			continue
		}
		if strings.HasPrefix(line, "#") {
			continue
		}
		for _, word := range strings.Fields(line) {
			if k, v, ok := strings.Cut(word, "="); ok {
				found[len(found)-1][k] = v
			}
		}
	}
	return found
}

// records returns the key=value words of the lines that start with a word, for
// files with one record a line.
func records(t testing.TB, file, first string) []map[string]string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", file))
	require.NoError(t, err)
	var found []map[string]string
	for line := range strings.Lines(string(b)) {
		words := strings.Fields(line)
		if len(words) == 0 || words[0] != first {
			continue
		}
		m := map[string]string{"line": strings.TrimSpace(line)}
		for _, w := range words {
			if k, v, ok := strings.Cut(w, "="); ok {
				m[strings.TrimPrefix(k, "(")] = v
			}
		}
		found = append(found, m)
	}
	require.NotEmpty(t, found, "no %s lines in %s", first, file)
	return found
}

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	require.NoError(t, err)
	return b
}

func mustKey(t testing.TB, s string) Key {
	t.Helper()
	require.NotEmpty(t, s, "the vector has no key")
	k, err := ParseKey(s)
	require.NoError(t, err)
	return k
}

func mustMAC(t testing.TB, a MACAlgorithm, key string) *MAC {
	t.Helper()
	m, err := NewMAC(a, mustKey(t, key))
	require.NoError(t, err)
	return m
}

// repeat is an endless reader of one byte.
type repeat byte

func (r repeat) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte(r)
	}
	return len(p), nil
}
