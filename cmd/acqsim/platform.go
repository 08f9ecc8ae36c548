package main

// platformLimits lists what acqsim lacks on an operating system, as `acqsim
// version` and docs/platforms.md say it. Linux is the whole program.
func platformLimits(goos string) []string {
	switch goos {
	case "linux", "darwin", "freebsd", "netbsd", "openbsd", "dragonfly":
		return nil
	case "windows":
		return []string{
			"a server is stopped in good order by Ctrl-C, Ctrl-Break or closing its window; ending the process from outside stops it at once.",
		}
	default:
		return []string{
			"--state is refused, for want of file locks: two servers could write the same books.",
		}
	}
}
