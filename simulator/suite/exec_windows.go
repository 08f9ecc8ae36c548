package suite

import (
	"os"
	"os/exec"
	"strconv"
	"syscall"
)

// shell is a command as users type it. The whole line is in quotes, which cmd
// /s takes off: those within it stay as they are.
func shell(command string) *exec.Cmd {
	c := exec.Command("cmd") //nolint:noctx // sessions end it
	c.SysProcAttr = &syscall.SysProcAttr{CmdLine: `cmd /d /s /c "` + command + `"`, CreationFlags: syscall.CREATE_NEW_PROCESS_GROUP}
	return c
}

// killGroup kills a process and all that it has started.
func killGroup(p *os.Process) {
	_ = exec.Command("taskkill", "/t", "/f", "/pid", strconv.Itoa(p.Pid)).Run() //nolint:gosec,noctx // it may be gone already
	_ = p.Kill()
}
