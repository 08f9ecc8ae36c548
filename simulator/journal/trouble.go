package journal

import (
	"errors"
	"fmt"
)

// ErrPersisting is returned where a journal has a file already.
var ErrPersisting = errors.New("journal: it is already written to a file; a journal has one at most")

// ErrStalled is the trouble of a file that takes events more slowly than they
// come, for longer than Options.Stall.
var ErrStalled = errors.New("the file takes events too slowly")

// Trouble is what goes wrong, and right again, with a journal's file.
type Trouble struct {
	File string // its name
	Err  error  // nil: it works again
	Lost uint64 // events that are missing from the file so far
}

// String says it for people.
func (t Trouble) String() string {
	lost := ""
	if t.Lost > 0 {
		lost = fmt.Sprintf("; %d events are missing from it", t.Lost)
	}
	if t.Err == nil {
		return fmt.Sprintf("journal %s is written again%s", t.File, lost)
	}
	return fmt.Sprintf("journal %s can't be written: %v%s; the server goes on, and events are kept in memory as long as they fit", t.File, t.Err, lost)
}

// FileStats are the counters of a journal's file.
type FileStats struct {
	Name      string // empty: no file
	Written   uint64 // events in the file
	Behind    uint64 // events still to be written
	Lost      uint64 // events that left memory before they could be written
	Errors    uint64 // failed writes
	LastError error  // of the latest failed write; kept after it works again
	Failing   bool   // the latest write failed
}
