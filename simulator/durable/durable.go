// Package durable writes small files so that a power cut leaves either the old
// content or the new one, and locks files against a second process.
package durable

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// WriteFile replaces the content of a file: it writes a new file beside it,
// syncs it, gives it the name, and syncs the directory. When it returns, a power
// cut can't undo it; if it fails, the old content still stands. Only the owner
// can read the file.
func WriteFile(path string, data []byte) error {
	dir := filepath.Dir(path)
	f, err := os.CreateTemp(dir, filepath.Base(path)+".*.tmp") // 0600
	if err != nil {
		return fmt.Errorf("durable: %w", err)
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	err = errors.Join(err, f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return fmt.Errorf("durable: %w", errors.Join(err, os.Remove(f.Name())))
	}
	return SyncDir(dir)
}
