package ledger

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// settle waits for the compaction under way and takes note of its result.
func (k *till) settle(t testing.TB) {
	t.Helper()
	k.compact.wg.Wait()
	require.NoError(t, k.Sync())
}

func TestAGrownLogIsCompacted(t *testing.T) {
	k := openTill(t, t.TempDir())
	k.leastLog = 4096
	k.sell(100)
	require.NoError(t, k.Sync())
	k.sell(5) // these go to the newer log
	k.settle(t)
	require.NoError(t, k.Flush())
	assert.Equal(t, []string{"book-00000002.log", "book-00000002.snapshot", "lock"}, names(t, k.dir))
	assert.Equal(t, describe(k.book), reopened(t, k.crash(t)))

	snapshot := k.compact.size
	info, err := os.Stat(snapshotPath(k.dir, 2))
	require.NoError(t, err)
	assert.Equal(t, info.Size(), snapshot)
	for k.size < 4*snapshot-500 {
		k.sell(1)
		require.NoError(t, k.Flush())
	}
	k.settle(t)
	assert.Equal(t, uint32(2), k.generation, "a log may grow to four times its snapshot")
	k.sell(10)
	require.NoError(t, k.Sync())
	k.settle(t)
	assert.Equal(t, []string{"book-00000003.log", "book-00000003.snapshot", "lock"}, names(t, k.dir))
	assert.Equal(t, describe(k.book), reopened(t, k.crash(t)))
}

// TestAKillDuringACompaction opens what a kill leaves at each of its steps.
func TestAKillDuringACompaction(t *testing.T) {
	k := openTill(t, t.TempDir())
	k.sell(3)
	require.NoError(t, k.rotate(2))
	k.sell(3)
	require.NoError(t, k.rotate(3))
	k.sell(3)
	require.NoError(t, k.Flush())
	want := describe(k.book)

	merged := k.crash(t) // as the directory is when the new snapshot has its name
	old := map[string][]byte{}
	for _, path := range []string{logPath(merged, 1), logPath(merged, 2)} {
		b, err := os.ReadFile(path)
		require.NoError(t, err)
		old[filepath.Base(path)] = b
	}
	_, err := (&State{dir: merged}).merge(3)
	require.NoError(t, err)
	require.Equal(t, []string{"book-00000003.log", "book-00000003.snapshot", "lock"}, names(t, merged))

	steps := map[string]func(dir string) error{
		"a new log has its temporary name": func(dir string) error {
			return os.WriteFile(logPath(dir, 4)+tmpSuffix, []byte(logMagic), 0o600)
		},
		"logs, and no snapshot yet": func(string) error { return nil },
		"the snapshot is being written": func(dir string) error {
			b, err := os.ReadFile(snapshotPath(merged, 3))
			require.NoError(t, err)
			return os.WriteFile(snapshotPath(dir, 3)+tmpSuffix, b[:len(b)/2], 0o600)
		},
		"the snapshot has its name": func(dir string) error {
			return copyFile(snapshotPath(merged, 3), snapshotPath(dir, 3))
		},
		"the first old file is gone": func(dir string) error {
			require.NoError(t, os.Remove(logPath(dir, 1)))
			return copyFile(snapshotPath(merged, 3), snapshotPath(dir, 3))
		},
		"the last old file is gone": func(dir string) error {
			require.NoError(t, os.Remove(logPath(dir, 1)))
			require.NoError(t, os.Remove(logPath(dir, 2)))
			return copyFile(snapshotPath(merged, 3), snapshotPath(dir, 3))
		},
	}
	for name, step := range steps {
		t.Run(name, func(t *testing.T) {
			dir := k.crash(t)
			require.NoError(t, step(dir))
			again := openTill(t, dir)
			assert.Equal(t, want, describe(again.book))
			assert.Empty(t, again.Notes(), "nothing was torn")

			again.sell(2)
			require.NoError(t, again.Sync())
			again.settle(t)
			assert.Equal(t, []string{"book-00000003.log", "book-00000003.snapshot", "lock"}, names(t, dir),
				"an unfinished compaction is finished")
			assert.Equal(t, describe(again.book), reopened(t, again.crash(t)))
		})
	}
}

func TestAnOlderLogMustBeWhole(t *testing.T) {
	k := openTill(t, t.TempDir())
	k.sell(3)
	require.NoError(t, k.rotate(2))
	k.sell(1)
	require.NoError(t, k.Flush())
	for name, size := range map[string]int64{"a record": -5, "the header": headerSize - 1} {
		t.Run(name, func(t *testing.T) {
			dir := k.crash(t)
			info, err := os.Stat(logPath(dir, 1))
			require.NoError(t, err)
			require.NoError(t, os.Truncate(logPath(dir, 1), (info.Size()+size)%info.Size()))
			_, _, err = OpenState(dir, Options{})
			var corrupt *CorruptError
			require.ErrorAs(t, err, &corrupt)
			assert.Equal(t, logPath(dir, 1), corrupt.File)
			assert.ErrorContains(t, err, "cut short, and a newer log follows")
		})
	}
}

// TestACompactionThatFails leaves the logs as they are, says so once, and is
// tried again when the log has grown again.
func TestACompactionThatFails(t *testing.T) {
	k := openTill(t, t.TempDir())
	k.leastLog = 4096
	obstacle := snapshotPath(k.dir, 2) + tmpSuffix
	require.NoError(t, os.Mkdir(obstacle, 0o700))
	k.sell(60)
	require.NoError(t, k.Sync())
	k.compact.wg.Wait()
	require.ErrorContains(t, k.Sync(), "could not be compacted, and goes on growing")
	require.NoError(t, k.Sync(), "it is told once")
	assert.EqualValues(t, 1, k.Errors())
	require.NoError(t, os.Remove(obstacle))
	assert.Equal(t, []string{"book-00000001.log", "book-00000002.log", "lock"}, names(t, k.dir))
	assert.Equal(t, describe(k.book), reopened(t, k.crash(t)))

	k.sell(60)
	require.NoError(t, k.Sync())
	k.settle(t)
	assert.Equal(t, []string{"book-00000003.log", "book-00000003.snapshot", "lock"}, names(t, k.dir))
	assert.Equal(t, describe(k.book), reopened(t, k.crash(t)))
}

func TestCloseStopsACompaction(t *testing.T) {
	k := openTill(t, t.TempDir())
	k.sell(50)
	require.NoError(t, k.rotate(2))
	k.compact.stopped.Store(true)
	_, err := k.merge(2)
	require.ErrorIs(t, err, errStopped)
	require.NoError(t, k.Close())
	assert.Equal(t, []string{"book-00000003.snapshot", "lock"}, names(t, k.dir))
	assert.Equal(t, describe(k.book), reopened(t, k.dir))
}
