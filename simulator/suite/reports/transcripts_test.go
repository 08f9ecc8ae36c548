package reports

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/acqsim/acqsim/simulator/dialect"
	"github.com/acqsim/acqsim/simulator/suite"
)

// TestTranscriptsAreJudgedAlike runs scenarios of several kinds: what is written
// of each is judged again from the file alone, with the same bytes.
func TestTranscriptsAreJudgedAlike(t *testing.T) {
	d, err := dialect.Open("unionpay-pos")
	require.NoError(t, err)
	cases, err := suite.Cases(nil, "reply-lost", "wrong-amount", "issuer-down", "closed-before-reply", "wrong-pin", "tls-unknown-ca", "batch-out-of-balance")
	require.NoError(t, err)
	r, err := suite.Run(context.Background(), suite.Options{Cases: cases, Driver: &suite.Builtin{}, Dialect: d, Pace: suite.Quick(), Repeat: 2})
	require.NoError(t, err)
	dir := t.TempDir()
	require.NoError(t, WriteTranscripts(dir, r))
	files, err := filepath.Glob(filepath.Join(dir, "*.jsonl"))
	require.NoError(t, err)
	require.Len(t, files, 2*len(cases))
	for _, file := range files {
		src, err := os.ReadFile(file)
		require.NoError(t, err)
		h, events, err := suite.LastRun(bytes.NewReader(src), file)
		require.NoError(t, err)
		v, err := suite.Judge(h, events)
		require.NoError(t, err)
		var again bytes.Buffer
		require.NoError(t, WriteVerdict(&again, v))
		first, err := os.ReadFile(file[:len(file)-len(".jsonl")] + ".verdict.json")
		require.NoError(t, err)
		assert.Equal(t, string(first), again.String(), file)
	}
}

func TestTranscriptNames(t *testing.T) {
	dir := t.TempDir()
	// A verdict of an earlier run must not stay beside a transcript without one.
	require.NoError(t, os.WriteFile(filepath.Join(dir, "tls-stalled.verdict.json"), []byte("{}"), 0o600))
	r, _ := made(t)
	require.NoError(t, WriteTranscripts(dir, r))
	all, err := filepath.Glob(filepath.Join(dir, "*"))
	require.NoError(t, err)
	for i := range all {
		all[i] = filepath.Base(all[i])
	}
	assert.Equal(t, []string{
		"reply-late.jsonl", "reply-late.verdict.json", "reply-lost-1.jsonl", "reply-lost-1.verdict.json",
		"reply-lost-2.jsonl", "reply-lost-2.verdict.json", "tls-stalled.jsonl",
	}, all)
	got, err := os.ReadFile(filepath.Join(dir, "reply-lost-2.jsonl"))
	require.NoError(t, err)
	want, err := os.ReadFile("testdata/forgets-reversal.jsonl")
	require.NoError(t, err)
	assert.Equal(t, string(want), string(got))
}
