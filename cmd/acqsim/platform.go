package main

// platformLimits lists what acqsim lacks on an operating system, as `acqsim
// version` and docs/platforms.md say it. Linux is the whole program.
func platformLimits(goos string) []string {
	switch goos {
	case "windows":
		return []string{
			"a server is stopped in good order by Ctrl-C, Ctrl-Break or closing its window; ending the process from outside stops it at once.",
		}
	}
	return nil
}
