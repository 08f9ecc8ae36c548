//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd || windows)

package durable

import (
	"errors"
	"os"
)

// Lock refuses: without a lock two processes could write one state.
func Lock(*os.File) (bool, error) {
	return false, errors.New("durable: a state file needs file locks, which this platform does not offer")
}

// SyncDir does nothing: what the platform does about names is not known.
func SyncDir(string) error { return nil }
