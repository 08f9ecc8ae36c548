package main

import (
	"strings"

	"github.com/acqsim/acqsim/faults"
)

// platformLimits lists what acqsim lacks on an operating system, as `acqsim
// version` and docs/platforms.md say it. Linux is the whole program.
func platformLimits(goos string) []string {
	if goos == "linux" {
		return nil
	}
	limits := []string{"faults that need Linux's sockets are refused: " + strings.Join(linuxFaults(), ", ") + "."}
	switch goos {
	case "darwin", "freebsd", "netbsd", "openbsd", "dragonfly":
		return limits
	case "windows":
		return append(limits,
			"a server is stopped in good order by Ctrl-C, Ctrl-Break or closing its window; ending the process from outside stops it at once.")
	default:
		return append(limits,
			"--state is refused, for want of file locks: two servers could write the same books.")
	}
}

// linuxFaults are the faults that only Linux can show. line.idle-cut is one if
// it ends in silence, as by default.
func linuxFaults() (names []string) {
	for _, k := range faults.Kinds() {
		if k.Needs&faults.NeedLinux != 0 {
			names = append(names, k.Name)
		}
	}
	return append(names, "line.idle-cut (but with then: reset)")
}
