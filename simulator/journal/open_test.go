package journal

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/acqsim/acqsim/scenarios/transcript"
)

// run appends events to the file as one run of a server would.
func run(t testing.TB, path string, events int) {
	j := New(Options{Program: "acqsim test"})
	require.NoError(t, j.OpenFile(path))
	for n := range events {
		j.Append(numbered(n))
	}
	closeJournal(t, j)
}

func TestOpenFileContinuesATranscript(t *testing.T) {
	path := filepath.Join(t.TempDir(), "journal.jsonl")
	run(t, path, 3)
	run(t, path, 2)
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, 2, strings.Count(string(data), `{"acqsim":"transcript"`), "each run has its header")
	var seqs []uint64
	for _, e := range read(t, string(data)) {
		seqs = append(seqs, e.Seq)
	}
	assert.Equal(t, []uint64{1, 2, 3, 1, 2}, seqs)
}

// A kill can end the file anywhere.
func TestOpenFileEndsATornLine(t *testing.T) {
	path := filepath.Join(t.TempDir(), "journal.jsonl")
	run(t, path, 2)
	whole, err := os.ReadFile(path)
	require.NoError(t, err)
	for _, cut := range []int{0, 1, 20, len(whole) / 2, len(whole) - 2, len(whole) - 1, len(whole)} {
		require.NoError(t, os.WriteFile(path, whole[:cut], 0o600))
		run(t, path, 1)
		file, err := os.Open(path)
		require.NoError(t, err)
		d := transcript.NewDecoder(file, path)
		var last transcript.Event
		for err == nil {
			var e transcript.Event
			if e, err = d.Next(); err == nil {
				last = e
			}
		}
		require.NoError(t, file.Close())
		require.EqualError(t, err, "EOF", "cut at %d", cut)
		requireWhole(t, last)
		assert.EqualValues(t, 1, last.Seq)
		assert.LessOrEqual(t, len(d.Torn()), 1)
	}
}

func TestOpenFileLeavesOtherFilesAlone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "shopping.txt")
	for _, content := range []string{"milk\n", "{\"a\":1}\n", "{\"acqsim\":\"transcript\",\"version\":2}\n", "{\"acqsim\":\"transcript\",\"version\":1}\nmilk\n"} {
		require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
		j := New(Options{})
		err := j.OpenFile(path)
		require.ErrorContains(t, err, "this is not a transcript, so nothing is added to it")
		assert.ErrorContains(t, err, path)
		closeJournal(t, j)
		left, err := os.ReadFile(path)
		require.NoError(t, err)
		assert.Equal(t, content, string(left))
	}
}

func TestOpenFileErrors(t *testing.T) {
	j := New(Options{})
	require.ErrorIs(t, j.OpenFile(filepath.Join(t.TempDir(), "no", "such", "folder")), os.ErrNotExist)
	require.NoError(t, j.OpenFile(filepath.Join(t.TempDir(), "one")))
	require.ErrorIs(t, j.OpenFile(filepath.Join(t.TempDir(), "two")), ErrPersisting)
	closeJournal(t, j)
}

// The kernel's own full disk.
func TestDevFull(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("/dev/full is Linux's")
	}
	told := make(chan Trouble, 1)
	j := New(Options{Keep: 100, OnTrouble: func(t Trouble) {
		select {
		case told <- t:
		default:
		}
	}})
	require.NoError(t, j.OpenFile("/dev/full"), "a full disk is no reason not to start")
	j.Append(numbered(1))
	trouble := <-told
	require.ErrorIs(t, trouble.Err, syscall.ENOSPC)
	for n := range 5000 {
		require.Positive(t, j.Append(numbered(n)))
	}
	err := j.Close(t.Context())
	require.ErrorIs(t, err, syscall.ENOSPC)
	stats := j.Stats()
	assert.EqualValues(t, 5001, stats.Appended)
	assert.EqualValues(t, 5001, stats.File.Lost)
	assert.Positive(t, stats.File.Errors)
}
