package ledger

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/acqsim/acqsim/scenarios/world"
)

// till is a state with one terminal that sells.
type till struct {
	*State
	book           *Book
	terminal       *Terminal
	card, merchant *Account
}

func openTill(t testing.TB, dir string) *till {
	t.Helper()
	s, b, err := OpenState(dir, Options{})
	require.NoError(t, err)
	k := &till{State: s, book: b, terminal: b.Terminal("T0000001")}
	k.card = b.EnsureAccount("card", world.CNY, 1_000_000, 0)
	k.merchant = b.EnsureAccount("merchant", world.CNY, 0, 0)
	t.Cleanup(func() { assert.NoError(t, s.Close()) })
	return k
}

// sell posts n sales with STANs from the terminal's next serial number on.
func (k *till) sell(n int) {
	for range n {
		k.book.Post(Txn{
			Terminal: k.terminal, Type: world.Sale, State: Posted, Outcome: world.Approved,
			STAN: k.terminal.Serial + 1, Amount: 1, From: k.card, To: k.merchant,
		})
	}
}

// crash copies the directory as a kill at this instant would leave it.
func (k *till) crash(t testing.TB) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "state")
	require.NoError(t, os.CopyFS(dir, os.DirFS(k.dir)))
	return dir
}

// reopened is what a directory holds.
func reopened(t testing.TB, dir string) string {
	t.Helper()
	s, b, err := OpenState(dir, Options{})
	require.NoError(t, err)
	defer func() { require.NoError(t, s.Close()) }()
	return describe(b)
}

func names(t testing.TB, dir string) (all []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	for _, e := range entries {
		all = append(all, e.Name())
	}
	return all
}

func TestStateSurvivesAKillAndAClose(t *testing.T) {
	k := openTill(t, t.TempDir())
	k.book.SetBatch(k.terminal, 7)
	k.book.SetSession(k.terminal, Session{Generation: 2, SignedOn: true, Download: 3, Keys: []byte{1, 2, 3}})
	k.sell(3)
	require.NoError(t, k.Flush())
	want := describe(k.book)
	assert.Equal(t, want, reopened(t, k.crash(t)), "after a kill")

	k.sell(1)
	assert.Equal(t, want, reopened(t, k.crash(t)), "what was not flushed is not there")

	require.NoError(t, k.Close())
	assert.Equal(t, describe(k.book), reopened(t, k.dir), "after a close")
	assert.Empty(t, k.Notes())
}

func TestStateFilesAreTheOwnersOnly(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows has no permission bits")
	}
	dir := filepath.Join(t.TempDir(), "new", "state")
	k := openTill(t, dir)
	k.sell(1)
	require.NoError(t, k.Close())
	again := openTill(t, dir)
	require.NoError(t, again.Flush())
	for _, name := range names(t, dir) {
		info, err := os.Stat(filepath.Join(dir, name))
		require.NoError(t, err)
		assert.Equal(t, os.FileMode(0o600), info.Mode().Perm(), name)
	}
	assert.Equal(t, []string{"book-00000002.log", "book-00000002.snapshot", "lock"}, names(t, dir))
}

func TestTwoServersCantShareAState(t *testing.T) {
	k := openTill(t, t.TempDir())
	_, _, err := OpenState(k.dir, Options{})
	var locked *LockedError
	require.ErrorAs(t, err, &locked)
	assert.Equal(t, LockedError{Dir: k.dir, PID: os.Getpid()}, *locked)
	assert.ErrorContains(t, err, fmt.Sprintf("in use by another acqsim (process %d): stop that one", os.Getpid()))

	require.NoError(t, k.Close())
	again := openTill(t, k.dir)
	assert.NoError(t, again.Close(), "the lock ends with the state")
}

func TestSerialNumbersAreNeverGivenTwice(t *testing.T) {
	dir := t.TempDir()
	given := map[int32]map[uint64]bool{100: {}, 101: {}}
	take := func(b *Book, day int32, n int) {
		for range n {
			serial := b.NextSerial(day)
			require.False(t, given[day][serial], "serial %d of day %d is given twice", serial, day)
			given[day][serial] = true
		}
	}
	k := openTill(t, dir)
	take(k.book, 100, 3*serialBlock)
	require.True(t, given[100][1] && given[100][3*serialBlock], "a day counts from 1 and leaves nothing out")
	take(k.book, 101, 5)
	take(k.book, 100, 5)
	require.NoError(t, k.Flush())

	killed := openTill(t, k.crash(t))
	take(killed.book, 100, serialBlock+1)
	take(killed.book, 101, 1)
	require.NoError(t, killed.Close())
	closed := openTill(t, killed.dir)
	next := closed.book.NextSerial(101)
	assert.Equal(t, uint64(serialBlock+2), next, "a close leaves nothing out")
}

