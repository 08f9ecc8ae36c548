package ledger

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
)

const (
	// leastCompaction is the size that a log reaches before it is compacted;
	// with a large snapshot it is four times the snapshot.
	leastCompaction = 64 << 20

	// maxBacklog bounds what is kept in memory for a disk that takes nothing.
	maxBacklog = 64 << 20

	// keptBuffer is the largest write buffer that is kept for the next write.
	keptBuffer = 1 << 20
)

// State keeps a book in a directory: a snapshot, and a log of what happened
// since. What [State.Flush] has written survives a kill at any instant; what
// [State.Sync] has written survives a power cut. Its methods are safe for
// concurrent use; the book is not.
type State struct {
	dir  string
	lock *os.File
	book *Book

	appended, written atomic.Uint64 // bytes of log, since the start
	trouble           atomic.Pointer[StateError]
	errors            atomic.Uint64

	mu     sync.Mutex // guards what follows
	buf    []byte     // frames that wait for a Flush, not sealed
	notes  []string
	closed bool

	io         sync.Mutex // guards what follows; taken before mu
	file       *os.File
	seed       uint32
	generation uint32 // of the log that is written
	size       int64  // of that log
	out        []byte // sealed frames that the last write left over
	spare      []byte

	syncing  sync.Mutex // guards what follows; taken before io
	synced   uint64     // what Sync has confirmed, of written
	compact  compaction
	leastLog int64 // leastCompaction, but for tests
	backlog  int   // maxBacklog, but for tests
}

// StateError is a book that can't be kept on disk. The book itself goes on.
type StateError struct {
	Dir  string
	Lost bool // records are missing for good; only Close can write all anew
	Err  error
}

func (e *StateError) Error() string {
	if e.Lost {
		return fmt.Sprintf("ledger: the books are no longer kept in %s (%v): a kill now would forget what came "+
			"since; stop acqsim in the ordinary way, which writes all of it anew", e.Dir, e.Err)
	}
	return fmt.Sprintf("ledger: the books can't be written to %s (%v): a kill now would forget the newest "+
		"transactions; free some space, acqsim tries again with every sync", e.Dir, e.Err)
}

func (e *StateError) Unwrap() error { return e.Err }

// LockedError is a state directory that another process uses.
type LockedError struct {
	Dir string
	PID int // 0: not known
}

func (e *LockedError) Error() string {
	who := "another acqsim"
	if e.PID != 0 {
		who += fmt.Sprintf(" (process %d)", e.PID)
	}
	return fmt.Sprintf("ledger: the state directory %s is in use by %s: stop that one, or give this one "+
		"a directory of its own", e.Dir, who)
}

var (
	errTooLong = errors.New("a record is too long to be kept")
	errBacklog = errors.New("nothing could be written for too long")
)

// OpenState opens the state directory, creates it where there is none, and
// returns the book that it holds. It takes the directory for itself: if
// another process has it, the error is a [*LockedError]. A record at the end
// that a kill cut short is dropped, and a note says so; any other damage is a
// [*CorruptError]. o.Log is replaced.
func OpenState(dir string, o Options) (*State, *Book, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, nil, fmt.Errorf("ledger: %w", err)
	}
	lock, err := takeLock(dir)
	if err != nil {
		return nil, nil, err
	}
	s := &State{dir: dir, lock: lock, leastLog: leastCompaction, backlog: maxBacklog}
	o.Log = nil
	s.book = New(o)
	if err := s.load(); err != nil {
		return nil, nil, errors.Join(err, lock.Close())
	}
	s.book.o.Log = s
	return s, s.book, nil
}

// load fills the book and opens the log for writing.
func (s *State) load() error {
	files, err := listState(s.dir)
	if err != nil {
		return err
	}
	t, err := files.replay(s.dir, newReplayer(s.book), never)
	if err != nil {
		return err
	}
	s.compact.base, s.compact.size = files.snapshot, t.snapshotSize
	s.generation = files.newest()
	if t.torn > 0 {
		s.note("the last write was cut short: a torn record of %d bytes at the end of %s was dropped",
			t.torn, filepath.Base(logPath(s.dir, s.generation)))
	}
	if err := files.tidy(s.dir); err != nil {
		return err
	}
	if len(files.logs) == 0 || t.size == 0 {
		s.file, s.size, s.seed, err = createLog(s.dir, s.generation)
		return err
	}
	s.file, s.size, err = continueLog(logPath(s.dir, s.generation), t.size, t.seed)
	s.seed = t.seed
	return err
}

func (s *State) note(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.notes = append(s.notes, fmt.Sprintf(format, args...))
}

// Notes are what somebody should know of how the state was opened and kept,
// in order, each a clause without a full stop.
func (s *State) Notes() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.notes)
}

