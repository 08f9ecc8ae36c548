package simulator

import (
	"os"
	"runtime/debug"
)

const (
	// collectAt is how much the memory in use grows, in percent, before garbage
	// is collected. What a server holds, open batches and journal, is large and
	// lives long: looking through it less often is worth a sixth of the speed.
	collectAt = 400

	// memoryLimit is where it is collected more often again, in bytes.
	memoryLimit = 1 << 30
)

// TuneMemory sets Go's garbage collector for a process that is a server. A
// process that is something else besides, such as a test, need not call it;
// GOGC and GOMEMLIMIT in the environment have the last word.
func TuneMemory() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(collectAt)
	}
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(memoryLimit)
	}
}