// TestLogReplaysToAnEqualBook cuts the log of a run at every byte: what is
// read is the book after some record, and after every flushed one at least.
func TestLogReplaysToAnEqualBook(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		dir, err := os.MkdirTemp(t.TempDir(), "") //nolint:usetesting // one for every draw
		require.NoError(rt, err)
		o := Options{MaxOpen: rapid.SampledFrom([]int{1, 4, 1000}).Draw(rt, "most open")}
		s, b, err := OpenState(dir, o)
		require.NoError(rt, err)
		defer func() { _ = s.Close() }()
		start := s.size
		m := newMachine(b, 2)

		after := map[int64]string{start: describe(New(o))} // by length of the log
		pending := func() int64 { return start + int64(s.appended.Load()) }
		after[pending()] = describe(b)
		flushed := []int64{start}
		actions := m.actions()
		actions["flush"] = func(rt *rapid.T) {
			require.NoError(rt, s.Flush())
			flushed = append(flushed, pending())
		}
		actions[""] = func(*rapid.T) { after[pending()] = describe(b) }
		rt.Repeat(actions)
		require.NoError(rt, s.Flush())

		log, err := os.ReadFile(logPath(dir, 1))
		require.NoError(rt, err)
		require.Equal(rt, pending(), int64(len(log)))
		cuts := rapid.SliceOfN(rapid.IntRange(0, len(log)), 20, 20).Draw(rt, "cuts")
		for _, cut := range append(cuts, len(log)) {
			fresh := New(o)
			end, err := newReplayer(fresh).readLog(sourceOf(log[:cut]), 1, true, never)
			require.NoError(rt, err, "cut at %d", cut)
			require.Equal(rt, int64(cut), end.size+end.torn)
			if want, ok := after[end.size]; ok { // not between two records of one decision
				require.Equal(rt, want, describe(fresh), "cut at %d", cut)
			}
			for _, f := range flushed {
				if int64(cut) >= f {
					require.GreaterOrEqual(rt, end.size, f, "a flushed record is lost by a cut at %d", cut)
				}
			}
			require.True(rt, cut < len(log) || end.torn == 0, "the whole log is used")
		}
	})
}

// TestALogMayEndAtAnyByte does with every byte what the test above does with
// some, and goes through the directory.
func TestALogMayEndAtAnyByte(t *testing.T) {
	k := openTill(t, t.TempDir())
	k.sell(2)
	require.NoError(t, k.Flush())
	log, err := os.ReadFile(logPath(k.dir, 1))
	require.NoError(t, err)
	for cut := range len(log) {
		end, err := newReplayer(New(Options{})).readLog(sourceOf(log[:cut]), 1, true, never)
		require.NoError(t, err, "cut at %d", cut)
		require.Equal(t, int64(cut), end.size+end.torn, "cut at %d", cut)
		if cut%97 == 0 || cut == headerSize {
			dir := k.crash(t)
			require.NoError(t, os.Truncate(logPath(dir, 1), int64(cut)))
			cutShort := openTill(t, dir)
			cutShort.sell(1)
			require.NoError(t, cutShort.Flush(), "cut at %d", cut)
			require.Equal(t, describe(cutShort.book), reopened(t, cutShort.crash(t)), "cut at %d", cut)
		}
	}
}

func sourceOf(b []byte) source { return source{bytes.NewReader(b), "memory", int64(len(b))} }

// TestSnapshotHoldsTheWholeBook goes on after a close and open as if nothing
// had been.
func TestSnapshotHoldsTheWholeBook(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		m := newMachine(New(Options{MaxOpen: rapid.SampledFrom([]int{3, 1000}).Draw(rt, "most open")}), 3)
		rt.Repeat(m.actions())
		var file bytes.Buffer
		size, err := writeRecords(&file, 5, m.book, never)
		require.NoError(rt, err)
		require.Equal(rt, int64(file.Len()), size)
		fresh := New(m.book.o)
		require.NoError(rt, newReplayer(fresh).readSnapshot(sourceOf(file.Bytes()), 5, never))
		require.Equal(rt, describe(m.book), describe(fresh))
	})
}

func TestTornTailIsDroppedAndTold(t *testing.T) {
	k := openTill(t, t.TempDir())
	k.sell(2)
	require.NoError(t, k.Flush())
	want := describe(k.book)
	whole := k.size
	k.sell(1)
	require.NoError(t, k.Flush())

	for name, damage := range map[string]func(path string) error{
		"cut short":  func(p string) error { return os.Truncate(p, k.size-5) },
		"only begun": func(p string) error { return os.Truncate(p, whole+3) },
		"bytes that never reached the disk": func(p string) error {
			return errors.Join(os.Truncate(p, whole), os.Truncate(p, whole+4096))
		},
		"a wrong last byte": func(p string) error { return flip(p, k.size-1) },
	} {
		t.Run(name, func(t *testing.T) {
			dir := k.crash(t)
			require.NoError(t, damage(logPath(dir, 1)))
			info, err := os.Stat(logPath(dir, 1))
			require.NoError(t, err)
			torn := info.Size() - whole
			s, b, err := OpenState(dir, Options{})
			require.NoError(t, err)
			assert.Equal(t, want, describe(b))
			assert.Equal(t, []string{fmt.Sprintf("the last write was cut short: a torn record of %d bytes at the end of "+
				"book-00000001.log was dropped", torn)}, s.Notes())
			again := &till{State: s, book: b, terminal: b.Terminal("T0000001"), card: b.Account("card"), merchant: b.Account("merchant")}
			again.sell(1)
			require.NoError(t, s.Flush())
			assert.Equal(t, describe(b), reopened(t, again.crash(t)), "the log goes on where it was whole")
			require.NoError(t, s.Close())
		})
	}
}

