//go:build !windows

package main

import (
	"context"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/acqsim/acqsim/scenarios/display"
	"github.com/acqsim/acqsim/scenarios/profile"
	"github.com/acqsim/acqsim/scenarios/world"
	"github.com/acqsim/acqsim/simulator/dialect"
	"github.com/acqsim/acqsim/simulator/suite"
	"github.com/acqsim/acqsim/simulator/terminal"
)

// TestFirmwareDocument does what docs/firmware-testing.md says, one step after
// the other, in one folder. The terminal on the desk is the reference terminal,
// also where a person works it. Of all output each line that the document shows
// must come, in that order; so must, in the server's window, the lines of text
// blocks.
func TestFirmwareDocument(t *testing.T) {
	src, err := os.ReadFile(filepath.Join("..", "..", "docs", "firmware-testing.md"))
	require.NoError(t, err)
	_, python := driversDocument(t, "python")
	require.Len(t, python, 1)
	t.Chdir(t.TempDir())
	require.NoError(t, os.WriteFile("till.py", []byte(python[0]), 0o600))
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	d := &desk{t: t, address: l.Addr().String(), stop: func() {}}
	require.NoError(t, l.Close())
	defer func() { d.stop() }()
	for _, block := range regexp.MustCompile("(?s)```(console|text)\n(.*?)```").FindAllStringSubmatch(string(src), -1) {
		if block[1] == "text" {
			d.window += block[2]
			continue
		}
		for _, step := range strings.Split("\n"+block[2], "\n$ ")[1:] {
			command, shown, _ := strings.Cut(step, "\n")
			d.step(command, shown)
		}
	}
	assert.Equal(t, documentedSteps, d.steps, "the document's commands were not found")
}

// documentedSteps is how many commands the document has.
const documentedSteps = 19

// desk is a terminal with a PC beside it.
type desk struct {
	t       *testing.T
	address string // of every server
	steps   int
	window  string // what is shown of the server's window
	stop    func() // ends the server
}

func (d *desk) step(command, shown string) {
	t := d.t
	d.steps++
	if strings.Contains(command, "till.py") || strings.Contains(command, "closed-before-reply.jsonl") {
		if _, err := exec.LookPath("python3"); err != nil {
			t.Log("python3 is not installed, so this is not tried: ", command)
			return
		}
	}
	args := shellWords(command)
	switch {
	case args[0] == "cat":
		require.NoError(t, os.MkdirAll(filepath.Dir(args[1]), 0o700))
		require.NoError(t, os.WriteFile(args[1], []byte(shown), 0o600))
		return
	case args[1] == "serve":
		d.stop()
		d.serve(args[1:], shown)
		return
	case args[1] == "verdict":
		d.stop()
	case args[1] == "terminal":
		args = append(args, "--to", d.address)
	case slices.Contains(args, "manual"):
		d.stop()
		d.byHand(args[1:], shown)
		return
	}
	require.Equal(t, "acqsim", args[0])
	documented(t, args[1:], shown)
}

// shellWords splits a command as a shell does, as far as the document needs it.
func shellWords(command string) (all []string) {
	for _, m := range regexp.MustCompile(`"([^"]*)"|(\S+)`).FindAllStringSubmatch(command, -1) {
		all = append(all, m[1]+m[2])
	}
	return all
}

// serve runs acqsim serve until the next one, or until somebody stops it.
func (d *desk) serve(args []string, shown string) {
	t := d.t
	ctx, cancel := context.WithCancel(context.Background())
	said, done := &serverWindow{}, make(chan struct{})
	args = append(args, "--listen", d.address+"=unionpay-pos", "--metrics", "off")
	go func() {
		defer close(done)
		run(ctx, args, strings.NewReader(""), said, said)
	}()
	d.window = shown
	d.stop = func() {
		cancel()
		<-done
		d.stop = func() {}
		inOrder(t, d.window, said.String(), strings.Join(args, " "))
	}
	require.NoError(t, waitFor(t.Context(), d.address))
}

// serverWindow gathers what several goroutines write.
type serverWindow struct {
	mu   sync.Mutex
	text strings.Builder
}

func (w *serverWindow) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.text.Write(p)
}

