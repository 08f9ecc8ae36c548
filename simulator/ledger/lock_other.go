//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd || windows)

package ledger

import (
	"errors"
	"os"
)

// lockFile refuses: without a lock two servers could write one state.
func lockFile(*os.File) (bool, error) {
	return false, errors.New("ledger: a state directory needs file locks, which this platform does not offer")
}

func syncDir(string) error { return nil }
