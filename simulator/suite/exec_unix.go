//go:build !windows

package suite

import (
	"os"
	"os/exec"
	"syscall"
)

// shell is a command as users type it, in a process group of its own.
func shell(command string) *exec.Cmd {
	c := exec.Command("sh", "-c", command) //nolint:gosec,noctx // the user's own command; sessions end it
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	return c
}

// killGroup kills a process and all that it has started.
func killGroup(p *os.Process) {
	_ = syscall.Kill(-p.Pid, syscall.SIGKILL) // it may be gone already
}
