//go:build !windows

package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"
	"github.com/creack/pty"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/acqsim/acqsim/scenarios/world"
	"github.com/acqsim/acqsim/simulator"
	"github.com/acqsim/acqsim/simulator/dialect"
	"github.com/acqsim/acqsim/simulator/host"
	"github.com/acqsim/acqsim/simulator/ledger"
	"github.com/acqsim/acqsim/simulator/terminal"
)

// window is a terminal window with a program in it.
type window struct {
	t    *testing.T
	file *os.File

	mu    sync.Mutex
	text  bytes.Buffer
	more  chan struct{} // something was drawn
	ended chan struct{} // nothing more will be
}

// inWindow starts acqsim in a window of 80 by 24.
func inWindow(t *testing.T, args ...string) (*window, *exec.Cmd) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "acqsim", args...)
	cmd.Dir = t.TempDir()
	cmd.Env = append(cmd.Environ(), "TERM=xterm-256color")
	f, err := pty.StartWithSize(cmd, &pty.Winsize{Cols: 80, Rows: 24})
	require.NoError(t, err)
	w := &window{t: t, file: f, more: make(chan struct{}, 1), ended: make(chan struct{})}
	go func() {
		defer close(w.ended)
		b := make([]byte, 4096)
		for {
			n, err := f.Read(b)
			w.mu.Lock()
			w.text.Write(b[:n])
			w.mu.Unlock()
			select {
			case w.more <- struct{}{}:
			default:
			}
			if err != nil {
				return
			}
		}
	}()
	t.Cleanup(func() {
		_ = f.Close()
		<-w.ended
	})
	return w, cmd
}

// shows waits until a text is in the window. Drawings leave out what the window
// shows already, down to single characters; but all is drawn when its size changes.
func (w *window) shows(text string) {
	w.t.Helper()
	timeout := time.After(30 * time.Second)
	again := time.NewTicker(100 * time.Millisecond)
	defer again.Stop()
	for rows := uint16(25); ; {
		w.mu.Lock()
		drawn := ansi.Strip(w.text.String())
		w.mu.Unlock()
		if strings.Contains(drawn, text) {
			return
		}
		select {
		case <-w.more:
		case <-again.C:
			require.NoError(w.t, pty.Setsize(w.file, &pty.Winsize{Cols: 80, Rows: rows}))
			rows = 49 - rows
		case <-w.ended:
			w.t.Fatalf("the program ended before it showed %q:\n%s", text, drawn)
		case <-timeout:
			w.t.Fatalf("it does not show %q:\n%s", text, drawn)
		}
	}
}

// keys forgets what was drawn, and presses keys.
func (w *window) keys(keys string) {
	w.t.Helper()
	w.mu.Lock()
	w.text.Reset()
	w.mu.Unlock()
	_, err := w.file.Write([]byte(keys))
	require.NoError(w.t, err)
}

// TestASaleInAWindow makes a sale over a pseudo-terminal at a real server, as a
// person would.
func TestASaleInAWindow(t *testing.T) {
	d, err := dialect.Load("unionpay-pos")
	require.NoError(t, err)
	book := ledger.New(ledger.Options{})
	h, err := host.New(host.Options{World: world.Default(), Book: book})
	require.NoError(t, err)
	server, err := simulator.Start(t.Context(), simulator.Options{
		Host: h, Listeners: []simulator.Listener{{Address: "127.0.0.1:0", Dialect: d}},
	})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, server.Close()) })
	state := filepath.Join(t.TempDir(), "state.json")

	w, cmd := inWindow(t, "terminal", "--to", server.Addr(0).String(), "--state", state, "--lang", "zh")
	w.shows("请选择功能")
	w.keys("1")
	w.shows("正常卡")
	w.keys("\r")
	w.shows("金额")
	w.keys("12345\x7f0")
	w.shows("123.40")
	w.keys("\r")
	w.shows("密码")
	w.keys("123456")
	w.shows("******")
	w.keys("\r")
	w.shows("交易成功")
	w.keys("\x03") // Ctrl-C
	require.NoError(t, cmd.Wait(), "it leaves with exit code 0")

	assert.Equal(t, int64(12340), book.Terminal("10000001").Totals.DebitAmount)
	f, err := terminal.OpenFile(state)
	require.NoError(t, err, "and lets go of its state")
	s, err := f.Load()
	require.NoError(t, err)
	require.NoError(t, f.Close())
	assert.Equal(t, terminal.Sum{Count: 1, Amount: 12340}, s.Totals.Sales)
	assert.Empty(t, s.Pending)
}

// TestATerminatedWindow: SIGTERM ends the program, and the window is as before.
func TestATerminatedWindow(t *testing.T) {
	w, cmd := inWindow(t, "terminal", "--to", "127.0.0.1:1", "--state", filepath.Join(t.TempDir(), "state.json"))
	w.shows("Choose a function")
	require.NoError(t, cmd.Process.Signal(syscall.SIGTERM))
	var ended *exec.ExitError
	require.ErrorAs(t, cmd.Wait(), &ended)
	assert.Equal(t, exitInterrupted, ended.ExitCode())
	<-w.ended
	w.mu.Lock()
	defer w.mu.Unlock()
	assert.Contains(t, w.text.String(), "\x1b[?1049l", "the alternate screen is left")
}
