package ledger

import (
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
)

// compaction turns a snapshot and the logs after it into one new snapshot, in
// the background and from the files alone: the book that is in use is not
// touched, and nobody waits.
type compaction struct {
	wg      sync.WaitGroup
	running atomic.Bool
	stopped atomic.Bool
	done    chan compacted // holds the result of the one that has ended

	base  uint32 // generation of the snapshot in force; 0: none
	size  int64  // its size
	tried uint32 // the last generation that was tried
}

type compacted struct {
	generation uint32
	size       int64
	err        error
}

var errStopped = errors.New("ledger: the state is being closed")

// cancel ends a compaction that is under way.
func (c *compaction) cancel() {
	c.stopped.Store(true)
	c.wg.Wait()
}

// compactIfDue starts a compaction if the log has outgrown its snapshot, or if
// an earlier run left one unfinished. It returns the error of the last one,
// once. The caller holds s.syncing.
func (s *State) compactIfDue() error {
	c := &s.compact
	if c.running.Load() {
		return nil
	}
	var err error
	select {
	case r := <-c.done:
		if r.err != nil {
			s.errors.Add(1)
			err = fmt.Errorf("ledger: the log in %s could not be compacted, and goes on growing: %w", s.dir, r.err)
		} else {
			c.base, c.size = r.generation, r.size
		}
	default:
	}
	s.io.Lock()
	size, generation := s.size, s.generation
	s.io.Unlock()
	switch {
	case size > max(s.leastLog, 4*c.size):
		if rerr := s.rotate(generation + 1); rerr != nil {
			return errors.Join(err, rerr)
		}
		s.startCompaction(generation + 1)
	case generation > max(c.base, 1) && c.tried != generation:
		s.startCompaction(generation)
	}
	return err
}

// rotate goes on with a new log. The old one is complete on the disk before
// the new one has its name.
func (s *State) rotate(generation uint32) error {
	s.io.Lock()
	defer s.io.Unlock()
	if err := s.write(); err != nil {
		return s.fail(err, false)
	}
	if err := s.file.Sync(); err != nil {
		return s.fail(err, true)
	}
	file, size, seed, err := createLog(s.dir, generation)
	if err != nil {
		s.errors.Add(1)
		return err // the old log goes on
	}
	old := s.file
	s.file, s.size, s.seed, s.generation = file, size, seed, generation
	s.synced = s.written.Load()
	if err := old.Close(); err != nil {
		return fmt.Errorf("ledger: %w", err)
	}
	return nil
}

// startCompaction makes the snapshot of a generation, whose log is being
// written, from all that is older.
func (s *State) startCompaction(generation uint32) {
	c := &s.compact
	c.tried = generation
	if c.done == nil {
		c.done = make(chan compacted, 1)
	}
	c.running.Store(true)
	c.wg.Go(func() {
		size, err := s.merge(generation)
		c.done <- compacted{generation, size, err}
		c.running.Store(false)
	})
}

func (s *State) merge(generation uint32) (size int64, err error) {
	stop := func() error {
		if s.compact.stopped.Load() {
			return errStopped
		}
		return nil
	}
	files, err := listState(s.dir)
	if err != nil {
		return 0, err
	}
	for len(files.logs) > 0 && files.newest() >= generation {
		files.logs = files.logs[:len(files.logs)-1]
	}
	book := New(Options{})
	l, err := files.replay(s.dir, newReplayer(book), stop)
	if err != nil {
		return 0, err
	}
	if l.torn > 0 {
		return 0, &CorruptError{logPath(s.dir, files.newest()), l.tail.size, "a record is cut short, and a newer log follows"}
	}
	if size, err = writeSnapshot(s.dir, generation, book, stop); err != nil {
		return 0, err
	}
	return size, s.removeOld(files)
}

// removeOld removes the files that a new snapshot has replaced.
func (s *State) removeOld(files *stateFiles) error {
	if files.snapshot > 0 {
		if err := os.Remove(snapshotPath(s.dir, files.snapshot)); err != nil {
			return fmt.Errorf("ledger: %w", err)
		}
	}
	for _, g := range files.logs {
		if err := os.Remove(logPath(s.dir, g)); err != nil {
			return fmt.Errorf("ledger: %w", err)
		}
	}
	return nil
}