func flip(path string, at int64) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	b := make([]byte, 1)
	_, err = f.ReadAt(b, at)
	b[0] ^= 0x40
	_, werr := f.WriteAt(b, at)
	return errors.Join(err, werr, f.Close())
}

func TestDamageInTheMiddleIsAnError(t *testing.T) {
	k := openTill(t, t.TempDir())
	require.NoError(t, k.Flush())
	first := k.size
	k.sell(1)
	require.NoError(t, k.Flush())
	second := k.size
	k.sell(1)
	require.NoError(t, k.Flush())
	dir := k.crash(t)
	for at := first; at < second; at++ {
		require.NoError(t, flip(logPath(dir, 1), at))
		_, _, err := OpenState(dir, Options{})
		var corrupt *CorruptError
		require.ErrorAs(t, err, &corrupt, "byte %d", at)
		assert.Equal(t, logPath(dir, 1), corrupt.File)
		assert.Equal(t, first, corrupt.Offset)
		assert.ErrorContains(t, err, "restore the state directory from a copy, or move it away")
		require.NoError(t, flip(logPath(dir, 1), at))
	}
	for at := range int64(headerSize) {
		require.NoError(t, flip(logPath(dir, 1), at))
		_, _, err := OpenState(dir, Options{})
		require.Error(t, err, "byte %d of the header", at)
		require.NoError(t, flip(logPath(dir, 1), at))
	}
	assert.Equal(t, describe(k.book), reopened(t, dir), "the errors left the file alone")
}

func TestEveryDamagedByteOfASnapshotIsFound(t *testing.T) {
	k := openTill(t, t.TempDir())
	k.sell(2)
	require.NoError(t, k.Close())
	path := snapshotPath(k.dir, 2)
	whole, err := os.ReadFile(path)
	require.NoError(t, err)
	read := func(b []byte) error {
		return newReplayer(New(Options{})).readSnapshot(sourceOf(b), 2, never)
	}
	require.NoError(t, read(whole))
	var corrupt *CorruptError
	for at := range whole {
		whole[at] ^= 0x10
		require.Error(t, read(whole), "byte %d", at)
		whole[at] ^= 0x10
		require.ErrorAs(t, read(whole[:at]), &corrupt, "cut at %d", at)
	}

	require.NoError(t, os.WriteFile(path, whole[:len(whole)-1], 0o600))
	_, _, err = OpenState(k.dir, Options{})
	require.ErrorAs(t, err, &corrupt)
	assert.Equal(t, path, corrupt.File)
	require.NoError(t, os.WriteFile(path, whole, 0o600))
	assert.Equal(t, describe(k.book), reopened(t, k.dir), "the error left the file alone")
}

func TestMissingAndForeignFiles(t *testing.T) {
	tests := map[string]struct {
		spoil func(dir string) error
		want  string
	}{
		"a log is missing":     {func(dir string) error { return os.Rename(logPath(dir, 1), logPath(dir, 2)) }, "book-00000001.log is damaged at byte 0: the file is missing"},
		"a renamed log":        {func(dir string) error { return copyFile(logPath(dir, 1), logPath(dir, 2)) }, "generation 1: a renamed file"},
		"another kind of file": {func(dir string) error { return copyFile(logPath(dir, 1), snapshotPath(dir, 1)) }, "not an acqsim state file of this kind"},
		"a newer version": {func(dir string) error {
			return edit(logPath(dir, 1), func(b []byte) { b[8] = 99 })
		}, "has format version 99, and this program reads version 1: use the acqsim that wrote it"},
	}
	for name, c := range tests {
		t.Run(name, func(t *testing.T) {
			k := openTill(t, t.TempDir())
			k.sell(1)
			require.NoError(t, k.Flush())
			dir := k.crash(t)
			require.NoError(t, c.spoil(dir))
			before := names(t, dir)
			_, _, err := OpenState(dir, Options{})
			require.ErrorContains(t, err, c.want)
			assert.Equal(t, before, names(t, dir), "nothing is changed")
		})
	}
}

func copyFile(from, to string) error {
	b, err := os.ReadFile(from)
	return errors.Join(err, os.WriteFile(to, b, 0o600))
}

func edit(path string, change func([]byte)) error {
	b, err := os.ReadFile(path)
	if err == nil {
		change(b)
	}
	return errors.Join(err, os.WriteFile(path, b, 0o600))
}

func TestADirectoryThatCantBeMadeIsAnError(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	_, _, err := OpenState(file, Options{})
	require.Error(t, err)
	assert.ErrorContains(t, err, file)
	assert.False(t, errors.Is(err, io.EOF))
}
