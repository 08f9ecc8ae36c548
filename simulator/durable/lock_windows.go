package durable

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/windows"
)

// Lock takes an exclusive lock that ends with the process, whatever ends
// it. It reports false if somebody else holds it. The locked byte lies beyond
// the text, because a lock forbids others to read.
func Lock(f *os.File) (bool, error) {
	err := windows.LockFileEx(windows.Handle(f.Fd()),
		windows.LOCKFILE_EXCLUSIVE_LOCK|windows.LOCKFILE_FAIL_IMMEDIATELY, 0, 1, 0,
		&windows.Overlapped{Offset: 1 << 30})
	if errors.Is(err, windows.ERROR_LOCK_VIOLATION) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("durable: locking %s: %w", f.Name(), err)
	}
	return true, nil
}

// SyncDir does nothing: Windows keeps names by itself.
func SyncDir(string) error { return nil }