func (w *serverWindow) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.text.String()
}

// byHand runs acqsim run with a person who does what is asked for at the
// terminal, and says what it shows.
func (d *desk) byHand(args []string, shown string) {
	t := d.t
	for i := range args {
		switch {
		case args[i-min(i, 1)] == "--listen":
			args[i] = d.address
		case args[i-min(i, 1)] == "--timeout":
			args[i] = "1s"
		}
	}
	keyboard, typing := io.Pipe()
	said := &serverWindow{}
	p := newPerson(t, d.address, typing)
	code := run(t.Context(), args, keyboard, said, io.MultiWriter(said, p))
	require.NoError(t, keyboard.Close())
	p.leave()
	assert.Equal(t, exitOK, code, said.String())
	inOrder(t, shown, said.String(), strings.Join(args, " "))
}

// person works the terminal. What is written for people to read comes in by
// Write; what they type goes out.
type person struct {
	t        *testing.T
	terminal *terminal.Terminal
	typing   io.WriteCloser
	unread   string
	lines    chan string
	done     chan struct{}
	task     []string // as askedFor finds it
	code     string
}

func newPerson(t *testing.T, host string, typing io.WriteCloser) *person {
	d, err := dialect.Load("unionpay-pos")
	require.NoError(t, err)
	messages, err := terminal.MessagesFor(d)
	require.NoError(t, err)
	strict, err := profile.Open("strict")
	require.NoError(t, err)
	x, err := terminal.New(terminal.Config{
		Messages: messages, Profile: suite.Quick().Apply(strict), Hosts: []string{host},
		Terminal: suite.DefaultTerminal, Merchant: "999000000000001",
	})
	require.NoError(t, err)
	p := &person{t: t, terminal: x, typing: typing, lines: make(chan string, 1000), done: make(chan struct{})}
	go p.work()
	return p
}

// Write takes what is said. Prompts end with a space, all else with the line.
func (p *person) Write(b []byte) (int, error) {
	p.unread += string(b)
	for {
		line, rest, whole := strings.Cut(p.unread, "\n")
		if !whole {
			break
		}
		p.lines <- line
		p.unread = rest
	}
	if strings.HasSuffix(p.unread, ": ") || strings.HasSuffix(p.unread, "). ") || strings.HasSuffix(p.unread, "none) ") {
		p.lines <- p.unread
		p.unread = ""
	}
	return len(b), nil
}

func (p *person) leave() {
	close(p.lines)
	<-p.done
	assert.NoError(p.t, p.terminal.Close())
}

var askedFor = regexp.MustCompile(`^On terminal 10000001, (make a sale|sign on|settle the batch)(?: of (\d+\.\d\d) CNY)? now(?:, with the card ([a-z]+) |\.)`)

func (p *person) work() {
	defer close(p.done)
	for line := range p.lines {
		answer := ""
		switch {
		case strings.HasPrefix(line, "On terminal "):
			p.task = askedFor.FindStringSubmatch(line)
			assert.NotNil(p.t, p.task, line)
			continue
		case strings.HasPrefix(line, "Press Enter"):
		case strings.HasPrefix(line, "Number (0 to "):
			answer = p.act()
		case strings.HasPrefix(line, "Which response code?"):
			answer = p.code
		default:
			continue
		}
		if _, err := io.WriteString(p.typing, answer+"\n"); err != nil {
			return // the suite is over
		}
	}
}

// act does what was asked for, and returns the number of what the terminal shows.
func (p *person) act() string {
	if len(p.task) == 0 {
		return "q"
	}
	x := terminal.Transaction{Type: world.SignOn}
	switch p.task[1] {
	case "make a sale":
		x.Type = world.Sale
		x.Amount, _ = world.ParseAmount(p.task[2], world.CNY)
		c := world.Default().Cards[p.task[3]]
		x.Card = terminal.Card{PAN: c.PAN, Expiry: c.Expiry}
	case "settle the batch":
		x.Type = world.Settlement
	}
	r, err := p.terminal.Do(p.t.Context(), x)
	if !assert.NoError(p.t, err) {
		return "q"
	}
	p.code = r.Code
	return strconv.Itoa(slices.Index(display.Outcomes(), r.Outcome) + 1)
}
