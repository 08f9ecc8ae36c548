package ledger

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/acqsim/acqsim/simulator/durable"
)

// A state directory holds
//
//	book-00000007.snapshot   the book before log 7
//	book-00000007.log        what happened then
//	lock                     held by the process that uses it, whose number it has
//
// Without a snapshot the first log is 1. While a log is compacted there is a
// newer one, which is written meanwhile; the snapshot that is made of the
// older files has the newer log's number. A file gets its name when it is
// complete, and older files go when a newer snapshot has its name, so that a
// kill leaves at most files that nobody needs.
const (
	filePrefix     = "book-"
	logSuffix      = ".log"
	snapshotSuffix = ".snapshot"
	tmpSuffix      = ".tmp"
	lockName       = "lock"
)

func logPath(dir string, generation uint32) string {
	return filepath.Join(dir, fmt.Sprintf("%s%08d%s", filePrefix, generation, logSuffix))
}

func snapshotPath(dir string, generation uint32) string {
	return filepath.Join(dir, fmt.Sprintf("%s%08d%s", filePrefix, generation, snapshotSuffix))
}

// takeLock locks the directory and leaves this process's number in it.
func takeLock(dir string) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(dir, lockName), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("ledger: %w", err)
	}
	mine, err := durable.Lock(f)
	if err == nil && !mine {
		text := make([]byte, 20)
		n, _ := f.ReadAt(text, 0) // the number only makes the message better
		pid, _ := strconv.Atoi(strings.TrimSpace(string(text[:n])))
		err = &LockedError{Dir: dir, PID: pid}
	}
	if err == nil {
		if err = f.Truncate(0); err == nil {
			_, err = f.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0)
		}
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// stateFiles are the files of a state that belong together, and the others.
type stateFiles struct {
	snapshot uint32   // its generation; 0: none
	logs     []uint32 // generations from the snapshot's on, ascending
	stale    []string // names of leftovers
}

// newest is the generation of the log to write.
func (f *stateFiles) newest() uint32 {
	if n := len(f.logs); n > 0 {
		return f.logs[n-1]
	}
	return max(f.snapshot, 1)
}

// listState finds out which files of a directory count.
func listState(dir string) (*stateFiles, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("ledger: %w", err)
	}
	f := &stateFiles{}
	var logs, snapshots []uint32
	for _, e := range entries {
		name := e.Name()
		if g, ok := generationOf(name, logSuffix); ok {
			logs = append(logs, g)
		} else if g, ok := generationOf(name, snapshotSuffix); ok {
			snapshots = append(snapshots, g)
		} else if strings.HasPrefix(name, filePrefix) && strings.HasSuffix(name, tmpSuffix) {
			f.stale = append(f.stale, name)
		}
	}
	slices.Sort(logs)
	if len(snapshots) > 0 {
		f.snapshot = slices.Max(snapshots)
	}
	for _, g := range snapshots {
		if g < f.snapshot {
			f.stale = append(f.stale, filepath.Base(snapshotPath(dir, g)))
		}
	}
	expect := max(f.snapshot, 1)
	for _, g := range logs {
		if g < f.snapshot {
			f.stale = append(f.stale, filepath.Base(logPath(dir, g)))
			continue
		}
		if g != expect {
			return nil, &CorruptError{logPath(dir, expect), 0, "the file is missing"}
		}
		f.logs = append(f.logs, g)
		expect++
	}
	return f, nil
}

// generationOf reads the number in a file name; names that this program would
// not give are nobody's.
func generationOf(name, suffix string) (uint32, bool) {
	digits, ok := strings.CutPrefix(name, filePrefix)
	if !ok {
		return 0, false
	}
	digits, ok = strings.CutSuffix(digits, suffix)
	if !ok {
		return 0, false
	}
	g, err := strconv.ParseUint(digits, 10, 32)
	if err != nil || g == 0 || name != fmt.Sprintf("%s%08d%s", filePrefix, g, suffix) {
		return 0, false
	}
	return uint32(g), true
}

// loaded says what replaying a directory has found.
type loaded struct {
	tail         // of the last log
	snapshotSize int64
}

// replay reads the snapshot and the logs.
func (f *stateFiles) replay(dir string, r *replayer, stop func() error) (l loaded, err error) {
	if f.snapshot > 0 {
		err := withFile(snapshotPath(dir, f.snapshot), func(src source) error {
			l.snapshotSize = src.size
			return r.readSnapshot(src, f.snapshot, stop)
		})
		if err != nil {
			return l, err
		}
	}
	for i, g := range f.logs {
		err := withFile(logPath(dir, g), func(src source) (err error) {
			l.tail, err = r.readLog(src, g, i == len(f.logs)-1, stop)
			return err
		})
		if err != nil {
			return l, err
		}
	}
	return l, nil
}

// tidy removes what a crash left over.
func (f *stateFiles) tidy(dir string) error {
	for _, name := range f.stale {
		if err := os.Remove(filepath.Join(dir, name)); err != nil {
			return fmt.Errorf("ledger: removing a leftover: %w", err)
		}
	}
	return nil
}

// removeBefore removes the files that the snapshot of a generation replaces.
func removeBefore(dir string, generation uint32) error {
	f, err := listState(dir)
	if err != nil {
		return err
	}
	if f.snapshot != generation {
		return &CorruptError{snapshotPath(dir, generation), 0, "the file is missing"}
	}
	return f.tidy(dir)
}

// createLog makes an empty log and opens it for writing. It has its name only
// when it is complete.
func createLog(dir string, generation uint32) (f *os.File, size int64, seed uint32, err error) {
	path := logPath(dir, generation)
	start, seed, err := newHeader(logMagic, generation)
	if err != nil {
		return nil, 0, 0, err
	}
	start = append(start, sealedNames(seed)...)
	tmp := path + tmpSuffix
	if err := writeWhole(tmp, start); err != nil {
		return nil, 0, 0, fmt.Errorf("ledger: %w", err)
	}
	if err := os.Rename(tmp, path); err != nil {
		return nil, 0, 0, fmt.Errorf("ledger: %w", errors.Join(err, os.Remove(tmp)))
	}
	if err := durable.SyncDir(dir); err != nil {
		return nil, 0, 0, err
	}
	f, err = openAtEnd(path, int64(len(start)))
	return f, int64(len(start)), seed, err
}

// continueLog opens a log for writing, without its torn tail. It repeats the
// table of names, which a newer program may number otherwise.
func continueLog(path string, size int64, seed uint32) (*os.File, int64, error) {
	f, err := openAtEnd(path, size)
	if err != nil {
		return nil, 0, err
	}
	n, err := f.Write(sealedNames(seed))
	if err != nil {
		return nil, 0, fmt.Errorf("ledger: %w", errors.Join(err, f.Close()))
	}
	return f, size + int64(n), nil
}

func sealedNames(seed uint32) []byte {
	names := appendFrame(nil, appendNames(nil))
	seal(names, seed)
	return names
}

// openAtEnd opens a file for writing at the given size, and makes it that size.
func openAtEnd(path string, size int64) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("ledger: %w", err)
	}
	err = f.Truncate(size)
	if err == nil {
		_, err = f.Seek(size, 0)
	}
	if err != nil {
		return nil, fmt.Errorf("ledger: %w", errors.Join(err, f.Close()))
	}
	return f, nil
}

// writeWhole writes a file and makes sure that it is on the disk.
func writeWhole(path string, data []byte) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}
