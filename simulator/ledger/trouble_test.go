package ledger

import (
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// breakDisk makes every write fail; the returned function mends it.
func (k *till) breakDisk(t *testing.T) (mend func()) {
	t.Helper()
	good := k.file
	bad, err := os.Open(good.Name()) // for reading only
	require.NoError(t, err)
	k.file = bad
	return func() {
		require.NoError(t, bad.Close())
		k.file = good
	}
}

func TestADiskThatTakesNothingForAWhile(t *testing.T) {
	k := openTill(t, t.TempDir())
	k.sell(1)
	require.NoError(t, k.Flush())
	safe := describe(k.book)

	mend := k.breakDisk(t)
	require.NoError(t, k.Flush(), "nothing to write")
	k.sell(1)
	var trouble *StateError
	require.ErrorAs(t, k.Flush(), &trouble)
	assert.Equal(t, k.dir, trouble.Dir)
	assert.False(t, trouble.Lost)
	assert.ErrorIs(t, trouble, trouble.Err)
	assert.ErrorContains(t, trouble, "free some space, acqsim tries again")
	k.sell(1)
	require.ErrorAs(t, k.Flush(), &trouble, "the error stays")
	assert.EqualValues(t, 1, k.Errors(), "only a sync tries again")
	require.ErrorAs(t, k.Sync(), &trouble)
	assert.EqualValues(t, 2, k.Errors())
	assert.Equal(t, safe, reopened(t, k.crash(t)), "what was written is whole")

	mend()
	require.NoError(t, k.Sync())
	require.NoError(t, k.Flush())
	assert.Equal(t, []string{"the disk takes records again, and nothing is missing"}, k.Notes())
	assert.Equal(t, describe(k.book), reopened(t, k.crash(t)))
}

// TestADiskThatIsFull meets a real one: what a write leaves half done is
// finished later.
func TestADiskThatIsFull(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip("this system has no /dev/full")
	}
	k := openTill(t, t.TempDir())
	k.sell(1)
	good := k.file
	k.file = full
	require.ErrorContains(t, k.Flush(), "no space left on device")
	k.file = good
	// Half of it went out before the disk was full.
	n, err := good.Write(k.out[:len(k.out)/2])
	require.NoError(t, err)
	k.out, k.size = k.out[n:], k.size+int64(n)
	k.written.Add(uint64(n))
	k.sell(1)
	require.NoError(t, k.Sync())
	require.NoError(t, full.Close())
	assert.Equal(t, describe(k.book), reopened(t, k.crash(t)))
}

func TestABacklogIsBoundedAndCloseMakesGood(t *testing.T) {
	k := openTill(t, t.TempDir())
	k.sell(1)
	require.NoError(t, k.Flush())
	safe := describe(k.book)
	mend := k.breakDisk(t)
	k.backlog = 1000
	k.sell(100)
	var trouble *StateError
	require.ErrorAs(t, k.Flush(), &trouble)
	assert.True(t, trouble.Lost)
	assert.ErrorIs(t, trouble, errBacklog)
	assert.ErrorContains(t, trouble, "stop acqsim in the ordinary way")
	assert.LessOrEqual(t, len(k.buf), 1000+200, "memory is bounded")

	mend()
	require.ErrorAs(t, k.Sync(), &trouble, "what is lost stays lost")
	assert.True(t, trouble.Lost)
	k.sell(1)
	require.Error(t, k.Flush())
	holds := reopened(t, k.crash(t))
	assert.NotEqual(t, safe, holds, "the backlog was written")
	assert.NotEqual(t, describe(k.book), holds, "and the rest is missing")
	require.NoError(t, k.Close())
	assert.Equal(t, describe(k.book), reopened(t, k.dir), "a close writes everything anew")
}

func TestARecordThatIsTooLong(t *testing.T) {
	k := openTill(t, t.TempDir())
	k.book.Terminal(string(make([]byte, maxRecord)))
	var trouble *StateError
	require.ErrorAs(t, k.Flush(), &trouble)
	assert.ErrorIs(t, trouble, errTooLong)
	assert.True(t, trouble.Lost)
	require.ErrorIs(t, k.Close(), errTooLong, "no snapshot that can't be read again")
	assert.Equal(t, []string{"book-00000001.log", "lock"}, names(t, k.dir))
	assert.Contains(t, reopened(t, k.dir), `"T0000001"`, "what came before is there")
}

func TestAfterClose(t *testing.T) {
	k := openTill(t, t.TempDir())
	k.sell(1)
	require.NoError(t, k.Close())
	assert.NoError(t, k.Close(), "a second close does nothing")
	k.sell(1)
	assert.ErrorIs(t, k.Flush(), os.ErrClosed)
	assert.ErrorIs(t, k.Sync(), os.ErrClosed)
}
