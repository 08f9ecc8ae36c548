package bench

import (
	"bytes"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"time"
)

// Usage is what a server process has used.
type Usage struct {
	Resident uint64        `json:"resident"` // bytes of RAM; 0 where the system doesn't tell (other than Linux)
	Heap     uint64        `json:"heap"`     // bytes of Go objects
	Stacks   uint64        `json:"stacks"`   // bytes of goroutine stacks
	CPU      time.Duration `json:"cpu"`      // user and system time so far, in steps of 10 ms; 0 where the system doesn't tell
}

// memory is what the process holds: resident memory, else what Go knows of.
func (u Usage) memory() uint64 {
	if u.Resident > 0 {
		return u.Resident
	}
	return u.Heap + u.Stacks
}

// ownUsage measures this process. Settled means after the garbage is collected
// and its memory is given back to the system.
func ownUsage(settled bool) Usage {
	if settled {
		runtime.GC() // twice: what sync.Pool holds survives one
		debug.FreeOSMemory()
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	u := Usage{Heap: m.HeapAlloc, Stacks: m.StackInuse}
	// Linux: proc(5). Elsewhere there are no such files, and both stay 0.
	if pages, ok := procField("/proc/self/statm", 1); ok {
		u.Resident = pages * uint64(os.Getpagesize()) //nolint:gosec // positive
	}
	user, ok1 := procField("/proc/self/stat", 13)
	system, ok2 := procField("/proc/self/stat", 14)
	if ok1 && ok2 {
		u.CPU = time.Duration(user+system) * (10 * time.Millisecond) //nolint:gosec // USER_HZ is 100 on Linux
	}
	return u
}

// procField reads the nth field of a one-line file of numbers. The name of the
// program, in brackets, may hold spaces: fields are counted after it.
func procField(path string, n int) (uint64, bool) {
	b, err := os.ReadFile(path)
	if err != nil {
		return 0, false
	}
	if i := bytes.LastIndexByte(b, ')'); i >= 0 {
		b, n = b[i+1:], n-2
	}
	fields := bytes.Fields(b)
	if n >= len(fields) {
		return 0, false
	}
	v, err := strconv.ParseUint(string(fields[n]), 10, 64)
	return v, err == nil
}
