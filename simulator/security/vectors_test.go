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

// file returns a file of testdata.
func file(t testing.TB, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	require.NoError(t, err)
	return string(b)
}

// lines returns the lines of a file that are neither empty nor comments.
func lines(t testing.TB, name string) (all []string) {
	t.Helper()
	for line := range strings.Lines(file(t, name)) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			all = append(all, line)
		}
	}
	require.NotEmpty(t, all)
	return all
}

// words returns the key=value words of a line.
func words(line string) map[string]string {
	m := map[string]string{}
	for _, w := range strings.Fields(line) {
		if k, v, ok := strings.Cut(w, "="); ok {
			m[k] = v
		}
	}
	return m
}

// TestEveryLineIsRead holds the vectors to the tests: a line that no test knows
// fails, and so does a file.
func TestEveryLineIsRead(t *testing.T) {
	known := map[string]string{
		// These tests fail by themselves on a line that they don't know.
		"dukpt.txt":    `.*`, // TestDUKPTVectors
		"emv.txt":      `.*`, // TestEMVVectors
		"emv_arpc.txt": `.*`, // TestARPCVectors

		"key_download.txt":   `(name|tmk|de62|pin|mac|track)=\w[\w-]*`,
		"mac_cup_ecb.txt":    `(TAK1|FOLD1|R1_1|XOR_1|R3_1|DE64_1|MAB1|TMK2|TAK2_ENC|TAK2_CLEAR|MAB2|MAC2_COMPUTED|TAK3|PACKET3)=\w+`,
		"mac_iso9797_x9.txt": `(CBC_)?PAD[123]=\w+`,
		"pinblock.txt":       `ISO[01234] .*`,
	}
	entries, err := os.ReadDir("testdata")
	require.NoError(t, err)
	for _, e := range entries {
		if e.IsDir() {
			continue // seeds of fuzz targets
		}
		pattern, ok := known[e.Name()]
		require.True(t, ok, "no test reads %s", e.Name())
		for _, line := range lines(t, e.Name()) {
			require.Regexp(t, "^"+pattern+"$", line, e.Name())
		}
		delete(known, e.Name())
	}
	require.Empty(t, known, "files that are gone")
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