// Errors is how often the disk has failed.
func (s *State) Errors() uint64 { return s.errors.Load() }

// Append takes a record of the book. It only copies: [State.Flush] writes.
func (s *State) Append(record []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return
	}
	if e := s.trouble.Load(); e != nil && e.Lost {
		return // a log with a gap would be worse than a short one
	}
	switch {
	case len(record) == 0 || len(record) > maxRecord:
		_ = s.fail(errTooLong, true) // Flush tells
		return
	case len(s.buf) > s.backlog:
		_ = s.fail(errBacklog, true) // Flush tells
		return
	}
	s.buf = appendFrame(s.buf, record)
	s.appended.Add(uint64(frameSize + len(record)))
}

// fail counts an error and makes it the answer to every Flush and Sync.
func (s *State) fail(err error, lost bool) *StateError {
	e := &StateError{Dir: s.dir, Lost: lost, Err: err}
	s.errors.Add(1)
	s.trouble.Store(e)
	return e
}

// Flush writes everything that was appended, in one write. Call it before an
// answer leaves that rests on the book. It costs next to nothing if there is
// nothing to write. An error is a [*StateError] and stays until a Sync has
// written what was left over: the caller reports it and goes on.
func (s *State) Flush() error {
	if e := s.trouble.Load(); e != nil {
		return e
	}
	want := s.appended.Load()
	if s.written.Load() >= want {
		return nil
	}
	s.io.Lock()
	defer s.io.Unlock()
	if e := s.trouble.Load(); e != nil {
		return e
	}
	if s.written.Load() >= want {
		return nil // somebody else's Flush took ours along
	}
	if err := s.write(); err != nil {
		return s.fail(err, false)
	}
	return nil
}

// write writes what an earlier failure left over, then all that is buffered.
// The caller holds s.io.
func (s *State) write() error {
	if err := s.push(); err != nil {
		return err
	}
	s.mu.Lock()
	s.out, s.buf = s.buf, s.spare[:0]
	s.mu.Unlock()
	s.spare = nil
	if cap(s.out) <= keptBuffer {
		s.spare = s.out[:0]
	}
	seal(s.out, s.seed)
	return s.push()
}

func (s *State) push() error {
	if len(s.out) == 0 {
		return nil
	}
	n, err := s.file.Write(s.out)
	s.out = s.out[n:]
	s.size += int64(n)
	s.written.Add(uint64(n))
	return err
}

// Sync makes the disk confirm everything that was appended, so that it
// survives a power cut too, and compacts a log that has grown large. Call it
// every second or so: it is also what tries again after an error.
func (s *State) Sync() error {
	s.syncing.Lock()
	defer s.syncing.Unlock()
	if s.isClosed() {
		return s.standing()
	}
	s.io.Lock()
	err := s.write()
	file, mark := s.file, s.written.Load()
	s.io.Unlock()
	trouble := s.trouble.Load()
	switch {
	case err != nil && (trouble == nil || !trouble.Lost):
		return s.fail(err, false)
	case err == nil && trouble != nil && !trouble.Lost:
		if s.trouble.CompareAndSwap(trouble, nil) {
			s.note("the disk takes records again, and nothing is missing")
		}
	}
	if mark != s.synced {
		if err := file.Sync(); err != nil {
			// What the disk dropped it may never write: only a new file helps.
			return s.fail(err, true)
		}
		s.synced = mark
	}
	if e := s.standing(); e != nil {
		return e
	}
	return s.compactIfDue()
}

// standing is the trouble that stands, as an error that is nil if none does.
func (s *State) standing() error {
	if e := s.trouble.Load(); e != nil {
		return e
	}
	return nil
}

func (s *State) isClosed() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.closed
}

// Close writes the whole book as a snapshot and gives the directory back. It
// also mends what an earlier error left out. The book must not be used any
// more. If Close fails, the log is still there.
func (s *State) Close() error {
	s.syncing.Lock()
	defer s.syncing.Unlock()
	if s.isClosed() {
		return nil
	}
	s.compact.cancel()
	s.io.Lock()
	defer s.io.Unlock()
	err := s.write()
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.trouble.Store(&StateError{Dir: s.dir, Lost: true, Err: os.ErrClosed})
	err = errors.Join(err, s.file.Sync(), s.file.Close())
	if _, serr := writeSnapshot(s.dir, s.generation+1, s.book, never); serr != nil {
		err = errors.Join(err, serr)
	} else {
		err = removeBefore(s.dir, s.generation+1)
	}
	return errors.Join(err, s.lock.Close())
}

// never lets a load or a snapshot run to its end.
func never() error { return nil }
